//! What the commands say.

use std::collections::BTreeMap;

use engine::releases::PromoteError;
use flows::problem::Problem;
use flows::release::short;
use ledger::releases::Activation;

use crate::say;

/// A refusal in full: every problem on a line of its own.
#[must_use]
pub fn refusal(error: &PromoteError) -> String {
    match error {
        PromoteError::Problems(problems) => problem_list(problems),
        other => say::chain(other),
    }
}

/// The same, each with its place in the files' texts.
#[must_use]
pub fn placed(problems: Vec<Problem>, files: &BTreeMap<String, String>) -> String {
    let place = |problem: Problem| match files.get(&format!("{}.yaml", problem.document)) {
        Some(text) => flows::positions::placed(problem, &flows::positions::positions(text)),
        None => problem,
    };
    problem_list(&problems.into_iter().map(place).collect::<Vec<_>>())
}

/// All problems, one a line, and how many they are.
#[must_use]
pub fn problem_list(problems: &[Problem]) -> String {
    let mut lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let count = problems.len();
    let noun = if count == 1 { "problem" } else { "problems" };
    lines.push(format!("{count} {noun}; nothing was changed. See docs/ERRORS.md for the codes"));
    lines.join("\n")
}

/// One activation in a line.
#[must_use]
pub fn activation(activation: &Activation) -> String {
    let Activation { number, release, at, by, note } = activation;
    let note = if note.is_empty() { String::new() } else { format!(": {note}") };
    format!("{number:>4}  {at:.0}  {}  {by}{note}", short(release))
}
