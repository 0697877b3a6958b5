//! The table of SSH messages: number, name, the phase in which it is legal and who may send it
//! (RFC 4250 section 4.1), and one struct per message with its wire layout. Dispatch and the phase
//! check of `transport::phase` read this table; nothing else lists message numbers.

mod connection;
mod data_head;
pub mod forwarding;
mod gssapi;
mod transport;
mod userauth;

pub use connection::{
    ChannelClose, ChannelData, ChannelEof, ChannelExtendedData, ChannelFailure, ChannelOpen,
    ChannelOpenConfirmation, ChannelOpenFailure, ChannelRequest, ChannelSuccess,
    ChannelWindowAdjust, GlobalRequest, RequestFailure, RequestSuccess,
};
pub use data_head::DataHead;
pub use gssapi::{
    GssExchangeComplete, GssMic, GssResponse, GssToken, KexGssContinue, KexGssError,
    UserauthGssErrtok,
};
pub use transport::{
    Debug, Disconnect, ExtInfo, Ignore, KexInit, NewKeys, ServiceAccept, ServiceRequest,
    Unimplemented,
};
pub use userauth::{
    UserauthBanner, UserauthFailure, UserauthInfoRequest, UserauthInfoResponse, UserauthPkOk,
    UserauthRequest, UserauthSuccess,
};

use super::{Reader, Writer};
use crate::error::InvalidMessage;

/// The request, of a channel or global, that only asks for a reply: OpenSSH's name, which all other
/// programs have adopted.
pub const KEEP_ALIVE: &str = "keepalive@openssh.com";

/// One message type. `read` and `write` handle the fields after the message number.
pub trait Message<'a>: Sized {
    /// The message number (RFC 4250 section 4.1).
    const NUMBER: u8;

    /// Reads the fields, in the order of the wire layout.
    fn read(reader: &mut Reader<'a>) -> Result<Self, InvalidMessage>;

    /// Appends the fields, in the order of the wire layout.
    fn write(&self, writer: &mut Writer<'_>);

    /// Parses a whole payload, message number included; left-over bytes are refused.
    fn decode(payload: &'a [u8]) -> Result<Self, InvalidMessage> {
        let mut reader = Reader::new(payload);
        if reader.u8()? != Self::NUMBER {
            return Err(InvalidMessage::BadText);
        }
        let message = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(message)
    }

    /// Appends the whole payload, message number included.
    fn encode_to(&self, out: &mut Vec<u8>) {
        let mut writer = Writer::new(out);
        writer.u8(Self::NUMBER);
        self.write(&mut writer);
    }

    /// The whole payload, message number included.
    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.encode_to(&mut out);
        out
    }
}

/// The phase of a connection in which a message is legal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// At any time (RFC 4253 section 11).
    Always,
    /// Only while keys are exchanged (RFC 4253 section 7).
    KeyExchange,
    /// Between key exchanges, before or after authentication.
    Service,
    /// Before authentication succeeded (afterwards RFC 4252 section 5.1 applies).
    Authentication,
    /// After authentication succeeded.
    Connection,
}

/// Who may send a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// Client and server.
    Both,
    /// Only the client.
    Client,
    /// Only the server.
    Server,
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageInfo {
    /// The message number.
    pub number: u8,
    /// Its name in the RFCs.
    pub name: &'static str,
    /// When it is legal.
    pub phase: Phase,
    /// Who may send it.
    pub sender: Sender,
}

/// Looks a message number up; `None` for numbers that no RFC of the table defines.
pub fn info(number: u8) -> Option<&'static MessageInfo> {
    MESSAGES.iter().find(|row| row.number == number)
}

/// The name of a message number, for logs.
pub fn name(number: u8) -> &'static str {
    info(number).map_or("SSH_MSG_UNKNOWN", |row| row.name)
}

/// Whether a message is one of user authentication, which can have passwords in it (RFC 4250 section
/// 4.1.1).
pub fn is_of_login(number: u8) -> bool {
    (50..80).contains(&number)
}

macro_rules! table {
    ($($number:literal $name:ident $phase:ident $sender:ident,)*) => {
        $(
            #[doc = concat!("Message number ", stringify!($number), ".")]
            pub const $name: u8 = $number;
        )*
        /// THE TABLE, in the order of the numbers.
        pub static MESSAGES: &[MessageInfo] = &[
            $(MessageInfo {
                number: $number,
                name: stringify!($name),
                phase: Phase::$phase,
                sender: Sender::$sender,
            },)*
        ];
    };
}

