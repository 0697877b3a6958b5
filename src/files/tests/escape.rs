//! Nothing outside of the root is reached: not by links, not by `..`, and not while others exchange directories
//! for links.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::fixture::{Reply, Tree, bytes};
use crate::sftp::{Attributes, Extended, Operation};

/// Paths that lead out of the root, if links are followed as the system follows them.
fn links_out(tree: &Tree) -> Vec<String> {
    let outside = tree.temp.join("outside");
    tree.directory("d/e");
    tree.link("absolute", &outside);
    tree.link("etc", "/etc");
    tree.link("up", "../outside");
    tree.link("far-up", "../../../../../../../../../../etc");
    tree.link("d/e/up", "../../../outside");
    tree.link("secret", outside.join("secret"));
    tree.link("chain", "d/../absolute");
    tree.link("proc", "/proc/self/root");
    let mut paths = vec!["secret".to_owned(), "/../outside/secret".to_owned()];
    let absolute = outside.join("secret").to_str().unwrap().to_owned();
    paths.extend([absolute, "/etc/hostname".to_owned(), "../../etc/hostname".to_owned()]);
    for link in ["absolute", "up", "d/e/up", "chain", "d/e/../../up"] {
        paths.push(format!("{link}/secret"));
    }
    for link in ["etc", "far-up", "proc/etc"] {
        paths.push(format!("{link}/hostname"));
    }
    paths
}

#[test]
fn links_lead_nowhere_outside() {
    for walks in [false, true] {
        let tree = Tree::new();
        let paths = links_out(&tree);
        let mut client = tree.session(walks);
        let before = fs::metadata(tree.temp.join("outside/secret")).unwrap();
        for path in &paths {
            let name = || bytes(path);
            assert_eq!(client.contents(path), Reply::Status(2), "{path}");
            let mode = Attributes { permissions: Some(0o777), ..Attributes::default() };
            for operation in [
                Operation::Stat(name()),
                Operation::SetStat(name(), mode),
                Operation::OpenDir(name()),
                Operation::Extended(Extended::StatVfs(name())),
            ] {
                let shown = format!("{operation:?}");
                assert_eq!(client.ask(operation), Reply::Status(2), "{shown}");
            }
            assert!(!client.real_path(path).contains("sshserver-files"), "{path}");
        }
        for path in ["up/new", "absolute/new", "/../outside/new"] {
            client.open(path, "wc");
            client.ask(Operation::MkDir(bytes(path), Attributes::default()));
            client.ask(Operation::SymLink { target: bytes("x"), link: bytes(path) });
            let rename = Operation::Rename { from: bytes("d"), to: bytes(path) };
            client.ask(rename);
        }
        let outside: Vec<_> = fs::read_dir(tree.temp.join("outside")).unwrap().collect();
        assert_eq!(outside.len(), 1);
        let after = fs::metadata(tree.temp.join("outside/secret")).unwrap();
        assert_eq!(after.permissions(), before.permissions());
        // What is above the root has the attributes of the root.
        let Reply::Attributes { .. } = client.ask(Operation::Stat(bytes("/.."))) else { panic!() };
    }
}

#[test]
fn a_hard_link_to_a_link_is_a_link() {
    for walks in [false, true] {
        let tree = Tree::new();
        links_out(&tree);
        let mut client = tree.session(walks);
        let link = Extended::HardLink { from: bytes("secret"), to: bytes("stolen") };
        client.extended(link);
        assert_eq!(client.contents("stolen"), Reply::Status(2));
    }
}

/// A thread exchanges a directory for a link to the outside, again and again, while a session reads, writes and
/// lists through it.
#[test]
fn directories_that_become_links_meanwhile_lead_nowhere_outside() {
    for walks in [false, true] {
        let tree = Tree::new();
        tree.directory("dir");
        tree.file("dir/secret", "inside");
        tree.link("link", tree.temp.join("outside"));
        fs::write(tree.temp.join("outside/of-outside"), "").unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let root = tree.root.clone();
        let swaps = Arc::clone(&stop);
        let swapper = thread::spawn(move || {
            while !swaps.load(Ordering::Relaxed) {
                let exchange = rustix::fs::RenameFlags::EXCHANGE;
                let (dir, link) = (root.join("dir"), root.join("link"));
                let cwd = rustix::fs::CWD;
                rustix::fs::renameat_with(cwd, &dir, cwd, &link, exchange).unwrap();
            }
        });
        let mut client = tree.session(walks);
        let mut inside = 0;
        for round in 0..3000 {
            match client.contents("dir/secret") {
                Reply::Data(text) => {
                    assert_eq!(text, b"inside");
                    inside += 1;
                }
                refused => assert!(matches!(refused, Reply::Status(_)), "{refused:?}"),
            }
            if let Ok(names) = client.list("dir") {
                assert!(!names.contains(&"of-outside".to_owned()), "{names:?}");
            }
            if round % 10 == 0 {
                let path = format!("dir/new{round}");
                if let Reply::Handle(handle) = client.open(&path, "wc") {
                    client.ask(Operation::Close(handle));
                    client.ask(Operation::Remove(bytes(&path)));
                }
                client.ask(Operation::Rename { from: bytes("dir/secret"), to: bytes("dir/s") });
                client.ask(Operation::Rename { from: bytes("dir/s"), to: bytes("dir/secret") });
            }
        }
        stop.store(true, Ordering::Relaxed);
        swapper.join().unwrap();
        assert!(inside > 0);
        let outside: Vec<_> = fs::read_dir(tree.temp.join("outside")).unwrap().collect();
        assert_eq!(outside.len(), 2, "nothing was made or renamed there");
    }
}
