//! RFC 4253: identification, packets, negotiation, the messages of the transport layer.

use sshserver::error::{
    Closed, DisconnectReason, Error, InvalidMessage, LimitExceeded, PeerIncompatible,
    PeerMisbehaved,
};
use sshserver::limits::{MAX_PACKET_LEN, MAX_PACKET_LEN_UNAUTHENTICATED};
use sshserver::wire::messages::{
    self, Debug, Disconnect, Ignore, KexInit, Message, ServiceAccept, ServiceRequest, Unimplemented,
};

use crate::common::client::Offer;
use crate::common::pair::Pair;
use crate::common::program::{Program, Seen};
use crate::common::{config, ed25519, key_file, pattern};

#[test]
fn rfc4253_s4_2_server_identifies_itself_at_once() {
    let mut pair = Pair::plain();
    pair.run();
    assert!(pair.sent.starts_with(b"SSH-2.0-test\r\n"));
    assert_eq!(pair.client.numbers, [messages::SSH_MSG_KEXINIT]);
    assert_eq!(pair.server.peer().version, None);
}

#[test]
fn rfc4253_s4_2_identification_in_any_pieces() {
    for line in ["SSH-2.0-client\r\n", "SSH-2.0-client\n", "SSH-2.0-billsSSH_3.6.3q3 with-text\r\n"]
    {
        for chunk in [1, 2, 7, usize::MAX] {
            let mut pair = Pair::plain();
            pair.chunk = chunk;
            pair.client.version = line.trim_end().to_owned();
            pair.client.out.extend_from_slice(line.as_bytes());
            pair.client.send_kex_init();
            pair.run();
            assert_eq!(pair.client.exchanges, 1);
            assert_eq!(pair.server.peer().version, Some(line.trim_end()));
        }
    }
}

#[test]
fn rfc4253_s4_2_identification_of_255_characters_is_the_longest() {
    for (len, fits) in [(255, true), (256, false)] {
        let mut pair = Pair::plain();
        pair.client.version = format!("SSH-2.0-{}", "x".repeat(len - 10));
        pair.exchange_keys();
        if fits {
            assert_eq!(pair.client.exchanges, 1);
        } else {
            let error = LimitExceeded::IdentificationTooLong.into();
            pair.assert_ended(&error, Some(DisconnectReason::ProtocolError));
        }
    }
}

#[test]
fn rfc4253_s5_1_protocol_1_99_is_2_0_and_1_5_is_refused() {
    let mut pair = Pair::plain();
    pair.client.version = "SSH-1.99-client".to_owned();
    pair.handshake();
    let mut pair = Pair::plain();
    pair.client.version = "SSH-1.5-client".to_owned();
    pair.exchange_keys();
    let reason = DisconnectReason::ProtocolVersionNotSupported;
    pair.assert_ended(&PeerIncompatible::ProtocolVersion.into(), Some(reason));
}

#[test]
fn rfc4253_s6_packets_in_any_pieces() {
    for cipher in ["chacha20-poly1305@openssh.com", "aes128-ctr", "aes256-gcm@openssh.com"] {
        for chunk in [1, 3, 17, 100] {
            let offer = Offer::default().cipher(cipher);
            let mut pair = Pair::new(config(), offer, Program::echoing());
            pair.chunk = chunk;
            pair.login();
            let channel = pair.open(0);
            pair.send_from_client(channel, &pattern(3000));
            assert_eq!(pair.take_data(0), pattern(3000));
        }
    }
}

#[test]
fn rfc4253_s6_padding_of_4_to_255_bytes_is_taken() {
    for encrypted in [false, true] {
        let mut pair = Pair::plain();
        if encrypted {
            pair.login();
        } else {
            // without strict kex anything may come before KEXINIT
            pair.client.offer = Offer::default().plain();
            pair.client.send_version();
        }
        for len in 0..70 {
            let payload = [&[messages::SSH_MSG_IGNORE], &vec![0; len][..]].concat();
            let least = usize::from(pair.client.padding_for(payload.len()));
            let step = pair.client.sealer.block_len();
            for padding in (least..256).step_by(step) {
                pair.client.send_packet(&payload, padding as u8);
            }
        }
        if !encrypted {
            pair.client.send_kex_init();
        }
        pair.run();
        assert_eq!(pair.ended(), None);
        assert_eq!(pair.client.exchanges, 1);
    }
}

