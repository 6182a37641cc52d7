use super::*;

#[test]
fn a_receipt_is_entered_with_its_computed_fields() {
    let mut books = with_invoices(json!({}));
    let mut entry = receipt("9000001", "IN1", 60);
    entry["EntryReference"] = json!("kept");
    entry["VANReference"] = json!("unknown to bookkeeping");
    let stored = insert(&mut books, CA, batch_of(vec![entry]));
    assert_eq!(stored["BatchNumber"], 101, "the server chooses");
    assert_eq!((&stored["BatchStatus"], &stored["NumberOfEntries"]), (&json!("Open"), &json!(1)));
    assert_eq!(stored["BatchTotal"].to_string(), "60");
    let entry = &stored["ReceiptsAdjustments"][0];
    assert_eq!(entry["EntryNumber"], 1);
    assert_eq!(entry["DocumentNumber"], "PY0000000000000000001");
    assert_eq!(entry["CustomerCurrencyCode"], "USD");
    assert_eq!(entry["FiscalPeriod"], "03");
    assert_eq!(entry["VANReference"], "unknown to bookkeeping");
    assert_eq!(entry["CustomerUnappliedAmount"].to_string(), "0");
    let line = &entry["AppliedReceiptsAdjustments"][0];
    assert_eq!((&line["LineNumber"], &line["BatchNumber"]), (&json!(20), &json!(101)));
    assert_eq!(line["DocumentAmountDue"].to_string(), "100.00");
    assert_eq!(line["DocumentNetBalance"].to_string(), "40.00");
    assert_eq!(due(&books, "1200", "IN1"), "100.00", "nothing moves before posting");
}

#[test]
fn pending_amounts_of_other_batches_show_on_lines() {
    let mut books = with_invoices(json!({}));
    enter(&mut books, vec![receipt("1", "IN1", 30)]);
    let second = enter(&mut books, vec![receipt("2", "IN1", 60)]);
    let line = |books: &Books| {
        get(books, CA, ca(second))["ReceiptsAdjustments"][0]["AppliedReceiptsAdjustments"][0]
            .clone()
    };
    assert_eq!(line(&books)["PendingReceiptAmount"].to_string(), "30");
    assert_eq!(line(&books)["DocumentNetBalance"].to_string(), "10.00");
    patch(&mut books, 101, json!({"BatchStatus": "Deleted"})).unwrap();
    assert_eq!(line(&books)["PendingReceiptAmount"].to_string(), "0");
}

#[test]
fn defaults_fill_what_is_left_out() {
    let mut books = with_invoices(json!({}));
    let entry = json!({"CustomerNumber": "1500", "BankReceiptAmount": 22.5,
        "ReceiptTransactionType": "UnappliedCash"});
    let stored = insert(&mut books, CA, json!({"ReceiptsAdjustments": [entry]}));
    assert_eq!(stored["BankCode"], "SEATAC");
    assert_eq!(stored["DefaultBankCurrency"], "USD");
    assert_eq!(stored["BatchDate"], "2026-03-02T00:00:00Z");
    let entry = &stored["ReceiptsAdjustments"][0];
    assert_eq!(entry["PaymentCode"], "CCARD", "the customer's");
    assert_eq!(entry["PaymentType"], "Other");
    assert_eq!(entry["CustomerReceiptAmount"].to_string(), "22.5");
    assert_eq!(entry["PostingDate"], "2026-03-02T00:00:00Z");
    assert_eq!(entry["CustomerUnappliedAmount"].to_string(), "22.5");
    assert!(entry["DocumentNumber"].as_str().unwrap().starts_with("UC"));
}

#[test]
fn what_is_not_in_order_is_refused_and_leaves_nothing() {
    let mut books = with_invoices(json!({"locked_period_at_entry": true}));
    tell(&mut books, "lock_period", json!({"module": "AR", "year": 2026, "period": 1}));
    let with = |name: &str, value: Value| {
        let mut entry = receipt("1", "IN1", 10);
        entry[name] = value;
        entry
    };
    let line = |document: &str, customer: &str| {
        json!([{"DocumentNumber": document, "CustomerNumber": customer,
            "CustomerReceiptAmount": 10}])
    };
    for (entry, code, text) in [
        (with("CustomerNumber", json!("NOBODY")), "FieldInvalid", "NOBODY does not exist"),
        (with("CustomerNumber", json!("1600")), "RecordInvalid", "1600 is inactive"),
        (with("PaymentCode", json!("X")), "FieldInvalid", "Payment code X"),
        (with("BankCode", json!("X")), "FieldInvalid", "Bank code X"),
        (with("PostingDate", json!("2031-01-01T00:00:00Z")), "FieldInvalid", "fiscal period"),
        (with("PostingDate", json!("2026-01-05T00:00:00Z")), "RecordInvalid", "locked"),
        (with("BankReceiptAmount", json!(0)), "FieldInvalid", "greater than zero"),
        (
            with("AppliedReceiptsAdjustments", line("IN9", "1200")),
            "FieldInvalid",
            "IN9 does not exist",
        ),
        (
            with("AppliedReceiptsAdjustments", line("IN1", "1500")),
            "RecordInvalid",
            "does not belong",
        ),
        (receipt("77", "IN1", 101), "RecordInvalid", "Check/Receipt Number 77 is overapplied."),
    ] {
        let mut entry = entry;
        if entry["BankReceiptAmount"] == 0 {
            entry["CustomerReceiptAmount"] = json!(0);
        }
        let good = receipt("0", "IN2", 1);
        let refusal = try_insert(&mut books, CA, batch_of(vec![good, entry])).unwrap_err();
        assert_eq!((refusal.status, refusal.code), (409, code), "{}", refusal.message);
        assert!(refusal.message.contains(text), "{}", refusal.message);
    }
    assert!(list(&books, CA, json!({})).is_empty());
    assert!(books.pending.is_empty(), "refused entries leave nothing pending");
    assert_eq!(enter(&mut books, vec![receipt("1", "IN1", 10)]), 101);
}

