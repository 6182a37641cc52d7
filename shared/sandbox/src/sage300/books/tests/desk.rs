use super::*;

#[test]
fn a_ready_batch_can_only_be_viewed_until_it_is_reopened() {
    let mut books = with_invoices(json!({}));
    let batch = enter(&mut books, vec![receipt("1", "IN1", 10)]);
    ready(&mut books, batch);
    ready(&mut books, batch);
    let edit = json!({"Description": "changed"});
    assert_eq!(patch(&mut books, batch, edit.clone()).unwrap_err().code, "RecordInvalid");
    patch(&mut books, batch, json!({"BatchStatus": "Open"})).unwrap();
    patch(&mut books, batch, edit.clone()).unwrap();
    assert_eq!(get(&books, CA, ca(batch))["Description"], "changed");
    ready(&mut books, batch);
    post(&mut books, batch).unwrap();
    assert!(patch(&mut books, batch, edit).is_err());
    assert!(patch(&mut books, batch, json!({"BatchStatus": "Open"})).is_err());
    assert_eq!(patch(&mut books, 999, json!({})).unwrap_err().code, "RecordNotFound");
}

#[test]
fn entries_are_inserted_updated_and_deleted_in_an_open_batch() {
    let mut books = with_invoices(json!({}));
    let batch = enter(&mut books, vec![receipt("1", "IN1", 10), receipt("2", "IN1", 20)]);
    let mut third = receipt("3", "IN2", 30);
    third["UpdateOperation"] = json!("Insert");
    patch(
        &mut books,
        batch,
        json!({"ReceiptsAdjustments": [
        {"EntryNumber": 1, "UpdateOperation": "Delete"},
        {"EntryNumber": 2, "EntryDescription": "new text", "UpdateOperation": "Update"},
        third]}),
    )
    .unwrap();
    let stored = get(&books, CA, ca(batch));
    let entries = stored["ReceiptsAdjustments"].as_array().unwrap();
    let numbers: Vec<_> = entries.iter().map(|entry| entry["EntryNumber"].clone()).collect();
    assert_eq!(numbers, [2, 3], "numbers are not used again");
    assert_eq!(entries[0]["EntryDescription"], "new text");
    assert_eq!(entries[0]["CheckReceiptNumber"], "2", "untouched fields stay");
    assert_eq!((&stored["NumberOfEntries"], &stored["BatchTotal"]), (&json!(2), &json!(50)));
    for (change, code) in [
        (json!({"EntryNumber": 1, "UpdateOperation": "Delete"}), "RecordNotFound"),
        (json!({"EntryNumber": 9, "UpdateOperation": "Update"}), "RecordNotFound"),
        (json!({"EntryNumber": 2, "UpdateOperation": "Insert"}), "RecordDuplicate"),
        (json!({"EntryNumber": 2, "CustomerNumber": "NOBODY"}), "FieldInvalid"),
    ] {
        let both = json!({"ReceiptsAdjustments": [
            {"EntryNumber": 3, "EntryDescription": "x"}, change]});
        assert_eq!(patch(&mut books, batch, both).unwrap_err().code, code);
    }
    assert_eq!(get(&books, CA, ca(batch)), stored, "a refused change leaves nothing");
    assert_eq!(books.pending.values().sum::<Decimal>(), Decimal::from(50));
}

#[test]
fn a_header_is_checked_when_it_is_changed() {
    let mut books = with_invoices(json!({}));
    let batch = enter(&mut books, vec![receipt("1", "IN1", 10)]);
    let refusal = patch(&mut books, batch, json!({"BankCode": "NONE"})).unwrap_err();
    assert!(refusal.message.contains("Bank code NONE"));
    assert_eq!(get(&books, CA, ca(batch))["BankCode"], "SEATAC");
    assert_eq!(books.pending.len(), 1);
}

