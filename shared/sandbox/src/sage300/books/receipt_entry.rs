//! Entering receipts and adjustments: the checks, the computed fields, the pending amounts.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::super::resource::Row;
use super::Books;
use super::batch::{Batch, Kind};
use super::cell::{amount, day, day_or_null, filled, flag, lines, nonzero, number, put, text};
use super::document::{Document, Name};
use super::options::{AppliedLimit, DuplicateChecks, Scope};
use super::receipt::{Purpose, Receipt};
use super::refusal::{self, Outcome};

/// When an entry is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    Entry,
    Posting,
}

const DEFAULT_BANK: &str = "SEATAC";

impl Books {
    /// # Errors
    /// When the bank does not exist or is inactive.
    pub(super) fn receipt_header(&self, header: &mut Row) -> Outcome<()> {
        if filled(header, "BankCode").is_none() {
            put(header, "BankCode", DEFAULT_BANK);
        }
        let code = text(header, "BankCode");
        let bank = self.masters.find("BKBanks", code);
        let bank = bank.ok_or_else(|| refusal::unknown("Bank code", code))?;
        if flag(bank, "Inactive") {
            return Err(refusal::inactive("Bank", code));
        }
        if filled(header, "DefaultBankCurrency").is_none() {
            put(header, "DefaultBankCurrency", text(bank, "StatementCurrency"));
        }
        let date = self.batch_date(header);
        let currency = text(header, "DefaultBankCurrency").to_owned();
        if self.masters.find("CSCurrencyCodes", &currency).is_none() {
            return Err(refusal::unknown("Currency code", &currency));
        }
        if filled(header, "BankRateType").is_none() {
            put(header, "BankRateType", "SP");
            put(header, "BankRateDate", day(date));
        }
        if nonzero(header, "BankExchangeRate").is_none() {
            put(header, "BankExchangeRate", number(self.rate(&currency, date)?));
        }
        Ok(())
    }

    /// # Errors
    /// When the entry is not in order.
    pub(super) fn enter_receipt(&mut self, batch: &Batch, entry: &mut Row) -> Outcome<()> {
        let mut receipt = self.read_receipt(batch.kind, &batch.header, entry)?;
        self.check_receipt(&receipt, Moment::Entry)?;
        if receipt.document.is_empty() && receipt.purpose != Purpose::ApplyDocument {
            let width = 21_usize.saturating_sub(receipt.purpose.prefix().len());
            receipt.document = self.counters.number(receipt.purpose.prefix(), width);
        }
        write(&receipt, entry);
        let functional = self.functional(receipt.bank_amount, receipt.bank_rate);
        put(entry, "FunctionalReceiptAmount", number(functional));
        Ok(())
    }

    /// What both entry and posting insist on.
    ///
    /// # Errors
    /// When the receipt is not in order.
    pub(super) fn check_receipt(&self, receipt: &Receipt, moment: Moment) -> Outcome<()> {
        let at_posting = moment == Moment::Posting;
        if (at_posting || self.options.locked_period_at_entry)
            && self.calendar.is_locked("AR", receipt.period)
        {
            return Err(refusal::locked_period(receipt.period.year, receipt.period.number));
        }
        if receipt.purpose.brings_cash() {
            self.check_cash(receipt)?;
        }
        if receipt.purpose.document().is_some()
            && self.documents.find(&receipt.customer, &receipt.document).is_some()
        {
            return Err(refusal::field(format!(
                "Document number '{}' for customer {} already exists.",
                receipt.document, receipt.customer
            )));
        }
        if receipt.total_applied() > receipt.amount && receipt.purpose != Purpose::Adjustment {
            let check = &receipt.check;
            return Err(refusal::invalid(format!("Check/Receipt Number {check} is overapplied.")));
        }
        if receipt.purpose == Purpose::ApplyDocument {
            self.check_credit(receipt)?;
        }
        if receipt.purpose == Purpose::Miscellaneous {
            let shared: Decimal = receipt.shares.iter().map(|share| share.amount).sum();
            if shared != receipt.amount {
                return Err(refusal::invalid("The miscellaneous receipt is out of balance."));
            }
        }
        self.check_applied(receipt, moment)
    }

    fn check_cash(&self, receipt: &Receipt) -> Outcome<()> {
        if receipt.amount <= Decimal::ZERO || receipt.bank_amount <= Decimal::ZERO {
            return Err(refusal::field("The receipt amount must be greater than zero."));
        }
        let code = self.masters.find("ARPaymentCodes", &receipt.payment_code);
        if code.is_some_and(|row| text(row, "Status") == "Inactive") {
            return Err(refusal::inactive("Payment code", &receipt.payment_code));
        }
        let bank = self.masters.find("BKBanks", &receipt.bank);
        if bank.is_some_and(|row| flag(row, "Inactive")) {
            return Err(refusal::inactive("Bank", &receipt.bank));
        }
        if self.options.duplicate_checks == DuplicateChecks::Error && !receipt.check.is_empty() {
            let customer = match self.options.duplicate_checks_scope {
                Scope::Customer => Some(receipt.customer.as_str()),
                Scope::Company => None,
            };
            if self.receipts.has_check(&receipt.check, customer) {
                return Err(refusal::invalid(format!(
                    "Check/Receipt Number {} has already been used for customer {}.",
                    receipt.check, receipt.customer
                )));
            }
        }
        Ok(())
    }

