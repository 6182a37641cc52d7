//! The rules of the house that no compiler checks. Each rule answers with findings; none stops the
//! others. `house` and `dependencies` are called by a test and by `cargo xtask test`.

mod crates;
mod facts;
mod licences;
mod sources;
mod texts;

use std::fmt;

use crate::shell;
use facts::Facts;

/// One thing to correct.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Below the root.
    path: String,
    /// From 1; 0 for the file as a whole.
    line: usize,
    rule: &'static str,
    /// What to do.
    advice: String,
}

impl Finding {
    fn new(path: &str, line: usize, rule: &'static str, advice: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, rule, advice: advice.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.path, self.line, self.rule, self.advice)
    }
}

type Rule = fn(&Facts) -> Vec<Finding>;

const HOUSE: &[Rule] = &[
    crates::direction,
    crates::single_owner,
    crates::lints_inherited,
    crates::described,
    sources::file_length,
    sources::line_length,
    sources::thin_programs,
    sources::module_names,
    sources::reasons,
    sources::unfinished,
    texts::machine_paths,
    texts::secrets,
    texts::card_numbers,
    texts::documents_fresh,
    texts::readme_commands,
];

const DEPENDENCIES: &[Rule] = &[licences::licences, licences::banned, licences::sources];

/// Every rule; true when there is no finding.
#[must_use]
pub fn run() -> bool {
    let house = house();
    dependencies() && house
}

/// The rules over our own files and crates.
#[must_use]
pub fn house() -> bool {
    report(HOUSE)
}

/// The rules over what we depend on, as `deny.toml` states them.
#[must_use]
pub fn dependencies() -> bool {
    report(DEPENDENCIES)
}

fn report(rules: &[Rule]) -> bool {
    let facts = match Facts::read(&shell::root()) {
        Ok(facts) => facts,
        Err(problem) => {
            shell::say(&format!("tidy: {problem}"));
            return false;
        }
    };
    let found = findings(rules, &facts);
    for finding in &found {
        shell::say(&finding.to_string());
    }
    shell::say(&format!("tidy: {} rules, {} findings", rules.len(), found.len()));
    found.is_empty()
}

fn findings(rules: &[Rule], facts: &Facts) -> Vec<Finding> {
    let mut found: Vec<Finding> = rules.iter().flat_map(|rule| rule(facts)).collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_of(rules: &[Rule]) -> String {
        let facts = Facts::read(&shell::root()).unwrap();
        let lines = findings(rules, &facts);
        lines.iter().map(|finding| format!("\n{finding}")).collect()
    }

    #[test]
    fn the_house_is_tidy() {
        assert_eq!(all_of(HOUSE), "");
    }

    #[test]
    fn dependencies_are_allowed() {
        assert_eq!(all_of(DEPENDENCIES), "");
    }
}
