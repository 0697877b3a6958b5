//! The client's messages 80 to 127. A message of a channel with an unanswered request is held back behind
//! it (head-of-line blocking), unless it is another small request; other channels go on. Messages for a
//! closed channel are dropped, and a client that breaks the rules of a channel ends that channel only.

use std::cmp::Ordering;

use bytes::{Bytes, BytesMut};

use super::channel::{Flow, Held, Readiness};
use super::event::{ChannelEvent, ChannelId};
use super::table::Channels;
use crate::error::{ChannelMisbehaved, Error, InvalidMessage, PeerMisbehaved};
use crate::limits::CHANNEL_MAXIMUM_PACKET_SIZE;
use crate::wire::messages::{
    self, ChannelClose, ChannelData, ChannelEof, ChannelExtendedData, ChannelFailure,
    ChannelRequest, ChannelSuccess, ChannelWindowAdjust, KEEP_ALIVE, Message,
};
use crate::wire::{Outbox, Reader, is_name};

/// What the caller is to do with the data of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admitted {
    /// Deliver it on this channel.
    Next(ChannelId),
    /// Hold it back behind a request of this channel, with [`Channels::hold`].
    Later(ChannelId),
    /// Drop it.
    Unwanted,
}

impl Channels {
    /// Takes a message 80-127 of the client.
    pub fn handle(&mut self, payload: Bytes, out: &mut dyn Outbox) -> Result<(), Error> {
        match payload.first().copied().unwrap_or_default() {
            messages::SSH_MSG_GLOBAL_REQUEST => self.handle_global(&payload, out),
            // replies to global requests that the program has sent by hand
            messages::SSH_MSG_REQUEST_SUCCESS | messages::SSH_MSG_REQUEST_FAILURE => Ok(()),
            messages::SSH_MSG_CHANNEL_OPEN => self.handle_open(&payload, out),
            messages::SSH_MSG_CHANNEL_OPEN_CONFIRMATION => self.handle_confirmation(&payload, out),
            messages::SSH_MSG_CHANNEL_OPEN_FAILURE => self.handle_open_failure(&payload, out),
            messages::SSH_MSG_CHANNEL_WINDOW_ADJUST => self.handle_window_adjust(&payload, out),
            messages::SSH_MSG_CHANNEL_DATA => {
                let message = ChannelData::decode(&payload)?;
                let data = payload.slice_ref(message.data);
                self.handle_data(message.recipient_channel, None, data, out)
            }
            messages::SSH_MSG_CHANNEL_EXTENDED_DATA => {
                let message = ChannelExtendedData::decode(&payload)?;
                let data = payload.slice_ref(message.data);
                let data_type = Some(message.data_type_code);
                self.handle_data(message.recipient_channel, data_type, data, out)
            }
            messages::SSH_MSG_CHANNEL_EOF => {
                let number = ChannelEof::decode(&payload)?.recipient_channel;
                self.end_receiving(number, Flow::Eof, Held::Eof, out)
            }
            messages::SSH_MSG_CHANNEL_CLOSE => {
                let number = ChannelClose::decode(&payload)?.recipient_channel;
                self.end_receiving(number, Flow::Closed, Held::Close, out)
            }
            messages::SSH_MSG_CHANNEL_REQUEST => self.handle_request(&payload, out),
            messages::SSH_MSG_CHANNEL_SUCCESS => {
                self.named(ChannelSuccess::decode(&payload)?.recipient_channel)?;
                Ok(())
            }
            messages::SSH_MSG_CHANNEL_FAILURE => {
                self.named(ChannelFailure::decode(&payload)?.recipient_channel)?;
                Ok(())
            }
            number => Err(PeerMisbehaved::UnexpectedMessage(number).into()),
        }
    }

    fn handle_window_adjust(&mut self, payload: &[u8], out: &mut dyn Outbox) -> Result<(), Error> {
        let message = ChannelWindowAdjust::decode(payload)?;
        // a client may adjust the window of a channel that it has closed itself
        let Ok(Some((id, channel))) = self.named(message.recipient_channel) else {
            return Ok(());
        };
        if let Err(what) = channel.send_window.adjust(message.bytes_to_add) {
            return self.misbehaved(id, what, out);
        }
        if !channel.queue.is_empty() {
            self.schedule(id);
        } else if channel.readiness == Readiness::Waiting && message.bytes_to_add > 0 {
            channel.readiness = Readiness::Told;
            self.events.push_back(ChannelEvent::ReadyToSend(id));
        }
        Ok(())
    }

    fn handle_data(
        &mut self,
        number: u32,
        data_type: Option<u32>,
        data: Bytes,
        out: &mut dyn Outbox,
    ) -> Result<(), Error> {
        match self.admit_data(number, data.len(), out)? {
            Some(id) => self.take(id, Held::Data { data_type, data }, out),
            None => Ok(()),
        }
    }

