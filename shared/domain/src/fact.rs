//! Facts: write-once statements about a transaction. They are folded in any order.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::money::Money;
use crate::transaction::{Kind, Status, Transaction};

/// What can be stated of a transaction. Each name holds one value for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactName {
    /// Money was taken: a sale approved, or an authorization captured.
    Captured,
    Authorized,
    Settled,
    Refunded,
    Voided,
    Declined,
}

impl FactName {
    pub const ALL: [Self; 6] = [
        Self::Captured,
        Self::Authorized,
        Self::Settled,
        Self::Refunded,
        Self::Voided,
        Self::Declined,
    ];

    /// As it is stored, and named in flow documents.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Captured => "captured",
            Self::Authorized => "authorized",
            Self::Settled => "settled",
            Self::Refunded => "refunded",
            Self::Voided => "voided",
            Self::Declined => "declined",
        }
    }
}

/// The value of a fact. Two statements of one fact agree when amount and detail agree: `at` is only
/// when it was first learnt or dated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactValue {
    pub amount: Money,
    /// Settlement batch for `Settled`; empty otherwise.
    pub detail: String,
    pub at: Timestamp,
}

impl FactValue {
    #[must_use]
    pub fn agrees_with(&self, other: &Self) -> bool {
        self.amount == other.amount && self.detail == other.detail
    }
}

pub type Facts = BTreeMap<FactName, FactValue>;

/// What a reading of a transaction states. A later reading of the same transaction may state more,
/// never something else.
#[must_use]
pub fn stated_by(transaction: &Transaction) -> Facts {
    let mut facts = Facts::new();
    let mut state = |name, detail: &str, at| {
        let detail = detail.to_owned();
        facts.insert(name, FactValue { amount: transaction.amount, detail, at });
    };
    match transaction.status {
        Status::Declined => state(FactName::Declined, "", transaction.created),
        Status::Voided => state(FactName::Voided, "", transaction.created),
        Status::Authorized => state(FactName::Authorized, "", transaction.created),
        Status::Pending | Status::Settled => {
            let taken = if transaction.kind == Kind::Refund {
                FactName::Refunded
            } else {
                FactName::Captured
            };
            if transaction.kind != Kind::Other {
                state(taken, "", transaction.created);
            }
            if let Some(settled) = transaction.settled {
                let batch = transaction.settlement_batch.as_deref().unwrap_or_default();
                state(FactName::Settled, batch, settled);
            }
        }
        Status::Unknown => {}
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::FactName;

    #[test]
    fn every_fact_is_named_as_it_is_stored() {
        for fact in FactName::ALL {
            assert_eq!(serde_json::to_value(fact).unwrap(), fact.name());
        }
    }
}
