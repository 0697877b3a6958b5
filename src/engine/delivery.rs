//! The client's channel data on its way into deliveries: data that arrives together for one channel becomes
//! one event, and large data is decrypted straight into the block that it is delivered from.

use std::time::Instant;

use bytes::{Bytes, BytesMut};

use super::connection::{Connection, Phase};
use super::event::Event;
use crate::blocks::{Gather, Landing};
use crate::channels::{Admitted, ChannelId};
use crate::transport::Incoming;

impl Connection {
    /// Processes the next packet of `buf`; `false` when there is no complete one.
    pub(super) fn take_next(&mut self, now: Instant, buf: &mut BytesMut) -> bool {
        let (of, last) = match self.events.back_mut() {
            Some(Event::Delivery { channel, data_type: None, data }) => {
                (Some(*channel), Some(data))
            }
            _ => (None, None),
        };
        let mut landing = Landing::new(last);
        let lands = matches!(self.phase, Phase::Connected).then_some(&mut landing);
        let incoming = match self.transport.next(now, &self.config.transport, buf, lands) {
            Ok(Some(incoming)) => incoming,
            Ok(None) => return false,
            Err(error) => {
                self.fail(error);
                return true;
            }
        };
        let result = match (incoming, landing.data()) {
            (Incoming::Message(head), Some(data)) => {
                self.liveness.used(now);
                match self.channels.admit(&head, data.len(), &mut self.transport) {
                    // it landed behind the data of another channel, so it is copied out
                    Ok(Admitted::Next(id)) if landing.is_behind() && of != Some(id) => {
                        let data = Bytes::copy_from_slice(data);
                        self.deliver(id, None, data);
                        Ok(())
                    }
                    Ok(Admitted::Next(channel)) => {
                        if let Some(data) = landing.accept() {
                            self.events.push_back(Event::Delivery {
                                channel,
                                data_type: None,
                                data,
                            });
                        }
                        Ok(())
                    }
                    Ok(Admitted::Later(id)) => {
                        let data = Bytes::copy_from_slice(data);
                        self.channels.hold(id, data, &mut self.transport)
                    }
                    Ok(Admitted::Unwanted) => Ok(()),
                    Err(error) => Err(error),
                }
            }
            (incoming, _) => self.route(now, incoming),
        };
        self.finish_step(result);
        true
    }

    /// Delivers data, appended to the last event if that is data of the same channel and type.
    pub(super) fn deliver(&mut self, id: ChannelId, code: Option<u32>, more: Bytes) {
        if let Some(Event::Delivery { channel, data_type, data }) = self.events.back_mut()
            && (*channel, *data_type) == (id, code)
            && data.append(&more)
        {
            return;
        }
        let data = Gather::new(more);
        self.events.push_back(Event::Delivery { channel: id, data_type: code, data });
    }
}
