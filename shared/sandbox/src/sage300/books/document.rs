//! Posted documents: what customers owe and are owed (`ARPostedDocuments`).

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::super::resource::{Key, Row};
use super::calendar::Period;
use super::cell::{day, day_or_null, filled, number, put, yes};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    Invoice,
    DebitNote,
    CreditNote,
    Interest,
    UnappliedCash,
    Prepayment,
    Receipt,
    Refund,
}

impl Class {
    /// Member of `DocumentType`. [O]
    #[must_use]
    pub fn member(self) -> &'static str {
        match self {
            Self::Invoice => "Invoice",
            Self::DebitNote => "DebitNote",
            Self::CreditNote => "CreditNote",
            Self::Interest => "Interest",
            Self::UnappliedCash => "UnappliedCash",
            Self::Prepayment => "Prepayment",
            Self::Receipt => "Receipt",
            Self::Refund => "Refund",
        }
    }

    /// Whether documents of the class lower what a customer owes.
    #[must_use]
    pub fn is_credit(self) -> bool {
        !matches!(self, Self::Invoice | Self::DebitNote | Self::Interest | Self::Refund)
    }
}

/// Amounts are signed: what lowers the customer's debt is negative.
#[derive(Debug, Clone)]
pub struct Document {
    pub customer: String,
    pub number: String,
    pub class: Class,
    /// Member of `TransactionType`.
    pub transaction_type: String,
    pub date: Date,
    pub due_date: Option<Date>,
    pub posting_date: Date,
    pub period: Period,
    pub currency: String,
    /// To the functional currency.
    pub rate: Decimal,
    pub amount: Decimal,
    pub due: Decimal,
    pub functional_amount: Decimal,
    pub functional_due: Decimal,
    pub tax: Decimal,
    pub paid_on: Option<Date>,
    pub last_activity: Option<Date>,
    pub batch: i64,
    pub entry: i64,
    pub sequence: i64,
    pub batch_date: Option<Date>,
    /// Further properties, as `ARPostedDocuments` names them.
    pub said: Row,
}

/// A document is named by its customer and its number.
pub type Name = (String, String);

#[derive(Debug, Clone, Default)]
pub struct Documents {
    by_name: BTreeMap<Name, Document>,
    customers_by_number: BTreeMap<String, BTreeSet<String>>,
    open: BTreeSet<Name>,
    /// By property and value, for each of [`REFERENCES`].
    by_reference: BTreeMap<(&'static str, String), BTreeSet<Name>>,
}

/// Properties by which documents are found, besides their names.
const REFERENCES: [&str; 2] = ["OrderNumber", "PONumber"];

impl Documents {
    #[must_use]
    pub fn find(&self, customer: &str, number: &str) -> Option<&Document> {
        self.by_name.get(&(customer.to_owned(), number.to_owned()))
    }

    /// Whose documents have that number.
    #[must_use]
    pub fn owners(&self, number: &str) -> Option<&BTreeSet<String>> {
        self.customers_by_number.get(number)
    }

    pub fn all(&self) -> impl Iterator<Item = &Document> {
        self.by_name.values()
    }

    pub fn open(&self) -> impl Iterator<Item = &Document> {
        self.open.iter().filter_map(|name| self.by_name.get(name))
    }

    pub fn open_of<'d>(&'d self, customer: &'d str) -> impl Iterator<Item = &'d Document> {
        let from = (customer.to_owned(), String::new());
        let own = self.open.range(from..).take_while(move |(owner, _)| owner == customer);
        own.filter_map(|name| self.by_name.get(name))
    }

    pub fn add(&mut self, document: Document) {
        let name = (document.customer.clone(), document.number.clone());
        let owners = self.customers_by_number.entry(name.1.clone()).or_default();
        owners.insert(name.0.clone());
        if !document.due.is_zero() {
            self.open.insert(name.clone());
        }
        for property in REFERENCES {
            if let Some(value) = filled(&document.said, property) {
                let known = self.by_reference.entry((property, value.to_owned())).or_default();
                known.insert(name.clone());
            }
        }
        self.by_name.insert(name, document);
    }

    /// Changes what is due by those amounts; the document as it is then.
    pub fn change_due(
        &mut self,
        name: &Name,
        change: Decimal,
        functional_change: Decimal,
        on: Date,
    ) -> Option<&Document> {
        let document = self.by_name.get_mut(name)?;
        document.due += change;
        document.functional_due += functional_change;
        document.last_activity = document.last_activity.max(Some(on));
        document.paid_on = document.due.is_zero().then_some(on);
        if document.due.is_zero() {
            self.open.remove(name);
        } else {
            self.open.insert(name.clone());
        }
        Some(document)
    }

