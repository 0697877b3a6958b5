//! Opening channels, by either side (RFC 4254 section 5.1).

use bytes::Bytes;

use super::channel::{Channel, Opening, Requested, Slot};
use super::event::{ChannelEvent, ChannelId, Outcome, Ticket};
use super::table::Channels;
use super::window::{ReceiveWindow, SendWindow};
use crate::error::{ApiMisuse, ChannelMisbehaved, Error};
use crate::limits::{CHANNEL_MAXIMUM_PACKET_SIZE, receive_window};
use crate::wire::messages::{ChannelOpen, ChannelOpenConfirmation, ChannelOpenFailure, Message};
use crate::wire::{Outbox, description, is_name};

/// Why a channel is refused (RFC 4254 section 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Refusal {
    /// SSH_OPEN_ADMINISTRATIVELY_PROHIBITED
    Prohibited = 1,
    /// SSH_OPEN_CONNECT_FAILED
    ConnectFailed = 2,
    /// SSH_OPEN_UNKNOWN_CHANNEL_TYPE
    UnknownType = 3,
    /// SSH_OPEN_RESOURCE_SHORTAGE
    ResourceShortage = 4,
}

impl Channels {
    /// SSH_MSG_CHANNEL_OPEN of the client.
    pub(super) fn handle_open(
        &mut self,
        payload: &Bytes,
        out: &mut dyn Outbox,
    ) -> Result<(), Error> {
        let message = ChannelOpen::decode(payload)?;
        // RFC 4251 section 6
        if !is_name(message.channel_type) {
            return refuse(message.sender_channel, Refusal::UnknownType, "not a channel type", out);
        }
        let opening = Opening {
            channel_type: message.channel_type.to_owned(),
            peer_id: message.sender_channel,
            send_window: SendWindow::new(message.initial_window_size, message.maximum_packet_size),
            receive_window: ReceiveWindow::new(receive_window(self.len())),
        };
        match self.insert(Slot::Asked(Box::new(opening))) {
            Some(channel) => {
                self.events.push_back(ChannelEvent::OpenRequested {
                    channel,
                    channel_type: message.channel_type.to_owned(),
                    parameters: payload.slice_ref(message.type_specific),
                });
                Ok(())
            }
            None => {
                let why = Refusal::ResourceShortage;
                refuse(message.sender_channel, why, "too many channels", out)
            }
        }
    }

    /// The program's answer to [`ChannelEvent::OpenRequested`].
    pub fn answer_open(
        &mut self,
        id: ChannelId,
        accept: bool,
        out: &mut dyn Outbox,
    ) -> Result<(), Error> {
        let Some(place) = self.slot_mut(id) else {
            return Err(Error::Internal("no channel to answer for"));
        };
        let Slot::Asked(opening) = place else {
            return Err(Error::Internal("the channel is decided already"));
        };
        if !accept {
            return self.refuse_open(id, Refusal::Prohibited, "open refused", out);
        }
        let channel_type = std::mem::take(&mut opening.channel_type);
        let receive_window = ReceiveWindow::new(opening.receive_window.size());
        let send_window = std::mem::replace(&mut opening.send_window, SendWindow::new(0, 0));
        out.send(&ChannelOpenConfirmation {
            recipient_channel: opening.peer_id,
            sender_channel: id.0,
            initial_window_size: receive_window.size(),
            maximum_packet_size: CHANNEL_MAXIMUM_PACKET_SIZE,
            type_specific: b"",
        })?;
        *place = Slot::Open(Box::new(Channel::new(opening.peer_id, send_window, receive_window)));
        self.opened(id, channel_type);
        Ok(())
    }

    /// Refuses [`ChannelEvent::OpenRequested`], with the reason.
    pub fn refuse_open(
        &mut self,
        id: ChannelId,
        why: Refusal,
        description: &str,
        out: &mut dyn Outbox,
    ) -> Result<(), Error> {
        let Some(Slot::Asked(opening)) = self.slot(id) else {
            return Err(Error::Internal("no channel to refuse"));
        };
        refuse(opening.peer_id, why, description, out)?;
        self.remove(id);
        self.events.push_back(ChannelEvent::NotOpened(id));
        Ok(())
    }

