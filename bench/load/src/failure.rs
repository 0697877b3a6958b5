//! Why a scenario ended without a result: a sentence for standard error, with what was being done
//! put before it.

use std::fmt;

/// A sentence that says what went wrong.
#[derive(Debug)]
pub struct Failure(String);

/// A result of this program.
pub type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// From a sentence.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<russh::Error> for Failure {
    fn from(error: russh::Error) -> Self {
        Self(format!("SSH: {error}"))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<pico_args::Error> for Failure {
    fn from(error: pico_args::Error) -> Self {
        Self(error.to_string())
    }
}

/// Says what was being done when an error came.
pub trait Context<T> {
    /// Puts `doing` before the error.
    fn context(self, doing: impl fmt::Display) -> Result<T>;
}

impl<T, E: Into<Failure>> Context<T> for std::result::Result<T, E> {
    fn context(self, doing: impl fmt::Display) -> Result<T> {
        self.map_err(|error| Failure(format!("{doing}: {}", error.into())))
    }
}
