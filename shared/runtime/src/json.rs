//! One strict pass over an inbound JSON body: grammar, limits, card data, and the few values that
//! are wanted. Nothing is allocated unless a string has escapes.
//!
//! It accepts what RFC 8259 allows, less the limits below, repeated keys, lone surrogates, forbidden
//! names and card numbers.

mod keys;
mod number;
mod pointer;
#[cfg(test)]
mod tests;
mod text;

use std::borrow::Cow;

use thiserror::Error;

use self::keys::Keys;
pub use self::pointer::{POINTERS_MAX, PointerError, Pointers};
use crate::card::{self, LastFour};

/// The largest body, in bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// Objects and arrays within each other.
pub const DEPTH_MAX: usize = 16;
/// Keys of all objects together.
pub const KEYS_MAX: usize = 1_000;

/// Why a body is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Problem {
    #[error("larger than {BODY_BYTES_MAX} bytes")]
    TooLarge,
    #[error("not UTF-8")]
    NotUtf8,
    #[error("not JSON")]
    Malformed,
    #[error("nested deeper than {DEPTH_MAX} levels")]
    TooDeep,
    #[error("more than {KEYS_MAX} keys")]
    TooManyKeys,
    #[error("a key repeated within one object")]
    DuplicateKey,
    #[error("a number beyond 2^63 - 1, 38 digits or an exponent of two digits")]
    NumberOutOfRange,
    #[error("half of a surrogate pair")]
    LoneSurrogate,
    #[error("a field named {0}")]
    ForbiddenName(&'static str),
    #[error("a card number ending in {0}")]
    CardNumber(LastFour),
}

/// A refusal: the problem and the byte it was noticed at. Says nothing else of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{problem}, at byte {position}")]
pub struct Refused {
    pub problem: Problem,
    pub position: usize,
}

/// A value found at a pointer. Objects, arrays, booleans and null are not reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scalar<'a> {
    Text(Cow<'a, str>),
    /// As written.
    Number(&'a str),
}

/// The values at the pointers, in the pointers' order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found<'a>([Option<Scalar<'a>>; POINTERS_MAX]);

impl<'a> Found<'a> {
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&Scalar<'a>> {
        self.0.get(index)?.as_ref()
    }

    /// Takes the value out.
    pub fn take(&mut self, index: usize) -> Option<Scalar<'a>> {
        self.0.get_mut(index)?.take()
    }
}

/// Checks the body and picks out the wanted values.
///
/// # Errors
/// At the first thing that is not allowed.
pub fn scan<'a>(body: &'a [u8], wanted: &Pointers) -> Result<Found<'a>, Refused> {
    if body.len() > BODY_BYTES_MAX {
        return Err(Refused { problem: Problem::TooLarge, position: BODY_BYTES_MAX });
    }
    let text = std::str::from_utf8(body)
        .map_err(|error| Refused { problem: Problem::NotUtf8, position: error.valid_up_to() })?;
    let mut scanner = Scanner {
        text,
        at: 0,
        frames: [Frame::default(); DEPTH_MAX],
        depth: 0,
        keys: Keys::new(),
        keys_seen: 0,
        wanted,
        live: wanted.all(),
        found: Found::default(),
    };
    scanner.document()?;
    Ok(scanner.found)
}

fn malformed(position: usize) -> Refused {
    Refused { problem: Problem::Malformed, position }
}

/// An object or array that is open.
#[derive(Clone, Copy, Default)]
struct Frame {
    object: bool,
    /// The pointers that lead through here.
    live: u8,
    /// Where its keys begin among all open keys.
    keys_from: usize,
}

struct Scanner<'a, 'p> {
    text: &'a str,
    at: usize,
    frames: [Frame; DEPTH_MAX],
    depth: usize,
    keys: Keys,
    keys_seen: usize,
    wanted: &'p Pointers,
    /// The pointers that lead to the value that comes next.
    live: u8,
    found: Found<'a>,
}

