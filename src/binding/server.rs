//! The class that the JavaScript facade drives. Everything here runs on the JavaScript thread and
//! returns at once; what takes time ends with an event. Errors have the documented number as their
//! code.

use std::sync::Arc;

use bytes::Bytes;
use napi::Env;
use napi::bindgen_prelude::{Array, ClassInstance, Either, Function, Null, Uint8Array};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;
use zeroize::Zeroizing;

use super::alternatives::{AlternativeToLoad, LoadedAlternative};
use super::certificate::{NativeCertificate, Request, Selector};
use super::config_strings;
use super::errors::{Failure, NO_CERTIFICATE, UNKNOWN_CONNECTION};
use super::events::{AllRemains, Batch, Questions};
use super::login_texts;
use super::loop_sockets::LoopSockets;
use super::loop_wake::LoopWake;
use super::memory;
use super::program::{Program, Wake};
use super::properties::{self, Value};
use super::settings::Settings;
use super::state::{State, whole};
use crate::driver::{
    ConnectedAnswer, ConnectionHandle, EventKind, Handler, OpError, Server, ServerEvent,
};
use crate::engine::{AuthAnswer, Prompt, Ticket};
use crate::limits::BLOCK_LEN;

/// A weak function never keeps the process alive; a throwing listener is the facade's affair.
type WakeFunction = ThreadsafeFunction<(), (), (), napi::Status, false, true>;

impl Wake for WakeFunction {
    fn wake(&self) -> bool {
        // Anything but Ok says that the environment ends.
        self.call((), ThreadsafeFunctionCallMode::NonBlocking) == napi::Status::Ok
    }
}

fn threadsafe(wake: &Function<'_, (), ()>) -> napi::Result<WakeFunction> {
    wake.build_threadsafe_function::<()>()
        .callee_handled::<false>()
        .weak::<true>()
        .build_callback(|_| Ok(()))
}

/// What calls this function on its thread.
fn waker(state: &State, env: &Env, wake: &Function<'_, (), ()>) -> napi::Result<Box<dyn Wake>> {
    let sockets = || LoopSockets::new(&state.server, &state.program);
    Ok(match LoopWake::new(env, wake, sockets) {
        Some(wake) => Box::new(wake),
        None => Box::new(threadsafe(wake)?),
    })
}

/// The code page that channels' text is in.
#[napi(object)]
pub struct CodePageInUse {
    pub id: u32,
    /// What its decoder remembers between two pieces of text: a `MEMORY` of lib/boundary.js.
    pub memory: u32,
}

/// An SSH server behind the facade.
#[napi]
pub struct NativeServer {
    pub(super) state: State,
    questions: Questions,
    pub(super) remains: AllRemains,
    /// Resets that wait for their shutdown.
    resets: Vec<Ticket>,
}

#[napi]
impl NativeServer {
    /// `wake` is called when there are events to drain, until [`Self::rest`].
    #[napi(constructor)]
    pub fn new(env: &Env, wake: Function<'_, (), ()>) -> napi::Result<Self> {
        let program = Arc::new(Program::new());
        let settings = Settings::default();
        let handler: Arc<dyn Handler> = Arc::<Program>::clone(&program);
        let server = Server::new(handler, settings.for_driver());
        let state = State { settings, server, program };
        state.apply();
        state.program.rouse(|| waker(&state, env, &wake))?;
        Ok(Self {
            state,
            questions: Questions::default(),
            remains: AllRemains::default(),
            resets: Vec::new(),
        })
    }

    /// `wake` is called again.
    #[napi]
    pub fn rouse(&self, env: &Env, wake: Function<'_, (), ()>) -> napi::Result<()> {
        self.state.program.rouse(|| waker(&self.state, env, &wake))
    }

    /// The program expects no more events: once nothing can happen any more, nothing is held that
    /// could wake it.
    #[napi]
    pub fn rest(&self) {
        self.state.program.may_rest();
        self.state.program.rest(self.state.server.is_idle());
    }

    /// Bit k: events of kind k have a listener.
    #[napi]
    pub fn set_listeners(&self, mask: u32) {
        let wanted = self.state.program.wanted();
        let verbose = |wanted: &crate::driver::Wanted| {
            (wanted.has(EventKind::Log), wanted.has(EventKind::Status))
        };
        let before = verbose(wanted);
        wanted.set(u64::from(mask));
        if before != verbose(wanted) {
            self.state.server.wanted_changed();
        }
    }

