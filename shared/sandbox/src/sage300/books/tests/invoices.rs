use super::*;

const IN: &str = "ARInvoiceBatches";

fn post_invoices(books: &mut Books, batch: &Value) -> Value {
    let number = batch["BatchNumber"].clone();
    let name = json!({ "BatchNumber": number });
    books
        .patch(now(), IN, &key(name.clone()), &row(json!({"BatchStatus": "ReadyToPost"})))
        .unwrap();
    let asked = json!({"PostBatchFrom": number, "PostBatchTo": number});
    books.process(now(), "ARPostInvoices", &row(asked)).unwrap();
    get(books, IN, name)
}

fn invoice(number: &str, amount: i64) -> Value {
    json!({"CustomerNumber": "1400", "DocumentNumber": number, "DocumentType": "Invoice",
        "InvoiceType": "Summary", "DocumentDate": "2026-03-01T00:00:00Z",
        "InvoiceDetails": [{"DistributionCode": "CACCSE", "ExtendedAmountWithTIP": amount}]})
}

#[test]
fn tax_is_added_and_booked() {
    let mut books = books();
    let batch = insert(
        &mut books,
        IN,
        json!({"Description": "Web", "Invoices": [
        invoice("", 200)]}),
    );
    assert_eq!(batch["BatchTotal"].to_string(), "226.00");
    let entry = &batch["Invoices"][0];
    assert_eq!(entry["DocumentNumber"], "IN0000000000001");
    assert_eq!(entry["TaxTotal"].to_string(), "26.00");
    assert_eq!(entry["TaxAuthority2"], "BCPST");
    assert_eq!(entry["InvoicePaymentSchedules"][0]["AmountDue"].to_string(), "226.00");
    assert_eq!(entry["InvoicePaymentSchedules"][0]["DueDate"], "2026-03-31T00:00:00Z");
    let posted = post_invoices(&mut books, &batch);
    assert_eq!(posted["BatchStatus"], "Posted");
    assert_eq!(due(&books, "1400", "IN0000000000001"), "226.00");
    let gl = books.state()["gl"].clone();
    assert_eq!((&gl["1100"], &gl["4000"]), (&json!("226.00"), &json!("-200.00")));
    assert_eq!((&gl["2100"], &gl["2110"]), (&json!("-10.00"), &json!("-16.00")));
    agree(&books);
}

#[test]
fn a_document_number_is_used_once_by_a_customer() {
    let mut books = books();
    let first = insert(&mut books, IN, json!({"Invoices": [invoice("A-1", 10)]}));
    let again = json!({"Invoices": [invoice("A-1", 10)]});
    let refusal = try_insert(&mut books, IN, again.clone()).unwrap_err();
    assert_eq!(refusal.code, "FieldInvalid", "already held by an open batch");
    post_invoices(&mut books, &first);
    assert!(try_insert(&mut books, IN, again).unwrap_err().message.contains("already exists"));
    let mut other = invoice("A-1", 10);
    other["CustomerNumber"] = json!("1500");
    insert(&mut books, IN, json!({"Invoices": [other]}));
}

#[test]
fn a_credit_note_is_set_off_against_its_invoice_as_far_as_it_goes() {
    let mut books = books();
    let first = insert(&mut books, IN, json!({"Invoices": [invoice("A-1", 100)]}));
    post_invoices(&mut books, &first);
    let mut note = invoice("C-1", 30);
    note["DocumentType"] = json!("CreditNote");
    note["ApplytoDocument"] = json!("A-1");
    let mut large = invoice("C-2", 90);
    large["DocumentType"] = json!("CreditNote");
    large["ApplytoDocument"] = json!("A-1");
    let batch = insert(&mut books, IN, json!({"Invoices": [note, large]}));
    post_invoices(&mut books, &batch);
    assert_eq!(due(&books, "1400", "A-1"), "0.00");
    assert_eq!(due(&books, "1400", "C-1"), "0.00");
    assert_eq!(due(&books, "1400", "C-2"), "-22.60", "113 - 33.90 - 101.70");
    agree(&books);
    let mut unknown = invoice("C-3", 1);
    unknown["DocumentType"] = json!("CreditNote");
    unknown["ApplytoDocument"] = json!("NONE");
    assert!(try_insert(&mut books, IN, json!({"Invoices": [unknown]})).is_err());
}

