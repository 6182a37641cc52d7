//! Countries by code or English name.

use celes::Country;

use super::Normal;

pub(super) fn read(value: &str) -> Option<Normal> {
    let letters: String = value.chars().filter(|c| c.is_alphanumeric()).collect();
    let upper = letters.to_uppercase();
    if let Some((_, code)) = CUSTOMARY.iter().find(|(name, _)| *name == upper) {
        return Some(Normal::new(*code, 100, "a customary name"));
    }
    match upper.len() {
        2 => Country::from_alpha2(&upper).ok().map(|found| of(&found, 100, "its two-letter code")),
        3 => {
            Country::from_alpha3(&upper).ok().map(|found| of(&found, 100, "its three-letter code"))
        }
        _ => by_name(&letters),
    }
}

fn by_name(letters: &str) -> Option<Normal> {
    let found = Country::from_name(letters).or_else(|_| Country::from_alias(letters)).ok()?;
    Some(of(&found, 98, "its English name"))
}

fn of(country: &Country, certainty: u8, rule: &'static str) -> Normal {
    Normal::new(country.alpha2, certainty, rule)
}

/// Names in use that the standard does not list; letters only, in capitals.
const CUSTOMARY: [(&str, &str); 12] = [
    ("USA", "US"),
    ("UNITEDSTATES", "US"),
    ("UNITEDSTATESOFAMERICA", "US"),
    ("THEUNITEDSTATES", "US"),
    ("UK", "GB"),
    ("ENGLAND", "GB"),
    ("SCOTLAND", "GB"),
    ("WALES", "GB"),
    ("NORTHERNIRELAND", "GB"),
    ("GREATBRITAIN", "GB"),
    ("UNITEDKINGDOM", "GB"),
    ("HOLLAND", "NL"),
];

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn codes_and_names() {
        for (value, code) in [
            ("US", "US"),
            ("us", "US"),
            ("U.S.A.", "US"),
            ("United States", "US"),
            ("CAN", "CA"),
            ("Canada", "CA"),
            ("uk", "GB"),
            ("England", "GB"),
            ("Germany", "DE"),
            ("DEU", "DE"),
            ("Mexico", "MX"),
        ] {
            let normal = read(value).unwrap_or_else(|| panic!("{value}"));
            assert_eq!(normal.value, code, "{value}");
            assert!(normal.is_certain(), "{value}");
        }
        for value in ["XX", "ZZZ", "Atlantis", "1"] {
            assert_eq!(read(value), None, "{value}");
        }
    }
}
