//! GSSAPI (RFC 4462, RFC 8732): its key exchange and its two methods of login, with a library that does what
//! the client's token says. __test__/e2e/kerberos.spec.js has those of Kerberos.

use std::time::Duration;

use bytes::BytesMut;
use sshserver::crypto::gss::KERBEROS;
use sshserver::engine::{AuthAnswer, AuthParam, Event, Verbosity};
use sshserver::error::{
    Closed, CryptoError, DisconnectReason, Error, InvalidMessage, LimitExceeded, PeerIncompatible,
    PeerMisbehaved,
};
use sshserver::limits::{GSS_STEP_TIME, MAX_GSS_MECHANISMS, MAX_GSS_STEPS, MAX_GSS_TOKEN_LEN};
use sshserver::wire::messages::{
    self, GssExchangeComplete, GssMic, GssResponse, GssToken, KexGssContinue, KexGssError, Message,
    UserauthFailure, UserauthGssErrtok, UserauthRequest,
};
use sshserver::wire::{WriteBuffer, Writer};

use crate::common::FixedRandom;
use crate::common::client::Offer;
use crate::common::gss::{
    BAD, BAD_WITH_TOKEN, DELEGATES, FOREIGN, GOOD, MORE, NO_INTEGRITY, NOT_MUTUAL, SECRET_TEXT,
    gss_config, mic,
};
use crate::common::kex::{ClientKex, with_token};
use crate::common::pair::Pair;
use crate::common::program::{Program, Seen, verdict};

const SUFFIX: &str = "toWM5Slw5Ew8Mqkay+al2g==";
const WITH_MIC: &str = "gssapi-with-mic";
const KEYEX: &str = "gssapi-keyex";

fn by_gss(offer: Offer) -> Offer {
    offer.kex(&format!("gss-curve25519-sha256-{SUFFIX},kex-strict-c-v00@openssh.com"))
}

/// Both KEXINIT were exchanged; the test sends each further message by hand.
fn negotiated(method: &str) -> Pair {
    let offer = Offer::default().kex(&format!("gss-{method}-{SUFFIX}"));
    let mut pair = Pair::new(gss_config(), offer, Program::default());
    pair.server.set_verbosity(Verbosity { log_level: 1, ..Verbosity::default() });
    pair.client.automatic = false;
    pair.exchange_keys();
    pair
}

/// The client's first message of a method, with a token.
fn init(token: &[u8]) -> Vec<u8> {
    with_token(ClientKex::start("curve25519-sha256", &mut FixedRandom::new(3)).init(), token)
}

fn say(pair: &mut Pair, payload: &[u8]) {
    pair.client.send_now(payload);
    pair.run();
}

fn assert_refused(mut pair: Pair, payload: &[u8], error: impl Into<Error>) {
    say(&mut pair, payload);
    let error = error.into();
    let reason = error.disconnect_reason();
    pair.assert_ended(&error, reason);
}

/// What the library says of a failure is in the log, and the client has heard nothing of it.
fn assert_text_is_kept(pair: &Pair, in_log: bool) {
    let is_said = |text: &[u8]| text.windows(6).any(|window| window == b"secret");
    assert!(!is_said(&pair.sent), "the client was told");
    let lines = pair.program.seen.iter().filter_map(|seen| match seen {
        Seen::Line(line) => Some(line),
        _ => None,
    });
    assert_eq!(lines.filter(|line| line.contains(SECRET_TEXT)).count() > 0, in_log);
}

/// The client is told nothing but that it has failed, and the connection ends (RFC 4462 section 2.1).
fn assert_failed(mut pair: Pair, token: Option<&[u8]>, in_log: bool) {
    assert_eq!(pair.ended(), Some(&CryptoError::GssContext.into()));
    if let Some(token) = token {
        let payload = pair.take_number(31);
        assert_eq!(KexGssContinue::decode(&payload).unwrap().token, token);
    }
    let payload = pair.take_number(34);
    let error = KexGssError::decode(&payload).unwrap();
    assert_eq!((error.major, error.minor), (13 << 16, 0));
    assert_eq!(error.text, "GSSAPI authentication failed");
    assert_eq!(pair.disconnect_reason(), Some(DisconnectReason::KeyExchangeFailed as u32));
    assert_text_is_kept(&pair, in_log);
}

