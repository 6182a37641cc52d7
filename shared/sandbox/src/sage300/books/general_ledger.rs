//! The general ledger: account balances, and the journals that subledgers hand to it.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::Value;

use super::super::resource::{Key, Row};
use super::Books;
use super::batch::{Batch, Kind, Status};
use super::calendar::Period;
use super::cell::{amount, date, day, filled, lines, number, put, text};
use super::options::GlBatches;
use super::posting::Run;
use super::refusal::{self, Outcome};

/// One balanced entry, in functional currency; debits are positive.
#[derive(Debug, Clone)]
pub struct Journal {
    /// `PY`, `IN`, `AD`, ... [I]
    pub source_type: &'static str,
    pub date: Date,
    pub period: Period,
    pub currency: String,
    pub rate: Decimal,
    pub description: String,
    pub reference: String,
    pub lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub account: String,
    pub amount: Decimal,
    pub source: Decimal,
}

impl Journal {
    /// Adds a line; nothing for nothing.
    pub fn line(&mut self, account: &str, amount: Decimal, source: Decimal) {
        if !amount.is_zero() || !source.is_zero() {
            self.lines.push(Line { account: account.to_owned(), amount, source });
        }
    }

    /// What is missing for the entry to balance.
    #[must_use]
    pub fn gap(&self) -> Decimal {
        -self.lines.iter().map(|line| line.amount).sum::<Decimal>()
    }

    /// Balances the entry: gains to one account, losses to another.
    pub fn close(&mut self, gains: &str, losses: &str) {
        let gap = self.gap();
        let account = if gap.is_sign_negative() { gains } else { losses };
        self.line(account, gap, Decimal::ZERO);
    }

    /// The same entry with the signs turned.
    #[must_use]
    pub fn reversed(&self, date: Date, period: Period) -> Self {
        let mut reversed = Self { date, period, ..self.clone() };
        for line in &mut reversed.lines {
            line.amount = -line.amount;
            line.source = -line.source;
        }
        reversed
    }

    fn row(&self, currency: &str) -> Row {
        let mut row = Row::new();
        put(&mut row, "SourceLedger", "AR");
        put(&mut row, "SourceType", self.source_type);
        self.period.write(&mut row);
        put(&mut row, "Description", self.description.as_str());
        put(&mut row, "DocumentDate", day(self.date));
        put(&mut row, "PostingDate", day(self.date));
        let debits: Decimal =
            self.lines.iter().map(|line| line.amount).filter(|a| a.is_sign_positive()).sum();
        put(&mut row, "Debits", number(debits));
        put(&mut row, "Credits", number(debits));
        let details = self.lines.iter().zip(1_usize..).map(|(line, at)| {
            let mut detail = Row::new();
            put(&mut detail, "TransactionNumber", transaction_number(at));
            put(&mut detail, "AccountNumber", line.account.as_str());
            put(&mut detail, "Amount", number(line.amount));
            put(&mut detail, "SourceCurrencyAmount", number(line.source));
            put(&mut detail, "SourceCurrencyCode", self.currency.as_str());
            put(&mut detail, "HomeCurrencyCode", currency);
            put(&mut detail, "ExchangeRate", number(self.rate));
            put(&mut detail, "Description", self.description.as_str());
            put(&mut detail, "Reference", self.reference.as_str());
            Value::Object(detail)
        });
        row.insert("JournalDetails".into(), details.collect());
        put(&mut row, "NumberOfDetails", self.lines.len());
        row
    }
}

/// One posted line.
#[derive(Debug, Clone)]
pub struct Posted {
    account: String,
    period: Period,
    source: (String, String),
    sequence: i64,
    batch: i64,
    entry: i64,
    detail: Row,
    date: Date,
}

#[derive(Debug, Clone, Default)]
pub struct GeneralLedger {
    pub balances: BTreeMap<String, Decimal>,
    pub posted: Vec<Posted>,
    /// Subledger postings that are in no journal batch yet.
    pub waiting: Vec<(Kind, i64, Journal)>,
}

impl GeneralLedger {
    #[must_use]
    pub fn trial_balance(&self) -> Decimal {
        self.balances.values().sum()
    }

