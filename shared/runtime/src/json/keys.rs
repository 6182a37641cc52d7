//! The keys of the objects that are open, so that a repeated one is noticed.

use super::KEYS_MAX;

/// A stack: the keys of an inner object lie above those of the outer one.
pub(super) struct Keys {
    hashes: [u32; KEYS_MAX],
    starts: [u16; KEYS_MAX],
    count: usize,
}

impl Keys {
    pub(super) fn new() -> Self {
        Self { hashes: [0; KEYS_MAX], starts: [0; KEYS_MAX], count: 0 }
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Adds the key that starts at this byte; false when there is no room.
    #[inline]
    pub(super) fn push(&mut self, hash: u32, start: usize) -> bool {
        let slots = (self.hashes.get_mut(self.count), self.starts.get_mut(self.count));
        let ((Some(hashes), Some(starts)), Ok(start)) = (slots, u16::try_from(start)) else {
            return false;
        };
        *hashes = hash;
        *starts = start;
        self.count += 1;
        true
    }

    pub(super) fn truncate(&mut self, count: usize) {
        self.count = count;
    }

    /// Where the keys with this hash start, from the `from`th on.
    #[inline]
    pub(super) fn alike(&self, from: usize, hash: u32) -> impl Iterator<Item = usize> {
        let hashes = self.hashes.get(from..self.count).unwrap_or_default();
        let starts = self.starts.get(from..self.count).unwrap_or_default();
        hashes
            .iter()
            .zip(starts)
            .filter(move |(other, _)| **other == hash)
            .map(|(_, start)| usize::from(*start))
    }
}

/// A fast hash. It need not resist collisions: those only cost a comparison.
#[inline]
pub(super) fn hash(key: &[u8]) -> u32 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let (words, rest) = key.as_chunks::<8>();
    let tail = rest.iter().fold(0_u64, |tail, byte| tail << 8 | u64::from(*byte));
    let mixed = words
        .iter()
        .map(|word| u64::from_le_bytes(*word))
        .chain([tail])
        .fold(0_u64, |hash, word| (hash.rotate_left(5) ^ word).wrapping_mul(FACTOR));
    u32::try_from(mixed >> 32).unwrap_or_default()
}
