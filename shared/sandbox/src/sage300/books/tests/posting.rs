use super::*;

#[test]
fn a_posted_receipt_moves_everything() {
    let mut books = with_invoices(json!({}));
    let posted = entered_and_posted(&mut books, vec![receipt("9000001", "IN1", 100)]);
    assert_eq!((&posted["BatchStatus"], &posted["NumberOfErrors"]), (&json!("Posted"), &json!(0)));
    assert_eq!(posted["PostingSequenceNumber"], 1);
    assert_eq!(posted["DepositNumber"], 1);
    let name = json!({"CustomerNumber": "1200", "DocumentNumber": "IN1"});
    let invoice = get(&books, "ARPostedDocuments", name);
    assert_eq!(invoice["CustomerCurrencyAmountDue"].to_string(), "0.00");
    assert_eq!(
        (&invoice["FullyPaid"], &invoice["DatePaid"]),
        (&json!("Yes"), &json!("2026-03-02T00:00:00Z"))
    );
    let rows = list(&books, "ARPostedReceipts", json!({"CheckReceiptNumber": "9000001"}));
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!(row["DepositSerialNumber"], 1);
    assert_eq!(row["FunctionalReceiptAmount"].to_string(), "136.50");
    assert_eq!(row["InvoiceNumber"], "IN1");
    let six = json!({"BankCode": "SEATAC", "CustomerNumber": "1200",
        "CheckReceiptNumber": "9000001", "DepositSerialNumber": 1, "DepositLineNumber": 1,
        "ReceiptDate": "2026-03-02T00:00:00Z"});
    assert_eq!(&get(&books, "ARPostedReceipts", six), row);
    let customer = get(&books, "ARCustomers", json!({"CustomerNumber": "1200"}));
    assert_eq!(customer["BalanceDueInCustomerCurrency"].to_string(), "50.00");
    assert_eq!(customer["NumberOfOpenDocuments"], 1);
    assert_eq!(customer["DateOfLastReceipt"], "2026-03-02T00:00:00Z");
    assert_eq!(customer["LastReceiptCustomerCurrency"].to_string(), "100");
    let state = books.state();
    assert_eq!(state["bank"]["SEATAC"], "100.00");
    assert_eq!(state["gl"]["1020"], "136.50");
    assert_eq!(state["receipts"][0]["lines"][0]["document"], "IN1");
    let bank = get(&books, "BKBanks", json!({"BankCode": "SEATAC"}));
    assert_eq!(bank["CurrentBalance"].to_string(), "100");
    agree(&books);
}

#[test]
fn only_ready_batches_in_the_range_post() {
    let mut books = with_invoices(json!({}));
    let open = enter(&mut books, vec![receipt("1", "IN1", 10)]);
    let frozen = enter(&mut books, vec![receipt("2", "IN1", 10)]);
    let other = enter(&mut books, vec![receipt("3", "IN1", 10)]);
    ready(&mut books, frozen);
    ready(&mut books, other);
    post(&mut books, open).unwrap();
    assert_eq!(get(&books, CA, ca(open))["BatchStatus"], "Open", "A2");
    post(&mut books, frozen).unwrap();
    post(&mut books, frozen).unwrap();
    assert_eq!(get(&books, CA, ca(frozen))["BatchStatus"], "Posted");
    assert_eq!(get(&books, CA, ca(other))["BatchStatus"], "ReadyToPost");
    assert_eq!(list(&books, "ARPostedReceipts", json!({})).len(), 1, "posting twice posts once");
    let all = json!({"BatchType": "CA", "PostAllBatches": "Postallbatches"});
    books.process(now(), "ARPostReceiptsAndAdjustments", &row(all)).unwrap();
    assert_eq!(get(&books, CA, ca(other))["BatchStatus"], "Posted");
    assert_eq!(get(&books, CA, ca(open))["BatchStatus"], "Open");
}

