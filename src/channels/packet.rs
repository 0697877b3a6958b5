//! Messages that the program builds itself (`sendSSHPacket`): which are allowed, and what each does
//! to the state of its channel.

use bytes::Bytes;

use super::channel::Flow;
use super::event::{Call, ChannelId, Queued, SendMode};
use super::table::Channels;
use crate::error::{ApiMisuse, InvalidMessage};
use crate::limits::MAX_SENT_PAYLOAD_LEN;
use crate::wire::messages;
use crate::wire::{Reader, Writer};

/// What a message number means for [`Channels::packet`].
enum Kind {
    /// Data: obeys the window.
    Data,
    ExtendedData,
    Eof,
    Close,
    WindowAdjust,
    /// A message of a channel: the channel number is put in front, and it keeps its place in the queue.
    Channel,
    /// A message of no channel: only the message number is put in front.
    Bare,
}

/// The kind of a message that the program may send by hand; messages that would break the state of the
/// transport, of authentication or of the table of channels are refused.
fn classify(number: u8) -> Result<Kind, ApiMisuse> {
    Ok(match number {
        messages::SSH_MSG_IGNORE | messages::SSH_MSG_DEBUG => Kind::Bare,
        messages::SSH_MSG_CHANNEL_DATA => Kind::Data,
        messages::SSH_MSG_CHANNEL_EXTENDED_DATA => Kind::ExtendedData,
        messages::SSH_MSG_CHANNEL_EOF => Kind::Eof,
        messages::SSH_MSG_CHANNEL_CLOSE => Kind::Close,
        messages::SSH_MSG_CHANNEL_WINDOW_ADJUST => Kind::WindowAdjust,
        messages::SSH_MSG_CHANNEL_REQUEST
        | messages::SSH_MSG_CHANNEL_SUCCESS
        | messages::SSH_MSG_CHANNEL_FAILURE => Kind::Channel,
        0..=79
        | messages::SSH_MSG_CHANNEL_OPEN
        | messages::SSH_MSG_CHANNEL_OPEN_CONFIRMATION
        | messages::SSH_MSG_CHANNEL_OPEN_FAILURE => return Err(ApiMisuse::ForbiddenMessage),
        _ => Kind::Bare,
    })
}

impl From<InvalidMessage> for ApiMisuse {
    fn from(_: InvalidMessage) -> Self {
        Self::BadPayload
    }
}

/// What a packet becomes.
pub(super) enum Packet {
    /// A payload to be queued.
    Whole(Vec<u8>),
    /// A command that the table has.
    Known(Queued),
}

impl Channels {
    /// Reads a message that the program has built: `payload` follows the message number and, for messages
    /// of a channel, the channel number. It is sent in the order of the calls on the channel.
    pub(super) fn packet(
        &mut self,
        id: ChannelId,
        number: u8,
        payload: &[u8],
        mode: SendMode,
    ) -> Result<Packet, ApiMisuse> {
        let peer_id = self.open_channel_mut(id)?.peer_id;
        let mut whole = vec![number];
        match classify(number)? {
            Kind::Bare => whole.extend_from_slice(payload),
            Kind::Data => return read_data(payload, false, mode).map(Packet::Known),
            Kind::ExtendedData => return read_data(payload, true, mode).map(Packet::Known),
            Kind::Eof => return empty(payload).map(|()| Packet::Known(Queued::Eof)),
            Kind::Close => return empty(payload).map(|()| Packet::Known(Queued::Close)),
            Kind::WindowAdjust => {
                let add = read_adjust(payload)?;
                let channel = self.open_channel_mut(id)?;
                if channel.asked == Flow::Closed {
                    return Err(ApiMisuse::ChannelClosed);
                }
                if !channel.receive_window.widen(add) {
                    return Err(ApiMisuse::BadPayload);
                }
                Writer::new(&mut whole).u32(peer_id).raw(payload);
            }
            Kind::Channel => _ = Writer::new(&mut whole).u32(peer_id).raw(payload),
        }
        if whole.len() > MAX_SENT_PAYLOAD_LEN {
            return Err(ApiMisuse::TooLong);
        }
        Ok(Packet::Whole(whole))
    }
}

fn empty(payload: &[u8]) -> Result<(), ApiMisuse> {
    if payload.is_empty() { Ok(()) } else { Err(ApiMisuse::BadPayload) }
}

/// `[uint32 data_type_code |] string data`
fn read_data(payload: &[u8], extended: bool, mode: SendMode) -> Result<Queued, ApiMisuse> {
    let mut reader = Reader::new(payload);
    let data_type = if extended { Some(reader.u32()?) } else { None };
    let data = Bytes::copy_from_slice(reader.string()?);
    reader.finish()?;
    Ok(Queued::Data(Call { data_type, mode, sent: 0 }, data))
}

/// `uint32 bytes_to_add`
fn read_adjust(payload: &[u8]) -> Result<u32, ApiMisuse> {
    let mut reader = Reader::new(payload);
    let add = reader.u32()?;
    reader.finish()?;
    Ok(add)
}
