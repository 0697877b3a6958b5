//! Checks that every bound is in `src/limits.rs`, with the attack that it stops: no other file has a constant
//! that could be a bound, except those that are listed here with what they are instead.

#[path = "common/sources.rs"]
mod sources;

use std::collections::BTreeSet;

use sources::{code, code_without_tests, is_test, sources, words};

/// Lengths that are fixed by a format, an algorithm or a system; such a length is not a bound.
const GIVEN: &[(&str, &str)] = &[
    ("DATA_TYPE_LEN", "RFC 4254 section 5.2: the code of extended data"),
    (
        "DATA_HEAD_LEN",
        "draft-ietf-secsh-filexfer-02 section 7: what stands before the data of a reply",
    ),
    ("DSA_P_BITS", "FIPS 186-2, and what puttygen makes"),
    ("DSA_Q_BITS", "FIPS 186-2"),
    ("HEAD_LEN", "RFC 4253 section 6: packet_length and padding_length"),
    ("LANDED_HEAD_LEN", "RFC 4254 section 5.2: what stands before the data of a message"),
    ("LENGTH_LEN", "RFC 4253 section 6: packet_length"),
    ("LIMIT", "the whole numbers that JavaScript has"),
    ("LEVEL_BYTES", "a value of the setting LogLevel"),
    ("MAX_DIGEST_LEN", "the longest hash that is built in"),
    ("MAX_EXPONENT_LEN", "what we draw for a Diffie-Hellman exchange"),
    ("MAX_HANDLE_LEN", "draft-ietf-secsh-filexfer-02 section 6.2"),
    ("MAX_HEAD_LEN", "what stands before the data of an opened packet"),
    ("MAX_LEN", "RFC 4418 section 5.3: 2^14 results of NH"),
    ("MAX_MODULUS_LEN", "what puttygen makes of DSA"),
    ("MAX_PIECES", "IOV_MAX of Linux"),
    ("MAX_TAG_LEN", "the longest MAC that is built in"),
    ("MAX_WRITE_HEAD_LEN", "draft-ietf-secsh-filexfer-02 section 6.4: what stands before the data"),
    ("MIN_MODULUS_LEN", "FIPS 186-2"),
    ("I32_MAX", "what JavaScript and others keep in 32 bits with a sign"),
    ("LONGEST", "of an identification string, without CR LF"),
    ("MOST", "the round keys of AES"),
    ("PLAIN_HEAD_LEN", "RFC 4253 section 6 and RFC 4254 section 5.2: what stands before the data"),
    ("TIMED_OUT", "an error number"),
];

/// Values that tune speed or are for people: a client does not affect them, or causes no cost by them.
const TUNING: &[(&str, &str)] = &[
    ("ATTEMPTS", "ports that we choose ourselves"),
    ("BACKLOG", "a default of the operating system's queue"),
    ("BLOCKING_THREADS", "a pool for work of the program's making"),
    ("BUFFER_LEN", "a buffer of ours, derived from a bound"),
    ("CONSUMED_LEN", "when the client is told of its window"),
    ("COPIED_LEN", "below it a copy is cheaper than lending"),
    ("DATA_DELAY", "when memory is given back"),
    ("DOCUMENTED_BACKLOG", "the documented default"),
    ("DEFAULT_KEEP_ALIVE", "what systems have by themselves"),
    ("DELAY", "when memory is given back"),
    ("FAR_AWAY", "what a timer is set to before it is set for something"),
    ("FLOOD_LEN", "from what on a socket is read in large pieces"),
    ("FLOOD_TIME", "from what on a socket is read in large pieces"),
    ("KEEP_ALIVE", "when a thread with nothing to do ends"),
    ("KEPT_LEN", "a buffer of ours, derived from a bound"),
    ("LARGE_SEND_LEN", "what the program sends"),
    ("LIGHT_RSA_BITS", "which thread signs"),
    ("LULL", "when a flooded socket is read all the same"),
    ("MAX_DRAWS", "random numbers that we draw ourselves"),
    ("MAX_INLINE_LEN", "which thread seals what the program sends"),
    ("MAX_PARTS", "pieces for one system call"),
    ("MAX_THREADS", "threads for I/O"),
    ("MIN_LANDING_LEN", "from what on decrypting into a block is worth it"),
    ("MIN_THREADS", "threads for arithmetic"),
    ("MOST_TOUCHED", "what the program sends"),
    ("PAUSE", "when accepting is tried again"),
    ("PORT_TRIES", "ports that we choose ourselves"),
    ("PROMPT_READS", "which reads are acknowledged at once"),
    ("READ_LEN", "a buffer of the thread"),
    ("SENT_IN_TURN", "what the program sends"),
    ("GSS_STACK_LEN", "what a library needs"),
    ("STACK_LEN", "stacks of our own threads"),
    ("STEP_LEN", "how often a copy looks whether the client is still there"),
    ("STRETCH", "how the cost of connections is measured"),
    ("TAIL_LEN", "room for padding in a buffer of ours"),
    ("UNWATCHED_TIME", "when somebody looks whether a client is still there"),
    ("UNWRITTEN_LEN", "which thread seals what the program sends"),
];

