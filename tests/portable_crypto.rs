//! The switch that has ciphers and MACs run on AWS-LC alone. The environment is read once in a process, so
//! each case is a process of its own, which runs one test of this program.

use std::process::Command;

use sshserver::crypto::on_vector_code;

const SWITCH: &str = "SSHSERVER_PORTABLE_CRYPTO";

fn forbidden() -> bool {
    std::env::var(SWITCH).is_ok_and(|value| !value.is_empty() && value != "0")
}

/// The folder of what a processor with these instructions takes for these algorithms, the first that it has
/// all of. AES-GCM is for the tests of its file: there AWS-LC may be as fast.
#[cfg(target_arch = "x86_64")]
fn expected() -> Vec<(&'static str, &'static str)> {
    use std::arch::is_x86_feature_detected as has;

    let mut expected = Vec::new();
    if has!("aes") && has!("ssse3") && has!("sse4.1") && has!("avx2") && has!("vaes") {
        expected.extend([("aes256-ctr", "vaes"), ("aes128-ctr", "vaes")]);
    }
    if has!("avx512f") && has!("avx512bw") && has!("avx512ifma") {
        expected.push(("chacha20-poly1305@openssh.com", "avx512"));
    } else if has!("avx2") {
        expected.push(("chacha20-poly1305@openssh.com", "avx2"));
    }
    if has!("sha") && has!("ssse3") && has!("sse4.1") && has!("avx") {
        let names = ["hmac-sha2-256", "hmac-sha2-256-96", "hmac-sha2-256-etm@openssh.com"];
        expected.extend(names.map(|name| (name, "sha_ni")));
    }
    expected
}

#[cfg(not(target_arch = "x86_64"))]
fn expected() -> Vec<(&'static str, &'static str)> {
    Vec::new()
}

#[test]
fn a_process_keeps_to_its_environment() {
    let found = on_vector_code().into_iter().map(|(_, name, folder)| (name, folder));
    let found: Vec<_> = found.filter(|(name, _)| !name.contains("-gcm@")).collect();
    if forbidden() || cfg!(feature = "portable-crypto") {
        assert_eq!(on_vector_code(), []);
    } else {
        assert_eq!(found, expected());
    }
}

#[test]
fn the_switch_of_the_environment() {
    for value in [None, Some(""), Some("0"), Some("1"), Some("yes")] {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "a_process_keeps_to_its_environment"]).env_remove(SWITCH);
        child.envs(value.map(|value| (SWITCH, value)));
        let output = child.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("1 passed"), "{value:?}: {text}");
    }
}
