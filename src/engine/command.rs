//! What the program tells a connection to do. A command that returns `Ok` with a ticket leads to
//! exactly one [`super::Notice::Done`].

use std::time::Instant;

use bytes::Bytes;

use super::connection::{Connection, Phase};
use crate::channels::{ChannelId, Room, SendMode, Ticket};
use crate::error::{ApiMisuse, Closed, DisconnectReason, Error};
use crate::limits::{MAX_SENT_PAYLOAD_LEN, TRANSMIT_TARGET, TUNNEL_TRANSMIT_TARGET};
use crate::wire::{WriteBuffer, is_name};

impl Connection {
    /// Sends data on a channel; `data_type` is the code of extended data (1 is stderr).
    pub fn send_data(
        &mut self,
        now: Instant,
        channel: ChannelId,
        data_type: Option<u32>,
        data: Bytes,
        mode: SendMode,
        ticket: Ticket,
    ) -> Result<(), ApiMisuse> {
        self.send_rest(now, channel, data_type, (0, data), mode, ticket)
    }

    /// The same for what [`Self::send_directly`] has left of a call: how much it has sent, and the rest.
    pub fn send_rest(
        &mut self,
        now: Instant,
        channel: ChannelId,
        data_type: Option<u32>,
        rest: (usize, Bytes),
        mode: SendMode,
        ticket: Ticket,
    ) -> Result<(), ApiMisuse> {
        self.channels.send_data(now, channel, data_type, rest, mode, ticket)?;
        self.finish_step(Ok(()));
        Ok(())
    }

    /// Seals into `out` what can leave at once of data that a program sends, straight from where it lies:
    /// about [`TRANSMIT_TARGET`] bytes at most. How many it was; 0 when something has to be waited for, or
    /// the channel cannot be sent on. What is left at the end is for [`Self::send_rest`].
    pub fn send_directly(
        &mut self,
        now: Instant,
        channel: ChannelId,
        data_type: Option<u32>,
        data: &[u8],
        out: &mut WriteBuffer,
    ) -> usize {
        let budget = TRANSMIT_TARGET.saturating_sub(self.transport.backlog());
        if self.is_ended() || !self.transport.can_send() {
            return 0;
        }
        self.transport.lend_buffer(out);
        let sealed =
            self.channels.send_directly(channel, data_type, data, budget, &mut self.transport);
        self.transport.return_buffer(out);
        let sent = sealed.as_ref().copied().unwrap_or(0);
        if sent > 0 {
            self.liveness.used(now);
            self.liveness.sent(now);
        }
        self.finish_step(sealed.map(|_| ()));
        sent
    }

    /// [`Self::send_directly`] has sent all of a call: as many bytes.
    pub fn sent_directly(&mut self, channel: ChannelId, len: usize) {
        self.channels.sent_directly(channel, len);
    }

    /// How much [`Self::send_now`] takes.
    pub fn room(&mut self, channel: ChannelId) -> Room {
        let budget = TUNNEL_TRANSMIT_TARGET.saturating_sub(self.transport.backlog());
        if self.is_ended() || !self.transport.can_send() || budget == 0 {
            return Room::AwaitTransport;
        }
        self.channels.room(channel, budget)
    }

    /// Has [`Self::send_now`] seal into `out`, behind what is there, until [`Self::return_buffer`]:
    /// large buffers need not be copied.
    pub fn lend_buffer(&mut self, out: &mut WriteBuffer) {
        self.transport.lend_buffer(out);
    }

    /// Gives the buffer of [`Self::lend_buffer`] back, with everything that is sealed.
    pub fn return_buffer(&mut self, out: &mut WriteBuffer) {
        self.transport.return_buffer(out);
    }

    /// Seals data of a channel at once: neither queue nor ticket. [`Self::room`] has said how much.
    pub fn send_now(&mut self, now: Instant, channel: ChannelId, data: &[u8]) {
        if self.is_ended() || !self.transport.can_send() {
            return;
        }
        self.liveness.used(now);
        let result = self.channels.send_now(channel, data, &mut self.transport);
        self.finish_step(result);
    }

