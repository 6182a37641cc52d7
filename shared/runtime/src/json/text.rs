//! JSON strings, eight bytes at a time.

use std::borrow::Cow;

use super::{Problem, Refused, malformed};

pub(super) struct Quoted<'a> {
    pub(super) value: Cow<'a, str>,
    /// The byte after the closing quote.
    pub(super) end: usize,
    /// Decimal digits in the value.
    pub(super) digits: usize,
}

/// The string whose first byte after the opening quote is at `start`. Allocates only for escapes.
#[inline]
pub(super) fn quoted(text: &str, start: usize) -> Result<Quoted<'_>, Refused> {
    let bytes = text.as_bytes();
    let run = plain(bytes, start);
    match bytes.get(run.end) {
        Some(b'"') => {
            let value = Cow::Borrowed(text.get(start..run.end).unwrap_or_default());
            Ok(Quoted { value, end: run.end + 1, digits: run.digits })
        }
        Some(b'\\') => escaped(text, start),
        _ => Err(malformed(run.end)),
    }
}

fn escaped(text: &str, start: usize) -> Result<Quoted<'_>, Refused> {
    let bytes = text.as_bytes();
    let mut value = String::new();
    let mut at = start;
    loop {
        let run = plain(bytes, at);
        value.push_str(text.get(at..run.end).unwrap_or_default());
        match bytes.get(run.end) {
            Some(b'"') => {
                let digits = value.bytes().filter(u8::is_ascii_digit).count();
                return Ok(Quoted { value: Cow::Owned(value), end: run.end + 1, digits });
            }
            Some(b'\\') => {
                let (meant, end) = escape(bytes, run.end)?;
                value.push(meant);
                at = end;
            }
            _ => return Err(malformed(run.end)),
        }
    }
}

/// The character an escape stands for, and the byte after it.
fn escape(bytes: &[u8], at: usize) -> Result<(char, usize), Refused> {
    let meant = match bytes.get(at + 1) {
        Some(b'u') => return unicode(bytes, at),
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        _ => return Err(malformed(at + 1)),
    };
    Ok((meant, at + 2))
}

fn unicode(bytes: &[u8], at: usize) -> Result<(char, usize), Refused> {
    let lone = Refused { problem: Problem::LoneSurrogate, position: at };
    let first = hex4(bytes, at + 2)?;
    if let Some(meant) = char::from_u32(first) {
        return Ok((meant, at + 6));
    }
    if first >= 0xdc00 || bytes.get(at + 6..at + 8) != Some(b"\\u") {
        return Err(lone);
    }
    let second = hex4(bytes, at + 8)?;
    if !(0xdc00..0xe000).contains(&second) {
        return Err(lone);
    }
    let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
    char::from_u32(code).map(|meant| (meant, at + 12)).ok_or(lone)
}

fn hex4(bytes: &[u8], at: usize) -> Result<u32, Refused> {
    (at..at + 4).try_fold(0, |sum, place| {
        let digit = bytes.get(place).and_then(|byte| char::from(*byte).to_digit(16));
        digit.map(|digit| sum << 4 | digit).ok_or(malformed(place))
    })
}

struct Run {
    end: usize,
    digits: usize,
}

/// Up to the next quote, backslash or control character, or the end of the text.
#[inline]
fn plain(bytes: &[u8], start: usize) -> Run {
    let mut at = start;
    let mut digits = 0_u64;
    while let Some(word) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*word);
        let stops = stops(word);
        let found = digit_marks(word);
        if stops != 0 {
            let first = stops & stops.wrapping_neg();
            digits += count(found & (first - 1));
            at += usize::try_from(first.trailing_zeros() / 8).unwrap_or_default();
            return Run { end: at, digits: usize::try_from(digits).unwrap_or(usize::MAX) };
        }
        digits += count(found);
        at += 8;
    }
    while let Some(byte) = bytes.get(at)
        && !matches!(byte, b'"' | b'\\' | 0..=0x1f)
    {
        digits += u64::from(byte.is_ascii_digit());
        at += 1;
    }
    Run { end: at, digits: usize::try_from(digits).unwrap_or(usize::MAX) }
}

const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = 0x8080_8080_8080_8080;

const fn each(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The top bit of each byte that ends a plain run. Exact for the lowest such byte; above it a borrow
/// may mark others.
#[inline]
fn stops(word: u64) -> u64 {
    let quote = word ^ each(b'"');
    let backslash = word ^ each(b'\\');
    let quotes = quote.wrapping_sub(ONES) & !quote;
    let backslashes = backslash.wrapping_sub(ONES) & !backslash;
    let controls = word.wrapping_sub(each(0x20)) & !word;
    (quotes | backslashes | controls) & TOPS
}

/// The top bit of each byte that is a decimal digit. Exact.
#[inline]
fn digit_marks(word: u64) -> u64 {
    let offset = word ^ each(b'0');
    let others = ((offset & !TOPS) + each(0x80 - 10)) | offset;
    !others & TOPS
}

/// How many top bits are set.
#[inline]
fn count(marks: u64) -> u64 {
    (marks >> 7).wrapping_mul(ONES) >> 56
}
