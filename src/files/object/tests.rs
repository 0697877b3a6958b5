//! Requests to calls, and answers to replies, without a program.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;

use super::call::resolved;
use super::{Answer, Entry, Method, ObjectSession, Told};
use crate::files::{Allowed, Settings};
use crate::sftp::{Attributes, HandleId, Open, Operation, Replies, Request};

fn session(allowed: Allowed) -> ObjectSession {
    let settings =
        Settings { allowed, cwd: b"/home".to_vec(), max_handles: 1, ..Settings::default() };
    ObjectSession::new(Arc::new(settings), Vec::new())
}

fn requests(operations: impl IntoIterator<Item = Operation>) -> VecDeque<Request> {
    let of = |(id, operation)| Request { id, operation: Ok(operation) };
    (1..).zip(operations).map(of).collect()
}

fn open(path: &'static str) -> Operation {
    Operation::Open(Open {
        path: Bytes::from_static(path.as_bytes()),
        read: true,
        write: false,
        append: false,
        create: false,
        truncate: false,
        exclusive: false,
        attributes: Attributes::default(),
    })
}

/// Number, id, and the code of a status, of each reply.
fn said(replies: &Replies) -> Vec<[u32; 3]> {
    let mut rest = replies.bytes();
    let mut all = Vec::new();
    let word = |at: usize, of: &[u8]| u32::from_be_bytes(of[at..at + 4].try_into().unwrap());
    while !rest.is_empty() {
        let (packet, after) = rest.split_at(4 + word(0, rest) as usize);
        let number = u32::from(packet[4]);
        all.push([number, word(5, packet), if number == 101 { word(9, packet) } else { 0 }]);
        rest = after;
    }
    all
}

#[test]
fn no_path_leads_above_the_root() {
    for (cwd, path, whole) in [
        ("/", "", "/"),
        ("/home", "", "/home"),
        ("/home", "a//./b/", "/home/a/b"),
        ("/home", "../../../etc", "/etc"),
        ("/home", "/a/../../..", "/"),
        ("/home", "/...", "/..."),
    ] {
        let path = Bytes::from_static(path.as_bytes());
        assert_eq!(resolved(cwd.as_bytes(), &path), whole.as_bytes(), "{path:?}");
    }
}

#[test]
fn what_is_not_allowed_or_open_is_not_asked_of_the_program() {
    let mut replies = Replies::default();
    let mut session = session(Allowed::READ_ONLY);
    let calls = session.prepare(
        requests([
            Operation::Remove(Bytes::from_static(b"/f")),
            Operation::Close(HandleId(7)),
            Operation::Read { handle: HandleId(0), offset: 0, len: 9 },
            open("f"),
            open("g"),
        ]),
        &mut replies,
    );
    let asked: Vec<_> = calls.iter().map(|call| (call.method, &call.path[..])).collect();
    assert_eq!(asked, [(Method::Open, &b"/home/f"[..])]);
    assert_eq!(said(&replies), [[101, 1, 3], [101, 2, 4], [101, 3, 4], [101, 5, 4]]);
}

#[test]
fn a_call_without_a_fitting_answer_has_failed_and_leaves_no_handle() {
    for answers in
        [vec![], vec![Answer { error: Some("EWHATEVER".to_owned()), told: Told::Nothing }]]
    {
        let mut replies = Replies::default();
        let mut session = session(Allowed::ALL);
        assert_eq!(session.prepare(requests([open("f")]), &mut replies).len(), 1);
        session.answer(answers, &mut replies);
        assert_eq!(said(&replies), [[101, 1, 4]]);
        // There is room for one handle.
        assert_eq!(session.prepare(requests([open("f")]), &mut replies).len(), 1);
    }
    let mut replies = Replies::default();
    let mut session = session(Allowed::ALL);
    session.prepare(requests([Operation::Stat(Bytes::from_static(b"/"))]), &mut replies);
    session.answer(vec![Answer::default()], &mut replies);
    assert_eq!(said(&replies), [[101, 1, 4]]);
}

#[test]
fn more_than_was_asked_for_is_cut_or_refused() {
    let mut replies = Replies::default();
    let mut session = session(Allowed::ALL);
    session.prepare(requests([Operation::OpenDir(Bytes::from_static(b"/"))]), &mut replies);
    session.answer(vec![Answer::default()], &mut replies);
    let list = || requests([Operation::ReadDir(HandleId(0))]);
    let entry = |len| Entry { name: vec![b'n'; len], links: 1, attributes: Attributes::default() };
    for (entries, reply) in
        [(vec![entry(9)], [104, 1, 0]), (vec![], [101, 1, 1]), (vec![entry(300_000)], [101, 1, 4])]
    {
        let mut replies = Replies::default();
        session.prepare(list(), &mut replies);
        session.answer(vec![Answer { error: None, told: Told::Entries(entries) }], &mut replies);
        assert_eq!(said(&replies), [reply]);
    }
    session.prepare(requests([Operation::Close(HandleId(0)), open("f")]), &mut replies);
    session.answer(vec![Answer::default(), Answer::default()], &mut replies);
    let mut replies = Replies::default();
    let read = Operation::Read { handle: HandleId(1), offset: 0, len: 3 };
    session.prepare(requests([read]), &mut replies);
    session.answer(vec![Answer { error: None, told: Told::Read(b"more") }], &mut replies);
    assert_eq!(replies.bytes(), b"\0\0\0\x0c\x67\0\0\0\x01\0\0\0\x03mor");
}
