//! A release: the documents that are in force together, listed by the hash of each. The list itself, its
//! lock, is an object too; its hash names the release.

use std::collections::BTreeMap;

use domain::canon;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The lock of a release. Field order is the order in its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// `2026-03-02-1`: the day and a number.
    pub release: String,
    /// Version of the program that checked it.
    pub engine: String,
    /// Hash of the entities and actions it was checked against.
    pub catalogue: String,
    /// SHA-256 of each document, by its path.
    pub objects: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<Approval>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    pub by: String,
    pub at: Timestamp,
}

#[derive(Debug, Error)]
pub enum LockError {
    #[error("the lock cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
}

impl Lock {
    #[must_use]
    pub fn text(&self) -> String {
        // A struct of texts and maps by text: nothing in it can fail to be written.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// # Errors
    /// When the text is no lock.
    pub fn read(text: &str) -> Result<Self, LockError> {
        Ok(serde_json::from_str(text)?)
    }
}

/// What names an object: SHA-256 of its text, hexadecimal.
#[must_use]
pub fn hash(text: &str) -> String {
    canon::sha256(text.as_bytes())
}

/// The hashes of files by path.
#[must_use]
pub fn objects(files: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    files.iter().map(|(path, text)| (path.clone(), hash(text))).collect()
}

/// How a release is called for short: enough of its hash to find it.
#[must_use]
pub fn short(release: &str) -> &str {
    release.get(..12).unwrap_or(release)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_reads_as_it_was_written() {
        let files = BTreeMap::from([("flows/a.yaml".to_owned(), "a: 1\n".to_owned())]);
        let lock = Lock {
            release: "2026-03-02-1".to_owned(),
            engine: "0.1.0".to_owned(),
            catalogue: hash("entities"),
            objects: objects(&files),
            approvals: vec![Approval { by: "ada".to_owned(), at: Timestamp::UNIX_EPOCH }],
        };
        assert_eq!(Lock::read(&lock.text()).unwrap(), lock);
        assert_eq!(lock.objects["flows/a.yaml"].len(), 64);
        assert!(Lock::read("{}").is_err());
    }

    #[test]
    fn a_hash_is_that_of_the_bytes() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(hash(""), empty);
        assert_eq!(short(empty), "e3b0c44298fc");
    }
}
