//! Values as people and other systems write them, brought into one form. Each answer says how certain it
//! is and by which rule: what is not certain enough is put before a person, with the proposal, and
//! never taken.

mod amount;
mod country;
mod date;
mod phone;
mod region;
mod text;

use serde::{Deserialize, Serialize};

/// What a value is meant to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// ISO 8601, `2026-03-02`.
    Date,
    /// A state or province by its postal code: `AZ`, `BC`.
    Region,
    /// ISO 3166-1, two letters.
    Country,
    /// E.164: `+16025550100`.
    Phone,
    /// A plain decimal number: `1234.50`.
    Amount,
    /// One line: no doubled, invisible or broken characters.
    Text,
}

/// What is known besides the value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hints {
    /// ISO 3166-1, two letters: whose customs dates, phones and regions follow.
    pub country: Option<String>,
}

/// One form, how certain it is, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Normal {
    pub value: String,
    /// Per cent; 100 leaves no other reading.
    pub certainty: u8,
    /// What was done, for people.
    pub rule: &'static str,
}

/// A value a person must look at, with what was made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    pub meaning: Meaning,
    pub value: String,
    /// Absent when no rule reads it at all.
    pub proposal: Option<Normal>,
}

/// Below this a person looks.
pub const CERTAIN_ENOUGH: u8 = 90;

impl Meaning {
    pub const ALL: [Self; 6] =
        [Self::Date, Self::Region, Self::Country, Self::Phone, Self::Amount, Self::Text];

    /// As it is named in documents.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Date => "date",
            Self::Region => "region",
            Self::Country => "country",
            Self::Phone => "phone",
            Self::Amount => "amount",
            Self::Text => "text",
        }
    }

    /// The form it is brought into, in words.
    #[must_use]
    pub fn form(self) -> &'static str {
        match self {
            Self::Date => "ISO 8601, such as 2026-03-02",
            Self::Region => "postal code of a state or province, such as AZ or BC",
            Self::Country => "ISO 3166-1, two letters",
            Self::Phone => "E.164, such as +16025550100",
            Self::Amount => "a decimal number with a point, such as 1234.50",
            Self::Text => "one line",
        }
    }

    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|meaning| meaning.name() == name)
    }
}

impl std::fmt::Display for Doubt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (value, meaning) = (&self.value, self.meaning.name());
        match &self.proposal {
            Some(Normal { value: read, certainty, rule }) => {
                write!(f, "`{value}` may be the {meaning} `{read}` ({certainty} %: {rule})")
            }
            None => write!(f, "`{value}` cannot be read as a {meaning}"),
        }
    }
}

impl Normal {
    #[must_use]
    pub fn is_certain(&self) -> bool {
        self.certainty >= CERTAIN_ENOUGH
    }

    fn new(value: impl Into<String>, certainty: u8, rule: &'static str) -> Self {
        Self { value: value.into(), certainty, rule }
    }
}

/// The value in its one form; `None` when it cannot be read as what it is meant to be. An empty value
/// stays empty.
#[must_use]
pub fn normalize(meaning: Meaning, value: &str, hints: &Hints) -> Option<Normal> {
    let clean = text::clean(value);
    if clean.value.is_empty() {
        return Some(Normal::new("", 100, "it is empty"));
    }
    let read = match meaning {
        Meaning::Date => date::read(&clean.value, hints),
        Meaning::Region => region::read(&clean.value, hints),
        Meaning::Country => country::read(&clean.value),
        Meaning::Phone => phone::read(&clean.value, hints),
        Meaning::Amount => amount::read(&clean.value),
        Meaning::Text => return Some(clean),
    }?;
    // A value that had to be mended first is no more certain than the mending.
    Some(Normal { certainty: read.certainty.min(clean.certainty), ..read })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn in_us(meaning: Meaning, value: &str) -> Option<(String, u8)> {
        let hints = Hints { country: Some("US".to_owned()) };
        normalize(meaning, value, &hints).map(|normal| (normal.value, normal.certainty))
    }

    #[test]
    fn meanings_are_found_by_name() {
        for meaning in Meaning::ALL {
            assert_eq!(Meaning::named(meaning.name()), Some(meaning));
        }
        assert_eq!(Meaning::named("money"), None);
    }

    #[test]
    fn empty_stays_empty_and_mending_lowers_certainty() {
        for meaning in Meaning::ALL {
            assert_eq!(in_us(meaning, " \u{a0} "), Some((String::new(), 100)));
        }
        assert_eq!(in_us(Meaning::Region, "QuÃ©bec"), Some(("QC".to_owned(), 95)));
    }

    proptest! {
        #[test]
        fn what_is_normal_stays_as_it_is(value in ".{0,40}", of in 0_usize..6) {
            let meaning = Meaning::ALL[of];
            let hints = Hints { country: Some("US".to_owned()) };
            if let Some(normal) = normalize(meaning, &value, &hints)
                && normal.is_certain()
            {
                let again = normalize(meaning, &normal.value, &hints).unwrap();
                prop_assert_eq!(again.value, normal.value);
                prop_assert!(again.certainty >= CERTAIN_ENOUGH);
            }
        }
    }
}