#[test]
fn failed_entries_move_to_a_new_open_batch() {
    let mut books = with_invoices(json!({}));
    let batch = enter(
        &mut books,
        vec![receipt("1", "IN1", 80), receipt("2", "IN1", 80), receipt("3", "IN2", 50)],
    );
    ready(&mut books, batch);
    post(&mut books, batch).unwrap();
    let posted = get(&books, CA, ca(batch));
    assert_eq!((&posted["BatchStatus"], &posted["NumberOfErrors"]), (&json!("Posted"), &json!(1)));
    let entries = posted["ReceiptsAdjustments"].as_array().unwrap();
    let error = entries[1]["ErrorBatch"].as_i64().unwrap();
    assert_eq!((error, &entries[1]["ErrorEntry"]), (102, &json!(1)));
    assert!(entries[0].get("ErrorBatch").is_none());
    let moved = get(&books, CA, ca(error));
    assert_eq!((&moved["BatchStatus"], &moved["NumberOfEntries"]), (&json!("Open"), &json!(1)));
    assert!(!moved["Description"].as_str().unwrap().contains("PTS1"));
    let entry = &moved["ReceiptsAdjustments"][0];
    assert_eq!((&entry["CheckReceiptNumber"], &entry["EntryNumber"]), (&json!("2"), &json!(1)));
    assert_eq!(entry["BatchNumber"], error);
    assert_eq!(entry["DocumentNumber"], entries[1]["DocumentNumber"]);
    assert_eq!(due(&books, "1200", "IN1"), "20.00");
    assert_eq!(due(&books, "1200", "IN2"), "0.00");
    assert_eq!(books.state()["posting_failures"][0]["error_batch"], error);
    agree(&books);

    let smaller = json!({"ReceiptsAdjustments": [{"EntryNumber": 1, "BankReceiptAmount": 20,
        "AppliedReceiptsAdjustments": [{"LineNumber": 20, "CustomerReceiptAmount": 20}]}]});
    patch(&mut books, error, smaller).unwrap();
    let entry = &get(&books, CA, ca(error))["ReceiptsAdjustments"][0];
    assert_eq!(entry["CustomerReceiptAmount"], 20, "assigned last, for both");
    tell(&mut books, "post_batch", json!({ "batch": error }));
    assert_eq!(due(&books, "1200", "IN1"), "0.00");
    agree(&books);
}

#[test]
fn a_batch_of_which_every_entry_fails_is_posted_all_the_same() {
    let mut books = with_invoices(json!({}));
    let batch = enter(&mut books, vec![receipt("1", "IN1", 80), receipt("2", "IN1", 10)]);
    ready(&mut books, batch);
    tell(&mut books, "inactivate_customer", json!({"customer": "1200"}));
    post(&mut books, batch).unwrap();
    let posted = get(&books, CA, ca(batch));
    assert_eq!((&posted["BatchStatus"], &posted["NumberOfErrors"]), (&json!("Posted"), &json!(2)));
    assert!(list(&books, "ARPostedReceipts", json!({})).is_empty());
    assert_eq!(get(&books, CA, ca(102))["NumberOfEntries"], 2);
    agree(&books);
}

#[test]
fn a_locked_period_fails_on_posting() {
    let mut books = with_invoices(json!({}));
    let batch = enter(&mut books, vec![receipt("1", "IN1", 80)]);
    ready(&mut books, batch);
    let lock = json!({"module": "AR", "year": 2026, "period": 3});
    tell(&mut books, "lock_period", lock.clone());
    let year = get(&books, "CSFiscalCalendars", json!({"FiscalYear": "2026"}));
    assert_eq!(year["FiscalPeriod3Status"], "Locked");
    assert_eq!(year["FiscalPeriod2EndDate"], "2026-02-28T00:00:00Z");
    post(&mut books, batch).unwrap();
    assert_eq!(get(&books, CA, ca(batch))["NumberOfErrors"], 1);
    tell(&mut books, "unlock_period", lock);
    tell(&mut books, "post_batch", json!({"batch": 102}));
    assert_eq!(due(&books, "1200", "IN1"), "20.00");
}