#[test]
fn nested_lines_are_changed_by_their_keys() {
    let mut books = with_invoices(json!({}));
    let batch = enter(&mut books, vec![receipt("1", "IN1", 60)]);
    let lines = |changes: Value| {
        json!({"ReceiptsAdjustments": [
            {"EntryNumber": 1, "AppliedReceiptsAdjustments": changes}]})
    };
    patch(
        &mut books,
        batch,
        lines(json!([
        {"LineNumber": 20, "CustomerReceiptAmount": 25},
        {"DocumentNumber": "IN2", "CustomerReceiptAmount": 35, "UpdateOperation": "Insert"}])),
    )
    .unwrap();
    let entry = get(&books, CA, ca(batch))["ReceiptsAdjustments"][0].clone();
    assert_eq!(entry["TotalCustomerAmountApplied"], 60);
    assert_eq!(entry["AppliedReceiptsAdjustments"][1]["LineNumber"], 40);
    patch(&mut books, batch, lines(json!([{"LineNumber": 20, "UpdateOperation": "Delete"}])))
        .unwrap();
    let entry = get(&books, CA, ca(batch))["ReceiptsAdjustments"][0].clone();
    assert_eq!(entry["CustomerUnappliedAmount"], 25);
    assert_eq!(entry["AppliedReceiptsAdjustments"].as_array().unwrap().len(), 1);
}

#[test]
fn an_empty_batch_cannot_be_made_ready_and_deleting_is_an_option() {
    let mut books = with_invoices(json!({"delete_batch_by_patch": false}));
    let batch = enter(&mut books, vec![]);
    let refusal = patch(&mut books, batch, json!({"BatchStatus": "ReadyToPost"})).unwrap_err();
    assert!(refusal.message.contains("no entries"));
    assert!(patch(&mut books, batch, json!({"BatchStatus": "Deleted"})).is_err());
    tell(&mut books, "set_options", json!({"delete_batch_by_patch": true}));
    patch(&mut books, batch, json!({"BatchStatus": "Deleted"})).unwrap();
    assert_eq!(get(&books, CA, ca(batch))["BatchStatus"], "Deleted");
    assert_eq!(enter(&mut books, vec![]), batch + 1, "A1");
}

#[test]
fn batches_are_found_by_number_status_and_floor() {
    let mut books = with_invoices(json!({}));
    for check in ["1", "2", "3"] {
        enter(&mut books, vec![receipt(check, "IN1", 10)]);
    }
    tell(&mut books, "post_batch", json!({"batch": 102}));
    let numbers = |near: Value, floor: Value| -> Vec<i64> {
        let wanted = ["BatchNumber", "Description"].into_iter().collect();
        let rows = books.list_from(CA, &key(near), &key(floor), &wanted);
        assert!(rows.iter().all(|row| row.len() == 2));
        rows.iter().filter_map(|row| row["BatchNumber"].as_i64()).collect()
    };
    assert_eq!(numbers(json!({}), json!({})), [101, 102, 103]);
    assert_eq!(numbers(ca(103), json!({})), [103]);
    assert_eq!(numbers(json!({"BatchStatus": "Open"}), json!({})), [101, 103]);
    assert_eq!(numbers(json!({}), json!({"BatchNumber": 102})), [102, 103]);
}

