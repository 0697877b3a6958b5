//! Lists the algorithms of this crate in their order of preference, like `ssh -Q`:
//! `cargo run --no-default-features --example algorithms [-- cipher|compression|kex|mac|signature]`.
//! One line each: kind, name, and `modern` (in every profile) or `compatible` (in the documented
//! defaults only). README.md's table and the interop tests are made from it.

use std::io::{self, Write};

use sshserver::crypto::{Security, cipher, compression, kex, mac, signature};

fn main() -> io::Result<()> {
    let wanted = std::env::args().nth(1);
    let mut out = io::stdout().lock();
    for (kind, name, security) in algorithms() {
        if wanted.as_deref().is_none_or(|wanted| wanted == kind) {
            let profile = match security {
                Security::Modern => "modern",
                Security::Compatible => "compatible",
            };
            writeln!(out, "{kind} {name} {profile}")?;
        }
    }
    Ok(())
}

fn algorithms() -> Vec<(&'static str, &'static str, Security)> {
    let mut all = Vec::new();
    all.extend(kex::KEXES.iter().map(|a| ("kex", a.name, a.security)));
    all.extend(signature::SIGNATURES.iter().map(|a| ("signature", a.name, a.security)));
    all.extend(cipher::CIPHERS.iter().map(|a| ("cipher", a.name, a.security)));
    all.extend(mac::MACS.iter().map(|a| ("mac", a.name, a.security)));
    all.extend(compression::COMPRESSIONS.iter().map(|a| ("compression", a.name, a.security)));
    all
}