    /// Sends a message that the program has built: `payload` follows the number and, for messages of
    /// a channel, the channel number.
    pub fn send_packet(
        &mut self,
        now: Instant,
        channel: ChannelId,
        number: u8,
        payload: &[u8],
        mode: SendMode,
        ticket: Ticket,
    ) -> Result<(), ApiMisuse> {
        self.channels.send_packet(now, channel, number, payload, mode, ticket)?;
        self.finish_step(Ok(()));
        Ok(())
    }

    /// Sends EOF behind the data queued on a channel.
    pub fn send_eof(
        &mut self,
        now: Instant,
        channel: ChannelId,
        ticket: Ticket,
    ) -> Result<(), ApiMisuse> {
        self.channels.send_eof(now, channel, ticket)
    }

    /// Sends EOF and CLOSE behind the data queued on a channel; done when CLOSE is handed to the
    /// transport.
    pub fn close_channel(
        &mut self,
        now: Instant,
        channel: ChannelId,
        ticket: Ticket,
    ) -> Result<(), ApiMisuse> {
        self.channels.close(now, channel, ticket)
    }

    /// Gives up what is queued on a channel and sends CLOSE; done when that is handed to the transport.
    pub fn abort_channel(
        &mut self,
        now: Instant,
        channel: ChannelId,
        ticket: Ticket,
    ) -> Result<(), ApiMisuse> {
        self.channels.abort(now, channel, ticket)?;
        self.finish_step(Ok(()));
        Ok(())
    }

    /// Asks the client to open a channel.
    pub fn open_channel(
        &mut self,
        now: Instant,
        channel_type: &str,
        parameters: &[u8],
        ticket: Ticket,
    ) -> Result<ChannelId, ApiMisuse> {
        if !self.is_authenticated() {
            return Err(ApiMisuse::NotConnected);
        }
        // RFC 4250 section 4.6.1
        if !is_name(channel_type) {
            return Err(ApiMisuse::BadChannelType);
        }
        if parameters.len() > MAX_SENT_PAYLOAD_LEN - 128 {
            return Err(ApiMisuse::TooLong);
        }
        self.liveness.used(now);
        let opened = self.channels.open(channel_type, parameters, ticket, &mut self.transport);
        self.conclude(opened)
    }

    fn conclude<T>(&mut self, result: Result<Result<T, ApiMisuse>, Error>) -> Result<T, ApiMisuse> {
        match result {
            Ok(result) => {
                self.finish_step(Ok(()));
                result
            }
            Err(error) => {
                self.finish_step(Err(error));
                Err(ApiMisuse::NotConnected)
            }
        }
    }

    /// Exchanges keys; done when the new ones are in use in both directions.
    pub fn exchange_keys(&mut self, ticket: Ticket) -> Result<(), ApiMisuse> {
        match self.phase {
            Phase::AwaitUserauthService if self.transport.session_id().is_empty() => {
                return Err(ApiMisuse::NotConnected);
            }
            Phase::Ended => return Err(ApiMisuse::NotConnected),
            Phase::AwaitUserauthService
            | Phase::Authenticating(_)
            | Phase::AwaitConnectionService { .. }
            | Phase::Connected => {}
        }
        let result = self.transport.start_exchange(&self.config.transport);
        self.rekey_tickets.push(ticket);
        self.finish_step(result);
        Ok(())
    }

    /// Ends the connection with SSH_MSG_DISCONNECT. Channel data that the windows allow goes out
    /// before it.
    pub fn disconnect(&mut self, now: Instant, reason: DisconnectReason, description: &str) {
        if self.is_ended() {
            return;
        }
        if self.transport.can_send() {
            let flushed = self.channels.pump(now, usize::MAX, &mut self.transport);
            self.finish_step(flushed);
        }
        if self.is_ended() {
            return;
        }
        _ = self.transport.disconnect(reason, description);
        self.end(Error::Closed(Closed::ByApplication));
    }

    /// Has the sends that wait do so by this mode, as if they had been sent with it.
    pub fn set_send_mode(&mut self, now: Instant, mode: SendMode) {
        self.channels.set_send_mode(now, mode);
        self.finish_step(Ok(()));
    }

    /// Input is held back here: the client's silence is not its own.
    pub fn not_listening(&mut self, now: Instant) {
        self.liveness.not_listening(now);
    }

    /// The program has used data of a delivery: the window opens again.
    pub fn consumed(&mut self, channel: ChannelId, len: usize) {
        let result = self.channels.consumed(channel, len, &mut self.transport);
        self.finish_step(result);
    }
}
