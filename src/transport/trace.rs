//! Status and log lines. A line without a listener is never built.

use crate::wire::{Reader, escaped, messages};

/// The lines that are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Verbosity {
    /// Log lines up to this level; 0 is none.
    pub log_level: u8,
    /// Whether status lines are built.
    pub status: bool,
    /// Whether lines with packet contents show passwords and responses, too.
    pub secrets: bool,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TraceLine {
    /// Progress of the secure connection.
    Status(String),
    /// A log line of this level.
    Log(u8, String),
}

/// The direction of a packet.
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

/// Methods whose request has no secret.
const WITHOUT_SECRET: &[&[u8]] = &[b"none", b"publickey", b"keyboard-interactive", b"hostbased"];

/// Collects lines until the connection takes them.
#[derive(Debug, Default)]
pub struct Trace {
    verbosity: Verbosity,
    lines: Vec<TraceLine>,
}

impl Trace {
    /// Chooses the lines that are built from now on.
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
    pub fn release_memory(&mut self) {
        if self.lines.is_empty() {
            self.lines = Vec::new();
        }
    }

    /// A line of the log. Text of the client in it is made harmless here (control characters).
    fn log(&mut self, level: u8, text: &str) {
        self.lines.push(TraceLine::Log(level, escaped(text).into_owned()));
    }

    /// A milestone: a status line and a log line of level 1.
    pub fn milestone(&mut self, text: impl FnOnce() -> String) {
        let log = self.verbosity.log_level >= LEVEL_INFO;
        if !log && !self.verbosity.status {
            return;
        }
        let text = text();
        if log {
            self.log(LEVEL_INFO, &text);
        }
        if self.verbosity.status {
            self.lines.push(TraceLine::Status(escaped(&text).into_owned()));
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
        // these lines have only numbers of the client, no text
        let line = format!("{arrow} {name} ({number}), sequence {sequence}, {len} bytes");
        self.lines.push(TraceLine::Log(LEVEL_PACKETS, line));
        if self.verbosity.log_level >= LEVEL_BYTES {
            let bytes = if !self.verbosity.secrets && carries_secret(payload) {
                format!("{arrow} {name}: content masked")
            } else {
                format!("{arrow} {name}: {}", hex(payload))
            };
            self.lines.push(TraceLine::Log(LEVEL_BYTES, bytes));
        }
    }
}

/// Whether a packet has a secret: a request to log in with a password (RFC 4252 section 8), with an unknown
/// method, or one that does not parse; and the responses of keyboard-interactive (RFC 4256 section 3.4).
/// Private keys and shared secrets are in no packet.
fn carries_secret(payload: &[u8]) -> bool {
    let mut reader = Reader::new(payload);
    match reader.u8() {
        Ok(messages::SSH_MSG_USERAUTH_INFO_RESPONSE) => true,
        Ok(messages::SSH_MSG_USERAUTH_REQUEST) => {
            let mut method = || {
                reader.string()?;
                reader.string()?;
                reader.string()
            };
            !method().is_ok_and(|method| WITHOUT_SECRET.contains(&method))
        }
        Ok(_) | Err(_) => false,
    }
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

    fn lines_of(verbosity: Verbosity, payload: &[u8]) -> Vec<TraceLine> {
        let mut trace = Trace::default();
        trace.set_verbosity(verbosity);
        trace.packet(Direction::Received, 4, payload);
        trace.take()
    }

    fn at(log_level: u8) -> Verbosity {
        Verbosity { log_level, ..Verbosity::default() }
    }

    fn request(method: &str, rest: &[u8]) -> Vec<u8> {
        let mut payload = vec![messages::SSH_MSG_USERAUTH_REQUEST];
        for field in ["demo", "ssh-connection", method] {
            payload.extend(u32::try_from(field.len()).unwrap().to_be_bytes());
            payload.extend(field.as_bytes());
        }
        payload.extend(rest);
        payload
    }

    #[test]
    fn each_level_has_its_lines() {
        let line = "received SSH_MSG_IGNORE (2), sequence 4, 3 bytes".to_owned();
        let bytes = "received SSH_MSG_IGNORE: 02abcd".to_owned();
        for (level, expected) in [
            (0, vec![]),
            (1, vec![]),
            (2, vec![TraceLine::Log(2, line.clone())]),
            (3, vec![TraceLine::Log(2, line), TraceLine::Log(3, bytes)]),
        ] {
            assert_eq!(lines_of(at(level), &[2, 0xab, 0xcd]), expected, "{level}");
        }
    }

    #[test]
    fn milestones_are_of_level_1() {
        for level in 1..=3 {
            let mut trace = Trace::default();
            trace.set_verbosity(at(level));
            trace.milestone(|| "New keys".to_owned());
            assert_eq!(trace.take(), [TraceLine::Log(1, "New keys".to_owned())]);
        }
    }

    #[test]
    fn what_clients_say_makes_no_lines_and_no_colours() {
        let mut trace = Trace::default();
        trace.set_verbosity(Verbosity { status: true, ..at(1) });
        trace.milestone(|| "Authenticated: x\nAuthenticated: root\x1b[2J".to_owned());
        let line = "Authenticated: x\\nAuthenticated: root\\u{1b}[2J".to_owned();
        assert_eq!(trace.take(), [TraceLine::Log(1, line.clone()), TraceLine::Status(line)]);
    }

    #[test]
    fn bytes_with_secrets_are_masked_unless_asked_for() {
        let secret = b"hunter2";
        let unknown = request("pass-phrase", secret);
        let cut_short = [b"\x32\0\0\0\x20".as_slice(), secret].concat();
        for payload in [
            request("password", secret),
            unknown,
            cut_short,
            [[messages::SSH_MSG_USERAUTH_INFO_RESPONSE].as_slice(), secret].concat(),
        ] {
            let lines = lines_of(at(3), &payload);
            assert_eq!(lines.len(), 2);
            assert!(format!("{lines:?}").contains("content masked"));
            assert!(!format!("{lines:?}").contains(&hex(secret)));
            let shown = lines_of(Verbosity { secrets: true, ..at(3) }, &payload);
            assert!(format!("{shown:?}").contains(&hex(secret)));
        }
    }

    #[test]
    fn requests_without_a_secret_are_shown() {
        for method in ["none", "publickey", "keyboard-interactive"] {
            let lines = lines_of(at(3), &request(method, b"rest"));
            assert!(format!("{lines:?}").contains(&hex(b"rest")), "{method}");
        }
    }
}
