//! A merchant: one PayTrace account, where its money goes in Sage 300, and its policies.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::{CompanyId, CustomerNumber, MerchantId};
use crate::money::Currency;

/// What to do with a payment whose customer is not found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NewCustomer {
    /// Hold the payment: `customer_not_found`.
    Hold,
    /// Create one in this customer group, with a deterministic number.
    Create { group: String, tax_group: Option<String> },
}

/// What to do when the posting date falls in a locked period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosedPeriod {
    /// Use the first day of the next open period.
    Roll,
    Hold,
}

/// What becomes of a payment that names no document and has a known customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unnamed {
    /// Oldest due first; what is left stays on account.
    OldestDue,
    /// Straight to unapplied cash.
    OnAccount,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merchant {
    pub id: MerchantId,
    pub company: CompanyId,
    pub currency: Currency,
    /// Sage bank code the money is deposited to.
    pub bank: String,
    /// Sage payment code by card brand (lower case); `default` for the others.
    pub payment_codes: BTreeMap<String, String>,
    pub new_customer: NewCustomer,
    pub closed_period: ClosedPeriod,
    pub unnamed: Unnamed,
    /// IANA zone of PayTrace's dates; Pacific unless the contract test says otherwise.
    pub zone: String,
    /// Customer used for payments of a walk-in buyer, when the merchant wants that.
    pub fallback_customer: Option<CustomerNumber>,
}
