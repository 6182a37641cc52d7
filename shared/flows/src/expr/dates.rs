//! What stands in an expression about dates, seen to be right before it is stored: the evaluator would
//! give the words `Invalid date` for some of it, or ask the machine for its clock and its zone.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::ExprError;

pub(super) const NO_ZONE: &str = "a date is another one elsewhere: say in which zone, as in `d(x, \
    'UTC')` or `d(x, 'America/Phoenix')`";

/// Amounts of time: a text such as `6d` or `1M 2d`.
const DURATION_CHARS_MAX: usize = 12;
const DIGITS_MAX: usize = 5;
/// Years would make no date of 29 February.
const DURATION_UNITS: [&str; 6] = ["s", "m", "h", "d", "w", "M"];
/// A quarter would make no date of 31 May.
const UNITS: [&str; 7] = ["second", "minute", "hour", "day", "week", "month", "year"];
/// Parts of a date that may be written; others of them would end the evaluation.
const FORMATS: &str = "YymdebBaAjHIMSpFTDRuVGZz%";

pub(super) fn zone(zone: &str) -> Result<(), ExprError> {
    if TimeZone::get(zone).is_ok() {
        return Ok(());
    }
    wrong(format!("there is no time zone `{zone}`: give one such as America/Phoenix"))
}

/// A date or time that stands in the text.
pub(super) fn literal(text: &str) -> Result<(), ExprError> {
    if text.parse::<Timestamp>().is_ok() || (text.len() == 10 && text.parse::<Date>().is_ok()) {
        return Ok(());
    }
    wrong(format!(
        "`{text}` is no date such as 2026-03-02, and no time such as 2026-03-02T10:00:00Z"
    ))
}

pub(super) fn duration(text: &str) -> Result<(), ExprError> {
    let part = |part: &str| {
        let unit = part.trim_start_matches(|c: char| c.is_ascii_digit());
        let digits = part.len() - unit.len();
        (1..=DIGITS_MAX).contains(&digits) && DURATION_UNITS.contains(&unit)
    };
    let fits = text.len() <= DURATION_CHARS_MAX && text.split_whitespace().all(part);
    if fits && !text.trim().is_empty() {
        return Ok(());
    }
    let units = DURATION_UNITS.join(", ");
    wrong(format!("`{text}` is no amount of time such as `6d` or `1M 2d`, of {units}"))
}

pub(super) fn unit(text: &str) -> Result<(), ExprError> {
    if UNITS.contains(&text) {
        return Ok(());
    }
    wrong(format!("`{text}` is none of {}", UNITS.join(", ")))
}

pub(super) fn format(text: &str) -> Result<(), ExprError> {
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        if c == '%' && !characters.next().is_some_and(|part| FORMATS.contains(part)) {
            return wrong(format!("`{text}` is no form for dates such as `%Y-%m-%d`"));
        }
    }
    Ok(())
}

fn wrong<T>(message: String) -> Result<T, ExprError> {
    Err(ExprError { code: "TYPE_MISMATCH", message })
}
