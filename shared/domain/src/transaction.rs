//! What PayTrace itself says of a transaction when asked: the only source of amounts.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{PaymentKey, ProfileId};
use crate::money::Money;

/// What the transaction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Sale,
    Authorization,
    Refund,
    /// Anything the total status table has no row for; its items are held, never guessed.
    Other,
}

/// Where the transaction stands, from the merchant's total status table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Approved and due to settle in the next batch (`status_code` `Y`).
    Pending,
    /// In a settlement batch (`GB<n>`).
    Settled,
    /// An approved authorization that nobody captured yet.
    Authorized,
    Declined,
    Voided,
    /// Not in the table.
    Unknown,
}

/// The address and contact a transaction carries; used to find the customer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payer {
    pub profile: Option<ProfileId>,
    pub name: String,
    pub email: String,
    pub street: String,
    pub city: String,
    pub state: String,
    pub zip: String,
    pub country: String,
}

/// One transaction as re-read from PayTrace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    pub key: PaymentKey,
    pub kind: Kind,
    pub status: Status,
    pub amount: Money,
    pub created: Timestamp,
    pub settled: Option<Timestamp>,
    /// The settlement batch number, when settled. Numbers wrap: a batch is (merchant, number, date).
    pub settlement_batch: Option<String>,
    /// `invoice_id` as the merchant sent it: one or several Sage document numbers, or free text.
    pub invoice_id: String,
    /// `customer_reference_id`: the purchase order number.
    pub purchase_order: String,
    pub description: String,
    /// Last four digits of the card, when known.
    pub last4: String,
    pub brand: String,
    pub approval_code: String,
    pub payer: Payer,
}
