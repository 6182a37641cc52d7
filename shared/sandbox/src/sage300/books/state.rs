//! The books as JSON, for tests and people. Amounts are texts, so that they stay exact.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::Books;
use super::batch::{Batch, Kind};
use super::cell::{plain, text};
use super::document::Document;
use super::posted_receipt::PostedReceipt;

impl Books {
    pub(super) fn audit(&self) -> Value {
        let open_batches = Kind::ALL.into_iter().flat_map(|kind| self.shelves.of(kind).unposted());
        let failures = self.failures.iter().map(|failure| {
            json!({"type": failure.kind.code(), "batch": failure.batch, "entry": failure.entry,
                "error_batch": failure.error_batch, "error_entry": failure.error_entry,
                "message": failure.message})
        });
        let duplicates = self
            .receipts
            .repeated_checks()
            .map(|(check, count)| json!({"check_receipt_number": check, "receipts": count}));
        json!({
            "receipts": self.receipts.all().map(receipt).collect::<Vec<_>>(),
            "totals": self.totals(),
            "duplicates": duplicates.collect::<Vec<_>>(),
            "open_batches": open_batches.map(open_batch).collect::<Vec<_>>(),
            "documents_open": self.documents.open().map(document).collect::<Vec<_>>(),
            "customers": self.customers_state(),
            "gl": amounts(self.ledger.balances.iter()),
            "gl_waiting": self.ledger.waiting.len(),
            "trial_balance": plain(self.ledger.trial_balance()),
            "bank": amounts(self.bank_balances.iter()),
            "posting_failures": failures.collect::<Vec<_>>(),
            "counters": self.counters_state(),
            "options": self.options,
            "today": self.today.to_string(),
        })
    }

    /// All posted receipts, returned ones included; the amount adds up customers' currencies.
    fn totals(&self) -> Value {
        let amount: Decimal = self.receipts.all().map(|posted| posted.receipt.amount).sum();
        json!({"receipts_count": self.receipts.all().count(), "receipts_amount": plain(amount)})
    }

    fn customers_state(&self) -> Value {
        let rows = self.standings.iter().map(|(customer, standing)| {
            let state = json!({"balance": plain(standing.balance),
                "functional_balance": plain(standing.functional_balance),
                "prepaid": plain(standing.prepaid),
                "open_documents": standing.open_documents});
            (customer.clone(), state)
        });
        Value::Object(rows.collect())
    }

    fn counters_state(&self) -> Value {
        let mut counters: Map<String, Value> =
            self.counters.all().map(|(name, count)| (name.to_owned(), count.into())).collect();
        for kind in Kind::ALL {
            let next = self.shelves.of(kind).next_number();
            counters.insert(format!("next_batch {}", kind.code()), next.into());
        }
        Value::Object(counters)
    }
}

fn amounts<'a>(balances: impl Iterator<Item = (&'a String, &'a Decimal)>) -> Value {
    Value::Object(balances.map(|(name, sum)| (name.clone(), plain(*sum).into())).collect())
}

fn receipt(posted: &PostedReceipt) -> Value {
    let receipt = &posted.receipt;
    let lines = posted
        .settled
        .iter()
        .map(|line| json!({"document": line.document, "amount": plain(line.amount)}));
    json!({
        "batch": posted.batch,
        "entry": posted.entry,
        "customer": receipt.customer,
        "check_receipt_number": receipt.check,
        "document_number": receipt.document,
        "type": receipt.purpose.document().map_or("MiscellaneousReceipt", |(c, _)| c.member()),
        "amount": plain(receipt.amount),
        "currency": receipt.currency,
        "bank": receipt.bank,
        "bank_amount": plain(receipt.bank_amount),
        "payment_code": receipt.payment_code,
        "entry_reference": posted.reference,
        "entry_description": posted.description,
        "payer": posted.payer,
        "receipt_date": receipt.date.to_string(),
        "posting_date": receipt.posting_date.to_string(),
        "returned": posted.returned.is_some(),
        "lines": lines.collect::<Vec<_>>(),
    })
}

fn open_batch(batch: &Batch) -> Value {
    let references = lines_of(batch, "CheckReceiptNumber");
    json!({
        "type": batch.kind.code(),
        "number": batch.number,
        "description": batch.description(),
        "status": batch.status.member(),
        "entries": batch.entries.len(),
        "total": plain(batch.total),
        "check_receipt_numbers": references,
        "locked": batch.locked,
    })
}

fn lines_of(batch: &Batch, name: &str) -> Vec<String> {
    let texts = batch.entries.values().map(|entry| text(entry, name).to_owned());
    texts.filter(|text| !text.is_empty()).collect()
}

fn document(document: &Document) -> Value {
    json!({
        "customer": document.customer,
        "document": document.number,
        "type": document.class.member(),
        "amount": plain(document.amount),
        "due": plain(document.due),
        "currency": document.currency,
        "date": document.date.to_string(),
        "due_date": document.due_date.map(|date| date.to_string()),
    })
}