#[test]
fn items_have_prices_and_included_tax_is_taken_out() {
    let mut books = books();
    let mut item = invoice("I-1", 0);
    item["InvoiceType"] = json!("Item");
    item["InvoiceDetails"] = json!([{"ItemNumber": "BK-360", "Quantity": 2}]);
    let mut included = invoice("I-2", 113);
    included["InvoiceDetails"][0]["TaxIncluded1"] = json!("Yes");
    let batch = insert(&mut books, IN, json!({"Invoices": [item, included]}));
    let entries = &batch["Invoices"];
    assert_eq!(entries[0]["DocumentTotalBeforeTax"].to_string(), "72.00");
    assert_eq!(entries[0]["TransactionType"], "InvoiceItemIssued");
    assert_eq!(entries[1]["DocumentTotalIncludingTax"].to_string(), "113.00");
    assert_eq!(entries[1]["DocumentTotalBeforeTax"].to_string(), "100");
}

#[test]
fn invoices_that_are_not_in_order_are_refused() {
    let mut books = books();
    let with = |name: &str, value: Value| {
        let mut entry = invoice("", 10);
        entry[name] = value;
        entry
    };
    let schedule = json!([{"PaymentNumber": 1, "AmountDue": 5}, {"PaymentNumber": 2,
        "AmountDue": 5}]);
    for entry in [
        with("CustomerNumber", json!("NOBODY")),
        with("InvoiceDetails", json!([])),
        with("InvoiceDetails", json!([{"DistributionCode": "X", "ExtendedAmountWithTIP": 1}])),
        with("InvoiceDetails", json!([{"ItemNumber": "X", "Quantity": 1}])),
        with("TaxGroup", json!("X")),
        with("CurrencyCode", json!("USD")),
        with("DocumentDate", json!("2031-01-01T00:00:00Z")),
        with("InvoicePaymentSchedules", schedule),
    ] {
        let refusal = try_insert(&mut books, IN, json!({"Invoices": [entry]})).unwrap_err();
        assert_eq!(refusal.status, 409);
    }
    assert!(books.held_numbers.is_empty());
}

#[test]
fn a_refund_pays_credits_back() {
    let mut books = with_invoices(json!({}));
    let keyed = tell(
        &mut books,
        "key_receipt",
        json!({"customer": "1200", "amount": 40,
        "check_receipt_number": "U1", "kind": "Prepayment"}),
    );
    let number = keyed["document_number"].clone();
    let refund = |amount: i64| {
        json!({"BatchDescription": "Card refunds", "RefundEntries": [{"CustomerNumber": "1200",
            "RefundDetails": [{"DocumentNumber": number, "PaymentNumber": 1,
                "PaymentType": "CreditCard", "CreditCardBankAccount": "SEATAC",
                "AmountPayment": amount}]}]})
    };
    for bad in [0, 41] {
        assert!(try_insert(&mut books, "ARRefundBatches", refund(bad)).is_err());
    }
    let batch = insert(&mut books, "ARRefundBatches", refund(25));
    assert_eq!(batch["RefundEntries"][0]["RefundDetails"][0]["CurrentBalance"], -40);
    let second = insert(&mut books, "ARRefundBatches", refund(25));
    for batch in [&batch, &second] {
        let name = key(json!({"BatchNumber": batch["BatchNumber"]}));
        let change = row(json!({"BatchStatus": "ReadyToPost"}));
        books.patch(now(), "ARRefundBatches", &name, &change).unwrap();
    }
    let all = row(json!({"PostAllBatches": "Postallbatches"}));
    books.process(now(), "ARPostRefunds", &all).unwrap();
    assert_eq!(due(&books, "1200", number.as_str().unwrap()), "-15");
    let failed = get(&books, "ARRefundBatches", json!({"BatchNumber": second["BatchNumber"]}));
    assert_eq!(failed["NumberOfErrors"], 1);
    let payments = list(&books, "ARPayments", json!({}));
    assert_eq!((payments.len(), &payments[0]["PaymentStatus"]), (1, &json!("Outstanding")));
    assert_eq!(books.state()["bank"]["SEATAC"], "15.00");
    agree(&books);
}

#[test]
fn an_invoice_cannot_be_refunded() {
    let mut books = with_invoices(json!({}));
    let refund = json!({"RefundEntries": [{"CustomerNumber": "1200", "RefundDetails": [
        {"DocumentNumber": "IN1", "CashBankAccount": "SEATAC", "AmountPayment": 1}]}]});
    assert!(try_insert(&mut books, "ARRefundBatches", refund).is_err());
}
