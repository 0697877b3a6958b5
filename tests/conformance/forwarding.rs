//! RFC 4254 sections 4 and 7: requests for tunnels, the order of their replies, refused opens, and
//! data that is sent without a queue.

use sshserver::engine::{Answer, ChannelId, Forwarding, Order, Place, Queued, Refusal, Room, Sent};
use sshserver::limits::{MAX_TUNNEL_ADDRESS_LEN, MESSAGE_OVERHEAD, TUNNEL_TRANSMIT_TARGET};
use sshserver::wire::messages::forwarding::{
    DirectStreamlocal, ForwardedStreamlocal, StreamlocalForward, TcpipForward,
};
use sshserver::wire::messages::{
    self, ChannelData, ChannelOpen, ChannelOpenFailure, GlobalRequest, Message, RequestSuccess,
};

use crate::common::client::Offer;
use crate::common::pair::Pair;
use crate::common::program::{Program, Seen};
use crate::common::{config, pattern};

const SUCCESS: u8 = messages::SSH_MSG_REQUEST_SUCCESS;
const FAILURE: u8 = messages::SSH_MSG_REQUEST_FAILURE;

fn connected(program: Program) -> Pair {
    let mut pair = Pair::new(config(), Offer::default(), program);
    pair.login();
    pair.take_numbers();
    pair
}

/// A program that decides later.
fn undecided() -> Pair {
    let mut program = Program::default();
    program.forwarding = Box::new(|_| None);
    connected(program)
}

fn ask(pair: &mut Pair, request_name: &str, want_reply: bool, fields: &[u8]) {
    pair.client.say(&GlobalRequest { request_name, want_reply, request_specific: fields });
    pair.run();
}

fn ask_tcp(pair: &mut Pair, name: &str, want_reply: bool, address: &str, port: u32) {
    ask(pair, name, want_reply, &TcpipForward { address, port }.encode());
}

fn tcp(address: &str, port: u16) -> Place {
    Place::Tcp { address: address.to_owned(), port }
}

fn asked(pair: &Pair) -> Vec<Forwarding> {
    let of = |seen: &Seen| match seen {
        Seen::Forwarding(request) => Some(request.clone()),
        _ => None,
    };
    pair.program.seen.iter().filter_map(of).collect()
}

#[test]
fn rfc4254_s7_1_the_reply_has_the_port_only_if_the_request_left_it_open() {
    let mut program = Program::default();
    program.forwarding = Box::new(|_| Some(Some(4022)));
    let mut pair = connected(program);
    ask_tcp(&mut pair, "tcpip-forward", true, "localhost", 0);
    let reply = pair.take_number(SUCCESS);
    assert_eq!(RequestSuccess::decode(&reply).unwrap().response_specific, 4022_u32.to_be_bytes());
    ask_tcp(&mut pair, "tcpip-forward", true, "", 8080);
    assert_eq!(pair.take_number(SUCCESS), [SUCCESS]);
    ask_tcp(&mut pair, "cancel-tcpip-forward", true, "localhost", 4022);
    assert_eq!(pair.take_number(SUCCESS), [SUCCESS]);
    assert_eq!(
        asked(&pair),
        [
            Forwarding::Listen(tcp("localhost", 0)),
            Forwarding::Listen(tcp("", 8080)),
            Forwarding::Cancel(tcp("localhost", 4022)),
        ]
    );
}

#[test]
fn openssh_streamlocal_requests_name_a_path_and_get_no_port() {
    let mut program = Program::default();
    program.forwarding = Box::new(|_| Some(Some(0)));
    let mut pair = connected(program);
    let fields = StreamlocalForward { path: "/tmp/socket" }.encode();
    ask(&mut pair, "streamlocal-forward@openssh.com", true, &fields);
    assert_eq!(pair.take_number(SUCCESS), [SUCCESS]);
    ask(&mut pair, "cancel-streamlocal-forward@openssh.com", true, &fields);
    assert_eq!(pair.take_number(SUCCESS), [SUCCESS]);
    let place = || Place::Unix { path: "/tmp/socket".to_owned() };
    assert_eq!(asked(&pair), [Forwarding::Listen(place()), Forwarding::Cancel(place())]);
}