#[test]
fn rfc4253_s6_less_than_4_bytes_of_padding_or_more_than_there_are() {
    for encrypted in [false, true] {
        for padding in [0_u8, 1, 2, 3, 11, 12, 200, 255] {
            let mut pair = Pair::plain();
            if encrypted {
                pair.handshake();
            } else {
                pair.client.send_version();
            }
            // 12 bytes in clear and 16 with GCM: the padding length and what it is about
            let len = if encrypted { 16_u8 } else { 12 };
            let mut packet = vec![0, 0, 0, len, padding, messages::SSH_MSG_IGNORE];
            packet.resize(4 + usize::from(len), 0);
            let legal = padding >= 4 && padding < len;
            if legal && padding == len - 1 {
                // no payload is left
                pair.client.seal_plain(packet);
                pair.run();
                let error = InvalidMessage::EmptyPayload.into();
                pair.assert_ended(&error, Some(DisconnectReason::ProtocolError));
                continue;
            }
            pair.client.seal_plain(packet);
            pair.run();
            if legal {
                assert_eq!(pair.ended(), None, "{padding}");
            } else {
                let error = InvalidMessage::BadPaddingLength.into();
                pair.assert_ended(&error, Some(DisconnectReason::ProtocolError));
            }
        }
    }
}

#[test]
fn rfc4253_s6_packet_length_is_checked_before_anything_is_waited_for() {
    let limit = MAX_PACKET_LEN_UNAUTHENTICATED as u32;
    for len in [0, 1, 4, 5, 7, 11, 13, limit + 1, 1 << 20, u32::MAX, u32::MAX - 3] {
        let mut pair = Pair::plain();
        pair.client.send_version();
        pair.client.out.extend_from_slice(&len.to_be_bytes());
        pair.run();
        let error = InvalidMessage::BadPacketLength.into();
        pair.assert_ended(&error, Some(DisconnectReason::ProtocolError));
    }
}

#[test]
fn rfc4253_s6_1_packets_of_35000_bytes_are_taken_before_authentication() {
    let mut pair = Pair::plain();
    pair.handshake();
    // a payload of 32768 bytes is what the RFC requires
    let payload = [&[messages::SSH_MSG_IGNORE], &vec![7; 32_767][..]].concat();
    pair.client.send_now(&payload);
    pair.run();
    assert_eq!(pair.ended(), None);
    // aes-gcm: multiples of 16
    let len = MAX_PACKET_LEN_UNAUTHENTICATED / 16 * 16;
    let ignore = |len: usize| [&[messages::SSH_MSG_IGNORE], &vec![7; len - 6][..]].concat();
    pair.client.send_packet(&ignore(len), 4);
    pair.run();
    assert_eq!(pair.ended(), None);
    pair.client.send_packet(&ignore(len + 16), 4);
    pair.run();
    let error = InvalidMessage::BadPacketLength.into();
    pair.assert_ended(&error, Some(DisconnectReason::ProtocolError));
}

#[test]
fn rfc4253_s6_1_packets_of_256_kib_are_taken_after_authentication() {
    for (len, fits) in [(MAX_PACKET_LEN, true), (MAX_PACKET_LEN + 16, false)] {
        let mut pair = Pair::plain();
        pair.login();
        let payload = [&[messages::SSH_MSG_IGNORE], &vec![7; len - 6][..]].concat();
        pair.client.send_packet(&payload, 4);
        pair.run();
        assert_eq!(pair.ended().is_none(), fits);
    }
}

#[test]
fn rfc4253_s6_4_sequence_numbers_run_on_over_key_exchanges_without_strict_kex() {
    let mut pair = Pair::new(config(), Offer::default().plain(), Program::default());
    pair.handshake();
    // KEXINIT, the method's message, NEWKEYS
    assert_eq!((pair.client.send_sequence, pair.client.receive_sequence), (3, 3));
    assert!(!pair.server.peer().strict_kex);
    pair.client.send_now(&[200]);
    pair.run();
    let message = pair.take_number(messages::SSH_MSG_UNIMPLEMENTED);
    assert_eq!(Unimplemented::decode(&message).unwrap().packet_sequence_number, 3);
}

#[test]
fn rfc4253_s7_1_right_guess_needs_no_second_message() {
    let mut config = config();
    config.transport.algorithms.kex.retain(|row| row.name == "curve25519-sha256");
    let mut pair = Pair::new(config, Offer::default(), Program::default());
    pair.client.offer.guess = true;
    pair.handshake();
    assert_eq!(pair.client.exchanges, 1);
    pair.request_service("ssh-userauth");
    pair.take_number(messages::SSH_MSG_SERVICE_ACCEPT);
}

