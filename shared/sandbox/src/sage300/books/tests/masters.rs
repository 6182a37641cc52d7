use super::*;

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/fixtures/sage300/",
            $name,
            ".json"
        ))
    };
}

/// An official payload, with dates and enums in the form in which the protocol hands them on.
fn sample(text: &str) -> Value {
    let mut value: Value = serde_json::from_str(text).unwrap();
    stored_form(&mut value);
    value
}

fn stored_form(value: &mut Value) {
    match value {
        Value::Array(lines) => lines.iter_mut().for_each(stored_form),
        Value::Object(row) => {
            for (name, value) in row.iter_mut() {
                match value {
                    Value::String(day) if name.ends_with("Date") && day.len() == 10 => {
                        day.push_str("T00:00:00Z");
                    }
                    Value::String(number) if name == "DocumentType" && number == "4" => {
                        *value = json!("InterestCharge");
                    }
                    other => stored_form(other),
                }
            }
        }
        _ => {}
    }
}

#[test]
fn official_samples_are_accepted_as_they_stand() {
    for (resource, text) in [
        ("ARCustomerGroups", fixture!("ARCustomerGroups")),
        ("ARCustomers", fixture!("ARCustomers")),
        ("ARInvoiceBatches", fixture!("ARInvoiceBatches")),
        ("ARReceiptAndAdjustmentBatches", fixture!("ARReceiptAndAdjustmentBatches_Prepayment")),
        ("BKBankEntries", fixture!("BKBankEntries")),
        ("BKBanks", fixture!("BKBanks")),
        ("GLJournalBatches", fixture!("GLJournalBatches")),
        ("OEOrders", fixture!("OEOrders_OrdersOnly")),
    ] {
        let mut books = books();
        let sent = sample(text);
        let stored = insert(&mut books, resource, sent.clone());
        for (name, value) in sent.as_object().unwrap() {
            let given = ["BatchNumber", "SequenceNumber"].contains(&name.as_str());
            if !given && !value.is_array() {
                assert_eq!(&stored[name], value, "{resource} {name}");
            }
        }
    }
}

#[test]
fn the_official_invoices_come_to_their_schedules_and_post() {
    let mut books = books();
    let sent = sample(fixture!("ARInvoiceBatches"));
    let stored = insert(&mut books, "ARInvoiceBatches", sent.clone());
    for (sent, stored) in
        sent["Invoices"].as_array().unwrap().iter().zip(stored["Invoices"].as_array().unwrap())
    {
        let amount = |entry: &Value| {
            let amount = &entry["InvoicePaymentSchedules"][0]["AmountDue"];
            amount.to_string().parse::<Decimal>().unwrap()
        };
        assert_eq!(amount(sent), amount(stored));
    }
    let posted = tell(&mut books, "post_batch", json!({"type": "IN", "batch": 61}));
    assert_eq!((&posted["status"], &posted["errors"]), (&json!("Posted"), &json!(0)));
    agree(&books);
}

#[test]
fn the_official_prepayment_and_journal_post() {
    let mut books = books();
    insert(&mut books, CA, sample(fixture!("ARReceiptAndAdjustmentBatches_Prepayment")));
    insert(&mut books, "GLJournalBatches", sample(fixture!("GLJournalBatches")));
    assert_eq!(tell(&mut books, "post_all", json!({"ready_first": true}))["posted"], 2);
    let state = books.state();
    assert_eq!(state["customers"]["1500"]["prepaid"], "22.00");
    assert_eq!(state["gl"]["6000100"], "20.00");
    assert_eq!(state["posting_failures"], json!([]));
    agree(&books);
}

#[test]
fn every_record_of_the_sample_company_fits_its_schema() {
    let books = books();
    let mut rows = 0;
    for resource in catalogue().all() {
        rows += list(&books, &resource.name, json!({})).len();
    }
    assert!(rows > 90, "{rows}");
    for customer in books.masters.rows("ARCustomers") {
        let mut row = customer.clone();
        books.settle_customer(&mut row).unwrap();
    }
}

