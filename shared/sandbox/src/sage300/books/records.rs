//! The Web API's view of the books: which resource is kept where.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::super::resource::{Company, Key, Records, Row, SageError};
use super::Books;
use super::batch::{Batch, Kind};
use super::cell::text;
use super::refusal::{self, Outcome};

/// Which properties will be read; all when nothing is said.
#[derive(Clone, Copy)]
struct Wanted<'w>(Option<&'w BTreeSet<&'w str>>);

impl Wanted<'_> {
    fn has(self, name: &str) -> bool {
        self.0.is_none_or(|names| names.contains(name))
    }

    /// A copy of the row, cut down.
    fn of(self, row: &Row) -> Row {
        match self.0 {
            None => row.clone(),
            Some(names) => {
                let named = names.iter().filter_map(|name| row.get_key_value(*name));
                named.map(|(name, value)| (name.clone(), value.clone())).collect()
            }
        }
    }
}

impl Records for Books {
    fn list(&self, resource: &str, near: &Key) -> Vec<Row> {
        self.rows(resource, near, &Key::new(), Wanted(None))
    }

    fn list_only(&self, resource: &str, near: &Key, wanted: &BTreeSet<&str>) -> Vec<Row> {
        self.rows(resource, near, &Key::new(), Wanted(Some(wanted)))
    }

    fn list_from(
        &self,
        resource: &str,
        near: &Key,
        floor: &Key,
        wanted: &BTreeSet<&str>,
    ) -> Vec<Row> {
        self.rows(resource, near, floor, Wanted(Some(wanted)))
    }

    fn get(&self, resource: &str, key: &Key) -> Option<Row> {
        let same = |row: &Row| key.iter().all(|(name, value)| row.get(name) == Some(value));
        self.rows(resource, key, &Key::new(), Wanted(None)).into_iter().find(same)
    }

    fn insert(&mut self, now: Timestamp, resource: &str, payload: &Row) -> Outcome<Row> {
        self.pass(now);
        match resource {
            "ARReceiptAndAdjustmentBatches" => {
                let kind = match text(payload, "BatchRecordType") {
                    "" | "CA" => Kind::Receipts,
                    "AD" => Kind::Adjustments,
                    other => {
                        return Err(refusal::field(format!("There is no batch type {other}.")));
                    }
                };
                self.insert_batch(kind, payload)
            }
            "ARInvoiceBatches" => self.insert_batch(Kind::Invoices, payload),
            "ARRefundBatches" => self.insert_batch(Kind::Refunds, payload),
            "GLJournalBatches" => self.insert_batch(Kind::Journals, payload),
            "BKBankEntries" => self.insert_bank_entry(payload),
            "OEOrders" => self.insert_order(payload),
            "OECreditDebitNotes" => self.insert_note(payload),
            _ => {
                let mut row = self.masters.drafted(resource, payload, self.today)?;
                self.settle_master(resource, &mut row)?;
                self.masters.store(resource, row.clone());
                Ok(row)
            }
        }
    }

    fn patch(&mut self, now: Timestamp, resource: &str, key: &Key, payload: &Row) -> Outcome<()> {
        self.pass(now);
        if let Some(kind) = kind_of(resource, key) {
            return self.change_batch(kind, key, payload);
        }
        let mut row = self.masters.patched(resource, key, payload, self.today)?;
        self.settle_master(resource, &mut row)?;
        self.masters.store(resource, row);
        Ok(())
    }

    fn put(&mut self, now: Timestamp, resource: &str, key: &Key, payload: &Row) -> Outcome<()> {
        self.pass(now);
        let mut row = self.masters.replaced(resource, key, payload, self.today)?;
        self.settle_master(resource, &mut row)?;
        self.masters.store(resource, row);
        Ok(())
    }

    fn delete(&mut self, now: Timestamp, resource: &str, key: &Key) -> Outcome<()> {
        self.pass(now);
        if resource == "ARCustomers" {
            self.may_delete_customer(key)?;
        }
        self.masters.remove(resource, key)
    }

