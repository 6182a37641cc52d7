//! JSON numbers.

use super::{Problem, Refused, malformed};

/// Digits of a number, exponent aside.
const DIGITS_MAX: usize = 38;
/// Digits of an exponent.
const EXPONENT_DIGITS_MAX: usize = 2;
/// 2^63 − 1, the largest magnitude of an integer.
const INTEGER_MAX: &[u8] = b"9223372036854775807";

pub(super) struct Number {
    pub(super) end: usize,
    pub(super) digits: usize,
}

/// The number that starts at `start`.
#[inline]
pub(super) fn number(bytes: &[u8], start: usize) -> Result<Number, Refused> {
    let whole = start + usize::from(bytes.get(start) == Some(&b'-'));
    let mut at = match bytes.get(whole) {
        Some(b'0') => whole + 1,
        Some(b'1'..=b'9') => after_digits(bytes, whole),
        _ => return Err(malformed(whole)),
    };
    let mut digits = at - whole;
    let mut fits = !bytes.get(whole..at).is_some_and(is_huge);
    if bytes.get(at) == Some(&b'.') {
        let end = some_digits(bytes, at + 1)?;
        digits += end - at - 1;
        fits = true;
        at = end;
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        let exponent = at + 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        at = some_digits(bytes, exponent)?;
        fits = at - exponent <= EXPONENT_DIGITS_MAX;
    }
    if !fits || digits > DIGITS_MAX {
        return Err(Refused { problem: Problem::NumberOutOfRange, position: start });
    }
    Ok(Number { end: at, digits })
}

fn is_huge(integer: &[u8]) -> bool {
    integer.len() > INTEGER_MAX.len()
        || (integer.len() == INTEGER_MAX.len() && integer > INTEGER_MAX)
}

fn some_digits(bytes: &[u8], from: usize) -> Result<usize, Refused> {
    let end = after_digits(bytes, from);
    if end == from { Err(malformed(from)) } else { Ok(end) }
}

#[inline]
fn after_digits(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
}
