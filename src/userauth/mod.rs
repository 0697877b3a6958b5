//! User authentication (RFC 4252), server side: attempts, which method a request is of, and the
//! questions to the program. One file per method. The caller carries the answers back and starts the
//! service.

mod keyboard_interactive;
mod password;
mod publickey;
mod verdict;

use std::fmt;

use bytes::Bytes;

use self::keyboard_interactive::Dialog;
use self::publickey::PublicKeyRequest;
use crate::crypto::secret::Secret;
use crate::crypto::signature::SignatureAlgorithm;
use crate::error::{Error, InvalidMessage, LimitExceeded, PeerMisbehaved};
use crate::limits::{MAX_AUTH_REQUESTS, MAX_USER_NAME_LEN};
use crate::wire::Outbox;
use crate::wire::messages::{self, Message, UserauthRequest};

pub use self::verdict::{AuthAnswer, Prompt};

/// One step of user authentication (RFC 4252 section 5).
#[derive(Debug)]
pub struct AuthQuestion {
    /// The account.
    pub user: String,
    /// The service that is to start.
    pub service: String,
    /// The method: `none`, `password`, `publickey`, `keyboard-interactive-N`,
    /// `keyboard-interactive`, `sigstatus`.
    pub method: String,
    /// What the client proves itself with.
    pub param: AuthParam,
    /// The signature algorithm of a `publickey` request, else empty.
    pub key_algorithm: String,
    /// The methods of partial successes so far, for this user and this service.
    pub partial_successes: Vec<&'static str>,
}

/// What the client proves itself with. Debug shows no secret.
pub enum AuthParam {
    /// Nothing (`none`, the last step of `keyboard-interactive`).
    None,
    /// A password or a response.
    Text(Secret),
    /// A public key blob. Of one that is a certificate
    /// ([`Certificate::parse`](crate::crypto::signature::Certificate::parse)) the signature of its
    /// authority, its kind and its dates are verified, and that its critical options are understood.
    /// Whether the authority is trusted, whether the user is among the principals, and what the options
    /// ask for is up to the program.
    PublicKey(Bytes),
    /// The verdict on a signature, for `sigstatus`.
    SignatureStatus(bool),
}

impl fmt::Debug for AuthParam {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Text(_) => "Text(..)",
            Self::PublicKey(_) => "PublicKey(..)",
            Self::SignatureStatus(true) => "SignatureStatus(true)",
            Self::SignatureStatus(false) => "SignatureStatus(false)",
        })
    }
}

/// What has to happen next.
#[derive(Debug)]
pub enum Step {
    /// Nothing: a reply was sent, or the client has to go on.
    Wait,
    /// Ask the program, then [`UserAuth::answer`].
    Ask(AuthQuestion),
    /// Ask for prompts for this user, then [`UserAuth::prompts`].
    AskPrompts(String),
    /// The user is authenticated for this service; the caller sends the success.
    Accepted {
        /// The account.
        user: String,
        /// The service.
        service: String,
    },
}

/// Settings of user authentication.
#[derive(Debug, Clone, Copy)]
pub struct Settings<'a> {
    /// Signature algorithms a client may use.
    pub signatures: &'a [&'static SignatureAlgorithm],
    /// Failed attempts before the connection is ended; 0 for no limit.
    pub max_attempts: u32,
    /// Whether `sigstatus` is asked.
    pub ask_after_signature: bool,
    /// Sent when a request is refused without asking the program.
    pub methods: &'a str,
    /// RSA keys below this size, in bits, are refused.
    pub min_rsa_bits: u32,
    /// Seconds since 1970, for the dates of certificates; without it these are refused.
    pub unix_time: Option<u64>,
    /// Critical options of certificates that the program enforces.
    pub critical_options: &'a [String],
}

/// Which request waits for what.
enum State {
    /// The next request.
    AwaitRequest,
    /// The program's answer to `none`.
    None,
    /// The program's answer to a password.
    Password,
    /// The program's answer to a key.
    PublicKey(Box<PublicKeyRequest>),
    /// The program's acknowledgement of `sigstatus`, and the verdict it is about.
    SignatureStatus(Box<AuthAnswer>),
    /// The prompts.
    Prompts,
    /// Prompts are out, or responses are being judged.
    Dialog(Box<Dialog>),
    /// Authenticated.
    Done,
}

/// User authentication of one connection.
pub struct UserAuth {
    state: State,
    user: String,
    service: String,
    /// Methods of partial successes for this user and service.
    proven: Vec<&'static str>,
    /// Methods of partial successes for others on this connection, and not repeated since.
    owed: Vec<&'static str>,
    failures: u32,
    requests: u32,
}