#[test]
fn rfc4462_s2_1_tokens_go_to_and_fro_until_the_context_is_complete() {
    let mut pair = negotiated("curve25519-sha256");
    let mut next = init(MORE);
    for _ in 1..MAX_GSS_STEPS {
        say(&mut pair, &next);
        let payload = pair.take_number(31);
        assert_eq!(KexGssContinue::decode(&payload).unwrap().token, b"go on");
        next = KexGssContinue { token: MORE }.encode();
    }
    say(&mut pair, &KexGssContinue { token: GOOD }.encode());
    pair.take_number(32);
    assert_eq!(pair.client.numbers.last(), Some(&messages::SSH_MSG_NEWKEYS));
    assert_eq!(pair.ended(), None);
}

#[test]
fn rfc4462_s2_1_failures_of_a_context_end_the_exchange() {
    for (token, ours, in_log) in [
        (BAD, None, true),
        (BAD_WITH_TOKEN, Some(&b"sorry"[..]), true),
        (b"", None, true),
        (NO_INTEGRITY, None, false),
        (NOT_MUTUAL, None, false),
        (&[0x60; MAX_GSS_TOKEN_LEN][..], None, true),
        (&[0x60; MAX_GSS_TOKEN_LEN + 1][..], None, false),
    ] {
        let mut pair = negotiated("curve25519-sha256");
        say(&mut pair, &init(token));
        assert_failed(pair, ours, in_log);
    }
    // one step too many
    let mut pair = negotiated("curve25519-sha256");
    say(&mut pair, &init(MORE));
    for _ in 0..MAX_GSS_STEPS {
        say(&mut pair, &KexGssContinue { token: MORE }.encode());
    }
    assert_eq!(
        pair.client.numbers.iter().filter(|number| **number == 31).count() as u32,
        MAX_GSS_STEPS
    );
    while pair.client.received[0].payload[0] == 31 {
        pair.take();
    }
    assert_failed(pair, None, false);
}

#[test]
fn rfc4462_s2_1_messages_have_their_order() {
    let unexpected = PeerMisbehaved::UnexpectedMessage;
    let token = KexGssContinue { token: GOOD }.encode();
    assert_refused(negotiated("curve25519-sha256"), &token, unexpected(31));
    for number in [32, 34] {
        let message = [&[number], &init(GOOD)[1..]].concat();
        assert_refused(negotiated("curve25519-sha256"), &message, unexpected(number));
    }
    for number in [33, 41] {
        let error = PeerMisbehaved::ServerOnlyMessage(number);
        assert_refused(negotiated("curve25519-sha256"), &[number, 0, 0, 0, 0], error);
    }
    let mut begun = negotiated("curve25519-sha256");
    say(&mut begun, &init(MORE));
    assert_refused(begun, &init(GOOD), unexpected(30));
    // a plain method knows none of them
    for number in [31, 40] {
        let mut pair = Pair::new(gss_config(), Offer::default(), Program::default());
        pair.client.automatic = false;
        pair.exchange_keys();
        assert_refused(pair, &[number, 0, 0, 0, 0], unexpected(number));
    }
}

#[test]
fn rfc4462_s2_2_groups_are_asked_for_once_and_only_where_there_is_a_choice() {
    let unexpected = PeerMisbehaved::UnexpectedMessage;
    let request = ClientKex::start(&format!("gss-gex-sha1-{SUFFIX}"), &mut FixedRandom::new(3));
    let request = request.init();
    assert_refused(negotiated("curve25519-sha256"), &request, unexpected(40));
    assert_refused(negotiated("group14-sha256"), &request, unexpected(40));
    let asked = || {
        let mut pair = negotiated("gex-sha1");
        say(&mut pair, &request);
        assert_eq!(pair.take().unwrap()[0], 41);
        pair
    };
    // the inner method calls it by the number that it has there
    assert_refused(asked(), &request, unexpected(34));
    // a value without a group
    let mut value = vec![30];
    Writer::new(&mut value).string(GOOD).mpint(&[2]);
    assert_refused(negotiated("gex-sha1"), &value, unexpected(32));
    for len in 1..value.len() {
        assert_refused(asked(), &value[..len], InvalidMessage::Truncated);
    }
    let longer = [&value[..], &[0]].concat();
    assert_refused(asked(), &longer, InvalidMessage::TrailingBytes);
    for bad in [&[][..], &[1]] {
        let mut value = vec![30];
        Writer::new(&mut value).string(GOOD).mpint(bad);
        assert_refused(asked(), &value, CryptoError::BadPublicValue);
    }
}