/// What bounds are called.
const WORDS: &[&str] = &[
    "ATTEMPTS", "BACKLOG", "BITS", "BYTES", "COST", "DELAY", "DEPTH", "LEN", "LIMIT", "LONGEST",
    "MAX", "MOST", "PAUSE", "READS", "THREADS", "TIME", "TIMED", "TRIES", "TURN",
];

const NUMBERS: &[&str] =
    &["usize", "u8", "u16", "u32", "u64", "u128", "i32", "i64", "f64", "Duration"];

#[test]
fn every_bound_is_in_limits() {
    let strays: Vec<_> = candidates()
        .into_iter()
        .filter(|(_, name)| !GIVEN.iter().chain(TUNING).any(|(known, _)| known == name))
        .map(|(place, name)| format!("src/{place}: {name}"))
        .collect();
    let what = "move it to src/limits.rs with the attack it stops, or list it here with what it is";
    assert!(strays.is_empty(), "\n{}\n{what}", strays.join("\n"));
}

#[test]
fn what_is_listed_is_there_and_has_one_reason() {
    let there: BTreeSet<_> = candidates().into_iter().map(|(_, name)| name).collect();
    let listed: Vec<_> = GIVEN.iter().chain(TUNING).map(|(name, _)| *name).collect();
    let gone: Vec<_> = listed.iter().filter(|name| !there.contains(**name)).collect();
    assert!(gone.is_empty(), "listed and not there: {gone:?}");
    let unique: BTreeSet<_> = listed.iter().collect();
    assert_eq!(unique.len(), listed.len(), "a constant is listed twice");
}

#[test]
fn constants_are_found_in_every_form() {
    let found = |line: &str| constant(line).map(str::to_owned);
    assert_eq!(found("const MAX_X: usize = 1;").as_deref(), Some("MAX_X"));
    assert_eq!(
        found("    pub(in crate::driver) const A_TIME: Duration =").as_deref(),
        Some("A_TIME")
    );
    assert_eq!(found("pub static LULL: (Duration, Duration) =").as_deref(), Some("LULL"));
    assert_eq!(
        found("const BITS: std::ops::RangeInclusive<u32> = 1..=2;").as_deref(),
        Some("BITS")
    );
    assert_eq!(found("pub const fn max_len(len: usize) -> usize {"), None);
    assert_eq!(found("const NAME: &str = \"MAX_LEN\";"), None);
    // and there are some in the file that they belong to
    let limits = code("limits.rs").into_iter().filter(|(_, line)| constant(line).is_some()).count();
    assert!(limits > 90, "{limits}");
}

/// The constants outside of limits.rs that could be bounds by their type and their name, with their places.
fn candidates() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for file in sources().into_iter().filter(|file| file != "limits.rs" && !is_test(file)) {
        for (number, line) in code_without_tests(&file) {
            if let Some(name) = constant(&line)
                && could_be_bound(&file, name, &line)
            {
                found.push((format!("{file}:{number}"), name.to_owned()));
            }
        }
    }
    assert!(found.len() > 30, "the constants were not found");
    found
}

/// The name of the number or time that a line defines as a constant.
fn constant(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let (before, item) = line.split_once("const ").or_else(|| line.split_once("static "))?;
    let (name, kind) = item.split_once(':')?;
    let kind = kind.split('=').next()?;
    let is_constant = (before.is_empty() || before.starts_with("pub")) && words(name).eq([name]);
    let is_number = words(kind).any(|word| NUMBERS.contains(&word)) && !kind.contains('&');
    (is_constant && is_number).then_some(name)
}

fn could_be_bound(file: &str, name: &str, line: &str) -> bool {
    // what a specification of an algorithm or a file format fixes
    let fixed = (file.starts_with("crypto/") || file.starts_with("keystore/"))
        && name.ends_with("_LEN")
        && !name.contains("MAX")
        && !name.contains("MIN");
    let sounds_like_one = name.split('_').any(|word| WORDS.contains(&word));
    !fixed && (sounds_like_one || line.contains("Duration"))
}
