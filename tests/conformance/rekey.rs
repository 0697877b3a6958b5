//! RFC 4253 section 9: either side may start a key exchange at any time, and no data is lost.
//! Also the promise of a sans-I/O engine: the same session run twice gives the same bytes.

use std::time::Duration;

use bytes::Bytes;
use sshserver::engine::{
    Answer, ChannelId, Config, Outcome, Queued, RekeyThresholds, SendMode, Ticket,
};
use sshserver::wire::messages::{self, ChannelData, Message};

use crate::common::client::Offer;
use crate::common::pair::Pair;
use crate::common::program::{Program, verdict};
use crate::common::{config, pattern};

const WAIT: SendMode = SendMode::Wait(None);

fn start_by_server(pair: &mut Pair) -> Ticket {
    let ticket = pair.ticket();
    pair.server.exchange_keys(ticket).unwrap();
    ticket
}

/// Both streams at once, with `between` called again and again while they run.
fn stream(mut pair: Pair, len: usize, mut between: impl FnMut(&mut Pair, usize)) -> Pair {
    pair.login();
    let channel = pair.open_with(4, 1 << 20, 32 * 1024);
    let data = pattern(len);
    pair.send(channel, &data, WAIT);
    let mut got = Vec::new();
    for (round, part) in data.chunks(10_000).enumerate() {
        pair.client.say(&ChannelData { recipient_channel: channel.0, data: part });
        between(&mut pair, round);
        pair.run();
        let more = pair.take_data(4);
        got.extend_from_slice(&more);
        pair.adjust(channel, more.len() as u32);
    }
    while got.len() < len {
        let more = pair.take_data(4);
        assert!(!more.is_empty());
        got.extend_from_slice(&more);
        pair.adjust(channel, more.len() as u32);
    }
    assert!(got == data, "the program's stream changed");
    assert!(pair.delivered(channel) == data, "the client's stream changed");
    pair.assert_alive();
    pair
}

fn suites() -> [Offer; 4] {
    [
        Offer::default(),
        Offer::default().plain().cipher("aes128-ctr").mac("hmac-sha2-512-etm@openssh.com"),
        Offer::default().cipher("chacha20-poly1305@openssh.com").compression("zlib@openssh.com"),
        Offer::default().plain().cipher("aes256-ctr").compression("zlib"),
    ]
}

#[test]
fn rfc4253_s9_the_client_starts_under_load() {
    for offer in suites() {
        let pair = Pair::new(config(), offer, Program::default());
        let pair = stream(pair, 2_000_000, |pair, round| {
            if round % 40 == 5 {
                pair.client.send_kex_init();
            }
        });
        assert_eq!(pair.client.exchanges, 6);
    }
}

#[test]
fn rfc4253_s9_the_server_starts_under_load() {
    for offer in suites() {
        let pair = Pair::new(config(), offer, Program::default());
        let mut tickets = Vec::new();
        let pair = stream(pair, 2_000_000, |pair, round| {
            if round % 40 == 5 {
                tickets.push(start_by_server(pair));
            }
        });
        assert_eq!(pair.client.exchanges, 6);
        for ticket in tickets {
            assert_eq!(pair.outcome(ticket), Some(Outcome::Complete));
        }
    }
}

#[test]
fn rfc4253_s9_both_start_at_once_under_load() {
    for offer in suites() {
        let pair = Pair::new(config(), offer, Program::default());
        let pair = stream(pair, 2_000_000, |pair, round| {
            if round % 40 == 5 {
                start_by_server(pair);
                pair.client.send_kex_init();
            }
        });
        assert_eq!(pair.client.exchanges, 6);
    }
}

fn thresholds(rekey: RekeyThresholds) -> Config {
    let mut config = config();
    config.transport.rekey = rekey;
    config
}

#[test]
fn rfc4253_s9_keys_are_used_for_so_many_bytes() {
    let never = RekeyThresholds { bytes: u64::MAX, packets: u64::MAX, interval: None };
    for offer in suites() {
        let config = thresholds(RekeyThresholds { bytes: 300_000, ..never });
        let pair =
            stream(Pair::new(config, offer.clone(), Program::default()), 3_000_000, |_, _| {});
        // compression makes fewer of them
        let compressed = offer.compression[0] != "none";
        let range = if compressed { 1..16 } else { 9..20 };
        assert!(range.contains(&pair.client.exchanges), "{}", pair.client.exchanges);
    }
}

#[test]
fn rfc4253_s9_keys_are_used_for_so_many_packets() {
    let never = RekeyThresholds { bytes: u64::MAX, packets: u64::MAX, interval: None };
    let config = thresholds(RekeyThresholds { packets: 50, ..never });
    let pair =
        stream(Pair::new(config, Offer::default(), Program::default()), 2_000_000, |_, _| {});
    assert!((4..12).contains(&pair.client.exchanges), "{}", pair.client.exchanges);
}

