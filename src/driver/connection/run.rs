//! Runs the commands of other threads.

use std::time::Instant;

use super::command::Command;
use super::link::Link;
use super::machine::Machine;
use crate::driver::handler::ServerEvent;
use crate::driver::op_error::OpError;
use crate::driver::service::{self, ServiceCommand};
use crate::driver::tunnel::{self, TunnelAnswered};
use crate::error::ApiMisuse;

impl Machine {
    /// Runs one command; its end is reported at once or later.
    pub(in crate::driver) fn run(&mut self, cx: &Link, command: Command, now: Instant) {
        if let Command::Tunnel(command) = command {
            return self.run_tunnel_command(cx, command, now);
        }
        if let Command::Service(command) = command {
            return self.run_service_command(cx, command);
        }
        let ticket = command.ticket();
        let disconnect = matches!(command, Command::Disconnect { .. });
        if matches!(command, Command::JobPanicked) {
            self.panicked();
        }
        let sends_on = command.sends_on();
        let quiet = matches!(command, Command::Answer(..) | Command::Complete(_));
        let is_end = command.is_end();
        let Some(engine) = self.stage.engine_mut() else {
            return cx.report_unrun(&command);
        };
        if disconnect {
            self.tickets.closing.extend(ticket);
        }
        match command.run(now, engine) {
            Ok(opening) => {
                let Some(ticket) = ticket.filter(|_| !disconnect) else {
                    return;
                };
                if let Some(channel) = sends_on
                    && let Some(counters) = self.channels.counters(channel)
                {
                    if let Some(now) = engine.counters(channel) {
                        counters.publish_ready(now.ready_to_send);
                    }
                    let counters = std::sync::Arc::clone(counters);
                    self.tickets.is_sending(ticket, channel, counters);
                } else if let Some(channel) = opening {
                    self.tickets.is_opening(ticket, channel);
                } else {
                    self.tickets.waits(ticket);
                }
            }
            // An answer is void, and no mistake of the program, when its connection has ended meanwhile.
            Err(_) if quiet => {}
            Err(misuse) => {
                if let Some(ticket) = ticket {
                    let is_over = is_end && misuse == ApiMisuse::UnknownChannel;
                    let result = if is_over { Ok(None) } else { Err(OpError::Misuse(misuse)) };
                    cx.shared.tell(ServerEvent::Done { ticket, result });
                }
            }
        }
    }

    fn run_tunnel_command(&mut self, cx: &Link, command: tunnel::TunnelCommand, now: Instant) {
        let Some(engine) = self.stage.engine_mut().filter(|engine| !engine.is_ended()) else {
            return;
        };
        match tunnel::run(&mut self.tunnels, cx, engine, command, now) {
            TunnelAnswered::Done => {}
            // The channel may still be one that the program carries itself.
            TunnelAnswered::Refused { question, number, request } => {
                if let Some(answer) = self.ask_open(cx, question, number, request) {
                    self.answer(question, answer, now);
                }
            }
        }
    }

    fn run_service_command(&mut self, cx: &Link, command: ServiceCommand) {
        let Some(engine) = self.stage.engine_mut().filter(|engine| !engine.is_ended()) else {
            return cx.report_unrun(&Command::Service(command));
        };
        let is_open = match &command {
            ServiceCommand::Start { channel, .. } | ServiceCommand::StartObject { channel, .. } => {
                self.channels.counters(*channel).is_some()
            }
            ServiceCommand::Await { .. } | ServiceCommand::Done(_) => true,
        };
        service::run(&mut self.services, cx, engine, command, is_open);
    }

    /// Runs the services; `true` if anything of them moved.
    pub(in crate::driver) fn run_services(
        &mut self,
        cx: &Link,
        now: Instant,
        budget: &mut usize,
    ) -> bool {
        let (Some(engine), Some(services)) = (self.stage.engine_mut(), &mut self.services) else {
            return false;
        };
        services.run(cx, engine, &mut self.outbound, now, budget)
    }

    /// Moves the data of tunnels; `true` if any was moved.
    pub(in crate::driver) fn run_tunnels(
        &mut self,
        cx: &Link,
        now: Instant,
        budget: &mut usize,
    ) -> bool {
        let (Some(engine), Some(tunnels)) = (self.stage.engine_mut(), &mut self.tunnels) else {
            return false;
        };
        tunnels.run(cx, engine, &mut self.outbound, now, budget)
    }
}
