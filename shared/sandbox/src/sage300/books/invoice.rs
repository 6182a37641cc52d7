//! A/R invoices, debit notes, credit notes and interest charges as entries of a batch.

use jiff::ToSpan;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::super::resource::Row;
use super::Books;
use super::batch::Batch;
use super::calendar::Period;
use super::cell::{amount, date, day, filled, integer, lines, nonzero, number, put, rounded, text};
use super::document::Class;
use super::refusal::{self, Outcome};
use super::tax::{self, Tax};

#[derive(Debug, Clone)]
pub struct Invoice {
    pub class: Class,
    pub transaction_type: String,
    pub customer: String,
    pub account_set: String,
    pub number: String,
    pub date: Date,
    pub posting_date: Date,
    pub due_date: Date,
    pub period: Period,
    pub currency: String,
    pub rate: Decimal,
    pub terms: String,
    pub tax_group: String,
    pub lines: Vec<Line>,
    pub taxes: Vec<Tax>,
}

#[derive(Debug, Clone)]
pub struct Line {
    pub account: String,
    /// With the tax that is included in the price, if any.
    pub extended: Decimal,
    pub net: Decimal,
    pub taxes: Vec<Tax>,
}

impl Invoice {
    #[must_use]
    pub fn net(&self) -> Decimal {
        self.lines.iter().map(|line| line.net).sum()
    }

    #[must_use]
    pub fn total(&self) -> Decimal {
        self.net() + tax::sum(&self.taxes)
    }
}

impl Books {
    /// # Errors
    /// When a code does not exist or a date has no period.
    pub(super) fn read_invoice(&self, header: &Row, entry: &Row) -> Outcome<Invoice> {
        let customer = text(entry, "CustomerNumber").to_owned();
        let record = self.active_customer(&customer)?;
        let or_customers =
            |name: &str| filled(entry, name).unwrap_or_else(|| text(record, name)).to_owned();
        let batch_date = self.batch_date(header);
        let day = date(entry, "DocumentDate").unwrap_or(batch_date);
        let posting_date = date(entry, "PostingDate").unwrap_or(batch_date);
        let period = self.calendar.period(posting_date);
        let period = period.ok_or_else(|| refusal::no_period("Posting Date"))?;
        if self.calendar.period(day).is_none() {
            return Err(refusal::no_period("Document Date"));
        }
        let currency = text(record, "CurrencyCode").to_owned();
        if filled(entry, "CurrencyCode").is_some_and(|said| said != currency) {
            return Err(refusal::invalid(format!(
                "The currency of customer {customer} is {currency}."
            )));
        }
        let rate = match nonzero(entry, "ExchangeRate") {
            Some(rate) if currency != self.functional_currency() => rate,
            _ => self.rate(&currency, posting_date)?,
        };
        let (class, transaction_type) = classified(entry);
        let terms = or_customers("Terms");
        let mut invoice = Invoice {
            class,
            transaction_type,
            account_set: or_customers("AccountSet"),
            number: text(entry, "DocumentNumber").to_owned(),
            date: day,
            posting_date,
            due_date: date(entry, "DueDate").unwrap_or_else(|| self.due_date(&terms, day)),
            period,
            currency,
            rate,
            terms,
            tax_group: or_customers("TaxGroup"),
            lines: Vec::new(),
            taxes: Vec::new(),
            customer,
        };
        for detail in lines(entry, "InvoiceDetails") {
            let line = self.read_line(&invoice, detail)?;
            tax::add(&mut invoice.taxes, &line.taxes);
            invoice.lines.push(line);
        }
        Ok(invoice)
    }

    fn read_line(&self, invoice: &Invoice, detail: &Row) -> Outcome<Line> {
        let places = self.places(&invoice.currency);
        let item = text(detail, "ItemNumber");
        let known = super::AR_ITEMS.iter().find(|(number, ..)| *number == item);
        if !item.is_empty() && known.is_none() {
            return Err(refusal::field(format!("Item number {item} does not exist.")));
        }
        let extended = amount(detail, "ExtendedAmountWithTIP").or_else(|| {
            let price = nonzero(detail, "Price").or(known.map(|(_, _, price)| *price))?;
            Some(price * amount(detail, "Quantity").unwrap_or(Decimal::ONE))
        });
        let extended = rounded(extended.unwrap_or_default(), places);
        let account = match (filled(detail, "RevenueAccount"), known) {
            (Some(account), _) => self.known_account(account)?,
            (None, Some((_, code, _))) => self.distribution_account(code)?,
            (None, None) => self.distribution_account(text(detail, "DistributionCode"))?,
        };
        let group = if invoice.class == Class::Interest { "" } else { &invoice.tax_group };
        let (net, taxes) = self.taxes(group, detail, extended, places)?;
        Ok(Line { account, extended, net, taxes })
    }

    /// By the days of the terms. [O]
    pub(super) fn due_date(&self, terms: &str, from: Date) -> Date {
        let row = self.masters.find("ARTerms", terms);
        let days = row.and_then(|row| integer(row, "DueDays")).unwrap_or(30);
        from.checked_add(days.days()).unwrap_or(from)
    }

