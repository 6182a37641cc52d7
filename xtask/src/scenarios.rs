//! Whole-program checks: the demonstration's scenarios, and the program killed in the middle.
//!
//! Each run writes a report; what it must say is in [`wrong_in`].

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::demo::{Options, arguments};
use crate::shell;

/// Seeds the storm is run with.
const STORM_SEEDS: std::ops::RangeInclusive<u64> = 1..=20;
const KILL_SEEDS: std::ops::RangeInclusive<u64> = 1..=3;

/// The happy day once, and the storm with every seed.
#[must_use]
pub fn scenarios() -> bool {
    let Some(program) = shell::build_paysage(false) else { return false };
    let calm = here(&program, "happy-day", 1);
    let storms = STORM_SEEDS.map(|seed| here(&program, "storm", seed)).filter(|ok| !ok).count();
    calm && storms == 0
}

/// The program hosts itself as a child and kills it (SIGKILL) at seeded moments, then starts it
/// again over the same store; nothing may be lost or doubled.
#[must_use]
pub fn kill() -> bool {
    let Some(program) = shell::build_paysage(false) else { return false };
    KILL_SEEDS.map(|seed| here(&program, "kill", seed)).filter(|ok| !ok).count() == 0
}

fn here(program: &Path, scenario: &str, seed: u64) -> bool {
    one(program, scenario, seed, scenario, &mut |_| {})
}

/// Runs a scenario with a report of this name; `prepare` may add to the command.
pub(crate) fn one(
    program: &Path,
    scenario: &str,
    seed: u64,
    named: &str,
    prepare: &mut dyn FnMut(&mut Command),
) -> bool {
    let wrong = match report_of(program, scenario, seed, named, prepare) {
        Ok(report) => wrong_in(&report),
        Err(problem) => vec![problem],
    };
    let outcome = if wrong.is_empty() { "ok".to_owned() } else { wrong.join("; ") };
    shell::say(&format!("scenario {named} seed={seed}: {outcome}"));
    wrong.is_empty()
}

fn report_of(
    program: &Path,
    scenario: &str,
    seed: u64,
    named: &str,
    prepare: &mut dyn FnMut(&mut Command),
) -> Result<Value, String> {
    let failed = |error: std::io::Error| format!("cannot run the scenario: {error}");
    let path = shell::scratch(&format!("{named}-{seed}.json")).map_err(failed)?;
    if path.exists() {
        std::fs::remove_file(&path).map_err(failed)?;
    }
    let options = Options {
        scenario: Some(scenario.to_owned()),
        exit: true,
        report: Some(path.clone()),
        port: Some(0),
        seed: Some(seed),
    };
    let mut command = Command::new(program);
    command.args(arguments(&options)).current_dir(shell::root());
    prepare(&mut command);
    if !shell::passes(&mut command) {
        return Err("the program failed".to_owned());
    }
    let text = std::fs::read_to_string(&path).map_err(failed)?;
    serde_json::from_str(&text).map_err(|error| format!("the report is not JSON: {error}"))
}

/// What a report says that it must not, in words.
fn wrong_in(report: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut number = |name: &str| {
        let value = report.get(name).and_then(Value::as_u64);
        if value.is_none() {
            wrong.push(format!("`{name}` is not a count"));
        }
        value
    };
    let payments = number("payments");
    let _ = number("captured");
    let posted = number("posted");
    for name in ["in_flight", "held", "receipts"] {
        let _ = number(name);
    }
    let duplicates = number("duplicate_receipts");
    let lost = number("lost_payments");
    let _ = number("sage_calls");
    for (name, value) in [("duplicate_receipts", duplicates), ("lost_payments", lost)] {
        if let Some(count) = value.filter(|count| *count != 0) {
            wrong.push(format!("{count} {name}, expected none"));
        }
    }
    if payments == Some(0) {
        wrong.push("no payment was made, so nothing was shown".to_owned());
    }
    if posted == Some(0) {
        wrong.push("nothing was posted".to_owned());
    }
    if report.get("difference").and_then(Value::as_str) != Some("0.00") {
        wrong.push("`difference` is not \"0.00\"".to_owned());
    }
    if report.get("seconds_fact_to_posted_p50").is_none_or(|seconds| !seconds.is_number()) {
        wrong.push("`seconds_fact_to_posted_p50` is not a number".to_owned());
    }
    wrong
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn good() -> Value {
        json!({
            "payments": 40, "captured": 38, "posted": 37, "in_flight": 0, "held": 1,
            "receipts": 37, "duplicate_receipts": 0, "lost_payments": 0, "difference": "0.00",
            "sage_calls": 120, "seconds_fact_to_posted_p50": 3.5
        })
    }

    #[test]
    fn a_good_report_has_nothing_wrong() {
        assert_eq!(wrong_in(&good()), Vec::<String>::new());
    }

    #[test]
    fn each_fault_is_named() {
        for (name, value, said) in [
            ("duplicate_receipts", json!(1), "1 duplicate_receipts"),
            ("lost_payments", json!(2), "2 lost_payments"),
            ("difference", json!("0.01"), "`difference`"),
            ("difference", json!(0), "`difference`"),
            ("posted", json!(0), "nothing was posted"),
            ("receipts", json!("38"), "`receipts` is not a count"),
            ("payments", json!(0), "no payment"),
            ("sage_calls", json!(null), "`sage_calls` is not a count"),
            ("seconds_fact_to_posted_p50", json!("3"), "is not a number"),
        ] {
            let mut report = good();
            report[name] = value;
            assert!(wrong_in(&report).join("; ").contains(said), "{name}");
        }
    }
}
