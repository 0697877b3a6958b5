//! The text of src, for the tests that check it by rules.

#![allow(clippy::unwrap_used, reason = "a file that cannot be read has to fail the test")]
#![allow(dead_code, reason = "not every test needs all of it")]

use std::fs;
use std::path::{Path, PathBuf};

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file, relative to src, with `/` between the parts.
pub(crate) fn sources() -> Vec<String> {
    let src = root().join("src");
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = vec![src.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let parts = path.strip_prefix(&src).unwrap().iter();
                let parts: Vec<_> = parts.map(|part| part.to_str().unwrap()).collect();
                found.push(parts.join("/"));
            }
        }
    }
    assert!(found.len() > 10, "the source was not found");
    found.sort();
    found
}

/// Whether a file contains only tests.
pub(crate) fn is_test(file: &str) -> bool {
    file.split('/').any(|part| part == "tests" || part == "tests.rs")
}

/// The lines of a file without their comments, with their numbers.
pub(crate) fn code(file: &str) -> Vec<(usize, String)> {
    let text = fs::read_to_string(root().join("src").join(file)).unwrap();
    let lines = text.lines().enumerate();
    lines
        .map(|(index, line)| {
            let line = line.split("//").next().unwrap();
            (index + 1, line.to_owned())
        })
        .collect()
}

/// The same, up to the tests at its end.
pub(crate) fn code_without_tests(file: &str) -> Vec<(usize, String)> {
    let mut lines = code(file);
    let is_start = |pair: &[(usize, String)]| matches!(pair, [(_, a), (_, b)] if a == "#[cfg(test)]" && b.starts_with("mod tests {"));
    if let Some(start) = lines.windows(2).position(is_start) {
        lines.truncate(start);
    }
    lines
}

/// The names and numbers in a text.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}
