//! Refund batches: what a customer's credits are paid back by. The shape is the metadata's; which
//! fields a server insists on is not known. [?]

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::Value;

use super::super::resource::Row;
use super::Books;
use super::batch::Batch;
use super::calendar::Period;
use super::cell::{date, day, filled, lines, nonzero, number, put, rounded, text};
use super::document::{Class, Document};
use super::general_ledger::Journal;
use super::options::AppliedLimit;
use super::posting::Run;
use super::receipt_entry::Moment;
use super::refusal::{self, Outcome};

#[derive(Debug, Clone)]
pub struct Refund {
    customer: String,
    account_set: String,
    number: String,
    date: Date,
    posting_date: Date,
    period: Period,
    currency: String,
    rate: Decimal,
    lines: Vec<Line>,
}

#[derive(Debug, Clone)]
struct Line {
    document: String,
    amount: Decimal,
    payment_type: String,
    /// The bank it is paid from; none when a general ledger account pays.
    bank: Option<String>,
    account: String,
}

impl Refund {
    fn total(&self) -> Decimal {
        self.lines.iter().map(|line| line.amount).sum()
    }
}

impl Books {
    fn read_refund(&self, header: &Row, entry: &Row) -> Outcome<Refund> {
        let customer = text(entry, "CustomerNumber").to_owned();
        let record = self.active_customer(&customer)?;
        let batch_date = self.batch_date(header);
        let posting_date = date(entry, "PostingDate").unwrap_or(batch_date);
        let period = self.calendar.period(posting_date);
        let period = period.ok_or_else(|| refusal::no_period("Posting Date"))?;
        let currency = text(record, "CurrencyCode").to_owned();
        let rate = match nonzero(entry, "CustomerExchangeRate") {
            Some(rate) if currency != self.functional_currency() => rate,
            _ => self.rate(&currency, posting_date)?,
        };
        let details = lines(entry, "RefundDetails");
        Ok(Refund {
            account_set: text(record, "AccountSet").to_owned(),
            number: text(entry, "DocumentNumber").to_owned(),
            date: date(entry, "DocumentDate").unwrap_or(batch_date),
            posting_date,
            period,
            rate,
            lines: details
                .map(|detail| self.read_refund_line(entry, detail, &currency))
                .collect::<Outcome<_>>()?,
            currency,
            customer,
        })
    }

    fn read_refund_line(&self, entry: &Row, detail: &Row, currency: &str) -> Outcome<Line> {
        let places = self.places(currency);
        let amount = nonzero(detail, "AmountCustomer").or(nonzero(detail, "AmountPayment"));
        let document =
            filled(detail, "DocumentNumber").unwrap_or(text(detail, "ReceiptDocumentNumber"));
        let said = |name: &str| filled(detail, name).or(filled(entry, name)).map(str::to_owned);
        let bank = said("CreditCardBankAccount")
            .or_else(|| said("CheckBankAccount"))
            .or_else(|| said("CashBankAccount"));
        let account = match &bank {
            Some(code) if self.masters.find("BKBanks", code).is_none() => {
                return Err(refusal::unknown("Bank code", code));
            }
            Some(code) if self.bank_currency(code) != currency => {
                return Err(refusal::invalid(format!(
                    "Bank {code} does not pay in the customer's currency {currency}."
                )));
            }
            Some(code) => self.bank_account(code),
            None => self.known_account(&said("CashGLAccount").unwrap_or_default())?,
        };
        Ok(Line {
            document: document.to_owned(),
            amount: rounded(amount.unwrap_or_default(), places),
            payment_type: filled(detail, "PaymentType").unwrap_or("Cash").to_owned(),
            bank,
            account,
        })
    }

