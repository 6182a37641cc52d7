//! The few places of a document whose values are wanted.

use thiserror::Error;

/// At most this many places are looked at in one pass.
pub const POINTERS_MAX: usize = 8;

/// JSON pointers (RFC 6901) through objects; array elements cannot be named.
#[derive(Debug, Clone, Default)]
pub struct Pointers(Vec<Vec<String>>);

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PointerError {
    #[error("a pointer starts with `/`: {0:?} does not")]
    NotAPointer(String),
    #[error("at most {POINTERS_MAX} pointers can be followed at once")]
    TooMany,
}

impl Pointers {
    /// # Errors
    /// When a pointer does not start with `/`, or there are too many.
    pub fn new<'p>(pointers: impl IntoIterator<Item = &'p str>) -> Result<Self, PointerError> {
        let parsed: Vec<_> = pointers.into_iter().map(parse).collect::<Result<_, _>>()?;
        if parsed.len() > POINTERS_MAX { Err(PointerError::TooMany) } else { Ok(Self(parsed)) }
    }

    /// All of them, as a set of bits.
    pub(super) fn all(&self) -> u8 {
        self.0.iter().enumerate().fold(0, |set, (index, _)| set | 1 << index)
    }

    /// Those of `live` that go on through `key` at this level.
    pub(super) fn step(&self, live: u8, level: usize, key: &str) -> u8 {
        self.pick(live, |segments| segments.get(level).is_some_and(|segment| segment == key))
    }

    /// Those of `live` that end at this level.
    pub(super) fn ends(&self, live: u8, level: usize) -> u8 {
        self.pick(live, |segments| segments.len() == level)
    }

    fn pick(&self, live: u8, holds: impl Fn(&[String]) -> bool) -> u8 {
        self.0.iter().enumerate().fold(0, |set, (index, segments)| {
            let bit = 1 << index;
            if live & bit != 0 && holds(segments) { set | bit } else { set }
        })
    }
}

fn parse(pointer: &str) -> Result<Vec<String>, PointerError> {
    let Some(path) = pointer.strip_prefix('/') else {
        return Err(PointerError::NotAPointer(pointer.to_owned()));
    };
    Ok(path.split('/').map(|segment| segment.replace("~1", "/").replace("~0", "~")).collect())
}