    fn process(&mut self, now: Timestamp, service: &str, payload: &Row) -> Outcome<()> {
        self.pass(now);
        match service {
            "ARPostReceiptsAndAdjustments" => {
                let kind = match text(payload, "BatchType") {
                    "AD" => Kind::Adjustments,
                    _ => Kind::Receipts,
                };
                self.post_as_asked(now, kind, payload)
            }
            "ARPostInvoices" => self.post_as_asked(now, Kind::Invoices, payload),
            "ARPostRefunds" => self.post_as_asked(now, Kind::Refunds, payload),
            "GLPostJournal" => self.post_as_asked(now, Kind::Journals, payload),
            "ARCreateGLBatch" => {
                self.create_gl_batch(payload);
                Ok(())
            }
            "ICDayEndProcessing" => self.day_end(now),
            other => Err(refusal::not_allowed(other)),
        }
    }
}

impl Company for Books {
    fn due(&mut self, now: Timestamp) {
        self.pass(now);
    }

    fn state(&self) -> Value {
        self.audit()
    }

    fn command(&mut self, now: Timestamp, command: &str, body: &Value) -> Result<Value, String> {
        self.pass(now);
        self.obey(now, command, body)
    }
}

impl Books {
    fn pass(&mut self, now: Timestamp) {
        self.today = day_of(now);
        self.complete_due(now);
    }

    fn insert_batch(&mut self, kind: Kind, payload: &Row) -> Result<Row, SageError> {
        let number = self.create_batch(kind, payload)?;
        let batch = self.shelves.of(kind).find(number).ok_or_else(refusal::not_found)?;
        Ok(self.whole(batch))
    }

    fn whole(&self, batch: &Batch) -> Row {
        let mut row = batch.whole();
        if matches!(batch.kind, Kind::Receipts | Kind::Adjustments) && !batch.status.is_final() {
            self.show_pending(&mut row);
        }
        row
    }

    /// What a master record needs beyond its own fields.
    fn settle_master(&self, resource: &str, row: &mut Row) -> Outcome<()> {
        match resource {
            "ARCustomers" => self.settle_customer(row),
            "BKBanks" => self.settle_bank(row),
            _ => Ok(()),
        }
    }

    fn rows(&self, resource: &str, near: &Key, floor: &Key, wanted: Wanted<'_>) -> Vec<Row> {
        let kinds = Kind::of_resource(resource);
        if !kinds.is_empty() {
            return self.batch_rows(&kinds, near, floor, wanted);
        }
        if let Some(sequence) = self.sequences.of(resource) {
            return sequence.near(near, floor).map(|row| wanted.of(row)).collect();
        }
        match resource {
            "ARPostedDocuments" => self.documents.near(near).map(|d| wanted.of(&d.row())).collect(),
            "ARPostedReceipts" => {
                self.receipts.near(near).into_iter().map(|r| wanted.of(&r.row())).collect()
            }
            "ARCustomers" => {
                let past_due = wanted.has("AmountPastDue");
                let stored = self.masters.near(resource, near);
                stored.map(|row| wanted.of(&self.customer_row(row, past_due))).collect()
            }
            "BKBanks" => {
                let stored = self.masters.near(resource, near);
                stored.map(|row| wanted.of(&self.bank_row(row))).collect()
            }
            "CSFiscalCalendars" => self.calendar.rows(),
            "ICLocationDetails" => self.location_details(near),
            "GLPostedTransactions" => self.ledger.rows(near),
            _ => self.masters.near(resource, near).map(|row| wanted.of(row)).collect(),
        }
    }

    fn batch_rows(&self, kinds: &[Kind], near: &Key, floor: &Key, wanted: Wanted<'_>) -> Vec<Row> {
        let record_type = near.get("BatchRecordType").and_then(Value::as_str);
        let meant = |kind: &&Kind| record_type.is_none_or(|code| code == kind.code());
        let mut rows = Vec::new();
        for kind in kinds.iter().filter(meant) {
            let whole = wanted.has(kind.entries());
            let batches = self.shelves.of(*kind).near(*kind, near, floor);
            rows.extend(batches.map(|batch| match whole {
                true => wanted.of(&self.whole(batch)),
                false => wanted.of(&batch.head()),
            }));
        }
        rows
    }
}

/// The kind of batch that a key means.
fn kind_of(resource: &str, key: &Key) -> Option<Kind> {
    let kinds = Kind::of_resource(resource);
    let record_type = key.get("BatchRecordType").and_then(Value::as_str);
    match record_type {
        Some(code) => kinds.into_iter().find(|kind| kind.code() == code),
        None => kinds.into_iter().next_back(),
    }
}

/// The vendor's days are the server's: in UTC here.
fn day_of(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::UTC).date()
}
