//! The methods `gssapi-with-mic` and `gssapi-keyex` (RFC 4462 sections 3 and 4). The program is asked only
//! when the client's MIC holds, which binds the login to this connection, this user and this service. It is
//! asked whether the principal may use the account: a ticket says who the client is, and any principal of
//! the realm can ask for any account.

use std::sync::Arc;

use super::ledger::Proof;
use super::{
    AuthParam, GSSAPI_KEYEX, GSSAPI_WITH_MIC, Settings, State, Step, UserAuth, Why, names,
};
use crate::crypto::gss::{Acceptor, Established, Failed, Handshake, KERBEROS, Progress};
use crate::crypto::hash::Hash;
use crate::error::{Error, LimitExceeded, PeerMisbehaved};
use crate::limits::MAX_GSS_MECHANISMS;
use crate::wire::messages::{
    self, GssExchangeComplete, GssMic, GssResponse, GssToken, Message, SSH_MSG_USERAUTH_REQUEST,
    UserauthGssErrtok,
};
use crate::wire::{Outbox, Reader, Writer};

/// A login by `gssapi-with-mic` that waits for the client.
pub(super) enum GssLogin {
    /// The client's next token has to come.
    AwaitToken(Handshake),
    /// The context is complete; the MIC has to come.
    AwaitMic(Established),
}

/// A step of the context, which may block.
#[derive(Debug)]
pub struct GssJob {
    handshake: Handshake,
    token: Vec<u8>,
}

/// The result of a [`GssJob`], for [`UserAuth::stepped`].
#[derive(Debug)]
pub struct GssJobOutput(Result<Progress, Failed>);

impl GssJob {
    /// Takes the step.
    pub fn run(self) -> GssJobOutput {
        GssJobOutput(self.handshake.step(&self.token))
    }
}

/// Reads `uint32 n | string mechanism[n]`; whether Kerberos is among them (RFC 4462 section 3.2).
fn names_kerberos(method_specific: &[u8]) -> Result<bool, Error> {
    let mut reader = Reader::new(method_specific);
    let count = reader.u32()?;
    if count > MAX_GSS_MECHANISMS {
        return Err(LimitExceeded::GssMechanisms.into());
    }
    let mut found = false;
    for _ in 0..count {
        found |= reader.string()? == KERBEROS;
    }
    reader.finish()?;
    Ok(found)
}

/// What the MIC is of: `string session_id | byte 50 | string user | string service | string method`
/// (RFC 4462 section 3.5).
fn signed_message(session_id: &[u8], user: &str, service: &str, method: &str) -> Vec<u8> {
    let mut message = Vec::new();
    Writer::new(&mut message)
        .string(session_id)
        .u8(SSH_MSG_USERAUTH_REQUEST)
        .string(user)
        .string(service)
        .string(method);
    message
}

impl UserAuth {
    /// Whether the client can log in by a method of GSSAPI; by others it always can.
    pub(super) fn has_method(&self, settings: &Settings<'_>, method: &str) -> bool {
        match method {
            GSSAPI_WITH_MIC => settings.gss.is_some(),
            // RFC 4462 section 4: only after a first exchange by GSSAPI
            GSSAPI_KEYEX => self.exchanged.is_some(),
            _ => true,
        }
    }

