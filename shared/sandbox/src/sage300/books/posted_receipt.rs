//! Posted receipts (`ARPostedReceipts`), in key order, findable by customer, check and batch.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::Value;

use super::super::resource::{Key, Row};
use super::cell::{day, day_or_null, number, put};
use super::document::Class;
use super::general_ledger::Journal;
use super::receipt::Receipt;

#[derive(Debug, Clone)]
pub struct PostedReceipt {
    pub receipt: Receipt,
    pub deposit: i64,
    pub serial: i64,
    pub line: i64,
    pub functional: Decimal,
    pub batch: i64,
    pub entry: i64,
    pub sequence: i64,
    pub batch_date: Date,
    pub maintained: Date,
    pub returned: Option<(Date, String)>,
    pub settled: Vec<Settled>,
    pub journal: Journal,
    pub payer: Value,
    pub description: Value,
    pub reference: Value,
}

/// What a receipt took off a document.
#[derive(Debug, Clone)]
pub struct Settled {
    pub document: String,
    pub amount: Decimal,
    /// Change of the functional amount due.
    pub functional: Decimal,
}

/// Bank, customer, check, deposit serial, deposit line, date: the six parts of the key. [O]
type SixPartKey = (String, String, String, i64, i64, Date);

#[derive(Debug, Clone, Default)]
pub struct PostedReceipts {
    /// In the order of posting.
    rows: Vec<PostedReceipt>,
    by_key: BTreeMap<SixPartKey, usize>,
    by_customer: BTreeMap<String, Vec<usize>>,
    by_check: BTreeMap<String, Vec<usize>>,
    by_batch: BTreeMap<i64, Vec<usize>>,
}

impl PostedReceipts {
    pub fn add(&mut self, posted: PostedReceipt) {
        let at = self.rows.len();
        let receipt = &posted.receipt;
        let (customer, check) = (receipt.customer.clone(), receipt.check.clone());
        self.by_key.insert(posted.key(), at);
        self.by_customer.entry(customer).or_default().push(at);
        self.by_check.entry(check).or_default().push(at);
        self.by_batch.entry(posted.batch).or_default().push(at);
        self.rows.push(posted);
    }

    /// In the order of posting.
    pub fn all(&self) -> impl Iterator<Item = &PostedReceipt> {
        self.rows.iter()
    }

    /// Those check numbers that more than one receipt bears.
    pub fn repeated_checks(&self) -> impl Iterator<Item = (&str, usize)> {
        let repeated =
            self.by_check.iter().filter(|(check, all)| !check.is_empty() && all.len() > 1);
        repeated.map(|(check, all)| (check.as_str(), all.len()))
    }

    /// Whether a receipt that was not returned bears the check number.
    #[must_use]
    pub fn has_check(&self, check: &str, customer: Option<&str>) -> bool {
        let same = |posted: &PostedReceipt| {
            posted.returned.is_none() && customer.is_none_or(|c| c == posted.receipt.customer)
        };
        self.by_check.get(check).into_iter().flatten().filter_map(|at| self.rows.get(*at)).any(same)
    }

    /// The receipt to be returned, when exactly one fits.
    pub fn find_mut(
        &mut self,
        fits: impl Fn(&PostedReceipt) -> bool,
        check: Option<&str>,
    ) -> Option<&mut PostedReceipt> {
        let places: Vec<usize> = match check {
            Some(check) => self.by_check.get(check).cloned().unwrap_or_default(),
            None => (0..self.rows.len()).collect(),
        };
        let rows = &self.rows;
        let mut found = places.into_iter().filter(|at| rows.get(*at).is_some_and(&fits));
        let (Some(at), None) = (found.next(), found.next()) else { return None };
        self.rows.get_mut(at)
    }

    /// In key order, by the index that fits those equalities.
    #[must_use]
    pub fn near(&self, near: &Key) -> Vec<&PostedReceipt> {
        let given = |name: &str| near.get(name).and_then(Value::as_str);
        let places = if let Some(check) = given("CheckReceiptNumber") {
            self.by_check.get(check)
        } else if let Some(batch) = near.get("BatchNumber").and_then(Value::as_i64) {
            self.by_batch.get(&batch)
        } else if let Some(customer) = given("CustomerNumber") {
            self.by_customer.get(customer)
        } else {
            return self.by_key.values().filter_map(|at| self.rows.get(*at)).collect();
        };
        let mut found: Vec<&PostedReceipt> =
            places.into_iter().flatten().filter_map(|at| self.rows.get(*at)).collect();
        found.sort_by_key(|posted| posted.key());
        found
    }
}

impl PostedReceipt {
    fn key(&self) -> SixPartKey {
        let Receipt { bank, customer, check, date, .. } = &self.receipt;
        (bank.clone(), customer.clone(), check.clone(), self.serial, self.line, *date)
    }

    #[must_use]
    pub fn row(&self) -> Row {
        let receipt = &self.receipt;
        let mut row = Row::with_capacity(36);
        put(&mut row, "BankCode", receipt.bank.as_str());
        put(&mut row, "CustomerNumber", receipt.customer.as_str());
        put(&mut row, "CheckReceiptNumber", receipt.check.as_str());
        put(&mut row, "DepositSerialNumber", self.serial);
        put(&mut row, "DepositLineNumber", self.line);
        put(&mut row, "ReceiptDate", day(receipt.date));
        put(&mut row, "DepositNumber", self.deposit);
        put(&mut row, "CustomerReceiptAmount", number(receipt.amount));
        put(&mut row, "BankReceiptAmount", number(receipt.bank_amount));
        put(&mut row, "FunctionalReceiptAmount", number(self.functional));
        put(&mut row, "CurrencyCode", receipt.currency.as_str());
        put(&mut row, "RateType", "SP");
        put(&mut row, "RateDate", day(receipt.posting_date));
        put(&mut row, "ExchangeRate", number(receipt.rate));
        put(&mut row, "PaymentCode", receipt.payment_code.as_str());
        put(&mut row, "PaymentType", receipt.payment_type.as_str());
        let class = receipt.purpose.document().map_or(Class::Receipt, |(class, _)| class);
        put(&mut row, "DocumentType", class.member());
        put(&mut row, "DocumentNumber", receipt.document.as_str());
        put(&mut row, "BatchNumber", self.batch);
        put(&mut row, "EntryNumber", self.entry);
        put(&mut row, "BatchDate", day(self.batch_date));
        put(&mut row, "PostingDate", day(receipt.posting_date));
        receipt.period.write(&mut row);
        put(&mut row, "Payer", self.payer.clone());
        put(&mut row, "EntryDescription", self.description.clone());
        put(&mut row, "EntryReference", self.reference.clone());
        let cleared = if self.returned.is_some() { "Returned" } else { "Outstanding" };
        put(&mut row, "CheckCleared", cleared);
        put(&mut row, "DateReturned", day_or_null(self.returned.as_ref().map(|(on, _)| *on)));
        let reason = self.returned.as_ref().map_or("", |(_, reason)| reason.as_str());
        put(&mut row, "ReasonForReturn", reason);
        put(&mut row, "DateLastMaintained", day(self.maintained));
        put(&mut row, "PostingSequenceNumber", self.sequence);
        if let [line] = receipt.applied.as_slice() {
            put(&mut row, "InvoiceNumber", line.document.as_str());
        }
        row
    }
}
