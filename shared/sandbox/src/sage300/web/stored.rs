//! The form in which records keep values.

use std::str::FromStr;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::{Number, Value};

/// A code or text as stored: codes in upper case, blanks at the end dropped. [V]
#[must_use]
pub fn text(given: &str, upper: bool) -> String {
    let kept = given.trim_end();
    if upper { kept.to_uppercase() } else { kept.to_owned() }
}

/// `2026-03-02`, `2026-03-02T00:00:00Z` or with `.000Z`, as `2026-03-02T00:00:00Z`. [O]
#[must_use]
pub fn date(given: &str) -> Option<String> {
    let (day, time) = given.split_once('T').map_or((given, None), |(d, t)| (d, Some(t)));
    if day.len() != 10 || !matches!(time, None | Some("00:00:00Z" | "00:00:00.000Z")) {
        return None;
    }
    let day = Date::from_str(day).ok()?;
    Some(format!("{day}T00:00:00Z"))
}

/// The exact value of a JSON number.
#[must_use]
pub fn decimal(number: &Number) -> Option<Decimal> {
    let digits = number.as_str();
    if digits.contains(['e', 'E']) {
        return Decimal::from_scientific(digits).ok();
    }
    Decimal::from_str_exact(digits).ok()
}

/// The JSON number of exactly that value.
#[must_use]
pub fn number(value: Decimal) -> Value {
    Number::from_str(&value.to_string()).map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_come_in_three_forms() {
        let stored = Some("2026-03-02T00:00:00Z".to_owned());
        for given in ["2026-03-02", "2026-03-02T00:00:00Z", "2026-03-02T00:00:00.000Z"] {
            assert_eq!(date(given), stored, "{given}");
        }
        for given in ["2026-02-30", "20260302", "2026-03-02T10:00:00Z", "2026-03-02T00:00:00+02:00"]
        {
            assert_eq!(date(given), None, "{given}");
        }
    }

    #[test]
    fn numbers_are_exact() {
        let read = |text: &str| decimal(&Number::from_str(text).unwrap()).unwrap();
        assert_eq!(read("0.1").to_string(), "0.1");
        assert_eq!(read("1.5e2"), Decimal::from(150));
        assert_eq!(number(read("125.50")).to_string(), "125.50");
    }
}
