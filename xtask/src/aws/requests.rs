//! How many requests to AWS a payment takes, and what it costs: plain sales played through the
//! stack, counted by a recording endpoint, multiplied by the prices of `tests/aws/prices.json`.

use std::process::Command;

use serde_json::{Map, Value, json};

use super::prices::{Prices, hundredths};
use super::{Built, Emulator, build, environment, played};
use crate::{bench, shell};

/// Sales told of all at once, and one after the other.
const SCENARIOS: [(&str, &str); 2] = [("burst", "batched"), ("trickle", "alone")];

/// Memory of a function in MB, as in `template.yaml`.
const MEMORY_MB: u128 = 256;

/// The figures: requests by operation and by function, units and dollars, for each payment. What
/// Lambda itself asks of SQS is computed: two requests an invocation. Not in them: polls of an
/// empty queue, schedules while nothing happens, storage, backups, keys, traces, data transfer.
#[must_use]
pub fn requests() -> Option<Value> {
    match found() {
        Ok(figures) => Some(figures),
        Err(problem) => {
            shell::say(&format!("requests: {problem}"));
            None
        }
    }
}

fn found() -> Result<Value, String> {
    let python = environment(".venv-aws", "tests/aws/requirements.txt")?;
    let prices = Prices::read()?;
    let built = build()?;
    let mut figures = Map::new();
    for (scenario, name) in SCENARIOS {
        let counted = counted(&python, &built, scenario)?;
        let costs = prices.costs(&counted.quantities(), counted.payments)?;
        shell::say(&format!("{name}: {} payments", counted.payments));
        for line in costs.lines() {
            shell::say(&format!("  {line}"));
        }
        figures.insert(format!("{name}_payments"), json!(counted.payments));
        figures.insert(format!("{name}_requests_per_payment"), json!(counted.each()));
        figures.insert(format!("{name}_dollars_per_million"), json!(costs.total()));
        figures.insert(format!("{name}_dollars_by_line"), costs.by_line());
        figures.insert(format!("{name}_recorded"), counted.recorded);
        figures.insert(format!("{name}_functions"), counted.functions);
    }
    Ok(Value::Object(figures))
}

/// What was counted while a scenario was played.
struct Counted {
    payments: u128,
    recorded: Value,
    /// Invocations, milliseconds and bytes of log of each function.
    functions: Value,
}

fn counted(python: &std::path::Path, built: &Built, scenario: &str) -> Result<Counted, String> {
    let counts = shell::scratch("aws-requests.json").map_err(|error| error.to_string())?;
    let (emulator, recorder) = Emulator::recorded(python, &counts)?;
    let outputs = emulator.deploy(&built.functions)?;
    played(&emulator, built, &outputs, scenario, 1)?;
    let functions = functions_of(python, &emulator)?;
    drop(emulator);
    drop(recorder);
    let read = |text: Result<String, std::io::Error>| -> Result<Value, String> {
        let text = text.map_err(|error| error.to_string())?;
        serde_json::from_str(&text).map_err(|error| error.to_string())
    };
    let recorded = read(std::fs::read_to_string(&counts))?;
    let named = format!("aws-{scenario}-1.json");
    let report = read(shell::scratch(&named).and_then(std::fs::read_to_string))?;
    let payments = report.get("payments").and_then(Value::as_u64).filter(|count| *count > 0);
    let payments = u128::from(payments.ok_or("no payment was made")?);
    Ok(Counted { payments, recorded, functions })
}

fn functions_of(python: &std::path::Path, emulator: &Emulator) -> Result<Value, String> {
    let mut command = Command::new(python);
    command.arg(shell::root().join("tests/aws/stack.py")).arg("invocations");
    let text = shell::output_of(emulator.told(&mut command));
    bench::last_object(&text.ok_or("the functions' logs cannot be read")?)
        .ok_or_else(|| "no invocations were printed".to_owned())
}

impl Counted {
    fn requests(&self) -> u128 {
        sum(self.recorded.get("operations"), |_| true)
    }

    /// With two decimals.
    fn each(&self) -> String {
        hundredths(self.requests().saturating_mul(100) / self.payments)
    }

    /// Of each priced thing: how much, as a numerator and a denominator.
    fn quantities(&self) -> Vec<(&'static str, u128, u128)> {
        let unit = |name: &str| sum(self.recorded.get("units"), |one| one == name);
        let by = |name: &str| -> u128 {
            let functions = self.functions.as_object().into_iter().flatten();
            functions.map(|(_, one)| number(one.get(name))).sum()
        };
        let queued: u128 = ["transformer", "poster"]
            .iter()
            .filter_map(|name| self.functions.get(*name))
            .map(|one| number(one.get("invocations")))
            .sum();
        let sqs = sum(self.recorded.get("operations"), |name| name.starts_with("AmazonSQS."));
        vec![
            ("dynamodb_write_units", unit("write").saturating_add(unit("write_index")), 1),
            ("dynamodb_read_units", unit("read_halves"), 2),
            ("sqs_requests", queued.saturating_mul(2).saturating_add(sqs), 1),
            ("lambda_requests", by("invocations"), 1),
            ("lambda_gb_seconds", by("billed_ms").saturating_mul(MEMORY_MB), 1_024_000),
            ("api_requests", self.payments, 1),
            ("log_gb", by("log_bytes"), 1_000_000_000),
        ]
    }
}

fn number(value: Option<&Value>) -> u128 {
    value.and_then(Value::as_u64).map(u128::from).unwrap_or_default()
}

fn sum(counts: Option<&Value>, wanted: impl Fn(&str) -> bool) -> u128 {
    let counts = counts.and_then(Value::as_object).into_iter().flatten();
    counts.filter(|(name, _)| wanted(name)).map(|(_, count)| number(Some(count))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_becomes_quantities() {
        let counted = Counted {
            payments: 4,
            recorded: json!({"operations": {"DynamoDB.PutItem": 5, "AmazonSQS.SendMessage": 4},
                             "units": {"write": 7, "write_index": 3, "write_PAY": 9,
                                       "read_halves": 5}}),
            functions: json!({"webhook": {"invocations": 4, "billed_ms": 8, "log_bytes": 100},
                              "poster": {"invocations": 2, "billed_ms": 30, "log_bytes": 50}}),
        };
        assert_eq!(counted.each(), "2.25");
        let found = counted.quantities();
        assert!(found.contains(&("dynamodb_write_units", 10, 1)));
        assert!(found.contains(&("dynamodb_read_units", 5, 2)));
        assert!(found.contains(&("sqs_requests", 8, 1)), "what Lambda asks is added");
        assert!(found.contains(&("lambda_gb_seconds", 38 * 256, 1_024_000)));
        assert!(found.contains(&("log_gb", 150, 1_000_000_000)));
    }
}