#[test]
fn rfc4254_s4_replies_keep_the_order_of_the_requests() {
    let mut pair = undecided();
    ask_tcp(&mut pair, "tcpip-forward", true, "a", 0);
    ask(&mut pair, "keepalive@openssh.com", true, b"");
    ask_tcp(&mut pair, "tcpip-forward", false, "b", 2);
    ask(&mut pair, "no-such-request@example.com", false, b"");
    ask_tcp(&mut pair, "tcpip-forward", true, "c", 3);
    ask(&mut pair, "keepalive@openssh.com", true, b"");
    // No later request overtakes the first one, which alone has been asked about.
    assert_eq!(pair.take_numbers(), [0_u8; 0]);
    assert_eq!(asked(&pair), [Forwarding::Listen(tcp("a", 0))]);
    pair.answer_open_question(Answer::Forwarding(Some(1)));
    assert_eq!(pair.take_numbers(), [SUCCESS, FAILURE]);
    assert_eq!(asked(&pair).len(), 2);
    // The second wants no reply, and still holds up what follows it.
    pair.answer_open_question(Answer::Forwarding(Some(2)));
    assert_eq!(pair.take_numbers(), [0_u8; 0]);
    assert_eq!(asked(&pair).len(), 3);
    pair.answer_open_question(Answer::Forwarding(None));
    assert_eq!(pair.take_numbers(), [FAILURE, FAILURE]);
    pair.assert_alive();
}

#[test]
fn an_undecided_request_holds_up_no_channel() {
    let mut pair = undecided();
    ask_tcp(&mut pair, "tcpip-forward", true, "a", 0);
    let channel = pair.open(3);
    pair.send_from_client(channel, b"data");
    assert_eq!(pair.delivered(channel), b"data");
}

#[test]
fn requests_that_cannot_be_are_refused_without_asking() {
    let mut pair = undecided();
    let long = "a".repeat(MAX_TUNNEL_ADDRESS_LEN + 1);
    let name = "tcpip-forward";
    for (address, port) in [("a", 65_536), ("a", u32::MAX), ("a\nb", 1), ("a\0", 1), (&*long, 1)] {
        ask_tcp(&mut pair, name, true, address, port);
        assert_eq!(pair.take_numbers(), [FAILURE], "{address:?} {port}");
    }
    let whole = TcpipForward { address: "a", port: 1 }.encode();
    let not_utf8 = b"\0\0\0\x02\xff\xfe\0\0\0\x01".to_vec();
    for fields in [whole[..8].to_vec(), [&whole[..], b"x"].concat(), Vec::new(), not_utf8] {
        ask(&mut pair, name, true, &fields);
        assert_eq!(pair.take_numbers(), [FAILURE], "{fields:?}");
    }
    for path in ["", "a\0b", &*long] {
        let fields = StreamlocalForward { path }.encode();
        ask(&mut pair, "streamlocal-forward@openssh.com", true, &fields);
        assert_eq!(pair.take_numbers(), [FAILURE], "{path:?}");
    }
    assert_eq!(asked(&pair), []);
    pair.assert_alive();
}

#[test]
fn a_request_without_an_answer_is_void_after_the_end() {
    let mut pair = undecided();
    ask_tcp(&mut pair, "tcpip-forward", true, "a", 0);
    pair.server.handle_eof();
    pair.run();
    let (id, _) = pair.program.open_questions.remove(0);
    let answered = pair.server.answer(pair.now, id, Answer::Forwarding(Some(1)));
    assert!(answered.is_err());
}

#[test]
fn rfc4254_s5_1_a_refusal_tells_its_reason() {
    let mut program = Program::default();
    program.open = Box::new(|_, _| None);
    let mut pair = connected(program);
    pair.say(&ChannelOpen {
        channel_type: "direct-streamlocal@openssh.com",
        sender_channel: 9,
        initial_window_size: 10,
        maximum_packet_size: 10,
        type_specific: &DirectStreamlocal { path: "/x", reserved: "", reserved_port: 0 }.encode(),
    });
    pair.answer_open_question(Answer::RefuseOpen {
        why: Refusal::ConnectFailed,
        description: "Connection refused".to_owned(),
    });
    let payload = pair.take_number(messages::SSH_MSG_CHANNEL_OPEN_FAILURE);
    let message = ChannelOpenFailure::decode(&payload).unwrap();
    // SSH_OPEN_CONNECT_FAILED
    assert_eq!((message.recipient_channel, message.reason_code), (9, 2));
    assert_eq!(message.description, b"Connection refused");
    assert!(pair.has_seen(&Seen::NotOpened(ChannelId(0))));
}