    fn check_credit(&self, receipt: &Receipt) -> Outcome<()> {
        let credit = self.document_of(&receipt.customer, &receipt.document)?;
        if !credit.class.is_credit() || receipt.total_applied() > -credit.due {
            return Err(refusal::invalid(format!(
                "Document {} is overapplied. Its balance is {}.",
                receipt.document, credit.due
            )));
        }
        Ok(())
    }

    /// Nothing may be taken off a document beyond what is due; lines on one document add up.
    fn check_applied(&self, receipt: &Receipt, moment: Moment) -> Outcome<()> {
        let mut reductions: BTreeMap<&str, Decimal> = BTreeMap::new();
        for line in &receipt.applied {
            if line.customer != receipt.customer {
                return Err(refusal::invalid(format!(
                    "Document {} does not belong to customer {}.",
                    line.document, receipt.customer
                )));
            }
            self.document_of(&receipt.customer, &line.document)?;
            *reductions.entry(line.document.as_str()).or_default() += line.reduction();
        }
        for (number, reduction) in reductions {
            let document = self.document_of(&receipt.customer, number)?;
            let net = self.options.applied_limit == AppliedLimit::NetOfPending;
            let pending = if moment == Moment::Entry && net {
                self.pending_of(document)
            } else {
                Decimal::ZERO
            };
            let left = document.due - pending;
            let turns = !reduction.is_zero()
                && reduction.is_sign_negative() != document.amount.is_sign_negative();
            let adjusts = receipt.purpose == Purpose::Adjustment;
            if (turns && !adjusts) || (!turns && reduction.abs() > left.abs()) {
                return Err(refusal::invalid(format!(
                    "Check/Receipt Number {} is overapplied. The amount applied to document \
                     {number} is {reduction}, its balance {left}.",
                    receipt.check
                )));
            }
        }
        Ok(())
    }

    /// # Errors
    /// When the customer has no such document, though another may.
    pub(super) fn document_of(&self, customer: &str, number: &str) -> Outcome<&Document> {
        if let Some(document) = self.documents.find(customer, number) {
            return Ok(document);
        }
        Err(match self.documents.owners(number) {
            Some(_) => refusal::invalid(format!(
                "Document {number} does not belong to customer {customer}."
            )),
            None => refusal::field(format!(
                "Document number {number} does not exist for customer {customer}."
            )),
        })
    }

    /// What unposted entries take off the document.
    pub(super) fn pending_of(&self, document: &Document) -> Decimal {
        self.pending.get(&document.name()).copied().unwrap_or_default()
    }

    pub(super) fn hold_receipt(&mut self, kind: Kind, entry: &Row, hold: bool) {
        let customer = text(entry, "CustomerNumber");
        let adjusts = self.options.positive_adjustment_credits;
        let applies = text(entry, "ReceiptTransactionType");
        if matches!(applies, "Prepayment" | "UnappliedCash") && kind == Kind::Receipts {
            return;
        }
        let mut changes: Vec<(Name, Decimal)> = Vec::new();
        for line in lines(entry, "AppliedReceiptsAdjustments") {
            let money = |name: &str| amount(line, name).unwrap_or_default();
            let adjustment = money("CustomerAdjustmentTotal");
            let adjustment = if adjusts { adjustment } else { -adjustment };
            let taken =
                money("CustomerReceiptAmount") + money("CustomerDiscountAmountTaken") + adjustment;
            let number = text(line, "DocumentNumber").to_owned();
            changes.push(((customer.to_owned(), number), taken));
        }
        if applies == "ApplyDocument" {
            let total = amount(entry, "TotalCustomerAmountApplied").unwrap_or_default();
            changes.push(((customer.to_owned(), text(entry, "DocumentNumber").to_owned()), -total));
        }
        for (name, change) in changes {
            self.hold_amount(name, if hold { change } else { -change });
        }
    }

    pub(super) fn hold_amount(&mut self, name: Name, change: Decimal) {
        let left = self.pending.get(&name).copied().unwrap_or_default() + change;
        if left.is_zero() {
            self.pending.remove(&name);
        } else {
            self.pending.insert(name, left);
        }
    }

    /// Shows what is due and pending on the lines of unposted entries, as they are read. [V]
    pub(super) fn show_pending(&self, batch: &mut Row) {
        let entries = batch.get_mut("ReceiptsAdjustments").and_then(Value::as_array_mut);
        for entry in entries.into_iter().flatten().filter_map(Value::as_object_mut) {
            let customer = text(entry, "CustomerNumber").to_owned();
            let lines = entry.get_mut("AppliedReceiptsAdjustments").and_then(Value::as_array_mut);
            for line in lines.into_iter().flatten().filter_map(Value::as_object_mut) {
                let number_of = text(line, "DocumentNumber").to_owned();
                let Some(document) = self.documents.find(&customer, &number_of) else { continue };
                let own = amount(line, "CustomerReceiptAmount").unwrap_or_default();
                let pending = self.pending_of(document) - own;
                put(line, "DocumentAmountDue", number(document.due));
                put(line, "PendingReceiptAmount", number(pending));
                put(line, "DocumentNetBalance", number(document.due - pending - own));
                put(line, "OriginalDocumentAmount", number(document.amount));
                put(line, "DocumentDate", day(document.date));
                put(line, "DocumentDueDate", day_or_null(document.due_date));
                put(line, "DocumentType", document.class.member());
            }
        }
    }
}

