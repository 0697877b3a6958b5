//! A directory with a secret beside it, and a session whose replies are taken apart.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;

use crate::files::{Session, Settings};
use crate::sftp::{
    Attributes, Data, Extended, HandleId, Open, Operation, Replies, Request, Status,
};
use crate::wire::Reader;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// `TEMP/root` is the root of sessions, `TEMP/outside/secret` what no session may see.
pub(super) struct Tree {
    pub(super) temp: PathBuf,
    pub(super) root: PathBuf,
}

impl Tree {
    pub(super) fn new() -> Self {
        Self::below(&std::env::temp_dir())
    }

    /// One that is no place on a disk.
    pub(super) fn in_memory() -> Self {
        Self::below(Path::new("/dev/shm"))
    }

    fn below(temp: &Path) -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let temp = temp.join(format!("sshserver-files-{}-{number}", std::process::id()));
        let root = temp.join("root");
        fs::create_dir_all(&root).unwrap();
        fs::create_dir_all(temp.join("outside")).unwrap();
        fs::write(temp.join("outside/secret"), "secret").unwrap();
        Self { temp, root }
    }

    pub(super) fn session(&self, walks: bool) -> Client {
        self.session_with(Settings { walks, ..Settings::default() })
    }

    pub(super) fn session_with(&self, settings: Settings) -> Client {
        let settings = Settings { root: self.root.clone(), ..settings };
        Client(Session::open(Arc::new(settings), Arc::default()).unwrap())
    }

    pub(super) fn file(&self, path: &str, text: impl AsRef<[u8]>) {
        fs::write(self.root.join(path), text).unwrap();
    }

    pub(super) fn directory(&self, path: &str) {
        fs::create_dir_all(self.root.join(path)).unwrap();
    }

    pub(super) fn link(&self, path: &str, target: impl AsRef<Path>) {
        std::os::unix::fs::symlink(target, self.root.join(path)).unwrap();
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.temp);
    }
}

/// A reply.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply {
    Status(u32),
    Handle(HandleId),
    Data(Vec<u8>),
    Names(Vec<Vec<u8>>),
    Attributes { size: u64, mode: u32, modified: u32 },
    Extended(Vec<u8>),
}

pub(super) const OK: Reply = Reply::Status(0);
pub(super) const EOF: Reply = Reply::Status(1);
pub(super) const NO_SUCH_FILE: Reply = Reply::Status(2);
pub(super) const PERMISSION_DENIED: Reply = Reply::Status(3);
pub(super) const FAILURE: Reply = Reply::Status(4);

pub(super) struct Client(pub(super) Session);

impl Client {
    pub(super) fn run(&mut self, operations: Vec<Operation>) -> Vec<Reply> {
        let ids = 100..;
        let operations = ids.zip(operations.into_iter().map(Ok::<_, Status>));
        let requests: VecDeque<_> =
            operations.map(|(id, operation)| Request { id, operation }).collect();
        let count = requests.len();
        let mut replies = Replies::default();
        self.0.run(requests, &mut replies);
        let read = all(&replies);
        assert_eq!(read.len(), count);
        read
    }

    /// Runs what need not wait: the replies, and how many requests are left.
    pub(super) fn run_promptly(&mut self, operations: Vec<Operation>) -> Prompt {
        let operations = (100..).zip(operations.into_iter().map(Ok::<_, Status>));
        let mut requests: VecDeque<_> =
            operations.map(|(id, operation)| Request { id, operation }).collect();
        let mut replies = Replies::default();
        self.0.run_promptly(&mut requests, &mut replies);
        Prompt { replies: all(&replies), left: requests.len() }
    }

    pub(super) fn ask(&mut self, operation: Operation) -> Reply {
        self.run(vec![operation]).remove(0)
    }

    pub(super) fn extended(&mut self, extended: Extended) -> Reply {
        self.ask(Operation::Extended(extended))
    }

