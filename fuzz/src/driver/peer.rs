//! The client of a session with the driver: an SSH client that logs in, its channels, and what it may expect
//! of the server: data in order, within its windows and packet sizes, and EOF and CLOSE behind it.

use std::collections::VecDeque;

use sshserver::wire::messages::forwarding::Tcpip;
use sshserver::wire::messages::{
    self, ChannelClose, ChannelData, ChannelEof, ChannelExtendedData, ChannelOpen,
    ChannelOpenConfirmation, ChannelOpenFailure, ChannelRequest, ChannelWindowAdjust,
    GlobalRequest, Message, RequestFailure,
};

use super::common::client::{Client, Offer};

/// The tag of a stream that has only one byte: a part of it may be missing.
const ALIKE: u32 = u32::MAX;

/// The byte at an offset of a stream of data; no two places look alike, nor two streams.
fn pattern(tag: u32, offset: usize) -> u8 {
    let offset = u32::try_from(offset).expect("a short stream");
    let mixed = offset.wrapping_add(tag).wrapping_mul(0x9e37_79b1);
    (mixed >> 19) as u8
}

/// The tag of one of the streams of a channel: in one direction, data or extended data. The extended data
/// of the server is sent with a time limit: not all of it arrives.
pub fn tag(name: &str, to_server: bool, extended: bool) -> u32 {
    if !to_server && extended {
        return ALIKE;
    }
    let name = name.bytes().fold(0_u32, |tag, byte| tag.wrapping_mul(31).wrapping_add(byte.into()));
    name.wrapping_mul(0x0100_0193) ^ (u32::from(to_server) << 30) ^ (u32::from(extended) << 29)
}

/// The name of the streams of a tunnel that the client opens: all have the same type.
pub fn direct(index: usize) -> String {
    format!("direct-tcpip {index}")
}

/// The name of the streams of a connection to a port, of which the client is told where it comes from.
pub fn forwarded(originator: u32) -> String {
    format!("forwarded {originator}")
}

/// The next `len` bytes of a stream.
pub fn stretch(tag: u32, from: usize, len: usize) -> Vec<u8> {
    if tag == ALIKE {
        return vec![0xee; len];
    }
    (from..from + len).map(|offset| pattern(tag, offset)).collect()
}

/// Fails unless these are the next bytes of a stream.
pub fn continues(tag: u32, from: usize, data: &[u8], what: &str) {
    let is_right = data == stretch(tag, from, data.len());
    assert!(is_right, "{what}: {} bytes at {from} are not those that were sent", data.len());
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Asked,
    Open,
    Refused,
}

/// A channel, as the client sees it.
#[derive(Debug)]
pub struct Channel {
    /// The channel's type, which names its streams.
    pub name: String,
    pub stage: Stage,
    /// The server's number.
    pub theirs: u32,
    /// What the client may still send, and at most in one message.
    pub window: u32,
    pub most: u32,
    /// What the server may send in all, and at most in one message.
    pub granted: u64,
    pub takes: u32,
    /// Bytes of data and of extended data.
    pub sent: [usize; 2],
    pub received: [usize; 2],
    pub sent_eof: bool,
    pub sent_close: bool,
    pub got_eof: bool,
    pub got_close: bool,
    /// Replies to its requests that are still to come.
    pub replies: usize,
}

impl Channel {
    fn new(name: String, stage: Stage, granted: u32, takes: u32) -> Self {
        Self {
            name,
            stage,
            theirs: 0,
            window: 0,
            most: 0,
            granted: granted.into(),
            takes,
            sent: [0; 2],
            received: [0; 2],
            sent_eof: false,
            sent_close: false,
            got_eof: false,
            got_close: false,
            replies: 0,
        }
    }

    fn confirmed(&mut self, message: &ChannelOpenConfirmation<'_>) {
        self.stage = Stage::Open;
        self.theirs = message.sender_channel;
        self.window = message.initial_window_size;
        self.most = message.maximum_packet_size;
    }

    fn can_send(&self) -> bool {
        self.stage == Stage::Open && !self.sent_close
    }
}

