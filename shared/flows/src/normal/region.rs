//! States and provinces of the United States and Canada, by postal code or English name.

use super::{Hints, Normal};

pub(super) fn read(value: &str, hints: &Hints) -> Option<Normal> {
    let plain: String = value.chars().filter(|c| *c != '.').collect();
    let upper = plain.to_uppercase();
    if let Some((code, country, _)) = REGIONS.iter().find(|(code, ..)| *code == upper) {
        return Some(elsewhere(code, country, hints, "its postal code"));
    }
    let name = folded(&plain);
    let customary = CUSTOMARY.iter().find(|(known, _)| *known == name).map(|(_, code)| *code);
    REGIONS
        .iter()
        .find(|(code, _, full)| *full == name || customary == Some(code))
        .map(|(code, country, _)| elsewhere(code, country, hints, "its English name"))
}

/// A region of a country other than the one stated is doubtful.
fn elsewhere(code: &str, country: &str, hints: &Hints, rule: &'static str) -> Normal {
    match hints.country.as_deref() {
        Some(stated) if stated != country && !["US", "CA"].contains(&stated) => {
            Normal::new(code, 40, "of a country other than the one stated")
        }
        _ => Normal::new(code, 100, rule),
    }
}

/// Lower case, one blank between words, without the accents of French names.
fn folded(value: &str) -> String {
    let plain: String = value
        .to_lowercase()
        .chars()
        .map(|c| match c {
            'é' | 'è' | 'ê' => 'e',
            'ô' => 'o',
            'î' => 'i',
            other => other,
        })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Other names in use.
const CUSTOMARY: [(&str, &str); 12] = [
    ("calif", "CA"),
    ("mass", "MA"),
    ("penn", "PA"),
    ("tex", "TX"),
    ("fla", "FL"),
    ("wash", "WA"),
    ("ariz", "AZ"),
    ("washington dc", "DC"),
    ("newfoundland", "NL"),
    ("nouveau-brunswick", "NB"),
    ("colombie-britannique", "BC"),
    ("pei", "PE"),
];

/// Postal code, country, English name in lower case.
const REGIONS: [(&str, &str, &str); 69] = [
    ("AL", "US", "alabama"),
    ("AK", "US", "alaska"),
    ("AZ", "US", "arizona"),
    ("AR", "US", "arkansas"),
    ("CA", "US", "california"),
    ("CO", "US", "colorado"),
    ("CT", "US", "connecticut"),
    ("DE", "US", "delaware"),
    ("DC", "US", "district of columbia"),
    ("FL", "US", "florida"),
    ("GA", "US", "georgia"),
    ("HI", "US", "hawaii"),
    ("ID", "US", "idaho"),
    ("IL", "US", "illinois"),
    ("IN", "US", "indiana"),
    ("IA", "US", "iowa"),
    ("KS", "US", "kansas"),
    ("KY", "US", "kentucky"),
    ("LA", "US", "louisiana"),
    ("ME", "US", "maine"),
    ("MD", "US", "maryland"),
    ("MA", "US", "massachusetts"),
    ("MI", "US", "michigan"),
    ("MN", "US", "minnesota"),
    ("MS", "US", "mississippi"),
    ("MO", "US", "missouri"),
    ("MT", "US", "montana"),
    ("NE", "US", "nebraska"),
    ("NV", "US", "nevada"),
    ("NH", "US", "new hampshire"),
    ("NJ", "US", "new jersey"),
    ("NM", "US", "new mexico"),
    ("NY", "US", "new york"),
    ("NC", "US", "north carolina"),
    ("ND", "US", "north dakota"),
    ("OH", "US", "ohio"),
    ("OK", "US", "oklahoma"),
    ("OR", "US", "oregon"),
    ("PA", "US", "pennsylvania"),
    ("RI", "US", "rhode island"),
    ("SC", "US", "south carolina"),
    ("SD", "US", "south dakota"),
    ("TN", "US", "tennessee"),
    ("TX", "US", "texas"),
    ("UT", "US", "utah"),
    ("VT", "US", "vermont"),
    ("VA", "US", "virginia"),
    ("WA", "US", "washington"),
    ("WV", "US", "west virginia"),
    ("WI", "US", "wisconsin"),
    ("WY", "US", "wyoming"),
    ("AS", "US", "american samoa"),
    ("GU", "US", "guam"),
    ("MP", "US", "northern mariana islands"),
    ("PR", "US", "puerto rico"),
    ("VI", "US", "us virgin islands"),
    ("AB", "CA", "alberta"),
    ("BC", "CA", "british columbia"),
    ("MB", "CA", "manitoba"),
    ("NB", "CA", "new brunswick"),
    ("NL", "CA", "newfoundland and labrador"),
    ("NS", "CA", "nova scotia"),
    ("NT", "CA", "northwest territories"),
    ("NU", "CA", "nunavut"),
    ("ON", "CA", "ontario"),
    ("PE", "CA", "prince edward island"),
    ("QC", "CA", "quebec"),
    ("SK", "CA", "saskatchewan"),
    ("YT", "CA", "yukon"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn region(value: &str, country: Option<&str>) -> Option<(String, u8)> {
        let hints = Hints { country: country.map(str::to_owned) };
        read(value, &hints).map(|normal| (normal.value, normal.certainty))
    }

    #[test]
    fn codes_and_names() {
        for (value, code) in [
            ("AZ", "AZ"),
            ("az", "AZ"),
            ("Arizona", "AZ"),
            ("N.Y.", "NY"),
            ("new  york", "NY"),
            ("Calif.", "CA"),
            ("Québec", "QC"),
            ("British Columbia", "BC"),
        ] {
            assert_eq!(region(value, Some("US")), Some((code.to_owned(), 100)), "{value}");
        }
        for value in ["ZZ", "Bavaria", "A Z"] {
            assert_eq!(region(value, None), None, "{value}");
        }
    }

    #[test]
    fn of_another_country_it_is_doubtful() {
        assert_eq!(region("CA", Some("DE")), Some(("CA".to_owned(), 40)));
    }

    #[test]
    fn every_code_stands_once() {
        for (index, (code, ..)) in REGIONS.iter().enumerate() {
            assert!(!REGIONS.iter().skip(index + 1).any(|(other, ..)| other == code), "{code}");
        }
    }
}