#[test]
fn we_ask_the_client_to_take_what_came_in() {
    let mut pair = connected(Program::default());
    let ticket = pair.ticket();
    let fields = ForwardedStreamlocal { path: "/x", reserved: "" }.encode();
    let name = "forwarded-streamlocal@openssh.com";
    pair.server.open_channel(pair.now, name, &fields, ticket).unwrap();
    pair.run();
    let payload = pair.take_number(messages::SSH_MSG_CHANNEL_OPEN);
    let message = ChannelOpen::decode(&payload).unwrap();
    assert_eq!((message.channel_type, message.type_specific), (name, &fields[..]));
}

/// How many bytes of a tunnel may be sent at once.
fn room(pair: &mut Pair, channel: ChannelId) -> Room {
    let sent = pair.order(channel, Order::Tunnel, b"");
    assert_eq!(sent.len, 0);
    sent.room
}

/// The messages that the client got on its channel.
fn received(pair: &mut Pair) -> Vec<Vec<u8>> {
    let mut data = Vec::new();
    while let Some(payload) = pair.take() {
        data.push(ChannelData::decode(&payload).unwrap().data.to_vec());
    }
    data
}

#[test]
fn rfc4254_s5_2_what_is_sent_at_once_obeys_window_and_packet_size() {
    let mut pair = connected(Program::default());
    let channel = pair.open_with(4, 1000, 300);
    let data = pattern(2000);
    assert_eq!(room(&mut pair, channel), Room::Bytes(1000));
    assert_eq!(
        pair.order(channel, Order::Tunnel, &data),
        Sent { len: 1000, room: Room::AwaitWindow }
    );
    pair.run();
    let got = received(&mut pair);
    assert_eq!(got.iter().map(Vec::len).collect::<Vec<_>>(), [300, 300, 300, 100]);
    assert_eq!(got.concat(), data[..1000]);
    let told = pair.program.seen.len();
    assert_eq!(room(&mut pair, channel), Room::AwaitWindow);
    pair.adjust(channel, 5);
    assert_eq!(pair.program.seen[told..], [Seen::ReadyToSend(channel)]);
    assert_eq!(room(&mut pair, channel), Room::Bytes(5));
}

#[test]
fn what_is_sealed_at_once_is_bounded_whatever_the_packet_size() {
    let mut pair = connected(Program::default());
    for (sender, size) in [(1, 1), (2, 100), (3, 32 * 1024), (4, u32::MAX)] {
        let channel = pair.open_with(sender, u32::MAX, size);
        let Room::Bytes(room) = room(&mut pair, channel) else { panic!("no room") };
        let size = (size as usize).min(room);
        let most = TUNNEL_TRANSMIT_TARGET + size + MESSAGE_OVERHEAD;
        assert!(room > 0 && room.div_ceil(size) * (size + MESSAGE_OVERHEAD) <= most, "{size}");
    }
    let channel = pair.open_with(5, u32::MAX, 0);
    assert_eq!(room(&mut pair, channel), Room::AwaitWindow);
    assert_eq!(room(&mut pair, ChannelId(99)), Room::AwaitWindow);
}

#[test]
fn nothing_is_sent_at_once_while_keys_are_exchanged_or_after_eof() {
    let mut pair = connected(Program::default());
    let channel = pair.open(4);
    let ticket = pair.ticket();
    pair.server.exchange_keys(ticket).unwrap();
    assert_eq!(room(&mut pair, channel), Room::AwaitTransport);
    let sent = pair.order(channel, Order::Tunnel, b"there is no room");
    assert_eq!(sent, Sent::nothing(Room::AwaitTransport));
    pair.run();
    assert!(matches!(room(&mut pair, channel), Room::Bytes(_)));
    assert_eq!(received(&mut pair), Vec::<Vec<u8>>::new());
    let ticket = pair.ticket();
    pair.server.queue(pair.now, channel, Queued::Eof, ticket).unwrap();
    assert_eq!(room(&mut pair, channel), Room::AwaitTransport);
    pair.server.handle_eof();
    assert_eq!(room(&mut pair, channel), Room::AwaitTransport);
}
