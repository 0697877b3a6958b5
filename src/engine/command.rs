//! The program's commands to a connection. A command that returns `Ok` with a ticket leads to exactly one
//! [`super::Notice::Done`].

use std::time::Instant;

use super::connection::{Connection, Phase};
use crate::channels::{ChannelId, Order, Queued, Room, SendMode, Sent, Ticket};
use crate::error::{ApiMisuse, Closed, DisconnectReason, Error};
use crate::limits::{MAX_SENT_PAYLOAD_LEN, TRANSMIT_TARGET, TUNNEL_TRANSMIT_TARGET};
use crate::wire::{WriteBuffer, is_name};

impl Connection {
    /// Seals into `out` the part of `data` that can leave at once, without copying `data`: about
    /// [`TRANSMIT_TARGET`] bytes at most of a call; of a tunnel as much as [`Sent::room`] allowed. With
    /// empty `data` it only returns the room. The caller hands the rest of a call to [`Self::queue`].
    pub fn send(
        &mut self,
        now: Instant,
        channel: ChannelId,
        order: Order,
        data: &[u8],
        out: &mut WriteBuffer,
    ) -> Sent {
        if self.is_ended() || !self.transport.can_send() {
            return Sent::nothing(Room::AwaitTransport);
        }
        let sealed = self.transport.backlog();
        let budget = match order {
            Order::Call(_) => TRANSMIT_TARGET.saturating_sub(sealed),
            // the data of many tunnels may fill one buffer
            Order::Tunnel => {
                TUNNEL_TRANSMIT_TARGET.saturating_sub(sealed.saturating_add(out.len()))
            }
        };
        self.transport.lend_buffer(out);
        let result = self.channels.send(channel, order, data, budget, &mut self.transport);
        self.transport.return_buffer(out);
        let (sent, result) = match result {
            Ok(sent) => (sent, Ok(())),
            Err(error) => (Sent::nothing(Room::AwaitTransport), Err(error)),
        };
        if sent.len > 0 {
            self.liveness.used(now);
            self.liveness.sent(now);
        }
        self.finish_step(result);
        sent
    }

    /// Queues data, a packet, EOF or CLOSE on a channel. The ticket is done when it was handed to the
    /// transport.
    pub fn queue(
        &mut self,
        now: Instant,
        channel: ChannelId,
        what: Queued,
        ticket: Ticket,
    ) -> Result<(), ApiMisuse> {
        self.channels.queue(now, channel, what, ticket)?;
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

    /// Starts a key re-exchange; the ticket is done when the new keys are in use in both directions.
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

    /// Ends the connection with SSH_MSG_DISCONNECT. Queued channel data that the windows allow is sent
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

    /// Changes the mode of the queued sends that wait, as if they had been sent with it.
    pub fn set_send_mode(&mut self, now: Instant, mode: SendMode) {
        self.channels.set_send_mode(now, mode);
        self.finish_step(Ok(()));
    }

    /// Input is held back on this side: the client's silence does not count against it.
    pub fn not_listening(&mut self, now: Instant) {
        self.liveness.not_listening(now);
    }

    /// The program has used data of a delivery: the window can be opened again.
    pub fn consumed(&mut self, channel: ChannelId, len: usize) {
        let result = self.channels.consumed(channel, len, &mut self.transport);
        self.finish_step(result);
    }
}
