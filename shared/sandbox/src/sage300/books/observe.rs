//! The receipt batches as an observer sees them: typed, whole, and without a request.

use rust_decimal::Decimal;

use super::Books;
use super::batch::{Batch, Kind, Status};
use super::cell::{amount, text};

/// A receipt batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchSeen {
    pub number: i64,
    pub status: Status,
    pub description: String,
    pub bank: String,
    pub entries: Vec<EntrySeen>,
}

/// An entry of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntrySeen {
    pub number: i64,
    pub customer: String,
    /// `CheckReceiptNumber`.
    pub reference: String,
    /// `BankReceiptAmount`.
    pub amount: Decimal,
    /// Where posting moved it, when it did: batch and entry.
    pub error: Option<(i64, i64)>,
}

impl Books {
    /// Every receipt batch, by number; deleted ones as well.
    pub fn receipt_batches(&self) -> impl Iterator<Item = BatchSeen> {
        self.shelves.of(Kind::Receipts).all().map(seen)
    }

    /// The batch of that number, whatever its status.
    #[must_use]
    pub fn receipt_batch(&self, number: i64) -> Option<BatchSeen> {
        self.shelves.of(Kind::Receipts).find(number).map(seen)
    }
}

fn seen(batch: &Batch) -> BatchSeen {
    let entries = batch.entries.iter().map(|(number, entry)| {
        let pointer = |name: &str| entry.get(name).and_then(serde_json::Value::as_i64).unwrap_or(0);
        let error = (pointer("ErrorBatch"), pointer("ErrorEntry"));
        EntrySeen {
            number: *number,
            customer: text(entry, "CustomerNumber").to_owned(),
            reference: text(entry, "CheckReceiptNumber").to_owned(),
            amount: amount(entry, "BankReceiptAmount").unwrap_or_default(),
            error: (error.0 > 0).then_some(error),
        }
    });
    BatchSeen {
        number: batch.number,
        status: batch.status,
        description: batch.description().to_owned(),
        bank: text(&batch.header, "BankCode").to_owned(),
        entries: entries.collect(),
    }
}