/// Puts what the bookkeeper made of the entry into it.
fn write(receipt: &Receipt, entry: &mut Row) {
    let purpose = receipt.purpose;
    for (name, value) in [
        ("CustomerNumber", &receipt.customer),
        ("CustomerName", &receipt.customer_name),
        ("AccountSet", &receipt.account_set),
        ("BankCode", &receipt.bank),
        ("BankCurrencyCode", &receipt.bank_currency),
        ("CustomerCurrencyCode", &receipt.currency),
        ("PaymentCode", &receipt.payment_code),
        ("DocumentNumber", &receipt.document),
    ] {
        put(entry, name, value.as_str());
    }
    if !receipt.payment_type.is_empty() {
        put(entry, "PaymentType", receipt.payment_type.as_str());
    }
    put(entry, "ReceiptDateAdjustmentDate", day(receipt.date));
    put(entry, "PostingDate", day(receipt.posting_date));
    receipt.period.write(entry);
    put(entry, "BankReceiptAmount", number(receipt.bank_amount));
    put(entry, "BankExchangeRate", number(receipt.bank_rate));
    put(entry, "CustomerExchangeRate", number(receipt.rate));
    let own = if purpose.brings_cash() { receipt.amount } else { Decimal::ZERO };
    put(entry, "CustomerReceiptAmount", number(own));
    let applied = match purpose {
        Purpose::Prepayment | Purpose::Miscellaneous => receipt.amount,
        _ => receipt.total_applied(),
    };
    put(entry, "TotalCustomerAmountApplied", number(applied));
    put(entry, "CustomerUnappliedAmount", number(receipt.unapplied()));
    let bank_unapplied = match receipt.currency == receipt.bank_currency {
        true => receipt.unapplied(),
        false => Decimal::ZERO,
    };
    put(entry, "BankUnappliedAmount", number(bank_unapplied));
    let kind = match purpose {
        Purpose::Receipt => "Receipt",
        Purpose::Prepayment => "Prepayment",
        Purpose::UnappliedCash => "UnappliedCash",
        Purpose::ApplyDocument => "ApplyDocument",
        Purpose::Miscellaneous => "MiscellaneousReceipt",
        Purpose::Adjustment if text(entry, "ReceiptTransactionType") == "WriteOff" => "WriteOff",
        Purpose::Adjustment => "Adjustment",
    };
    put(entry, "ReceiptTransactionType", kind);
    if filled(entry, "EnteredBy").is_none() {
        put(entry, "EnteredBy", "WEBAPI");
    }
    write_lines(receipt, entry);
}

fn write_lines(receipt: &Receipt, entry: &mut Row) {
    let adjusted: Decimal =
        receipt.applied.iter().map(|line| line.adjustment).sum::<Decimal>().abs();
    put(entry, "TotalCustomerAdjustment", number(adjusted));
    if receipt.purpose == Purpose::Prepayment
        && lines(entry, "AppliedReceiptsAdjustments").next().is_none()
    {
        let line = json!({"LineNumber": 20, "PaymentNumber": 1});
        entry.insert("AppliedReceiptsAdjustments".into(), Value::Array(vec![line]));
    }
    let stored = entry.get_mut("AppliedReceiptsAdjustments").and_then(Value::as_array_mut);
    let stored = stored.into_iter().flatten().filter_map(Value::as_object_mut);
    let mut applied = receipt.applied.iter();
    let mut count = 0_usize;
    for line in stored {
        count = count.saturating_add(1);
        put(line, "CustomerNumber", receipt.customer.as_str());
        if nonzero(line, "PaymentNumber").is_none() {
            put(line, "PaymentNumber", 1);
        }
        if filled(line, "ReceiptTransactionType").is_none()
            && let Purpose::Prepayment | Purpose::UnappliedCash = receipt.purpose
        {
            let member = receipt.purpose.document().map_or("", |(class, _)| class.member());
            put(line, "ReceiptTransactionType", member);
        }
        match applied.next() {
            Some(read) => {
                put(line, "CustomerReceiptAmount", number(read.amount));
                let total: Decimal = lines(line, "AdjustmentGLDistributions")
                    .filter_map(|share| amount(share, "DistributionAmount"))
                    .sum();
                if !total.is_zero() {
                    put(line, "CustomerAdjustmentTotal", number(total));
                }
            }
            None if receipt.purpose == Purpose::Prepayment => {
                put(line, "CustomerReceiptAmount", number(receipt.amount));
                put(line, "GeneratedPPUCNumber", receipt.document.as_str());
            }
            None => {}
        }
    }
    put(entry, "NumberOfLines", count);
}