    pub(super) fn open(&mut self, path: &str, flags: &str) -> Reply {
        self.ask(Operation::Open(open(path, flags)))
    }

    pub(super) fn opened(&mut self, path: &str, flags: &str) -> HandleId {
        match self.open(path, flags) {
            Reply::Handle(handle) => handle,
            reply => panic!("{path}: {reply:?}"),
        }
    }

    /// What a file contains, or the refusal.
    pub(super) fn contents(&mut self, path: &str) -> Reply {
        let handle = match self.open(path, "r") {
            Reply::Handle(handle) => handle,
            refusal => return refusal,
        };
        let read = Operation::Read { handle, offset: 0, len: 1000 };
        self.run(vec![read, Operation::Close(handle)]).remove(0)
    }

    /// The names in a directory, sorted; the refusal if there is one.
    pub(super) fn list(&mut self, path: &str) -> Result<Vec<String>, Reply> {
        let handle = match self.ask(Operation::OpenDir(bytes(path))) {
            Reply::Handle(handle) => handle,
            refusal => return Err(refusal),
        };
        let mut all = Vec::new();
        while let Reply::Names(names) = self.ask(Operation::ReadDir(handle)) {
            all.extend(names.into_iter().map(|name| String::from_utf8(name).unwrap()));
        }
        assert_eq!(self.ask(Operation::Close(handle)), OK);
        all.sort();
        Ok(all)
    }

    pub(super) fn real_path(&mut self, path: &str) -> String {
        match self.ask(Operation::RealPath(bytes(path))) {
            Reply::Names(names) => String::from_utf8(names[0].clone()).unwrap(),
            refusal => format!("{refusal:?}"),
        }
    }
}

/// What was done without waiting.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Prompt {
    pub(super) replies: Vec<Reply>,
    pub(super) left: usize,
}

fn all(replies: &Replies) -> Vec<Reply> {
    let mut reader = Reader::new(replies.bytes());
    let mut read = Vec::new();
    while !reader.is_empty() {
        read.push(reply(reader.string().unwrap(), 100 + u32::try_from(read.len()).unwrap()));
    }
    read
}

pub(super) fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

/// `r`ead, `w`rite, `a`ppend, `c`reate, `t`runcate, e`x`clusive
pub(super) fn open(path: &str, flags: &str) -> Open {
    Open {
        path: bytes(path),
        read: flags.contains('r'),
        write: flags.contains('w'),
        append: flags.contains('a'),
        create: flags.contains('c'),
        truncate: flags.contains('t'),
        exclusive: flags.contains('x'),
        attributes: Attributes::default(),
    }
}

pub(super) fn write(handle: HandleId, offset: u64, text: &str) -> Operation {
    Operation::Write { handle, offset, data: Data::from(bytes(text)) }
}

fn reply(packet: &[u8], id: u32) -> Reply {
    let mut reader = Reader::new(packet);
    let number = reader.u8().unwrap();
    assert_eq!(reader.u32(), Ok(id));
    match number {
        101 => Reply::Status(reader.u32().unwrap()),
        102 => {
            let handle = reader.string().unwrap().try_into().unwrap();
            Reply::Handle(HandleId(u64::from_be_bytes(handle)))
        }
        103 => Reply::Data(reader.string().unwrap().to_vec()),
        104 => {
            let count = reader.u32().unwrap();
            let names = (0..count).map(|_| {
                let name = reader.string().unwrap().to_vec();
                let line = reader.string().unwrap();
                assert!(line.ends_with(&name));
                Attributes::read(&mut reader).unwrap();
                name
            });
            let names = names.collect();
            assert!(reader.is_empty());
            Reply::Names(names)
        }
        105 => {
            let of = Attributes::read(&mut reader).unwrap();
            Reply::Attributes {
                size: of.size.unwrap(),
                mode: of.permissions.unwrap(),
                modified: of.times.unwrap().modified,
            }
        }
        201 => Reply::Extended(reader.rest().to_vec()),
        number => panic!("reply {number}"),
    }
}
