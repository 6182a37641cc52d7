//! Figures for CloudWatch: lines in its embedded metric format, on standard output, from which Lambda
//! makes metrics without a call.

use std::io::Write;

use serde_json::{Map, Value, json};

/// Every metric is in this namespace.
pub const NAMESPACE: &str = "Paysage";

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Count,
    Milliseconds,
}

/// One figure at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    pub name: &'static str,
    pub unit: Unit,
    pub value: u64,
    /// Why, where the figure is kept apart by it.
    pub reason: Option<&'static str>,
}

impl Figure {
    #[must_use]
    pub fn count(name: &'static str, value: u64) -> Self {
        Self { name, unit: Unit::Count, value, reason: None }
    }

    #[must_use]
    pub fn milliseconds(name: &'static str, value: u64) -> Self {
        Self { name, unit: Unit::Milliseconds, value, reason: None }
    }

    #[must_use]
    pub fn because(self, reason: &'static str) -> Self {
        Self { reason: Some(reason), ..self }
    }
}

/// Writes figures of an environment.
pub fn write(environment: &str, figures: &[Figure]) {
    let now_ms = crate::clock::now().as_millisecond();
    for figure in figures {
        let line = line(environment, figure, now_ms);
        // Where this cannot be written, the alarm on missing figures tells.
        let _ = writeln!(std::io::stdout(), "{line}");
    }
}

/// The line of one figure: its dimensions are the environment and, where given, the reason.
fn line(environment: &str, figure: &Figure, now_ms: i64) -> Value {
    let unit = match figure.unit {
        Unit::Count => "Count",
        Unit::Milliseconds => "Milliseconds",
    };
    let mut dimensions = vec!["Environment"];
    let mut line = Map::new();
    line.insert("Environment".to_owned(), environment.into());
    if let Some(reason) = figure.reason {
        dimensions.push("Reason");
        line.insert("Reason".to_owned(), reason.into());
    }
    line.insert(figure.name.to_owned(), figure.value.into());
    line.insert(
        "_aws".to_owned(),
        json!({
            "Timestamp": now_ms,
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [dimensions],
                "Metrics": [{ "Name": figure.name, "Unit": unit }],
            }],
        }),
    );
    Value::Object(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_in_the_embedded_metric_format() {
        let line = line("qa", &Figure::count("EffectsHeld", 3), 1_700_000_000_000);
        let expected = json!({
            "Environment": "qa",
            "EffectsHeld": 3,
            "_aws": {
                "Timestamp": 1_700_000_000_000_i64,
                "CloudWatchMetrics": [{
                    "Namespace": "Paysage",
                    "Dimensions": [["Environment"]],
                    "Metrics": [{ "Name": "EffectsHeld", "Unit": "Count" }],
                }],
            },
        });
        assert_eq!(line, expected);
    }

    #[test]
    fn a_reason_is_a_dimension() {
        let figure = Figure::count("ExceptionsOpen", 1).because("card_data_blocked");
        let line = line("qa", &figure, 0);
        let metrics = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(metrics["Dimensions"], json!([["Environment", "Reason"]]));
        assert_eq!(line["Reason"], "card_data_blocked");
    }
}
