//! Phone numbers in E.164. Only the North American plan is known by heart; elsewhere the country code
//! must be written.

use super::{Hints, Normal};

/// Countries of the North American numbering plan that the two vendors' customers live in.
const NORTH_AMERICAN: [&str; 2] = ["US", "CA"];

pub(super) fn read(value: &str, hints: &Hints) -> Option<Normal> {
    let number = without_extension(value);
    let international = number.starts_with('+') || number.starts_with("00");
    if !number.chars().all(|c| c.is_ascii_digit() || "+-.()/ ".contains(c)) {
        return None;
    }
    if number.chars().skip(1).any(|c| c == '+') {
        return None;
    }
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let digits = if number.starts_with("00") { digits.get(2..)? } else { &digits };
    if international {
        return abroad(digits);
    }
    let here = hints.country.as_deref().unwrap_or("US");
    let known = hints.country.is_some();
    let national = match (digits.len(), digits.strip_prefix('1')) {
        (11, Some(rest)) => rest,
        (10, _) => digits,
        _ => return None,
    };
    if !NORTH_AMERICAN.contains(&here) || !is_north_american(national) {
        return None;
    }
    let certainty = if known { 98 } else { 85 };
    Some(Normal::new(format!("+1{national}"), certainty, "ten digits of North America"))
}

fn abroad(digits: &str) -> Option<Normal> {
    if let Some(national) = digits.strip_prefix('1') {
        let whole = national.len() == 10 && is_north_american(national);
        return whole.then(|| Normal::new(format!("+{digits}"), 100, "with its country code"));
    }
    let plausible = (8..=15).contains(&digits.len()) && !digits.starts_with('0');
    plausible.then(|| Normal::new(format!("+{digits}"), 95, "with its country code"))
}

/// Area and exchange begin with 2 to 9.
fn is_north_american(national: &str) -> bool {
    let begins = |at: usize| national.as_bytes().get(at).is_some_and(|byte| *byte >= b'2');
    national.len() == 10 && begins(0) && begins(3)
}

fn without_extension(value: &str) -> &str {
    let lower = value.to_ascii_lowercase();
    let cut = ["ext", "x", "#"].iter().filter_map(|mark| lower.find(mark)).min();
    cut.and_then(|at| value.get(..at)).unwrap_or(value).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phone(value: &str, country: Option<&str>) -> Option<(String, u8)> {
        let hints = Hints { country: country.map(str::to_owned) };
        read(value, &hints).map(|normal| (normal.value, normal.certainty))
    }

    #[test]
    fn of_north_america_as_people_write_them() {
        for value in [
            "(602) 555-0100",
            "602.555.0100",
            "1-602-555-0100",
            "6025550100",
            "602 555 0100 ext. 12",
            "602-555-0100x7",
        ] {
            assert_eq!(phone(value, Some("US")), Some(("+16025550100".to_owned(), 98)), "{value}");
        }
        assert_eq!(phone("6025550100", None).unwrap().1, 85, "whose it is was guessed");
        assert_eq!(phone("6025550100", Some("DE")), None, "it is not Germany's");
    }

    #[test]
    fn with_a_country_code() {
        assert_eq!(phone("+1 602 555 0100", None), Some(("+16025550100".to_owned(), 100)));
        assert_eq!(phone("+49 30 1234567", Some("US")), Some(("+49301234567".to_owned(), 95)));
        assert_eq!(phone("0049 30 1234567", Some("US")), Some(("+49301234567".to_owned(), 95)));
    }

    #[test]
    fn what_is_no_number() {
        for value in
            ["555-0100", "+1 602 555 010", "1025550100", "call me", "+", "60+2", "6025550100a"]
        {
            assert_eq!(phone(value, Some("US")), None, "{value}");
        }
    }
}
