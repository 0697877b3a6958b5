//! Packets of an SFTP client, right and wrong, cut into pieces anywhere, for a session over a directory in memory.
//! Checked are: one reply for each request, with its id and in order; replies of bounded length; and that
//! nothing outside of the root is seen or changed.

#![no_main]

use std::collections::VecDeque;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use sshserver::files::{Session, Settings, Symlinks};
use sshserver::limits::{MAX_SFTP_HANDLES, MAX_SFTP_PACKET_LEN};
use sshserver::sftp::{Intake, Replies, Request};
use sshserver_fuzz::Input;

/// What nobody may see.
const SECRET: &[u8] = b"the secret outside of the root";
/// Names that lead somewhere, or try to.
const PATHS: [&str; 12] = [
    "/f",
    "/d",
    "/d/g",
    "new",
    ".",
    "..",
    "/../outside/secret",
    "out",
    "up/outside/secret",
    "loop",
    "//d//",
    "/d/../f",
];
/// A copy of a file with a hole of exabytes would fill the memory.
const MAX_FILE_LEN: u64 = 64 * 1024;

struct Tree {
    temp: PathBuf,
}

impl Tree {
    fn new() -> Self {
        let temp = PathBuf::from(format!("/dev/shm/sshserver-fuzz-{}", std::process::id()));
        let _ = fs::remove_dir_all(&temp);
        fs::create_dir_all(temp.join("root/d")).expect("a directory");
        fs::create_dir_all(temp.join("outside")).expect("a directory");
        fs::write(temp.join("outside/secret"), SECRET).expect("a file");
        fs::write(temp.join("root/f"), "text").expect("a file");
        fs::write(temp.join("root/d/g"), vec![7; 5000]).expect("a file");
        for (name, target) in [("out", "/outside/secret"), ("up", "../.."), ("loop", "loop")] {
            std::os::unix::fs::symlink(target, temp.join("root").join(name)).expect("a link");
        }
        Self { temp }
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let outside: Vec<_> =
            fs::read_dir(self.temp.join("outside")).expect("it is there").collect();
        assert_eq!(outside.len(), 1, "nothing was made outside of the root");
        let secret = fs::read(self.temp.join("outside/secret")).expect("it is there");
        assert_eq!(secret, SECRET);
        let _ = fs::remove_dir_all(&self.temp);
    }
}

/// One packet. The fuzzer chooses its number and fields; paths and handles are mostly some that exist.
fn packet(input: &mut Input<'_>, id: u32) -> Vec<u8> {
    let number = match input.byte() {
        byte @ 0..=200 => 3 + byte % 18,
        byte => byte,
    };
    let mut body = vec![if number > 200 { 200 } else { number }];
    body.extend(id.to_be_bytes());
    for _ in 0..input.byte() % 8 {
        match input.byte() % 8 {
            0 | 1 => string(&mut body, PATHS[usize::from(input.byte()) % PATHS.len()].as_bytes()),
            2 | 3 => string(&mut body, &u64::from(input.byte() % 8).to_be_bytes()),
            4 => body.extend(input.number().to_be_bytes()),
            5 => body.extend(u64::from(input.byte()).to_be_bytes()),
            6 => string(&mut body, input.chunk()),
            _ => body.extend_from_slice(input.chunk()),
        }
    }
    body
}

fn string(body: &mut Vec<u8>, text: &[u8]) {
    body.extend((text.len() as u32).to_be_bytes());
    body.extend_from_slice(text);
}

/// Checks the replies, which have these ids.
fn check(replies: &Replies, ids: &[u32]) {
    let mut rest = replies.bytes();
    let mut seen = Vec::new();
    while let Some((len, after)) = rest.split_first_chunk::<4>() {
        let len = u32::from_be_bytes(*len) as usize;
        assert!((5..=MAX_SFTP_PACKET_LEN).contains(&len), "a reply of {len} bytes");
        let (reply, after) = after.split_at(len);
        assert!(matches!(reply[0], 101..=105 | 201));
        seen.push(u32::from_be_bytes(reply[1..5].try_into().expect("four bytes")));
        assert!(!reply.windows(SECRET.len()).any(|part| part == SECRET), "the secret was read");
        rest = after;
    }
    assert_eq!(seen, ids);
}

fn run(session: &mut Session, requests: Vec<Request>) {
    let ids: Vec<_> = requests.iter().map(|request| request.id).collect();
    let mut requests = VecDeque::from(requests);
    let mut replies = Replies::default();
    session.run_promptly(&mut requests, &mut replies);
    session.run(requests, &mut replies);
    check(&replies, &ids);
}

fuzz_target!(|data: &[u8]| {
    // The signal of a file that would become too long is an error then.
    // SAFETY: plain calls with valid arguments, on the thread that does everything.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        let limit = libc::rlimit { rlim_cur: MAX_FILE_LEN, rlim_max: libc::RLIM_INFINITY };
        libc::setrlimit(libc::RLIMIT_FSIZE, &limit);
    }
    let mut input = Input(data);
    let how = input.byte();
    let tree = Tree::new();
    let settings = Settings {
        root: tree.temp.join("root"),
        walks: how & 1 != 0,
        symlinks: if how & 2 != 0 { Symlinks::Refuse } else { Symlinks::Inside },
        names: false,
        max_handles: if how & 4 != 0 { 2 } else { MAX_SFTP_HANDLES },
        ..Settings::default()
    };
    let mut session = Session::open(Arc::new(settings), Arc::default()).expect("the root is there");
    let mut intake = Intake::default();
    let mut id = 0_u32;
    while !input.is_empty() {
        let mut bytes = Vec::new();
        for _ in 0..=input.byte() % 4 {
            id += 1;
            match input.byte() {
                // Whatever the fuzzer likes, its length included.
                0..=9 => bytes.extend_from_slice(input.chunk()),
                _ => string(&mut bytes, &packet(&mut input, id)),
            }
        }
        let cut = usize::from(input.byte()) % (bytes.len() + 1);
        let bytes = Bytes::from(bytes);
        intake.push(bytes.slice(..cut));
        intake.push(bytes.slice(cut..));
        let mut requests = Vec::new();
        loop {
            let has_packet = intake.has_packet();
            let before = intake.len();
            match intake.next_packet() {
                Ok(Some(packet)) => {
                    assert!(has_packet && before - intake.len() == packet.len());
                    match packet.request() {
                        Ok(request) => requests.push(request),
                        // The session ends there.
                        Err(_) => return run(&mut session, requests),
                    }
                }
                Ok(None) => {
                    assert!(!has_packet);
                    break;
                }
                Err(_) => return run(&mut session, requests),
            }
        }
        run(&mut session, requests);
    }
});
