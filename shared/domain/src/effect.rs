//! Effects: one document each, that must exist in Sage 300 exactly once.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::canon::Canon;
use crate::exception::ReasonCode;
use crate::id::{
    BatchNumber, CompanyId, CustomerNumber, DocumentNumber, ManifestId, MerchantId, PaymentKey,
};
use crate::money::{Currency, Money};

/// The movement of money an effect stands for. With the transaction and an ordinal it is the key:
/// never a delivery id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectKind {
    Receipt,
    Refund,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EffectKey {
    pub payment: PaymentKey,
    pub kind: EffectKind,
    pub ordinal: u32,
}

impl EffectKey {
    /// What goes into `CheckReceiptNumber` (at most 24 characters): the transaction id for a receipt,
    /// with a suffix for its other documents.
    #[must_use]
    pub fn reference(&self) -> String {
        let id = &self.payment.transaction;
        match self.kind {
            EffectKind::Receipt if self.ordinal == 1 => id.to_string(),
            EffectKind::Receipt => format!("{id}-P{}", self.ordinal),
            EffectKind::Refund => format!("{id}-R{}", self.ordinal),
        }
    }
}

impl fmt::Display for EffectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:?}/{}", self.payment, self.kind, self.ordinal)
    }
}

/// What kind of A/R entry the receipt is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Document {
    /// Applied to documents; what the lines leave over stays unapplied on the receipt.
    Receipt {
        lines: Vec<AppliedLine>,
    },
    /// Held against an order that is not invoiced yet.
    Prepayment {
        order: Option<String>,
    },
    UnappliedCash,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedLine {
    pub document: DocumentNumber,
    pub amount: Money,
}

/// Everything the Sage entry is made from. Immutable once the effect is READY.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    pub company: CompanyId,
    pub bank: String,
    pub customer: CustomerNumber,
    pub amount: Money,
    /// `CheckReceiptNumber`.
    pub reference: String,
    pub posting_date: Date,
    pub receipt_date: Date,
    pub payment_code: String,
    /// `EntryDescription` (at most 60 characters).
    pub description: String,
    pub document: Document,
    #[serde(default, skip_serializing_if = "Extra::is_empty")]
    pub extra: Extra,
}

/// What the flow documents put into the entry besides, and which of them decided it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Extra {
    /// Further text properties of the entry, by Sage's name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
    /// Optional fields of the entry.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub optional_fields: BTreeMap<String, String>,
    /// `release/flow`: not part of the content, only its origin.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub decided_by: String,
}

impl Extra {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds nothing for an entry that carries nothing more.
    fn canon(&self, canon: Canon) -> Canon {
        let lists = [("fields", &self.fields), ("optional_fields", &self.optional_fields)];
        let filled = lists.into_iter().filter(|(_, list)| !list.is_empty());
        filled.fold(canon, |canon, (name, list)| {
            let canon = canon.text(name).number(i64::try_from(list.len()).unwrap_or(i64::MAX));
            list.iter().fold(canon, |canon, (field, value)| canon.text(field).text(value))
        })
    }
}

impl Content {
    #[must_use]
    pub fn hash(&self) -> String {
        let canon = Canon::default()
            .text(self.company.as_str())
            .text(&self.bank)
            .text(self.customer.as_str())
            .number(self.amount.minor)
            .text(self.amount.currency.code())
            .text(&self.reference)
            .text(&self.posting_date.to_string())
            .text(&self.receipt_date.to_string())
            .text(&self.payment_code)
            .text(&self.description);
        let canon = self.extra.canon(canon);
        match &self.document {
            Document::UnappliedCash => canon.text("unapplied_cash"),
            Document::Prepayment { order } => {
                canon.text("prepayment").text(order.as_deref().unwrap_or_default())
            }
            Document::Receipt { lines } => lines.iter().fold(canon.text("receipt"), |c, line| {
                c.text(line.document.as_str())
                    .number(line.amount.minor)
                    .text(line.amount.currency.code())
            }),
        }
        .hex()
    }

    /// The documents this content draws down, if any.
    #[must_use]
    pub fn lines(&self) -> &[AppliedLine] {
        match &self.document {
            Document::Receipt { lines } => lines,
            Document::Prepayment { .. } | Document::UnappliedCash => &[],
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EffectState {
    Ready,
    Assigned,
    Posted,
    Cancelled,
    Held,
}

impl EffectState {
    /// Every change of state there is; `None` is an effect that is not there yet.
    pub const EDGES: &[(Option<Self>, Self)] = &[
        (None, Self::Ready),
        (None, Self::Held),
        (Some(Self::Ready), Self::Assigned),
        (Some(Self::Ready), Self::Cancelled),
        (Some(Self::Assigned), Self::Posted),
        // An aborted manifest gives it back; an entry Sage refused goes before a person.
        (Some(Self::Assigned), Self::Ready),
        (Some(Self::Assigned), Self::Held),
        // Decided again: now possible, or held for another reason.
        (Some(Self::Held), Self::Ready),
        (Some(Self::Held), Self::Held),
        (Some(Self::Held), Self::Cancelled),
    ];
}

/// Where the document is in Sage.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PostedAs {
    pub batch: BatchNumber,
    pub entry: i64,
    pub document: String,
}

/// Why an effect is HELD.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Hold {
    pub reason: ReasonCode,
    /// What was found, for a person: names, candidates, Sage's own words.
    pub evidence: String,
}

/// An effect as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    pub key: EffectKey,
    pub state: EffectState,
    /// Known from the facts alone, so that a HELD effect still counts in the books.
    pub amount: Money,
    pub company: CompanyId,
    /// Absent while HELD before a decision could be made.
    pub content: Option<Content>,
    pub manifest: Option<ManifestId>,
    /// Counts decisions and releases; part of every manifest's name.
    pub generation: u32,
    /// Largest manifest this effect may be sealed into: halved each time Sage refuses a batch, so
    /// that the refused entry ends alone.
    pub seal_max: u32,
    pub hold: Option<Hold>,
    pub posted: Option<PostedAs>,
    /// When the fact became known to us (milliseconds precision).
    pub since: Timestamp,
    pub posted_at: Option<Timestamp>,
}

/// Largest number of effects in one manifest: with the manifest itself, one 100-item transaction.
pub const SEAL_MAX: u32 = 99;

impl Effect {
    #[must_use]
    pub fn ready(key: EffectKey, content: Content, since: Timestamp) -> Self {
        Self {
            state: EffectState::Ready,
            amount: content.amount,
            company: content.company.clone(),
            content: Some(content),
            ..Self::blank(key, since)
        }
    }

    #[must_use]
    pub fn held(key: EffectKey, what: HeldFor, hold: Hold, since: Timestamp) -> Self {
        Self {
            amount: what.amount,
            company: what.company,
            hold: Some(hold),
            ..Self::blank(key, since)
        }
    }

    #[must_use]
    pub fn merchant(&self) -> &MerchantId {
        &self.key.payment.merchant
    }

    fn blank(key: EffectKey, since: Timestamp) -> Self {
        Self {
            key,
            state: EffectState::Held,
            amount: Money::zero(Currency::USD),
            company: CompanyId(String::new()),
            content: None,
            manifest: None,
            generation: 1,
            seal_max: SEAL_MAX,
            hold: None,
            posted: None,
            since,
            posted_at: None,
        }
    }
}

/// What is known of an effect nobody could decide yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldFor {
    pub company: CompanyId,
    pub amount: Money,
}
