//! The program's answers, and the messages that carry them to the client (RFC 4252 sections 5.1
//! and 5.4).

use crate::error::Error;
use crate::wire::messages::{UserauthBanner, UserauthFailure};
use crate::wire::{NameList, Outbox};

/// The program's verdict on one authentication step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuthAnswer {
    /// The client is authenticated.
    pub accept: bool,
    /// This step was accepted, but another method has to follow. Ignored with `accept`.
    pub partial_success: bool,
    /// Comma-separated methods that can continue, told to the client with a failure.
    pub available_methods: String,
    /// Sent as SSH_MSG_USERAUTH_BANNER before the reply.
    pub banner: Option<String>,
}

impl AuthAnswer {
    /// Whether the program has accepted the step, wholly or in part.
    pub(super) fn is_good(&self) -> bool {
        self.accept || self.partial_success
    }

    pub(super) fn send_banner(&self, out: &mut dyn Outbox) -> Result<(), Error> {
        match &self.banner {
            Some(message) => out.send(&UserauthBanner { message, language_tag: b"" }),
            None => Ok(()),
        }
    }

    /// Sends the failure with the methods that there are, of those that the program names.
    pub(super) fn send_failure(
        &self,
        is_there: &dyn Fn(&str) -> bool,
        out: &mut dyn Outbox,
    ) -> Result<(), Error> {
        let methods: Vec<_> = names(&self.available_methods).filter(|it| is_there(it)).collect();
        let methods = methods.join(",");
        // a list that is no name-list is the program's mistake; the client still gets its reply
        let can_continue = NameList::parse(&methods).or_else(|_| NameList::parse(""))?;
        out.send(&UserauthFailure { can_continue, partial_success: self.partial_success })
    }
}

/// The names of a list of methods, without blanks: programs also write "password, publickey".
pub(super) fn names(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|name| !name.is_empty())
}

/// One prompt of keyboard-interactive (RFC 4256 section 3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// The text to show.
    pub prompt: String,
    /// Whether the client shows what is typed.
    pub echo: bool,
}