#[test]
fn repeated_check_numbers_are_refused_only_when_the_option_says_so() {
    for (option, refused) in [("None", false), ("Warning", false), ("Error", true)] {
        let mut books = with_invoices(json!({"duplicate_checks": option}));
        let waiting = enter(&mut books, vec![receipt("7", "IN2", 1)]);
        entered_and_posted(&mut books, vec![receipt("7", "IN1", 10)]);
        let again = try_insert(&mut books, CA, batch_of(vec![receipt("7", "IN1", 10)]));
        assert_eq!(again.is_err(), refused, "{option}");
        ready(&mut books, waiting);
        post(&mut books, waiting).unwrap();
        let errors = &get(&books, CA, ca(waiting))["NumberOfErrors"];
        assert_eq!(*errors, i32::from(refused), "{option}, entered before the other posted");
        let repeated = books.state()["duplicates"].as_array().unwrap().len();
        assert_eq!(repeated, usize::from(!refused), "{option}");
    }
}

#[test]
fn duplicate_checks_may_look_at_one_customer_or_all() {
    for (scope, refused) in [("Customer", false), ("Company", true)] {
        let options = json!({"duplicate_checks": "Error", "duplicate_checks_scope": scope});
        let mut books = with_invoices(options);
        entered_and_posted(&mut books, vec![receipt("7", "IN1", 10)]);
        let other = json!({"CustomerNumber": "1500", "ReceiptTransactionType": "UnappliedCash",
            "CheckReceiptNumber": "7", "BankReceiptAmount": 5});
        assert_eq!(try_insert(&mut books, CA, batch_of(vec![other])).is_err(), refused);
    }
}

#[test]
fn posting_may_take_time() {
    let mut books = with_invoices(json!({"post_duration_ms": 5000}));
    let batch = enter(&mut books, vec![receipt("1", "IN1", 80)]);
    ready(&mut books, batch);
    post(&mut books, batch).unwrap();
    assert_eq!(get(&books, CA, ca(batch))["BatchStatus"], "PostInProgress");
    assert!(patch(&mut books, batch, json!({"BatchStatus": "Open"})).is_err());
    books.due("2026-03-02T10:00:04Z".parse().unwrap());
    assert_eq!(due(&books, "1200", "IN1"), "100.00");
    books.due("2026-03-02T10:00:05Z".parse().unwrap());
    assert_eq!(get(&books, CA, ca(batch))["BatchStatus"], "Posted");
    assert_eq!(due(&books, "1200", "IN1"), "20.00");
}

#[test]
fn options_and_locks_keep_batches_from_posting() {
    for option in ["force_batch_listing", "force_deposit_slips"] {
        let mut books = with_invoices(json!({ option: true }));
        let batch = enter(&mut books, vec![receipt("1", "IN1", 80)]);
        ready(&mut books, batch);
        let refusal = post(&mut books, batch).unwrap_err();
        assert_eq!((refusal.status, refusal.code), (409, "General"));
        assert_eq!(get(&books, CA, ca(batch))["BatchStatus"], "ReadyToPost");
        tell(&mut books, "print_batch", json!({ "batch": batch }));
        post(&mut books, batch).unwrap();
        assert_eq!(get(&books, CA, ca(batch))["BatchStatus"], "Posted");
    }
    let mut books = with_invoices(json!({}));
    let batch = enter(&mut books, vec![receipt("1", "IN1", 80)]);
    tell(&mut books, "lock_batch", json!({ "batch": batch }));
    let refusal = patch(&mut books, batch, json!({"BatchStatus": "ReadyToPost"})).unwrap_err();
    assert!(refusal.message.contains("locked by another user"));
    tell(&mut books, "unlock_batch", json!({ "batch": batch }));
    ready(&mut books, batch);
    tell(&mut books, "lock_batch", json!({ "batch": batch }));
    assert_eq!(post(&mut books, batch).unwrap_err().code, "General");
}