#[test]
fn further_tokens_that_are_cut_or_too_long_are_refused() {
    let whole = KexGssContinue { token: GOOD }.encode();
    let begun = || {
        let mut pair = negotiated("curve25519-sha256");
        say(&mut pair, &init(MORE));
        assert_eq!(pair.take().unwrap()[0], 31);
        pair
    };
    for len in 1..whole.len() {
        assert_refused(begun(), &whole[..len], InvalidMessage::Truncated);
    }
    assert_refused(begun(), &[&whole[..], &[0]].concat(), InvalidMessage::TrailingBytes);
}

#[test]
fn first_messages_that_are_cut_are_refused() {
    let gex = format!("gss-gex-sha1-{SUFFIX}");
    let request = ClientKex::start(&gex, &mut FixedRandom::new(3)).init();
    for (method, whole) in [
        ("curve25519-sha256", init(GOOD)),
        ("nistp256-sha256", init(GOOD)),
        ("group14-sha256", init(GOOD)),
        ("gex-sha1", request),
    ] {
        for len in 1..whole.len() {
            assert_refused(negotiated(method), &whole[..len], InvalidMessage::Truncated);
        }
        let longer = [&whole[..], &[0]].concat();
        assert_refused(negotiated(method), &longer, InvalidMessage::TrailingBytes);
    }
}

/// RFC 4462 section 5; RFC 4253 section 7.1: a method without what it needs is passed over.
#[test]
fn rfc4462_s5_the_null_host_key_is_for_gssapi_alone() {
    let gss = format!("gss-nistp256-sha256-{SUFFIX}");
    let both = format!("curve25519-sha256,{gss}");
    for (kex, host_key, outcome) in [
        (&*gss, "null", Ok(())),
        (&gss, "ssh-rsa,null", Ok(())),
        (&gss, "", Ok(())),
        (&gss, "ssh-ed25519", Ok(())),
        (&both, "null", Ok(())),
        ("curve25519-sha256", "null", Err(PeerIncompatible::NoCommonHostKey)),
        ("curve25519-sha256", "null,ssh-dss", Err(PeerIncompatible::NoCommonHostKey)),
        (
            "gss-nistp256-sha256-eipGX3TCiQSrx573bT1o1Q==",
            "null",
            Err(PeerIncompatible::NoCommonKex),
        ),
        ("gss-nistp256-sha256-", "ssh-ed25519", Err(PeerIncompatible::NoCommonKex)),
    ] {
        let offer = Offer::default().kex(kex).host_key(host_key);
        let mut pair = Pair::new(gss_config(), offer, Program::default());
        match outcome {
            Ok(()) => {
                pair.handshake();
                assert_eq!(pair.client.host_key_blob, b"", "{kex} {host_key}");
            }
            Err(error) => {
                pair.exchange_keys();
                let reason = Some(DisconnectReason::KeyExchangeFailed);
                pair.assert_ended(&error.into(), reason);
            }
        }
    }
}

/// What the server offers: the lists of methods and of host keys.
fn offered(pair: &Pair) -> [String; 2] {
    let init = pair.client.kex_inits[1].clone().unwrap();
    let init = messages::KexInit::decode(&init).unwrap();
    [init.kex_algorithms.as_str().to_owned(), init.server_host_key_algorithms.as_str().to_owned()]
}

#[test]
fn nothing_of_gssapi_is_offered_without_an_acceptor() {
    for (has_acceptor, has_key, host_keys) in
        [(true, true, "ssh-ed25519"), (true, false, "null"), (false, true, "ssh-ed25519")]
    {
        let mut config = gss_config();
        if !has_acceptor {
            config.transport.gss = None;
        }
        if !has_key {
            config.transport.host_keys.clear();
        }
        let mut pair = Pair::new(config, Offer::default().kex("unknown"), Program::default());
        pair.client.automatic = false;
        pair.exchange_keys();
        let [kex, host_key] = offered(&pair);
        assert_eq!(kex.contains("gss-"), has_acceptor);
        assert!(host_key.contains(host_keys), "{host_key}");
        assert_eq!(host_key.contains("null"), !has_key, "{host_key}");
    }
}

