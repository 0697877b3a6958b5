//! The packet codec by itself: what the sender seals the receiver opens, in any pieces, with every
//! suite; and any bytes at all lead to packets or to an error.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| sshserver::transport::fuzz_packet_codec(input));
