//! User authentication (RFC 4252), server side: counts attempts, recognizes the method of a request, and
//! asks the program. One file per method. The caller passes the answers back and starts the service.

mod client_bugs;
mod gssapi;
mod keyboard_interactive;
mod ledger;
mod password;
mod publickey;
mod verdict;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use self::gssapi::GssLogin;
use self::keyboard_interactive::Dialog;
use self::ledger::{Ledger, Proof};
use self::publickey::PublicKeyRequest;
use self::verdict::names;
use crate::crypto::gss::{Acceptor, Established, Initiator};
use crate::crypto::secret::Secret;
use crate::crypto::signature::{SignatureAlgorithm, X509Flaw};
use crate::error::{Error, InvalidMessage, LimitExceeded, PeerMisbehaved};
use crate::limits::{MAX_AUTH_REQUESTS, MAX_USER_NAME_LEN};
use crate::wire::Outbox;
use crate::wire::messages::{self, Message, UserauthRequest};

pub use self::gssapi::{GssJob, GssJobOutput};
pub use self::verdict::{AuthAnswer, Prompt};

/// One step of user authentication (RFC 4252 section 5).
#[derive(Debug)]
pub struct AuthQuestion {
    /// The account.
    pub user: String,
    /// The service that is to start.
    pub service: String,
    /// The method: `none`, `password`, `publickey`, `keyboard-interactive-N`,
    /// `keyboard-interactive`, `sigstatus`, `gssapi-with-mic`, `gssapi-keyex`.
    pub method: String,
    /// What the client proves its identity with.
    pub param: AuthParam,
    /// The signature algorithm of a `publickey` request, else empty.
    pub key_algorithm: String,
    /// Whether a `publickey` request has a signature, which is valid then; else it is a query whether a
    /// signature by this key would be accepted, and proves nothing.
    pub signed: bool,
    /// Whether that signature is of a security key that has verified its user, by a PIN or a fingerprint.
    pub user_verified: bool,
    /// The methods of partial successes so far, for this user and this service, each once.
    pub partial_successes: Vec<&'static str>,
}

/// What the client proves its identity with. Debug shows no secret.
pub enum AuthParam {
    /// Nothing (`none`, the last step of `keyboard-interactive`).
    None,
    /// A password or a response.
    Text(Secret),
    /// A public key blob. If it is a certificate
    /// ([`Certificate::parse`](crate::crypto::signature::Certificate::parse)), these are verified: its
    /// authority's signature, its kind, its dates, and that its critical options are known. The program has
    /// to check whether it trusts the authority, whether the user is among the principals, and what the
    /// options demand. If it is one or more X.509 certificates
    /// ([`X509Chain::parse`](crate::crypto::signature::X509Chain::parse)),
    /// [`X509Chain::check`](crate::crypto::signature::X509Chain::check) has found no flaw; whether an
    /// authority has signed them, and for which user, is the program's to check.
    PublicKey(Bytes),
    /// The verdict on a signature, for `sigstatus`.
    SignatureStatus(bool),
    /// Whose ticket it is; the client's MIC holds. The program has to check whether the principal may use
    /// the account.
    Principal(Initiator),
}

impl fmt::Debug for AuthParam {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Text(_) => "Text(..)",
            Self::PublicKey(_) => "PublicKey(..)",
            Self::SignatureStatus(true) => "SignatureStatus(true)",
            Self::SignatureStatus(false) => "SignatureStatus(false)",
            Self::Principal(_) => "Principal(..)",
        })
    }
}

/// Why a request was refused, or accepted only in part, without the program's decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The user name is no valid text (RFC 4252 section 5).
    UserName,
    /// This server does not know the method, or this form of it.
    Method,
    /// A signature algorithm that is not allowed, a key of another type, or a key that is too small.
    Key,
    /// The certificate: its authority's signature, its dates, its kind, or its options.
    Certificate,
    /// X.509 certificates, and what is wrong with them.
    X509(X509Flaw),
    /// The signature is not by this key, or not of this request.
    Signature,
    /// None of the mechanisms of GSSAPI is known here.
    Mechanism,
    /// GSSAPI has failed, for a reason that is for the log alone.
    Gss(String),
    /// The program has accepted the request, but proofs by these methods are still owed.
    Owed(Vec<&'static str>),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UserName => "login refused: the user name is not UTF-8",
            Self::Method => "login refused: no such method here",
            Self::Key => "login refused: the key or its signature algorithm is not allowed",
            Self::Certificate => "login refused: the certificate does not hold",
            Self::X509(flaw) => return write!(f, "login refused: {flaw}"),
            Self::Signature => "login refused: the signature is wrong",
            Self::Mechanism => "login refused: none of the GSSAPI mechanisms is Kerberos",
            Self::Gss(text) => return write!(f, "login refused: GSSAPI: {text}"),
            Self::Owed(methods) => {
                let methods = methods.join(",");
                return write!(f, "accepted, but only in part: not yet proven is {methods}");
            }
        })
    }
}

