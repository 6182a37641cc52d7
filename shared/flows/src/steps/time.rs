//! Steps on dates and times.

use jiff::fmt::strtime;
use jiff::tz::TimeZone;

use super::Plan;
use crate::value::Value;

pub(super) fn apply(plan: &Plan, value: &Value) -> Result<Value, String> {
    match (plan, value) {
        (Plan::DateFormat(format), Value::Date(date)) => {
            written(strtime::format(format, *date), value)
        }
        (Plan::DateFormat(format), Value::Time(time)) => {
            written(strtime::format(format, &time.to_zoned(TimeZone::UTC)), value)
        }
        (Plan::DateInZone(zone), Value::Time(time)) => {
            let zone = TimeZone::get(zone).map_err(|error| error.to_string())?;
            Ok(Value::Date(time.to_zoned(zone).date()))
        }
        (Plan::DateInZone(_), Value::Date(_)) => Ok(value.clone()),
        (plan, value) => Err(format!("`{value}` is no value for the step `{}`", plan.name())),
    }
}

/// # Errors
/// When dates cannot be written so.
pub(super) fn format(format: &str) -> Result<String, String> {
    let day = jiff::civil::date(2026, 3, 2);
    match strtime::format(format, &day.to_zoned(TimeZone::UTC).map_err(|e| e.to_string())?) {
        Ok(_) => Ok(format.to_owned()),
        Err(error) => Err(format!("`{format}` is no form for dates: {error}")),
    }
}

/// # Errors
/// When there is no such zone.
pub(super) fn zone(zone: &str) -> Result<String, String> {
    match TimeZone::get(zone) {
        Ok(_) => Ok(zone.to_owned()),
        Err(_) => Err(format!("there is no time zone `{zone}`: give one such as America/Phoenix")),
    }
}

fn written(text: Result<String, jiff::Error>, value: &Value) -> Result<Value, String> {
    text.map(Value::Text).map_err(|error| format!("`{value}` cannot be written so: {error}"))
}
