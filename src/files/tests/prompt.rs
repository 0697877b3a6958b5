//! What is done on the thread that serves the connection, and what is left to a thread for files.

use std::fs;

use super::fixture::{
    Client, EOF, FAILURE, NO_SUCH_FILE, OK, PERMISSION_DENIED, Prompt, Reply, Tree, bytes, open,
    write,
};
use crate::files::{Allowed, Settings};
use crate::sftp::{Attributes, Extended, HandleId, Operation};

fn read(handle: HandleId, offset: u64, len: u32) -> Operation {
    Operation::Read { handle, offset, len }
}

fn prompt(client: &mut Client, operation: Operation) -> Reply {
    let Prompt { mut replies, left } = client.run_promptly(vec![operation]);
    assert_eq!((replies.len(), left), (1, 0));
    replies.remove(0)
}

/// As `prompt`, of a path with `..`: the kernel asks for another try when anything on the system is renamed
/// meanwhile.
fn prompt_upwards(client: &mut Client, operation: impl Fn() -> Operation) -> Reply {
    let mut tries = (0..10_000).map(|_| client.run_promptly(vec![operation()]));
    tries.find(|tried| tried.left == 0).unwrap().replies.remove(0)
}

fn waits(client: &mut Client, operation: Operation) {
    assert_eq!(client.run_promptly(vec![operation]), Prompt { replies: vec![], left: 1 });
}

fn opened(client: &mut Client, path: &str, flags: &str) -> HandleId {
    match prompt(client, Operation::Open(open(path, flags))) {
        Reply::Handle(handle) => handle,
        reply => panic!("{path}: {reply:?}"),
    }
}

#[test]
fn a_file_in_memory_is_written_and_read_at_once() {
    let tree = Tree::in_memory();
    let mut client = tree.session(false);
    let handle = opened(&mut client, "/new", "wct");
    let permissions = Attributes { permissions: Some(0o600), ..Attributes::default() };
    let requests = vec![
        write(handle, 0, "hello, "),
        write(handle, 7, "world"),
        write(handle, 20, "!"),
        Operation::FSetStat(handle, permissions),
        Operation::Close(handle),
    ];
    let Prompt { replies, left } = client.run_promptly(requests);
    assert_eq!((replies, left), (vec![OK, OK, OK, OK, OK], 0));
    let handle = opened(&mut client, "new", "r");
    let requests = vec![read(handle, 7, 5), read(handle, 21, 9), write(handle, 0, "x")];
    let Prompt { replies, left } = client.run_promptly(requests);
    let data = Reply::Data(b"world".to_vec());
    assert_eq!((replies, left), (vec![data, EOF, NO_SUCH_FILE], 0));
    assert!(matches!(
        prompt(&mut client, Operation::Stat(bytes("new"))),
        Reply::Attributes { size: 21, mode: 0o100_600, .. }
    ));
    assert_eq!(prompt(&mut client, Operation::LStat(bytes("/no"))), NO_SUCH_FILE);
    assert_eq!(prompt(&mut client, Operation::Open(open("new", "wcx"))), FAILURE);
    assert!(matches!(
        prompt(&mut client, Operation::Extended(Extended::Limits)),
        Reply::Extended(_)
    ));
}

#[test]
fn what_follows_a_request_that_waits_is_left_in_order() {
    let tree = Tree::in_memory();
    tree.file("f", "text");
    let mut client = tree.session(false);
    let handle = opened(&mut client, "f", "r");
    let requests = vec![read(handle, 0, 9), Operation::Remove(bytes("f")), read(handle, 0, 9)];
    let Prompt { replies, left } = client.run_promptly(requests);
    assert_eq!((replies, left), (vec![Reply::Data(b"text".to_vec())], 2));
    assert!(tree.root.join("f").exists());
}

