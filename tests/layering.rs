//! Holds the source against the layers of ARCHITECTURE.md: an arrow only ever points down, siblings
//! do not know each other, `unsafe` stays in its few places, and the page names every folder.

#![allow(clippy::unwrap_used, reason = "a file that cannot be read has to fail the test")]

use std::fs;
use std::path::{Path, PathBuf};

/// From the bottom to the top. Those of one row are siblings.
const LAYERS: &[&[&str]] = &[
    &["error", "limits"],
    &["blocks"],
    &["wire"],
    &["crypto"],
    &["keystore"],
    &["transport", "userauth", "channels"],
    &["engine"],
    &["driver"],
    &["binding"],
];

/// The only places that may say `unsafe`. Of `crypto/avx512/` and `crypto/vaes/` only the calls and the
/// loads and stores: their arithmetic is safe code.
const UNSAFE: &[&str] = &[
    "crypto/aws_lc",
    "crypto/avx2/mod.rs",
    "crypto/avx2/memory.rs",
    "crypto/avx2/tests.rs",
    "crypto/avx512/mod.rs",
    "crypto/avx512/memory.rs",
    "crypto/avx512/tests.rs",
    "crypto/block.rs",
    "crypto/sha_ni/mod.rs",
    "crypto/vaes/mod.rs",
    "crypto/vaes/memory.rs",
    "driver/priority.rs",
    "driver/io/raw_socket.rs",
    "binding/",
];

#[test]
fn arrows_point_down() {
    let mut wrong = Vec::new();
    for file in sources() {
        let Some(layer) = layer_of(&file) else {
            continue; // lib.rs only lists the layers
        };
        let Some(rank) = rank(&layer) else {
            wrong.push(format!("{file}: src/{layer} is in no layer of this test"));
            continue;
        };
        for (number, name) in imports(&file) {
            match rank_of_import(&layer, &name) {
                Some(other) if other < rank => {}
                None if name == layer => {}
                _ => wrong.push(format!("src/{file}:{number}: {layer} uses {name}")),
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn unsafe_code_stays_in_its_places() {
    let mut wrong = Vec::new();
    for file in sources() {
        if UNSAFE.iter().any(|place| file.starts_with(place)) {
            continue;
        }
        for (number, line) in code(&file) {
            if words(&line).any(|word| word == "unsafe") {
                wrong.push(format!("src/{file}:{number}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_architecture_page_names_every_folder() {
    let page = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let mut missing = Vec::new();
    for file in sources() {
        let mut folder = file.as_str();
        while let Some((parent, _)) = folder.rsplit_once('/') {
            let name = format!("`{parent}/`");
            let described = parent.ends_with("/tests") || page.contains(&name);
            if !described && !missing.contains(&name) {
                missing.push(name);
            }
            folder = parent;
        }
    }
    assert!(missing.is_empty(), "not in ARCHITECTURE.md: {}", missing.join(", "));
}

#[test]
fn imports_are_found_in_every_form() {
    assert_eq!(names("use crate::wire::Reader;"), ["wire"]);
    assert_eq!(
        names("use crate::{error::{Error, Kind}, wire, crypto as c};"),
        ["error", "wire", "crypto"]
    );
    assert_eq!(names("let x = crate::limits::A + crate :: error::B;"), ["limits", "error"]);
    assert!(names("macrocrate::wire").is_empty());
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file, relative to src, with `/` between the parts.
fn sources() -> Vec<String> {
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

/// The folder or file of src that a file belongs to; `None` for lib.rs.
fn layer_of(file: &str) -> Option<String> {
    let first = file.split('/').next().unwrap();
    (first != "lib.rs").then(|| first.trim_end_matches(".rs").to_owned())
}

fn rank(layer: &str) -> Option<usize> {
    LAYERS.iter().position(|row| row.contains(&layer))
}

/// The rank of another layer; `None` for the layer itself.
fn rank_of_import(layer: &str, name: &str) -> Option<usize> {
    (layer != name).then(|| rank(name).unwrap_or(usize::MAX))
}

/// The lines of a file without their comments, with their numbers.
fn code(file: &str) -> Vec<(usize, String)> {
    let text = fs::read_to_string(root().join("src").join(file)).unwrap();
    let lines = text.lines().enumerate();
    lines
        .map(|(index, line)| {
            let line = line.split("//").next().unwrap();
            (index + 1, line.to_owned())
        })
        .collect()
}

/// What a file takes from the crate's root: `crate::` paths, and `super::` paths that reach it.
fn imports(file: &str) -> Vec<(usize, String)> {
    let depth = file.trim_end_matches("/mod.rs").split('/').count();
    let to_root = "super::".repeat(depth);
    let lines = code(file);
    let mut found = Vec::new();
    let mut at = 0;
    while let Some((number, line)) = lines.get(at) {
        let mut statement = line.clone();
        // A `use` with braces may run over several lines.
        while statement.contains("crate::{") && !statement.contains(';') {
            at += 1;
            match lines.get(at) {
                Some((_, more)) => statement.push_str(more),
                None => break,
            }
        }
        found.extend(names(&statement).into_iter().map(|name| (*number, name)));
        // Only outside of an inner module: in there, one `super` leads back to the file itself.
        let path = statement.trim_start_matches("pub ");
        if let Some(path) = path.strip_prefix("use ")
            && let Some(path) = path.strip_prefix(&to_root)
        {
            found.extend(words(path).next().map(|name| (*number, name.to_owned())));
        }
        at += 1;
    }
    found
}

/// The first names after `crate::` in a line of code, braces included.
fn names(line: &str) -> Vec<String> {
    let line: String = line.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = line.replace(" ::", "::").replace(":: ", "::");
    let mut found = Vec::new();
    for (start, _) in line.match_indices("crate::") {
        let (before, after) = line.split_at(start);
        if before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let after = after.trim_start_matches("crate::");
        match after.strip_prefix('{') {
            Some(list) => found.extend(top_level(list)),
            None => found.extend(words(after).next().map(str::to_owned)),
        }
    }
    found
}

/// The first word of each part of a brace list, up to its closing brace.
fn top_level(list: &str) -> Vec<String> {
    let mut depth = 0_u32;
    let mut parts = vec![String::new()];
    for c in list.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => parts.push(String::new()),
            _ => {}
        }
        if depth == 0 {
            parts.last_mut().unwrap().push(c);
        }
    }
    let firsts = parts.iter().filter_map(|part| words(part).next().map(str::to_owned));
    firsts.collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}
