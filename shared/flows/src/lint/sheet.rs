//! What was found in one document.

use std::collections::BTreeSet;

use crate::document::Document;
use crate::problem::Problem;

pub(super) struct Sheet {
    document: String,
    pub(super) problems: Vec<Problem>,
}

impl Sheet {
    pub(super) fn of(document: &Document) -> Self {
        let head = document.head();
        Self { document: format!("{}/{}", head.kind.folder(), head.id), problems: Vec::new() }
    }

    pub(super) fn add(&mut self, path: &str, code: &'static str, message: impl Into<String>) {
        self.problems.push(Problem {
            document: self.document.clone(),
            path: path.to_owned(),
            position: None,
            code,
            message: message.into(),
        });
    }

    /// An id of a row or rule that is none, or that another has.
    pub(super) fn id<'a>(&mut self, path: &str, id: &'a str, seen: &mut BTreeSet<&'a str>) {
        if !is_id(id, &['-', '_']) {
            let message = format!("`{id}`: small letters, digits, `-` and `_`, a letter first");
            self.add(path, "ID_WRONG", message);
        } else if !seen.insert(id) {
            let message = format!("`{id}` is there already: each id once");
            self.add(path, "ID_TWICE", message);
        }
    }
}

/// Begins with a letter, and is made of small letters, digits and these.
pub(super) fn is_id(id: &str, besides: &[char]) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || besides.contains(&c);
    id.starts_with(|c: char| c.is_ascii_lowercase()) && id.chars().all(fits)
}