/// Up to where the client may log in; the first exchange is by GSSAPI if `exchanged`.
fn begun(exchanged: bool, program: Program) -> Pair {
    let offer = if exchanged { by_gss(Offer::default()) } else { Offer::default() };
    let mut pair = Pair::new(gss_config(), offer, program);
    pair.server.set_verbosity(Verbosity { log_level: 1, ..Verbosity::default() });
    pair.start_authentication();
    while pair.take().is_some() {}
    pair
}

/// `uint32 n | string mechanism[n]`
fn mechanisms(list: &[&[u8]]) -> Vec<u8> {
    let mut fields = Vec::new();
    let mut writer = Writer::new(&mut fields);
    writer.u32(list.len() as u32);
    for mechanism in list {
        writer.string(mechanism);
    }
    fields
}

/// What the MIC of a login is of.
fn signed(pair: &Pair, user: &str, method: &str) -> Vec<u8> {
    let mut message = Vec::new();
    Writer::new(&mut message)
        .string(&pair.client.session_id)
        .u8(50)
        .string(user)
        .string("ssh-connection")
        .string(method);
    message
}

/// A request, answered with the mechanism.
fn request_gss(pair: &mut Pair) {
    pair.authenticate(WITH_MIC, &mechanisms(&[b"\x06\x01\x2b", KERBEROS]));
    let payload = pair.take_number(60);
    assert_eq!(GssResponse::decode(&payload).unwrap().mechanism, KERBEROS);
}

/// A request and a token; the context is complete.
fn with_context(pair: &mut Pair, token: &[u8]) {
    request_gss(pair);
    pair.say(&GssToken { token });
    if token != FOREIGN {
        let payload = pair.take_number(61);
        assert_eq!(GssToken::decode(&payload).unwrap().token, b"welcome");
    }
}

fn send_mic(pair: &mut Pair, user: &str, method: &str) {
    let mic = mic(&signed(pair, user, method));
    pair.say(&GssMic { mic: &mic });
}

fn keyex(pair: &mut Pair, user: &str, mic: &[u8]) {
    let mut fields = Vec::new();
    Writer::new(&mut fields).string(mic);
    pair.say(&UserauthRequest {
        user_name: user.as_bytes(),
        service_name: "ssh-connection",
        method_name: KEYEX,
        method_specific: &fields,
    });
}

/// How often the program was asked.
fn questions(pair: &Pair) -> usize {
    pair.program.seen.iter().filter(|seen| matches!(seen, Seen::Auth { .. })).count()
}

/// The methods of the failure that comes next, and whether the step was good.
fn failure(pair: &mut Pair) -> (String, bool) {
    let payload = pair.take_number(51);
    let failure = UserauthFailure::decode(&payload).unwrap();
    (failure.can_continue.as_str().to_owned(), failure.partial_success)
}

/// A program that lets a principal into its own account.
fn own_account() -> Program {
    Program::judging(|question| {
        let AuthParam::Principal(initiator) = &question.param else {
            return Some(verdict(false));
        };
        assert_eq!(initiator.principal == "eve@OTHER", initiator.local_name.is_empty());
        Some(verdict(initiator.local_name == question.user))
    })
}

#[test]
fn rfc4462_s3_a_login_is_asked_about_when_its_mic_holds() {
    for (token, user, gets_in) in [
        (GOOD, "bob", true),
        (DELEGATES, "bob", true),
        (GOOD, "alice", false),
        (FOREIGN, "bob", false),
    ] {
        let mut pair = begun(false, own_account());
        let request = |pair: &mut Pair| {
            pair.say(&UserauthRequest {
                user_name: user.as_bytes(),
                service_name: "ssh-connection",
                method_name: WITH_MIC,
                method_specific: &mechanisms(&[KERBEROS]),
            });
            pair.take_number(60);
            pair.say(&GssToken { token });
            pair.take_numbers();
        };
        request(&mut pair);
        assert_eq!(questions(&pair), 0);
        send_mic(&mut pair, user, WITH_MIC);
        let asked = Seen::Auth {
            user: user.to_owned(),
            service: "ssh-connection".to_owned(),
            method: WITH_MIC.to_owned(),
            param: if token == FOREIGN { b"eve@OTHER".to_vec() } else { b"bob@TEST".to_vec() },
            key_algorithm: String::new(),
            signed: false,
        };
        assert!(pair.has_seen(&asked), "{:?}", pair.program.seen);
        assert_eq!(pair.server.peer().is_authenticated, gets_in, "{user}");
        assert_eq!(pair.jobs.last(), Some(&true), "a step is a heavy job");
    }
}

