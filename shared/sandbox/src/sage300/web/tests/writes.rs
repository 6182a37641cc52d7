use super::*;

macro_rules! fixture {
    ($name:literal) => {
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/sage300/", $name, ".json")
    };
}

fn last_call(sim: &Sim) -> String {
    sim.company().calls.borrow().last().unwrap().clone()
}

#[test]
fn official_samples_are_accepted_as_they_stand() {
    let mut sim = sim();
    for (tail, sample) in [
        ("AR/ARCustomerGroups", include_str!(fixture!("ARCustomerGroups"))),
        ("AR/ARCustomers", include_str!(fixture!("ARCustomers"))),
        ("AR/ARInvoiceBatches", include_str!(fixture!("ARInvoiceBatches"))),
        (
            "AR/ARReceiptAndAdjustmentBatches",
            include_str!(fixture!("ARReceiptAndAdjustmentBatches_Prepayment")),
        ),
        ("BK/BKBankEntries", include_str!(fixture!("BKBankEntries"))),
        ("BK/BKBanks", include_str!(fixture!("BKBanks"))),
        ("GL/GLJournalBatches", include_str!(fixture!("GLJournalBatches"))),
        ("OE/OEOrders", include_str!(fixture!("OEOrders_OrdersOnly"))),
    ] {
        let reply = ask(&mut sim, "POST", tail, sample);
        let text = String::from_utf8_lossy(&reply.body);
        assert_eq!(reply.status, 201, "{tail}: {text}");
        let sent: Value = serde_json::from_str(sample).unwrap();
        let stored = body(&reply);
        for (name, value) in sent.as_object().unwrap() {
            if value.is_number() || (value.is_string() && !name.ends_with("Date")) {
                assert_eq!(&stored[name], value, "{tail} {name}");
            }
        }
    }
}

#[test]
fn payloads_reach_the_books_in_order_and_in_stored_form() {
    let mut sim = sim();
    let payload = r#"{"BatchRecordType":"ca ","Description":"Web  ","BatchDate":"2026-03-02",
        "BankRateDate":"2026-03-02T00:00:00.000Z","BatchStatus":1,"BatchTotal":125.50,
        "BankExchangeRate":1.23456789,"@odata.type":"x","UpdateOperation":"Insert",
        "ReceiptsAdjustments":[{"ETag":"x","Warnings":[],"UpdateOperation":"Insert",
          "CheckReceiptNumber":"pt-1","CustomerNumber":null,"BankReceiptAmount":1.0e2}]}"#;
    ask(&mut sim, "POST", "AR/ARReceiptAndAdjustmentBatches", payload);
    let expected = concat!(
        r#"insert ARReceiptAndAdjustmentBatches {"BatchRecordType":"CA","Description":"Web","#,
        r#""BatchDate":"2026-03-02T00:00:00Z","BankRateDate":"2026-03-02T00:00:00Z","#,
        r#""BatchStatus":"Open","BatchTotal":125.50,"BankExchangeRate":1.2345679,"#,
        r#""UpdateOperation":"Insert","ReceiptsAdjustments":[{"UpdateOperation":"Insert","#,
        r#""CheckReceiptNumber":"PT-1","CustomerNumber":"","BankReceiptAmount":100}]}"#
    );
    assert_eq!(last_call(&sim), expected);
}

#[test]
fn interest_charges_may_be_sent_by_number() {
    let mut sim = sim();
    let payload = r#"{"Invoices":[{"DocumentType":"4","TransactionType":40}]}"#;
    let reply = ask(&mut sim, "POST", "AR/ARInvoiceBatches", payload);
    let invoice = &body(&reply)["Invoices"][0];
    assert_eq!(invoice["DocumentType"], "InterestCharge");
    assert_eq!(invoice["TransactionType"], "InterestCharge");
}