#[test]
fn rfc4253_s7_1_wrong_guess_is_skipped() {
    // the server's first method is another one, then its first host key
    for host_keys in [false, true] {
        let mut config = config();
        let mut offer = Offer::default();
        if host_keys {
            config.transport.algorithms.kex.retain(|row| row.name == "curve25519-sha256");
            config.transport.host_keys.push(key_file("openssh-ecdsa-256").into());
            offer.host_key = "ecdsa-sha2-nistp256,ssh-ed25519".to_owned();
        } else {
            offer.kex = "ecdh-sha2-nistp384,curve25519-sha256,kex-strict-c-v00@openssh.com".into();
        }
        offer.guess = true;
        let mut pair = Pair::new(config, offer, Program::default());
        pair.login();
        // and again in an exchange with keys in use
        pair.client.send_kex_init();
        pair.run();
        assert_eq!(pair.client.exchanges, 2);
        pair.assert_alive();
    }
}

#[test]
fn rfc4253_s7_1_without_agreement_the_connection_ends() {
    let reason = Some(DisconnectReason::KeyExchangeFailed);
    let plain = Offer::default();
    let mut one_way = [plain.clone(), plain.clone(), plain.clone()];
    one_way[0].cipher[1] = "idea-cbc".to_owned();
    one_way[1].mac[0] = "hmac-whirlpool".to_owned();
    one_way[1].cipher[0] = "aes128-ctr".to_owned();
    one_way[2].compression[1] = "lzma".to_owned();
    let [cipher, mac, compression] = one_way;
    let cases = [
        (plain.clone().kex("x@example.com,ext-info-c"), PeerIncompatible::NoCommonKex),
        (plain.clone().kex(""), PeerIncompatible::NoCommonKex),
        (plain.clone().kex("kex-strict-s-v00@openssh.com"), PeerIncompatible::NoCommonKex),
        (plain.clone().host_key("ssh-dss"), PeerIncompatible::NoCommonHostKey),
        // known, but there is no such key
        (plain.clone().host_key("rsa-sha2-512"), PeerIncompatible::NoCommonHostKey),
        (plain.clone().cipher("none"), PeerIncompatible::NoCommonCipher),
        (plain.clone().cipher("aes128-ctr").mac("none"), PeerIncompatible::NoCommonMac),
        (plain.clone().compression("lzma"), PeerIncompatible::NoCommonCompression),
        (cipher, PeerIncompatible::NoCommonCipher),
        (mac, PeerIncompatible::NoCommonMac),
        (compression, PeerIncompatible::NoCommonCompression),
    ];
    for (offer, error) in cases {
        let mut pair = Pair::new(config(), offer, Program::default());
        pair.exchange_keys();
        pair.assert_ended(&error.into(), reason);
    }
}

#[test]
fn rfc4253_s7_1_the_clients_order_decides() {
    let offer = Offer::default()
        .kex("unknown@example.com,ecdh-sha2-nistp384,curve25519-sha256")
        .cipher("aes256-ctr,chacha20-poly1305@openssh.com")
        .mac("hmac-whirlpool,hmac-sha2-512,hmac-sha2-256")
        .compression("zlib,none");
    let mut pair = Pair::new(config(), offer, Program::default());
    let verbosity = sshserver::engine::Verbosity { log_level: 1, status: true, secrets: false };
    pair.server.set_verbosity(verbosity);
    pair.handshake();
    let wanted = "ecdh-sha2-nistp384, host key ssh-ed25519, client to server aes256-ctr \
                  hmac-sha2-512 zlib, server to client aes256-ctr hmac-sha2-512 zlib";
    let said = |seen: &Seen| matches!(seen, Seen::Line(line) if line.ends_with(wanted));
    assert!(pair.program.seen.iter().any(said), "{:?}", pair.program.seen);
    // an AEAD cipher needs no MAC in common
    let offer = Offer::default().mac("hmac-whirlpool");
    Pair::new(config(), offer, Program::default()).handshake();
}

#[test]
fn rfc4253_s7_1_only_algorithms_with_a_key_are_offered() {
    let mut config = config();
    config.transport.host_keys = vec![key_file("openssh-rsa-2048").into(), ed25519(5).into()];
    let mut pair = Pair::new(config, Offer::default(), Program::default());
    pair.run();
    let payload = pair.client.kex_inits[1].clone().unwrap();
    let theirs = KexInit::decode(&payload).unwrap();
    let names: Vec<_> = theirs.server_host_key_algorithms.iter().collect();
    assert_eq!(names, ["ssh-ed25519", "rsa-sha2-256", "rsa-sha2-512", "ssh-rsa"]);
    assert!(!theirs.first_kex_packet_follows);
    assert!(!theirs.kex_algorithms.contains("ext-info-c"));
}