#[test]
fn more_applied_than_received_is_overapplied() {
    let mut books = with_invoices(json!({}));
    let mut entry = receipt("55", "IN1", 100);
    entry["BankReceiptAmount"] = json!(90);
    entry["CustomerReceiptAmount"] = json!(90);
    let refusal = try_insert(&mut books, CA, batch_of(vec![entry])).unwrap_err();
    assert_eq!(refusal.message, "Check/Receipt Number 55 is overapplied.");
}

#[test]
fn the_limit_on_entry_may_count_what_is_pending() {
    let mut books = with_invoices(json!({"applied_limit": "NetOfPending"}));
    let first = enter(&mut books, vec![receipt("1", "IN1", 70)]);
    let again = batch_of(vec![receipt("2", "IN1", 40)]);
    assert!(try_insert(&mut books, CA, again.clone()).is_err());
    patch(
        &mut books,
        first,
        json!({"ReceiptsAdjustments": [
        {"EntryNumber": 1, "UpdateOperation": "Delete"}]}),
    )
    .unwrap();
    assert!(try_insert(&mut books, CA, again).is_ok());
}

#[test]
fn another_currency_needs_both_amounts_and_books_the_difference() {
    let mut books = with_invoices(json!({}));
    let mut entry = receipt("1", "IN1", 100);
    entry.as_object_mut().unwrap().remove("BankReceiptAmount");
    let mut batch = batch_of(vec![entry]);
    batch["BankCode"] = json!("CCB");
    batch["DefaultBankCurrency"] = json!("CAD");
    assert!(try_insert(&mut books, CA, batch.clone()).unwrap_err().message.contains("CAD"));
    batch["ReceiptsAdjustments"][0]["BankReceiptAmount"] = json!(140);
    let number = insert(&mut books, CA, batch)["BatchNumber"].as_i64().unwrap();
    ready(&mut books, number);
    post(&mut books, number).unwrap();
    assert_eq!(due(&books, "1200", "IN1"), "0.00");
    assert_eq!(books.state()["bank"]["CCB"], "140.00");
    assert_eq!(books.state()["gl"]["7100"], "-3.50", "140 CAD for a debt of 136.50 CAD");
    agree(&books);
}

#[test]
fn a_prepayment_waits_for_its_order_and_pays_the_invoice() {
    let mut books = with_invoices(json!({}));
    let entry = json!({"CustomerNumber": "1200", "ReceiptTransactionType": "Prepayment",
        "CheckReceiptNumber": "1", "DocumentType": "OrderNumber",
        "MatchingDocumentNumber": "ORD5", "BankReceiptAmount": 20,
        "AppliedReceiptsAdjustments": [{"PaymentNumber": 1, "CustomerReceiptAmount": 20}]});
    let posted = entered_and_posted(&mut books, vec![entry]);
    let number = posted["ReceiptsAdjustments"][0]["DocumentNumber"].as_str().unwrap().to_owned();
    assert!(number.starts_with("PP"));
    let name = json!({"CustomerNumber": "1200", "DocumentNumber": number});
    let document = get(&books, "ARPostedDocuments", name.clone());
    assert_eq!(document["DocumentType"], "Prepayment");
    assert_eq!(document["CustomerCurrencyAmountDue"].to_string(), "-20");
    assert_eq!(document["OrderNumber"], "ORD5");
    let customer = get(&books, "ARCustomers", json!({"CustomerNumber": "1200"}));
    assert_eq!(customer["AmountPrepaidCustomerCurrency"].to_string(), "20");
    assert_eq!(customer["NumberOfOpenPrepayments"], 1);
    agree(&books);

    let invoice = json!({"CustomerNumber": "1200", "DocumentNumber": "INX", "TaxGroup": "USDTAX",
        "OrderNumber": "ORD5", "InvoiceDetails": [
            {"DistributionCode": "DESK", "ExtendedAmountWithTIP": 30}]});
    let batch = insert(&mut books, "ARInvoiceBatches", json!({"Invoices": [invoice]}));
    tell(&mut books, "post_batch", json!({"type": "IN", "batch": batch["BatchNumber"]}));
    assert_eq!(due(&books, "1200", "INX"), "10");
    assert_eq!(get(&books, "ARPostedDocuments", name)["FullyPaid"], "Yes");
    agree(&books);
}