#[test]
fn rfc4253_s9_keys_are_used_for_so_long() {
    let interval = Some(Duration::from_secs(600));
    let config = thresholds(RekeyThresholds { interval, ..RekeyThresholds::default() });
    let mut pair = Pair::new(config, Offer::default(), Program::default());
    pair.login();
    assert_eq!(pair.server.poll_timeout(), Some(pair.now + Duration::from_secs(600)));
    pair.sleep(Duration::from_secs(599));
    assert_eq!(pair.client.exchanges, 1);
    pair.sleep(Duration::from_secs(1));
    assert_eq!(pair.client.exchanges, 2);
    // an exchange that the client starts counts too
    pair.sleep(Duration::from_secs(300));
    pair.client.send_kex_init();
    pair.run();
    assert_eq!(pair.client.exchanges, 3);
    pair.sleep(Duration::from_secs(599));
    assert_eq!(pair.client.exchanges, 3);
    pair.sleep(Duration::from_secs(1));
    assert_eq!(pair.client.exchanges, 4);
    pair.assert_alive();
}

#[test]
fn rfc4253_s9_data_of_the_client_comes_in_between_our_kexinit_and_its() {
    let mut pair = Pair::plain();
    pair.login();
    let channel = pair.open(4);
    pair.client.automatic = false;
    start_by_server(&mut pair);
    pair.run();
    assert_eq!(pair.client.numbers.last(), Some(&messages::SSH_MSG_KEXINIT));
    // it has not seen our KEXINIT yet
    for part in [&b"one "[..], b"two ", b"three"] {
        pair.client.send_now(&ChannelData { recipient_channel: channel.0, data: part }.encode());
    }
    pair.run();
    assert_eq!(pair.delivered(channel), b"one two three");
    pair.client.automatic = true;
    pair.client.send_kex_init();
    pair.run();
    assert_eq!(pair.client.exchanges, 2);
    pair.assert_alive();
}

#[test]
fn rfc4253_s7_1_what_the_program_sends_meanwhile_comes_after_it_in_order() {
    let mut pair = Pair::plain();
    pair.login();
    let channel = pair.open(4);
    let mut program = Vec::new();
    pair.client.automatic = false;
    start_by_server(&mut pair);
    pair.run();
    pair.take_numbers();
    let mode = WAIT;
    program.push(pair.send(channel, b"first ", mode));
    let request = pair.ticket();
    let fields = b"\0\0\0\x01r\0";
    pair.server
        .queue(
            pair.now,
            channel,
            Queued::Packet { number: 98, payload: Bytes::copy_from_slice(fields), mode },
            request,
        )
        .unwrap();
    program.push(pair.send(channel, b"second", mode));
    let (open, close) = (pair.ticket(), pair.ticket());
    pair.server.open_channel(pair.now, "x11", b"", open).unwrap();
    pair.server.queue(pair.now, channel, Queued::Close, close).unwrap();
    pair.run();
    assert_eq!(pair.take_numbers(), [0; 0]);
    assert!(program.iter().all(|ticket| pair.outcome(*ticket).is_none()));
    pair.client.automatic = true;
    pair.client.send_kex_init();
    pair.run();
    // the open waited with the transport, the rest with its channel
    assert_eq!(pair.take_numbers(), [90, 94, 98, 94, 96, 97]);
    assert!(program.iter().all(|ticket| pair.outcome(*ticket) == Some(Outcome::Complete)));
}

#[test]
fn rfc4253_s9_the_client_starts_before_authentication_and_while_the_program_decides() {
    // a client that sends before it knows whether its login succeeded does not know either whether it
    // has to compress: delayed compression is made for clients that wait for the reply
    for compression in ["none", "zlib"] {
        let offer = Offer::default().compression(compression);
        let mut pair = Pair::new(config(), offer, Program::judging(|_| None));
        pair.start_authentication();
        pair.client.send_kex_init();
        pair.run();
        assert_eq!(pair.client.exchanges, 2);
        pair.try_password("x");
        pair.client.send_kex_init();
        pair.run();
        // the answer comes while the exchange runs: the reply has to wait for its end
        pair.answer_open_question(Answer::Auth(verdict(true)));
        assert!(pair.server.peer().is_authenticated, "{compression}");
        assert_eq!(pair.client.exchanges, 3);
        pair.take_number(messages::SSH_MSG_USERAUTH_SUCCESS);
        assert_data_passes(&mut pair);
    }
}

