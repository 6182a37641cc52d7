//! Entering and changing batches: POST and PATCH of every batch resource.

use jiff::civil::Date;

use super::super::resource::{Key, Row};
use super::Books;
use super::batch::{Batch, Kind, Status, batch_number, entry_shape};
use super::cell::{day, filled, lines, put, text};
use super::masters::shape_of;
use super::merge;
use super::refusal::{self, Outcome};

/// Header properties that only the server decides.
const PROTECTED: [&str; 8] = [
    "BatchRecordType",
    "BatchNumber",
    "BatchStatus",
    "Status",
    "ReadyToPost",
    "NumberOfEntries",
    "ProcessCommand",
    "UpdateOperation",
];

impl Books {
    /// A new open batch with its entries numbered from 1: all of it, or nothing.
    ///
    /// # Errors
    /// When an entry is not in order.
    pub(super) fn create_batch(&mut self, kind: Kind, payload: &Row) -> Outcome<i64> {
        let header = self.header(kind, payload)?;
        let mut batch = Batch::new(kind, header, self.today);
        for entry in lines(payload, kind.entries()) {
            if let Err(refusal) = self.add_entry(&mut batch, entry) {
                self.release(&batch);
                return Err(refusal);
            }
        }
        Ok(self.shelves.of_mut(kind).add(batch))
    }

    /// PATCH: status, header fields and entries; all of it, or nothing.
    ///
    /// # Errors
    /// When there is no such batch, it may not be changed, or an entry is not in order.
    pub(super) fn change_batch(&mut self, kind: Kind, key: &Key, payload: &Row) -> Outcome<()> {
        let number = key.get("BatchNumber").and_then(batch_number);
        let number = number.ok_or_else(refusal::not_found)?;
        let batch = self.shelves.of(kind).find(number).ok_or_else(refusal::not_found)?;
        let edits = payload.keys().any(|name| !PROTECTED.contains(&name.as_str()));
        let target = target(kind, payload).unwrap_or(batch.status.member());
        may_change(batch, edits, target)?;
        let mut changed = batch.clone();
        if let Err(refusal) = self.apply_change(&mut changed, payload, target) {
            self.release(&changed);
            if let Some(before) = self.shelves.of(kind).find(number).cloned() {
                self.hold_all(&before);
            }
            return Err(refusal);
        }
        changed.edited = self.today;
        self.shelves.of_mut(kind).keep(changed);
        Ok(())
    }

    fn apply_change(&mut self, batch: &mut Batch, payload: &Row, target: &str) -> Outcome<()> {
        let header = filtered(payload, batch.kind);
        merge::apply(shape_of(batch.kind.resource())?, &mut batch.header, &header)?;
        if matches!(batch.kind, Kind::Receipts | Kind::Adjustments) {
            self.receipt_header(&mut batch.header)?;
        }
        for entry in lines(payload, batch.kind.entries()) {
            self.change_entry(batch, entry)?;
        }
        match target {
            "Open" => batch.status = Status::Open,
            "ReadyToPost" if batch.entries.is_empty() => {
                return Err(refusal::invalid(format!(
                    "Batch {} has no entries and cannot be set to Ready To Post.",
                    batch.number
                )));
            }
            "ReadyToPost" => batch.status = Status::ReadyToPost,
            "Deleted" if self.options.delete_batch_by_patch => {
                self.release(batch);
                batch.entries.clear();
                batch.status = Status::Deleted;
            }
            other => {
                return Err(refusal::invalid(format!("A batch cannot be set to {other}.")));
            }
        }
        Ok(())
    }

    fn change_entry(&mut self, batch: &mut Batch, change: &Row) -> Outcome<()> {
        let place = change.get("EntryNumber").and_then(batch_number).filter(|number| *number != 0);
        let known = place.filter(|number| batch.entries.contains_key(number));
        match (text(change, "UpdateOperation"), known) {
            ("Insert", Some(number)) => {
                Err(refusal::duplicate(format!("Entry {number} already exists.")))
            }
            ("Update" | "Delete", None) => Err(refusal::not_found()),
            ("Delete", Some(number)) => {
                if let Some(entry) = batch.entries.remove(&number) {
                    self.hold(batch.kind, &entry, false);
                }
                Ok(())
            }
            (_, Some(number)) => self.update_entry(batch, number, change),
            (_, None) => self.add_entry(batch, change),
        }
    }