impl<'a> Scanner<'a, '_> {
    fn document(&mut self) -> Result<(), Refused> {
        self.skip_blanks();
        loop {
            let complete = self.value()?;
            if complete && !self.another_value()? {
                break;
            }
        }
        self.skip_blanks();
        if self.at == self.text.len() { Ok(()) } else { Err(malformed(self.at)) }
    }

    /// Reads a scalar or an empty container, or opens a container up to its first value. False
    /// when a value of that container comes next.
    fn value(&mut self) -> Result<bool, Refused> {
        match self.peek() {
            Some(b'"') => self.string()?,
            Some(b'{') => return self.open(true),
            Some(b'[') => return self.open(false),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.literal("true")?,
            Some(b'f') => self.literal("false")?,
            Some(b'n') => self.literal("null")?,
            _ => return Err(malformed(self.at)),
        }
        Ok(true)
    }

    /// After a value: closes what is closed, and goes to the next value if there is one.
    fn another_value(&mut self) -> Result<bool, Refused> {
        while let Some(frame) = self.frame() {
            self.skip_blanks();
            match (self.peek(), frame.object) {
                (Some(b','), object) => {
                    self.at += 1;
                    self.skip_blanks();
                    if object {
                        self.key(frame)?;
                    }
                    return Ok(true);
                }
                (Some(b'}'), true) | (Some(b']'), false) => self.close(frame),
                _ => return Err(malformed(self.at)),
            }
        }
        Ok(false)
    }

    fn open(&mut self, object: bool) -> Result<bool, Refused> {
        let keys_from = self.keys.count();
        let frame = Frame { object, live: if object { self.live } else { 0 }, keys_from };
        let Some(slot) = self.frames.get_mut(self.depth) else {
            return Err(Refused { problem: Problem::TooDeep, position: self.at });
        };
        *slot = frame;
        self.depth += 1;
        self.at += 1;
        self.live = 0;
        self.skip_blanks();
        if self.peek() == Some(if object { b'}' } else { b']' }) {
            self.close(frame);
            return Ok(true);
        }
        if object {
            self.key(frame)?;
        }
        Ok(false)
    }

    #[inline]
    fn close(&mut self, frame: Frame) {
        self.at += 1;
        self.depth -= 1;
        self.live = 0;
        self.keys.truncate(frame.keys_from);
    }

    /// A key and its colon.
    fn key(&mut self, frame: Frame) -> Result<(), Refused> {
        if self.peek() != Some(b'"') {
            return Err(malformed(self.at));
        }
        let start = self.at + 1;
        let key = text::quoted(self.text, start)?;
        self.keys_seen += 1;
        if self.keys_seen > KEYS_MAX {
            return Err(Refused { problem: Problem::TooManyKeys, position: start });
        }
        let hash = keys::hash(key.value.as_bytes());
        if self.keys.alike(frame.keys_from, hash).any(|other| self.is_key(other, &key.value)) {
            return Err(Refused { problem: Problem::DuplicateKey, position: start });
        }
        if !self.keys.push(hash, start) {
            return Err(Refused { problem: Problem::TooManyKeys, position: start });
        }
        if let Some(name) = card::forbidden_name(&key.value) {
            return Err(Refused { problem: Problem::ForbiddenName(name), position: start });
        }
        refuse_card(&key.value, key.digits, start)?;
        if frame.live != 0 {
            self.live = self.wanted.step(frame.live, self.depth - 1, &key.value);
        }
        self.at = key.end;
        self.skip_blanks();
        if self.peek() != Some(b':') {
            return Err(malformed(self.at));
        }
        self.at += 1;
        self.skip_blanks();
        Ok(())
    }

    fn is_key(&self, start: usize, key: &str) -> bool {
        text::quoted(self.text, start).is_ok_and(|other| other.value == key)
    }

    fn string(&mut self) -> Result<(), Refused> {
        let start = self.at + 1;
        let string = text::quoted(self.text, start)?;
        refuse_card(&string.value, string.digits, start)?;
        self.at = string.end;
        if self.live != 0 {
            self.keep(&Scalar::Text(string.value));
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), Refused> {
        let number = number::number(self.text.as_bytes(), self.at)?;
        let written = self.text.get(self.at..number.end).unwrap_or_default();
        refuse_card(written, number.digits, self.at)?;
        self.at = number.end;
        if self.live != 0 {
            self.keep(&Scalar::Number(written));
        }
        Ok(())
    }

    fn literal(&mut self, word: &str) -> Result<(), Refused> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        if !rest.starts_with(word.as_bytes()) {
            return Err(malformed(self.at));
        }
        self.at += word.len();
        Ok(())
    }

    fn keep(&mut self, value: &Scalar<'a>) {
        let ending = self.wanted.ends(self.live, self.depth);
        for (index, slot) in self.found.0.iter_mut().enumerate() {
            if ending & 1 << index != 0 {
                *slot = Some(value.clone());
            }
        }
    }

    #[inline]
    fn frame(&self) -> Option<Frame> {
        self.frames.get(self.depth.checked_sub(1)?).copied()
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    fn skip_blanks(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
    }
}

#[inline]
fn refuse_card(value: &str, digits: usize, start: usize) -> Result<(), Refused> {
    if digits < card::DIGITS_MIN {
        return Ok(());
    }
    match card::find(value.as_bytes()) {
        None => Ok(()),
        Some(found) => Err(Refused { problem: Problem::CardNumber(found.last4), position: start }),
    }
}