#[test]
fn rfc4253_s7_1_no_service_messages_between_kexinit_and_newkeys() {
    for payload in [&b"\x05\0\0\0\x0cssh-userauth"[..], b"\x32", b"\x5a", b"\x07\0\0\0\0"] {
        let mut pair = Pair::plain();
        pair.handshake();
        pair.client.automatic = false;
        pair.client.send_kex_init();
        pair.run();
        pair.client.send_now(payload);
        pair.run();
        let error = PeerMisbehaved::UnexpectedMessage(payload[0]).into();
        pair.assert_ended(&error, Some(DisconnectReason::ProtocolError));
    }
}

#[test]
fn rfc4253_s7_1_generic_messages_may_come_between_kexinit_and_newkeys() {
    let mut pair = Pair::new(config(), Offer::default().plain(), Program::default());
    let generic = |pair: &mut Pair| {
        pair.client.send_now(&Ignore { data: b"\0\0\0\x03abc" }.encode());
        let debug = Debug { always_display: true, message: b"hello", language_tag: b"" };
        pair.client.send_now(&debug.encode());
        pair.client.send_now(&Unimplemented { packet_sequence_number: 1 }.encode());
        pair.run();
        assert_eq!(pair.ended(), None);
    };
    pair.client.send_version();
    generic(&mut pair);
    for exchange in 1..=3 {
        pair.client.automatic = false;
        let payload = pair.client.offer.encode([3; 16]);
        pair.client.send_now(&payload);
        pair.client.kex_inits[0] = Some(payload);
        generic(&mut pair);
        pair.client.automatic = true;
        pair.client.resume();
        pair.run();
        assert_eq!(pair.client.exchanges, exchange);
        generic(&mut pair);
    }
}

#[test]
fn rfc4253_s7_3_newkeys_and_methods_need_a_key_exchange() {
    for number in [21, 30, 32] {
        for keys in [false, true] {
            let mut pair = Pair::new(config(), Offer::default().plain(), Program::default());
            if keys {
                pair.handshake();
            } else {
                pair.client.send_version();
            }
            pair.client.send_now(&[number]);
            pair.run();
            let error = PeerMisbehaved::UnexpectedMessage(number).into();
            pair.assert_ended(&error, Some(DisconnectReason::ProtocolError));
        }
    }
}

#[test]
fn rfc4253_s10_service_is_accepted_by_name() {
    let mut pair = Pair::plain();
    pair.handshake();
    pair.request_service("ssh-userauth");
    let payload = pair.take_number(messages::SSH_MSG_SERVICE_ACCEPT);
    assert_eq!(ServiceAccept::decode(&payload).unwrap().service_name, "ssh-userauth");
    assert!(pair.has_seen(&Seen::Service("ssh-userauth".to_owned())));
    // some clients ask before every attempt
    pair.request_service("ssh-userauth");
    pair.take_number(messages::SSH_MSG_SERVICE_ACCEPT);
}

#[test]
fn rfc4253_s10_a_refused_service_ends_the_connection() {
    let mut pair = Pair::plain();
    pair.handshake();
    pair.request_service("printing");
    let reason = Some(DisconnectReason::ServiceNotAvailable);
    pair.assert_ended(&Error::Closed(Closed::ServiceRefused), reason);
}

#[test]
fn rfc4253_s10_no_service_but_authentication_comes_first() {
    for name in ["ssh-connection", "printing"] {
        let mut program = Program::default();
        program.service = Some(Box::new(|_| Some(true)));
        let mut pair = Pair::new(config(), Offer::default(), program);
        pair.handshake();
        pair.request_service(name);
        let reason = Some(DisconnectReason::ServiceNotAvailable);
        pair.assert_ended(&PeerMisbehaved::BadService.into(), reason);
    }
}

#[test]
fn rfc4253_s11_1_disconnect_of_the_client() {
    let mut pair = Pair::plain();
    pair.login();
    let description = "good\x07bye\u{e9}".as_bytes();
    pair.client.say(&Disconnect { reason_code: 11, description, language_tag: b"en" });
    // nothing after it counts
    pair.client.say(&ServiceRequest { service_name: "ssh-userauth" });
    pair.run();
    let description = "good bye\u{e9}".to_owned();
    pair.assert_ended(&Error::Disconnected { reason: 11, description }, None);
}

