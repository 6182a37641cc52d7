//! Counters by name: each gives 1, 2, 3, ... and nothing twice.

use std::collections::BTreeMap;

#[derive(Debug, Clone, Default)]
pub struct Counters(BTreeMap<String, i64>);

impl Counters {
    pub fn take(&mut self, name: &str) -> i64 {
        let count = self.0.entry(name.to_owned()).or_default();
        *count = count.saturating_add(1);
        *count
    }

    /// The next number of that prefix, padded to `digits`.
    pub fn number(&mut self, prefix: &str, digits: usize) -> String {
        let count = self.take(prefix);
        format!("{prefix}{count:0digits$}")
    }

    pub fn all(&self) -> impl Iterator<Item = (&str, i64)> {
        self.0.iter().map(|(name, count)| (name.as_str(), *count))
    }
}
