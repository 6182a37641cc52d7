//! Posting a receipt or adjustment: what it does to documents, customer, bank and ledger.

use rust_decimal::Decimal;
use serde_json::Value;

use super::super::resource::Row;
use super::Books;
use super::cell::{filled, put, text};
use super::document::{Class, Document, Name};
use super::general_ledger::Journal;
use super::posted_receipt::{PostedReceipt, Settled};
use super::posting::Run;
use super::receipt::{Purpose, Receipt};
use super::receipt_entry::Moment;
use super::refusal::Outcome;

const GAINS: &str = "ExchangeGainAccount";
const LOSSES: &str = "ExchangeLossAccount";

impl Books {
    /// Posts the entry, or leaves everything as it was.
    ///
    /// # Errors
    /// When the entry is no longer in order.
    pub(super) fn post_receipt(&mut self, run: &mut Run, entry: &mut Row) -> Outcome<()> {
        let receipt = self.read_receipt(run.kind, &run.header, entry)?;
        self.check_receipt(&receipt, Moment::Posting)?;
        let mut journal = receipt.journal(entry);
        let gains = self.set_account(&receipt.account_set, GAINS);
        let losses = self.set_account(&receipt.account_set, LOSSES);
        if receipt.purpose.brings_cash() {
            self.take_cash(&receipt, &mut journal);
        }
        let settled = self.settle_lines(&receipt, &mut journal);
        match receipt.purpose {
            Purpose::ApplyDocument => self.use_credit(&receipt, &mut journal),
            Purpose::Miscellaneous => {
                for share in &receipt.shares {
                    let part = self.functional(share.amount, receipt.bank_rate);
                    journal.line(&share.account, -part, -share.amount);
                }
            }
            Purpose::Adjustment => {
                let standing = self.standings.entry(receipt.customer.clone()).or_default();
                standing.last_adjustment = standing.last_adjustment.max(Some(receipt.date));
            }
            _ => self.add_receipt_document(run, &receipt, entry, &mut journal),
        }
        journal.close(&gains, &losses);
        if receipt.purpose.brings_cash() {
            let posted = self.posted_receipt(run, receipt, entry, (settled, journal.clone()));
            put(entry, "DepositNumber", posted.deposit);
            put(entry, "DepositSerialNumber", posted.serial);
            put(entry, "DepositLineNumber", posted.line);
            self.receipts.add(posted);
        }
        run.journals.push(journal);
        Ok(())
    }

    fn take_cash(&mut self, receipt: &Receipt, journal: &mut Journal) {
        let account = self.bank_account(&receipt.bank);
        let functional = self.functional(receipt.bank_amount, receipt.bank_rate);
        journal.line(&account, functional, receipt.bank_amount);
        let balance = self.bank_balances.entry(receipt.bank.clone()).or_default();
        *balance += receipt.bank_amount;
    }

    pub(super) fn bank_account(&self, bank: &str) -> String {
        let row = self.masters.find("BKBanks", bank);
        row.map(|row| text(row, "BankAccount").to_owned()).unwrap_or_default()
    }

    pub(super) fn bank_currency(&self, bank: &str) -> String {
        let row = self.masters.find("BKBanks", bank);
        row.map(|row| text(row, "StatementCurrency").to_owned()).unwrap_or_default()
    }

    /// Takes the lines off their documents; what each took, in both currencies.
    fn settle_lines(&mut self, receipt: &Receipt, journal: &mut Journal) -> Vec<Settled> {
        let discounts = self.set_account(&receipt.account_set, "ReceiptDiscountsAccount");
        let mut settled = Vec::new();
        for line in &receipt.applied {
            let reduction = line.reduction();
            let name = (receipt.customer.clone(), line.document.clone());
            let class = self.documents.find(&name.0, &name.1).map(|document| document.class);
            let control = self.credit_account(&receipt.account_set, class);
            let functional = self.settle(&name, -reduction, receipt.date);
            journal.line(&control, functional, -reduction);
            let discount = self.functional(line.discount, receipt.rate);
            journal.line(&discounts, discount, line.discount);
            for (account, part) in &line.accounts {
                journal.line(account, self.functional(*part, receipt.rate), *part);
            }
            settled.push(Settled {
                document: line.document.clone(),
                amount: reduction,
                functional,
            });
        }
        settled
    }

    /// Changes a document's amount due; what that is in functional currency.
    pub(super) fn settle(
        &mut self,
        name: &Name,
        change: Decimal,
        on: jiff::civil::Date,
    ) -> Decimal {
        let places = self.places(&self.functional_currency());
        let Some(document) = self.documents.find(&name.0, &name.1) else { return Decimal::ZERO };
        let share = document.functional_share(change, places);
        self.change_due(name, (change, share), on);
        share
    }

    pub(super) fn change_due(
        &mut self,
        name: &Name,
        change: (Decimal, Decimal),
        on: jiff::civil::Date,
    ) {
        let before = self.documents.find(&name.0, &name.1).map(|d| (d.due, d.functional_due));
        let changed = self.documents.change_due(name, change.0, change.1, on).cloned();
        if let Some(document) = changed {
            self.restate(&document, before);
        }
    }

    pub(super) fn add_document(&mut self, document: Document) {
        self.restate(&document, None);
        self.documents.add(document);
    }

