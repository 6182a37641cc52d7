//! The words of a filter.

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::super::key::quoted;
use super::super::refusal::{self, Outcome};

#[derive(Debug, Clone, PartialEq)]
pub enum Word {
    Open,
    Close,
    Comma,
    /// A property, operator, function or constant.
    Name(String),
    Text(String),
    Number(Decimal),
    /// As `YYYY-MM-DDTHH:MM:SSZ`.
    Date(String),
}

/// # Errors
/// `InvalidParameters` for an unterminated text, a v3 literal or an unreadable number.
pub fn words(text: &str) -> Outcome<Vec<Word>> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let after = rest.get(first.len_utf8()..).unwrap_or_default();
        let (word, after) = match first {
            '(' => (Word::Open, after),
            ')' => (Word::Close, after),
            ',' => (Word::Comma, after),
            '\'' => {
                let unterminated =
                    || refusal::invalid_parameters("There is an unterminated string literal.");
                let (text, after) = quoted(after).ok_or_else(unterminated)?;
                (Word::Text(text), after)
            }
            _ => {
                let end = rest
                    .find(|c: char| c.is_whitespace() || "(),'".contains(c))
                    .unwrap_or(rest.len());
                let (bare, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
                if after.starts_with('\'') {
                    return Err(unrecognized(bare));
                }
                (bare_word(bare)?, after)
            }
        };
        words.push(word);
        rest = after.trim_start();
    }
    Ok(words)
}

fn bare_word(bare: &str) -> Outcome<Word> {
    if !bare.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        return Ok(Word::Name(bare.to_owned()));
    }
    if bare.contains('T') {
        let at: Timestamp = bare.parse().map_err(|_| unrecognized(bare))?;
        return Ok(Word::Date(at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()));
    }
    let digits = bare.strip_suffix(['m', 'M']).unwrap_or(bare);
    Decimal::from_str_exact(digits).map(Word::Number).map_err(|_| unrecognized(bare))
}

fn unrecognized(bare: &str) -> super::super::super::resource::SageError {
    refusal::invalid_parameters(format!("Unrecognized literal near '{bare}'."))
}
