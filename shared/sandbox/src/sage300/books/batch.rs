//! Batches of every kind: numbered, filled with entries, made ready, posted. What an entry means is
//! for its kind to say; how a batch lives is the same for all.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::Value;

use super::super::resource::{Key, Row};
use super::super::schema::{Kind as FieldKind, Shape, catalogue};
use super::cell::{amount, day, number, put};
use super::merge;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Receipts,
    Adjustments,
    Invoices,
    Refunds,
    Journals,
}

impl Kind {
    pub const ALL: [Self; 5] =
        [Self::Adjustments, Self::Receipts, Self::Invoices, Self::Refunds, Self::Journals];

    #[must_use]
    pub fn resource(self) -> &'static str {
        match self {
            Self::Receipts | Self::Adjustments => "ARReceiptAndAdjustmentBatches",
            Self::Invoices => "ARInvoiceBatches",
            Self::Refunds => "ARRefundBatches",
            Self::Journals => "GLJournalBatches",
        }
    }

    /// The kinds that a resource holds, in key order.
    #[must_use]
    pub fn of_resource(resource: &str) -> Vec<Self> {
        Self::ALL.into_iter().filter(|kind| kind.resource() == resource).collect()
    }

    /// `BatchRecordType`, where there is one; elsewhere a name for people.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Receipts => "CA",
            Self::Adjustments => "AD",
            Self::Invoices => "IN",
            Self::Refunds => "RF",
            Self::Journals => "GL",
        }
    }

    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The name of the collection of entries.
    #[must_use]
    pub fn entries(self) -> &'static str {
        match self {
            Self::Receipts | Self::Adjustments => "ReceiptsAdjustments",
            Self::Invoices => "Invoices",
            Self::Refunds => "RefundEntries",
            Self::Journals => "JournalHeaders",
        }
    }

    #[must_use]
    pub fn description(self) -> &'static str {
        if self == Self::Refunds { "BatchDescription" } else { "Description" }
    }

    #[must_use]
    pub fn status(self) -> &'static str {
        if self == Self::Journals { "Status" } else { "BatchStatus" }
    }

    /// The names of an entry's amount and of the header's total.
    fn totalled(self) -> (&'static str, &'static str) {
        match self {
            Self::Receipts => ("BankReceiptAmount", "BatchTotal"),
            Self::Adjustments => ("TotalCustomerAdjustment", "BatchTotal"),
            Self::Invoices => ("DocumentTotalIncludingTax", "BatchTotal"),
            Self::Refunds => ("RefundAmountCustomer", "TotalOfEntries"),
            Self::Journals => ("Debits", "Debits"),
        }
    }

    /// A batch or entry number as the kind's keys have it.
    #[must_use]
    pub fn number(self, number: i64, width: usize) -> Value {
        match self {
            Self::Journals => Value::from(format!("{number:0width$}")),
            _ => Value::from(number),
        }
    }
}

/// Digits of a journal's batch and entry numbers. [O]
pub const BATCH_DIGITS: usize = 6;
pub const ENTRY_DIGITS: usize = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Open,
    ReadyToPost,
    PostInProgress,
    Posted,
    Deleted,
}

impl Status {
    #[must_use]
    pub fn member(self) -> &'static str {
        match self {
            Self::Open => "Open",
            Self::ReadyToPost => "ReadyToPost",
            Self::PostInProgress => "PostInProgress",
            Self::Posted => "Posted",
            Self::Deleted => "Deleted",
        }
    }

    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Posted | Self::Deleted)
    }
}

#[derive(Debug, Clone)]
pub struct Batch {
    pub kind: Kind,
    pub number: i64,
    pub status: Status,
    pub header: Row,
    pub entries: BTreeMap<i64, Row>,
    pub last_entry: i64,
    /// Of the entries, as the batch was last kept.
    pub total: Decimal,
    pub sequence: i64,
    pub errors: i64,
    pub edited: Date,
    /// Another user works on it.
    pub locked: bool,
    /// When posting will be over, while it is in progress.
    pub posting_ends: Option<Timestamp>,
}

impl Batch {
    #[must_use]
    pub fn new(kind: Kind, header: Row, edited: Date) -> Self {
        Self {
            kind,
            number: 0,
            status: Status::Open,
            header,
            entries: BTreeMap::new(),
            last_entry: 0,
            total: Decimal::ZERO,
            sequence: 0,
            errors: 0,
            edited,
            locked: false,
            posting_ends: None,
        }
    }

    #[must_use]
    pub fn description(&self) -> &str {
        super::cell::text(&self.header, self.kind.description())
    }

    fn sum(&self) -> Decimal {
        let (name, _) = self.kind.totalled();
        self.entries.values().filter_map(|entry| amount(entry, name)).sum()
    }

    /// The header as it is read.
    #[must_use]
    pub fn head(&self) -> Row {
        let kind = self.kind;
        let mut row = self.header.clone();
        if matches!(kind, Kind::Receipts | Kind::Adjustments) {
            put(&mut row, "BatchRecordType", kind.code());
        }
        put(&mut row, "BatchNumber", kind.number(self.number, BATCH_DIGITS));
        put(&mut row, kind.status(), self.status.member());
        put(&mut row, "NumberOfEntries", self.entries.len());
        put(&mut row, "NumberOfErrors", self.errors);
        put(&mut row, "DateLastEdited", day(self.edited));
        put(&mut row, kind.totalled().1, number(self.total));
        match kind {
            Kind::Journals => {
                put(&mut row, "PostingSequence", self.sequence);
                put(&mut row, "Credits", number(self.total));
                let ready = matches!(self.status, Status::ReadyToPost | Status::PostInProgress);
                put(&mut row, "ReadyToPost", super::cell::yes(ready));
            }
            _ => {
                put(&mut row, "PostingSequenceNumber", self.sequence);
                put(&mut row, "LastEntryNumber", self.last_entry);
            }
        }
        row
    }