    /// A batch of events as one flat array; the wake function is called again if there are more. What
    /// is asked of connections from now on is done by `settle`.
    #[napi]
    pub fn drain<'env>(&mut self, env: &'env Env) -> napi::Result<Array<'env>> {
        self.state.server.begin_turn();
        let events = self.state.program.take_batch();
        let mut batch =
            Batch::new(env, &mut self.questions, &mut self.remains, &self.state.program)?;
        let mut reset = false;
        for event in events {
            if let ServerEvent::Done { ticket, .. } = &event
                && let Some(at) = self.resets.iter().position(|reset| reset == ticket)
            {
                self.resets.swap_remove(at);
                reset = true;
            }
            batch.push(event)?;
        }
        let array = batch.finish();
        if reset {
            self.state.settings = Settings::default();
            self.state.apply();
        }
        self.state.program.rest(self.state.server.is_idle());
        Ok(array)
    }

    /// The listeners of a batch have run: does what they want. `true` when there are more events
    /// already and `again` says that the caller will drain them; otherwise they wake.
    #[napi]
    pub fn settle(&self, again: bool) -> bool {
        self.state.program.without_wakes(again, || self.state.server.end_turn())
    }

    /// Runs what the program does between two batches as a turn of its own.
    fn in_turn<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let own = self.state.server.begin_turn();
        let result = work(self);
        if own {
            self.settle(false);
        }
        result
    }

    /// Pairs of question and 0 or 1: the first `len` numbers.
    #[napi]
    pub fn answer(&mut self, numbers: &[f64], len: u32) {
        self.in_turn(|server| server.answer_each(first(numbers, len)));
    }

    fn answer_each(&mut self, pairs: &[f64]) {
        for pair in pairs.chunks_exact(2) {
            if let &[question, yes] = pair
                && let Some(question) = whole(question)
            {
                self.questions.answer(question, yes != 0.0);
            }
        }
    }

    /// The answer to an authentication request.
    #[napi]
    pub fn answer_auth(
        &mut self,
        question: f64,
        accept: bool,
        partial_success: bool,
        available_methods: String,
    ) {
        let answer = AuthAnswer { accept, partial_success, available_methods, banner: None };
        if let Some(question) = whole(question) {
            self.in_turn(|server| {
                server.questions.answer_auth(question, &server.state.program, answer);
            });
        }
    }

    /// The answer to the request for a tunnel.
    #[napi]
    pub fn answer_tunnel(&mut self, question: f64, accept: bool, port: u32) {
        if let Some(question) = whole(question) {
            let port = u16::try_from(port).ok().filter(|_| accept);
            self.questions.answer_tunnel(question, port);
        }
    }

    /// The answer to Connected with a certificate for this connection.
    #[napi]
    pub fn answer_connected(
        &mut self,
        question: f64,
        store_type: u32,
        store: Either<String, Uint8Array>,
        password: String,
        subject: String,
    ) {
        let asked = whole(question).and_then(|it| self.questions.take_connected(it));
        if let Some(asked) = asked {
            let request = Request {
                store_type,
                store: store.into(),
                store_password: Zeroizing::new(password),
                key_password: None,
                wanted: Selector::Subject(subject),
            };
            let host_certificates = self.state.settings.host_certificates.clone();
            asked.answer(ConnectedAnswer::Load(Box::new(move || {
                let certificate = request.try_load().map_err(|error| error.to_string())?;
                let key = certificate.private_key();
                let key = key.ok_or_else(|| "The store has no private key.".to_owned())?;
                Ok(host_certificates.add_to(&key))
            })));
        }
    }

    /// Pairs of channel and bytes that the program has used: the first `len` numbers.
    #[napi]
    pub fn consumed(&self, numbers: &[f64], len: u32) {
        for pair in first(numbers, len).chunks_exact(2) {
            if let &[channel, bytes] = pair
                && let Some(channel) = whole(channel)
                && let Some(len) = whole(bytes).and_then(|len| usize::try_from(len).ok())
            {
                self.state.server.consumed(channel, len);
            }
        }
    }

    /// Reads a property.
    #[napi]
    pub fn get(&self, name: String) -> napi::Result<Value, String> {
        Ok(properties::get(&self.state, &name)?)
    }

    /// Sets a property; `in_connected` in a listener of Connected.
    #[napi]
    pub fn set(
        &mut self,
        name: String,
        value: Value,
        in_connected: bool,
    ) -> napi::Result<(), String> {
        if in_connected {
            properties::check_in_connected(&name)?;
        }
        Ok(properties::set(&mut self.state, &name, value)?)
    }

    /// The prompts of keyboard-interactive: text, echo, text, echo ...
    #[napi]
    pub fn set_prompts(&mut self, flat: Vec<Either<String, bool>>) -> napi::Result<(), String> {
        let mut prompts = Vec::new();
        for pair in flat.chunks_exact(2) {
            if let [Either::A(prompt), Either::B(echo)] = pair {
                prompts.push(Prompt { prompt: prompt.clone(), echo: *echo });
            }
        }
        login_texts::check_prompts("KeyboardInteractivePrompts", &prompts)?;
        self.state.settings.prompts = prompts;
        self.state.apply();
        Ok(())
    }

    /// The server's certificate.
    #[napi]
    pub fn set_certificate(
        &mut self,
        certificate: Either<ClassInstance<'_, NativeCertificate>, Null>,
    ) {
        self.state.settings.host_key = match certificate {
            Either::A(certificate) => certificate.private_key(),
            Either::B(Null) => None,
        };
        self.state.apply();
    }

    /// Reads or sets a configuration setting; `in_connected` in a listener of Connected.
    #[napi]
    pub fn config(
        &mut self,
        configuration_string: String,
        in_connected: bool,
    ) -> napi::Result<String, String> {
        // it can have the password of a store in it
        let text = Zeroizing::new(configuration_string);
        if in_connected {
            config_strings::check_in_connected(&text)?;
        }
        Ok(config_strings::config(&mut self.state, &text)?)
    }

    /// The code page of the setting CodePage.
    #[napi]
    pub fn code_page(&self) -> CodePageInUse {
        let page = self.state.settings.code_page;
        CodePageInUse { id: page.id, memory: page.memory() as u32 }
    }

    /// What the last setting asked to load, for [`Self::finish_load`].
    #[napi]
    pub fn alternative_to_load(&mut self) -> Option<AlternativeToLoad> {
        self.state.settings.alternatives.take_load()
    }

    /// Takes over what was loaded.
    #[napi]
    pub fn finish_load(&mut self, loaded: ClassInstance<'_, LoadedAlternative>) {
        self.state.settings.alternatives.finish_load(&loaded);
        self.state.apply();
    }

    /// Begins to listen.
    #[napi]
    pub fn start_listening(&self, op: f64) -> napi::Result<(), String> {
        if self.state.server.is_active() {
            return Err(Failure::from(&OpError::AlreadyListening).into());
        }
        if self.state.settings.host_keys().next().is_none() {
            return Err(Failure::new(NO_CERTIFICATE).into());
        }
        if !self.state.settings.for_driver().config.transport.has_host_key() {
            let why = "No host key fits the list SSHPublicKeyAlgorithms.";
            return Err(Failure::with(NO_CERTIFICATE, why).into());
        }
        let started = self.state.server.start(self.state.settings.listen(), ticket(op));
        Ok(started.map_err(|error| Failure::from(&error))?)
    }

    /// Closes the port.
    #[napi]
    pub fn stop_listening(&self, op: f64) {
        self.state.server.stop(ticket(op));
    }

    /// Closes the port and disconnects everybody.
    #[napi]
    pub fn shutdown(&self, op: f64) {
        self.state.server.shutdown(ticket(op));
    }

    /// Shuts down, then restores every default.
    #[napi]
    pub fn reset(&mut self, op: f64) {
        self.resets.push(ticket(op));
        self.state.server.shutdown(ticket(op));
    }

    /// Disconnects a client.
    #[napi]
    pub fn disconnect(&self, op: f64, connection: f64) -> napi::Result<(), String> {
        self.connection(connection)?.disconnect(Some(ticket(op)));
        Ok(())
    }

    /// The program falls behind with the events of a connection, or does so no more; of one that is
    /// over there is nothing to pause.
    #[napi]
    pub fn pause(&self, connection: f64, paused: bool) {
        if let Ok(connection) = self.connection(connection) {
            connection.pause(paused);
        }
    }

    /// Exchanges keys anew.
    #[napi]
    pub fn exchange_keys(&self, op: f64, connection: f64) -> napi::Result<(), String> {
        self.connection(connection)?.exchange_keys(ticket(op));
        Ok(())
    }

    /// Opens a channel; the operation's value is its number.
    #[napi]
    pub fn open_channel(
        &self,
        op: f64,
        connection: f64,
        channel_type: String,
        parameters: &[u8],
    ) -> napi::Result<(), String> {
        let connection = self.connection(connection)?;
        connection.open_channel(channel_type, Bytes::copy_from_slice(parameters), ticket(op));
        Ok(())
    }

    /// Closes a channel after what is queued on it.
    #[napi]
    pub fn close_channel(&self, op: f64, channel: f64) -> napi::Result<(), String> {
        let entry = self.state.channel(channel)?;
        entry.connection.close_channel(entry.local, ticket(op));
        Ok(())
    }

    /// Closes a channel without what is queued on it.
    #[napi]
    pub fn abort_channel(&self, op: f64, channel: f64) -> napi::Result<(), String> {
        let entry = self.state.channel(channel)?;
        entry.connection.abort_channel(entry.local, ticket(op));
        Ok(())
    }

    /// Whether there is a channel of this number to do something on.
    #[napi]
    pub fn is_open(&self, channel: f64) -> bool {
        self.state.channel(channel).is_ok()
    }

    /// Sends data, or extended data of this type; `true` when it is done already.
    #[napi]
    pub fn send(
        &self,
        op: f64,
        channel: f64,
        data: &[u8],
        extended_type: u32,
    ) -> napi::Result<bool, String> {
        let data_type = (extended_type != 0).then_some(extended_type);
        if data.len() >= BLOCK_LEN / 2 {
            memory::shrink_later();
        }
        self.send_bytes(op, channel, data, data_type)
    }

    /// Sends data of a stream, which waits for the client however long that takes; `true` when it is done
    /// already.
    #[napi]
    pub fn write(
        &self,
        op: f64,
        channel: f64,
        data: &[u8],
        extended_type: u32,
    ) -> napi::Result<bool, String> {
        let data_type = (extended_type != 0).then_some(extended_type);
        let entry = self.state.channel(channel)?;
        if data.len() >= BLOCK_LEN / 2 {
            memory::shrink_later();
        }
        Ok(entry.connection.write(entry.local, data_type, data, ticket(op)))
    }

    /// Sends text in the encoding of the code page; `true` when it is done already.
    #[napi]
    pub fn send_text(&self, op: f64, channel: f64, text: String) -> napi::Result<bool, String> {
        let bytes = self.state.settings.encoder.encode(text);
        self.send_bytes(op, channel, &bytes, None)
    }

    fn send_bytes(
        &self,
        op: f64,
        channel: f64,
        data: &[u8],
        data_type: Option<u32>,
    ) -> napi::Result<bool, String> {
        let entry = self.state.channel(channel)?;
        let connection = &entry.connection;
        Ok(connection.send(entry.local, data_type, data, ticket(op)))
    }

    /// Sends a packet that the program has built; `true` when it is done already.
    #[napi]
    pub fn send_packet(
        &self,
        op: f64,
        channel: f64,
        number: u32,
        payload: &[u8],
    ) -> napi::Result<bool, String> {
        let entry = self.state.channel(channel)?;
        let number = u8::try_from(number)
            .map_err(|_| Failure::invalid("A packet type is a number from 0 to 255."))?;
        let payload = Bytes::copy_from_slice(payload);
        let connection = &entry.connection;
        Ok(connection.send_packet(entry.local, number, payload, ticket(op)))
    }

    /// Ends the data of a channel; `true` when it is done already.
    #[napi]
    pub fn send_eof(&self, op: f64, channel: f64) -> napi::Result<bool, String> {
        let entry = self.state.channel(channel)?;
        Ok(entry.connection.send_eof(entry.local, ticket(op)))
    }

    /// Ends everything at once.
    #[napi]
    pub fn abort(&self) {
        self.state.server.abort();
    }

    fn connection(&self, id: f64) -> Result<Arc<ConnectionHandle>, Failure> {
        let id = whole(id).ok_or_else(|| Failure::new(UNKNOWN_CONNECTION))?;
        self.state.connection(id)
    }
}

impl Drop for NativeServer {
    fn drop(&mut self) {
        // The object is collected, or its environment ends.
        self.state.server.abort();
        self.state.program.close();
    }
}

/// The facade counts its operations.
fn first(numbers: &[f64], len: u32) -> &[f64] {
    usize::try_from(len).ok().and_then(|len| numbers.get(..len)).unwrap_or(numbers)
}

pub(super) fn ticket(op: f64) -> Ticket {
    Ticket(whole(op).unwrap_or(0))
}
