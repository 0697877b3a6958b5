//! What the engine needs of GSSAPI (RFC 2743): something that accepts contexts of clients. The engine does
//! not know the library; its caller brings it. `transport` uses it for the key exchange of RFC 4462 section
//! 2, `userauth` for the login of section 3.

use std::fmt;
use std::sync::Arc;

use crate::limits::{MAX_GSS_ERROR_LEN, MAX_GSS_NAME_LEN, MAX_GSS_STEPS, MAX_GSS_TOKEN_LEN};

/// Kerberos 5, the only mechanism: 1.2.840.113554.1.2.2 in DER (RFC 1964 section 1). The name of a key
/// exchange ends with the base64 of its MD5 (RFC 4462 section 2.1).
pub const KERBEROS: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02";

/// [`KERBEROS`] as people write it.
pub const KERBEROS_NAME: &str = "1.2.840.113554.1.2.2";

/// The server's credential: accepts the contexts of clients.
pub trait Acceptor: fmt::Debug + Send + Sync {
    /// Begins a context. Does not block.
    fn begin(&self) -> Box<dyn Context>;
}

/// A context with one client.
pub trait Context: Send {
    /// Takes the client's next token. It may block: on files, on other processes.
    fn step(&mut self, token: &[u8]) -> Result<Step, Failed>;

    /// The MIC of a message, once the context is complete. Does not block.
    fn mic(&mut self, message: &[u8]) -> Result<Vec<u8>, Failed>;

    /// Whether a MIC is the client's, of this message. Does not block.
    fn verify(&mut self, message: &[u8], mic: &[u8]) -> Result<(), Failed>;
}

/// What follows a token of the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The client needs this token and has to send another one.
    Continue(Vec<u8>),
    /// The context is complete.
    Complete {
        /// A last token for the client.
        token: Option<Vec<u8>>,
        /// Who the client is.
        initiator: Initiator,
    },
}

/// The client of a complete context, by its ticket.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Initiator {
    /// The principal, as the library writes it: `bob@EXAMPLE.COM`.
    pub principal: String,
    /// The account that the library's rules give the principal; empty if there is none.
    pub local_name: String,
    /// Whether it delegated a credential. The acceptor has dropped that.
    pub delegated: bool,
    /// Whether the server has proven itself, too.
    pub mutual: bool,
    /// Whether messages can have a MIC.
    pub integrity: bool,
}

/// The library has refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// A token that tells the client why, if the mechanism has one.
    pub token: Option<Vec<u8>>,
    /// The library's text, for the log alone: it has names of files and keys in it.
    pub text: String,
}

impl Failed {
    /// Without a token.
    pub fn because(text: impl Into<String>) -> Self {
        Self { token: None, text: text.into() }
    }
}

/// A context on its way, with what bounds it.
pub struct Handshake {
    context: Box<dyn Context>,
    steps: u32,
}

/// What follows a token of a [`Handshake`].
pub enum Progress {
    /// As [`Step::Continue`].
    Continue(Handshake, Vec<u8>),
    /// As [`Step::Complete`].
    Complete(Established, Option<Vec<u8>>),
}

impl Handshake {
    /// Begins a context.
    pub fn begin(acceptor: &Arc<dyn Acceptor>) -> Self {
        Self { context: acceptor.begin(), steps: 0 }
    }

    /// Takes the client's next token, which may block.
    pub fn step(mut self, token: &[u8]) -> Result<Progress, Failed> {
        self.steps = self.steps.saturating_add(1);
        if token.len() > MAX_GSS_TOKEN_LEN {
            return Err(Failed::because("the token is too long"));
        }
        if self.steps > MAX_GSS_STEPS {
            return Err(Failed::because("the client goes on and on with tokens"));
        }
        let stepped = self.context.step(token).map_err(Failed::bounded)?;
        let bounded = |token: &Vec<u8>| token.len() <= MAX_GSS_TOKEN_LEN;
        match stepped {
            Step::Continue(token) if bounded(&token) => Ok(Progress::Continue(self, token)),
            Step::Complete { token, initiator } if token.as_ref().is_none_or(bounded) => {
                if initiator.principal.is_empty() || initiator.principal.len() > MAX_GSS_NAME_LEN {
                    return Err(Failed::because("the principal's name is too long, or empty"));
                }
                let established = Established { context: self.context, initiator };
                Ok(Progress::Complete(established, token))
            }
            Step::Continue(_) | Step::Complete { .. } => {
                Err(Failed::because("the library's token is too long"))
            }
        }
    }
}

impl Failed {
    /// Without what is too long for the client or for the log.
    fn bounded(self) -> Self {
        let token = self.token.filter(|it| !it.is_empty() && it.len() <= MAX_GSS_TOKEN_LEN);
        Self { token, text: self.text.chars().take(MAX_GSS_ERROR_LEN).collect() }
    }
}

/// A complete context.
pub struct Established {
    context: Box<dyn Context>,
    initiator: Initiator,
}