/// The next step.
#[derive(Debug)]
pub enum Step {
    /// Nothing to do: a reply was sent, or the client has to send its next message.
    Wait,
    /// As `Wait`, after a refusal without the program: a line for the log.
    Explain(Why),
    /// Run the job, then [`UserAuth::stepped`].
    Compute(GssJob),
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
    /// Whether the program is asked a `sigstatus` question.
    pub ask_after_signature: bool,
    /// Sent when a request is refused without asking the program, unless the program has named others
    /// before.
    pub methods: &'a str,
    /// RSA keys below this size, in bits, are refused.
    pub min_rsa_bits: u32,
    /// Seconds since 1970, for the dates of certificates; without it these are refused.
    pub unix_time: Option<u64>,
    /// Critical options of certificates that the program enforces.
    pub critical_options: &'a [String],
    /// The client's identification.
    pub client_version: &'a str,
    /// What accepts contexts of GSSAPI; without it there is no login by GSSAPI.
    pub gss: Option<&'a Arc<dyn Acceptor>>,
}

/// What the current request waits for.
enum State {
    /// The next request.
    AwaitRequest,
    /// The program's answer to `none`.
    None,
    /// The program's answer to a password.
    Password,
    /// The program's answer to a key.
    PublicKey(Box<PublicKeyRequest>),
    /// The program's acknowledgement of `sigstatus`, and what follows it.
    SignatureStatus(Box<AfterStatus>),
    /// The program's prompts.
    Prompts,
    /// Responses: the client's, or the program's verdict on them.
    Dialog(Box<Dialog>),
    /// The client's next message of `gssapi-with-mic`.
    Gss(Box<GssLogin>),
    /// The result of a job.
    GssStep,
    /// The program's answer to a principal.
    Principal(Proof),
    /// Authenticated.
    Done,
}

/// The result that the `sigstatus` question reports.
enum AfterStatus {
    /// A valid signature, and the program's answer to it.
    Right(AuthAnswer, Proof),
    /// A wrong signature.
    Wrong,
}

/// User authentication of one connection.
pub struct UserAuth {
    state: State,
    user: String,
    service: String,
    ledger: Ledger,
    /// The context of the first key exchange, if GSSAPI has authenticated that.
    exchanged: Option<Established>,
    /// The methods that the program has last offered to this user.
    offered: Option<String>,
    failures: u32,
    requests: u32,
}

impl Default for UserAuth {
    fn default() -> Self {
        Self {
            state: State::AwaitRequest,
            user: String::new(),
            service: String::new(),
            ledger: Ledger::default(),
            exchanged: None,
            offered: None,
            failures: 0,
            requests: 0,
        }
    }
}