    fn check_refund(&self, refund: &Refund, moment: Moment) -> Outcome<()> {
        if refund.lines.is_empty() || refund.lines.iter().any(|l| l.amount <= Decimal::ZERO) {
            return Err(refusal::field("The refund amount must be greater than zero."));
        }
        let locked = self.calendar.is_locked("AR", refund.period);
        if locked && (moment == Moment::Posting || self.options.locked_period_at_entry) {
            return Err(refusal::locked_period(refund.period.year, refund.period.number));
        }
        if self.documents.find(&refund.customer, &refund.number).is_some() {
            return Err(refusal::field(format!(
                "Document number '{}' for customer {} already exists.",
                refund.number, refund.customer
            )));
        }
        let mut amounts: BTreeMap<&str, Decimal> = BTreeMap::new();
        for line in &refund.lines {
            *amounts.entry(&line.document).or_default() += line.amount;
        }
        for (number, amount) in amounts {
            let document = self.document_of(&refund.customer, number)?;
            let net = self.options.applied_limit == AppliedLimit::NetOfPending;
            let pending = match moment {
                Moment::Entry if net => self.pending_of(document),
                _ => Decimal::ZERO,
            };
            let left = pending - document.due;
            if !document.class.is_credit() || amount > left {
                return Err(refusal::invalid(format!(
                    "Document {number} cannot be refunded by {amount}. Its balance is {left}."
                )));
            }
        }
        Ok(())
    }

    /// # Errors
    /// When the entry is not in order.
    pub(super) fn enter_refund(&mut self, batch: &Batch, entry: &mut Row) -> Outcome<()> {
        let mut refund = self.read_refund(&batch.header, entry)?;
        self.check_refund(&refund, Moment::Entry)?;
        if refund.number.is_empty() {
            refund.number = self.counters.number("RF", 19);
        }
        put(entry, "DocumentNumber", refund.number.as_str());
        put(entry, "DocumentDate", day(refund.date));
        put(entry, "PostingDate", day(refund.posting_date));
        refund.period.write(entry);
        put(entry, "CustomerCurrency", refund.currency.as_str());
        put(entry, "CustomerExchangeRate", number(refund.rate));
        put(entry, "RefundAmountCustomer", number(refund.total()));
        let functional = self.functional(refund.total(), refund.rate);
        put(entry, "RefundAmountFunctional", number(functional));
        for (name, member) in [
            ("CashAmountCustomer", "Cash"),
            ("CheckAmountCustomer", "Check"),
            ("CreditCardAmountCustomer", "CreditCard"),
        ] {
            let of_type = refund.lines.iter().filter(|line| line.payment_type == member);
            put(entry, name, number(of_type.map(|line| line.amount).sum()));
        }
        let details = entry.get_mut("RefundDetails").and_then(Value::as_array_mut);
        let details = details.into_iter().flatten().filter_map(Value::as_object_mut);
        for (detail, line) in details.zip(&refund.lines) {
            let document = self.document_of(&refund.customer, &line.document)?;
            put(detail, "AmountCustomer", number(line.amount));
            put(detail, "DocumentType", document.class.member());
            put(detail, "DocumentDate", day(document.date));
            put(detail, "OriginalAmount", number(document.amount));
            put(detail, "CurrentBalance", number(document.due));
            put(detail, "NetBalance", number(document.due + line.amount));
        }
        Ok(())
    }

    pub(super) fn hold_refund(&mut self, entry: &Row, hold: bool) {
        let customer = text(entry, "CustomerNumber").to_owned();
        let held: Vec<(String, Decimal)> = lines(entry, "RefundDetails")
            .filter_map(|detail| {
                let amount = nonzero(detail, "AmountCustomer")?;
                Some((text(detail, "DocumentNumber").to_owned(), amount))
            })
            .collect();
        for (document, amount) in held {
            let change = if hold { -amount } else { amount };
            self.hold_amount((customer.clone(), document), change);
        }
    }