impl Default for UserAuth {
    fn default() -> Self {
        Self {
            state: State::AwaitRequest,
            user: String::new(),
            service: String::new(),
            proven: Vec::new(),
            owed: Vec::new(),
            failures: 0,
            requests: 0,
        }
    }
}

impl UserAuth {
    /// Takes a message 50-79 of the client.
    pub fn handle(
        &mut self,
        settings: &Settings<'_>,
        session_id: &[u8],
        payload: &[u8],
        out: &mut dyn Outbox,
    ) -> Result<Step, Error> {
        let number = payload.first().copied().unwrap_or_default();
        match number {
            messages::SSH_MSG_USERAUTH_REQUEST => {
                self.handle_request(settings, session_id, payload, out)
            }
            messages::SSH_MSG_USERAUTH_INFO_RESPONSE => {
                self.handle_responses(settings, payload, out)
            }
            _ => Err(PeerMisbehaved::UnexpectedMessage(number).into()),
        }
    }

    fn handle_request(
        &mut self,
        settings: &Settings<'_>,
        session_id: &[u8],
        payload: &[u8],
        out: &mut dyn Outbox,
    ) -> Result<Step, Error> {
        let request = UserauthRequest::decode(payload)?;
        self.requests = self.requests.saturating_add(1);
        if self.requests > MAX_AUTH_REQUESTS {
            return Err(LimitExceeded::AuthRequests.into());
        }
        if request.user_name.len() > MAX_USER_NAME_LEN {
            return Err(InvalidMessage::BadText.into());
        }
        // a new request abandons a dialog that is under way (RFC 4252 section 5.1)
        self.state = State::AwaitRequest;
        if (request.user_name, request.service_name) != (&*self.user, &*self.service) {
            // RFC 4252 section 5: what was proven so far was proven for another user
            self.owed.append(&mut self.proven);
            request.user_name.clone_into(&mut self.user);
            request.service_name.clone_into(&mut self.service);
        }
        match request.method_name {
            NONE => {
                if !request.method_specific.is_empty() {
                    return Err(InvalidMessage::TrailingBytes.into());
                }
                self.state = State::None;
                Ok(Step::Ask(self.question(NONE, AuthParam::None)))
            }
            PASSWORD => match password::read(request.method_specific)? {
                Some(password) => {
                    self.state = State::Password;
                    Ok(Step::Ask(self.question(PASSWORD, AuthParam::Text(password))))
                }
                None => self.refuse(settings, out),
            },
            PUBLICKEY => {
                let read = publickey::read(settings, session_id, &request)?;
                let Some(request) = read else {
                    return self.refuse(settings, out);
                };
                let mut question =
                    self.question(PUBLICKEY, AuthParam::PublicKey(request.key_blob()));
                request.algorithm().name.clone_into(&mut question.key_algorithm);
                self.state = State::PublicKey(Box::new(request));
                Ok(Step::Ask(question))
            }
            KEYBOARD_INTERACTIVE => {
                keyboard_interactive::read(request.method_specific)?;
                self.state = State::Prompts;
                Ok(Step::AskPrompts(self.user.clone()))
            }
            _ => self.refuse(settings, out),
        }
    }

    fn question(&self, method: &str, param: AuthParam) -> AuthQuestion {
        AuthQuestion {
            user: self.user.clone(),
            service: self.service.clone(),
            method: method.to_owned(),
            param,
            key_algorithm: String::new(),
            partial_successes: self.proven.clone(),
        }
    }

    /// Takes the prompts of the dialog that the client has asked for. A dialog without any text asks
    /// nothing and proves nothing: it is refused.
    pub fn prompts(
        &mut self,
        settings: &Settings<'_>,
        instruction: &str,
        prompts: &[Prompt],
        out: &mut dyn Outbox,
    ) -> Result<Step, Error> {
        if !matches!(self.state, State::Prompts) {
            return Err(Error::Internal("no prompts were asked for"));
        }
        if prompts.is_empty() && instruction.is_empty() {
            self.state = State::AwaitRequest;
            return self.refuse(settings, out);
        }
        self.state = State::Dialog(Box::new(Dialog::begin(instruction, prompts, out)?));
        Ok(Step::Wait)
    }

    fn handle_responses(
        &mut self,
        settings: &Settings<'_>,
        payload: &[u8],
        out: &mut dyn Outbox,
    ) -> Result<Step, Error> {
        let State::Dialog(mut dialog) = std::mem::replace(&mut self.state, State::AwaitRequest)
        else {
            let number = messages::SSH_MSG_USERAUTH_INFO_RESPONSE;
            return Err(PeerMisbehaved::UnexpectedMessage(number).into());
        };
        if !dialog.take_responses(payload)? {
            return self.refuse(settings, out);
        }
        let (method, param) = dialog.next_question();
        self.state = State::Dialog(dialog);
        Ok(Step::Ask(self.question(&method, param)))
    }

