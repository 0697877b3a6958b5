//! Every request, as a client would use it.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use bytes::Bytes;

use super::fixture::{
    Client, EOF, FAILURE, NO_SUCH_FILE, OK, PERMISSION_DENIED, Reply, Tree, bytes, open, write,
};
use crate::files::{Allowed, Settings, Symlinks};
use crate::sftp::{Attributes, Extended, HandleId, Operation, Owner, Times};

fn both(test: impl Fn(&Tree, &mut Client)) {
    for walks in [false, true] {
        let tree = Tree::new();
        let mut client = tree.session(walks);
        test(&tree, &mut client);
    }
}

fn data(text: &str) -> Reply {
    Reply::Data(text.as_bytes().to_vec())
}

#[test]
fn files_are_written_and_read() {
    both(|tree, client| {
        let handle = client.opened("/new", "wc");
        // Two that follow one another, one elsewhere, one that nothing has opened.
        let replies = client.run(vec![
            write(handle, 0, "hello, "),
            write(handle, 7, "world"),
            write(handle, 20, "!"),
            write(HandleId(99), 0, "x"),
        ]);
        assert_eq!(replies, [OK, OK, OK, FAILURE]);
        let close = Operation::Close(handle);
        assert_eq!(client.run(vec![close, Operation::Close(handle)]), [OK, FAILURE]);
        let written = fs::read(tree.root.join("new")).unwrap();
        assert_eq!(written, b"hello, world\0\0\0\0\0\0\0\0!");
        let handle = client.opened("new", "r");
        let read = |offset, len| Operation::Read { handle, offset, len };
        let replies = client.run(vec![read(0, 5), read(7, 5), read(21, 1), read(u64::MAX, 1)]);
        assert_eq!(replies[..3], [data("hello"), data("world"), EOF]);
        assert!(matches!(replies[3], Reply::Status(4)), "{replies:?}");
        assert_eq!(client.ask(write(handle, 0, "x")), NO_SUCH_FILE, "EBADF, as OpenSSH tells it");
    });
}

#[test]
fn flags_of_open_are_those_of_the_system() {
    both(|tree, client| {
        tree.file("f", "old text");
        tree.directory("d");
        assert_eq!(client.open("f", "wcx"), FAILURE);
        assert_eq!(client.open("missing", "w"), NO_SUCH_FILE);
        assert_eq!(client.open("d", "r"), FAILURE);
        let handle = client.opened("f", "wa");
        let replies = client.run(vec![write(handle, 0, ", more"), write(handle, 3, " and more")]);
        assert_eq!(replies, [OK, OK]);
        assert_eq!(client.contents("f"), data("old text, more and more"));
        client.opened("f", "wt");
        assert_eq!(client.contents("f"), EOF);
        let mut with_mode = open("secret", "wc");
        with_mode.attributes.permissions = Some(0o4600);
        client.ask(Operation::Open(with_mode));
        let mode = fs::metadata(tree.root.join("secret")).unwrap().mode();
        assert_eq!(mode & 0o7777, 0o600, "no set-user-ID bit");
    });
}

#[test]
fn pipes_and_devices_are_not_opened() {
    both(|tree, client| {
        let pipe = tree.root.join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        assert_eq!(client.open("pipe", "r"), PERMISSION_DENIED);
        assert_eq!(client.open("pipe", "w"), FAILURE);
        assert_eq!(client.open("pipe", "rw"), PERMISSION_DENIED);
    });
}

#[test]
fn directories_are_made_listed_and_removed() {
    both(|tree, client| {
        let made = client.ask(Operation::MkDir(bytes("/d/"), Attributes::default()));
        assert_eq!(made, OK);
        assert_eq!(client.ask(Operation::MkDir(bytes("d"), Attributes::default())), FAILURE);
        tree.file("d/a", "1");
        tree.link("d/l", "nowhere");
        assert_eq!(client.list("d").unwrap(), [".", "..", "a", "l"]);
        assert_eq!(client.list("/d/..").unwrap(), [".", "..", "d"]);
        assert_eq!(client.list("d/a"), Err(NO_SUCH_FILE));
        assert_eq!(client.list("missing"), Err(NO_SUCH_FILE));
        assert_eq!(client.ask(Operation::RmDir(bytes("d"))), FAILURE, "not empty");
        assert_eq!(client.ask(Operation::Remove(bytes("d"))), FAILURE, "a directory");
        assert_eq!(client.ask(Operation::Remove(bytes("d/a"))), OK);
        assert_eq!(client.ask(Operation::Remove(bytes("d/l"))), OK);
        assert_eq!(client.ask(Operation::RmDir(bytes("d"))), OK);
        for path in ["/", "", ".", "..", "/x/.."] {
            assert_eq!(client.ask(Operation::RmDir(bytes(path))), FAILURE, "{path}");
        }
    });
}

