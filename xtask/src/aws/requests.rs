//! How many requests to AWS a payment takes, counted by a recording endpoint over a whole happy day.

use serde_json::{Map, Value, json};

use super::{Emulator, build, environment, play};
use crate::shell;

/// The figures: requests by operation, and for each payment. What Lambda itself asks of SQS is not
/// in them; polling, schedules and reading the configuration are.
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
    let built = build()?;
    let counts = shell::scratch("aws-requests.json").map_err(|error| error.to_string())?;
    let (emulator, recorder) = Emulator::recorded(&python, &counts)?;
    play(&emulator, &built, "happy-day", 1)?;
    drop(emulator);
    drop(recorder);
    let text = std::fs::read_to_string(&counts).map_err(|error| error.to_string())?;
    let counted: Map<String, Value> =
        serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let total: u64 = counted.values().filter_map(Value::as_u64).sum();
    let report = shell::scratch("aws-happy-day-1.json").and_then(std::fs::read_to_string);
    let report: Value = serde_json::from_str(&report.map_err(|error| error.to_string())?)
        .map_err(|error| error.to_string())?;
    let payments = report.get("payments").and_then(Value::as_u64).filter(|count| *count > 0);
    let payments = payments.ok_or("no payment was made")?;
    // In hundredths, so that no float is needed.
    let hundredths = total.saturating_mul(100) / payments;
    let each = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    Ok(json!({ "requests": total, "payments": payments, "requests_per_payment": each,
               "by_operation": counted }))
}