/// What the client says of itself when it opens a channel, or lets one be opened.
#[derive(Debug, Clone, Copy)]
pub struct Takes {
    pub window: u32,
    pub packet: u32,
}

/// An open request of the server.
#[derive(Debug)]
pub struct Asked {
    pub name: String,
    pub theirs: u32,
    pub window: u32,
    pub most: u32,
}

pub struct Peer {
    pub(crate) client: Client,
    pub channels: Vec<Channel>,
    /// Channels that the server wants to open.
    pub asked: VecDeque<Asked>,
    pub logged_in: bool,
    /// The server has sent DISCONNECT.
    pub told_to_go: bool,
    /// It answers global requests of the server.
    pub answers: bool,
    /// The success replies to global requests, and how many replies are still to come.
    pub successes: VecDeque<Vec<u8>>,
    pub replies: usize,
    /// It has sent what no client sends: the server may drop what follows.
    pub is_wild: bool,
    /// The key exchanges that it has asked for.
    pub exchanges: u32,
}

/// The channel that a message of the server is about, by the client's number.
fn recipient(payload: &[u8]) -> usize {
    let number = u32::from_be_bytes(payload[1..5].try_into().expect("a number"));
    usize::try_from(number).expect("a number")
}

impl Peer {
    pub(crate) fn new(offer: Offer) -> Self {
        Self {
            client: Client::new(offer),
            channels: Vec::new(),
            asked: VecDeque::new(),
            logged_in: false,
            told_to_go: false,
            answers: true,
            successes: VecDeque::new(),
            replies: 0,
            is_wild: false,
            exchanges: 0,
        }
    }

    /// Takes bytes of the server.
    pub fn take(&mut self, bytes: &[u8]) {
        self.client.input(bytes);
        while let Some(received) = self.client.received.pop_front() {
            self.handle(&received.payload);
        }
    }

    fn handle(&mut self, payload: &[u8]) {
        assert!(!self.told_to_go, "message {} behind DISCONNECT", payload[0]);
        if self.is_wild && payload[0] >= messages::SSH_MSG_GLOBAL_REQUEST {
            return self.handle_of_wild(payload);
        }
        match payload[0] {
            messages::SSH_MSG_DISCONNECT => self.told_to_go = true,
            messages::SSH_MSG_USERAUTH_SUCCESS => self.logged_in = true,
            messages::SSH_MSG_GLOBAL_REQUEST => {
                let request = GlobalRequest::decode(payload).expect("a global request");
                if request.want_reply && self.answers {
                    self.client.say(&RequestFailure {});
                }
            }
            messages::SSH_MSG_REQUEST_SUCCESS => {
                self.replies = self.replies.checked_sub(1).expect("a reply to nothing");
                self.successes.push_back(payload[1..].to_vec());
            }
            messages::SSH_MSG_REQUEST_FAILURE => {
                self.replies = self.replies.checked_sub(1).expect("a reply to nothing");
            }
            messages::SSH_MSG_CHANNEL_OPEN => {
                let open = ChannelOpen::decode(payload).expect("an open request");
                let name = match Tcpip::decode(open.type_specific) {
                    Ok(fields) => forwarded(fields.originator_port),
                    Err(_) => open.channel_type.to_owned(),
                };
                self.asked.push_back(Asked {
                    name,
                    theirs: open.sender_channel,
                    window: open.initial_window_size,
                    most: open.maximum_packet_size,
                });
            }
            number if (91..=100).contains(&number) => self.channel_message(payload),
            _ => {}
        }
    }