    /// # Errors
    /// When the entry is not in order.
    pub(super) fn enter_invoice(&mut self, batch: &Batch, entry: &mut Row) -> Outcome<()> {
        let mut invoice = self.read_invoice(&batch.header, entry)?;
        if invoice.lines.is_empty() {
            return Err(refusal::invalid("The document has no details."));
        }
        if invoice.total().is_sign_negative() {
            return Err(refusal::invalid("The document total cannot be negative."));
        }
        let name = (invoice.customer.clone(), invoice.number.clone());
        if !invoice.number.is_empty()
            && (self.documents.find(&name.0, &name.1).is_some()
                || self.held_numbers.contains_key(&name))
        {
            return Err(self.number_taken(&invoice));
        }
        if self.options.locked_period_at_entry && self.calendar.is_locked("AR", invoice.period) {
            return Err(refusal::locked_period(invoice.period.year, invoice.period.number));
        }
        if let Some(target) = filled(entry, "ApplytoDocument")
            && text(&batch.header, "SourceApplication") != "OE"
            && !self.held_numbers.contains_key(&(invoice.customer.clone(), target.to_owned()))
        {
            self.document_of(&invoice.customer, target)?;
        }
        if invoice.number.is_empty() {
            invoice.number = self.counters.number(prefix(invoice.class), 13);
        }
        write(&invoice, entry)
    }

    pub(super) fn number_taken(&self, invoice: &Invoice) -> super::super::resource::SageError {
        refusal::field(format!(
            "Document number '{}' for customer {} already exists.",
            invoice.number, invoice.customer
        ))
    }

    pub(super) fn hold_invoice(&mut self, entry: &Row, hold: bool) {
        let name =
            (text(entry, "CustomerNumber").to_owned(), text(entry, "DocumentNumber").to_owned());
        if hold {
            *self.held_numbers.entry(name).or_default() += 1;
        } else if let Some(count) = self.held_numbers.get_mut(&name) {
            *count -= 1;
            if *count == 0 {
                self.held_numbers.remove(&name);
            }
        }
    }
}

/// How generated numbers begin. [V]
fn prefix(class: Class) -> &'static str {
    match class {
        Class::CreditNote => "CN",
        Class::DebitNote => "DN",
        Class::Interest => "IT",
        _ => "IN",
    }
}

fn classified(entry: &Row) -> (Class, String) {
    let (class, stem) = match text(entry, "DocumentType") {
        "DebitNote" => (Class::DebitNote, "DebitNote"),
        "CreditNote" => (Class::CreditNote, "CreditNote"),
        "InterestCharge" => (Class::Interest, "InterestCharge"),
        _ => (Class::Invoice, "Invoice"),
    };
    let said = filled(entry, "TransactionType").filter(|said| *said != "None");
    let derived = match (class, text(entry, "InvoiceType")) {
        (Class::Interest, _) => stem.to_owned(),
        (_, "Item") => format!("{stem}ItemIssued"),
        _ => format!("{stem}SummaryIssued"),
    };
    (class, said.map_or(derived, str::to_owned))
}

fn write(invoice: &Invoice, entry: &mut Row) -> Outcome<()> {
    for (name, value) in [
        ("DocumentNumber", &invoice.number),
        ("TransactionType", &invoice.transaction_type),
        ("AccountSet", &invoice.account_set),
        ("CurrencyCode", &invoice.currency),
        ("Terms", &invoice.terms),
        ("TaxGroup", &invoice.tax_group),
    ] {
        put(entry, name, value.as_str());
    }
    for (name, value) in [
        ("DocumentDate", invoice.date),
        ("AsOfDate", invoice.date),
        ("PostingDate", invoice.posting_date),
        ("DueDate", invoice.due_date),
    ] {
        put(entry, name, day(value));
    }
    invoice.period.write(entry);
    for (name, default) in [("DocumentType", "Invoice"), ("InvoiceType", "Summary")] {
        if filled(entry, name).is_none() {
            put(entry, name, default);
        }
    }
    put(entry, "ExchangeRate", number(invoice.rate));
    put(entry, "DocumentTotalBeforeTax", number(invoice.net()));
    put(entry, "DocumentTotalIncludingTax", number(invoice.total()));
    put(entry, "AmountDue", number(invoice.total()));
    tax::write(&invoice.taxes, entry, "TaxTotal");
    put(entry, "NumberOfDetails", invoice.lines.len());
    let details = entry.get_mut("InvoiceDetails").and_then(Value::as_array_mut);
    let details = details.into_iter().flatten().filter_map(Value::as_object_mut);
    for (detail, line) in details.zip(&invoice.lines) {
        put(detail, "ExtendedAmountWithTIP", number(line.extended));
        put(detail, "ExtendedAmountWithoutTIP", number(line.net));
        put(detail, "DistributionAmountBeforeTaxes", number(line.net));
        put(detail, "RevenueAccount", line.account.as_str());
        tax::write(&line.taxes, detail, "TaxTotal");
    }
    write_schedule(invoice, entry)
}

/// One payment of the total, unless the entry has several that come to it.
fn write_schedule(invoice: &Invoice, entry: &mut Row) -> Outcome<()> {
    let due = invoice.due_date;
    let mut schedule: Vec<Row> = lines(entry, "InvoicePaymentSchedules").cloned().collect();
    if schedule.len() < 2 {
        let mut only = schedule.pop().unwrap_or_default();
        if integer(&only, "PaymentNumber").is_none_or(|number| number == 0) {
            put(&mut only, "PaymentNumber", 1);
        }
        if date(&only, "DueDate").is_none() {
            put(&mut only, "DueDate", day(due));
        }
        put(&mut only, "AmountDue", number(invoice.total()));
        schedule.push(only);
    }
    let sum: Decimal = schedule.iter().filter_map(|line| amount(line, "AmountDue")).sum();
    if sum != invoice.total() {
        return Err(refusal::invalid(format!(
            "The payment schedule comes to {sum}, the document to {}.",
            invoice.total()
        )));
    }
    put(entry, "NumberOfScheduledPayments", schedule.len());
    entry.insert("InvoicePaymentSchedules".into(), json!(schedule));
    Ok(())
}
