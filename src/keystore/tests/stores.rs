//! What the tests of all stores share: the files of tests/vectors/stores, which its generate.sh made
//! with the real tools, and ways to damage them.

use std::sync::OnceLock;

use super::*;

pub(super) const STORE_PASSWORD: &str = "secret1";

pub(super) fn store_path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/stores").join(name)
}

pub(super) fn store(name: &str) -> Vec<u8> {
    fs::read(store_path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The stores whose names end so.
pub(super) fn stores(ending: &str) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(store_path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(ending))
        .collect();
    names.sort_unstable();
    names
}

/// The public keys that the keys by themselves have.
fn known() -> &'static [(&'static str, Vec<u8>); 3] {
    static KNOWN: OnceLock<[(&str, Vec<u8>); 3]> = OnceLock::new();
    KNOWN.get_or_init(|| {
        ["rsa", "ec", "ed25519"].map(|name| {
            let contents = parse(&store(&format!("{name}.key")), "").unwrap();
            (name, contents.first_key().unwrap().public_blob())
        })
    })
}

pub(super) fn blob_of(key: &str) -> Vec<u8> {
    known().iter().find(|(name, _)| *name == key).unwrap().1.clone()
}

/// One line for each entry: its name, what its key is, and the subjects of its certificates.
pub(super) fn lines<'a>(
    data: &[u8],
    unlock: impl Into<Unlock<'a>>,
) -> Result<Vec<String>, KeystoreError> {
    let contents = parse(data, unlock)?;
    Ok(contents.entries.iter().map(line).collect())
}

fn line(entry: &contents::Entry) -> String {
    let key = match &entry.key {
        Some(EntryKey::Private(key)) => {
            let blob = key.public_blob();
            let same = known().iter().find(|(_, other)| *other == blob);
            same.map_or("other key", |(name, _)| name).to_owned()
        }
        Some(EntryKey::Unusable(why)) => format!("unusable: {why}"),
        Some(other) => format!("{other:?}"),
        None => "-".to_owned(),
    };
    let subjects: Vec<String> = entry.certificates.iter().map(X509::subject).collect();
    let name = entry.name.as_deref().unwrap_or("-");
    format!("{name} | {key} | {}", subjects.join(" < "))
}

/// Cut to each of its lengths (or about `tries` of them), a store is refused.
pub(super) fn cut_stores_are_refused(name: &str, password: &str, tries: usize) {
    let data = store(name);
    for len in (0..data.len()).step_by((data.len() / tries).max(1)) {
        let result = parse(&data[..len], password);
        assert!(result.is_err(), "{name} cut to {len}");
    }
    for tail in [&[0][..], b"\n", &[0x30, 0x80]] {
        let longer = [&data, tail].concat();
        assert!(parse(&longer, password).is_err(), "{name} and {tail:?}");
    }
}

/// Flips bits everywhere (at about `tries` places); returns how often the store was read anyway. A
/// key that comes out of it is always the one that was put in.
pub(super) fn flipped_stores_do_no_harm(name: &str, password: &str, tries: usize) -> usize {
    let blobs = [blob_of("rsa"), blob_of("ec"), blob_of("ed25519")];
    let mut data = store(name);
    let flips = [0x01, 0x80, 0x10, 0xff].into_iter().cycle();
    let mut read = 0;
    for (index, flip) in (0..data.len()).step_by((data.len() / tries).max(1)).zip(flips) {
        data[index] ^= flip;
        if let Ok(contents) = parse(&data, password) {
            read += 1;
            if let Some(key) = contents.first_key() {
                assert!(blobs.contains(&key.public_blob()), "{name} {index}");
            }
        }
        data[index] ^= flip;
    }
    read
}

#[test]
fn every_file_is_one_of_the_tests() {
    let endings = [".p12", ".jks", ".jceks", ".bcfks", ".p7b", ".pem", ".key", ".sh", ".java"];
    let known: usize = endings.iter().map(|ending| stores(ending).len()).sum();
    assert_eq!(known, stores("").len());
}