#[test]
fn rfc4462_s3_5_a_mic_of_anything_else_is_wrong() {
    let other_session = {
        let mut offer = Offer::default();
        offer.cipher = ["aes128-ctr".to_owned(), "aes128-ctr".to_owned()];
        let mut pair = Pair::new(gss_config(), offer, Program::default());
        pair.start_authentication();
        mic(&signed(&pair, "user", WITH_MIC))
    };
    for wrong in 0..6 {
        let mut pair = begun(true, Program::default());
        with_context(&mut pair, GOOD);
        let right = mic(&signed(&pair, "user", WITH_MIC));
        let given = match wrong {
            0 => vec![],
            1 => right[..31].to_vec(),
            2 => mic(&signed(&pair, "root", WITH_MIC)),
            3 => mic(&signed(&pair, "user", KEYEX)),
            4 => other_session.clone(),
            _ => vec![7; MAX_GSS_TOKEN_LEN + 1],
        };
        pair.say(&GssMic { mic: &given });
        assert_eq!(failure(&mut pair), ("gssapi-keyex,gssapi-with-mic,password".to_owned(), false));
        assert_eq!(questions(&pair), 0, "{wrong}");
        assert_text_is_kept(&pair, wrong < 5);
        // the context is gone: nothing can be tried with it again
        let error: Error = PeerMisbehaved::UnexpectedMessage(66).into();
        pair.say(&GssMic { mic: &right });
        pair.assert_ended(&error, error.disconnect_reason());
    }
}

#[test]
fn a_context_without_integrity_lets_nobody_in() {
    let mut pair = begun(false, Program::default());
    with_context(&mut pair, NO_INTEGRITY);
    send_mic(&mut pair, "user", WITH_MIC);
    failure(&mut pair);
    with_context(&mut pair, NO_INTEGRITY);
    pair.say(&GssExchangeComplete {});
    failure(&mut pair);
    assert_eq!(questions(&pair), 0);
}

/// RFC 4462 section 3.6: a login without a MIC is not bound to its connection.
#[test]
fn rfc4462_s3_6_the_end_without_a_mic_is_refused() {
    let mut pair = begun(false, Program::default());
    with_context(&mut pair, GOOD);
    pair.say(&GssExchangeComplete {});
    failure(&mut pair);
    assert_eq!(questions(&pair), 0);
}

#[test]
fn rfc4462_s3_9_the_clients_error_token_has_no_reply_and_counts() {
    let mut config = gss_config();
    config.max_auth_attempts = 2;
    let mut pair = Pair::new(config, Offer::default(), Program::default());
    pair.start_authentication();
    pair.take_numbers();
    for _ in 0..2 {
        request_gss(&mut pair);
        pair.say(&UserauthGssErrtok { token: b"no ticket" });
        assert_eq!(pair.take_numbers(), [0; 0]);
    }
    request_gss(&mut pair);
    pair.say(&UserauthGssErrtok { token: b"no ticket" });
    let error: Error = LimitExceeded::AuthAttempts.into();
    pair.assert_ended(&error, error.disconnect_reason());
}

#[test]
fn rfc4462_s3_9_the_librarys_error_token_comes_before_the_failure() {
    for (token, numbers) in [(BAD, vec![51]), (BAD_WITH_TOKEN, vec![65, 51])] {
        let mut pair = begun(false, Program::default());
        request_gss(&mut pair);
        pair.say(&GssToken { token });
        assert_eq!(pair.take_numbers(), numbers);
        assert_text_is_kept(&pair, true);
        // and another attempt may follow
        with_context(&mut pair, GOOD);
        send_mic(&mut pair, "user", WITH_MIC);
        pair.take_number(messages::SSH_MSG_USERAUTH_SUCCESS);
    }
}

#[test]
fn a_login_has_so_many_tokens() {
    let mut pair = begun(false, Program::default());
    request_gss(&mut pair);
    for _ in 0..MAX_GSS_STEPS {
        pair.say(&GssToken { token: MORE });
        assert_eq!(pair.take_numbers(), [61]);
    }
    pair.say(&GssToken { token: GOOD });
    assert_eq!(pair.take_numbers(), [51]);
    // as long as can be, and one longer: the library sees only the first
    for (len, in_log) in [(MAX_GSS_TOKEN_LEN + 1, false), (MAX_GSS_TOKEN_LEN, true)] {
        request_gss(&mut pair);
        pair.say(&GssToken { token: &vec![0x60; len] });
        assert_eq!(pair.take_numbers(), [51]);
        assert_text_is_kept(&pair, in_log);
    }
}

