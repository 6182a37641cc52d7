//! Dates, whichever way round they are written.

use jiff::civil::Date;

use super::{Hints, Normal};

pub(super) fn read(value: &str, hints: &Hints) -> Option<Normal> {
    let day = without_time(value);
    let parts: Vec<&str> = day
        .split(|c: char| c.is_whitespace() || matches!(c, '-' | '/' | '.' | ','))
        .filter(|part| !part.is_empty())
        .collect();
    match parts.as_slice() {
        [only] => compact(only),
        [a, b, c] if a.len() == 4 && month(a).is_none() => of(a, b, c, 100, "year, month, day"),
        [a, b, c] if month(a).is_some() => named(c, a, b),
        [a, b, c] if month(b).is_some() => named(c, b, a),
        [a, b, c] => either_way(a, b, c, hints),
        _ => None,
    }
}

/// What stands before the `T` of a timestamp.
fn without_time(value: &str) -> &str {
    match value.split_once('T') {
        Some((day, _)) if day.ends_with(|c: char| c.is_ascii_digit()) => day,
        _ => value,
    }
}

/// `20260302`.
fn compact(digits: &str) -> Option<Normal> {
    if digits.len() != 8 {
        return None;
    }
    of(digits.get(..4)?, digits.get(4..6)?, digits.get(6..)?, 95, "eight digits")
}

/// A month by name leaves no doubt.
fn named(year: &str, name: &str, day: &str) -> Option<Normal> {
    let day = day.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    of(&century(year)?, &month(name)?.to_string(), day, 100, "the month by its name")
}

/// Two short numbers: the one above 12 is the day; else the country's custom, and less certain.
fn either_way(a: &str, b: &str, year: &str, hints: &Hints) -> Option<Normal> {
    let year = century(year)?;
    let (first, second): (u8, u8) = (a.parse().ok()?, b.parse().ok()?);
    let month_first = match hints.country.as_deref() {
        Some("US") => Some(true),
        Some("CA") | None => None,
        Some(_) => Some(false),
    };
    match (first > 12, second > 12) {
        (true, false) => of(&year, b, a, 98, "only one reading is a date"),
        (false, true) => of(&year, a, b, 98, "only one reading is a date"),
        (false, false) if first == second => of(&year, a, b, 98, "day and month are the same"),
        (false, false) => match month_first {
            Some(true) => of(&year, a, b, 80, "month first, as is the custom there"),
            Some(false) => of(&year, b, a, 80, "day first, as is the custom there"),
            None => of(&year, a, b, 50, "month first, though it may be the day"),
        },
        (true, true) => None,
    }
}

/// Two digits are this century's.
fn century(year: &str) -> Option<String> {
    match year.len() {
        4 => Some(year.to_owned()),
        2 => Some(format!("20{year}")),
        _ => None,
    }
}

fn month(name: &str) -> Option<usize> {
    let name = name.to_ascii_lowercase();
    if name.len() < 3 || !name.is_ascii() {
        return None;
    }
    if name == "sept" {
        return Some(9);
    }
    let found = MONTHS.iter().position(|month| month.starts_with(&name));
    found.map(|index| index + 1)
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

fn of(year: &str, month: &str, day: &str, certainty: u8, rule: &'static str) -> Option<Normal> {
    let date = Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
    (date.year() > 0).then(|| Normal::new(date.to_string(), certainty, rule))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(value: &str, country: Option<&str>) -> Option<(String, u8)> {
        let hints = Hints { country: country.map(str::to_owned) };
        read(value, &hints).map(|normal| (normal.value, normal.certainty))
    }

    #[test]
    fn of_one_reading() {
        for value in [
            "2026-03-02",
            "2026/3/2",
            "2026-03-02T10:00:00Z",
            "March 2, 2026",
            "2 Mar 2026",
            "2nd March 2026",
            "Mar. 2 26",
        ] {
            assert_eq!(date(value, None), Some(("2026-03-02".to_owned(), 100)), "{value}");
        }
        assert_eq!(date("20260302", None), Some(("2026-03-02".to_owned(), 95)));
        assert_eq!(date("Sept 9 2026", None), Some(("2026-09-09".to_owned(), 100)));
        assert_eq!(date("3/25/2026", Some("DE")), Some(("2026-03-25".to_owned(), 98)));
        assert_eq!(date("25.3.2026", Some("US")), Some(("2026-03-25".to_owned(), 98)));
    }

    #[test]
    fn of_two_readings() {
        assert_eq!(date("3/2/2026", Some("US")), Some(("2026-03-02".to_owned(), 80)));
        assert_eq!(date("3/2/2026", Some("DE")), Some(("2026-02-03".to_owned(), 80)));
        assert_eq!(date("3/2/2026", Some("CA")), Some(("2026-03-02".to_owned(), 50)));
    }

    #[test]
    fn of_none() {
        for value in ["2026-02-30", "13/13/2026", "1/2", "yesterday", "2026", "0000-01-01", "1/2/3"]
        {
            assert_eq!(date(value, None), None, "{value}");
        }
    }
}