    fn use_credit(&mut self, receipt: &Receipt, journal: &mut Journal) {
        let name = (receipt.customer.clone(), receipt.document.clone());
        let class = self.documents.find(&name.0, &name.1).map(|document| document.class);
        let account = self.credit_account(&receipt.account_set, class);
        let total = receipt.total_applied();
        let functional = self.settle(&name, total, receipt.date);
        journal.line(&account, functional, total);
    }

    /// Prepayments are a liability of their own; other credits lie in the control account.
    pub(super) fn credit_account(&self, set: &str, class: Option<Class>) -> String {
        let name = match class {
            Some(Class::Prepayment) => "PrepaymentLiabilityAccount",
            _ => "ReceivablesControlAccount",
        };
        self.set_account(set, name)
    }

    /// The receipt's own document: what it leaves unapplied is due to the customer.
    fn add_receipt_document(
        &mut self,
        run: &Run,
        receipt: &Receipt,
        entry: &Row,
        journal: &mut Journal,
    ) {
        let Some((class, transaction_type)) = receipt.purpose.document() else { return };
        let left = match class {
            Class::Prepayment => receipt.amount,
            _ => receipt.unapplied(),
        };
        let functional_left = self.functional(left, receipt.rate);
        let account = self.credit_account(&receipt.account_set, Some(class));
        journal.line(&account, -functional_left, -left);
        let document = Document {
            customer: receipt.customer.clone(),
            number: receipt.document.clone(),
            class,
            transaction_type: transaction_type.into(),
            date: receipt.date,
            due_date: Some(receipt.date),
            posting_date: receipt.posting_date,
            period: receipt.period,
            currency: receipt.currency.clone(),
            rate: receipt.rate,
            amount: -receipt.amount,
            due: -left,
            functional_amount: -self.functional(receipt.amount, receipt.rate),
            functional_due: -functional_left,
            tax: Decimal::ZERO,
            paid_on: left.is_zero().then_some(receipt.date),
            last_activity: Some(receipt.date),
            batch: run.batch,
            entry: run.entry,
            sequence: run.sequence,
            batch_date: Some(run.batch_date),
            said: self.said_of_receipt(receipt, entry),
        };
        self.add_document(document);
    }

    fn said_of_receipt(&self, receipt: &Receipt, entry: &Row) -> Row {
        let mut said = Row::new();
        put(&mut said, "CheckReceiptNumber", receipt.check.as_str());
        put(&mut said, "DocumentDescription", text(entry, "EntryDescription"));
        put(&mut said, "SourceApplication", "AR");
        put(&mut said, "PaymentCode", receipt.payment_code.as_str());
        put(&mut said, "BankCode", receipt.bank.as_str());
        put(&mut said, "AccountSet", receipt.account_set.as_str());
        if let Some(customer) = self.masters.find("ARCustomers", &receipt.customer) {
            put(&mut said, "GroupCode", text(customer, "GroupCode"));
            put(&mut said, "NationalAccountNumber", text(customer, "NationalAccount"));
        }
        if let Some(matching) = filled(entry, "MatchingDocumentNumber") {
            match text(entry, "DocumentType") {
                "OrderNumber" => put(&mut said, "OrderNumber", matching),
                "PONumber" => put(&mut said, "PONumber", matching),
                _ => {}
            }
            put(&mut said, "PrepaymentApplytoDocumentNumber", matching);
        }
        said
    }

    fn posted_receipt(
        &mut self,
        run: &mut Run,
        receipt: Receipt,
        entry: &Row,
        (settled, journal): (Vec<Settled>, Journal),
    ) -> PostedReceipt {
        let (deposit, serial, line) = match run.deposit {
            Some((deposit, serial, lines)) => (deposit, serial, lines.saturating_add(1)),
            None => {
                let name = format!("deposit {}", receipt.bank);
                (self.counters.take(&name), self.counters.take("deposit"), 1)
            }
        };
        run.deposit = Some((deposit, serial, line));
        let functional = self.functional(receipt.bank_amount, receipt.bank_rate);
        let kept = |name: &str| entry.get(name).cloned().unwrap_or_else(|| Value::from(""));
        PostedReceipt {
            deposit,
            serial,
            line,
            functional,
            batch: run.batch,
            entry: run.entry,
            sequence: run.sequence,
            batch_date: run.batch_date,
            maintained: self.today,
            returned: None,
            settled,
            journal,
            payer: kept("Payer"),
            description: kept("EntryDescription"),
            reference: kept("EntryReference"),
            receipt,
        }
    }
}

impl Receipt {
    fn journal(&self, entry: &Row) -> Journal {
        Journal {
            source_type: match self.purpose {
                Purpose::Adjustment => "AD",
                Purpose::Prepayment => "PI",
                Purpose::UnappliedCash => "UC",
                Purpose::Miscellaneous => "MR",
                _ => "PY",
            },
            date: self.posting_date,
            period: self.period,
            currency: self.currency.clone(),
            rate: self.rate,
            description: text(entry, "EntryDescription").to_owned(),
            reference: match self.check.is_empty() {
                true => self.document.clone(),
                false => self.check.clone(),
            },
            lines: Vec::new(),
        }
    }
}