#[test]
fn unapplied_cash_is_applied_by_hand() {
    let mut books = with_invoices(json!({}));
    let cash = json!({"CustomerNumber": "1200", "ReceiptTransactionType": "UnappliedCash",
        "CheckReceiptNumber": "1", "BankReceiptAmount": 80});
    let posted = entered_and_posted(&mut books, vec![cash]);
    let number = posted["ReceiptsAdjustments"][0]["DocumentNumber"].clone();
    let apply = |amount: i64| {
        json!({"CustomerNumber": "1200", "ReceiptTransactionType": "ApplyDocument",
            "DocumentType": "UnappliedCash", "DocumentNumber": number,
            "AppliedReceiptsAdjustments": [
                {"DocumentNumber": "IN1", "CustomerReceiptAmount": amount}]})
    };
    assert!(try_insert(&mut books, CA, batch_of(vec![apply(81)])).is_err());
    let posted = entered_and_posted(&mut books, vec![apply(60)]);
    assert_eq!(posted["BatchTotal"].to_string(), "0");
    assert_eq!(due(&books, "1200", "IN1"), "40.00");
    assert_eq!(due(&books, "1200", number.as_str().unwrap()), "-20");
    assert_eq!(list(&books, "ARPostedReceipts", json!({})).len(), 1, "no cash came");
    agree(&books);
}

#[test]
fn a_receipt_may_leave_a_rest_unapplied() {
    let mut books = with_invoices(json!({}));
    let mut entry = receipt("1", "IN2", 50);
    entry["BankReceiptAmount"] = json!(65);
    entry["CustomerReceiptAmount"] = json!(65);
    let posted = entered_and_posted(&mut books, vec![entry]);
    let number = posted["ReceiptsAdjustments"][0]["DocumentNumber"].as_str().unwrap().to_owned();
    assert_eq!(due(&books, "1200", "IN2"), "0.00");
    assert_eq!(due(&books, "1200", &number), "-15");
    agree(&books);
}

#[test]
fn a_miscellaneous_receipt_has_no_customer_but_accounts() {
    let mut books = books();
    let entry = |amount: i64| {
        json!({"CustomerNumber": "", "ReceiptTransactionType": "MiscellaneousReceipt",
            "CheckReceiptNumber": "M1", "BankReceiptAmount": amount, "MiscellaneousReceipts": [
                {"DistributionCode": "DESK", "DistributionAmount": 30},
                {"AccountNumber": "4220", "DistributionAmount": 12}]})
    };
    let refusal = try_insert(&mut books, CA, batch_of(vec![entry(40)])).unwrap_err();
    assert!(refusal.message.contains("out of balance"));
    entered_and_posted(&mut books, vec![entry(42)]);
    let rows = list(&books, "ARPostedReceipts", json!({"CheckReceiptNumber": "M1"}));
    assert_eq!(rows[0]["CustomerNumber"], "");
    assert_eq!(books.state()["gl"]["4220"], "-16.38", "12 USD at 1.365");
    agree(&books);
}

#[test]
fn an_adjustment_writes_off_and_its_sign_is_an_option() {
    for (options, amount) in [(json!({}), -1), (json!({"positive_adjustment_credits": true}), 1)] {
        let mut books = with_invoices(options);
        let batch = json!({"BatchRecordType": "AD", "ReceiptsAdjustments": [{
            "CustomerNumber": "1200", "AppliedReceiptsAdjustments": [{
                "DocumentNumber": "IN1", "AdjustmentGLDistributions": [{
                    "TransactionType": "AdjustmentPosted", "DistributionCode": "WRTOFF",
                    "DistributionAmount": amount}]}]}]});
        let stored = insert(&mut books, CA, batch);
        assert_eq!(stored["BatchRecordType"], "AD");
        tell(&mut books, "post_batch", json!({"type": "AD", "batch": stored["BatchNumber"]}));
        assert_eq!(due(&books, "1200", "IN1"), "99.00");
        assert_eq!(books.state()["gl"]["6100"], "1.37", "1 USD at 1.365");
        assert!(list(&books, "ARPostedReceipts", json!({})).is_empty());
        agree(&books);
    }
}

#[test]
fn a_discount_taken_counts_against_the_amount_due() {
    let mut books = with_invoices(json!({}));
    let mut entry = receipt("1", "IN1", 98);
    entry["AppliedReceiptsAdjustments"][0]["CustomerDiscountAmountTaken"] = json!(2);
    entered_and_posted(&mut books, vec![entry]);
    assert_eq!(due(&books, "1200", "IN1"), "0.00");
    agree(&books);
}