#[test]
fn a_group_supplies_its_customers() {
    let mut books = books();
    let stored = insert(
        &mut books,
        "ARCustomers",
        json!({"CustomerNumber": "WEB00017",
        "GroupCode": "WHL", "TaxGroup": "CALIF", "CustomerName": "Example Buyer Inc.",
        "CustomerOptionalFieldValues": [{"OptionalField": "GATEWAYID", "Value": "cus_42"}]}),
    );
    assert_eq!((&stored["Terms"], &stored["CurrencyCode"]), (&json!("N30"), &json!("USD")));
    assert_eq!(stored["TaxGroup"], "CALIF", "what is sent stays");
    let name = json!({"CustomerNumber": "WEB00017"});
    assert_eq!(stored["CustomerOptionalFieldValues"][0]["CustomerNumber"], "WEB00017");
    let again = json!({"CustomerNumber": "WEB00017", "GroupCode": "WHL"});
    assert_eq!(try_insert(&mut books, "ARCustomers", again).unwrap_err().code, "RecordDuplicate");
    for bad in [
        json!({"CustomerNumber": "W2"}),
        json!({"CustomerNumber": "W2", "GroupCode": "NONE"}),
        json!({"CustomerNumber": "W2", "GroupCode": "WHL", "Terms": "NONE"}),
        json!({"GroupCode": "WHL"}),
    ] {
        assert_eq!(try_insert(&mut books, "ARCustomers", bad).unwrap_err().code, "FieldInvalid");
    }
    let change = row(json!({"OnHold": "Yes", "CustomerOptionalFieldValues": [
        {"OptionalField": "UPSZONE", "Value": "RED"}]}));
    books.patch(now(), "ARCustomers", &key(name.clone()), &change).unwrap();
    let read = get(&books, "ARCustomers", name.clone());
    assert_eq!(read["CustomerName"], "Example Buyer Inc.");
    assert_eq!(read["CustomerOptionalFieldValues"].as_array().unwrap().len(), 2);
    let change = row(json!({"GroupCode": "WHL", "CustomerName": "New name"}));
    books.put(now(), "ARCustomers", &key(name.clone()), &change).unwrap();
    let read = get(&books, "ARCustomers", name.clone());
    assert!(read.get("CustomerOptionalFieldValues").is_none(), "PUT purges");
    assert_eq!((&read["CustomerName"], &read["OnHold"]), (&json!("New name"), &json!("No")));
    books.delete(now(), "ARCustomers", &key(name.clone())).unwrap();
    assert!(books.get("ARCustomers", &key(name)).is_none());
}

#[test]
fn a_customer_with_a_balance_is_not_deleted() {
    let mut books = with_invoices(json!({}));
    let name = key(json!({"CustomerNumber": "1200"}));
    let refusal = books.delete(now(), "ARCustomers", &name).unwrap_err();
    assert!(refusal.message.contains("balance"));
    let none = key(json!({"CustomerNumber": "NOBODY"}));
    assert_eq!(books.delete(now(), "ARCustomers", &none).unwrap_err().code, "RecordNotFound");
}

#[test]
fn details_obey_their_update_operation() {
    let mut books = books();
    let name = key(json!({"CustomerNumber": "1200"}));
    let mut change = |operation: &str, field: &str| {
        let line = json!({"OptionalField": field, "Value": "X", "UpdateOperation": operation});
        let change = row(json!({"CustomerOptionalFieldValues": [line]}));
        books.patch(now(), "ARCustomers", &name, &change).map_err(|refusal| refusal.code)
    };
    assert_eq!(change("Insert", "UPSZONE"), Err("RecordDuplicate"));
    assert_eq!(change("Update", "NONE"), Err("RecordNotFound"));
    assert_eq!(change("Delete", "NONE"), Err("RecordNotFound"));
    assert_eq!(change("Unspecified", "NEW"), Ok(()));
    assert_eq!(change("Delete", "UPSZONE"), Ok(()));
    let stored = get(&books, "ARCustomers", json!({"CustomerNumber": "1200"}));
    let fields = stored["CustomerOptionalFieldValues"].as_array().unwrap();
    assert_eq!((fields.len(), &fields[0]["OptionalField"]), (1, &json!("NEW")));
}

#[test]
fn past_due_amounts_are_of_today() {
    let mut books = with_invoices(json!({}));
    tell(
        &mut books,
        "seed_invoices",
        json!({"invoices": [{"customer": "1200", "amount": 7,
        "date": "2026-01-02", "due": "2026-02-01"}]}),
    );
    let read = get(&books, "ARCustomers", json!({"CustomerNumber": "1200"}));
    assert_eq!(read["AmountPastDue"], 7);
    let named = list(&books, "ARPostedDocuments", json!({"DocumentNumber": "IN2"}));
    assert_eq!((named.len(), &named[0]["OrderNumber"]), (1, &json!("ORD77")));
    let open = json!({"CustomerNumber": "1200", "FullyPaid": "No"});
    assert_eq!(list(&books, "ARPostedDocuments", open).len(), 3);
}

#[test]
fn a_new_payment_code_or_bank_can_be_used_at_once() {
    let mut books = books();
    insert(&mut books, "ARPaymentCodes", json!({"PaymentCodeKey": "GATE", "PaymentType": "Other"}));
    insert(
        &mut books,
        "BKBanks",
        json!({"BankCode": "NEW", "StatementCurrency": "USD",
        "BankAccount": "1020"}),
    );
    let bad = json!({"BankCode": "N2", "BankAccount": "NONE"});
    assert!(try_insert(&mut books, "BKBanks", bad).is_err());
    let entry = json!({"CustomerNumber": "1500", "ReceiptTransactionType": "UnappliedCash",
        "BankReceiptAmount": 5, "PaymentCode": "GATE"});
    let batch = json!({"BankCode": "NEW", "ReceiptsAdjustments": [entry]});
    let stored = insert(&mut books, CA, batch);
    assert_eq!(stored["DefaultBankCurrency"], "USD");
}
