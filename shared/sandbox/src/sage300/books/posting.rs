//! Posting, for batches of every kind:
//!
//! 1. batches in the range that are not ReadyToPost are passed over, [A2]
//! 2. each entry is checked again and posts wholly or not at all,
//! 3. entries that fail move to one new open batch, and point to it, [O]
//! 4. the batch is Posted, even when every entry failed.
//!
//! A process that was asked to post answers success in all of these cases. [O]

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::super::resource::{Row, SageError};
use super::Books;
use super::batch::{Batch, Kind, Status, batch_number};
use super::cell::{flag, put, text};
use super::general_ledger::Journal;
use super::refusal::{self, Outcome};

/// One batch while it is being posted.
#[derive(Debug)]
pub struct Run {
    pub kind: Kind,
    pub batch: i64,
    pub batch_date: Date,
    pub sequence: i64,
    pub entry: i64,
    pub header: Row,
    /// Deposit number, serial and lines so far.
    pub deposit: Option<(i64, i64, i64)>,
    pub journals: Vec<Journal>,
}

/// An entry that did not post, kept for people: there is no A/R error list in the Web API. [O]
#[derive(Debug, Clone)]
pub struct Failure {
    pub kind: Kind,
    pub batch: i64,
    pub entry: i64,
    pub error_batch: i64,
    pub error_entry: i64,
    pub message: String,
}

impl Books {
    /// The post processes' payload: `PostAllBatches`, `PostBatchFrom`, `PostBatchTo`.
    ///
    /// # Errors
    /// When an option or another user's lock keeps a batch from being posted.
    pub(super) fn post_as_asked(&mut self, now: Timestamp, kind: Kind, asked: &Row) -> Outcome<()> {
        if text(asked, "PostAllBatches") == "Postallbatches" {
            return self.post_ready(now, kind, i64::MIN, i64::MAX);
        }
        let bound = |name: &str| asked.get(name).and_then(batch_number).unwrap_or(0);
        self.post_ready(now, kind, bound("PostBatchFrom"), bound("PostBatchTo"))
    }

    /// Posts what is ready among those numbers, under one posting sequence.
    ///
    /// # Errors
    /// When an option or another user's lock keeps a batch from being posted.
    pub(super) fn post_ready(
        &mut self,
        now: Timestamp,
        kind: Kind,
        from: i64,
        to: i64,
    ) -> Outcome<()> {
        let ready: Vec<i64> = self
            .shelves
            .of(kind)
            .unposted()
            .filter(|batch| batch.status == Status::ReadyToPost)
            .filter(|batch| (from..=to).contains(&batch.number))
            .map(|batch| self.may_post(batch).map(|()| batch.number))
            .collect::<Outcome<_>>()?;
        if ready.is_empty() {
            return Ok(());
        }
        let sequence = self.counters.take(kind.code());
        let duration = i64::try_from(self.options.post_duration_ms).unwrap_or(i64::MAX);
        for number in ready {
            if let Some(mut batch) = self.shelves.of_mut(kind).take(number) {
                batch.sequence = sequence;
                batch.status = Status::PostInProgress;
                batch.posting_ends = now.checked_add(SignedDuration::from_millis(duration)).ok();
                self.shelves.of_mut(kind).keep(batch);
            }
            if duration == 0 {
                self.complete(kind, number);
            }
        }
        Ok(())
    }

    /// Ends the postings whose time is over.
    pub(super) fn complete_due(&mut self, now: Timestamp) {
        for kind in Kind::ALL {
            let over = |batch: &&Batch| batch.posting_ends.is_some_and(|ends| ends <= now);
            let due: Vec<i64> =
                self.shelves.of(kind).unposted().filter(over).map(|b| b.number).collect();
            due.into_iter().for_each(|number| self.complete(kind, number));
        }
    }

    fn may_post(&self, batch: &Batch) -> Outcome<()> {
        let number = batch.number;
        if batch.locked {
            return Err(refusal::general(format!("Batch {number} is locked by another user.")));
        }
        if self.options.force_batch_listing
            && batch.kind != Kind::Journals
            && !flag(&batch.header, "BatchPrinted")
        {
            return Err(refusal::general(format!(
                "Batch {number} cannot be posted. The batch listing must be printed first."
            )));
        }
        if self.options.force_deposit_slips
            && batch.kind == Kind::Receipts
            && !flag(&batch.header, "DepositSlipPrinted")
        {
            return Err(refusal::general(format!(
                "Batch {number} cannot be posted. The deposit slip must be printed first."
            )));
        }
        Ok(())
    }

    pub(super) fn complete(&mut self, kind: Kind, number: i64) {
        let Some(mut batch) = self.shelves.of_mut(kind).take(number) else { return };
        self.release(&batch);
        let mut run = Run {
            kind,
            batch: number,
            batch_date: self.batch_date(&batch.header),
            sequence: batch.sequence,
            entry: 0,
            header: batch.header.clone(),
            deposit: None,
            journals: Vec::new(),
        };
        let mut failed = Vec::new();
        for (entry_number, entry) in &mut batch.entries {
            run.entry = *entry_number;
            if let Err(why) = self.post_entry(&mut run, entry) {
                failed.push((*entry_number, why));
            }
        }
        if let Some((deposit, serial, _)) = run.deposit {
            put(&mut batch.header, "DepositNumber", deposit);
            put(&mut batch.header, "DepositSerialNumber", serial);
        }
        batch.posting_ends = None;
        batch.status = Status::Posted;
        self.move_failed(&mut batch, failed);
        self.shelves.of_mut(kind).keep(batch);
        self.hand_to_ledger(kind, run.sequence, run.journals);
    }

    fn post_entry(&mut self, run: &mut Run, entry: &mut Row) -> Outcome<()> {
        match run.kind {
            Kind::Receipts | Kind::Adjustments => self.post_receipt(run, entry),
            Kind::Invoices => self.post_invoice(run, entry),
            Kind::Refunds => self.post_refund(run, entry),
            Kind::Journals => self.post_journal(run, entry),
        }
    }

    /// Puts failed entries into a new open batch; the originals point there.
    fn move_failed(&mut self, batch: &mut Batch, failed: Vec<(i64, SageError)>) {
        if failed.is_empty() {
            return;
        }
        let mut header = batch.header.clone();
        for name in ["DepositNumber", "DepositSerialNumber", "DepositSlipPrinted", "BatchPrinted"] {
            header.shift_remove(name);
        }
        if !self.options.error_batch_keeps_description {
            let text = format!("Error batch from posting sequence {}", batch.sequence);
            put(&mut header, batch.kind.description(), text);
        }
        let mut errors = Batch::new(batch.kind, header, self.today);
        for (number, _) in &failed {
            let Some(entry) = batch.entries.get(number) else { continue };
            errors.last_entry = errors.last_entry.saturating_add(1);
            errors.entries.insert(errors.last_entry, entry.clone());
        }
        self.hold_all(&errors);
        let error_batch = self.shelves.of_mut(batch.kind).add(errors);
        for ((number, why), error_entry) in failed.into_iter().zip(1_i64..) {
            if let Some(entry) = batch.entries.get_mut(&number) {
                put(entry, "ErrorBatch", error_batch);
                put(entry, "ErrorEntry", error_entry);
            }
            batch.errors = batch.errors.saturating_add(1);
            self.failures.push(Failure {
                kind: batch.kind,
                batch: batch.number,
                entry: number,
                error_batch,
                error_entry,
                message: why.message,
            });
        }
    }
}
