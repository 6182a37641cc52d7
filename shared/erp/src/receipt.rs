//! A manifest as the body of one new receipt batch.
//!
//! Sage assigns properties in the order in which they are sent: the fields here stand in that
//! order, what drives before what depends. There is no `BatchStatus`: a batch is born Open, always.

use std::collections::BTreeMap;

use domain::effect::{AppliedLine, Content, Document};
use domain::manifest::{Group, Manifest};
use domain::money::Money;
use rust_decimal::Decimal;
use serde::Serialize;
use thiserror::Error;

use crate::settings::Settings;

/// `BatchRecordType` of receipts.
pub const RECEIPTS: &str = "CA";

/// Why a manifest cannot be said to Sage. Nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unsayable {
    #[error("{field} `{value}` is longer than {length_max} characters")]
    TooLong { field: &'static str, value: String, length_max: usize },
    #[error("{0} is empty")]
    Empty(&'static str),
    #[error("receipt {reference}: {amount} is not a positive amount")]
    NotPositive { reference: String, amount: Money },
    #[error("{0} is not a property a flow may add to a receipt entry")]
    NotOurs(String),
    #[error("receipt {0}: more is applied than was received")]
    Overapplied(String),
    #[error("receipt {0}: company, bank, currency or posting date is not the batch's")]
    OtherGroup(String),
    #[error("receipt {0}: an applied amount is of another currency")]
    OtherCurrency(String),
}

/// Header and entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewBatch {
    pub batch_record_type: &'static str,
    pub batch_date: String,
    pub description: String,
    pub bank_code: String,
    pub default_bank_currency: String,
    pub receipts_adjustments: Vec<NewEntry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewEntry {
    pub batch_type: &'static str,
    pub customer_number: String,
    pub receipt_transaction_type: &'static str,
    pub receipt_date_adjustment_date: String,
    pub posting_date: String,
    pub entry_description: String,
    pub entry_reference: String,
    pub check_receipt_number: String,
    pub payment_code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matching_document_number: Option<String>,
    #[serde(with = "rust_decimal::serde::arbitrary_precision")]
    pub bank_receipt_amount: Decimal,
    #[serde(with = "rust_decimal::serde::arbitrary_precision")]
    pub customer_receipt_amount: Decimal,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub applied_receipts_adjustments: Vec<NewLine>,
    #[serde(rename = "ReceiptAdjustmentOptionalFiel", skip_serializing_if = "Vec::is_empty")]
    pub optional_fields: Vec<NewOptionalField>,
    /// Further text properties, under Sage's own names.
    #[serde(flatten)]
    pub fields: BTreeMap<String, String>,
    pub update_operation: &'static str,
}

/// `OptionalField` must be set up in A/R first; writing it with its `Value` is enough. [O]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewOptionalField {
    pub optional_field: String,
    pub value: String,
    pub update_operation: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewLine {
    pub batch_type: &'static str,
    pub customer_number: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_number: Option<String>,
    /// The instalment; v1 pays the first, and only, one.
    pub payment_number: u32,
    #[serde(with = "rust_decimal::serde::arbitrary_precision")]
    pub customer_receipt_amount: Decimal,
    pub update_operation: &'static str,
}

impl NewBatch {
    /// The batch of the manifest's attempt `epoch`, entries in the manifest's order.
    ///
    /// # Errors
    /// When Sage could not hold it as it is: nothing is shortened but the entry's description.
    pub fn of(manifest: &Manifest, epoch: u64, settings: &Settings) -> Result<Self, Unsayable> {
        let Group { bank, currency, posting_date, .. } = &manifest.group;
        if manifest.entries.is_empty() {
            return Err(Unsayable::Empty("ReceiptsAdjustments"));
        }
        let mut entries = Vec::with_capacity(manifest.entries.len());
        for entry in &manifest.entries {
            if Group::of(&entry.content) != manifest.group {
                return Err(Unsayable::OtherGroup(entry.content.reference.clone()));
            }
            entries.push(NewEntry::of(&entry.content, &manifest.token(), settings)?);
        }
        Ok(Self {
            batch_record_type: RECEIPTS,
            batch_date: posting_date.to_string(),
            description: held("Description", &manifest.description(epoch), 60)?,
            bank_code: held("BankCode", bank, 8)?,
            default_bank_currency: currency.code().to_owned(),
            receipts_adjustments: entries,
        })
    }
}

impl NewEntry {
    fn of(content: &Content, token: &str, settings: &Settings) -> Result<Self, Unsayable> {
        let reference = held("CheckReceiptNumber", &content.reference, 24)?;
        if !content.amount.is_positive() {
            return Err(Unsayable::NotPositive { reference, amount: content.amount });
        }
        let amount = content.amount.to_decimal();
        let order = order(content)?;
        let matched = order.clone().filter(|_| settings.prepayment_matches_order);
        let named = if matched.is_some() { None } else { order };
        Ok(Self {
            batch_type: RECEIPTS,
            customer_number: held("CustomerNumber", content.customer.as_str(), 12)?,
            receipt_transaction_type: transaction_type(&content.document),
            receipt_date_adjustment_date: content.receipt_date.to_string(),
            posting_date: content.posting_date.to_string(),
            entry_description: content.description.chars().take(60).collect(),
            entry_reference: entry_reference(&reference, named.as_deref(), token)?,
            check_receipt_number: reference,
            payment_code: held("PaymentCode", &content.payment_code, 12)?,
            document_type: matched.is_some().then_some("OrderNumber"),
            matching_document_number: matched,
            bank_receipt_amount: amount,
            customer_receipt_amount: amount,
            applied_receipts_adjustments: lines(content)?,
            optional_fields: optional_fields(content)?,
            fields: further(content)?,
            update_operation: INSERT,
        })
    }
}

const INSERT: &str = "Insert";

/// Properties a flow document may add. Everything else of an entry is decided, or generated.
pub const FURTHER: [(&str, usize); 1] = [("Payer", 60)];

fn further(content: &Content) -> Result<BTreeMap<String, String>, Unsayable> {
    let mut fields = BTreeMap::new();
    for (name, value) in &content.extra.fields {
        let known = FURTHER.iter().find(|(known, _)| known == name);
        let (name, length_max) = known.ok_or_else(|| Unsayable::NotOurs(name.clone()))?;
        fields.insert((*name).to_owned(), held(name, value, *length_max)?);
    }
    Ok(fields)
}

fn optional_fields(content: &Content) -> Result<Vec<NewOptionalField>, Unsayable> {
    let fields = content.extra.optional_fields.iter();
    let field = |(name, value): (&String, &String)| {
        Ok(NewOptionalField {
            optional_field: held("OptionalField", name, 12)?,
            value: held("Value", value, 60)?,
            update_operation: INSERT,
        })
    };
    fields.map(field).collect()
}

fn transaction_type(document: &Document) -> &'static str {
    match document {
        Document::Receipt { .. } => "Receipt",
        Document::Prepayment { .. } => "Prepayment",
        Document::UnappliedCash => "UnappliedCash",
    }
}

