//! Messages between functions: ids only, versioned, never an amount.

use domain::id::{CompanyId, EventId, MerchantId, TransactionId};
use serde::{Deserialize, Serialize};

/// "Look at this transaction." Sent to the transformer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    /// Version of this message's form; 1.
    pub v: u32,
    pub merchant: MerchantId,
    pub transaction: TransactionId,
    /// The inbox event this came from, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventId>,
    /// A HELD effect is to be decided again.
    #[serde(default)]
    pub redecide: bool,
}

/// "Effects of this company are READY." Sent to the poster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    pub v: u32,
    pub company: CompanyId,
}

pub const VERSION: u32 = 1;

impl Hint {
    #[must_use]
    pub fn new(merchant: &MerchantId, transaction: &TransactionId) -> Self {
        Self {
            v: VERSION,
            merchant: merchant.clone(),
            transaction: transaction.clone(),
            event: None,
            redecide: false,
        }
    }

    /// The form it is queued in.
    #[must_use]
    pub fn body(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Ready {
    #[must_use]
    pub fn body(company: &CompanyId) -> String {
        let ready = Self { v: VERSION, company: company.clone() };
        serde_json::to_string(&ready).unwrap_or_default()
    }
}
