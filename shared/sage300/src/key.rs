use std::fmt::Write as _;

use jiff::civil::Date;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but the characters RFC 3986 leaves unreserved.
pub(crate) const STRICT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The key of one record, ready for a URL: quotes doubled, the rest percent-encoded.
///
/// ```
/// use sage300::Key;
/// assert_eq!(Key::text_key("O'B/1").to_string(), "('O%27%27B%2F1')");
/// let batch = Key::named().text("BatchRecordType", "CA").number("BatchNumber", 65);
/// assert_eq!(batch.to_string(), "(BatchRecordType='CA',BatchNumber=65)");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Key {
    parts: String,
}

impl Key {
    /// A single text key, such as a customer number.
    pub fn text_key(value: &str) -> Self {
        Self { parts: quoted(value) }
    }

    /// A single numeric key, such as a batch number.
    pub fn number_key(value: i64) -> Self {
        Self { parts: value.to_string() }
    }

    /// The start of a key of several named parts.
    pub fn named() -> Self {
        Self::default()
    }

    /// Adds a named text part.
    #[must_use]
    pub fn text(self, name: &str, value: &str) -> Self {
        self.part(name, &quoted(value))
    }

    /// Adds a named numeric part.
    #[must_use]
    pub fn number(self, name: &str, value: i64) -> Self {
        self.part(name, &value.to_string())
    }

    /// Adds a named date part, midnight UTC as Sage writes business dates.
    #[must_use]
    pub fn date(self, name: &str, value: Date) -> Self {
        self.part(name, &encoded(&format!("{value}T00:00:00Z")))
    }

    fn part(mut self, name: &str, value: &str) -> Self {
        if !self.parts.is_empty() {
            self.parts.push(',');
        }
        self.parts.push_str(&encoded(name));
        self.parts.push('=');
        self.parts.push_str(value);
        self
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_char('(')?;
        f.write_str(&self.parts)?;
        f.write_char(')')
    }
}

pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, STRICT).to_string()
}

fn quoted(value: &str) -> String {
    format!("'{}'", encoded(&value.replace('\'', "''")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_cannot_leave_its_quotes_or_its_path() {
        assert_eq!(Key::text_key("' or 1 eq 1").to_string(), "('%27%27%20or%201%20eq%201')");
        assert_eq!(Key::text_key("../x?$top=1#").to_string(), "('..%2Fx%3F%24top%3D1%23')");
        assert_eq!(Key::number_key(-5).to_string(), "(-5)");
        let dated = Key::named().date("ReceiptDate", jiff::civil::date(2026, 3, 2));
        assert_eq!(dated.to_string(), "(ReceiptDate=2026-03-02T00%3A00%3A00Z)");
    }
}