    /// Counts data against the window; returns the channel it is for, or `None` if it is to be dropped.
    fn admit_data(
        &mut self,
        number: u32,
        len: usize,
        out: &mut dyn Outbox,
    ) -> Result<Option<ChannelId>, Error> {
        let Some((id, channel)) = self.named(number)? else {
            return Ok(None);
        };
        if channel.receiving != Flow::Open {
            return Ok(None);
        }
        let admitted = if len > CHANNEL_MAXIMUM_PACKET_SIZE as usize {
            Err(ChannelMisbehaved::PacketTooLarge)
        } else {
            channel.receive_window.take(len)
        };
        if let Err(what) = admitted {
            return self.misbehaved(id, what, out).map(|()| None);
        }
        // empty data is no event
        if len == 0 {
            return Ok(None);
        }
        // After our CLOSE the program gets no more data, and no EOF behind it: that would say that it has
        // got everything.
        if channel.sending == Flow::Closed {
            channel.receiving = Flow::Eof;
            return Ok(None);
        }
        Ok(Some(id))
    }

    /// The client has broken the rules of one channel: the channel ends as if the client had closed it
    /// here.
    pub(super) fn misbehaved(
        &mut self,
        id: ChannelId,
        what: ChannelMisbehaved,
        out: &mut dyn Outbox,
    ) -> Result<(), Error> {
        match self.open_channel_mut(id) {
            Ok(channel) if channel.receiving != Flow::Closed => channel.receiving = Flow::Closed,
            Ok(_) | Err(_) => return Ok(()),
        }
        self.events.push_back(ChannelEvent::Misbehaved(id, what));
        self.take(id, Held::Close, out)
    }

    /// Takes the head of a CHANNEL_DATA message, up to its data, of which the caller has `len` bytes;
    /// returns what to do with that data.
    pub fn admit(
        &mut self,
        head: &[u8],
        len: usize,
        out: &mut dyn Outbox,
    ) -> Result<Admitted, Error> {
        let mut reader = Reader::new(head.get(1..).unwrap_or_default());
        let number = reader.u32()?;
        let announced = usize::try_from(reader.u32()?).unwrap_or(usize::MAX);
        reader.finish()?;
        // RFC 4254 section 5.2: the data is the rest of the message
        match announced.cmp(&len) {
            Ordering::Greater => return Err(InvalidMessage::Truncated.into()),
            Ordering::Less => return Err(InvalidMessage::TrailingBytes.into()),
            Ordering::Equal => {}
        }
        let Some(id) = self.admit_data(number, len, out)? else {
            return Ok(Admitted::Unwanted);
        };
        let waits = self.open_channel_mut(id).is_ok_and(|channel| channel.requests.is_some());
        Ok(if waits { Admitted::Later(id) } else { Admitted::Next(id) })
    }

    /// Holds data back for which [`Self::admit`] has returned [`Admitted::Later`].
    pub fn hold(
        &mut self,
        channel: ChannelId,
        data: Bytes,
        out: &mut dyn Outbox,
    ) -> Result<(), Error> {
        self.take(channel, Held::Data { data_type: None, data }, out)
    }

    /// EOF or CLOSE of the client.
    fn end_receiving(
        &mut self,
        number: u32,
        flow: Flow,
        held: Held,
        out: &mut dyn Outbox,
    ) -> Result<(), Error> {
        match self.named(number)? {
            Some((id, channel)) if channel.receiving < flow => {
                channel.receiving = flow;
                self.take(id, held, out)
            }
            Some(_) | None => Ok(()),
        }
    }

    fn handle_request(&mut self, payload: &Bytes, out: &mut dyn Outbox) -> Result<(), Error> {
        let message = ChannelRequest::decode(payload)?;
        let id = match self.named(message.recipient_channel)? {
            Some((id, channel)) if channel.receiving != Flow::Closed => id,
            Some(_) | None => return Ok(()),
        };
        // RFC 4251 section 6
        if !is_name(message.request_type) {
            return self.refuse_request(id, message.want_reply, payload.len(), out);
        }
        let held = Held::Request {
            request_type: message.request_type.to_owned(),
            want_reply: message.want_reply,
            packet: payload.clone(),
        };
        self.take(id, held, out)
    }

    /// Holds a message back behind an unanswered request, or handles it.
    fn take(&mut self, id: ChannelId, message: Held, out: &mut dyn Outbox) -> Result<(), Error> {
        let Ok(channel) = self.open_channel_mut(id) else {
            return Ok(());
        };
        let Some(requests) = &mut channel.requests else {
            return self.process(id, message, out);
        };
        if let Held::Request { packet, .. } = &message
            && requests.held.is_empty()
            && requests.may_ask(packet.len())
        {
            return self.process(id, message, out);
        }
        // joined, so that small data messages do not cost a whole message each
        if let (
            Held::Data { data_type, data },
            Some(Held::Data { data_type: last_type, data: last }),
        ) = (&message, requests.held.back_mut())
            && data_type == last_type
            && last.len().saturating_add(data.len()) <= CHANNEL_MAXIMUM_PACKET_SIZE as usize
        {
            append(last, data);
            self.held.add(data.len());
            return Ok(());
        }
        let cost = message.cost();
        requests.held.push_back(message);
        self.held.add(cost);
        Ok(())
    }