    fn add_entry(&mut self, batch: &mut Batch, payload: &Row) -> Outcome<()> {
        let shape = entry_shape(batch.kind).ok_or_else(refusal::not_found)?;
        let mut entry = Row::new();
        merge::apply(shape, &mut entry, payload)?;
        self.enter(batch, &mut entry)?;
        self.hold(batch.kind, &entry, true);
        batch.last_entry = batch.last_entry.saturating_add(1);
        batch.entries.insert(batch.last_entry, entry);
        Ok(())
    }

    fn update_entry(&mut self, batch: &mut Batch, number: i64, change: &Row) -> Outcome<()> {
        let shape = entry_shape(batch.kind).ok_or_else(refusal::not_found)?;
        let before = batch.entries.remove(&number).unwrap_or_default();
        self.hold(batch.kind, &before, false);
        let mut entry = before;
        merge::apply(shape, &mut entry, change)?;
        self.enter(batch, &mut entry)?;
        self.hold(batch.kind, &entry, true);
        batch.entries.insert(number, entry);
        Ok(())
    }

    /// Checks an entry and fills in what was left out.
    fn enter(&mut self, batch: &Batch, entry: &mut Row) -> Outcome<()> {
        match batch.kind {
            Kind::Receipts | Kind::Adjustments => self.enter_receipt(batch, entry),
            Kind::Invoices => self.enter_invoice(batch, entry),
            Kind::Refunds => self.enter_refund(batch, entry),
            Kind::Journals => self.enter_journal(batch, entry),
        }
    }

    /// What unposted entries hold: pending amounts and document numbers.
    pub(super) fn hold(&mut self, kind: Kind, entry: &Row, hold: bool) {
        match kind {
            Kind::Receipts | Kind::Adjustments => self.hold_receipt(kind, entry, hold),
            Kind::Invoices => self.hold_invoice(entry, hold),
            Kind::Refunds => self.hold_refund(entry, hold),
            Kind::Journals => {}
        }
    }

    pub(super) fn hold_all(&mut self, batch: &Batch) {
        batch.entries.values().for_each(|entry| self.hold(batch.kind, entry, true));
    }

    pub(super) fn release(&mut self, batch: &Batch) {
        batch.entries.values().for_each(|entry| self.hold(batch.kind, entry, false));
    }

    fn header(&self, kind: Kind, payload: &Row) -> Outcome<Row> {
        let mut header = Row::new();
        merge::apply(shape_of(kind.resource())?, &mut header, &filtered(payload, kind))?;
        if kind != Kind::Journals && filled(&header, "BatchDate").is_none() {
            put(&mut header, "BatchDate", day(self.today));
        }
        if kind != Kind::Journals && self.calendar.period(self.batch_date(&header)).is_none() {
            return Err(refusal::no_period("Batch Date"));
        }
        match kind {
            Kind::Receipts | Kind::Adjustments => self.receipt_header(&mut header)?,
            Kind::Journals => self.journal_header(&mut header),
            Kind::Invoices | Kind::Refunds => {}
        }
        if filled(&header, "SourceApplication").is_none() && kind != Kind::Journals {
            put(&mut header, "SourceApplication", "AR");
        }
        Ok(header)
    }

    pub(super) fn batch_date(&self, header: &Row) -> Date {
        super::cell::date(header, "BatchDate").unwrap_or(self.today)
    }
}

fn filtered(payload: &Row, kind: Kind) -> Row {
    let mut header = payload.clone();
    header.retain(|name, _| name != kind.entries() && !PROTECTED.contains(&name.as_str()));
    header
}

/// The status that the payload asks for.
fn target(kind: Kind, payload: &Row) -> Option<&str> {
    if kind == Kind::Journals {
        match filled(payload, "ReadyToPost") {
            Some("Yes") => return Some("ReadyToPost"),
            Some(_) => return Some("Open"),
            None => {}
        }
    }
    filled(payload, kind.status())
}

fn may_change(batch: &Batch, edits: bool, target: &str) -> Outcome<()> {
    let number = batch.number;
    if batch.locked {
        return Err(refusal::general(format!("Batch {number} is locked by another user.")));
    }
    match batch.status {
        Status::Open => Ok(()),
        Status::ReadyToPost if target == "Open" || target == "Deleted" => Ok(()),
        Status::ReadyToPost if target == "ReadyToPost" && !edits => Ok(()),
        Status::ReadyToPost => Err(refusal::invalid(format!(
            "Batch {number} is set to Ready To Post. You can view it only."
        ))),
        Status::PostInProgress | Status::Deleted => Err(refusal::invalid(format!(
            "Batch {number} cannot be opened. It is Post In Progress or Deleted."
        ))),
        Status::Posted => {
            Err(refusal::invalid(format!("Batch {number} is posted. You can view it only.")))
        }
    }
}