#[test]
fn long_directories_come_in_replies_of_bounded_length() {
    both(|tree, client| {
        for number in 0..1000 {
            tree.file(&format!("a-name-of-some-length-{number}"), "");
        }
        assert_eq!(client.list("/").unwrap().len(), 1002);
        let Reply::Handle(handle) = client.ask(Operation::OpenDir(bytes("/"))) else { panic!() };
        let Reply::Names(small) = client.ask(Operation::ReadDir(handle)) else { panic!() };
        assert!(small.len() > 50 && small.len() < 500, "{}", small.len());
        client.extended(Extended::Limits);
        let Reply::Names(rest) = client.ask(Operation::ReadDir(handle)) else { panic!() };
        assert_eq!(small.len() + rest.len(), 1002);
        assert_eq!(client.ask(Operation::ReadDir(handle)), EOF);
    });
}

#[test]
fn attributes_are_told_and_changed() {
    both(|tree, client| {
        tree.file("f", "12345");
        tree.link("l", "f");
        let times = Some(Times { accessed: 1, modified: 1_000_000_000 });
        let change = Attributes {
            size: Some(3),
            permissions: Some(0o4711),
            times,
            owner: Some(Owner { uid: u32::MAX, gid: u32::MAX }),
        };
        assert_eq!(client.ask(Operation::SetStat(bytes("l"), change)), OK);
        let told = |mode, size| Reply::Attributes { size, mode, modified: 1_000_000_000 };
        assert_eq!(client.ask(Operation::Stat(bytes("l"))), told(0o100_711, 3));
        assert_eq!(client.ask(Operation::LStat(bytes("f"))), told(0o100_711, 3));
        let handle = client.opened("f", "rw");
        let change = Attributes { size: Some(4), permissions: Some(0o640), times, owner: None };
        assert_eq!(client.ask(Operation::FSetStat(handle, change)), OK);
        assert_eq!(client.ask(Operation::FStat(handle)), told(0o100_640, 4));
        // The link itself has times, and neither a length nor permissions that could be changed.
        let of_link = Attributes { times, ..Attributes::default() };
        assert_eq!(client.extended(Extended::LSetStat(bytes("l"), of_link)), OK);
        assert_eq!(client.ask(Operation::LStat(bytes("l"))), told(0o120_777, 1));
        let mode = Attributes { permissions: Some(0o600), ..Attributes::default() };
        let size = Attributes { size: Some(1), ..Attributes::default() };
        for change in [mode, size] {
            let refused = client.extended(Extended::LSetStat(bytes("l"), change));
            assert_eq!(refused, Reply::Status(8), "{change:?}");
        }
        assert_eq!(fs::read(tree.root.join("f")).unwrap().len(), 4);
        assert_eq!(client.ask(Operation::SetStat(bytes("no"), mode)), NO_SUCH_FILE);
    });
}

#[test]
fn names_are_bytes() {
    both(|tree, client| {
        let name = Bytes::from_static(b"not \xff UTF-8");
        let handle = match client
            .ask(Operation::Open(crate::sftp::Open { path: name.clone(), ..open("", "wc") }))
        {
            Reply::Handle(handle) => handle,
            reply => panic!("{reply:?}"),
        };
        client.ask(Operation::Close(handle));
        let found = fs::read_dir(&tree.root).unwrap().next().unwrap().unwrap().file_name();
        assert_eq!(found.as_bytes(), &name[..]);
        let Reply::Handle(handle) = client.ask(Operation::OpenDir(bytes("/"))) else { panic!() };
        let Reply::Names(names) = client.ask(Operation::ReadDir(handle)) else { panic!() };
        assert!(names.contains(&name.to_vec()));
        assert_eq!(client.ask(Operation::Remove(name)), OK);
    });
}

