//! Packets of a client that holds the keys: their lengths and their padding say what they like, for
//! every cipher with every MAC. And bytes from the network that nobody sealed.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sshserver::crypto::cipher::CIPHERS;
use sshserver::crypto::mac::MACS;
use sshserver_fuzz::{Input, Session, pair};

fuzz_target!(|data: &[u8]| {
    let mut input = Input(data);
    let cipher = CIPHERS[usize::from(input.byte()) % CIPHERS.len()];
    let mac = MACS[usize::from(input.byte()) % MACS.len()];

    // What is sealed opens again, as it was.
    let (mut opener, mut sealer) = pair(cipher, mac);
    let blocks = usize::from(input.byte() % 8) + 2;
    let head = if opener.length_counts() { 0 } else { 4 };
    let mut plain = vec![0; head + blocks * opener.block_len()];
    let body_len = u32::try_from(plain.len() - 4).expect("a length");
    plain[..4].copy_from_slice(&body_len.to_be_bytes());
    for (byte, random) in plain[4..].iter_mut().zip(input.bytes(64)) {
        *byte = *random;
    }
    let mut packet = plain.clone();
    packet.resize(plain.len() + sealer.tag_len(), 0);
    sealer.seal(3, &mut packet).expect("sealed");
    let prefix = opener.prefix_len();
    assert_eq!(opener.packet_length(3, &mut packet[..prefix]), Ok(body_len));
    opener.open(3, &mut packet).expect("opened");
    assert_eq!(packet[4..plain.len()], plain[4..]);

    let mut session = Session::encrypted(cipher, mac);
    while !input.is_empty() && !session.connection.is_ended() {
        match input.byte() % 4 {
            0 => session.feed(input.chunk()),
            1 => {
                // The length of the packet is right, that of the padding is the fuzzer's.
                let padding = input.byte();
                let body = input.chunk();
                let len = u32::try_from(body.len() + 1).expect("a length");
                let mut packet = len.to_be_bytes().to_vec();
                packet.push(padding);
                packet.extend_from_slice(body);
                session.send_packet(packet);
            }
            2 => {
                let mut packet = input.number().to_be_bytes().to_vec();
                packet.extend_from_slice(input.chunk());
                session.send_packet(packet);
            }
            _ => session.send(input.chunk()),
        }
    }
    session.finish();
});
