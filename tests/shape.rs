//! Checks a rule of CONTRIBUTING.md: no tuple stands for two parameters. Values that belong together have a
//! type with names; others are two parameters.

#![allow(clippy::unwrap_used, reason = "a file that cannot be read has to fail the test")]

#[path = "common/sources.rs"]
mod sources;

use sources::{code, sources};

#[test]
fn no_parameter_is_a_tuple() {
    let mut found = Vec::new();
    for file in sources() {
        let lines: Vec<_> = code(&file).into_iter().map(|(_, line)| line).collect();
        let text = lines.join("\n");
        for function in functions(&text) {
            for parameter in &function.parameters {
                if is_tuple(parameter) {
                    let Function { name, line, .. } = &function;
                    found.push(format!("src/{file}:{line}: fn {name}: {parameter}"));
                }
            }
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn tuples_are_found_behind_what_they_are_wrapped_in_and_collections_of_pairs_are_none() {
    let of = |text: &str| {
        let functions = functions(text);
        assert_eq!(functions.len(), 1, "{text}");
        let mut parameters = functions.into_iter().flat_map(|function| function.parameters);
        parameters.any(|parameter| is_tuple(&parameter))
    };
    for text in [
        "fn a(x: u8, (at, data): (usize, &[u8])) {}",
        "fn a<T: Fn(u8) -> u8>(&self, mut x: Option<(u8, T)>) -> u8 {}",
        "fn a(both: &mut (A, B),) {}",
        "fn a([(a, b), (c, d)]: [(&[u8], &[u8]); 2]) {}",
        "fn a(seal: impl Fn(&mut [u8], (usize, &[u8]))) {}",
    ] {
        assert!(of(text), "{text}");
    }
    for text in [
        "fn a() -> (u8, u8) {}",
        "fn a(&mut self, x: [u8; 2], y: Vec<(A, B)>, z: &[(A, B)]) {}",
        "fn a(x: impl Iterator<Item = (A, B)>, run: &mut dyn FnMut(A, B), nothing: ()) {}",
        "fn a(read: fn(A, B) -> (C, D), map: &HashMap<A, (B, C)>) {}",
    ] {
        assert!(!of(text), "{text}");
    }
}

struct Function {
    name: String,
    line: usize,
    /// As they are written, with their types.
    parameters: Vec<String>,
}

/// Every `fn name(..)` of a file.
fn functions(text: &str) -> Vec<Function> {
    let mut found = Vec::new();
    for (start, _) in text.match_indices("fn ") {
        let is_word = text[..start].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let rest = &text[start + 3..];
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if is_word || name.is_empty() {
            continue;
        }
        let rest = &rest[name.len()..];
        let generics = if rest.starts_with('<') { group_len(rest) } else { 0 };
        let rest = &rest[generics..];
        if !rest.starts_with('(') {
            continue;
        }
        let list = inside(rest);
        let line = text[..start].matches('\n').count() + 1;
        let parameters = split(list, ',').into_iter().map(|it| it.trim().to_owned());
        found.push(Function { name, line, parameters: parameters.collect() });
    }
    found
}

/// Whether the type of a parameter is a tuple, or what takes one in its place: a reference, an option, an array,
/// a closure.
fn is_tuple(parameter: &str) -> bool {
    let Some(colon) = top_level(parameter, ':') else {
        return false; // self
    };
    is_tuple_type(&parameter[colon + 1..])
}

fn is_tuple_type(text: &str) -> bool {
    let mut text = text.trim();
    loop {
        let before = text;
        for prefix in ["&", "mut ", "dyn ", "impl ", "'_ ", "'static "] {
            text = text.strip_prefix(prefix).unwrap_or(text).trim_start();
        }
        if text.starts_with('\'') {
            text = text.split_once(' ').map_or("", |(_, rest)| rest);
        }
        if text == before {
            break;
        }
    }
    if text.starts_with('(') {
        return split(inside(text), ',').len() > 1;
    }
    if text.starts_with('[') {
        let array = inside(text);
        return top_level(array, ';').is_some_and(|end| is_tuple_type(&array[..end]));
    }
    if let Some(optional) = text.strip_prefix("Option") {
        return is_tuple_type(inside(optional));
    }
    ["Fn", "FnMut", "FnOnce", "fn"].iter().any(|name| {
        let rest = text.strip_prefix(name).filter(|rest| rest.starts_with('('));
        rest.is_some_and(|rest| split(inside(rest), ',').into_iter().any(is_tuple_type))
    })
}

/// What stands in the brackets that a text starts with.
fn inside(text: &str) -> &str {
    text.get(1..group_len(text) - 1).unwrap_or_default()
}

/// How long the brackets are that a text starts with; all of it if they have no end.
fn group_len(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' | '<' => depth += 1,
            '>' if before == '-' || before == '=' => {}
            ')' | ']' | '}' | '>' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + c.len_utf8();
        }
        before = c;
    }
    text.len()
}

/// The parts of a list, without those in brackets and without an empty one at its end.
fn split(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(end) = top_level(rest, separator) {
        parts.push(&rest[..end]);
        rest = &rest[end + separator.len_utf8()..];
    }
    if !rest.trim().is_empty() {
        parts.push(rest);
    }
    parts
}

/// Where a character stands outside of brackets; of colons, a single one.
fn top_level(text: &str, wanted: char) -> Option<usize> {
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if c == ':' && text[at..].starts_with("::") {
            at += 2;
        } else if c == wanted {
            return Some(at);
        } else if matches!(c, '(' | '[' | '{' | '<') {
            at += group_len(&text[at..]);
        } else {
            at += c.len_utf8();
        }
    }
    None
}