#[test]
fn files_in_memory_are_emptied_at_once_unless_they_are_large() {
    let tree = Tree::in_memory();
    tree.file("small", "old text");
    tree.file("large", vec![7; 2 * 1024 * 1024]);
    tree.file("gone", vec![7; 2 * 1024 * 1024]);
    tree.link("dangling", "made");
    let mut client = tree.session(false);
    opened(&mut client, "small", "wct");
    assert_eq!(fs::read(tree.root.join("small")).unwrap(), b"");
    waits(&mut client, Operation::Open(open("large", "wct")));
    assert_eq!(fs::metadata(tree.root.join("large")).unwrap().len(), 2 * 1024 * 1024);
    waits(&mut client, Operation::Open(open("dangling", "wct")));
    assert!(!tree.root.join("made").exists());
    // The last one that has a large file without a name frees it.
    let handle = opened(&mut client, "gone", "r");
    fs::remove_file(tree.root.join("gone")).unwrap();
    waits(&mut client, Operation::Close(handle));
}

#[test]
fn what_is_not_allowed_is_refused_at_once() {
    let tree = Tree::in_memory();
    let allowed = Allowed::READ_ONLY;
    let mut client = tree.session_with(Settings { allowed, ..Settings::default() });
    assert_eq!(prompt(&mut client, Operation::Open(open("f", "wct"))), PERMISSION_DENIED);
    assert!(!tree.root.join("f").exists());
    tree.directory("d");
    tree.link("out", "../outside/secret");
    assert_eq!(prompt(&mut client, Operation::Open(open("d", "r"))), FAILURE);
    waits(&mut client, Operation::Open(open("out", "r")));
    let stat = || Operation::Stat(bytes("../outside/secret"));
    assert_eq!(prompt_upwards(&mut client, stat), NO_SUCH_FILE);
}

/// Through 40 links with long targets a single path takes the kernel a millisecond.
#[test]
fn no_link_is_followed_at_once() {
    let tree = Tree::in_memory();
    tree.file("f", "text");
    tree.directory("d");
    tree.file("d/f", "text");
    tree.link("last", "f");
    tree.link("middle", "d");
    let mut client = tree.session(false);
    for path in ["last", "middle/f", "middle/no"] {
        waits(&mut client, Operation::Stat(bytes(path)));
        waits(&mut client, Operation::Open(open(path, "r")));
    }
    waits(&mut client, Operation::LStat(bytes("middle/f")));
    let told = prompt(&mut client, Operation::LStat(bytes("last")));
    assert!(matches!(told, Reply::Attributes { mode, .. } if mode & 0o170_000 == 0o120_000));
    let told = prompt(&mut client, Operation::Stat(bytes("d/f")));
    assert!(matches!(told, Reply::Attributes { size: 4, .. }));
}

#[test]
fn nothing_is_done_at_once_on_a_mount_below_the_root() {
    // /proc is never the same mount as what it is mounted on.
    let settings = Settings { root: "/".into(), ..Settings::default() };
    let stops = std::sync::Arc::default();
    let mut client = Client(crate::files::Session::open(settings.into(), stops).unwrap());
    waits(&mut client, Operation::Stat(bytes("/proc/version")));
    waits(&mut client, Operation::Open(open("/proc/version", "r")));
    let handle = client.opened("/proc/version", "r");
    for operation in [read(handle, 0, 9), Operation::FStat(handle), Operation::Close(handle)] {
        waits(&mut client, operation);
    }
}

#[test]
fn nothing_is_done_at_once_where_paths_are_walked() {
    let tree = Tree::in_memory();
    tree.file("f", "text");
    let mut client = tree.session(true);
    waits(&mut client, Operation::Stat(bytes("f")));
    waits(&mut client, Operation::Open(open("f", "r")));
}

/// On a disk only what is in the system's cache, and nothing that writes.
#[test]
fn a_disk_is_never_written_at_once() {
    let tree = Tree::new();
    tree.file("f", "text");
    let mut client = tree.session(false);
    waits(&mut client, Operation::Open(open("f", "wct")));
    waits(&mut client, Operation::Open(open("new", "wc")));
    let written = client.opened("f", "rw");
    waits(&mut client, write(written, 0, "x"));
    waits(&mut client, Operation::Close(written));
    let asked = vec![Operation::Stat(bytes("f")), read(written, 0, 9)];
    let both = client.run(asked);
    let Prompt { replies, left } = client.run_promptly(vec![Operation::Stat(bytes("f"))]);
    // Whether it is done depends on the file system of the tests' directory.
    assert!(left == 1 || replies == both[..1], "{replies:?}");
    let Prompt { replies, left } = client.run_promptly(vec![read(written, 0, 9)]);
    assert!(left == 1 || replies == both[1..], "{replies:?}");
}