impl Established {
    /// Who the client is.
    pub fn initiator(&self) -> &Initiator {
        &self.initiator
    }

    /// The MIC of a message.
    pub fn mic(&mut self, message: &[u8]) -> Result<Vec<u8>, Failed> {
        self.context.mic(message).map_err(Failed::bounded)
    }

    /// Whether a MIC is the client's, of this message. Without integrity none is.
    pub fn verify(&mut self, message: &[u8], mic: &[u8]) -> Result<(), Failed> {
        if !self.initiator.integrity {
            return Err(Failed::because("the context has no integrity"));
        }
        if mic.len() > MAX_GSS_TOKEN_LEN {
            return Err(Failed::because("the MIC is too long"));
        }
        self.context.verify(message, mic).map_err(Failed::bounded)
    }
}

impl fmt::Debug for Established {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Established").field(&self.initiator.principal).finish()
    }
}

impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake").field("steps", &self.steps).finish_non_exhaustive()
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Continue(..) => "Continue(..)",
            Self::Complete(..) => "Complete(..)",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// A library whose steps are given; it takes any token.
    #[derive(Debug, Clone)]
    struct Scripted(Vec<Result<Step, Failed>>);

    struct Running(VecDeque<Result<Step, Failed>>);

    impl Acceptor for Scripted {
        fn begin(&self) -> Box<dyn Context> {
            Box::new(Running(self.0.clone().into()))
        }
    }

    impl Context for Running {
        fn step(&mut self, _: &[u8]) -> Result<Step, Failed> {
            self.0.pop_front().unwrap()
        }

        fn mic(&mut self, _: &[u8]) -> Result<Vec<u8>, Failed> {
            Ok(b"mic".to_vec())
        }

        fn verify(&mut self, _: &[u8], mic: &[u8]) -> Result<(), Failed> {
            if mic == b"mic" { Ok(()) } else { Err(Failed::because("x".repeat(5000))) }
        }
    }

    fn begin(steps: Vec<Result<Step, Failed>>) -> Handshake {
        let acceptor: Arc<dyn Acceptor> = Arc::new(Scripted(steps));
        Handshake::begin(&acceptor)
    }

    fn complete(principal: &str, integrity: bool) -> Result<Step, Failed> {
        let principal = principal.to_owned();
        let initiator = Initiator { principal, integrity, ..Initiator::default() };
        Ok(Step::Complete { token: None, initiator })
    }

    fn refusal(handshake: Handshake, token: &[u8]) -> String {
        handshake.step(token).unwrap_err().text
    }

    #[test]
    fn tokens_have_bounds_in_both_directions() {
        let longest = vec![0; MAX_GSS_TOKEN_LEN];
        let longer = vec![0; MAX_GSS_TOKEN_LEN + 1];
        assert!(begin(vec![complete("bob@A", true)]).step(&longest).is_ok());
        assert_eq!(refusal(begin(vec![]), &longer), "the token is too long");
        let ours = |token: &Vec<u8>| begin(vec![Ok(Step::Continue(token.clone()))]);
        assert!(ours(&longest).step(b"").is_ok());
        assert_eq!(refusal(ours(&longer), b""), "the library's token is too long");
        let failed = Failed { token: Some(longer), text: "x".repeat(5000) };
        let failed = begin(vec![Err(failed)]).step(b"").unwrap_err();
        assert_eq!((failed.token, failed.text.len()), (None, MAX_GSS_ERROR_LEN));
    }

    #[test]
    fn a_context_has_so_many_steps() {
        let most = usize::try_from(MAX_GSS_STEPS).unwrap();
        let mut handshake = begin(vec![Ok(Step::Continue(vec![1])); most + 1]);
        for _ in 0..most {
            let Progress::Continue(next, token) = handshake.step(b"x").unwrap() else {
                panic!("complete");
            };
            assert_eq!(token, [1]);
            handshake = next;
        }
        assert_eq!(refusal(handshake, b"x"), "the client goes on and on with tokens");
    }

    #[test]
    fn principals_have_names() {
        for name in ["", &"x".repeat(MAX_GSS_NAME_LEN + 1)] {
            let refused = refusal(begin(vec![complete(name, true)]), b"");
            assert_eq!(refused, "the principal's name is too long, or empty");
        }
    }

    #[test]
    fn without_integrity_no_mic_is_right() {
        for integrity in [true, false] {
            let done = begin(vec![complete("bob@A", integrity)]).step(b"").unwrap();
            let Progress::Complete(mut established, None) = done else {
                panic!("{done:?}");
            };
            assert_eq!(established.verify(b"", b"mic").is_ok(), integrity);
            let wrong = established.verify(b"", b"wrong").unwrap_err();
            assert!(wrong.text.len() <= MAX_GSS_ERROR_LEN);
            assert!(established.verify(b"", &vec![0; MAX_GSS_TOKEN_LEN + 1]).is_err());
        }
    }
}
