//! What the protocol looks at in a Sage batch, free of any vendor's field names.

use domain::id::{BatchNumber, CustomerNumber};
use domain::manifest::Manifest;
use domain::money::{Currency, Money};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchStatus {
    Open,
    ReadyToPost,
    PostInProgress,
    Posted,
    Deleted,
    /// Any status this program has no rule for.
    Other,
}

/// A batch as a look-up lists it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BatchHead {
    pub number: BatchNumber,
    pub status: BatchStatus,
    pub description: String,
    /// Entries in it, as the header counts them.
    pub entries: u32,
}

/// One entry as stored by Sage.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EntryView {
    pub number: i64,
    /// `CheckReceiptNumber`.
    pub reference: String,
    pub customer: CustomerNumber,
    pub amount: Money,
    /// Generated document number (`PY…`, `PP…`, `UC…`).
    pub document: String,
    /// Where posting moved the entry, when it refused it.
    pub error: Option<(BatchNumber, i64)>,
}

/// A batch as read back whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BatchView {
    pub head: BatchHead,
    pub bank: String,
    pub currency: Currency,
    pub entries: Vec<EntryView>,
}

impl BatchView {
    /// The batch carries exactly the manifest: its token, number of entries, and the multiset of
    /// (reference, customer, amount, currency). Sage may upper-case references and customers.
    #[must_use]
    pub fn carries(&self, manifest: &Manifest) -> bool {
        let described = domain::manifest::named_in(&self.head.description);
        described.as_ref() == Some(&manifest.id)
            && self.bank == manifest.group.bank
            && self.currency == manifest.group.currency
            && self.lines() == lines_of(manifest)
    }

    fn lines(&self) -> Vec<(String, String, Money)> {
        sorted(self.entries.iter().map(|e| (e.reference.as_str(), &e.customer, e.amount)))
    }
}

fn lines_of(manifest: &Manifest) -> Vec<(String, String, Money)> {
    sorted(
        manifest
            .entries
            .iter()
            .map(|e| (e.content.reference.as_str(), &e.content.customer, e.content.amount)),
    )
}

fn sorted<'a>(
    lines: impl Iterator<Item = (&'a str, &'a CustomerNumber, Money)>,
) -> Vec<(String, String, Money)> {
    let mut lines: Vec<_> = lines
        .map(|(reference, customer, amount)| {
            (reference.trim().to_uppercase(), customer.as_str().trim().to_uppercase(), amount)
        })
        .collect();
    lines.sort();
    lines
}