#[test]
fn changes_answer_nothing() {
    let mut sim = sim();
    sim.company_mut().add("ARCustomers", json!({"CustomerNumber": "1200"}));
    for (method, payload, call) in [
        (
            "PATCH",
            r#"{"OnHold":"Yes"}"#,
            r#"patch ARCustomers {"CustomerNumber":"1200"} {"OnHold":"Yes"}"#,
        ),
        ("PUT", "{}", r#"put ARCustomers {"CustomerNumber":"1200"} {}"#),
        ("DELETE", "", r#"delete ARCustomers {"CustomerNumber":"1200"}"#),
    ] {
        let reply = ask(&mut sim, method, "AR/ARCustomers('1200')", payload);
        assert_eq!((reply.status, reply.body.len()), (204, 0), "{method}");
        assert_eq!(last_call(&sim), call);
    }
    let payload = r#"{"BatchType":"CA","PostAllBatches":"Donotpostallbatches","PostBatchFrom":148,
        "PostBatchTo":148,"ActionSelector":"string","UpdateOperation":"Unspecified"}"#;
    let tail = "AR/ARPostReceiptsAndAdjustments('$process')";
    let reply = ask(&mut sim, "POST", tail, payload);
    assert_eq!((reply.status, reply.body.len()), (204, 0));
    assert!(last_call(&sim).starts_with("process ARPostReceiptsAndAdjustments {\"BatchType\""));
}

#[test]
fn ready_to_post_in_the_creating_post_is_a_second_step() {
    let mut sim = sim();
    let payload = r#"{"BatchNumber":9,"BatchStatus":"ReadyToPost","Description":"x"}"#;
    let reply = ask(&mut sim, "POST", "AR/ARInvoiceBatches", payload);
    assert_eq!(reply.status, 201);
    assert_eq!(body(&reply)["BatchStatus"], "ReadyToPost");
    assert_eq!(
        sim.company().calls.borrow().as_slice(),
        [
            r#"insert ARInvoiceBatches {"BatchNumber":9,"Description":"x"}"#,
            r#"patch ARInvoiceBatches {"BatchNumber":9} {"BatchStatus":"ReadyToPost"}"#
        ]
    );
}

#[test]
fn a_failed_second_step_leaves_the_open_batch_behind() {
    let mut sim = sim();
    sim.company_mut().refuse_patch = true;
    let payload = r#"{"BatchNumber":9,"BatchStatus":"7"}"#;
    let answer = refused(&mut sim, "POST", "AR/ARInvoiceBatches", payload);
    assert_eq!(answer, (409, "RecordInvalid".to_owned()));
    assert_eq!(get(&mut sim, "AR/ARInvoiceBatches(9)")["BatchStatus"], "Open");
}

#[test]
fn documented_bodies_of_clients_are_accepted() {
    let mut sim = sim();
    let receipts = json!([
        {"CustomerNumber": "1200", "ReceiptTransactionType": "Receipt",
         "CheckReceiptNumber": "9000001", "PaymentCode": "CCARD",
         "AppliedReceiptsAdjustments": [{"TransactionType": "ReceiptPosted",
            "DocumentNumber": "IN1", "PaymentNumber": 1}]},
        {"ReceiptTransactionType": "Prepayment", "DocumentType": "OrderNumber",
         "MatchingDocumentNumber": "ORD1", "BankReceiptAmount": 2.5,
         "ReceiptAdjustmentOptionalFiel": [{"OptionalField": "GATEWAYID", "Value": "cus_42"}]},
        {"ReceiptTransactionType": "ApplyDocument", "DocumentType": "Prepayment",
         "DocumentNumber": "PP1"},
        {"ReceiptTransactionType": "MiscellaneousReceipt", "CustomerNumber": "",
         "MiscellaneousReceipts": [{"AccountNumber": "4030", "DistributionAmount": 3,
            "GLReference": "r", "GLDescription": "d"}]},
        {"AppliedReceiptsAdjustments": [{"AdjustmentGLDistributions": [{"TransactionType": 81,
            "DistributionAmount": -1, "DistributionCode": "CACCSE",
            "DistributionGLAccount": "4030"}]}]}
    ]);
    for (tail, payload) in [
        (
            "AR/ARReceiptAndAdjustmentBatches",
            json!({"BatchRecordType": "CA", "ReceiptsAdjustments": receipts}),
        ),
        (
            "AR/ARRefundBatches",
            json!({"BatchDate": "2026-03-05", "BatchDescription": "Card refunds",
                "RefundEntries": [{"CustomerNumber": "1200", "DocumentDate": "2026-03-05",
                    "RefundDetails": [{"DocumentNumber": "UC9", "PaymentNumber": 1,
                        "PaymentType": "CreditCard", "CreditCardBankAccount": "SEATAC",
                        "AmountPayment": 20, "UpdateOperation": "Insert"}]}]}),
        ),
        (
            "OE/OEOrders",
            json!({"OrderNumber": "*** NEW ***", "OrderUniquifier": 0, "CustomerNumber": "1400",
                "InvoiceWillBeProduced": true, "OrderDetails": [{"LineType": "Item",
                    "Item": "A1-105/0", "QuantityOrdered": 2, "QuantityShipped": 2}]}),
        ),
        (
            "OE/OECreditDebitNotes",
            json!({"CustomerNumber": "1500", "CreditDebitNoteType": "CreditNote",
                "CreditDebitDetails": [{"ReturnType": "ItemsReturnedToInventory",
                    "QuantityReturned": 1, "CreditDebitNoteUOM": "Ea.", "UnitPrice": 5.94}]}),
        ),
        (
            "CS/CSCurrencyRates",
            json!({"ToCurrency": "CAD", "RateType": "SP", "CurrencyRateDetail": [
                {"FromCurrency": "USD", "RateDate": "2026-03-02", "Rate": 1.365}]}),
        ),
    ] {
        let reply = ask(&mut sim, "POST", tail, &payload.to_string());
        assert_eq!(reply.status, 201, "{tail}: {}", String::from_utf8_lossy(&reply.body));
    }
    let through = r#"{"ProcessReceiptBatch":"PostCashbatches",
        "ReceiptThroughPostingSequenceNumber":999999}"#;
    for (tail, payload) in [
        ("IC/ICDayEndProcessing('$process')", r#"{"ClearHistory":false}"#),
        ("AR/ARCreateGLBatch('$process')", through),
    ] {
        assert_eq!(ask(&mut sim, "POST", tail, payload).status, 204, "{tail}");
    }
}