    /// Takes the program's answer to the last [`Step::Ask`].
    pub fn answer(
        &mut self,
        settings: &Settings<'_>,
        answer: AuthAnswer,
        out: &mut dyn Outbox,
    ) -> Result<Step, Error> {
        answer.send_banner(out)?;
        match std::mem::replace(&mut self.state, State::AwaitRequest) {
            State::None => self.conclude(settings, answer, NONE, out),
            State::Password => self.conclude(settings, answer, PASSWORD, out),
            State::PublicKey(request) => self.judge_key(settings, &request, answer, out),
            State::SignatureStatus(verdict) => self.conclude(settings, *verdict, PUBLICKEY, out),
            State::Dialog(mut dialog) => match dialog.judge(answer) {
                Some(verdict) => self.conclude(settings, verdict, KEYBOARD_INTERACTIVE, out),
                None => {
                    let (method, param) = dialog.next_question();
                    self.state = State::Dialog(dialog);
                    Ok(Step::Ask(self.question(&method, param)))
                }
            },
            State::AwaitRequest | State::Prompts | State::Done => {
                Err(Error::Internal("no verdict was asked for"))
            }
        }
    }

    fn judge_key(
        &mut self,
        settings: &Settings<'_>,
        request: &PublicKeyRequest,
        mut answer: AuthAnswer,
        out: &mut dyn Outbox,
    ) -> Result<Step, Error> {
        let Some(valid) = request.signature_valid() else {
            // a query: would a signature by this key be taken? (RFC 4252 section 7)
            if answer.accept || answer.partial_success {
                request.send_ok(out)?;
                return Ok(Step::Wait);
            }
            return self.fail(settings, &answer, out);
        };
        // the program cannot let a wrong signature in
        answer.accept &= valid;
        answer.partial_success &= valid;
        if settings.ask_after_signature {
            let mut question = self.question("sigstatus", AuthParam::SignatureStatus(valid));
            request.algorithm().name.clone_into(&mut question.key_algorithm);
            self.state = State::SignatureStatus(Box::new(answer));
            return Ok(Step::Ask(question));
        }
        self.conclude(settings, answer, PUBLICKEY, out)
    }

    /// Ends a request with its reply.
    fn conclude(
        &mut self,
        settings: &Settings<'_>,
        mut answer: AuthAnswer,
        method: &'static str,
        out: &mut dyn Outbox,
    ) -> Result<Step, Error> {
        let good = answer.accept || answer.partial_success;
        if good && let Some(at) = self.owed.iter().position(|owed| *owed == method) {
            self.owed.swap_remove(at);
        }
        if answer.accept && self.owed.is_empty() {
            self.state = State::Done;
            return Ok(Step::Accepted { user: self.user.clone(), service: self.service.clone() });
        }
        if answer.accept {
            // A program that counts factors for each connection has counted those of another user
            // too; for this one they are still to come (RFC 4252 section 5).
            answer.accept = false;
            answer.partial_success = true;
            answer.available_methods = self.owed.join(",");
        }
        if answer.partial_success && method != NONE {
            self.proven.push(method);
        } else if method != NONE {
            self.count_failure(settings)?;
        }
        answer.send_failure(out)?;
        Ok(Step::Wait)
    }

    /// Ends a request that nothing good can be said about.
    fn fail(
        &mut self,
        settings: &Settings<'_>,
        answer: &AuthAnswer,
        out: &mut dyn Outbox,
    ) -> Result<Step, Error> {
        self.count_failure(settings)?;
        answer.send_failure(out)?;
        Ok(Step::Wait)
    }

    /// Refuses a request that the program is not asked about.
    fn refuse(&mut self, settings: &Settings<'_>, out: &mut dyn Outbox) -> Result<Step, Error> {
        let answer =
            AuthAnswer { available_methods: settings.methods.to_owned(), ..AuthAnswer::default() };
        self.fail(settings, &answer, out)
    }

    fn count_failure(&mut self, settings: &Settings<'_>) -> Result<(), Error> {
        self.failures = self.failures.saturating_add(1);
        if settings.max_attempts != 0 && self.failures > settings.max_attempts {
            return Err(LimitExceeded::AuthAttempts.into());
        }
        Ok(())
    }
}

/// How clients ask for the list of methods: a refusal of it is no failed attempt.
const NONE: &str = "none";
const PASSWORD: &str = "password";
const PUBLICKEY: &str = "publickey";
const KEYBOARD_INTERACTIVE: &str = "keyboard-interactive";
