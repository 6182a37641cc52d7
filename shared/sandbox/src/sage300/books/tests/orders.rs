use super::*;

const OE: &str = "OEOrders";

fn order(shipped: i64, invoiced: bool) -> Value {
    json!({"CustomerNumber": "1400", "OrderReference": "WEB-5512",
        "PurchaseOrderNumber": "web-5512", "OrderDate": "2026-03-02T00:00:00Z",
        "InvoiceWillBeProduced": invoiced, "OrderDetails": [
            {"LineType": "Item", "Item": "A1-105/0", "Location": "1", "QuantityOrdered": 2,
             "QuantityShipped": shipped},
            {"LineType": "Miscellaneous", "MiscellaneousChargesCode": "HC",
             "ExtendedAmount": 20.25}]})
}

fn day_end(books: &mut Books) {
    books.process(now(), "ICDayEndProcessing", &row(json!({"ClearHistory": false}))).unwrap();
}

fn on_hand(books: &Books) -> Value {
    let name = json!({"ItemNumber": "A11050", "Location": "1"});
    get(books, "ICLocationDetails", name)["QuantityOnHand"].clone()
}

#[test]
fn an_order_is_priced_taxed_and_numbered() {
    let mut books = books();
    let stored = insert(&mut books, OE, order(0, false));
    assert_eq!(stored["OrderNumber"], "ORD000000000001");
    assert_eq!(stored["OrderSubtotal"].to_string(), "92.15");
    assert_eq!(stored["OrderTotalTax"].to_string(), "11.98");
    assert_eq!(stored["OrderTotalWithTax"].to_string(), "104.13");
    assert_eq!(stored["OrderDetails"][1]["LineNumber"], 64);
    assert_eq!(stored["OrderDetails"][0]["OrderUniquifier"], stored["OrderUniquifier"]);
    assert_eq!(stored["BillToName"], "Capital Lighting Ltd.");
    assert!(stored.get("LastShipmentNumber").is_none());
    assert_eq!(on_hand(&books), 100);
    let found = list(&books, OE, json!({"OrderNumber": "ORD000000000001"}));
    assert_eq!(found, [stored]);
}

#[test]
fn an_order_is_shipped_invoiced_and_reaches_receivables_by_day_end() {
    let mut books = books();
    let stored = insert(&mut books, OE, order(2, true));
    assert_eq!(stored["LastShipmentNumber"], "SH0000000000001");
    let number = stored["LastInvoiceNumber"].as_str().unwrap().to_owned();
    assert_eq!(on_hand(&books), 98);
    let invoice = list(&books, "OEInvoices", json!({"InvoiceNumber": number})).remove(0);
    assert_eq!(invoice["InvoiceTotal"].to_string(), "104.13");
    assert_eq!(invoice["InvoiceStatus"], "Documentnotcosted");
    assert_eq!(invoice["OrderNumber"], stored["OrderNumber"]);
    assert!(list(&books, "ARInvoiceBatches", json!({})).is_empty());

    day_end(&mut books);
    day_end(&mut books);
    let batches = list(&books, "ARInvoiceBatches", json!({}));
    let [batch] = batches.as_slice() else { panic!("{}", batches.len()) };
    assert_eq!(
        (&batch["SourceApplication"], &batch["BatchStatus"]),
        (&json!("OE"), &json!("Open"))
    );
    assert_eq!(batch["BatchTotal"].to_string(), "104.13");
    tell(&mut books, "post_batch", json!({"type": "IN", "batch": batch["BatchNumber"]}));
    assert_eq!(due(&books, "1400", &number), "104.13");
    let by_order = json!({"OrderNumber": stored["OrderNumber"]});
    let document = list(&books, "ARPostedDocuments", by_order.clone()).remove(0);
    assert_eq!(
        (&document["ShipmentNumber"], &document["PONumber"]),
        (&json!("SH0000000000001"), &json!("WEB-5512"))
    );
    assert_eq!(list(&books, OE, by_order)[0]["OrderCompleted"], "CompleteDayEnd");
    agree(&books);

    let note = json!({"CustomerNumber": "1400", "CreditDebitNoteType": "CreditNote",
        "InvoiceNumber": number, "CreditDebitDetails": [{"LineType": "Item", "Item": "A1-105/0",
            "Location": "1", "QuantityReturned": 1, "UnitPrice": 35.95}]});
    let note = insert(&mut books, "OECreditDebitNotes", note);
    assert_eq!(note["CreditDebitNoteTotal"].to_string(), "40.63");
    assert_eq!(on_hand(&books), 99);
    tell(&mut books, "set_options", json!({"day_end_posts_invoices": true}));
    day_end(&mut books);
    assert_eq!(due(&books, "1400", &number), "63.50");
    agree(&books);
}

#[test]
fn orders_that_are_not_in_order_are_refused() {
    let mut books = books();
    let with = |pointer: &str, value: Value| {
        let mut order = order(2, true);
        *order.pointer_mut(pointer).unwrap() = value;
        order
    };
    let mut named = order(0, false);
    named["OrderNumber"] = json!("MINE-1");
    insert(&mut books, OE, named.clone());
    assert_eq!(try_insert(&mut books, OE, named).unwrap_err().code, "RecordDuplicate");
    for (bad, code, text) in [
        (with("/CustomerNumber", json!("NOBODY")), "FieldInvalid", "NOBODY"),
        (with("/OrderDate", json!("2031-01-01T00:00:00Z")), "FieldInvalid", "Order Date"),
        (with("/OrderDetails", json!([])), "RecordInvalid", "no details"),
        (with("/OrderDetails/0/Item", json!("X")), "FieldInvalid", "Item number X does not"),
        (with("/OrderDetails/0/Location", json!("9")), "FieldInvalid", "Location 9"),
        (with("/OrderDetails/0/QuantityShipped", json!(3)), "RecordInvalid", "More is shipped"),
        (with("/OrderDetails/0/Location", json!("4")), "RecordInvalid", "0 is on hand"),
        (
            with("/OrderDetails/1/MiscellaneousChargesCode", json!("X")),
            "FieldInvalid",
            "Miscellaneous charge X",
        ),
    ] {
        let refusal = try_insert(&mut books, OE, bad).unwrap_err();
        assert_eq!((refusal.status, refusal.code), (409, code), "{}", refusal.message);
        assert!(refusal.message.contains(text), "{}", refusal.message);
    }
    assert_eq!(on_hand(&books), 100);
    assert_eq!(list(&books, OE, json!({})).len(), 1);
    let other =
        json!({"CustomerNumber": "1400", "InvoiceNumber": "NONE", "CreditDebitDetails": []});
    assert!(try_insert(&mut books, "OECreditDebitNotes", other).is_err());
}
