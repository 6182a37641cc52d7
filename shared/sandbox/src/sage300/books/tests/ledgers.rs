use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

const GL: &str = "GLJournalBatches";

fn journal(amounts: &[(&str, i64)]) -> Value {
    let details: Vec<Value> = amounts
        .iter()
        .map(|(account, amount)| json!({"AccountNumber": account, "Amount": amount}))
        .collect();
    json!({"Description": "Fees", "JournalHeaders": [{"SourceLedger": "GL", "SourceType": "JE",
        "DocumentDate": "2026-02-28T00:00:00Z", "JournalDetails": details}]})
}

#[test]
fn journals_must_balance_and_post_when_asked() {
    let mut books = books();
    for bad in [
        journal(&[("6115", 12), ("1020", -11)]),
        journal(&[("6115", 0)]),
        journal(&[("6115", 12), ("NONE", -12)]),
    ] {
        assert!(try_insert(&mut books, GL, bad).is_err());
    }
    let batch = insert(&mut books, GL, journal(&[("6115", 12), ("1020", -12)]));
    assert_eq!((&batch["BatchNumber"], &batch["Status"]), (&json!("000401"), &json!("Open")));
    let header = &batch["JournalHeaders"][0];
    assert_eq!(
        (&header["EntryNumber"], &header["BatchNumber"]),
        (&json!("00001"), &json!("000401"))
    );
    assert_eq!(header["JournalDetails"][1]["TransactionNumber"], "0000000040");
    assert_eq!(batch["Debits"], 12);
    let name = json!({"BatchNumber": "000401"});
    books.patch(now(), GL, &key(name.clone()), &row(json!({"ReadyToPost": "Yes"}))).unwrap();
    assert_eq!(get(&books, GL, name.clone())["ReadyToPost"], "Yes");
    let asked = json!({"PostBatchFrom": "000401", "PostBatchTo": "000401"});
    books.process(now(), "GLPostJournal", &row(asked)).unwrap();
    assert_eq!(get(&books, GL, name)["Status"], "Posted");
    assert_eq!(books.state()["gl"]["6115"], "12.00");
    let rows = list(&books, "GLPostedTransactions", json!({"AccountNumber": "6115"}));
    assert_eq!((rows.len(), &rows[0]["JournalTransactionAmount"]), (1, &json!(12)));
}

#[test]
fn a_period_locked_for_the_ledger_moves_the_entry_to_an_error_batch() {
    let mut books = books();
    insert(&mut books, GL, journal(&[("6115", 12), ("1020", -12)]));
    tell(&mut books, "lock_period", json!({"module": "GL", "year": 2026, "period": 2}));
    let posted = tell(&mut books, "post_batch", json!({"type": "GL", "batch": 401}));
    assert_eq!(posted["errors"], 1);
    let first = get(&books, GL, json!({"BatchNumber": "000401"}));
    assert_eq!(first["JournalHeaders"][0]["ErrorBatch"], 402);
    assert!(books.ledger.balances.is_empty());
}

#[test]
fn subledger_entries_wait_until_a_batch_is_created_for_them() {
    let mut books = with_invoices(json!({"gl_batches": "OnRequest"}));
    entered_and_posted(&mut books, vec![receipt("1", "IN1", 10)]);
    assert_eq!(books.state()["gl"], json!({}));
    let cash = json!({"ProcessReceiptBatch": "PostCashbatches",
        "ReceiptThroughPostingSequenceNumber": 999_999});
    books.process(now(), "ARCreateGLBatch", &row(cash.clone())).unwrap();
    let batches = list(&books, GL, json!({}));
    assert_eq!((batches.len(), &batches[0]["JournalBatchType"]), (1, &json!("Subledger")));
    books.process(now(), "ARCreateGLBatch", &row(cash)).unwrap();
    assert_eq!(list(&books, GL, json!({})).len(), 1, "nothing is handed over twice");
    let batch = batches[0]["BatchNumber"].clone();
    tell(&mut books, "post_batch", json!({"type": "GL", "batch": batch}));
    assert_eq!(books.state()["gl"]["1020"], "13.65");
    assert_ne!(books.state()["gl_waiting"], 0, "the invoices' still wait");
}

