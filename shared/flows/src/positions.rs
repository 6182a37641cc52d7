//! Where in a text something stands, by its path: `do[2].with.amount`.

use std::collections::BTreeMap;

use granit_parser::{Event, Parser, Span};

use crate::problem::{Position, Problem};

/// Something that holds others, while it is gone through.
enum Open {
    /// The key whose value is next, when one was read.
    Map {
        path: String,
        key: Option<String>,
    },
    List {
        path: String,
        next: usize,
    },
}

/// Nodes that are looked at: a longer text has no positions.
const NODES_MAX: usize = 200_000;

/// Every path of the text with its place; as far as the text can be read.
#[must_use]
pub fn positions(text: &str) -> BTreeMap<String, Position> {
    let mut found = BTreeMap::new();
    let mut open: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(text).take(NODES_MAX) {
        let Ok((event, span)) = event else { break };
        match event {
            Event::MappingStart(..) => {
                let path = value(&mut open, &span, &mut found);
                open.push(Open::Map { path, key: None });
            }
            Event::SequenceStart(..) => {
                let path = value(&mut open, &span, &mut found);
                open.push(Open::List { path, next: 0 });
            }
            Event::MappingEnd | Event::SequenceEnd => {
                open.pop();
            }
            Event::Scalar(text, ..) => match open.last_mut() {
                Some(Open::Map { path, key: key @ None }) => {
                    *key = Some(text.to_string());
                    found.insert(joined(path, &text), place(&span));
                }
                _ => drop(value(&mut open, &span, &mut found)),
            },
            Event::Alias(_) => drop(value(&mut open, &span, &mut found)),
            _ => {}
        }
    }
    found
}

/// The problem with its place: that of its path, else of what holds it.
#[must_use]
pub fn placed(problem: Problem, positions: &BTreeMap<String, Position>) -> Problem {
    if problem.position.is_some() {
        return problem;
    }
    let mut path = problem.path.as_str();
    loop {
        if let Some(position) = positions.get(path) {
            return Problem { position: Some(*position), ..problem };
        }
        let shorter = path.rfind(['.', '[']).and_then(|at| path.get(..at));
        match shorter {
            Some(shorter) => path = shorter,
            None => return Problem { position: Some(Position { line: 1, column: 1 }), ..problem },
        }
    }
}

/// The path of a value that begins here; a key's place stays that of the key.
fn value(open: &mut [Open], span: &Span, found: &mut BTreeMap<String, Position>) -> String {
    match open.last_mut() {
        None => String::new(),
        Some(Open::Map { path, key }) => joined(path, &key.take().unwrap_or_default()),
        Some(Open::List { path, next }) => {
            let path = format!("{path}[{next}]");
            *next += 1;
            found.insert(path.clone(), place(span));
            path
        }
    }
}

fn joined(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// Lines count from 1 there, columns from 0.
fn place(span: &Span) -> Position {
    let number = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    Position { line: number(span.start.line()), column: number(span.start.col()).saturating_add(1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "document: {kind: flow/v1, id: a}\ntrigger: {fact: [captured]}\ndo:\n  \
                        - id: one\n    call: x\n    with: {amount: 1}\n  - id: two\n";

    #[test]
    fn every_path_has_its_place() {
        let found = positions(TEXT);
        let at = |path: &str| found.get(path).map(|place| (place.line, place.column));
        assert_eq!(at("do"), Some((3, 1)));
        assert_eq!(at("do[0]"), Some((4, 5)));
        assert_eq!(at("do[0].with"), Some((6, 5)));
        assert_eq!(at("do[0].with.amount"), Some((6, 12)));
        assert_eq!(at("do[1].id"), Some((7, 5)));
        assert_eq!(at("trigger.fact[0]"), Some((2, 18)));
        assert_eq!(at("nothing"), None);
    }

    #[test]
    fn a_problem_stands_at_its_path_or_at_what_holds_it() {
        let problem = |path: &str| Problem {
            document: "flows/a".to_owned(),
            path: path.to_owned(),
            position: None,
            code: "X",
            message: "x".to_owned(),
        };
        let found = positions(TEXT);
        let line = |path| placed(problem(path), &found).position.map(|place| place.line);
        assert_eq!(line("do[1].call"), Some(7));
        assert_eq!(line("do[0].with.amount"), Some(6));
        assert_eq!(line(""), Some(1));
        assert!(positions("a: [1, {b: ").contains_key("a"), "as far as it can be read");
    }
}
