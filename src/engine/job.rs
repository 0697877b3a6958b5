//! What the engine has its caller compute: the arithmetic of a key exchange, or a step of a context of
//! GSSAPI. There is one job of a connection at a time, and no input is processed meanwhile.

use crate::{transport, userauth};

/// A computation.
#[derive(Debug)]
pub enum Job {
    /// Of a key exchange.
    Exchange(transport::Job),
    /// Of a login.
    Login(userauth::GssJob),
}

/// Its result, for [`super::Connection::complete`].
#[derive(Debug)]
pub enum JobOutput {
    /// Of a key exchange.
    Exchange(transport::JobOutput),
    /// Of a login.
    Login(userauth::GssJobOutput),
}

impl Job {
    /// Whether the job takes so long that other connections of the thread would wait for it.
    pub fn is_heavy(&self) -> bool {
        match self {
            Self::Exchange(job) => job.is_heavy(),
            Self::Login(_) => true,
        }
    }

    /// Whether it may wait for files and other processes, for as long as they like. Such a job is heavy.
    pub fn may_block(&self) -> bool {
        match self {
            Self::Exchange(job) => job.may_block(),
            Self::Login(_) => true,
        }
    }

    /// Computes.
    pub fn run(self) -> JobOutput {
        match self {
            Self::Exchange(job) => JobOutput::Exchange(job.run()),
            Self::Login(job) => JobOutput::Login(job.run()),
        }
    }
}
