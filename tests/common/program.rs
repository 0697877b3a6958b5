//! The program on top of the engine, as a script: how it answers questions and what it has seen.

use bytes::Bytes;
use sshserver::engine::{
    Answer, AuthAnswer, AuthParam, AuthQuestion, ChannelId, Forwarding, Notice, Outcome, Prompt,
    Question, QuestionId, Ticket,
};
use sshserver::error::Error;

/// An event of the engine, without what cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    Service(String),
    Auth {
        user: String,
        service: String,
        method: String,
        param: Vec<u8>,
        key_algorithm: String,
        signed: bool,
    },
    Prompts(String),
    Open(ChannelId, String, Bytes),
    Request(ChannelId, String, Bytes),
    Forwarding(Forwarding),
    Data(ChannelId, Option<u32>, Bytes),
    Opened(ChannelId, String),
    ReadyToSend(ChannelId),
    Eof(ChannelId),
    Closed(ChannelId),
    NotOpened(ChannelId),
    Authenticated(String),
    Done(Ticket, Outcome),
    Line(String),
    Ended(Error),
}

impl Seen {
    pub(crate) fn question(question: &Question) -> Self {
        match question {
            Question::Service { name, .. } => Self::Service(name.clone()),
            Question::Auth(auth) => Self::Auth {
                user: auth.user.clone(),
                service: auth.service.clone(),
                method: auth.method.clone(),
                param: match &auth.param {
                    AuthParam::None => Vec::new(),
                    AuthParam::Text(text) => text.expose().to_vec(),
                    AuthParam::PublicKey(blob) => blob.to_vec(),
                    AuthParam::SignatureStatus(valid) => vec![u8::from(*valid)],
                    AuthParam::Principal(initiator) => initiator.principal.clone().into_bytes(),
                },
                key_algorithm: auth.key_algorithm.clone(),
                signed: auth.signed,
            },
            Question::Prompts { user } => Self::Prompts(user.clone()),
            Question::ChannelOpen { channel, channel_type, parameters } => {
                Self::Open(*channel, channel_type.clone(), parameters.clone())
            }
            Question::ChannelRequest { channel, request_type, packet } => {
                Self::Request(*channel, request_type.clone(), packet.clone())
            }
            Question::Forwarding(request) => Self::Forwarding(request.clone()),
        }
    }

    pub(crate) fn notice(notice: Notice) -> Self {
        match notice {
            Notice::Status(line) | Notice::Log { message: line, .. } => Self::Line(line),
            Notice::Authenticated { user } => Self::Authenticated(user),
            Notice::ChannelOpened { channel, channel_type } => Self::Opened(channel, channel_type),
            Notice::ChannelReadyToSend { channel } => Self::ReadyToSend(channel),
            Notice::ChannelEof { channel } => Self::Eof(channel),
            Notice::ChannelClosed { channel } => Self::Closed(channel),
            Notice::ChannelNotOpened { channel } => Self::NotOpened(channel),
            Notice::Done { ticket, outcome } => Self::Done(ticket, outcome),
            Notice::Ended(error) => Self::Ended(error),
        }
    }
}

type Decide = Box<dyn FnMut(&str) -> Option<bool>>;
type DecideOnChannel = Box<dyn FnMut(ChannelId, &str) -> Option<bool>>;
type Judge = Box<dyn FnMut(&AuthQuestion) -> Option<AuthAnswer>>;

/// How questions are answered; `None` leaves a question open.
pub(crate) struct Program {
    /// `None` takes the engine's own suggestion.
    pub(crate) service: Option<Decide>,
    pub(crate) auth: Judge,
    pub(crate) instruction: &'static str,
    pub(crate) prompts: Vec<Prompt>,
    pub(crate) leaves_prompts_open: bool,
    pub(crate) open: DecideOnChannel,
    pub(crate) request: DecideOnChannel,
    /// The port of a reverse tunnel, or no.
    pub(crate) forwarding: Box<dyn FnMut(&Forwarding) -> Option<Option<u16>>>,
    /// Whether deliveries are consumed at once.
    pub(crate) consume: bool,
    /// Whether data is sent back.
    pub(crate) echo: bool,
    /// Questions without an answer.
    pub(crate) open_questions: Vec<(QuestionId, Seen)>,
    pub(crate) seen: Vec<Seen>,
}

impl Default for Program {
    /// Lets every password, key and dialog in, accepts every channel and request.
    fn default() -> Self {
        Self {
            service: None,
            auth: Box::new(|question| Some(verdict(question.method != "none"))),
            instruction: "Answer.",
            leaves_prompts_open: false,
            prompts: vec![Prompt { prompt: "Password: ".to_owned(), echo: false }],
            open: Box::new(|_, _| Some(true)),
            request: Box::new(|_, _| Some(true)),
            forwarding: Box::new(|_| Some(None)),
            consume: true,
            echo: false,
            open_questions: Vec::new(),
            seen: Vec::new(),
        }
    }
}

impl Program {
    pub(crate) fn echoing() -> Self {
        Self { echo: true, ..Self::default() }
    }

    pub(crate) fn judging(auth: impl FnMut(&AuthQuestion) -> Option<AuthAnswer> + 'static) -> Self {
        Self { auth: Box::new(auth), ..Self::default() }
    }

    pub(crate) fn answer(&mut self, question: &Question) -> Option<Answer> {
        match question {
            Question::Service { name, accept } => match &mut self.service {
                Some(judge) => judge(name).map(Answer::Accept),
                None => Some(Answer::Accept(*accept)),
            },
            Question::Auth(question) => (self.auth)(question).map(Answer::Auth),
            Question::Prompts { .. } if self.leaves_prompts_open => None,
            Question::Prompts { .. } => Some(Answer::Prompts {
                instruction: self.instruction.to_owned(),
                prompts: self.prompts.clone(),
            }),
            Question::ChannelOpen { channel, channel_type, .. } => {
                (self.open)(*channel, channel_type).map(Answer::Accept)
            }
            Question::ChannelRequest { channel, request_type, .. } => {
                (self.request)(*channel, request_type).map(Answer::Accept)
            }
            Question::Forwarding(request) => (self.forwarding)(request).map(Answer::Forwarding),
        }
    }
}

/// A plain yes or no.
pub(crate) fn verdict(accept: bool) -> AuthAnswer {
    let available_methods = "publickey,password,keyboard-interactive".to_owned();
    AuthAnswer { accept, available_methods, ..AuthAnswer::default() }
}
