//! A canonical byte form for content hashes: every field is written with its length, in a fixed
//! order, so that two different contents never share a form.

use sha2::{Digest, Sha256};

/// Feeds fields into one SHA-256.
#[derive(Default)]
pub struct Canon(Sha256);

impl Canon {
    #[must_use]
    pub fn text(mut self, field: &str) -> Self {
        let length = u64::try_from(field.len()).unwrap_or(u64::MAX);
        self.0.update(length.to_be_bytes());
        self.0.update(field.as_bytes());
        self
    }

    #[must_use]
    pub fn number(mut self, field: i64) -> Self {
        self.0.update(field.to_be_bytes());
        self
    }

    /// Lower-case hexadecimal of the whole hash (64 characters).
    #[must_use]
    pub fn hex(self) -> String {
        hex(&self.0.finalize())
    }

    /// The first 24 hexadecimal characters (96 bits): a short name for use inside Sage descriptions.
    #[must_use]
    pub fn short(self) -> String {
        self.hex().chars().take(24).collect()
    }
}

/// SHA-256 of the bytes as they are, in lower-case hexadecimal.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::Canon;

    #[test]
    fn boundaries_count() {
        let ab_c = Canon::default().text("ab").text("c").hex();
        let a_bc = Canon::default().text("a").text("bc").hex();
        assert_ne!(ab_c, a_bc);
        assert_eq!(Canon::default().text("ab").short().len(), 24);
    }
}
