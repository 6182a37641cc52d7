//! Transactions that are stored once and not changed through the Web API, each under a number the
//! server gives: orders, Order Entry invoices and notes, bank entries.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::resource::{Key, Row};
use super::cell::put;

#[derive(Debug, Clone)]
pub struct Sequence {
    key: &'static str,
    /// The property by which records are also found.
    name: &'static str,
    next: i64,
    rows: BTreeMap<i64, Row>,
    by_name: BTreeMap<String, Vec<i64>>,
}

impl Sequence {
    #[must_use]
    pub fn new(key: &'static str, name: &'static str, next: i64) -> Self {
        Self { key, name, next, rows: BTreeMap::new(), by_name: BTreeMap::new() }
    }

    /// Stores the record under the next number.
    pub fn add(&mut self, mut row: Row) -> i64 {
        let number = self.next;
        self.next = self.next.saturating_add(1);
        put(&mut row, self.key, number);
        if let Some(name) = row.get(self.name).and_then(Value::as_str) {
            self.by_name.entry(name.to_owned()).or_default().push(number);
        }
        self.rows.insert(number, row);
        number
    }

    #[must_use]
    pub fn find(&self, number: i64) -> Option<&Row> {
        self.rows.get(&number)
    }

    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Row> {
        self.rows.get(self.by_name.get(name)?.first()?)
    }

    pub fn named_mut(&mut self, name: &str) -> Option<&mut Row> {
        self.rows.get_mut(self.by_name.get(name)?.first()?)
    }

    pub fn find_mut(&mut self, number: i64) -> Option<&mut Row> {
        self.rows.get_mut(&number)
    }

    /// The records those equalities and that least number may mean, in key order.
    pub fn near<'s>(&'s self, near: &Key, floor: &Key) -> Box<dyn Iterator<Item = &'s Row> + 's> {
        if let Some(number) = near.get(self.key).and_then(Value::as_i64) {
            return Box::new(self.rows.get(&number).into_iter());
        }
        if let Some(name) = near.get(self.name).and_then(Value::as_str) {
            let numbers = self.by_name.get(name).into_iter().flatten();
            return Box::new(numbers.filter_map(|number| self.rows.get(number)));
        }
        let least = floor.get(self.key).and_then(Value::as_i64).unwrap_or(i64::MIN);
        Box::new(self.rows.range(least..).map(|(_, row)| row))
    }
}

/// One sequence for each such resource.
#[derive(Debug, Clone)]
pub struct Sequences {
    pub orders: Sequence,
    pub invoices: Sequence,
    pub notes: Sequence,
    pub bank_entries: Sequence,
}

impl Default for Sequences {
    fn default() -> Self {
        Self {
            orders: Sequence::new("OrderUniquifier", "OrderNumber", 4001),
            invoices: Sequence::new("InvoiceUniquifier", "InvoiceNumber", 3001),
            notes: Sequence::new("CNUniquifier", "CreditDebitNoteNumber", 2001),
            bank_entries: Sequence::new("SequenceNumber", "BankEntryNumber", 21),
        }
    }
}

impl Sequences {
    #[must_use]
    pub fn of(&self, resource: &str) -> Option<&Sequence> {
        match resource {
            "OEOrders" => Some(&self.orders),
            "OEInvoices" => Some(&self.invoices),
            "OECreditDebitNotes" => Some(&self.notes),
            "BKBankEntries" => Some(&self.bank_entries),
            _ => None,
        }
    }
}
