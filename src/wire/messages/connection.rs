//! Messages 80 to 100: the connection protocol (RFC 4254).

use super::{Message, messages};
use crate::error::InvalidMessage;
use crate::wire::{Reader, Writer};

messages! {
    /// `byte 80 | string request_name | boolean want_reply | request-specific` (RFC 4254 4)
    GlobalRequest<'a> = SSH_MSG_GLOBAL_REQUEST {
        /// The name of the request.
        request_name: name,
        /// Whether a reply is wanted.
        want_reply: boolean,
        /// The fields of the request.
        request_specific: rest,
    }

    /// `byte 81 | response-specific` (RFC 4254 4)
    RequestSuccess<'a> = SSH_MSG_REQUEST_SUCCESS {
        /// The fields of the response.
        response_specific: rest,
    }

    /// `byte 82` (RFC 4254 4)
    RequestFailure = SSH_MSG_REQUEST_FAILURE {}

    /// `byte 90 | string channel_type | uint32 sender_channel | uint32 initial_window_size
    /// | uint32 maximum_packet_size | type-specific` (RFC 4254 5.1)
    ChannelOpen<'a> = SSH_MSG_CHANNEL_OPEN {
        /// The channel type.
        channel_type: name,
        /// The sender's number for the channel.
        sender_channel: u32,
        /// Bytes that may be sent to the sender before it adjusts the window.
        initial_window_size: u32,
        /// The largest data field the sender takes.
        maximum_packet_size: u32,
        /// The fields of the channel type.
        type_specific: rest,
    }

    /// `byte 91 | uint32 recipient_channel | uint32 sender_channel | uint32 initial_window_size
    /// | uint32 maximum_packet_size | type-specific` (RFC 4254 5.1)
    ChannelOpenConfirmation<'a> = SSH_MSG_CHANNEL_OPEN_CONFIRMATION {
        /// The number given in the open request.
        recipient_channel: u32,
        /// The sender's number for the channel.
        sender_channel: u32,
        /// Bytes that may be sent to the sender before it adjusts the window.
        initial_window_size: u32,
        /// The largest data field the sender takes.
        maximum_packet_size: u32,
        /// The fields of the channel type.
        type_specific: rest,
    }

    /// `byte 92 | uint32 recipient_channel | uint32 reason_code | string description
    /// | string language_tag` (RFC 4254 5.1)
    ChannelOpenFailure<'a> = SSH_MSG_CHANNEL_OPEN_FAILURE {
        /// The number given in the open request.
        recipient_channel: u32,
        /// One of the numbers of RFC 4254 section 5.1.
        reason_code: u32,
        /// For people.
        description: string,
        /// RFC 3066 tag; may be left out.
        language_tag: language_tag,
    }

    /// `byte 93 | uint32 recipient_channel | uint32 bytes_to_add` (RFC 4254 5.2)
    ChannelWindowAdjust = SSH_MSG_CHANNEL_WINDOW_ADJUST {
        /// The receiver's number for the channel.
        recipient_channel: u32,
        /// How much the window grows.
        bytes_to_add: u32,
    }

    /// `byte 94 | uint32 recipient_channel | string data` (RFC 4254 5.2)
    ChannelData<'a> = SSH_MSG_CHANNEL_DATA {
        /// The receiver's number for the channel.
        recipient_channel: u32,
        /// The data.
        data: string,
    }

    /// `byte 95 | uint32 recipient_channel | uint32 data_type_code | string data` (RFC 4254 5.2)
    ChannelExtendedData<'a> = SSH_MSG_CHANNEL_EXTENDED_DATA {
        /// The receiver's number for the channel.
        recipient_channel: u32,
        /// 1 is stderr.
        data_type_code: u32,
        /// The data.
        data: string,
    }

    /// `byte 96 | uint32 recipient_channel` (RFC 4254 5.3)
    ChannelEof = SSH_MSG_CHANNEL_EOF {
        /// The receiver's number for the channel.
        recipient_channel: u32,
    }

    /// `byte 97 | uint32 recipient_channel` (RFC 4254 5.3)
    ChannelClose = SSH_MSG_CHANNEL_CLOSE {
        /// The receiver's number for the channel.
        recipient_channel: u32,
    }

    /// `byte 98 | uint32 recipient_channel | string request_type | boolean want_reply
    /// | type-specific` (RFC 4254 5.4)
    ChannelRequest<'a> = SSH_MSG_CHANNEL_REQUEST {
        /// The receiver's number for the channel.
        recipient_channel: u32,
        /// The type of the request.
        request_type: name,
        /// Whether a reply is wanted.
        want_reply: boolean,
        /// The fields of the request.
        type_specific: rest,
    }

    /// `byte 99 | uint32 recipient_channel` (RFC 4254 5.4)
    ChannelSuccess = SSH_MSG_CHANNEL_SUCCESS {
        /// The receiver's number for the channel.
        recipient_channel: u32,
    }

    /// `byte 100 | uint32 recipient_channel` (RFC 4254 5.4)
    ChannelFailure = SSH_MSG_CHANNEL_FAILURE {
        /// The receiver's number for the channel.
        recipient_channel: u32,
    }
}