fn assert_data_passes(pair: &mut Pair) {
    let channel = pair.open(4);
    pair.send(channel, &pattern(1000), WAIT);
    pair.send_from_client(channel, &pattern(1000));
    assert_eq!(pair.take_data(4), pattern(1000));
    assert_eq!(pair.delivered(channel), pattern(1000));
}

/// The messages that the client got since the first keys, up to SSH_MSG_USERAUTH_SUCCESS: OpenSSH's client
/// exits if there is a KEXINIT among them.
fn assert_no_kex_init_before_success(pair: &Pair) {
    let numbers = &pair.client.numbers;
    let new_keys = numbers.iter().position(|number| *number == messages::SSH_MSG_NEWKEYS).unwrap();
    let success = numbers.iter().position(|number| *number == messages::SSH_MSG_USERAUTH_SUCCESS);
    let login = &numbers[new_keys + 1..success.expect("a login")];
    assert!(!login.contains(&messages::SSH_MSG_KEXINIT), "{login:?}");
}

#[test]
fn new_keys_that_the_program_asks_for_during_a_login_are_exchanged_after_it() {
    for compression in ["none", "zlib", "zlib@openssh.com"] {
        let offer = Offer::default().compression(compression);
        let mut pair = Pair::new(config(), offer, Program::judging(|_| None));
        pair.handshake();
        let mut tickets = vec![start_by_server(&mut pair)];
        pair.request_service("ssh-userauth");
        tickets.push(start_by_server(&mut pair));
        pair.try_password("wrong");
        pair.answer_open_question(Answer::Auth(verdict(false)));
        pair.try_password("x");
        tickets.push(start_by_server(&mut pair));
        pair.run();
        assert_eq!(pair.client.exchanges, 1);
        assert!(tickets.iter().all(|ticket| pair.outcome(*ticket).is_none()));
        pair.answer_open_question(Answer::Auth(verdict(true)));
        assert_no_kex_init_before_success(&pair);
        assert_eq!(pair.client.exchanges, 2);
        for ticket in tickets {
            assert_eq!(pair.outcome(ticket), Some(Outcome::Complete), "{compression}");
        }
        pair.take_numbers();
        assert_data_passes(&mut pair);
        assert_eq!(pair.client.exchanges, 2);
    }
}

#[test]
fn an_exchange_of_the_client_serves_for_one_that_was_put_off() {
    let mut pair = Pair::plain();
    pair.start_authentication();
    let ticket = start_by_server(&mut pair);
    pair.client.send_kex_init();
    pair.run();
    assert_eq!(pair.outcome(ticket), Some(Outcome::Complete));
    pair.try_password("x");
    pair.assert_alive();
    assert_eq!(pair.client.exchanges, 2);
}

#[test]
fn the_thresholds_of_the_settings_count_from_the_end_of_the_login_on() {
    let never = RekeyThresholds { bytes: u64::MAX, packets: u64::MAX, interval: None };
    for rekey in [
        RekeyThresholds { bytes: 512, ..never },
        RekeyThresholds { packets: 2, ..never },
        RekeyThresholds { interval: Some(Duration::from_secs(1)), ..never },
    ] {
        let mut pair = Pair::new(thresholds(rekey), Offer::default(), Program::judging(|_| None));
        pair.start_authentication();
        for _ in 0..5 {
            pair.try_password("a password that is wrong, and long enough to use keys up");
            pair.answer_open_question(Answer::Auth(verdict(false)));
        }
        pair.sleep(Duration::from_secs(2));
        assert_eq!(pair.client.exchanges, 1, "{rekey:?}");
        pair.try_password("x");
        pair.answer_open_question(Answer::Auth(verdict(true)));
        pair.sleep(Duration::from_secs(1));
        assert_no_kex_init_before_success(&pair);
        assert!(pair.client.exchanges >= 2, "{rekey:?}");
        pair.assert_alive();
    }
}

#[test]
fn rfc4253_s9_the_session_identifier_stays_for_signatures() {
    let mut pair = Pair::plain();
    pair.start_authentication();
    let session_id = pair.client.session_id.clone();
    pair.client.send_kex_init();
    pair.run();
    assert_eq!(pair.client.exchanges, 2);
    assert_eq!(pair.client.session_id, session_id);
    pair.try_key(&crate::common::ed25519(3), "ssh-ed25519", true);
    assert!(pair.server.peer().is_authenticated);
}

#[test]
fn new_keys_may_change_every_algorithm() {
    let mut pair = Pair::new(config(), Offer::default(), Program::echoing());
    pair.login();
    let channel = pair.open(4);
    for (exchange, offer) in suites().into_iter().enumerate() {
        pair.client.offer = offer;
        pair.client.send_kex_init();
        pair.run();
        assert_eq!(pair.client.exchanges, exchange + 2);
        pair.send_from_client(channel, &pattern(5000));
        assert_eq!(pair.take_data(4), pattern(5000));
    }
}