#[test]
fn messages_of_a_login_in_the_wrong_state_end_the_connection() {
    let token = GssToken { token: GOOD }.encode();
    let mic = GssMic { mic: b"x" }.encode();
    let complete = GssExchangeComplete {}.encode();
    let errtok = UserauthGssErrtok { token: b"x" }.encode();
    type Prepare = fn(&mut Pair);
    let nothing: Prepare = |_| {};
    let requested: Prepare = request_gss;
    let completed: Prepare = |pair| with_context(pair, GOOD);
    let other_request: Prepare = |pair| {
        request_gss(pair);
        pair.authenticate("none", b"");
    };
    let refused: Prepare = |pair| {
        request_gss(pair);
        pair.say(&GssToken { token: BAD });
    };
    for (prepare, payload) in [
        (nothing, &token),
        (nothing, &mic),
        (nothing, &complete),
        (nothing, &errtok),
        (requested, &mic),
        (requested, &complete),
        (completed, &token),
        (other_request, &token),
        (other_request, &mic),
        (refused, &token),
        (refused, &mic),
    ] {
        let mut pair = begun(false, Program::default());
        prepare(&mut pair);
        assert_refused(pair, payload, PeerMisbehaved::UnexpectedMessage(payload[0]));
    }
    // responses of a dialog are no tokens
    let mut pair = begun(false, Program::default());
    request_gss(&mut pair);
    assert_refused(pair, b"\x3d\0\0\0\x01\0\0\0\x01x", InvalidMessage::TrailingBytes);
}

#[test]
fn messages_of_a_login_that_are_cut_are_refused() {
    type Prepare = fn(&mut Pair);
    let requested: Prepare = request_gss;
    let completed: Prepare = |pair| with_context(pair, GOOD);
    for (prepare, whole) in [
        (requested, GssToken { token: GOOD }.encode()),
        (requested, UserauthGssErrtok { token: b"x" }.encode()),
        (completed, GssMic { mic: b"mic" }.encode()),
        (completed, GssExchangeComplete {}.encode()),
    ] {
        let prepared = || {
            let mut pair = begun(false, Program::default());
            prepare(&mut pair);
            pair
        };
        for len in 1..whole.len() {
            assert_refused(prepared(), &whole[..len], InvalidMessage::Truncated);
        }
        assert_refused(prepared(), &[&whole[..], &[0]].concat(), InvalidMessage::TrailingBytes);
    }
    let request = |method, fields: &[u8]| {
        let message = UserauthRequest {
            user_name: b"user",
            service_name: "ssh-connection",
            method_name: method,
            method_specific: fields,
        };
        message.encode()
    };
    for (method, fields) in
        [(WITH_MIC, mechanisms(&[b"\x06\x01\x2b", KERBEROS])), (KEYEX, b"\0\0\0\x03mic".to_vec())]
    {
        for len in 0..fields.len() {
            let cut = request(method, &fields[..len]);
            assert_refused(begun(true, Program::default()), &cut, InvalidMessage::Truncated);
        }
        let longer = request(method, &[&fields[..], &[0]].concat());
        assert_refused(begun(true, Program::default()), &longer, InvalidMessage::TrailingBytes);
    }
}

/// RFC 4462 section 3.2; the count is bounded before anything is made of it (CVE-2025-58181 in Go's server).
#[test]
fn mechanisms_are_counted_before_they_are_read() {
    let most = MAX_GSS_MECHANISMS as usize;
    let other: &[u8] = b"\x06\x01\x2b";
    let mut list = vec![other; most];
    for (list, found) in [
        (vec![], false),
        (list.clone(), false),
        (vec![&KERBEROS[2..]], false),
        (vec![&KERBEROS[..10]], false),
        (vec![b"\x06\x06\x2b\x06\x01\x05\x05\x02"], false),
        (vec![&[6; 33][..], KERBEROS], true),
        (
            {
                list[most - 1] = KERBEROS;
                list
            },
            true,
        ),
    ] {
        let mut pair = begun(false, Program::default());
        pair.authenticate(WITH_MIC, &mechanisms(&list));
        assert_eq!(pair.take_numbers(), [if found { 60 } else { 51 }], "{list:?}");
    }
    let error = LimitExceeded::GssMechanisms;
    let fields = mechanisms(&vec![KERBEROS; most + 1]);
    for fields in [&fields[..], &fields[..4], &[0xff; 4]] {
        let mut pair = begun(false, Program::default());
        pair.authenticate(WITH_MIC, fields);
        let error: Error = error.into();
        pair.assert_ended(&error, error.disconnect_reason());
    }
}