#[test]
fn a_person_keys_edits_posts_and_returns_receipts() {
    let mut books = with_invoices(json!({}));
    let keyed = tell(
        &mut books,
        "key_receipt",
        json!({"customer": "1200", "amount": "100.00",
        "document": "in1", "check_receipt_number": "H1", "payment_code": "CHECK"}),
    );
    assert_eq!((&keyed["status"], &keyed["errors"]), (&json!("Posted"), &json!(0)));
    assert_eq!(due(&books, "1200", "IN1"), "0.00");
    tell(&mut books, "return_receipt", json!({"check_receipt_number": "H1", "reason": "NSF"}));
    let row = list(&books, "ARPostedReceipts", json!({"CheckReceiptNumber": "H1"})).remove(0);
    assert_eq!(
        (&row["CheckCleared"], &row["ReasonForReturn"]),
        (&json!("Returned"), &json!("NSF"))
    );
    assert_eq!(row["DateReturned"], "2026-03-02T00:00:00Z");
    assert_eq!(due(&books, "1200", "IN1"), "100.00");
    assert_eq!(books.state()["bank"]["SEATAC"], "0.00");
    agree(&books);
    let again = json!({"check_receipt_number": "H1"});
    assert!(books.command(now(), "return_receipt", &again).is_err(), "only once");

    let batch = enter(&mut books, vec![receipt("1", "IN1", 10), receipt("2", "IN1", 20)]);
    ready(&mut books, batch);
    tell(
        &mut books,
        "edit_entry",
        json!({"batch": batch, "entry": 1, "set":
        {"EntryDescription": "by hand"}}),
    );
    let stored = get(&books, CA, ca(batch));
    assert_eq!(stored["BatchStatus"], "Open");
    assert_eq!(stored["ReceiptsAdjustments"][0]["EntryDescription"], "by hand");
    tell(&mut books, "delete_entry", json!({"batch": batch, "entry": 2}));
    let posted = tell(&mut books, "post_all", json!({"type": "CA"}));
    assert_eq!(posted["posted"], 0);
    let posted = tell(&mut books, "post_all", json!({"ready_first": true}));
    assert_eq!(posted["posted"], 1);
    assert_eq!(due(&books, "1200", "IN1"), "90.00");
}

#[test]
fn an_unapplied_rest_that_was_used_keeps_a_receipt_from_being_returned() {
    let mut books = with_invoices(json!({}));
    let keyed = tell(
        &mut books,
        "key_receipt",
        json!({"customer": "1200", "amount": 40,
        "check_receipt_number": "U1"}),
    );
    let apply = json!({"CustomerNumber": "1200", "ReceiptTransactionType": "ApplyDocument",
        "DocumentNumber": keyed["document_number"], "AppliedReceiptsAdjustments": [
            {"DocumentNumber": "IN1", "CustomerReceiptAmount": 10}]});
    entered_and_posted(&mut books, vec![apply]);
    let body = json!({"check_receipt_number": "U1"});
    assert!(books.command(now(), "return_receipt", &body).unwrap_err().contains("since"));
    agree(&books);
}

#[test]
fn a_restored_backup_forgets_what_came_after() {
    let mut books = with_invoices(json!({}));
    tell(&mut books, "snapshot", json!({}));
    entered_and_posted(&mut books, vec![receipt("1", "IN1", 10)]);
    tell(&mut books, "restore", json!({}));
    assert_eq!(due(&books, "1200", "IN1"), "100.00");
    assert!(books.get(CA, &key(ca(101))).is_none());
    assert_eq!(enter(&mut books, vec![]), 101, "numbers are given again after a restore");
    tell(&mut books, "restore", json!({"name": "default"}));
    assert!(books.command(now(), "restore", &json!({"name": "none"})).is_err());
}

#[test]
fn wrong_commands_are_told_so() {
    let mut books = with_invoices(json!({}));
    for (command, body) in [
        ("fly", json!({})),
        ("post_batch", json!({"batch": 5})),
        ("post_batch", json!({})),
        ("lock_batch", json!({"batch": 101, "type": "XX"})),
        ("lock_period", json!({"year": 1999, "period": 1})),
        ("set_options", json!({"no_such_option": 1})),
        (
            "seed_invoices",
            json!({"invoices": [
            {"customer": "NOBODY", "amount": 1, "date": "2026-01-01"}]}),
        ),
        (
            "seed_invoices",
            json!({"invoices": [
            {"customer": "1200", "document": "IN1", "amount": 1, "date": "2026-01-01"}]}),
        ),
        ("seed_customers", json!({"customers": [{"number": ""}]})),
        ("key_receipt", json!({"customer": "NOBODY", "amount": 1})),
        ("inactivate_customer", json!({"customer": "NOBODY"})),
    ] {
        assert!(books.command(now(), command, &body).is_err(), "{command} {body}");
    }
    agree(&books);
}
