//! The sample company at work.

mod desk;
mod invoices;
mod ledgers;
mod masters;
mod orders;
mod posting;
mod receipts;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::super::resource::{Company, Key, Records, Row, SageError};
use super::super::schema::catalogue;
use super::{Books, Options};

const CA: &str = "ARReceiptAndAdjustmentBatches";

fn now() -> Timestamp {
    "2026-03-02T10:00:00Z".parse().unwrap()
}

fn row(value: Value) -> Row {
    let Value::Object(row) = value else { panic!("not an object: {value}") };
    row
}

fn books() -> Books {
    with(json!({}))
}

fn with(options: Value) -> Books {
    let mut books = Books::samltd(serde_json::from_value::<Options>(options).unwrap());
    books.due(now());
    books
}

/// A company in which customer 1200 (USD) owes 100 on IN1 and 50 on IN2.
fn with_invoices(options: Value) -> Books {
    let mut books = with(options);
    let invoices = json!({"invoices": [
        {"customer": "1200", "document": "IN1", "amount": "100.00", "date": "2026-02-01"},
        {"customer": "1200", "document": "IN2", "amount": "50.00", "date": "2026-02-10",
         "order_number": "ORD77"},
    ]});
    tell(&mut books, "seed_invoices", invoices);
    books
}

fn tell(books: &mut Books, command: &str, body: Value) -> Value {
    books.command(now(), command, &body).unwrap()
}

fn try_insert(books: &mut Books, resource: &str, payload: Value) -> Result<Value, SageError> {
    books.insert(now(), resource, &row(payload)).map(Value::Object)
}

fn insert(books: &mut Books, resource: &str, payload: Value) -> Value {
    let stored = try_insert(books, resource, payload).unwrap();
    fits(resource, &stored);
    stored
}

/// What the books give must be what the schema says.
fn fits(resource: &str, stored: &Value) {
    let shape = &catalogue().resource(resource).unwrap().shape;
    assert_eq!(shape.misfit(stored.as_object().unwrap()), None, "{resource}");
}

fn key(parts: Value) -> Key {
    row(parts).into_iter().collect()
}

fn get(books: &Books, resource: &str, parts: Value) -> Value {
    let found = books.get(resource, &key(parts.clone()));
    let found = Value::Object(found.unwrap_or_else(|| panic!("no {resource} {parts}")));
    fits(resource, &found);
    found
}

fn list(books: &Books, resource: &str, near: Value) -> Vec<Value> {
    let rows: Vec<Value> =
        books.list(resource, &key(near)).into_iter().map(Value::Object).collect();
    rows.iter().for_each(|row| fits(resource, row));
    rows
}

/// A receipt entry for customer 1200 on one invoice.
fn receipt(check: &str, document: &str, amount: i64) -> Value {
    json!({"CustomerNumber": "1200", "ReceiptTransactionType": "Receipt",
        "CheckReceiptNumber": check, "PaymentCode": "CCARD",
        "BankReceiptAmount": amount, "CustomerReceiptAmount": amount,
        "AppliedReceiptsAdjustments": [{"DocumentNumber": document, "PaymentNumber": 1,
            "CustomerReceiptAmount": amount}]})
}

fn batch_of(entries: Vec<Value>) -> Value {
    json!({"BatchRecordType": "CA", "BatchNumber": 9, "BatchDate": "2026-03-02T00:00:00Z",
        "Description": "PTS1:x:1", "BankCode": "SEATAC", "DefaultBankCurrency": "USD",
        "ReceiptsAdjustments": entries})
}

fn enter(books: &mut Books, entries: Vec<Value>) -> i64 {
    insert(books, CA, batch_of(entries))["BatchNumber"].as_i64().unwrap()
}

fn ca(number: i64) -> Value {
    json!({"BatchRecordType": "CA", "BatchNumber": number})
}

fn patch(books: &mut Books, number: i64, change: Value) -> Result<(), SageError> {
    books.patch(now(), CA, &key(ca(number)), &row(change))
}

fn ready(books: &mut Books, number: i64) {
    patch(books, number, json!({"BatchStatus": "ReadyToPost"})).unwrap();
}

fn post(books: &mut Books, number: i64) -> Result<(), SageError> {
    let asked = json!({"BatchType": "CA", "PostAllBatches": "Donotpostallbatches",
        "PostBatchFrom": number, "PostBatchTo": number});
    books.process(now(), "ARPostReceiptsAndAdjustments", &row(asked))
}

fn entered_and_posted(books: &mut Books, entries: Vec<Value>) -> Value {
    let number = enter(books, entries);
    ready(books, number);
    post(books, number).unwrap();
    get(books, CA, ca(number))
}

fn due(books: &Books, customer: &str, document: &str) -> String {
    let name = json!({"CustomerNumber": customer, "DocumentNumber": document});
    get(books, "ARPostedDocuments", name)["CustomerCurrencyAmountDue"].to_string()
}

/// The books must agree with themselves, whatever happened.
fn agree(books: &Books) {
    assert_eq!(books.state()["trial_balance"], "0.00");
    let sum = |prepayments: bool, account: &str| -> Decimal {
        let set = if account.ends_with('5') { "USD" } else { "CAD" };
        let mine = books.documents.open().filter(|document| {
            (document.class == super::document::Class::Prepayment) == prepayments
                && document.currency == set
        });
        mine.map(|document| document.functional_due).sum()
    };
    for (account, prepayments) in [("1100", false), ("1105", false), ("2200", true), ("2205", true)]
    {
        let ledger = books.ledger.balances.get(account).copied().unwrap_or_default();
        assert_eq!(ledger, sum(prepayments, account), "account {account}");
    }
    for (customer, standing) in &books.standings {
        let open: Decimal = books.documents.open_of(customer).map(|document| document.due).sum();
        assert_eq!(standing.balance, open, "customer {customer}");
        let count = i64::try_from(books.documents.open_of(customer).count()).unwrap();
        assert_eq!(standing.open_documents, count, "customer {customer}");
    }
}
