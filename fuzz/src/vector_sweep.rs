//! Our code for vector instructions beside AWS-LC, systematically: `node scripts/fuzz.mjs sweep [all [N M]]`.
//!
//! Every length from 0 to 70,000, each at the next of the 64 alignments and at the one opposite; every
//! length to 2,200, which is longer than all ways through the code together, and those around the powers of
//! two beyond at all 64. With `all`: every length at every alignment, which takes half an hour; with
//! `all N M` the Nth of M parts of it, from 0 on. AWS-LC computes its result once for each length. A part of
//! the target `vector_code`, which runs it when it finds it in its environment; built without the
//! instrumentation of the fuzzer, which would make it five times as long.

use std::collections::BTreeMap;
use std::time::Instant;

use sshserver::crypto::differential::{Compare, LINE, Packet, Place, SUBJECTS};

/// What is to be swept.
const VARIABLE: &str = "SSHSERVER_VECTOR_SWEEP";
const LONGEST: usize = 70_000;
const SHORT: usize = 2_200;

/// Sweeps and ends the process if the environment says so.
pub fn if_wanted() {
    if let Ok(arguments) = std::env::var(VARIABLE) {
        sweep(&arguments.split_whitespace().collect::<Vec<_>>());
        std::process::exit(0);
    }
}

fn sweep(arguments: &[&str]) {
    let number = |at: usize| arguments.get(at).map(|text| text.parse::<usize>().expect("a number"));
    let all = arguments.first() == Some(&"all");
    let (part, parts) = (number(1).unwrap_or(0), number(2).unwrap_or(1));
    let started = Instant::now();
    let mut random = Numbers(0x7377_6565 ^ u64::try_from(part).expect("a number"));
    let noise: Vec<u8> = std::iter::repeat_with(|| random.next().to_le_bytes())
        .take(LONGEST / 8 + 64)
        .flatten()
        .collect();
    let mut done: BTreeMap<&str, usize> = BTreeMap::new();
    for len in (0..=LONGEST).filter(|len| len % parts == part) {
        let key = std::array::from_fn(|_| random.below(256).try_into().expect("a byte"));
        let sequence = u32::try_from(random.below(1 << 32)).expect("a sequence number");
        let start = random.below(64);
        let packet = Packet { key: &key, sequence, plain: &noise[start..start + len] };
        let alignments = if all || len <= SHORT || is_edge(len) {
            (0..LINE).collect()
        } else {
            vec![len % LINE, (len + LINE / 2) % LINE]
        };
        for subject in SUBJECTS {
            let Some(compare) = (subject.compare)(packet) else { continue };
            *done.entry(subject.name).or_default() += alignments.len();
            check(subject.name, packet, compare, &alignments, &mut random);
        }
        if len % 1000 == 0 {
            println!("sweep: {len} bytes, {:.0} s", started.elapsed().as_secs_f64());
        }
    }
    for subject in SUBJECTS {
        match done.get(subject.name) {
            Some(count) => println!("sweep {}: passed ({count} comparisons)", subject.name),
            None => println!("sweep {}: skipped, the processor lacks it", subject.name),
        }
    }
}

/// What fails says where; the panic itself says what.
fn check(
    name: &'static str,
    packet: Packet<'_>,
    mut compare: Compare,
    alignments: &[usize],
    random: &mut Numbers,
) {
    for &alignment in alignments {
        let place = Place { alignment, draw: random.below(1 << 40) };
        let unwind = std::panic::AssertUnwindSafe(|| compare(place));
        if std::panic::catch_unwind(unwind).is_err() {
            println!("sweep {name}: failed, {} bytes at {place:?}, {packet:?}", packet.plain.len());
            std::process::exit(1);
        }
    }
}

/// Around a power of two and half-way to the next one, and the longest.
fn is_edge(len: usize) -> bool {
    let near = |edge: usize| len.abs_diff(edge) <= 20;
    (11..=16).any(|bits| near(1 << bits) || near(3 << (bits - 1))) || near(LONGEST)
}

/// SplitMix64: the same numbers in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let n = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        n ^ (n >> 31)
    }

    fn below(&mut self, bound: u64) -> usize {
        usize::try_from(self.next() % bound).expect("a number")
    }
}