#[test]
fn bank_entries_post_as_they_are_entered() {
    let mut books = books();
    let entry = |kind: &str, amount: Value| {
        json!({"BankCode": "SEATAC", "BankEntryDate": "2026-02-28T00:00:00Z",
            "BankEntryType": kind, "EntryDescription": "Fees", "BankEntryDetail": [
                {"LineNumber": 1, "GLAccount": "6115", "SourceAmount": amount}]})
    };
    let stored = insert(&mut books, "BKBankEntries", entry("Withdrawals", json!(12.4)));
    assert_eq!(stored["SequenceNumber"], 21);
    assert_eq!(stored["BankEntryDetail"][0]["SequenceNumber"], 21);
    insert(&mut books, "BKBankEntries", entry("Deposits", json!(2.4)));
    assert_eq!(books.state()["bank"]["SEATAC"], "-10.00");
    assert_eq!(books.state()["gl"]["6115"], "13.65", "10 at 1.365");
    assert!(try_insert(&mut books, "BKBankEntries", entry("Deposits", json!(0))).is_err());
    agree(&books);
}

/// Whatever people and programs do, in whatever order, the books agree with themselves.
#[test]
fn the_books_agree_after_any_sequence() {
    for seed in 0..60 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut books = with_invoices(json!({"applied_limit":
            if seed % 2 == 0 { "Due" } else { "NetOfPending" }}));
        for step in 0..40 {
            act(&mut books, &mut random, step);
        }
        tell(&mut books, "post_all", json!({"ready_first": true}));
        agree(&books);
        let unposted = super::super::batch::Kind::ALL.map(|kind| books.shelves.of(kind).unposted());
        let empty = unposted.into_iter().flatten().all(|batch| batch.entries.is_empty());
        assert!(!empty || books.pending.is_empty(), "seed {seed}: {:?}", books.pending);
    }
}

/// One thing that happens; refusals are part of life.
fn act(books: &mut Books, random: &mut ChaCha8Rng, step: i32) {
    let check = format!("C{step}");
    let documents: Vec<(String, String)> =
        books.documents.open().map(super::super::document::Document::name).collect();
    let (customer, document) = documents[random.random_range(0..documents.len())].clone();
    let amount = random.random_range(1..60);
    let batch = random.random_range(101..130);
    let line = json!([{"DocumentNumber": document, "CustomerReceiptAmount": amount}]);
    match random.random_range(0..10) {
        0..=2 => {
            let kind = ["Receipt", "Prepayment", "UnappliedCash"][random.random_range(0..3)];
            let mut entry = json!({"CustomerNumber": customer, "ReceiptTransactionType": kind,
                "CheckReceiptNumber": check, "BankReceiptAmount": amount + 3});
            entry["AppliedReceiptsAdjustments"] = line;
            let _ = try_insert(books, CA, batch_of(vec![entry]));
        }
        3 => {
            let entry = json!({"CustomerNumber": customer, "DocumentNumber": document,
                "ReceiptTransactionType": "ApplyDocument", "AppliedReceiptsAdjustments": [
                    {"DocumentNumber": "IN1", "CustomerReceiptAmount": amount}]});
            let _ = try_insert(books, CA, batch_of(vec![entry]));
        }
        4 => {
            let entry = json!({"CustomerNumber": customer, "AppliedReceiptsAdjustments": [
                {"DocumentNumber": document, "CustomerAdjustmentTotal": amount - 30}]});
            let batch = json!({"BatchRecordType": "AD", "ReceiptsAdjustments": [entry]});
            let _ = try_insert(books, CA, batch);
        }
        5 => {
            let invoice = json!({"CustomerNumber": "1400", "InvoiceDetails": [
                {"DistributionCode": "DESK", "ExtendedAmountWithTIP": amount}]});
            insert(books, "ARInvoiceBatches", json!({"Invoices": [invoice]}));
        }
        6 => {
            let refund = json!({"RefundEntries": [{"CustomerNumber": customer, "RefundDetails": [
                {"DocumentNumber": document, "CashBankAccount": "SEATAC",
                 "AmountCustomer": amount}]}]});
            let _ = try_insert(books, "ARRefundBatches", refund);
        }
        7 => {
            let _ = books.command(now(), "delete_entry", &json!({"batch": batch, "entry": 1}));
        }
        8 => {
            let body = json!({"check_receipt_number": format!("C{}", random.random_range(0..40))});
            let _ = books.command(now(), "return_receipt", &body);
        }
        _ => {
            tell(books, "post_all", json!({"ready_first": true}));
        }
    }
}