#[test]
fn rfc4462_s4_a_login_by_the_exchange() {
    let mut pair = begun(true, own_account());
    let right = mic(&signed(&pair, "bob", KEYEX));
    // another account, with a MIC for it: the program is asked, and refuses
    let for_root = mic(&signed(&pair, "root", KEYEX));
    keyex(&mut pair, "root", &for_root);
    failure(&mut pair);
    assert_eq!(questions(&pair), 1);
    // another account with bob's MIC, and bob's account with a MIC of another method: nobody is asked
    keyex(&mut pair, "root", &right);
    failure(&mut pair);
    let with_mic = mic(&signed(&pair, "bob", WITH_MIC));
    keyex(&mut pair, "bob", &with_mic);
    failure(&mut pair);
    assert_eq!(questions(&pair), 1);
    keyex(&mut pair, "bob", &right);
    pair.take_number(messages::SSH_MSG_USERAUTH_SUCCESS);
    assert_text_is_kept(&pair, true);
    pair.assert_alive();
}

/// RFC 4462 section 4: the context has to be that of the first exchange.
#[test]
fn rfc4462_s4_there_is_none_after_another_first_exchange() {
    let mut pair = Pair::new(gss_config(), Offer::default(), Program::default());
    pair.handshake();
    pair.client.offer = by_gss(Offer::default());
    pair.client.send_kex_init();
    pair.run();
    assert_eq!(pair.client.exchanges, 2);
    pair.request_service("ssh-userauth");
    pair.take_numbers();
    let mic = mic(&signed(&pair, "user", KEYEX));
    keyex(&mut pair, "user", &mic);
    assert_eq!(failure(&mut pair), ("gssapi-with-mic,password".to_owned(), false));
    assert_eq!(questions(&pair), 0);
}

/// New keys by another method do not end it.
#[test]
fn rfc4462_s4_the_context_of_the_first_exchange_stays() {
    let mut pair = begun(true, Program::default());
    pair.client.offer = Offer::default();
    pair.client.send_kex_init();
    pair.run();
    assert_eq!(pair.client.exchanges, 2);
    let mic = mic(&signed(&pair, "user", KEYEX));
    keyex(&mut pair, "user", &mic);
    pair.take_number(messages::SSH_MSG_USERAUTH_SUCCESS);
}

#[test]
fn methods_are_told_and_taken_where_there_is_an_acceptor_and_the_list_has_them() {
    for (has_acceptor, exchanged, list, told) in [
        (
            true,
            true,
            "gssapi-keyex, gssapi-with-mic,password",
            "gssapi-keyex,gssapi-with-mic,password",
        ),
        (true, false, "gssapi-keyex,gssapi-with-mic,password", "gssapi-with-mic,password"),
        (false, false, "gssapi-keyex,gssapi-with-mic,password", "password"),
        (true, true, "password", "password"),
    ] {
        let mut config = gss_config();
        config.auth_methods = list.to_owned();
        if !has_acceptor {
            config.transport.gss = None;
        }
        let offer = if exchanged { by_gss(Offer::default()) } else { Offer::default() };
        let program = Program::judging(move |question| {
            let available_methods = list.to_owned();
            let accept = question.method.starts_with("gssapi-");
            Some(AuthAnswer { accept, available_methods, ..AuthAnswer::default() })
        });
        let mut pair = Pair::new(config, offer, program);
        pair.start_authentication();
        pair.take_numbers();
        // refused by the engine, and by the program
        pair.authenticate("unknown", b"");
        assert_eq!(failure(&mut pair), (told.to_owned(), false));
        pair.authenticate("none", b"");
        assert_eq!(failure(&mut pair), (told.to_owned(), false));
        pair.authenticate(WITH_MIC, &mechanisms(&[KERBEROS]));
        let number = if told.contains(WITH_MIC) { 60 } else { 51 };
        assert_eq!(pair.take_numbers(), [number], "{list}");
        let mic = mic(&signed(&pair, "user", KEYEX));
        keyex(&mut pair, "user", &mic);
        assert_eq!(pair.server.peer().is_authenticated, told.contains(KEYEX), "{list}");
    }
}