#[test]
fn renames_replace_only_where_they_are_asked_to() {
    both(|tree, client| {
        tree.file("a", "a");
        tree.file("b", "b");
        tree.directory("d");
        let rename = |from, to| Operation::Rename { from: bytes(from), to: bytes(to) };
        assert_eq!(client.ask(rename("a", "b")), FAILURE);
        assert_eq!(client.ask(rename("a", "d")), FAILURE);
        assert_eq!(client.ask(rename("a", "d/c")), OK);
        assert_eq!(client.ask(rename("a", "x")), NO_SUCH_FILE);
        let posix = Extended::PosixRename { from: bytes("d/c"), to: bytes("b") };
        assert_eq!(client.extended(posix), OK);
        assert_eq!(client.contents("b"), data("a"));
        let link = Extended::HardLink { from: bytes("b"), to: bytes("c") };
        assert_eq!(client.extended(link.clone()), OK);
        assert_eq!(client.extended(link), FAILURE);
        assert_eq!(fs::metadata(tree.root.join("c")).unwrap().nlink(), 2);
    });
}

#[test]
fn paths_have_real_names() {
    both(|tree, client| {
        tree.directory("a/b");
        tree.file("a/f", "");
        tree.link("a/l", "/a/b");
        tree.link("up", "../../../a");
        tree.link("loop", "loop");
        for (path, real) in [
            ("", "/"),
            (".", "/"),
            ("..", "/"),
            ("/../../a//./b/", "/a/b"),
            ("a/l", "/a/b"),
            ("a/l/..", "/a"),
            ("up/f", "/a/f"),
            ("a/new", "/a/new"),
        ] {
            assert_eq!(client.real_path(path), real, "{path}");
        }
        for path in ["no/new", "a/f/x", "loop", "a/f/"] {
            assert_eq!(client.real_path(path), "Status(2)", "{path}");
        }
        let link = Operation::SymLink { target: bytes("f"), link: bytes("a/made") };
        assert_eq!(client.ask(link), OK);
        let read = client.ask(Operation::ReadLink(bytes("a/made")));
        assert_eq!(read, Reply::Names(vec![b"f".to_vec()]));
        assert_eq!(client.ask(Operation::ReadLink(bytes("a/f"))), FAILURE);
    });
}

#[test]
fn the_extensions_of_openssh() {
    both(|tree, client| {
        tree.file("f", "0123456789");
        let Reply::Extended(of) = client.extended(Extended::StatVfs(bytes("/"))) else { panic!() };
        assert_eq!(of.len(), 88);
        let from = client.opened("f", "r");
        let Reply::Extended(same) = client.extended(Extended::FStatVfs(from)) else { panic!() };
        assert_eq!((same.len(), &same[..16]), (88, &of[..16]));
        let to = client.opened("g", "wc");
        let copy =
            |from, to, len| Extended::CopyData { from, from_offset: 2, len, to, to_offset: 1 };
        assert_eq!(client.extended(copy(from, to, 3)), OK);
        assert_eq!(client.contents("g"), data("\u{0}234"));
        assert_eq!(client.extended(copy(from, to, 0)), OK);
        assert_eq!(client.contents("g"), data("\u{0}23456789"));
        assert_eq!(client.extended(copy(from, from, 3)), FAILURE);
        assert_eq!(client.extended(Extended::Fsync(to)), OK);
        let Reply::Extended(limits) = client.extended(Extended::Limits) else { panic!() };
        let number = |at: usize| u64::from_be_bytes(limits[8 * at..8 * at + 8].try_into().unwrap());
        assert_eq!([number(0), number(1), number(2), number(3)], [262_144, 261_120, 261_120, 100]);
        let Reply::Extended(names) = client
            .extended(Extended::UsersGroupsById { users: vec![0, 4_000_000_000], groups: vec![0] })
        else {
            panic!()
        };
        assert_eq!(names, b"\0\0\0\x0c\0\0\0\x04root\0\0\0\0\0\0\0\x08\0\0\0\x04root");
    });
}

#[test]
fn relative_paths_begin_at_home() {
    let tree = Tree::new();
    tree.directory("home/u");
    tree.file("home/u/f", "mine");
    let settings = Settings { cwd: b"/home/u".to_vec(), ..Settings::default() };
    let mut client = tree.session_with(settings);
    assert_eq!(client.contents("f"), data("mine"));
    assert_eq!(client.real_path("."), "/home/u");
    for (path, real) in [("~", "/home/u"), ("~/f", "/home/u/f"), ("f", "/home/u/f"), ("/", "/")] {
        let expanded = client.extended(Extended::ExpandPath(bytes(path)));
        assert_eq!(expanded, Reply::Names(vec![real.as_bytes().to_vec()]), "{path}");
    }
    assert_eq!(client.extended(Extended::ExpandPath(bytes("~root/x"))), NO_SUCH_FILE);
    let home = client.extended(Extended::HomeDirectory(bytes("anybody")));
    assert_eq!(home, Reply::Names(vec![b"/home/u".to_vec()]));
}

