//! Passes a connection's engine events and commands to its services. A function that returns `false` leaves the
//! event to the channels of the program: it concerns no service.

use super::command::{Done, Outcome, ServiceCommand};
use super::number::next_number;
use super::sftp::{Service, close, tell_calls};
use super::table::Services;
use crate::blocks::Gather;
use crate::driver::connection::link::Link;
use crate::driver::handler::ServerEvent;
use crate::driver::op_error::OpError;
use crate::engine::{ChannelId, Connection};
use crate::error::ApiMisuse;

type Of = Option<Box<Services>>;

/// Runs a command for a service; `is_open` tells whether its channel is open.
pub(in crate::driver) fn run(
    services: &mut Of,
    cx: &Link,
    engine: &mut Connection,
    command: ServiceCommand,
    is_open: bool,
) {
    match command {
        ServiceCommand::Start { channel, settings, ticket } => {
            let services = services.get_or_insert_default();
            if !is_open || services.open.contains_key(&channel) {
                let result = Err(OpError::Misuse(ApiMisuse::UnknownChannel));
                return cx.shared.tell(ServerEvent::Done { ticket, result });
            }
            let service = Service::start(cx, channel, next_number(), settings, ticket);
            services.open.insert(channel, Box::new(service));
        }
        ServiceCommand::StartObject { channel, session, desk, ticket } => {
            let services = services.get_or_insert_default();
            let is_free = is_open && !services.open.contains_key(&channel);
            if is_free {
                let service = Service::over(cx, channel, session, desk);
                services.open.insert(channel, Box::new(service));
                services.list(channel);
            }
            let unknown = OpError::Misuse(ApiMisuse::UnknownChannel);
            let result = if is_free { Ok(None) } else { Err(unknown) };
            cx.shared.tell(ServerEvent::Done { ticket, result });
        }
        ServiceCommand::Await { channel, service: number, ticket } => {
            let open = services.as_mut().and_then(|services| services.open.get_mut(&channel));
            match open.filter(|service| service.number == number) {
                Some(service) => service.await_calls(cx, ticket),
                None => tell_calls(cx, ticket),
            }
        }
        ServiceCommand::Done(done) => self::done(services, cx, engine, *done),
    }
}

fn done(services: &mut Of, cx: &Link, engine: &mut Connection, done: Done) {
    let Done { channel, service: number, result } = done;
    let open = services.as_mut().and_then(|services| services.open.get_mut(&channel));
    let Some(service) = open.filter(|service| service.number == number) else {
        // The channel is gone; what its session has open is closed elsewhere.
        return match result {
            Outcome::Opened(Ok(session)) | Outcome::Ran { session, .. } => close(session),
            Outcome::Opened(Err(_)) | Outcome::Answered { .. } | Outcome::Panicked => {}
        };
    };
    if matches!(result, Outcome::Panicked) {
        cx.tell_error(OpError::Panicked);
    }
    let finished = service.done(result);
    if finished.consumed > 0 {
        engine.consumed(channel, finished.consumed);
    }
    if let Some((ticket, opened)) = finished.opened {
        let result = opened.map(|()| None).map_err(OpError::Io);
        cx.shared.tell(ServerEvent::Done { ticket, result });
    }
    if let Some(services) = services {
        services.list(channel);
    }
}

/// Queues data of the client for a service; gives it back if the channel is none.
pub(in crate::driver) fn deliver(
    services: &mut Of,
    engine: Option<&mut Connection>,
    channel: ChannelId,
    data_type: Option<u32>,
    data: Gather,
) -> Result<(), Gather> {
    let Some(services) = services else {
        return Err(data);
    };
    let Some(service) = services.open.get_mut(&channel) else {
        return Err(data);
    };
    // SFTP has no stderr: extended data of the client is dropped.
    let unwanted = if data_type.is_none() { service.deliver(data) } else { data.len() };
    if let Some(engine) = engine.filter(|_| unwanted > 0) {
        engine.consumed(channel, unwanted);
    }
    services.list(channel);
    Ok(())
}

/// There is room to send on the channel of a service.
pub(in crate::driver) fn ready(services: &mut Of, channel: ChannelId) -> bool {
    let Some(services) = services else {
        return false;
    };
    services.list(channel);
    services.open.contains_key(&channel)
}

/// The client has sent EOF on the channel of a service.
pub(in crate::driver) fn ended(services: &mut Of, channel: ChannelId) -> bool {
    let Some(services) = services else {
        return false;
    };
    let Some(service) = services.open.get_mut(&channel) else {
        return false;
    };
    service.end();
    services.list(channel);
    true
}

/// A channel is closed; the program is told of that in any case.
pub(in crate::driver) fn closed(services: &mut Of, cx: &Link, channel: ChannelId) {
    let service = services.as_mut().and_then(|services| services.open.remove(&channel));
    if let Some(service) = service {
        service.close(cx);
    }
}

/// The connection is over.
pub(in crate::driver) fn end_all(services: &mut Of, cx: &Link) {
    for (_, service) in services.take().into_iter().flat_map(|services| services.open) {
        service.close(cx);
    }
}