/// A principal without an account has the empty name; it must not be taken for a user without a name.
#[test]
fn an_empty_user_name_is_refused() {
    let mut pair = begun(true, own_account());
    let right = mic(&signed(&pair, "", KEYEX));
    keyex(&mut pair, "", &right);
    failure(&mut pair);
    pair.say(&UserauthRequest {
        user_name: b"",
        service_name: "ssh-connection",
        method_name: WITH_MIC,
        method_specific: &mechanisms(&[KERBEROS]),
    });
    failure(&mut pair);
    assert_eq!(questions(&pair), 0);
}

#[test]
fn gssapi_is_one_of_several_factors() {
    let program = Program::judging(|question| {
        let done = question.partial_successes.len();
        Some(match &*question.method {
            "none" => verdict(false),
            _ if done < 1 => AuthAnswer {
                partial_success: true,
                available_methods: "gssapi-keyex,gssapi-with-mic,password".to_owned(),
                ..AuthAnswer::default()
            },
            _ => verdict(true),
        })
    });
    let mut pair = begun(true, program);
    let right = mic(&signed(&pair, "user", KEYEX));
    keyex(&mut pair, "user", &right);
    assert!(failure(&mut pair).1);
    pair.try_password("secret");
    pair.take_number(messages::SSH_MSG_USERAUTH_SUCCESS);
}

/// A step may take for ever: meanwhile nothing of the client is processed, the time to log in counts, and what
/// comes of the step later is dropped.
#[test]
fn the_time_to_log_in_ends_a_step_that_hangs() {
    let mut pair = begun(false, Program::default());
    request_gss(&mut pair);
    pair.client.say(&GssToken { token: GOOD });
    pair.to_server.extend_from_slice(&std::mem::take(&mut pair.client.out));
    let mut input = std::mem::take(&mut pair.to_server);
    pair.server.handle_input(pair.now, &mut input);
    let Some(Event::Job(job)) = pair.server.poll_event() else {
        panic!("no job");
    };
    assert!(job.is_heavy() && job.may_block());
    assert!(!pair.server.wants_input());
    let mut more = BytesMut::from(&[0_u8; 64][..]);
    pair.server.handle_input(pair.now, &mut more);
    assert_eq!(more.len(), 64);
    pair.sleep(Duration::from_secs(121));
    let error = Error::Closed(Closed::HandshakeTimeout);
    pair.assert_ended(&error, error.disconnect_reason());
    pair.server.complete(pair.now, job.run());
    assert!(pair.server.poll_event().is_none());
    assert!(!pair.server.poll_transmit(pair.now, &mut WriteBuffer::new()));
}

/// After the login there is no time to log in; a step that hangs is ended all the same.
#[test]
fn a_step_that_hangs_ends_a_later_exchange() {
    let mut config = gss_config();
    config.login_grace = None;
    let mut pair = Pair::new(config, by_gss(Offer::default()), Program::default());
    pair.login();
    pair.run_jobs = false;
    pair.client.send_kex_init();
    pair.run();
    assert_eq!(pair.ended(), None);
    pair.sleep(GSS_STEP_TIME - Duration::from_secs(1));
    assert_eq!(pair.ended(), None);
    pair.sleep(Duration::from_secs(1));
    let error = Error::Closed(Closed::HandshakeTimeout);
    assert_eq!(pair.ended(), Some(&error));
}

/// Only what takes a step of the context is for the threads that may wait.
#[test]
fn which_jobs_may_block() {
    for (message, blocks) in [(init(GOOD), true), (vec![40, 0], false)] {
        let mut pair = negotiated("curve25519-sha256");
        pair.client.send_now(&message);
        let mut input = BytesMut::from(&std::mem::take(&mut pair.client.out)[..]);
        pair.server.handle_input(pair.now, &mut input);
        let Some(Event::Job(job)) = pair.server.poll_event() else {
            panic!("no job");
        };
        assert_eq!((job.is_heavy(), job.may_block()), (blocks, blocks));
    }
}