    /// The documents of an order or purchase order, when one is asked for.
    fn referred<'d>(&'d self, near: &Key) -> Option<impl Iterator<Item = &'d Name> + use<'d>> {
        let asked = REFERENCES.into_iter().find_map(|property| {
            let value = near.get(property)?.as_str().filter(|value| !value.is_empty())?;
            Some((property, value.to_owned()))
        })?;
        Some(self.by_reference.get(&asked).into_iter().flatten())
    }

    /// The documents that those equalities may mean, by the index that fits.
    pub fn near<'d>(&'d self, near: &Key) -> Box<dyn Iterator<Item = &'d Document> + 'd> {
        let given = |name: &str| near.get(name).and_then(|value| value.as_str());
        if given("DocumentNumber").is_none()
            && let Some(referred) = self.referred(near)
        {
            return Box::new(referred.filter_map(|name| self.by_name.get(name)));
        }
        match (given("CustomerNumber"), given("DocumentNumber")) {
            (Some(customer), Some(number)) => Box::new(self.find(customer, number).into_iter()),
            (Some(customer), None) if given("FullyPaid") == Some("No") => {
                let customer = customer.to_owned();
                let from = (customer.clone(), String::new());
                let own = self.open.range(from..).take_while(move |(owner, _)| *owner == customer);
                Box::new(own.filter_map(|name| self.by_name.get(name)))
            }
            (Some(customer), None) => {
                let customer = customer.to_owned();
                let from = (customer.clone(), String::new());
                let all = self.by_name.range(from..);
                let own = all.take_while(move |((owner, _), _)| *owner == customer);
                Box::new(own.map(|(_, document)| document))
            }
            (None, Some(number)) => {
                let owners = self.owners(number).into_iter().flatten();
                let number = number.to_owned();
                Box::new(owners.filter_map(move |owner| self.find(owner, &number)))
            }
            (None, None) if given("FullyPaid") == Some("No") => Box::new(self.open()),
            (None, None) => Box::new(self.all()),
        }
    }
}

impl Document {
    #[must_use]
    pub fn name(&self) -> Name {
        (self.customer.clone(), self.number.clone())
    }

    /// What the functional amount due changes by when the due amount changes by `change`.
    #[must_use]
    pub fn functional_share(&self, change: Decimal, places: u32) -> Decimal {
        if self.due + change == Decimal::ZERO {
            return -self.functional_due;
        }
        super::cell::rounded(change * self.rate, places)
    }

    #[must_use]
    pub fn row(&self) -> Row {
        let mut row = Row::with_capacity(44);
        put(&mut row, "CustomerNumber", self.customer.as_str());
        put(&mut row, "DocumentNumber", self.number.as_str());
        put(&mut row, "DocumentType", self.class.member());
        put(&mut row, "TransactionType", self.transaction_type.as_str());
        put(&mut row, "DocumentDate", day(self.date));
        put(&mut row, "DueDate", day_or_null(self.due_date));
        put(&mut row, "AsofDate", day(self.date));
        put(&mut row, "CurrencyCode", self.currency.as_str());
        put(&mut row, "RateType", "SP");
        put(&mut row, "ExchangeRate", number(self.rate));
        put(&mut row, "CustomerCurrencyInvoiceAmount", number(self.amount));
        put(&mut row, "CustomerCurrencyAmountDue", number(self.due));
        put(&mut row, "CustomerCurrencyTaxAmount", number(self.tax));
        put(&mut row, "FunctionalCurrencyInvoiceAmount", number(self.functional_amount));
        put(&mut row, "FunctionalCurrencyAmountDue", number(self.functional_due));
        put(&mut row, "FullyPaid", yes(self.due.is_zero()));
        put(&mut row, "DatePaid", day_or_null(self.paid_on));
        put(&mut row, "LastActivityDate", day_or_null(self.last_activity));
        put(&mut row, "NumberOfScheduledPayments", 1);
        put(&mut row, "BatchNumber", self.batch);
        put(&mut row, "EntryNumber", self.entry);
        put(&mut row, "PostingSequenceNumber", self.sequence);
        put(&mut row, "BatchDate", day_or_null(self.batch_date));
        put(&mut row, "PostingDate", day(self.posting_date));
        self.period.write(&mut row);
        row.extend(self.said.iter().map(|(name, value)| (name.clone(), value.clone())));
        row
    }
}