    /// `GLPostedTransactions`.
    pub fn rows(&self, near: &Key) -> Vec<Row> {
        let account = near.get("AccountNumber").and_then(Value::as_str);
        let wanted = |posted: &&Posted| account.is_none_or(|account| account == posted.account);
        self.posted.iter().filter(wanted).map(Posted::row).collect()
    }
}

impl Posted {
    fn row(&self) -> Row {
        let mut row = Row::new();
        put(&mut row, "AccountNumber", self.account.as_str());
        self.period.write(&mut row);
        put(&mut row, "SourceCurrencyCode", text(&self.detail, "SourceCurrencyCode"));
        put(&mut row, "SourceLedger", self.source.0.as_str());
        put(&mut row, "SourceType", self.source.1.as_str());
        put(&mut row, "PostingSequenceNumber", self.sequence);
        put(&mut row, "BatchNumber", format!("{:06}", self.batch));
        put(&mut row, "JournalEntryNumber", format!("{:05}", self.entry));
        put(&mut row, "TransactionNumber", text(&self.detail, "TransactionNumber"));
        put(&mut row, "JournalDate", day(self.date));
        put(&mut row, "DocumentDate", day(self.date));
        for (name, from) in [
            ("JournalTransactionAmount", "Amount"),
            ("SourceCurrencyAmount", "SourceCurrencyAmount"),
            ("HomeCurrencyCode", "HomeCurrencyCode"),
            ("JournalDetailDescription", "Description"),
            ("JournalDetailReference", "Reference"),
        ] {
            if let Some(value) = self.detail.get(from) {
                row.insert(name.to_owned(), value.clone());
            }
        }
        row
    }
}

impl Books {
    /// Takes what a posting means for the general ledger: at once, or on request.
    pub(super) fn hand_to_ledger(&mut self, kind: Kind, sequence: i64, journals: Vec<Journal>) {
        if journals.is_empty() {
            return;
        }
        if self.options.gl_batches == GlBatches::OnRequest {
            let waiting = journals.into_iter().map(|journal| (kind, sequence, journal));
            self.ledger.waiting.extend(waiting);
            return;
        }
        let posts = self.options.gl_batches == GlBatches::Posted;
        self.make_journal_batch(&journals, posts);
    }