    fn opened(&mut self, id: ChannelId, channel_type: String) {
        self.events.push_back(ChannelEvent::Opened { channel: id, channel_type });
        self.events.push_back(ChannelEvent::ReadyToSend(id));
    }

    /// Asks the client to open a channel.
    pub fn open(
        &mut self,
        channel_type: &str,
        parameters: &[u8],
        ticket: Ticket,
        out: &mut dyn Outbox,
    ) -> Result<Result<ChannelId, ApiMisuse>, Error> {
        let window = receive_window(self.len());
        let requested = Requested {
            channel_type: channel_type.to_owned(),
            window: ReceiveWindow::new(window),
            ticket,
        };
        let Some(id) = self.insert(Slot::Requested(Box::new(requested))) else {
            return Ok(Err(ApiMisuse::TooManyChannels));
        };
        out.send(&ChannelOpen {
            channel_type,
            sender_channel: id.0,
            initial_window_size: window,
            maximum_packet_size: CHANNEL_MAXIMUM_PACKET_SIZE,
            type_specific: parameters,
        })?;
        Ok(Ok(id))
    }

    /// SSH_MSG_CHANNEL_OPEN_CONFIRMATION of the client.
    pub(super) fn handle_confirmation(
        &mut self,
        payload: &[u8],
        out: &mut dyn Outbox,
    ) -> Result<(), Error> {
        let message = ChannelOpenConfirmation::decode(payload)?;
        let id = ChannelId(message.recipient_channel);
        let Some(Slot::Requested(requested)) = self.slot_mut(id) else {
            return self.unexpected_reply(id, out);
        };
        let channel_type = std::mem::take(&mut requested.channel_type);
        let (ticket, window) = (requested.ticket, requested.window.size());
        let receive_window = ReceiveWindow::new(window);
        let send_window = SendWindow::new(message.initial_window_size, message.maximum_packet_size);
        let channel = Channel::new(message.sender_channel, send_window, receive_window);
        if let Some(place) = self.slot_mut(id) {
            *place = Slot::Open(Box::new(channel));
        }
        self.opened(id, channel_type);
        self.events.push_back(ChannelEvent::Done(ticket, Outcome::Opened(id)));
        Ok(())
    }

    /// SSH_MSG_CHANNEL_OPEN_FAILURE of the client.
    pub(super) fn handle_open_failure(
        &mut self,
        payload: &[u8],
        out: &mut dyn Outbox,
    ) -> Result<(), Error> {
        let message = ChannelOpenFailure::decode(payload)?;
        let id = ChannelId(message.recipient_channel);
        let Some(Slot::Requested(requested)) = self.slot(id) else {
            return self.unexpected_reply(id, out);
        };
        let ticket = requested.ticket;
        self.remove(id);
        let description = description(message.description);
        let outcome = Outcome::OpenRefused { reason: message.reason_code, description };
        self.events.push_back(ChannelEvent::Done(ticket, outcome));
        Ok(())
    }

    /// The client has replied to an open request of a channel that has none.
    fn unexpected_reply(&mut self, id: ChannelId, out: &mut dyn Outbox) -> Result<(), Error> {
        match self.named(id.0)? {
            Some(_) => self.misbehaved(id, ChannelMisbehaved::UnexpectedReply, out),
            None => Ok(()),
        }
    }
}

fn refuse(
    peer_id: u32,
    why: Refusal,
    description: &str,
    out: &mut dyn Outbox,
) -> Result<(), Error> {
    out.send(&ChannelOpenFailure {
        recipient_channel: peer_id,
        reason_code: why as u32,
        description: description.as_bytes(),
        language_tag: b"",
    })
}
