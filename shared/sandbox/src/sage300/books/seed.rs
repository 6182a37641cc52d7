//! Customers and invoices in bulk, posted directly.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::resource::Row;
use super::Books;
use super::batch::Kind;
use super::cell::{self, put, text};
use super::document::{Class, Document};
use super::general_ledger::Journal;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Customers {
    customers: Vec<NewCustomer>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewCustomer {
    number: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    street: String,
    #[serde(default)]
    zip: String,
    #[serde(default)]
    currency: String,
    #[serde(default)]
    group: String,
    #[serde(default)]
    status: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Invoices {
    invoices: Vec<NewInvoice>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewInvoice {
    customer: String,
    #[serde(default)]
    document: String,
    amount: Value,
    date: Date,
    #[serde(default)]
    due: Option<Date>,
    #[serde(default)]
    order_number: String,
    #[serde(default)]
    po_number: String,
    #[serde(default)]
    description: String,
}

impl Books {
    /// Adds customers, or changes what is said of known ones.
    pub(super) fn seed_customers(&mut self, body: &Value) -> Result<Value, String> {
        let Customers { customers } = read(body)?;
        for new in &customers {
            let row = self.seeded_customer(new)?;
            self.masters.store("ARCustomers", row);
        }
        Ok(json!({ "customers": customers.len() }))
    }

    fn seeded_customer(&self, new: &NewCustomer) -> Result<Row, String> {
        let number = new.number.trim().to_uppercase();
        if number.is_empty() || number.chars().count() > 12 {
            return Err(format!("`{number}` is no customer number: give 1 to 12 characters"));
        }
        let known = self.masters.find("ARCustomers", &number).cloned();
        let mut row = known.unwrap_or_default();
        put(&mut row, "CustomerNumber", number.as_str());
        let short: String = number.chars().take(10).collect();
        put(&mut row, "ShortName", short);
        let canadian = new.currency == "CAD";
        for (name, said, default) in [
            ("CustomerName", &new.name, number.as_str()),
            ("Email", &new.email, ""),
            ("AddressLine1", &new.street, ""),
            ("ZipPostalCode", &new.zip, ""),
            ("CurrencyCode", &new.currency, ""),
            ("GroupCode", &new.group, "RTL"),
            ("Status", &new.status, "Active"),
        ] {
            if !said.is_empty() {
                put(&mut row, name, said.as_str());
            } else if !row.contains_key(name) {
                put(&mut row, name, default);
            }
        }
        if canadian {
            put(&mut row, "AccountSet", "TRADE");
        }
        put(&mut row, "DateLastMaintained", cell::day(self.today));
        self.settle_customer(&mut row).map_err(|refusal| refusal.message)?;
        Ok(row)
    }

    /// Posts invoices without tax, with one journal for each account set and posting date.
    pub(super) fn seed_invoices(&mut self, body: &Value) -> Result<Value, String> {
        let Invoices { invoices } = read(body)?;
        let mut documents = Vec::with_capacity(invoices.len());
        let mut names = BTreeSet::new();
        for new in &invoices {
            let document = self.seeded_invoice(new)?;
            let (customer, number) = document.name();
            let known = self.documents.find(&customer, &number).is_some();
            if known || !names.insert((customer.clone(), number.clone())) {
                return Err(format!("document {number} of customer {customer} is there already"));
            }
            documents.push(document);
        }
        let sequence = self.counters.take(Kind::Invoices.code());
        let mut journals: BTreeMap<(String, Date), Journal> = BTreeMap::new();
        let mut numbers = Vec::with_capacity(documents.len());
        for mut document in documents {
            document.sequence = sequence;
            let set = text(&document.said, "AccountSet").to_owned();
            let journal = journals
                .entry((set.clone(), document.posting_date))
                .or_insert_with(|| summary(&document));
            let control = self.set_account(&set, "ReceivablesControlAccount");
            add(journal, &control, document.functional_amount, document.amount);
            add(journal, "4000", -document.functional_amount, -document.amount);
            numbers.push(document.number.clone());
            self.add_document(document);
        }
        self.hand_to_ledger(Kind::Invoices, sequence, journals.into_values().collect());
        Ok(json!({ "documents": numbers }))
    }

    fn seeded_invoice(&mut self, new: &NewInvoice) -> Result<Document, String> {
        let customer = new.customer.trim().to_uppercase();
        let record = self.masters.find("ARCustomers", &customer);
        let record = record.ok_or_else(|| format!("there is no customer {customer}"))?;
        let currency = text(record, "CurrencyCode").to_owned();
        let amount = cell::decimal(&new.amount).filter(|amount| *amount > Decimal::ZERO);
        let amount = amount.ok_or_else(|| format!("{} is no positive amount", new.amount))?;
        let amount = cell::rounded(amount, self.places(&currency));
        let period = self.calendar.period(new.date);
        let period = period.ok_or_else(|| format!("{} is in no fiscal year", new.date))?;
        let rate = self.rate(&currency, new.date).map_err(|refusal| refusal.message)?;
        let functional = self.functional(amount, rate);
        let due = new.due.unwrap_or(new.date.checked_add(30.days()).unwrap_or(new.date));
        let mut said = Row::new();
        for name in ["AccountSet", "GroupCode", "TaxGroup", "Terms"] {
            put(&mut said, name, text(record, name));
        }
        put(&mut said, "OrderNumber", new.order_number.to_uppercase());
        put(&mut said, "PONumber", new.po_number.to_uppercase());
        put(&mut said, "DocumentDescription", new.description.as_str());
        put(&mut said, "SourceApplication", "AR");
        let number = match new.document.trim() {
            "" => self.counters.number("IN", 13),
            given => given.to_uppercase(),
        };
        Ok(Document {
            customer,
            number,
            class: Class::Invoice,
            transaction_type: "InvoiceSummaryIssued".into(),
            date: new.date,
            due_date: Some(due),
            posting_date: new.date,
            period,
            currency,
            rate,
            amount,
            due: amount,
            functional_amount: functional,
            functional_due: functional,
            tax: Decimal::ZERO,
            paid_on: None,
            last_activity: Some(new.date),
            batch: 1,
            entry: self.counters.take("seeded invoice"),
            sequence: 0,
            batch_date: Some(new.date),
            said,
        })
    }
}

fn read<'b, T: Deserialize<'b>>(body: &'b Value) -> Result<T, String> {
    T::deserialize(body).map_err(|why| why.to_string())
}

fn summary(document: &Document) -> Journal {
    Journal {
        source_type: "IN",
        date: document.posting_date,
        period: document.period,
        currency: document.currency.clone(),
        rate: document.rate,
        description: "Invoices".into(),
        reference: String::new(),
        lines: Vec::new(),
    }
}

/// Adds to the journal's line of that account.
fn add(journal: &mut Journal, account: &str, amount: Decimal, source: Decimal) {
    match journal.lines.iter_mut().find(|line| line.account == account) {
        Some(line) => {
            line.amount += amount;
            line.source += source;
        }
        None => journal.line(account, amount, source),
    }
}
