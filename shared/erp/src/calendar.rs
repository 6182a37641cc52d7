//! Fiscal periods: which contains a date, and whether A/R may post to it.

use engine::port::Period;
use jiff::civil::Date;
use serde_json::{Map, Value};

use crate::settings::CalendarFields;

/// Sage allows 12 or 13 periods a year. [V]
const PERIODS_MAX: u8 = 13;

/// Whether the date may be posted to, by the company's fiscal years. A calendar without any period
/// we can read says nothing: the date is taken as open, and posting itself refuses if it is not.
#[must_use]
pub fn period(years: &[Map<String, Value>], fields: &CalendarFields, date: Date) -> Period {
    let spans: Vec<Span> = years.iter().flat_map(|year| spans(year, fields)).collect();
    if spans.is_empty() {
        return Period::Open;
    }
    let mut around = spans.iter().filter(|span| span.start <= date && date <= span.end).peekable();
    if around.peek().is_some() && around.all(|span| !span.locked) {
        return Period::Open;
    }
    let later = spans.iter().filter(|span| !span.locked && span.start > date);
    Period::Locked { next_open: later.map(|span| span.start).min() }
}

/// The day a Sage date names: the first ten characters; its time of day means nothing. [O]
#[must_use]
pub fn day(text: &str) -> Option<Date> {
    text.get(..10)?.parse().ok()
}

struct Span {
    start: Date,
    end: Date,
    locked: bool,
}

fn spans(year: &Map<String, Value>, fields: &CalendarFields) -> Vec<Span> {
    let inactive = year.get(&fields.active).is_some_and(says_no);
    (1..=PERIODS_MAX)
        .filter_map(|n| {
            let named = |pattern: &str| year.get(&pattern.replace("{n}", &n.to_string()));
            let date = |pattern: &str| named(pattern).and_then(Value::as_str).and_then(day);
            let (start, end) = (date(&fields.start)?, date(&fields.end)?);
            let locked = named(&fields.status).is_some_and(|value| is_locked(value, fields));
            Some(Span { start, end, locked: locked || inactive })
        })
        .collect()
}

fn is_locked(value: &Value, fields: &CalendarFields) -> bool {
    let text = text_of(value);
    fields.locked.iter().any(|word| word.eq_ignore_ascii_case(&text))
}

fn says_no(value: &Value) -> bool {
    let text = text_of(value);
    ["false", "no", "inactive", "0"].iter().any(|word| word.eq_ignore_ascii_case(&text))
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), |text| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn year() -> Map<String, Value> {
        let Value::Object(year) = json!({
            "FiscalYear": "2026", "YearActive": true,
            "FiscalPeriod1StartDate": "2026-01-01T00:00:00Z",
            "FiscalPeriod1EndDate": "2026-01-31T00:00:00Z",
            "FiscalPeriod1Status": "Locked",
            "FiscalPeriod2StartDate": "2026-02-01T00:00:00Z",
            "FiscalPeriod2EndDate": "2026-02-28T00:00:00Z",
            "FiscalPeriod2Status": 1,
            "FiscalPeriod3StartDate": "2026-03-01T00:00:00Z",
            "FiscalPeriod3EndDate": "2026-03-31T00:00:00Z",
            "FiscalPeriod3Status": "Unlocked",
            "FiscalPeriod4StartDate": null, "FiscalPeriod4EndDate": null,
        }) else {
            unreachable!()
        };
        year
    }

    fn at(years: &[Map<String, Value>], date: &str) -> Period {
        period(years, &CalendarFields::default(), date.parse().unwrap())
    }

    #[test]
    fn open_locked_and_outside() {
        let march = Period::Locked { next_open: Some("2026-03-01".parse().unwrap()) };
        assert_eq!(at(&[year()], "2026-03-01"), Period::Open);
        assert_eq!(at(&[year()], "2026-03-31"), Period::Open);
        assert_eq!(at(&[year()], "2026-01-31"), march);
        assert_eq!(at(&[year()], "2026-02-10"), march);
        assert_eq!(at(&[year()], "2025-12-31"), march);
        assert_eq!(at(&[year()], "2026-04-01"), Period::Locked { next_open: None });
    }

    #[test]
    fn an_inactive_year_is_locked() {
        let mut inactive = year();
        inactive.insert("YearActive".into(), json!("No"));
        assert_eq!(at(&[inactive], "2026-03-05"), Period::Locked { next_open: None });
    }

    #[test]
    fn a_calendar_we_cannot_read_says_nothing() {
        let Value::Object(other) = json!({"FiscalYear": "2026", "BGNDATE1": "2026-01-01"}) else {
            unreachable!()
        };
        assert_eq!(at(&[other], "2026-03-05"), Period::Open);
        assert_eq!(at(&[], "2026-03-05"), Period::Open);
    }

    #[test]
    fn days() {
        assert_eq!(day("2026-03-02T00:00:00Z"), "2026-03-02".parse().ok());
        assert_eq!(day("2026-03-02"), "2026-03-02".parse().ok());
        assert_eq!(day("2026-3-2"), None);
        assert_eq!(day(""), None);
    }
}
