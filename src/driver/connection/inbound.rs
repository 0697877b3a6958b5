//! The inbound side of a connection: bytes that were read and that the engine has not taken yet, the state
//! of the stream, and what holds input back. Both keepers use it.

use std::io;

use crate::driver::io::intake::Intake;
use crate::driver::io::program_loop::Sign;
use crate::driver::io::stream::{Attempt, ByteStream};

/// Reads that are acknowledged at once (TCP_QUICKACK): those of handshake, login and the opening of
/// channels. A client with Nagle's algorithm on holds its next small message back until the acknowledgement
/// comes, and each step without a reply would take the system's delay for acknowledgements (40 ms) longer.
const PROMPT_READS: u8 = 64;

/// The bytes that were read, and the state of the stream behind them.
#[derive(Debug)]
pub(in crate::driver) struct Inbound {
    pub(in crate::driver) intake: Intake,
    source: Source,
    /// What holds input back.
    pub(in crate::driver) hold: Hold,
    prompt_reads: u8,
    /// The last of those reads is not acknowledged yet.
    owes_acknowledgement: bool,
}

/// What is known of the stream.
#[derive(Debug)]
enum Source {
    /// Everything was read; the next sign says when there is more.
    Quiet,
    /// There may be bytes to read.
    Readable(Attempt),
    /// The client has closed its side: what is unread can be read to its end, and no further sign will
    /// come.
    Closing,
    /// The stream is broken; bytes that the client sent before may still be readable.
    Broken(io::Error),
    /// EOF was read: the client sends no more.
    Ended,
    /// The stream is broken, and nothing can be read any more.
    Failed(io::Error),
}

/// What holds input back (head-of-line blocking).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::driver) enum Hold {
    /// Nothing does.
    #[default]
    Nothing,
    /// The engine waits for an answer, or for room in its backlog.
    Engine,
    /// The program holds too much of the connection (backpressure).
    Load,
    /// The turn has read enough: other connections have their turn first.
    Turn,
}

impl Default for Inbound {
    fn default() -> Self {
        Self {
            intake: Intake::new(),
            source: Source::Quiet,
            hold: Hold::Nothing,
            prompt_reads: PROMPT_READS,
            owes_acknowledgement: false,
        }
    }
}

impl Inbound {
    /// Takes the keeper's sign about the stream into account.
    pub(in crate::driver) fn take(&mut self, sign: Sign, stream: &dyn ByteStream) {
        match (&self.source, sign) {
            (Source::Quiet, Sign::Readable) => self.source = Source::Readable(Attempt::Known),
            (_, Sign::Lull) => self.lull(stream),
            (Source::Quiet | Source::Readable(_), Sign::Closing) => self.source = Source::Closing,
            (Source::Quiet | Source::Readable(_) | Source::Closing, Sign::Broken) => {
                self.source = Source::Broken(stream.failure());
            }
            (Source::Ended, Sign::Broken) => self.source = Source::Failed(stream.failure()),
            (
                Source::Readable(_)
                | Source::Closing
                | Source::Broken(_)
                | Source::Ended
                | Source::Failed(_),
                _,
            )
            | (Source::Quiet, Sign::Nothing) => {}
        }
    }

    /// SO_RCVLOWAT is raised, and no wake-up has come for a while: lowers it, and looks for less than that.
    fn lull(&mut self, stream: &dyn ByteStream) {
        self.intake.end_flood(stream);
        if matches!(self.source, Source::Quiet | Source::Readable(_)) {
            self.source = Source::Readable(Attempt::Anyway);
        }
    }

    /// Whether there may be bytes to read.
    pub(in crate::driver) fn is_readable(&self) -> bool {
        matches!(self.source, Source::Readable(_) | Source::Closing | Source::Broken(_))
    }

    /// Whether EOF was read, and with it everything that the client has sent.
    pub(in crate::driver) fn is_at_end(&self) -> bool {
        matches!(self.source, Source::Ended)
    }

    /// Whether the stream is broken, even if there are still bytes to read.
    pub(in crate::driver) fn is_broken(&self) -> bool {
        matches!(self.source, Source::Broken(_) | Source::Failed(_))
    }

    /// Whether there are bytes, read or unread, that the engine has not taken.
    pub(in crate::driver) fn has_input(&self) -> bool {
        !matches!(self.source, Source::Quiet) || !self.intake.bytes.is_empty()
    }

    /// Whether there is nothing to read, nothing holds input back, and input is no flood.
    pub(in crate::driver) fn is_quiet(&self) -> bool {
        matches!(self.source, Source::Quiet)
            && self.hold == Hold::Nothing
            && !self.intake.is_flooded()
    }

    /// Why the stream is broken; returned once.
    pub(in crate::driver) fn take_error(&mut self) -> Option<io::Error> {
        match std::mem::replace(&mut self.source, Source::Ended) {
            Source::Broken(error) | Source::Failed(error) => Some(error),
            source @ (Source::Quiet | Source::Readable(_) | Source::Closing | Source::Ended) => {
                self.source = source;
                None
            }
        }
    }

    /// Reads once; returns how many bytes came.
    pub(in crate::driver) fn read(&mut self, stream: &dyn ByteStream) -> usize {
        let source = std::mem::replace(&mut self.source, Source::Quiet);
        let attempt = match &source {
            Source::Readable(attempt) => *attempt,
            // The sign came from somewhere else than the runtime, which may not know that the stream is
            // readable.
            Source::Broken(_) | Source::Closing => Attempt::Anyway,
            Source::Quiet | Source::Ended | Source::Failed(_) => Attempt::Known,
        };
        let read = self.intake.read(stream, attempt);
        let len = read.as_ref().map_or(0, |read| read.len);
        self.source = match (source, read) {
            (Source::Broken(error), Ok(read)) if read.len > 0 => Source::Broken(error),
            (Source::Broken(error), _) | (_, Err(error)) => Source::Failed(error),
            (_, Ok(read)) if read.is_end() => Source::Ended,
            (Source::Closing, Ok(read)) if read.len > 0 => Source::Closing,
            (_, Ok(read)) if read.is_all => Source::Quiet,
            (_, Ok(_)) => Source::Readable(attempt),
        };
        if len > 0 && self.prompt_reads > 0 {
            self.prompt_reads = self.prompt_reads.saturating_sub(1);
            self.owes_acknowledgement = true;
        }
        len
    }

    /// Output was written: its segment has acknowledged the input before it.
    pub(in crate::driver) fn is_acknowledged(&mut self) {
        self.owes_acknowledgement = false;
    }

    pub(in crate::driver) fn owes_acknowledgement(&self) -> bool {
        self.owes_acknowledgement
    }

    /// Sends the acknowledgement now (TCP_QUICKACK), unless output since has carried it.
    pub(in crate::driver) fn acknowledge(&mut self, stream: &dyn ByteStream) {
        if std::mem::take(&mut self.owes_acknowledgement) {
            stream.acknowledge();
        }
    }
}