    /// # Errors
    /// When the entry is no longer in order.
    pub(super) fn post_refund(&mut self, run: &mut Run, entry: &mut Row) -> Outcome<()> {
        let refund = self.read_refund(&run.header, entry)?;
        self.check_refund(&refund, Moment::Posting)?;
        let mut journal = Journal {
            source_type: "RF",
            date: refund.posting_date,
            period: refund.period,
            currency: refund.currency.clone(),
            rate: refund.rate,
            description: text(entry, "DocumentDescription").to_owned(),
            reference: refund.number.clone(),
            lines: Vec::new(),
        };
        for (line, at) in refund.lines.iter().zip(1_i64..) {
            let name = (refund.customer.clone(), line.document.clone());
            let class = self.documents.find(&name.0, &name.1).map(|document| document.class);
            let credit = self.credit_account(&refund.account_set, class);
            let used = self.settle(&name, line.amount, refund.date);
            journal.line(&credit, used, line.amount);
            let paid = self.functional(line.amount, refund.rate);
            journal.line(&line.account, -paid, -line.amount);
            if let Some(bank) = &line.bank {
                *self.bank_balances.entry(bank.clone()).or_default() -= line.amount;
            }
            let payment = self.payment_row(run, &refund, line, at);
            self.masters.store("ARPayments", payment);
        }
        let gains = self.set_account(&refund.account_set, "ExchangeGainAccount");
        let losses = self.set_account(&refund.account_set, "ExchangeLossAccount");
        journal.close(&gains, &losses);
        run.journals.push(journal);
        let document = self.refund_document(run, &refund, entry);
        self.add_document(document);
        Ok(())
    }

    fn payment_row(&self, run: &Run, refund: &Refund, line: &Line, at: i64) -> Row {
        let mut row = Row::new();
        put(&mut row, "CustomerNumber", refund.customer.as_str());
        put(&mut row, "DocumentNumber", refund.number.as_str());
        put(&mut row, "SequenceNumber", at);
        put(&mut row, "PaymentType", line.payment_type.as_str());
        put(&mut row, "BankCode", line.bank.as_deref().unwrap_or_default());
        put(&mut row, "PaymentCurrency", refund.currency.as_str());
        put(&mut row, "ExchangeRate", number(refund.rate));
        put(&mut row, "PaymentAmount", number(line.amount));
        put(&mut row, "CustomerAmount", number(line.amount));
        put(&mut row, "FunctionalAmount", number(self.functional(line.amount, refund.rate)));
        put(&mut row, "PaymentStatus", "Outstanding");
        put(&mut row, "PaymentDate", day(refund.date));
        put(&mut row, "PostingDate", day(refund.posting_date));
        refund.period.write(&mut row);
        put(&mut row, "BatchNumber", run.batch);
        put(&mut row, "EntryNumber", run.entry);
        put(&mut row, "PostingSequenceNumber", run.sequence);
        row
    }

    fn refund_document(&self, run: &Run, refund: &Refund, entry: &Row) -> Document {
        let mut said = Row::new();
        put(&mut said, "DocumentDescription", text(entry, "DocumentDescription"));
        put(&mut said, "AccountSet", refund.account_set.as_str());
        put(&mut said, "SourceApplication", "AR");
        Document {
            customer: refund.customer.clone(),
            number: refund.number.clone(),
            class: Class::Refund,
            transaction_type: "RefundPosted".into(),
            date: refund.date,
            due_date: Some(refund.date),
            posting_date: refund.posting_date,
            period: refund.period,
            currency: refund.currency.clone(),
            rate: refund.rate,
            amount: refund.total(),
            due: Decimal::ZERO,
            functional_amount: self.functional(refund.total(), refund.rate),
            functional_due: Decimal::ZERO,
            tax: Decimal::ZERO,
            paid_on: Some(refund.date),
            last_activity: Some(refund.date),
            batch: run.batch,
            entry: run.entry,
            sequence: run.sequence,
            batch_date: Some(run.batch_date),
            said,
        }
    }
}