    /// `ARCreateGLBatch`. [O]
    pub(super) fn create_gl_batch(&mut self, asked: &Row) {
        let chosen: Vec<(Kind, i64)> = [
            (Kind::Invoices, "ProcessInvoiceBatch", "PostInvoicebatches", "Invoice"),
            (Kind::Receipts, "ProcessReceiptBatch", "PostCashbatches", "Receipt"),
            (Kind::Adjustments, "ProcessAdjustmentBatch", "PostAdjustmentbatches", "Adjustment"),
            (Kind::Refunds, "ProcessRefundBatch", "PostRefundbatches", "Refund"),
        ]
        .into_iter()
        .filter(|(_, name, member, _)| text(asked, name) == *member)
        .map(|(kind, _, _, prefix)| {
            let name = format!("{prefix}ThroughPostingSequenceNumber");
            (kind, super::cell::integer(asked, &name).unwrap_or(0))
        })
        .collect();
        let taken = |kind: Kind, sequence: i64| {
            chosen.iter().any(|(chosen, through)| *chosen == kind && sequence <= *through)
        };
        let waiting = std::mem::take(&mut self.ledger.waiting);
        let (now, later): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|(kind, sequence, _)| taken(*kind, *sequence));
        self.ledger.waiting = later;
        let journals: Vec<Journal> = now.into_iter().map(|(_, _, journal)| journal).collect();
        if !journals.is_empty() {
            self.make_journal_batch(&journals, false);
        }
    }

    pub(super) fn make_journal_batch(&mut self, journals: &[Journal], posts: bool) {
        let currency = self.functional_currency();
        let mut header = Row::new();
        put(&mut header, "Description", "Subledger batch from A/R");
        put(&mut header, "SourceLedger", "AR");
        put(&mut header, "DateCreated", day(self.today));
        put(&mut header, "JournalBatchType", "Subledger");
        let mut batch = Batch::new(Kind::Journals, header, self.today);
        for (journal, at) in journals.iter().zip(1_i64..) {
            batch.entries.insert(at, journal.row(&currency));
            batch.last_entry = at;
        }
        if posts {
            batch.status = Status::ReadyToPost;
            batch.sequence = self.counters.take(Kind::Journals.code());
        }
        let number = self.shelves.of_mut(Kind::Journals).add(batch);
        if posts {
            self.complete(Kind::Journals, number);
        }
    }

    pub(super) fn journal_header(&self, header: &mut Row) {
        if filled(header, "SourceLedger").is_none() {
            put(header, "SourceLedger", "GL");
        }
        put(header, "DateCreated", day(self.today));
    }

    /// Checks a journal entry: known accounts, a period, and that it balances. [O]
    ///
    /// # Errors
    /// When it is not in order.
    pub(super) fn enter_journal(&self, _batch: &Batch, entry: &mut Row) -> Outcome<()> {
        let document_date = date(entry, "DocumentDate").unwrap_or(self.today);
        let period = self.calendar.period(document_date);
        let period = period.ok_or_else(|| refusal::no_period("Document Date"))?;
        let home = self.functional_currency();
        let mut sum = Decimal::ZERO;
        let mut debits = Decimal::ZERO;
        let mut count = 0_usize;
        let Some(Value::Array(details)) = entry.get_mut("JournalDetails") else {
            return Err(refusal::invalid("A journal entry must have details."));
        };
        for detail in details.iter_mut().filter_map(Value::as_object_mut) {
            count = count.saturating_add(1);
            let account = text(detail, "AccountNumber");
            if self.masters.find("GLAccounts", account).is_none() {
                return Err(refusal::unknown("Account", account));
            }
            let value = amount(detail, "Amount").unwrap_or_default();
            sum += value;
            debits += value.max(Decimal::ZERO);
            put(detail, "Amount", number(value));
            put(detail, "TransactionNumber", transaction_number(count));
            if amount(detail, "SourceCurrencyAmount").is_none() {
                put(detail, "SourceCurrencyAmount", number(value));
            }
            for name in ["SourceCurrencyCode", "HomeCurrencyCode"] {
                if filled(detail, name).is_none() {
                    put(detail, name, home.as_str());
                }
            }
        }
        if count < 2 || !sum.is_zero() {
            return Err(refusal::invalid(format!("The entry is out of balance by {sum}.")));
        }
        period.write(entry);
        put(entry, "DocumentDate", day(document_date));
        put(entry, "Debits", number(debits));
        put(entry, "Credits", number(debits));
        put(entry, "NumberOfDetails", count);
        Ok(())
    }

    /// # Errors
    /// When the period is locked for the general ledger or an account is inactive.
    pub(super) fn post_journal(&mut self, run: &Run, entry: &Row) -> Outcome<()> {
        let date = date(entry, "DocumentDate").unwrap_or(self.today);
        let period = self.calendar.period(date);
        let period = period.ok_or_else(|| refusal::no_period("Document Date"))?;
        if self.calendar.is_locked("GL", period) {
            return Err(refusal::locked_period(period.year, period.number));
        }
        let details: Vec<Row> = lines(entry, "JournalDetails").cloned().collect();
        for detail in &details {
            let account = text(detail, "AccountNumber");
            let row = self.masters.find("GLAccounts", account);
            let row = row.ok_or_else(|| refusal::unknown("Account", account))?;
            if text(row, "Status") == "Inactive" {
                return Err(refusal::inactive("Account", account));
            }
        }
        for detail in details {
            let account = text(&detail, "AccountNumber").to_owned();
            let balance = self.ledger.balances.entry(account.clone()).or_default();
            *balance += amount(&detail, "Amount").unwrap_or_default();
            self.ledger.posted.push(Posted {
                account,
                period,
                source: (
                    text(entry, "SourceLedger").to_owned(),
                    text(entry, "SourceType").to_owned(),
                ),
                sequence: run.sequence,
                batch: run.batch,
                entry: run.entry,
                detail,
                date,
            });
        }
        Ok(())
    }
}

/// Journal details step by 20. [O]
fn transaction_number(at: usize) -> String {
    format!("{:010}", at.saturating_mul(20))
}
