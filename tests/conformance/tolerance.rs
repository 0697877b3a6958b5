//! What real clients do although the RFCs do not have it, and OpenSSH's sshd survives.

use sshserver::engine::Outcome;
use sshserver::error::{DisconnectReason, Error, InvalidMessage};
use sshserver::wire::messages::{self, Message, Unimplemented};

use crate::common::pair::Pair;
use crate::common::program::Seen;

/// Tabby, libssh2, sshj and paramiko send keepalives while their user looks for a password.
#[test]
fn connection_messages_before_the_login_are_refused_and_harm_nothing() {
    let keepalive = b"\x50\0\0\0\x15keepalive@openssh.com";
    let with_reply = [&keepalive[..], b"\x01"].concat();
    let without_reply = [&keepalive[..], b"\0"].concat();
    for (payload, reply) in [
        (with_reply, messages::SSH_MSG_REQUEST_FAILURE),
        (without_reply, messages::SSH_MSG_UNIMPLEMENTED),
        (vec![80], messages::SSH_MSG_UNIMPLEMENTED),
        (b"\x5a\0\0\0\x01x\0\0\0\0\0\0\0\0\0\0\0\0".to_vec(), messages::SSH_MSG_UNIMPLEMENTED),
        (b"\x5e\0\0\0\0\0\0\0\x01x".to_vec(), messages::SSH_MSG_UNIMPLEMENTED),
        (vec![98, 0, 0, 0, 0], messages::SSH_MSG_UNIMPLEMENTED),
        (vec![127], messages::SSH_MSG_UNIMPLEMENTED),
    ] {
        let mut pair = Pair::plain();
        pair.handshake();
        pair.take_numbers();
        for when in ["before the service", "before a request", "after one that failed"] {
            let sequence = pair.client.send_sequence;
            pair.client.send_now(&payload);
            pair.run();
            let answer = pair.take_number(reply);
            if let Ok(message) = Unimplemented::decode(&answer) {
                assert_eq!(message.packet_sequence_number, sequence, "{when}");
            }
            match when {
                "before the service" => pair.request_service("ssh-userauth"),
                _ => pair.authenticate("none", b""),
            }
            pair.take_numbers();
        }
        assert_eq!(pair.program.seen.iter().filter(|it| matches!(it, Seen::Open(..))).count(), 0);
        pair.try_password("x");
        pair.assert_alive();
    }
}

/// Dev-tunnels leaves the language tag out of SSH_MSG_DISCONNECT; others may say less, or more.
#[test]
fn a_disconnect_is_told_whatever_it_leaves_out() {
    for (fields, description) in [
        (&b"\0\0\0\x03bye\0\0\0\x02en"[..], "bye"),
        (b"\0\0\0\x03bye\0\0\0\0more", "bye"),
        (b"\0\0\0\x03bye\0\0", "bye"),
        (b"\0\0\0\x03bye", "bye"),
        (b"\0\0\0\xffcut", ""),
        (b"", ""),
    ] {
        let mut pair = Pair::plain();
        pair.login();
        pair.client.send_now(&[b"\x01\0\0\0\x0b", fields].concat());
        pair.run();
        let description = description.to_owned();
        pair.assert_ended(&Error::Disconnected { reason: 11, description }, None);
    }
    let mut pair = Pair::plain();
    pair.login();
    pair.client.send_now(b"\x01\0\0");
    pair.run();
    let error = InvalidMessage::Truncated.into();
    pair.assert_ended(&error, Some(DisconnectReason::ProtocolError));
}

/// SSH_MSG_DEBUG and the refusal of a channel end with a language tag, too.
#[test]
fn a_language_tag_may_be_left_out() {
    let mut pair = Pair::plain();
    pair.login();
    pair.client.send_now(b"\x04\x01\0\0\0\x05hello");
    pair.assert_alive();
    let ticket = pair.ticket();
    let channel = pair.server.open_channel(pair.now, "x11", b"", ticket).unwrap();
    pair.run();
    let head = [&[92][..], &channel.0.to_be_bytes(), b"\0\0\0\x02"].concat();
    pair.client.send_now(&[&head[..], b"\0\0\0\x02no"].concat());
    pair.run();
    let description = "no".to_owned();
    assert_eq!(pair.outcome(ticket), Some(Outcome::OpenRefused { reason: 2, description }));
    pair.assert_alive();
}