#[test]
fn compression_starts_when_it_says() {
    for (name, before, after) in
        [("none", false, false), ("zlib", true, true), ("zlib@openssh.com", false, true)]
    {
        let mut pair = Pair::new(
            config(),
            Offer::default().compression(name),
            Program::judging(|question| {
                let banner = Some("the same words again ".repeat(500));
                let answer = verdict(question.method != "none");
                Some(sshserver::engine::AuthAnswer { banner, ..answer })
            }),
        );
        pair.start_authentication();
        let sent = pair.sent.len();
        pair.authenticate("none", b"");
        assert_eq!(pair.sent.len() - sent < 5000, before, "{name}");
        pair.try_password("x");
        pair.take_numbers();
        let channel = pair.open(4);
        let sent = pair.sent.len();
        pair.send(channel, &"again and ".repeat(1000).into_bytes(), WAIT);
        pair.run();
        assert_eq!(pair.sent.len() - sent < 5000, after, "{name}");
        assert_eq!(pair.take_data(4).len(), 10_000);
        let received = pair.to_server.len();
        pair.send_from_client(channel, &[7; 10_000]);
        assert_eq!(received, 0);
        assert_eq!(pair.delivered(channel), [7; 10_000]);
    }
}

/// RFC 4253 section 11.1: nothing follows DISCONNECT.
#[test]
fn keys_used_up_by_the_last_packet_are_not_exchanged() {
    let config = thresholds(RekeyThresholds { packets: 5, ..RekeyThresholds::default() });
    let mut pair = Pair::new(config, Offer::default().plain(), Program::default());
    // two packets, and the third and fourth
    pair.login();
    pair.client.send_now(&[messages::SSH_MSG_IGNORE]);
    pair.client.send_now(&[messages::SSH_MSG_IGNORE]);
    pair.client.send_packet(&[messages::SSH_MSG_IGNORE; 12], 3);
    pair.run();
    let error = sshserver::error::InvalidMessage::BadPaddingLength.into();
    pair.assert_ended(&error, Some(sshserver::error::DisconnectReason::ProtocolError));
}

#[test]
fn exchange_keys_needs_keys_and_a_connection() {
    let mut pair = Pair::plain();
    let ticket = pair.ticket();
    assert!(pair.server.exchange_keys(ticket).is_err());
    pair.forget(ticket);
    pair.login();
    let tickets = [start_by_server(&mut pair), start_by_server(&mut pair)];
    pair.run();
    assert_eq!(pair.client.exchanges, 2);
    for ticket in tickets {
        assert_eq!(pair.outcome(ticket), Some(Outcome::Complete));
    }
    pair.server.handle_eof();
    pair.run();
    let ticket = pair.ticket();
    assert!(pair.server.exchange_keys(ticket).is_err());
}

/// A session with everything in it that takes random bytes.
fn whole_session(chunk: usize) -> (Vec<u8>, usize) {
    let mut config = config();
    config.transport.rekey.packets = 40;
    let mut pair = Pair::new(config, Offer::default(), Program::echoing());
    pair.chunk = chunk;
    pair.start_authentication();
    pair.authenticate("none", b"");
    pair.try_key(&crate::common::ed25519(3), "ssh-ed25519", false);
    pair.try_key(&crate::common::ed25519(3), "ssh-ed25519", true);
    pair.take_numbers();
    let channel = pair.open(4);
    for round in 0..30 {
        pair.send_from_client(channel, &pattern(round * 50 + 1));
        pair.request(channel, "anything", true);
        if round == 10 {
            start_by_server(&mut pair);
        }
    }
    pair.eof(channel);
    pair.send(channel, &Bytes::from(pattern(100_000)), WAIT);
    pair.run();
    let close = pair.ticket();
    pair.server.queue(pair.now, channel, Queued::Close, close).unwrap();
    pair.run();
    assert_eq!(pair.outcome(close), Some(Outcome::Complete));
    assert_eq!(channel, ChannelId(0));
    let reason = sshserver::error::DisconnectReason::ByApplication;
    pair.server.disconnect(pair.now, reason, "done");
    pair.run();
    (pair.sent, pair.client.exchanges)
}

#[test]
fn a_session_replays_byte_for_byte() {
    let (first, exchanges) = whole_session(usize::MAX);
    let (second, _) = whole_session(usize::MAX);
    assert!(exchanges >= 3, "{exchanges}");
    assert!(first.len() > 100_000);
    assert!(first == second);
    // in other pieces too
    let (pieces, _) = whole_session(13);
    assert_eq!(pieces.len(), first.len());
    assert!(first == pieces);
}