    /// What the server says to a client that has sent messages of nobody's making: they may have asked for
    /// anything, also for a channel, a reply or a window that is not in the client's books. It notes what it
    /// needs for going on.
    fn handle_of_wild(&mut self, payload: &[u8]) {
        if !(91..=100).contains(&payload[0]) {
            return;
        }
        let Some(channel) = self.channels.get_mut(recipient(payload)) else { return };
        match payload[0] {
            messages::SSH_MSG_CHANNEL_OPEN_CONFIRMATION if channel.stage == Stage::Asked => {
                let message = ChannelOpenConfirmation::decode(payload).expect("a confirmation");
                channel.confirmed(&message);
            }
            messages::SSH_MSG_CHANNEL_OPEN_FAILURE => channel.stage = Stage::Refused,
            messages::SSH_MSG_CHANNEL_WINDOW_ADJUST => {
                let message = ChannelWindowAdjust::decode(payload).expect("an adjustment");
                channel.window = channel.window.saturating_add(message.bytes_to_add);
            }
            messages::SSH_MSG_CHANNEL_DATA => {
                channel.received[0] += ChannelData::decode(payload).expect("data").data.len();
            }
            messages::SSH_MSG_CHANNEL_EXTENDED_DATA => {
                let message = ChannelExtendedData::decode(payload).expect("extended data");
                channel.received[1] += message.data.len();
            }
            messages::SSH_MSG_CHANNEL_EOF => channel.got_eof = true,
            messages::SSH_MSG_CHANNEL_CLOSE => channel.got_close = true,
            _ => {}
        }
    }

    fn channel_message(&mut self, payload: &[u8]) {
        let channel = self.channels.get_mut(recipient(payload)).expect("a channel of the client");
        assert!(!channel.got_close, "message {} behind CLOSE", payload[0]);
        match payload[0] {
            messages::SSH_MSG_CHANNEL_OPEN_CONFIRMATION => {
                let message = ChannelOpenConfirmation::decode(payload).expect("a confirmation");
                assert_eq!(channel.stage, Stage::Asked);
                channel.confirmed(&message);
            }
            messages::SSH_MSG_CHANNEL_OPEN_FAILURE => {
                ChannelOpenFailure::decode(payload).expect("a failure");
                assert_eq!(channel.stage, Stage::Asked);
                channel.stage = Stage::Refused;
            }
            _ => Self::open_channel_message(channel, payload),
        }
    }

    fn open_channel_message(channel: &mut Channel, payload: &[u8]) {
        assert_eq!(channel.stage, Stage::Open, "message {}", payload[0]);
        match payload[0] {
            messages::SSH_MSG_CHANNEL_WINDOW_ADJUST => {
                let message = ChannelWindowAdjust::decode(payload).expect("an adjustment");
                channel.window =
                    channel.window.checked_add(message.bytes_to_add).expect("a window");
            }
            messages::SSH_MSG_CHANNEL_DATA => {
                let message = ChannelData::decode(payload).expect("data");
                Self::data(channel, false, message.data);
            }
            messages::SSH_MSG_CHANNEL_EXTENDED_DATA => {
                let message = ChannelExtendedData::decode(payload).expect("extended data");
                assert_eq!(message.data_type_code, 1);
                Self::data(channel, true, message.data);
            }
            messages::SSH_MSG_CHANNEL_EOF => {
                assert!(!std::mem::replace(&mut channel.got_eof, true), "a second EOF");
            }
            messages::SSH_MSG_CHANNEL_CLOSE => channel.got_close = true,
            messages::SSH_MSG_CHANNEL_SUCCESS | messages::SSH_MSG_CHANNEL_FAILURE => {
                channel.replies = channel.replies.checked_sub(1).expect("a reply to nothing");
            }
            _ => {}
        }
    }

    fn data(channel: &mut Channel, extended: bool, data: &[u8]) {
        assert!(!channel.got_eof, "data behind EOF");
        assert!(data.len() <= channel.takes as usize, "a message of {} bytes", data.len());
        let kind = usize::from(extended);
        continues(tag(&channel.name, false, extended), channel.received[kind], data, "the client");
        channel.received[kind] += data.len();
        let all = channel.received.iter().sum::<usize>() as u64;
        assert!(all <= channel.granted, "{all} bytes in a window of {}", channel.granted);
    }

    /// Asks for a channel whose type has its number in it.
    pub fn open(&mut self, takes: Takes) {
        let name = format!("x{}", self.channels.len());
        self.say_open(&name.clone(), name, takes, b"");
    }

    /// Asks for a tunnel.
    pub fn open_tunnel(&mut self, takes: Takes, fields: &[u8]) {
        self.say_open("direct-tcpip", direct(self.channels.len()), takes, fields);
    }

