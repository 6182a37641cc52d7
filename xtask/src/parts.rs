//! `cargo xtask test`: the parts that must pass, in order, each with its seconds. A part that fails
//! does not stop the others.

use clap::Args;

use crate::{aws, scenarios, shell, tidy};

#[derive(Args, Debug)]
pub struct Options {
    /// `list` prints the parts instead of running them
    #[arg(value_parser = ["list"])]
    pub action: Option<String>,
    /// Run this part alone
    #[arg(long, value_name = "NAME")]
    pub only: Option<String>,
}

struct Part {
    name: &'static str,
    about: &'static str,
    run: fn() -> bool,
}

const PARTS: &[Part] = &[
    Part { name: "fmt", about: "the code is formatted", run: fmt },
    Part { name: "clippy", about: "no lint warns", run: clippy },
    Part { name: "tests", about: "every test of the workspace", run: tests },
    Part { name: "tidy", about: "the rules of the house", run: tidy::house },
    Part { name: "deny", about: "licences, banned crates and sources", run: tidy::dependencies },
    Part {
        name: "scenarios",
        about: "the demonstration, calm and stormy",
        run: scenarios::scenarios,
    },
    Part { name: "kill", about: "the program killed and started again", run: scenarios::kill },
    Part { name: "template", about: "the templates and their linters", run: aws::template },
    Part { name: "aws", about: "deployed to an emulator of AWS", run: aws::aws },
];

struct Outcome {
    name: &'static str,
    passed: bool,
    seconds: String,
}

/// Runs the parts asked for; true when all passed.
#[must_use]
pub fn run(options: &Options) -> bool {
    if options.action.is_some() {
        for part in PARTS {
            shell::say(&format!("{:<10} {}", part.name, part.about));
        }
        return true;
    }
    let chosen = chosen(options.only.as_deref());
    if chosen.is_empty() {
        let names: Vec<&str> = PARTS.iter().map(|part| part.name).collect();
        shell::say(&format!("no such part: use one of {}", names.join(", ")));
        return false;
    }
    let outcomes: Vec<Outcome> = chosen.into_iter().map(run_part).collect();
    summary(&outcomes)
}

fn chosen(only: Option<&str>) -> Vec<&'static Part> {
    PARTS.iter().filter(|part| only.is_none_or(|name| name == part.name)).collect()
}

fn run_part(part: &'static Part) -> Outcome {
    shell::say(&format!("\n=== {}: {}", part.name, part.about));
    let start = runtime::clock::now();
    let passed = (part.run)();
    let millis = runtime::clock::now().duration_since(start).as_millis();
    let seconds = format!("{}.{} s", millis / 1000, millis % 1000 / 100);
    shell::say(&format!("=== {}: {} in {seconds}", part.name, word(passed)));
    Outcome { name: part.name, passed, seconds }
}

fn summary(outcomes: &[Outcome]) -> bool {
    shell::say("");
    for outcome in outcomes {
        let verdict = word(outcome.passed);
        shell::say(&format!("{:<10} {verdict:<7} {:>9}", outcome.name, outcome.seconds));
    }
    let passed = outcomes.iter().filter(|outcome| outcome.passed).count();
    let failed = outcomes.len() - passed;
    shell::say(&format!("{passed} passed, {failed} failed"));
    failed == 0
}

fn word(passed: bool) -> &'static str {
    if passed { "passed" } else { "FAILED" }
}

fn fmt() -> bool {
    shell::passes(&mut shell::cargo(["fmt", "--all", "--check"]))
}

fn clippy() -> bool {
    let arguments =
        ["clippy", "--workspace", "--all-targets", "--locked", "--", "--deny", "warnings"];
    shell::passes(&mut shell::cargo(arguments))
}

fn tests() -> bool {
    shell::passes(&mut shell::cargo(["test", "--workspace", "--locked", "--no-fail-fast"]))
}

#[cfg(test)]
mod tests_of_parts {
    use super::*;

    #[test]
    fn parts_are_chosen_by_name_and_names_are_unique() {
        assert_eq!(chosen(None).len(), PARTS.len());
        for part in PARTS {
            let found: Vec<&str> = chosen(Some(part.name)).iter().map(|p| p.name).collect();
            assert_eq!(found, [part.name]);
        }
        assert!(chosen(Some("nothing")).is_empty());
    }

    #[test]
    fn one_failure_fails_the_whole() {
        let outcome = |passed| Outcome { name: "part", passed, seconds: String::new() };
        assert!(summary(&[outcome(true), outcome(true)]));
        assert!(!summary(&[outcome(true), outcome(false)]));
    }
}
