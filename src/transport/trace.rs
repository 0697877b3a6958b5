//! Status and log lines. A line nobody asked for is never built.

use crate::wire::messages;

/// Which lines are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Verbosity {
    /// Log lines up to this level; 0 is none.
    pub log_level: u8,
    /// Whether status lines are built.
    pub status: bool,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TraceLine {
    /// Progress of the secure connection.
    Status(String),
    /// A log line of this level.
    Log(u8, String),
}

/// Which way a packet went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the client.
    Received,
    /// To the client.
    Sent,
}

/// Log levels: 1 milestones, 2 a line per packet, 3 with the bytes.
const LEVEL_INFO: u8 = 1;
const LEVEL_PACKETS: u8 = 2;
const LEVEL_BYTES: u8 = 3;

/// Collects lines until the connection takes them.
#[derive(Debug, Default)]
pub struct Trace {
    verbosity: Verbosity,
    lines: Vec<TraceLine>,
}

impl Trace {
    /// Chooses what is built from now on.
    pub fn set_verbosity(&mut self, verbosity: Verbosity) {
        self.verbosity = verbosity;
    }

    /// Whether a line is built for each packet.
    pub fn wants_packets(&self) -> bool {
        self.verbosity.log_level >= LEVEL_PACKETS
    }

    /// Takes the lines collected so far.
    pub fn take(&mut self) -> Vec<TraceLine> {
        std::mem::take(&mut self.lines)
    }

    /// Gives memory back that is empty.
    pub fn rest(&mut self) {
        if self.lines.is_empty() {
            self.lines = Vec::new();
        }
    }

    /// A milestone: a status line and a log line of level 1.
    pub fn milestone(&mut self, text: impl FnOnce() -> String) {
        let log = self.verbosity.log_level >= LEVEL_INFO;
        if !log && !self.verbosity.status {
            return;
        }
        let text = text();
        if log {
            self.lines.push(TraceLine::Log(LEVEL_INFO, text.clone()));
        }
        if self.verbosity.status {
            self.lines.push(TraceLine::Status(text));
        }
    }

    /// One packet, with its payload before encryption or after decryption.
    pub fn packet(&mut self, direction: Direction, sequence: u32, payload: &[u8]) {
        if !self.wants_packets() {
            return;
        }
        let number = payload.first().copied().unwrap_or_default();
        let arrow = match direction {
            Direction::Received => "received",
            Direction::Sent => "sent",
        };
        let name = messages::name(number);
        let len = payload.len();
        self.lines.push(TraceLine::Log(
            LEVEL_PACKETS,
            format!("{arrow} {name} ({number}), sequence {sequence}, {len} bytes"),
        ));
        if self.verbosity.log_level >= LEVEL_BYTES {
            let bytes = if carries_secret(number) {
                format!("{arrow} {name}: content masked")
            } else {
                format!("{arrow} {name}: {}", hex(payload))
            };
            self.lines.push(TraceLine::Log(LEVEL_BYTES, bytes));
        }
    }
}

/// Authentication messages carry passwords and responses, so their bytes are never logged.
fn carries_secret(number: u8) -> bool {
    matches!(number, messages::SSH_MSG_USERAUTH_REQUEST | messages::SSH_MSG_USERAUTH_INFO_RESPONSE)
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    for byte in bytes {
        // writing to a String cannot fail
        _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_built_unasked() {
        let mut trace = Trace::default();
        trace.milestone(|| unreachable!("nobody listens"));
        trace.packet(Direction::Sent, 0, &[2]);
        assert!(trace.take().is_empty());
    }

    #[test]
    fn passwords_are_masked() {
        let mut trace = Trace::default();
        trace.set_verbosity(Verbosity { log_level: 3, status: false });
        trace.packet(Direction::Received, 4, b"\x32hunter2");
        let lines = trace.take();
        assert_eq!(lines.len(), 2);
        assert!(lines.iter().all(|line| !format!("{line:?}").contains("68756e746572")));
    }
}