#[test]
fn rfc4253_s11_1_disconnect_at_any_time() {
    let payload = Disconnect { reason_code: 2, description: b"", language_tag: b"" }.encode();
    for stage in 0..4 {
        let mut pair = Pair::plain();
        match stage {
            0 => pair.client.send_version(),
            1 => {
                pair.client.automatic = false;
                pair.exchange_keys();
            }
            2 => pair.handshake(),
            _ => pair.login(),
        }
        pair.client.send_now(&payload);
        pair.run();
        let description = String::new();
        assert_eq!(pair.ended(), Some(&Error::Disconnected { reason: 2, description }));
    }
}

#[test]
fn rfc4253_s11_1_disconnect_of_the_program() {
    let mut pair = Pair::plain();
    pair.login();
    let channel = pair.open(0);
    pair.send(channel, b"last words", sshserver::engine::SendMode::NoWait);
    pair.server.disconnect(pair.now, DisconnectReason::TooManyConnections, "go away");
    pair.run();
    assert_eq!(pair.ended(), Some(&Error::Closed(Closed::ByApplication)));
    let data = pair.take_number(messages::SSH_MSG_CHANNEL_DATA);
    assert!(data.ends_with(b"last words"));
    let payload = pair.take_number(messages::SSH_MSG_DISCONNECT);
    let message = Disconnect::decode(&payload).unwrap();
    assert_eq!((message.reason_code, message.description), (12, &b"go away"[..]));
    pair.server.disconnect(pair.now, DisconnectReason::ByApplication, "again");
    pair.assert_silent();
}

#[test]
fn rfc4253_s11_2_and_3_ignore_and_debug_at_any_time() {
    let mut pair = Pair::new(config(), Offer::default().plain(), Program::echoing());
    let noise = |pair: &mut Pair| {
        pair.client.send_now(&[2]);
        pair.client.send_now(&Ignore { data: &[0xff; 300] }.encode());
        pair.client.send_now(&[4, 1, 0, 0, 0, 1, b'x', 0, 0, 0, 0]);
        // a broken one is ignored too
        pair.client.send_now(&[4, 1, 0xff]);
    };
    pair.client.send_version();
    noise(&mut pair);
    pair.client.send_kex_init();
    noise(&mut pair);
    pair.run();
    noise(&mut pair);
    pair.request_service("ssh-userauth");
    noise(&mut pair);
    pair.try_password("x");
    noise(&mut pair);
    pair.take_numbers();
    let channel = pair.open(0);
    noise(&mut pair);
    pair.send_from_client(channel, b"data");
    assert_eq!(pair.take_data(0), b"data");
}

#[test]
fn rfc4253_s11_4_unknown_message_gets_unimplemented() {
    let unknown = [0, 8, 19, 22, 29, 42, 49, 54, 59, 70, 79, 83, 101, 127, 128, 192, 255];
    for authenticated in [false, true] {
        let mut pair = Pair::plain();
        if authenticated {
            pair.login();
        } else {
            pair.start_authentication();
        }
        pair.take_numbers();
        for number in unknown {
            let sequence = pair.client.send_sequence;
            pair.client.send_now(&[number, 1, 2, 3]);
            pair.run();
            let payload = pair.take_number(messages::SSH_MSG_UNIMPLEMENTED);
            let message = Unimplemented::decode(&payload).unwrap();
            assert_eq!(message.packet_sequence_number, sequence, "{number}");
        }
        if authenticated {
            pair.assert_alive();
        } else {
            pair.try_password("x");
            assert!(pair.server.peer().is_authenticated);
        }
    }
}

#[test]
fn rfc4253_s11_4_unknown_message_before_the_first_keys_without_strict_kex() {
    let mut pair = Pair::new(config(), Offer::default().plain(), Program::default());
    pair.client.send_version();
    pair.client.send_now(&[2]);
    pair.client.send_now(&[99 + 100]);
    pair.run();
    let payload = pair.take_number(messages::SSH_MSG_UNIMPLEMENTED);
    assert_eq!(Unimplemented::decode(&payload).unwrap().packet_sequence_number, 1);
    pair.client.send_kex_init();
    pair.run();
    assert_eq!(pair.client.exchanges, 1);
}

#[test]
fn the_peer_that_vanishes_is_told_nothing() {
    let mut pair = Pair::plain();
    pair.login();
    let channel = pair.open(0);
    pair.take_numbers();
    pair.server.handle_eof();
    pair.run();
    assert!(pair.has_seen(&Seen::Closed(channel)));
    assert_eq!(pair.ended(), Some(&Error::Closed(Closed::PeerGone)));
    assert_eq!(pair.disconnect_reason(), None);
}