    fn process(&mut self, id: ChannelId, message: Held, out: &mut dyn Outbox) -> Result<(), Error> {
        match message {
            Held::Data { data_type, data } => {
                self.events.push_back(ChannelEvent::Data { channel: id, data_type, data });
                Ok(())
            }
            Held::Eof => {
                self.events.push_back(ChannelEvent::Eof(id));
                Ok(())
            }
            Held::Close => self.settle(id, out),
            Held::Request { request_type, want_reply, packet } if request_type == KEEP_ALIVE => {
                self.refuse_request(id, want_reply, packet.len(), out)
            }
            Held::Request { request_type, want_reply, packet } => {
                let Ok(channel) = self.open_channel_mut(id) else {
                    return Ok(());
                };
                let number = channel.requests.get_or_insert_default().ask(want_reply, packet.len());
                self.events.push_back(ChannelEvent::Requested {
                    number,
                    channel: id,
                    request_type,
                    packet,
                });
                Ok(())
            }
        }
    }

    /// Takes the program's answer to [`ChannelEvent::Requested`], and handles the messages that were held
    /// behind it.
    pub fn answer_request(
        &mut self,
        id: ChannelId,
        number: u32,
        success: bool,
        out: &mut dyn Outbox,
    ) -> Result<(), Error> {
        let Ok(channel) = self.open_channel_mut(id) else {
            return Err(Error::Internal("no channel to answer for"));
        };
        let Some(requests) = &mut channel.requests else {
            return Err(Error::Internal("no request to answer"));
        };
        if !requests.answer(number, success) {
            return Err(Error::Internal("no such request to answer"));
        }
        self.reply(id, out)?;
        self.go_on(id, out)
    }

    /// Handles held messages of a channel up to the next one that has to wait.
    fn go_on(&mut self, id: ChannelId, out: &mut dyn Outbox) -> Result<(), Error> {
        while let Ok(channel) = self.open_channel_mut(id)
            && let Some(requests) = &mut channel.requests
        {
            let next = requests.next_held();
            if requests.is_empty() {
                channel.requests = None;
            }
            let Some(message) = next else {
                break;
            };
            self.held.subtract(message.cost());
            self.process(id, message, out)?;
        }
        Ok(())
    }

    /// Refuses a request without asking the program; the reply is sent in the order of the requests.
    fn refuse_request(
        &mut self,
        id: ChannelId,
        want_reply: bool,
        len: usize,
        out: &mut dyn Outbox,
    ) -> Result<(), Error> {
        let Ok(channel) = self.open_channel_mut(id) else {
            return Ok(());
        };
        let requests = channel.requests.get_or_insert_default();
        let number = requests.ask(want_reply, len);
        requests.answer(number, false);
        self.reply(id, out)?;
        if let Ok(channel) = self.open_channel_mut(id)
            && channel.requests.as_ref().is_some_and(|requests| requests.is_empty())
        {
            channel.requests = None;
        }
        Ok(())
    }

    /// Sends the replies to the oldest requests, as far as they have answers.
    fn reply(&mut self, id: ChannelId, out: &mut dyn Outbox) -> Result<(), Error> {
        let Ok(channel) = self.open_channel_mut(id) else {
            return Ok(());
        };
        let recipient_channel = channel.peer_id;
        let Some(requests) = &mut channel.requests else {
            return Ok(());
        };
        while let Some((success, want_reply)) = requests.next_answer() {
            if !want_reply || channel.sending == Flow::Closed {
                continue;
            }
            if success {
                out.send(&ChannelSuccess { recipient_channel })?;
            } else {
                out.send(&ChannelFailure { recipient_channel })?;
            }
        }
        Ok(())
    }

    /// The program has used data of [`ChannelEvent::Data`]: adjusts the window when it is time.
    pub fn consumed(
        &mut self,
        id: ChannelId,
        len: usize,
        out: &mut dyn Outbox,
    ) -> Result<(), Error> {
        let Ok(channel) = self.open_channel_mut(id) else {
            return Ok(());
        };
        let adjust = channel.receive_window.consume(len);
        if channel.receiving != Flow::Open || channel.sending == Flow::Closed {
            return Ok(());
        }
        match adjust {
            Some(bytes_to_add) => {
                out.send(&ChannelWindowAdjust { recipient_channel: channel.peer_id, bytes_to_add })
            }
            None => Ok(()),
        }
    }
}

/// Appends to held data. From the second time on, the data has one owner and grows in place, so that a
/// window of one-byte messages is not copied once for each of them.
fn append(held: &mut Bytes, more: &[u8]) {
    let mut grown = match std::mem::take(held).try_into_mut() {
        Ok(own) => own,
        Err(shared) => BytesMut::from(&shared[..]),
    };
    grown.extend_from_slice(more);
    *held = grown.freeze();
}