#[test]
fn what_is_not_allowed_changes_nothing() {
    let tree = Tree::new();
    tree.file("f", "text");
    tree.directory("d");
    let before = fs::metadata(tree.root.join("f")).unwrap().permissions();
    let read_only = Settings { allowed: Allowed::READ_ONLY, ..Settings::default() };
    let mut client = tree.session_with(read_only);
    let handle = client.opened("f", "r");
    let mode = Attributes { permissions: Some(0o777), ..Attributes::default() };
    for flags in ["w", "rw", "rc", "rt", "a", "wc"] {
        assert_eq!(client.open("f", flags), PERMISSION_DENIED, "{flags}");
    }
    let (f, g) = (|| bytes("f"), || bytes("g"));
    for operation in [
        Operation::SetStat(f(), mode),
        Operation::FSetStat(handle, mode),
        Operation::Remove(f()),
        Operation::MkDir(g(), mode),
        Operation::RmDir(bytes("d")),
        Operation::Rename { from: f(), to: g() },
        Operation::SymLink { target: f(), link: g() },
        Operation::Extended(Extended::PosixRename { from: f(), to: g() }),
        Operation::Extended(Extended::HardLink { from: f(), to: g() }),
        Operation::Extended(Extended::LSetStat(f(), mode)),
    ] {
        let shown = format!("{operation:?}");
        assert_eq!(client.ask(operation), PERMISSION_DENIED, "{shown}");
    }
    assert_eq!(client.ask(write(handle, 0, "x")), NO_SUCH_FILE, "it is not open to be written");
    assert_eq!(client.list("/").unwrap(), [".", "..", "d", "f"]);
    assert_eq!(fs::metadata(tree.root.join("f")).unwrap().permissions(), before);
    // And write only: a place to drop files into.
    let allowed = Allowed::NONE.or(Allowed::WRITE);
    let mut client = tree.session_with(Settings { allowed, ..Settings::default() });
    assert_eq!(client.open("f", "r"), PERMISSION_DENIED);
    assert_eq!(client.open("f", "rw"), PERMISSION_DENIED);
    assert_eq!(client.list("/"), Err(PERMISSION_DENIED));
    client.opened("dropped", "wc");
}

#[test]
fn no_more_handles_than_allowed_and_a_umask() {
    let tree = Tree::new();
    let settings = Settings { max_handles: 2, umask: 0o077, ..Settings::default() };
    let mut client = tree.session_with(settings);
    let first = client.opened("a", "wc");
    assert!(matches!(client.ask(Operation::OpenDir(bytes("/"))), Reply::Handle(_)));
    assert_eq!(client.open("b", "wc"), FAILURE);
    assert!(!tree.root.join("b").exists());
    client.ask(Operation::Close(first));
    client.opened("b", "wc");
    client.ask(Operation::MkDir(bytes("d"), Attributes::default()));
    for (name, mode) in [("b", 0o600), ("d", 0o700)] {
        let permissions = fs::metadata(tree.root.join(name)).unwrap().permissions();
        assert_eq!(permissions.mode() & 0o777, mode, "{name}");
    }
}

#[test]
fn links_are_refused_where_the_program_wants_that() {
    for walks in [false, true] {
        let tree = Tree::new();
        tree.directory("d");
        tree.file("d/f", "text");
        tree.link("to-d", "d");
        tree.link("to-f", "d/f");
        let symlinks = Symlinks::Refuse;
        let mut client = tree.session_with(Settings { symlinks, walks, ..Settings::default() });
        assert_eq!(client.contents("d/f"), data("text"));
        for path in ["to-f", "to-d/f"] {
            assert_eq!(client.contents(path), NO_SUCH_FILE, "{path}");
            assert_eq!(client.ask(Operation::Stat(bytes(path))), NO_SUCH_FILE, "{path}");
        }
        let of_link = client.ask(Operation::LStat(bytes("to-f")));
        assert!(matches!(of_link, Reply::Attributes { mode: 0o120_777, .. }), "{of_link:?}");
        assert_eq!(client.ask(Operation::Remove(bytes("to-f"))), OK);
    }
}
