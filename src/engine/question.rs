//! Questions about services and authentication, and what the program's answers lead to.

use std::time::Instant;

use super::connection::{Connection, Phase, auth_settings};
use super::event::{Answer, Event, Notice, Question, QuestionId};
use super::job::Job;
use super::open_questions::Subject;
use crate::error::{ApiMisuse, Closed, Error, PeerMisbehaved};
use crate::limits::MAX_PROMPTS;
use crate::userauth::{AuthAnswer, GssJobOutput, Step, UserAuth};
use crate::wire::Outbox;
use crate::wire::messages::{ServiceAccept, UserauthSuccess};

const USERAUTH: &str = "ssh-userauth";
const CONNECTION: &str = "ssh-connection";

impl Connection {
    /// Answers a question. An answer of the wrong kind changes nothing.
    pub fn answer(
        &mut self,
        now: Instant,
        id: QuestionId,
        answer: Answer,
    ) -> Result<(), ApiMisuse> {
        let subject = self.questions.take(id).ok_or(ApiMisuse::UnknownQuestion)?;
        let was_authenticated = self.is_authenticated();
        self.quiet_since = now;
        let result = match (subject, answer) {
            (Subject::Service(name), Answer::Accept(accept)) => self.start_service(&name, accept),
            (Subject::Auth, Answer::Auth(answer)) => self.answer_auth(now, answer),
            (Subject::Prompts, Answer::Prompts { instruction, prompts })
                if prompts.len() <= MAX_PROMPTS =>
            {
                if let Phase::Authenticating(userauth) = &mut self.phase {
                    let client = self.transport.client_version().unwrap_or_default().to_owned();
                    let settings = auth_settings(&self.config, &client);
                    let out = &mut self.transport;
                    userauth.prompts(&settings, &instruction, &prompts, out).map(|_| ())
                } else {
                    Err(Error::Internal("prompts outside authentication"))
                }
            }
            (Subject::Open(channel), Answer::Accept(accept)) => {
                self.channels.answer_open(channel, accept, &mut self.transport)
            }
            (Subject::Open(channel), Answer::RefuseOpen { why, description }) => {
                self.channels.refuse_open(channel, why, &description, &mut self.transport)
            }
            (Subject::Forwarding, Answer::Forwarding(granted)) => {
                self.channels.answer_global(granted, &mut self.transport)
            }
            (Subject::Request(channel, number), Answer::Accept(success)) => {
                self.channels.answer_request(channel, number, success, &mut self.transport)
            }
            (subject, _) => {
                self.questions.restore(id, subject);
                return Err(ApiMisuse::WrongAnswer);
            }
        };
        if !was_authenticated && self.is_authenticated() {
            // the idle time begins with the login
            self.liveness.used(now);
        }
        self.finish_step(result);
        Ok(())
    }

    /// SSH_MSG_SERVICE_REQUEST of the client.
    pub(super) fn ask_service(&mut self, name: String) {
        let accept = name == USERAUTH || name == CONNECTION;
        self.ask(Subject::Service(name.clone()), Question::Service { name, accept });
    }

    fn ask(&mut self, subject: Subject, question: Question) {
        // the question comes after the log lines that explain it
        let id = self.questions.ask(subject);
        self.collect_events();
        self.events.push_back(Event::Question(id, question));
    }

    /// The program's answer to a service question.
    fn start_service(&mut self, name: &str, accept: bool) -> Result<(), Error> {
        if !accept {
            return Err(Error::Closed(Closed::ServiceRefused));
        }
        match std::mem::replace(&mut self.phase, Phase::AwaitUserauthService) {
            Phase::AwaitUserauthService if name == USERAUTH => {
                let userauth = UserAuth::after_exchange(self.transport.take_gss_context());
                self.phase = Phase::Authenticating(Box::new(userauth));
                self.accept_service(name)
            }
            // some clients request the service again before every attempt
            Phase::Authenticating(userauth) if name == USERAUTH => {
                self.phase = Phase::Authenticating(userauth);
                self.accept_service(name)
            }
            Phase::AwaitConnectionService { user } if name == CONNECTION => {
                self.phase = Phase::Connected;
                let out: &mut dyn Outbox = &mut self.transport;
                out.send(&UserauthSuccess {})?;
                self.transport.set_authenticated()?;
                self.transport.trace().milestone(|| format!("Authenticated: {user}"));
                self.events.push_back(Event::Notice(Notice::Authenticated { user }));
                Ok(())
            }
            Phase::Connected if name == USERAUTH || name == CONNECTION => {
                self.phase = Phase::Connected;
                self.accept_service(name)
            }
            // requesting the service that follows authentication authenticates nobody
            Phase::AwaitUserauthService
            | Phase::Authenticating(_)
            | Phase::AwaitConnectionService { .. }
            | Phase::Connected
            | Phase::Ended => Err(PeerMisbehaved::BadService.into()),
        }
    }

    fn accept_service(&mut self, service_name: &str) -> Result<(), Error> {
        let out: &mut dyn Outbox = &mut self.transport;
        out.send(&ServiceAccept { service_name })
    }

    fn answer_auth(&mut self, now: Instant, answer: AuthAnswer) -> Result<(), Error> {
        let Phase::Authenticating(userauth) = &mut self.phase else {
            return Err(Error::Internal("verdict outside authentication"));
        };
        let userauth: &mut UserAuth = userauth;
        let client = self.transport.client_version().unwrap_or_default().to_owned();
        let settings = auth_settings(&self.config, &client);
        let step = userauth.answer(&settings, answer, &mut self.transport)?;
        self.follow(now, step);
        Ok(())
    }

    /// Takes the result of a job of the login.
    pub(super) fn complete_login(
        &mut self,
        now: Instant,
        output: GssJobOutput,
    ) -> Result<(), Error> {
        let Phase::Authenticating(userauth) = &mut self.phase else {
            return Err(Error::Internal("a job outside authentication"));
        };
        let client = self.transport.client_version().unwrap_or_default().to_owned();
        let settings = auth_settings(&self.config, &client);
        let step = userauth.stepped(&settings, output, &mut self.transport)?;
        self.follow(now, step);
        Ok(())
    }

    /// Carries out the next step of user authentication.
    pub(super) fn follow(&mut self, now: Instant, step: Step) {
        match step {
            Step::Wait => {}
            Step::Compute(job) => self.compute(now, Job::Login(job)),
            Step::Explain(why) => self.transport.trace().milestone(|| why.to_string()),
            Step::Ask(question) => self.ask(Subject::Auth, Question::Auth(question)),
            Step::AskPrompts(user) => self.ask(Subject::Prompts, Question::Prompts { user }),
            Step::Accepted { user, service } => {
                self.phase = Phase::AwaitConnectionService { user };
                self.ask_service(service);
            }
        }
    }
}