table! {
    1 SSH_MSG_DISCONNECT Always Both,
    2 SSH_MSG_IGNORE Always Both,
    3 SSH_MSG_UNIMPLEMENTED Always Both,
    4 SSH_MSG_DEBUG Always Both,
    5 SSH_MSG_SERVICE_REQUEST Service Client,
    6 SSH_MSG_SERVICE_ACCEPT Service Server,
    7 SSH_MSG_EXT_INFO Service Both,
    20 SSH_MSG_KEXINIT Always Both,
    21 SSH_MSG_NEWKEYS KeyExchange Both,
    30 SSH_MSG_KEX_30 KeyExchange Client,
    31 SSH_MSG_KEX_31 KeyExchange Both,
    32 SSH_MSG_KEX_32 KeyExchange Client,
    33 SSH_MSG_KEX_33 KeyExchange Server,
    34 SSH_MSG_KEX_34 KeyExchange Both,
    40 SSH_MSG_KEXGSS_GROUPREQ KeyExchange Client,
    41 SSH_MSG_KEXGSS_GROUP KeyExchange Server,
    50 SSH_MSG_USERAUTH_REQUEST Authentication Client,
    51 SSH_MSG_USERAUTH_FAILURE Authentication Server,
    52 SSH_MSG_USERAUTH_SUCCESS Authentication Server,
    53 SSH_MSG_USERAUTH_BANNER Authentication Server,
    60 SSH_MSG_USERAUTH_INFO_REQUEST Authentication Server,
    61 SSH_MSG_USERAUTH_INFO_RESPONSE Authentication Both,
    63 SSH_MSG_USERAUTH_GSSAPI_EXCHANGE_COMPLETE Authentication Client,
    64 SSH_MSG_USERAUTH_GSSAPI_ERROR Authentication Server,
    65 SSH_MSG_USERAUTH_GSSAPI_ERRTOK Authentication Both,
    66 SSH_MSG_USERAUTH_GSSAPI_MIC Authentication Client,
    80 SSH_MSG_GLOBAL_REQUEST Connection Both,
    81 SSH_MSG_REQUEST_SUCCESS Connection Both,
    82 SSH_MSG_REQUEST_FAILURE Connection Both,
    90 SSH_MSG_CHANNEL_OPEN Connection Both,
    91 SSH_MSG_CHANNEL_OPEN_CONFIRMATION Connection Both,
    92 SSH_MSG_CHANNEL_OPEN_FAILURE Connection Both,
    93 SSH_MSG_CHANNEL_WINDOW_ADJUST Connection Both,
    94 SSH_MSG_CHANNEL_DATA Connection Both,
    95 SSH_MSG_CHANNEL_EXTENDED_DATA Connection Both,
    96 SSH_MSG_CHANNEL_EOF Connection Both,
    97 SSH_MSG_CHANNEL_CLOSE Connection Both,
    98 SSH_MSG_CHANNEL_REQUEST Connection Both,
    99 SSH_MSG_CHANNEL_SUCCESS Connection Both,
    100 SSH_MSG_CHANNEL_FAILURE Connection Both,
}

/// Number 60 also stands for this reply to a publickey request (RFC 4252 section 7).
pub const SSH_MSG_USERAUTH_PK_OK: u8 = 60;

/// Declares message structs: each field with the reader method of its wire type.
macro_rules! messages {
    ($(
        $(#[$meta:meta])*
        $name:ident $(<$lifetime:lifetime>)? = $number:ident {
            $($(#[$field_meta:meta])* $field:ident: $kind:ident,)*
        }
    )*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name $(<$lifetime>)? {
            $($(#[$field_meta])* pub $field: messages!(@type $kind),)*
        }

        impl<'m> Message<'m> for messages!(@own $name $($lifetime)?) {
            const NUMBER: u8 = super::$number;

            #[allow(unused_variables, reason = "some messages have no fields")]
            fn read(reader: &mut Reader<'m>) -> Result<Self, InvalidMessage> {
                Ok(Self { $($field: messages!(@read reader $kind),)* })
            }

            #[allow(unused_variables, reason = "some messages have no fields")]
            fn write(&self, writer: &mut Writer<'_>) {
                $(messages!(@write writer self.$field, $kind);)*
            }
        }
    )*};
    (@own $name:ident $lifetime:lifetime) => { $name<'m> };
    (@own $name:ident) => { $name };
    (@type boolean) => { bool };
    (@type u32) => { u32 };
    (@type string) => { &'a [u8] };
    (@type language_tag) => { &'a [u8] };
    (@type rest) => { &'a [u8] };
    (@type text) => { &'a str };
    (@type name) => { &'a str };
    (@type name_list) => { NameList<'a> };
    (@read $reader:ident rest) => { $reader.take_rest() };
    (@read $reader:ident $kind:ident) => { $reader.$kind()? };
    (@write $writer:ident $value:expr, rest) => { $writer.raw($value) };
    (@write $writer:ident $value:expr, language_tag) => { $writer.string($value) };
    (@write $writer:ident $value:expr, text) => { $writer.string($value) };
    (@write $writer:ident $value:expr, name) => { $writer.string($value) };
    (@write $writer:ident $value:expr, name_list) => { $writer.string($value.as_str()) };
    (@write $writer:ident $value:expr, $kind:ident) => { $writer.$kind($value) };
}
use messages;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_unique() {
        assert!(MESSAGES.windows(2).all(|pair| pair[0].number < pair[1].number));
    }

    #[test]
    fn names() {
        assert_eq!(name(94), "SSH_MSG_CHANNEL_DATA");
        assert_eq!(name(200), "SSH_MSG_UNKNOWN");
    }

    #[test]
    fn a_message_survives_the_wire() {
        let open = ChannelOpen {
            channel_type: "session",
            sender_channel: 7,
            initial_window_size: 1 << 21,
            maximum_packet_size: 32768,
            type_specific: b"x",
        };
        let wire = open.encode();
        assert_eq!(ChannelOpen::decode(&wire), Ok(open));
        assert_eq!(ChannelOpen::decode(&wire[..10]), Err(InvalidMessage::Truncated));
    }

    #[test]
    fn trailing_bytes_are_refused() {
        let mut wire = ChannelEof { recipient_channel: 1 }.encode();
        wire.push(0);
        assert_eq!(ChannelEof::decode(&wire), Err(InvalidMessage::TrailingBytes));
    }
}
