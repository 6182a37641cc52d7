//! What is wrong with a document, where, and what to do about it.

use std::fmt;

use serde::Serialize;

/// Where in the text: both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Position {
    pub line: u64,
    pub column: u64,
}

/// A document that holds a problem may be looked at, never published.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// The document's `kind/id`, or the file's name when it could not be read that far.
    pub document: String,
    /// Path of what is meant: `do[2].with.amount`; empty for the whole document.
    pub path: String,
    pub position: Option<Position>,
    /// Stable, `SCREAMING_SNAKE`, listed in `docs/ERRORS.md`.
    pub code: &'static str,
    /// What is wrong and what would be right, in one sentence.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.document)?;
        if let Some(Position { line, column }) = self.position {
            write!(f, ":{line}:{column}")?;
        }
        if !self.path.is_empty() {
            write!(f, " {}", self.path)?;
        }
        write!(f, ": {} [{}]", self.message, self.code)
    }
}