    fn say_open(&mut self, channel_type: &str, name: String, takes: Takes, type_specific: &[u8]) {
        self.client.say(&ChannelOpen {
            channel_type,
            sender_channel: self.channels.len() as u32,
            initial_window_size: takes.window,
            maximum_packet_size: takes.packet,
            type_specific,
        });
        self.channels.push(Channel::new(name, Stage::Asked, takes.window, takes.packet));
    }

    /// Answers an open request of the server.
    pub fn answer(&mut self, takes: Option<Takes>) -> Option<usize> {
        let asked = self.asked.pop_front()?;
        let Some(Takes { window, packet }) = takes else {
            self.client.say(&ChannelOpenFailure {
                recipient_channel: asked.theirs,
                reason_code: 1,
                description: b"no",
                language_tag: b"",
            });
            return None;
        };
        let index = self.channels.len();
        self.client.say(&ChannelOpenConfirmation {
            recipient_channel: asked.theirs,
            sender_channel: index as u32,
            initial_window_size: window,
            maximum_packet_size: packet,
            type_specific: b"",
        });
        let mut channel = Channel::new(asked.name, Stage::Open, window, packet);
        channel.theirs = asked.theirs;
        channel.window = asked.window;
        channel.most = asked.most;
        self.channels.push(channel);
        Some(index)
    }

    /// Sends data, as far as the window allows.
    pub fn send(&mut self, index: usize, extended: bool, len: usize) {
        let Some(channel) = self.channels.get_mut(index) else { return };
        if !channel.can_send() || channel.sent_eof {
            return;
        }
        let kind = usize::from(extended);
        let mut left = len.min(channel.window as usize);
        while left > 0 {
            // Extended data has four bytes more in front.
            let len = left.min(channel.most as usize).min(32_000);
            let data = stretch(tag(&channel.name, true, extended), channel.sent[kind], len);
            if extended {
                let (recipient_channel, data) = (channel.theirs, &data[..]);
                self.client.say(&ChannelExtendedData {
                    recipient_channel,
                    data_type_code: 1,
                    data,
                });
            } else {
                self.client.say(&ChannelData { recipient_channel: channel.theirs, data: &data });
            }
            channel.sent[kind] += len;
            channel.window -= len as u32;
            left -= len;
        }
    }

    pub fn send_eof(&mut self, index: usize) {
        if let Some(channel) = self.channels.get_mut(index)
            && channel.can_send()
            && !std::mem::replace(&mut channel.sent_eof, true)
        {
            self.client.say(&ChannelEof { recipient_channel: channel.theirs });
        }
    }

    pub fn close(&mut self, index: usize) {
        if let Some(channel) = self.channels.get_mut(index)
            && channel.can_send()
        {
            channel.sent_close = true;
            self.client.say(&ChannelClose { recipient_channel: channel.theirs });
        }
    }

    /// Lets the server send more, as much as a window can hold.
    pub fn adjust(&mut self, index: usize, more: u32) {
        if let Some(channel) = self.channels.get_mut(index)
            && channel.can_send()
        {
            let used = channel.received.iter().sum::<usize>() as u64;
            let left = u32::try_from(channel.granted - used).expect("a window");
            let more = more.min(u32::MAX - left);
            channel.granted += u64::from(more);
            let recipient_channel = channel.theirs;
            self.client.say(&ChannelWindowAdjust { recipient_channel, bytes_to_add: more });
        }
    }

    pub fn request(&mut self, index: usize, want_reply: bool, specific: &[u8]) {
        if let Some(channel) = self.channels.get_mut(index)
            && channel.can_send()
        {
            channel.replies += usize::from(want_reply);
            self.client.say(&ChannelRequest {
                recipient_channel: channel.theirs,
                request_type: "thing@fuzz",
                want_reply,
                type_specific: specific,
            });
        }
    }

    pub fn global_request(&mut self, request_name: &str, want_reply: bool, specific: &[u8]) {
        self.replies += usize::from(want_reply);
        self.client.say(&GlobalRequest { request_name, want_reply, request_specific: specific });
    }
}