    /// Header and entries, each detail with its keys.
    #[must_use]
    pub fn whole(&self) -> Row {
        let entries = self.entries.iter().map(|(number, entry)| {
            let mut row = Row::with_capacity(entry.len().saturating_add(3));
            if matches!(self.kind, Kind::Receipts | Kind::Adjustments) {
                put(&mut row, "BatchType", self.kind.code());
            }
            put(&mut row, "EntryNumber", self.kind.number(*number, ENTRY_DIGITS));
            let known = entry.iter().map(|(name, value)| (name.clone(), value.clone()));
            row.extend(known.filter(|(name, _)| name != "EntryNumber" && name != "BatchType"));
            Value::Object(row)
        });
        let mut row = self.head();
        let entries = Value::Array(entries.collect());
        row.insert(self.kind.entries().to_owned(), entries);
        if let Some(resource) = catalogue().resource(self.kind.resource()) {
            merge::hand_down(&resource.shape, &mut row);
        }
        row
    }
}

/// The record type of a kind's entries.
#[must_use]
pub fn entry_shape(kind: Kind) -> Option<&'static Shape> {
    let resource = catalogue().resource(kind.resource())?;
    match &resource.shape.field(kind.entries())?.kind {
        FieldKind::Many(shape) => Some(&**shape),
        _ => None,
    }
}

/// All batches of one kind. Numbers are given once, ascending, and never again. [A1]
#[derive(Debug, Clone)]
pub struct Shelf {
    next: i64,
    batches: BTreeMap<i64, Batch>,
    unposted: BTreeSet<i64>,
}

impl Shelf {
    #[must_use]
    pub fn starting_at(next: i64) -> Self {
        Self { next, batches: BTreeMap::new(), unposted: BTreeSet::new() }
    }

    #[must_use]
    pub fn find(&self, number: i64) -> Option<&Batch> {
        self.batches.get(&number)
    }

    /// Stores a new batch under the next number.
    pub fn add(&mut self, mut batch: Batch) -> i64 {
        batch.number = self.next;
        self.next = self.next.saturating_add(1);
        let number = batch.number;
        self.keep(batch);
        number
    }

    /// Stores a batch in place of what was there.
    pub fn keep(&mut self, mut batch: Batch) {
        batch.total = batch.sum();
        if batch.status.is_final() {
            self.unposted.remove(&batch.number);
        } else {
            self.unposted.insert(batch.number);
        }
        self.batches.insert(batch.number, batch);
    }

    /// Takes a batch away to change it; it is to be kept again.
    pub fn take(&mut self, number: i64) -> Option<Batch> {
        self.batches.remove(&number)
    }

    /// Every batch, by number.
    pub fn all(&self) -> impl Iterator<Item = &Batch> {
        self.batches.values()
    }

    /// Batches that are neither posted nor deleted.
    pub fn unposted(&self) -> impl Iterator<Item = &Batch> {
        self.unposted.iter().filter_map(|number| self.batches.get(number))
    }

    #[must_use]
    pub fn next_number(&self) -> i64 {
        self.next
    }

    /// The batches that those equalities and that least number may mean.
    pub fn near<'s>(
        &'s self,
        kind: Kind,
        near: &Key,
        floor: &Key,
    ) -> Box<dyn Iterator<Item = &'s Batch> + 's> {
        if let Some(value) = near.get("BatchNumber") {
            return Box::new(batch_number(value).and_then(|n| self.batches.get(&n)).into_iter());
        }
        let least = floor.get("BatchNumber").and_then(batch_number).unwrap_or(i64::MIN);
        let status = near.get(kind.status()).and_then(Value::as_str);
        if status.is_some_and(|status| status != "Posted" && status != "Deleted") {
            let numbers = self.unposted.range(least..);
            return Box::new(numbers.filter_map(|number| self.batches.get(number)));
        }
        Box::new(self.batches.range(least..).map(|(_, batch)| batch))
    }
}

/// A batch number as a number, or as a journal batch has it.
#[must_use]
pub fn batch_number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

#[derive(Debug, Clone)]
pub struct Shelves {
    receipts: Shelf,
    adjustments: Shelf,
    invoices: Shelf,
    refunds: Shelf,
    journals: Shelf,
}

impl Default for Shelves {
    fn default() -> Self {
        Self {
            receipts: Shelf::starting_at(101),
            adjustments: Shelf::starting_at(41),
            invoices: Shelf::starting_at(61),
            refunds: Shelf::starting_at(11),
            journals: Shelf::starting_at(401),
        }
    }
}

impl Shelves {
    #[must_use]
    pub fn of(&self, kind: Kind) -> &Shelf {
        match kind {
            Kind::Receipts => &self.receipts,
            Kind::Adjustments => &self.adjustments,
            Kind::Invoices => &self.invoices,
            Kind::Refunds => &self.refunds,
            Kind::Journals => &self.journals,
        }
    }

    pub fn of_mut(&mut self, kind: Kind) -> &mut Shelf {
        match kind {
            Kind::Receipts => &mut self.receipts,
            Kind::Adjustments => &mut self.adjustments,
            Kind::Invoices => &mut self.invoices,
            Kind::Refunds => &mut self.refunds,
            Kind::Journals => &mut self.journals,
        }
    }
}
