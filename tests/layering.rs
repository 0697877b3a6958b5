//! Checks the source by the rules of ARCHITECTURE.md: a layer imports only from below, siblings do not import
//! each other, the files of a folder have no import cycle, `unsafe` stays in its few places, and the page
//! names every folder and every method of the engine.

#![allow(clippy::unwrap_used, reason = "a file that cannot be read has to fail the test")]

#[path = "common/sources.rs"]
mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use sources::{code, code_without_tests, is_test, root, sources, words};

/// From the bottom to the top. Those of one row are siblings.
const LAYERS: &[&[&str]] = &[
    &["error", "limits", "number_map"],
    &["blocks"],
    &["wire"],
    &["crypto"],
    &["keystore"],
    &["transport", "userauth", "channels", "sftp"],
    &["engine", "files"],
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
    "driver/gssapi/library.rs",
    "keystore/windows_api.rs",
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

/// A folder's files, and its folders each as a whole, import one another in no circle. What is in the code
/// of tests does not count. A mod.rs is the head of its folder and no part of this: what it passes on
/// counts as the file's that it comes from, and what it defines itself (the trait or the row that all files
/// of a family are made of) they may use although it lists them. driver/ is held to more, file by file, by
/// [`no_arrow_in_driver_points_up_or_in_a_circle`].
#[test]
fn no_files_import_one_another_in_a_circle() {
    let mut circles = Vec::new();
    for (folder, arrows) in arrows_by_folder() {
        if folder == "driver" {
            continue;
        }
        for circle in circles_of(&arrows) {
            circles.push(format!("src/{folder}:"));
            for from in &circle {
                let to: Vec<_> = arrows[from].intersection(&circle).map(String::as_str).collect();
                circles.push(format!("    {from} -> {}", to.join(", ")));
            }
        }
    }
    assert!(circles.is_empty(), "\n{}", circles.join("\n"));
}

/// The floors of driver/, from the bottom up: a file uses what is on its own floor or below. The folders of
/// driver/ group what belongs together, and stand on several floors; hence their files are told apart.
const FLOORS_OF_DRIVER: &[&[&str]] = &[
    // files that only ask the system
    &[
        "clock.rs",
        "gssapi/",
        "io/intake.rs",
        "io/memory.rs",
        "io/mod.rs",
        "io/raw_socket.rs",
        "io/socket.rs",
        "io/socket_options.rs",
        "io/stream.rs",
        "io/transmit.rs",
        "job_threads.rs",
        "lookup.rs",
        "os_error.rs",
        "priority.rs",
    ],
    // the events and questions for the program
    &[
        "connection/counters.rs",
        "handler.rs",
        "listener.rs",
        "load.rs",
        "op_error.rs",
        "registry.rs",
    ],
    // the state that the connections of a server share
    &[
        "clients/",
        "io/program_loop.rs",
        "io/runtime.rs",
        "io/watchdog.rs",
        "permits.rs",
        "shared.rs",
        "turn.rs",
    ],
    // the parts of a connection that need no lock, its tunnels and its services
    &["connection/command.rs", "connection/link.rs", "service/", "tunnel/"],
    // the machine of a connection
    &["connection/"],
    // the handle of a connection
    &["connection/mod.rs", "connection/send.rs"],
    // all connections
    &["channel_entry.rs", "incoming.rs", "tables.rs"],
    // code that makes and ends connections
    &["acceptor.rs", "connection/task.rs", "fuzzing.rs", "server.rs"],
];

/// The floor of a file of driver/: that of the longest name that it begins with.
fn floor_of(file: &str) -> Option<usize> {
    let file = file.strip_prefix("driver/")?;
    let floors = FLOORS_OF_DRIVER.iter().enumerate();
    let names =
        floors.flat_map(|(floor, names)| names.iter().map(move |name| (name.len(), floor, *name)));
    let found = names.filter(|(_, _, name)| file.starts_with(name)).max();
    found.map(|(_, floor, _)| floor)
}

#[test]
fn no_arrow_in_driver_points_up_or_in_a_circle() {
    let files: BTreeSet<String> = sources().into_iter().filter(|file| !is_test(file)).collect();
    let of_driver = |file: &&String| file.starts_with("driver/") && *file != "driver/mod.rs";
    let mut arrows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut wrong = Vec::new();
    for file in files.iter().filter(of_driver) {
        let Some(floor) = floor_of(file) else {
            wrong.push(format!("src/{file} is on no floor of this test"));
            continue;
        };
        let targets = targets(file, &files);
        let targets: BTreeSet<_> = targets.iter().filter(of_driver).cloned().collect();
        for target in &targets {
            if floor_of(target).is_none_or(|other| other > floor) {
                wrong.push(format!("src/{file} uses {target}, which is above it"));
            }
        }
        arrows.insert(file.clone(), targets);
    }
    let count: usize = arrows.values().map(BTreeSet::len).sum();
    assert!(count > 100, "{count} arrows were found");
    for circle in circles_of(&arrows) {
        wrong.push(format!("a circle: {}", circle.into_iter().collect::<Vec<_>>().join(", ")));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn circles_are_found() {
    let arrows = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "e"), ("f", "a")];
    let mut map: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (from, to) in arrows {
        map.entry(from.to_owned()).or_default().insert(to.to_owned());
        map.entry(to.to_owned()).or_default();
    }
    let circle: BTreeSet<_> = ["a", "b", "c"].map(str::to_owned).into();
    assert_eq!(circles_of(&map), [circle]);
    // and the source has arrows to find them in
    let all = arrows_by_folder();
    assert!(all["keystore"]["keystore/pem.rs"].contains("keystore/openssh.rs"), "by a list");
    assert!(all["keystore"]["keystore/pem.rs"].contains("keystore/unlock.rs"), "by the head");
    assert!(all["crypto"]["crypto/cipher"].contains("crypto/aws_lc"), "from folder to folder");
}

#[test]
fn use_trees_are_taken_apart() {
    let flat = |text| leaves(text).into_iter().map(|(path, name)| format!("{path} as {name}"));
    let all: Vec<_> = flat("crate::{a::{self, B as C}, d}").collect();
    assert_eq!(all, ["crate::a as a", "crate::a::B as C", "crate::d as d"]);
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

/// The driver, the tests and the fuzz targets use the engine through these methods only. One that exists for
/// speed alone shows that another one is not good enough.
#[test]
fn the_architecture_page_has_every_method_of_a_connection_and_they_are_few() {
    let mut methods = Vec::new();
    for file in sources().iter().filter(|file| file.starts_with("engine/")) {
        let mut is_inside = false;
        for (_, line) in code(file) {
            is_inside = (is_inside || line == "impl Connection {") && line != "}";
            if is_inside && let Some(name) = line.trim_start().strip_prefix("pub fn ") {
                methods.push(words(name).next().unwrap().to_owned());
            }
        }
    }
    let page = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let table = page.split("| method of `Connection` |").nth(1).unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with("| `"));
    let mut described: Vec<_> = rows.map(|row| words(row).next().unwrap().to_owned()).collect();
    methods.sort();
    described.sort();
    assert_eq!(described, methods);
    assert!((10..24).contains(&methods.len()), "{} methods", methods.len());
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

/// For each folder, what its parts import of each other. A part is a file or a whole folder.
fn arrows_by_folder() -> BTreeMap<String, BTreeMap<String, BTreeSet<String>>> {
    let files: BTreeSet<String> = sources().into_iter().filter(|file| !is_test(file)).collect();
    let mut folders: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for file in &files {
        for target in targets(file, &files) {
            // the folder in which the two part ways
            let mut folder = Vec::new();
            let (mut from, mut to) = (file.split('/'), target.split('/'));
            let (from, to) = loop {
                match (from.next(), to.next()) {
                    (Some(a), Some(b)) if a == b => folder.push(a),
                    (Some(a), Some(b)) => break (a, b),
                    _ => break ("mod.rs", "mod.rs"),
                }
            };
            if from == "mod.rs" || to == "mod.rs" || from == "lib.rs" {
                continue;
            }
            let name = |part: &str| [folder.as_slice(), &[part]].concat().join("/");
            let arrows = folders.entry(folder.join("/")).or_default();
            arrows.entry(name(to)).or_default();
            arrows.entry(name(from)).or_default().insert(name(to));
        }
    }
    folders
}

/// The files that a file imports from.
fn targets(file: &str, files: &BTreeSet<String>) -> BTreeSet<String> {
    let own = module_of(file);
    let mut found = BTreeSet::new();
    for (path, _) in paths(file) {
        let Some(path) = absolute(&own, &path) else {
            continue;
        };
        if let Some(target) = file_of(path, files)
            && target != file
        {
            found.insert(target);
        }
    }
    found
}

/// `driver/clients/mod.rs` is the module `["driver", "clients"]`.
fn module_of(file: &str) -> Vec<String> {
    let path = file.trim_end_matches(".rs").trim_end_matches("/mod");
    path.split('/').map(str::to_owned).collect()
}

/// A path from the crate's root; `None` for one of another crate.
fn absolute(module: &[String], path: &str) -> Option<Vec<String>> {
    let mut parts = path.split("::").peekable();
    let mut base = match parts.next()? {
        "crate" => Vec::new(),
        "self" => module.to_vec(),
        "super" => module.split_last()?.1.to_vec(),
        _ => return None,
    };
    while parts.next_if_eq(&"super").is_some() {
        base.pop();
    }
    base.extend(parts.map(str::to_owned));
    Some(base)
}

/// The file that defines what a path means: that of the longest module in it, or the one that a mod.rs
/// passes it on from.
fn file_of(mut path: Vec<String>, files: &BTreeSet<String>) -> Option<String> {
    'again: loop {
        for len in (1..=path.len()).rev() {
            let (module, rest) = path.split_at(len);
            let (file, head) = (module.join("/") + ".rs", module.join("/") + "/mod.rs");
            if files.contains(&file) {
                return Some(file);
            }
            if files.contains(&head) {
                let passed_on = rest.first().and_then(|name| passed_on(&head, module, name));
                match passed_on {
                    Some(from) => {
                        path = from.into_iter().chain(rest.iter().skip(1).cloned()).collect();
                        continue 'again;
                    }
                    None => return Some(head),
                }
            }
        }
        return None;
    }
}

/// Where a mod.rs has a name from that it passes on out of its own folder: its files see its private
/// imports, too.
fn passed_on(head: &str, module: &[String], name: &str) -> Option<Vec<String>> {
    let own = paths(head).into_iter().filter(|(_, known)| known == name).filter_map(|(path, _)| {
        // `self::` may be left out
        absolute(module, &path).or_else(|| absolute(module, &format!("self::{path}")))
    });
    let mut own = own.filter(|path| path.starts_with(module) && path.len() > module.len() + 1);
    own.next()
}

/// Every path of a file's code, without that of its tests, and the name that an import gives it.
fn paths(file: &str) -> Vec<(String, String)> {
    let code: Vec<_> = code_without_tests(file).into_iter().map(|(_, line)| line).collect();
    let code = code.join("\n");
    let mut found = Vec::new();
    for statement in code.split(';') {
        let start = statement.rfind("use ").filter(|at| {
            let before = statement.split_at(*at).0.trim_end_matches(' ');
            before.is_empty() || before.ends_with(['\n', ')', '{']) || before.ends_with("pub")
        });
        let (before, tree) = statement.split_at(start.unwrap_or(statement.len()));
        found.extend(inline_paths(before));
        found.extend(leaves(tree.trim_start_matches("use ")));
    }
    found
}

/// `crate::` and `super::` paths in an expression or a type.
fn inline_paths(code: &str) -> Vec<(String, String)> {
    let of_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let paths = code.split(|c: char| !of_path(c));
    let paths = paths.filter(|path| path.starts_with("crate::") || path.starts_with("super::"));
    paths.map(|path| (path.trim_end_matches(':').to_owned(), String::new())).collect()
}

/// The paths of a `use`, braces taken apart, with the names that they are known by.
fn leaves(tree: &str) -> Vec<(String, String)> {
    let tree: String = tree.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut found = Vec::new();
    let mut depth = 0_u32;
    let mut parts = vec![String::new()];
    for c in tree.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        match c {
            ',' if depth == 0 => parts.push(String::new()),
            _ => parts.last_mut().unwrap().push(c),
        }
    }
    for part in parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()) {
        if let Some((prefix, list)) = part.split_once('{') {
            let list = list.trim_end().strip_suffix('}').unwrap_or(list);
            for (path, name) in leaves(list) {
                let path = format!("{prefix}{path}");
                let path = path.strip_suffix("::self").unwrap_or(&path).to_owned();
                let name = if name == "self" { last(&path) } else { name };
                found.push((path, name));
            }
        } else {
            let (path, name) = part.split_once(" as ").unwrap_or((part, ""));
            let name = if name.is_empty() { last(path) } else { name.to_owned() };
            found.push((path.to_owned(), name));
        }
    }
    found
}

fn last(path: &str) -> String {
    path.rsplit("::").next().unwrap().to_owned()
}

/// The sets of parts that reach one another.
fn circles_of(arrows: &BTreeMap<String, BTreeSet<String>>) -> Vec<BTreeSet<String>> {
    let reached = |from: &String| {
        let mut reached = BTreeSet::new();
        let mut open = vec![from];
        while let Some(part) = open.pop() {
            for next in arrows.get(part).into_iter().flatten() {
                if reached.insert(next.clone()) {
                    open.push(next);
                }
            }
        }
        reached
    };
    let all: BTreeMap<_, _> = arrows.keys().map(|part| (part, reached(part))).collect();
    let mut circles: Vec<BTreeSet<String>> = Vec::new();
    for (part, reach) in &all {
        if reach.contains(*part) && !circles.iter().any(|circle| circle.contains(*part)) {
            let reaches_back =
                |other: &&String| all.get(other).is_some_and(|it| it.contains(*part));
            circles.push(reach.iter().filter(reaches_back).cloned().collect());
        }
    }
    circles
}