impl UserAuth {
    /// After a first key exchange that GSSAPI has authenticated: by this context.
    pub fn after_exchange(context: Option<Established>) -> Self {
        Self { exchanged: context, ..Self::default() }
    }

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
            messages::SSH_MSG_USERAUTH_INFO_RESPONSE if !matches!(self.state, State::Gss(_)) => {
                self.handle_responses(settings, payload, out)
            }
            messages::SSH_MSG_USERAUTH_INFO_RESPONSE
            | messages::SSH_MSG_USERAUTH_GSSAPI_EXCHANGE_COMPLETE
            | messages::SSH_MSG_USERAUTH_GSSAPI_ERRTOK
            | messages::SSH_MSG_USERAUTH_GSSAPI_MIC => {
                self.handle_gss_message(settings, session_id, payload, out)
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
        // a new request ends one that is under way (RFC 4252 section 5.1)
        self.state = State::AwaitRequest;
        let Ok(user_name) = std::str::from_utf8(request.user_name) else {
            return self.refuse(settings, Why::UserName, out);
        };
        if (user_name, request.service_name) != (&*self.user, &*self.service) {
            self.ledger.start_anew();
            self.offered = None;
            user_name.clone_into(&mut self.user);
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
                None => self.refuse(settings, Why::Method, out),
            },
            PUBLICKEY => match publickey::read(settings, session_id, &request)? {
                Ok(request) => self.handle_key(settings, request, out),
                Err(why) => self.refuse(settings, why, out),
            },
            KEYBOARD_INTERACTIVE => {
                keyboard_interactive::read(request.method_specific)?;
                self.state = State::Prompts;
                Ok(Step::AskPrompts(self.user.clone()))
            }
            GSSAPI_WITH_MIC => self.handle_gss_request(settings, request.method_specific, out),
            GSSAPI_KEYEX => {
                self.handle_gss_keyex(settings, session_id, request.method_specific, out)
            }
            _ => self.refuse(settings, Why::Method, out),
        }
    }

    fn handle_key(
        &mut self,
        settings: &Settings<'_>,
        request: PublicKeyRequest,
        out: &mut dyn Outbox,
    ) -> Result<Step, Error> {
        if request.signature_valid() == Some(false) {
            // The program is not asked about the key: it may count a key when it is asked, whatever it
            // answers.
            if settings.ask_after_signature {
                return Ok(self.ask_status(&request, AfterStatus::Wrong));
            }
            return self.refuse(settings, Why::Signature, out);
        }
        let mut question = self.question(PUBLICKEY, AuthParam::PublicKey(request.key_blob()));
        request.algorithm().name.clone_into(&mut question.key_algorithm);
        question.signed = request.signature_valid().is_some();
        question.user_verified = request.is_user_verified();
        self.state = State::PublicKey(Box::new(request));
        Ok(Step::Ask(question))
    }

    /// Reports the result of a signature to the program.
    fn ask_status(&mut self, request: &PublicKeyRequest, after: AfterStatus) -> Step {
        let is_right = matches!(after, AfterStatus::Right(..));
        let mut question = self.question("sigstatus", AuthParam::SignatureStatus(is_right));
        request.algorithm().name.clone_into(&mut question.key_algorithm);
        self.state = State::SignatureStatus(Box::new(after));
        Step::Ask(question)
    }

    fn question(&self, method: &str, param: AuthParam) -> AuthQuestion {
        AuthQuestion {
            user: self.user.clone(),
            service: self.service.clone(),
            method: method.to_owned(),
            param,
            key_algorithm: String::new(),
            signed: false,
            user_verified: false,
            partial_successes: self.ledger.methods(),
        }
    }

    /// Takes the prompts for the dialog that the client has asked for. A dialog without prompts and
    /// instruction asks nothing and proves nothing: it is refused.
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
            return self.refuse(settings, Why::Method, out);
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
            return self.refuse(settings, Why::Method, out);
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
        self.offered = Some(answer.available_methods.clone());
        match std::mem::replace(&mut self.state, State::AwaitRequest) {
            State::None => self.conclude(settings, answer, Proof::of(NONE), out),
            State::Password => self.conclude(settings, answer, Proof::of(PASSWORD), out),
            State::PublicKey(request) => self.judge_key(settings, &request, answer, out),
            State::SignatureStatus(after) => match *after {
                AfterStatus::Right(answer, proof) => self.conclude(settings, answer, proof, out),
                AfterStatus::Wrong => self.refuse(settings, Why::Signature, out),
            },
            State::Dialog(dialog) => self.judge_dialog(settings, dialog, answer, out),
            State::Principal(proof) => self.conclude(settings, answer, proof, out),
            State::AwaitRequest | State::Prompts | State::Gss(_) | State::GssStep | State::Done => {
                Err(Error::Internal("no verdict was asked for"))
            }
        }
    }

    fn judge_dialog(
        &mut self,
        settings: &Settings<'_>,
        mut dialog: Box<Dialog>,
        answer: AuthAnswer,
        out: &mut dyn Outbox,
    ) -> Result<Step, Error> {
        self.ledger.see(&answer);
        let Some(verdict) = dialog.judge(answer) else {
            let (method, param) = dialog.next_question();
            self.state = State::Dialog(dialog);
            return Ok(Step::Ask(self.question(&method, param)));
        };
        if !verdict.is_good() {
            self.ledger.dialog_failed(dialog.some_of_it_was_good());
        }
        self.conclude(settings, verdict, Proof::of(KEYBOARD_INTERACTIVE), out)
    }

    fn judge_key(
        &mut self,
        settings: &Settings<'_>,
        request: &PublicKeyRequest,
        answer: AuthAnswer,
        out: &mut dyn Outbox,
    ) -> Result<Step, Error> {
        self.ledger.see(&answer);
        let proof = Proof { method: PUBLICKEY, key: Some(request.key_id()) };
        match request.signature_valid() {
            // a query: would a signature by this key be accepted? (RFC 4252 section 7)
            None if answer.is_good() => {
                self.ledger.promise(request.key_id());
                request.send_ok(out)?;
                Ok(Step::Wait)
            }
            None => self.fail(settings, &answer, out),
            Some(false) => Err(Error::Internal("a wrong signature was asked about")),
            // For a key that the program has refused there is no `sigstatus`: a program may count a valid
            // signature alone.
            Some(true) if settings.ask_after_signature && answer.is_good() => {
                Ok(self.ask_status(request, AfterStatus::Right(answer, proof)))
            }
            Some(true) => self.conclude(settings, answer, proof, out),
        }
    }

    /// Ends a request with its reply.
    fn conclude(
        &mut self,
        settings: &Settings<'_>,
        mut answer: AuthAnswer,
        proof: Proof,
        out: &mut dyn Outbox,
    ) -> Result<Step, Error> {
        let method = proof.method;
        self.ledger.see(&answer);
        if method != NONE {
            if !answer.is_good() {
                return self.fail(settings, &answer, out);
            }
            self.ledger.prove(proof);
        }
        let debts = self.ledger.debts(method);
        if answer.accept && debts.is_empty() {
            self.state = State::Done;
            return Ok(Step::Accepted { user: self.user.clone(), service: self.service.clone() });
        }
        if answer.accept {
            answer.accept = false;
            answer.partial_success = true;
            answer.available_methods = debts.join(",");
            self.send_failure(settings, &answer, out)?;
            return Ok(Step::Explain(Why::Owed(debts)));
        }
        self.send_failure(settings, &answer, out)?;
        Ok(Step::Wait)
    }

    /// Ends a request that the program has not accepted.
    fn fail(
        &mut self,
        settings: &Settings<'_>,
        answer: &AuthAnswer,
        out: &mut dyn Outbox,
    ) -> Result<Step, Error> {
        self.count_failure(settings)?;
        self.send_failure(settings, answer, out)?;
        Ok(Step::Wait)
    }

    /// Tells the client that it has not logged in, and the methods that it can log in by.
    fn send_failure(
        &self,
        settings: &Settings<'_>,
        answer: &AuthAnswer,
        out: &mut dyn Outbox,
    ) -> Result<(), Error> {
        answer.send_failure(&|method| self.has_method(settings, method), out)
    }

    /// Refuses a request without asking the program.
    fn refuse(
        &mut self,
        settings: &Settings<'_>,
        why: Why,
        out: &mut dyn Outbox,
    ) -> Result<Step, Error> {
        let available_methods = self.offered.clone().unwrap_or_else(|| settings.methods.to_owned());
        let answer = AuthAnswer { available_methods, ..AuthAnswer::default() };
        self.fail(settings, &answer, out)?;
        Ok(Step::Explain(why))
    }

    fn count_failure(&mut self, settings: &Settings<'_>) -> Result<(), Error> {
        self.failures = self.failures.saturating_add(1);
        if settings.max_attempts != 0 && self.failures > settings.max_attempts {
            return Err(LimitExceeded::AuthAttempts.into());
        }
        Ok(())
    }
}

/// Clients request this method for the list of methods: its refusal is no failed attempt.
const NONE: &str = "none";
const PASSWORD: &str = "password";
const PUBLICKEY: &str = "publickey";
const KEYBOARD_INTERACTIVE: &str = "keyboard-interactive";
const GSSAPI_WITH_MIC: &str = "gssapi-with-mic";
const GSSAPI_KEYEX: &str = "gssapi-keyex";