    /// The acceptor, if the client may use a method of GSSAPI. Others are always put to the program; these
    /// cost work and files before it is asked, and so it has to have named them.
    fn gss_for<'a>(&self, settings: &Settings<'a>, method: &str) -> Option<&'a Arc<dyn Acceptor>> {
        let list = self.offered.as_deref().unwrap_or(settings.methods);
        let is_offered = names(list).any(|name| name == method);
        settings.gss.filter(|_| is_offered)
    }

    /// A request of `gssapi-with-mic`.
    pub(super) fn handle_gss_request(
        &mut self,
        settings: &Settings<'_>,
        method_specific: &[u8],
        out: &mut dyn Outbox,
    ) -> Result<Step, Error> {
        let names_kerberos = names_kerberos(method_specific)?;
        // Nobody's account: a principal without a local name must not be compared with it.
        if self.user.is_empty() {
            return self.refuse(settings, Why::Gss("the user name is empty".to_owned()), out);
        }
        let Some(acceptor) = self.gss_for(settings, GSSAPI_WITH_MIC) else {
            return self.refuse(settings, Why::Method, out);
        };
        if !names_kerberos {
            return self.refuse(settings, Why::Mechanism, out);
        }
        out.send(&GssResponse { mechanism: KERBEROS })?;
        let login = GssLogin::AwaitToken(Handshake::begin(acceptor));
        self.state = State::Gss(Box::new(login));
        Ok(Step::Wait)
    }

    /// A message of the client in a login by `gssapi-with-mic`.
    pub(super) fn handle_gss_message(
        &mut self,
        settings: &Settings<'_>,
        session_id: &[u8],
        payload: &[u8],
        out: &mut dyn Outbox,
    ) -> Result<Step, Error> {
        let number = payload.first().copied().unwrap_or_default();
        let unexpected = || PeerMisbehaved::UnexpectedMessage(number).into();
        let State::Gss(login) = std::mem::replace(&mut self.state, State::AwaitRequest) else {
            return Err(unexpected());
        };
        match (number, *login) {
            (messages::SSH_MSG_USERAUTH_INFO_RESPONSE, GssLogin::AwaitToken(handshake)) => {
                let token = GssToken::decode(payload)?.token.to_vec();
                self.state = State::GssStep;
                Ok(Step::Compute(GssJob { handshake, token }))
            }
            (messages::SSH_MSG_USERAUTH_GSSAPI_MIC, GssLogin::AwaitMic(mut context)) => {
                let mic = GssMic::decode(payload)?.mic;
                let (user, service) = (&*self.user, &*self.service);
                let message = signed_message(session_id, user, service, GSSAPI_WITH_MIC);
                match context.verify(&message, mic) {
                    Ok(()) => Ok(self.ask_principal(GSSAPI_WITH_MIC, &context)),
                    Err(failed) => self.refuse(settings, Why::Gss(failed.text), out),
                }
            }
            // RFC 4462 section 3.6: the end without a MIC. Such a login could be moved to another
            // connection.
            (messages::SSH_MSG_USERAUTH_GSSAPI_EXCHANGE_COMPLETE, GssLogin::AwaitMic(_)) => {
                GssExchangeComplete::decode(payload)?;
                self.refuse(settings, Why::Gss("the client sends no MIC".to_owned()), out)
            }
            // RFC 4462 section 3.9: the client has given up and goes on with its next request, so that a
            // reply would be taken for that to this request
            (messages::SSH_MSG_USERAUTH_GSSAPI_ERRTOK, _) => {
                UserauthGssErrtok::decode(payload)?;
                self.count_failure(settings)?;
                Ok(Step::Explain(Why::Gss("the client's library has failed".to_owned())))
            }
            _ => Err(unexpected()),
        }
    }

    /// Takes the result of the last [`Step::Compute`].
    pub fn stepped(
        &mut self,
        settings: &Settings<'_>,
        output: GssJobOutput,
        out: &mut dyn Outbox,
    ) -> Result<Step, Error> {
        if !matches!(self.state, State::GssStep) {
            return Err(Error::Internal("no step of a context is out"));
        }
        self.state = State::AwaitRequest;
        let (login, token) = match output.0 {
            Ok(Progress::Continue(handshake, token)) => {
                (GssLogin::AwaitToken(handshake), Some(token))
            }
            Ok(Progress::Complete(context, token)) => (GssLogin::AwaitMic(context), token),
            Err(Failed { token, text }) => {
                if let Some(token) = &token {
                    out.send(&UserauthGssErrtok { token })?;
                }
                return self.refuse(settings, Why::Gss(text), out);
            }
        };
        if let Some(token) = &token {
            out.send(&GssToken { token })?;
        }
        self.state = State::Gss(Box::new(login));
        Ok(Step::Wait)
    }

    /// A request of `gssapi-keyex`: `string mic` (RFC 4462 section 4).
    pub(super) fn handle_gss_keyex(
        &mut self,
        settings: &Settings<'_>,
        session_id: &[u8],
        method_specific: &[u8],
        out: &mut dyn Outbox,
    ) -> Result<Step, Error> {
        let mut reader = Reader::new(method_specific);
        let mic = reader.string()?;
        reader.finish()?;
        // Nobody's account: a principal without a local name must not be compared with it.
        if self.user.is_empty() {
            return self.refuse(settings, Why::Gss("the user name is empty".to_owned()), out);
        }
        let is_offered = self.gss_for(settings, GSSAPI_KEYEX).is_some();
        if !is_offered {
            return self.refuse(settings, Why::Method, out);
        }
        // taken for the call: the context is a part of this login
        let Some(mut context) = self.exchanged.take() else {
            return self.refuse(settings, Why::Method, out);
        };
        let message = signed_message(session_id, &self.user, &self.service, GSSAPI_KEYEX);
        let verified = context.verify(&message, mic);
        let step = match verified {
            Ok(()) => Ok(self.ask_principal(GSSAPI_KEYEX, &context)),
            Err(failed) => self.refuse(settings, Why::Gss(failed.text), out),
        };
        self.exchanged = Some(context);
        step
    }

    /// Asks whether the principal may use the account.
    fn ask_principal(&mut self, method: &'static str, context: &Established) -> Step {
        let initiator = context.initiator().clone();
        let key = Some(Hash::Sha256.digest(&[initiator.principal.as_bytes()]));
        self.state = State::Principal(Proof { method, key });
        Step::Ask(self.question(method, AuthParam::Principal(initiator)))
    }
}
