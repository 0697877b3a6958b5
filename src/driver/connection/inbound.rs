//! The inbound side of a connection: what was read and not used yet, what is known of the stream, and why
//! input waits. The same for both keepers.

use std::io;

use crate::driver::io::intake::Intake;
use crate::driver::io::program_loop::Sign;
use crate::driver::io::stream::{Attempt, ByteStream};

/// Reads that are acknowledged at once: those of handshake, login and the opening of channels. A client
/// with Nagle's algorithm on holds its next small message back until then, and the system's delay for
/// acknowledgements (40 ms) would be added to each step that gets no reply.
const PROMPT_READS: u8 = 64;

/// What is read from a stream, and how far.
#[derive(Debug)]
pub(in crate::driver) struct Inbound {
    pub(in crate::driver) intake: Intake,
    source: Source,
    /// Why input waits.
    pub(in crate::driver) hold: Hold,
    prompt_reads: u8,
    /// The last of them is not acknowledged yet (TCP_QUICKACK).
    owes_acknowledgement: bool,
}

/// What is known of the stream.
#[derive(Debug)]
enum Source {
    /// Everything that it had was read.
    Quiet,
    /// It may have something.
    Readable(Attempt),
    /// The client has closed its side: what was not read yet ends, and no other sign will come.
    Closing,
    /// The stream is broken, but may still have what the client sent before.
    Broken(io::Error),
    /// The client sends no more.
    Ended,
    /// Nothing can be read any more.
    Failed(io::Error),
}

/// Why input waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::driver) enum Hold {
    /// It does not.
    #[default]
    Nothing,
    /// The engine waits for an answer, or for room in its backlog.
    Engine,
    /// The program holds too much of the connection.
    Load,
    /// Other connections have their turn first.
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
    /// Takes note of what the keeper was told of the stream.
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

    /// The system was asked to tell only of much (SO_RCVLOWAT), and has told of nothing for a while.
    fn lull(&mut self, stream: &dyn ByteStream) {
        self.intake.end_flood(stream);
        if matches!(self.source, Source::Quiet | Source::Readable(_)) {
            self.source = Source::Readable(Attempt::Anyway);
        }
    }

    /// Whether the stream may have something to read.
    pub(in crate::driver) fn is_readable(&self) -> bool {
        matches!(self.source, Source::Readable(_) | Source::Closing | Source::Broken(_))
    }

    /// Whether the client sends no more, and all of it was read.
    pub(in crate::driver) fn is_at_end(&self) -> bool {
        matches!(self.source, Source::Ended)
    }

    /// Whether the stream is broken, whatever there is still to read.
    pub(in crate::driver) fn is_broken(&self) -> bool {
        matches!(self.source, Source::Broken(_) | Source::Failed(_))
    }

    /// Whether there is input that was not used.
    pub(in crate::driver) fn has_input(&self) -> bool {
        !matches!(self.source, Source::Quiet) || !self.intake.bytes.is_empty()
    }

    /// Whether nothing came that waits, and less than it takes to be called a flood.
    pub(in crate::driver) fn is_quiet(&self) -> bool {
        matches!(self.source, Source::Quiet)
            && self.hold == Hold::Nothing
            && !self.intake.is_flooded()
    }

    /// Why the stream is broken; told once.
    pub(in crate::driver) fn take_error(&mut self) -> Option<io::Error> {
        match std::mem::replace(&mut self.source, Source::Ended) {
            Source::Broken(error) | Source::Failed(error) => Some(error),
            source @ (Source::Quiet | Source::Readable(_) | Source::Closing | Source::Ended) => {
                self.source = source;
                None
            }
        }
    }

    /// Reads once; how many bytes came.
    pub(in crate::driver) fn read(&mut self, stream: &dyn ByteStream) -> usize {
        let source = std::mem::replace(&mut self.source, Source::Quiet);
        let attempt = match &source {
            Source::Readable(attempt) => *attempt,
            // No runtime has told of it that watches the stream now.
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

    /// What was written has acknowledged what was read before.
    pub(in crate::driver) fn is_acknowledged(&mut self) {
        self.owes_acknowledgement = false;
    }

    pub(in crate::driver) fn owes_acknowledgement(&self) -> bool {
        self.owes_acknowledgement
    }

    /// Acknowledges what was read, unless something that was written since has done so.
    pub(in crate::driver) fn acknowledge(&mut self, stream: &dyn ByteStream) {
        if std::mem::take(&mut self.owes_acknowledgement) {
            stream.acknowledge();
        }
    }
}
