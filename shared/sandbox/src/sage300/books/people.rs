//! A person at the screens: corrects entries, keys receipts, reverses them in the bank.

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::resource::{Key, Row};
use super::Books;
use super::batch::{Kind, Status};
use super::cell::{decimal, number, put, text};
use super::posted_receipt::PostedReceipt;
use super::receipt::Purpose;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyedReceipt {
    customer: String,
    amount: Value,
    #[serde(default)]
    check_receipt_number: String,
    #[serde(default)]
    document: Option<String>,
    /// `Receipt`, `Prepayment` or `UnappliedCash`.
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    bank: Option<String>,
    #[serde(default)]
    payment_code: Option<String>,
    #[serde(default)]
    date: Option<Date>,
    #[serde(default)]
    description: String,
    #[serde(default)]
    reference: String,
    #[serde(default)]
    post: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Returned {
    #[serde(default)]
    check_receipt_number: Option<String>,
    #[serde(default)]
    document_number: Option<String>,
    #[serde(default)]
    customer: Option<String>,
    #[serde(default)]
    date: Option<Date>,
    #[serde(default)]
    reason: String,
}

impl Books {
    /// Sets the batch ready and posts it.
    pub(super) fn post_one(&mut self, now: Timestamp, body: &Value) -> Result<Value, String> {
        let (kind, number) = self.batch_meant(body)?;
        self.set_status(kind, number, Status::ReadyToPost)?;
        self.post_ready(now, kind, number, number).map_err(|refusal| refusal.message)?;
        let batch = self.shelves.of(kind).find(number).ok_or("the batch is gone")?;
        Ok(json!({"batch": number, "status": batch.status.member(), "errors": batch.errors}))
    }

    /// Reopens the batch if need be, and changes an entry.
    pub(super) fn edit_entry(&mut self, body: &Value) -> Result<Value, String> {
        let Some(Value::Object(set)) = body.get("set") else {
            return Err("say what to set: {\"set\": {\"EntryDescription\": \"x\"}}".into());
        };
        self.correct(body, set.clone(), "Update")
    }

    /// Reopens the batch if need be, and deletes an entry.
    pub(super) fn delete_entry(&mut self, body: &Value) -> Result<Value, String> {
        self.correct(body, Row::new(), "Delete")
    }

    /// Takes a batch that is ready to post back to open.
    pub(super) fn reopen_batch(&mut self, body: &Value) -> Result<Value, String> {
        let (kind, batch) = self.batch_meant(body)?;
        self.set_status(kind, batch, Status::Open)?;
        Ok(json!({"type": kind.code(), "batch": batch}))
    }

    fn correct(&mut self, body: &Value, mut change: Row, operation: &str) -> Result<Value, String> {
        let (kind, batch) = self.batch_meant(body)?;
        let entry = body.get("entry").and_then(Value::as_i64).ok_or("say which entry")?;
        put(&mut change, "EntryNumber", entry);
        put(&mut change, "UpdateOperation", operation);
        let mut payload = Row::new();
        put(&mut payload, kind.status(), Status::Open.member());
        payload.insert(kind.entries().into(), json!([change]));
        self.change(kind, batch, &payload)?;
        Ok(json!({"type": kind.code(), "batch": batch, "entry": entry}))
    }

    fn set_status(&mut self, kind: Kind, batch: i64, status: Status) -> Result<(), String> {
        let mut payload = Row::new();
        put(&mut payload, kind.status(), status.member());
        self.change(kind, batch, &payload)
    }

    fn change(&mut self, kind: Kind, batch: i64, payload: &Row) -> Result<(), String> {
        let key = Key::from([("BatchNumber".to_owned(), Value::from(batch))]);
        self.change_batch(kind, &key, payload).map_err(|refusal| refusal.message)
    }

    /// Keys a receipt in a batch of its own and, unless told otherwise, posts it.
    pub(super) fn key_receipt(&mut self, now: Timestamp, body: &Value) -> Result<Value, String> {
        let keyed = KeyedReceipt::deserialize(body).map_err(|why| why.to_string())?;
        let amount = decimal(&keyed.amount).ok_or("the amount is no number")?;
        let payload = self.keyed_payload(&keyed, amount);
        let batch =
            self.create_batch(Kind::Receipts, &payload).map_err(|refusal| refusal.message)?;
        if keyed.post != Some(false) {
            self.post_one(now, &json!({ "batch": batch }))?;
        }
        let stored = self.shelves.of(Kind::Receipts).find(batch).ok_or("the batch is gone")?;
        let number = stored.entries.values().next().map(|entry| text(entry, "DocumentNumber"));
        Ok(json!({"batch": batch, "entry": 1, "document_number": number,
            "status": stored.status.member(), "errors": stored.errors}))
    }

    fn keyed_payload(&self, keyed: &KeyedReceipt, amount: Decimal) -> Row {
        let date = keyed.date.unwrap_or(self.today).to_string();
        let default = if keyed.document.is_some() { "Receipt" } else { "UnappliedCash" };
        let mut entry = Row::new();
        put(&mut entry, "CustomerNumber", keyed.customer.to_uppercase());
        let kind = keyed.kind.as_deref().unwrap_or(default);
        put(&mut entry, "ReceiptTransactionType", kind);
        put(&mut entry, "ReceiptDateAdjustmentDate", date.as_str());
        put(&mut entry, "PostingDate", date.as_str());
        put(&mut entry, "EntryDescription", keyed.description.as_str());
        put(&mut entry, "EntryReference", keyed.reference.as_str());
        put(&mut entry, "CheckReceiptNumber", keyed.check_receipt_number.to_uppercase());
        if let Some(code) = &keyed.payment_code {
            put(&mut entry, "PaymentCode", code.as_str());
        }
        put(&mut entry, "BankReceiptAmount", number(amount));
        put(&mut entry, "CustomerReceiptAmount", number(amount));
        if let Some(document) = &keyed.document {
            let line = json!({"DocumentNumber": document.to_uppercase(), "PaymentNumber": 1,
                "CustomerReceiptAmount": number(amount)});
            entry.insert("AppliedReceiptsAdjustments".into(), json!([line]));
        }
        let mut payload = Row::new();
        put(&mut payload, "BatchDate", format!("{date}T00:00:00Z"));
        let description = format!("Keyed by hand {date}");
        put(&mut payload, "Description", description);
        if let Some(bank) = &keyed.bank {
            put(&mut payload, "BankCode", bank.as_str());
        }
        payload.insert("ReceiptsAdjustments".into(), json!([entry]));
        payload
    }

    /// Bank Services "Reverse Transactions": the receipt is returned, its documents are open again.
    pub(super) fn return_receipt(&mut self, body: &Value) -> Result<Value, String> {
        let asked = Returned::deserialize(body).map_err(|why| why.to_string())?;
        let on = asked.date.unwrap_or(self.today);
        let period = self.calendar.period(on).ok_or("the date is in no fiscal year")?;
        let check = asked.check_receipt_number.as_deref().map(str::to_uppercase);
        if check.is_none() && asked.document_number.is_none() {
            return Err("say which: check_receipt_number or document_number".into());
        }
        let fits = |posted: &PostedReceipt| {
            let receipt = &posted.receipt;
            posted.returned.is_none()
                && asked.document_number.as_ref().is_none_or(|n| *n == receipt.document)
                && asked.customer.as_ref().is_none_or(|c| *c == receipt.customer)
        };
        let today = self.today;
        let found = self.receipts.find_mut(fits, check.as_deref());
        let posted = found.ok_or("there is not exactly one such receipt")?.clone();
        self.undo_document(&posted, on)?;
        if let Some(stored) = self.receipts.find_mut(fits, check.as_deref()) {
            stored.returned = Some((on, asked.reason.clone()));
            stored.maintained = today;
        }
        let receipt = &posted.receipt;
        for line in &posted.settled {
            let name = (receipt.customer.clone(), line.document.clone());
            self.change_due(&name, (line.amount, -line.functional), on);
        }
        *self.bank_balances.entry(receipt.bank.clone()).or_default() -= receipt.bank_amount;
        let journal = posted.journal.reversed(on, period);
        let sequence = self.counters.take(Kind::Receipts.code());
        self.hand_to_ledger(Kind::Receipts, sequence, vec![journal]);
        Ok(json!({"document_number": receipt.document, "customer": receipt.customer,
            "date_returned": on.to_string()}))
    }

    /// What the receipt left unapplied is gone; it must not have been used since.
    fn undo_document(&mut self, posted: &PostedReceipt, on: Date) -> Result<(), String> {
        let receipt = &posted.receipt;
        let name = (receipt.customer.clone(), receipt.document.clone());
        let Some(document) = self.documents.find(&name.0, &name.1) else { return Ok(()) };
        let left = match receipt.purpose {
            Purpose::Prepayment => receipt.amount,
            _ => receipt.unapplied(),
        };
        if document.due != -left {
            return Err(format!("{} has been applied or refunded since", receipt.document));
        }
        let change = (-document.due, -document.functional_due);
        self.change_due(&name, change, on);
        Ok(())
    }

    pub(super) fn inactivate_customer(&mut self, body: &Value) -> Result<Value, String> {
        let named = body.get("customer").or(body.get("number")).and_then(Value::as_str);
        let customer = &named.unwrap_or_default().to_uppercase();
        let today = super::cell::day(self.today);
        let row = self.masters.find_mut("ARCustomers", customer);
        let row = row.ok_or_else(|| format!("there is no customer {customer}"))?;
        put(row, "Status", "Inactive");
        put(row, "InactiveDate", today.clone());
        put(row, "DateLastMaintained", today);
        Ok(json!({ "customer": customer }))
    }
}