fn order(content: &Content) -> Result<Option<String>, Unsayable> {
    match &content.document {
        Document::Prepayment { order: Some(order) } if !order.trim().is_empty() => {
            held("MatchingDocumentNumber", order, 22).map(Some)
        }
        _ => Ok(None),
    }
}

/// A receipt has one line for each document it pays; a prepayment has one line for itself. [O]
fn lines(content: &Content) -> Result<Vec<NewLine>, Unsayable> {
    let reference = || content.reference.clone();
    match &content.document {
        Document::UnappliedCash => Ok(Vec::new()),
        Document::Prepayment { .. } => {
            Ok(vec![NewLine::new(content, None, content.amount.to_decimal())])
        }
        Document::Receipt { lines } => {
            let amounts = lines.iter().map(|line| line.amount);
            let applied = Money::sum(amounts, content.amount.currency)
                .map_err(|_| Unsayable::OtherCurrency(reference()))?;
            if applied > content.amount {
                return Err(Unsayable::Overapplied(reference()));
            }
            lines.iter().map(|line| applied_line(content, line)).collect()
        }
    }
}

fn applied_line(content: &Content, line: &AppliedLine) -> Result<NewLine, Unsayable> {
    if !line.amount.is_positive() {
        let reference = content.reference.clone();
        return Err(Unsayable::NotPositive { reference, amount: line.amount });
    }
    let document = held("DocumentNumber", line.document.as_str(), 22)?;
    Ok(NewLine::new(content, Some(document), line.amount.to_decimal()))
}

impl NewLine {
    fn new(content: &Content, document: Option<String>, amount: Decimal) -> Self {
        Self {
            batch_type: RECEIPTS,
            customer_number: content.customer.as_str().to_owned(),
            transaction_type: document.is_some().then_some("ReceiptPosted"),
            document_number: document,
            payment_number: 1,
            customer_receipt_amount: amount,
            update_operation: INSERT,
        }
    }
}

/// Reference, order if it has no field of its own, and as much of the manifest's token as fits:
/// what a person can search for.
fn entry_reference(reference: &str, order: Option<&str>, token: &str) -> Result<String, Unsayable> {
    const LENGTH_MAX: usize = 60;
    let mut text = reference.to_owned();
    if let Some(order) = order {
        text.push(' ');
        text.push_str(order);
    }
    let left = LENGTH_MAX.saturating_sub(text.chars().count().saturating_add(1));
    let short: String = token.chars().take(left).collect();
    text.push(' ');
    text.push_str(&short);
    held("EntryReference", text.trim_end(), LENGTH_MAX)
}

/// The text, when the field can hold all of it.
fn held(field: &'static str, text: &str, length_max: usize) -> Result<String, Unsayable> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Unsayable::Empty(field));
    }
    if text.chars().count() > length_max {
        return Err(Unsayable::TooLong { field, value: text.to_owned(), length_max });
    }
    Ok(text.to_owned())
}

#[cfg(test)]
#[path = "receipt_tests.rs"]
mod tests;
