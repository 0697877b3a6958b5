//! Lists the algorithms of this crate in their order of preference, like `ssh -Q`:
//! `cargo run --no-default-features --example algorithms [-- cipher|compression|kex|mac|signature]`.
//! One line each: kind, name, and which offers have it: `modern` (in the defaults and in both profiles),
//! `profiles-only`, `intermediate` (in the defaults and in the intermediate profile), `compatible` (in
//! the defaults only) or `on-request`. README.md's table is made from it.

use std::io::{self, Write};

use sshserver::crypto::algorithms;

fn main() -> io::Result<()> {
    let wanted = std::env::args().nth(1);
    let mut out = io::stdout().lock();
    for (kind, name, security) in algorithms() {
        if wanted.as_deref().is_none_or(|wanted| wanted == kind) {
            writeln!(out, "{kind} {name} {}", security.name())?;
        }
    }
    Ok(())
}
