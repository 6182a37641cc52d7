use serde_json::json;

use super::*;
use crate::sample::{content, manifest, usd};

fn say(document: Document) -> serde_json::Value {
    let said = NewBatch::of(&manifest(vec![content(document)]), 3, &Settings::default()).unwrap();
    serde_json::to_value(said).unwrap()
}

fn refusal(change: impl FnOnce(&mut Content)) -> Unsayable {
    let mut content = content(Document::UnappliedCash);
    change(&mut content);
    NewBatch::of(&manifest(vec![content]), 1, &Settings::default()).unwrap_err()
}

fn line(document: &str, minor: i64) -> AppliedLine {
    AppliedLine { document: document.into(), amount: usd(minor) }
}

#[test]
fn a_receipt_with_its_lines() {
    let lines = vec![line("IN0000000000118", 10000), line("IN0000000000119", 2000)];
    let body = say(Document::Receipt { lines });
    let token = manifest(vec![]).token().len();
    assert_eq!(token, 29);
    let description = body["Description"].as_str().unwrap();
    assert!(description.starts_with("PTS1:") && description.ends_with(":3"));
    let reference = format!("9000001 {}", description.strip_suffix(":3").unwrap());
    let applied = |document: &str, amount: &str| {
        json!({"BatchType": "CA", "CustomerNumber": "1200", "TransactionType": "ReceiptPosted",
            "DocumentNumber": document, "PaymentNumber": 1,
            "CustomerReceiptAmount": serde_json::from_str::<serde_json::Value>(amount).unwrap(),
            "UpdateOperation": "Insert"})
    };
    let amount: serde_json::Value = serde_json::from_str("125.50").unwrap();
    let expected = json!({
        "BatchRecordType": "CA", "BatchDate": "2026-03-02", "Description": description,
        "BankCode": "SEATAC", "DefaultBankCurrency": "USD",
        "ReceiptsAdjustments": [{
            "BatchType": "CA", "CustomerNumber": "1200", "ReceiptTransactionType": "Receipt",
            "ReceiptDateAdjustmentDate": "2026-03-01", "PostingDate": "2026-03-02",
            "EntryDescription": "Card payment", "EntryReference": reference,
            "CheckReceiptNumber": "9000001", "PaymentCode": "CCARD",
            "BankReceiptAmount": amount, "CustomerReceiptAmount": amount,
            "AppliedReceiptsAdjustments": [
                applied("IN0000000000118", "100.00"), applied("IN0000000000119", "20.00")],
            "UpdateOperation": "Insert"}]
    });
    assert_eq!(body.to_string(), expected.to_string());
}

#[test]
fn what_a_flow_adds_is_sent_and_nothing_of_ours_can_be_named() {
    let mut more = content(Document::UnappliedCash);
    more.extra.fields.insert("Payer".to_owned(), "Ada Example".to_owned());
    more.extra.optional_fields.insert("STORE".to_owned(), "West".to_owned());
    let said = NewBatch::of(&manifest(vec![more]), 1, &Settings::default()).unwrap();
    let entry = &serde_json::to_value(said).unwrap()["ReceiptsAdjustments"][0];
    assert_eq!(entry["Payer"], "Ada Example");
    let expected =
        json!([{"OptionalField": "STORE", "Value": "West", "UpdateOperation": "Insert"}]);
    assert_eq!(entry["ReceiptAdjustmentOptionalFiel"], expected);

    let set = |name: &str, value: &str| {
        refusal(|c| drop(c.extra.fields.insert(name.to_owned(), value.to_owned())))
    };
    assert_eq!(set("CustomerNumber", "1"), Unsayable::NotOurs("CustomerNumber".to_owned()));
    assert!(matches!(set("Payer", &"x".repeat(61)), Unsayable::TooLong { field: "Payer", .. }));
}

#[test]
fn a_batch_is_never_born_ready() {
    let body = say(Document::UnappliedCash).to_string();
    assert!(!body.contains("BatchStatus") && !body.contains("ReadyToPost"));
}

#[test]
fn unapplied_cash_has_no_lines() {
    let entry = &say(Document::UnappliedCash)["ReceiptsAdjustments"][0];
    assert_eq!(entry["ReceiptTransactionType"], "UnappliedCash");
    assert!(entry.get("AppliedReceiptsAdjustments").is_none());
}

#[test]
fn a_prepayment_names_its_order_where_the_setting_says() {
    let document = Document::Prepayment { order: Some("ORD000000000207".into()) };
    let entry = &say(document.clone())["ReceiptsAdjustments"][0];
    assert_eq!(entry["ReceiptTransactionType"], "Prepayment");
    assert!(entry.get("MatchingDocumentNumber").is_none());
    let reference = entry["EntryReference"].as_str().unwrap();
    assert!(reference.starts_with("9000001 ORD000000000207 PTS1:"), "{reference}");
    assert!(reference.len() <= 60);
    let line = &entry["AppliedReceiptsAdjustments"][0];
    assert_eq!(line["CustomerReceiptAmount"].to_string(), "125.50");
    assert!(line.get("DocumentNumber").is_none());

    let settings = Settings { prepayment_matches_order: true, ..Settings::default() };
    let said = NewBatch::of(&manifest(vec![content(document)]), 1, &settings).unwrap();
    let entry = &said.receipts_adjustments[0];
    assert_eq!(entry.document_type, Some("OrderNumber"));
    assert_eq!(entry.matching_document_number.as_deref(), Some("ORD000000000207"));
    assert!(!entry.entry_reference.contains("ORD"));
}

#[test]
fn the_longest_reference_and_order_leave_part_of_the_token() {
    let reference = "R".repeat(24);
    let order = "O".repeat(22);
    let text = entry_reference(&reference, Some(&order), "PTS1:0123456789").unwrap();
    assert_eq!(text, format!("{reference} {order} PTS1:0123456"));
}

#[test]
fn only_the_description_is_shortened_and_on_a_character() {
    let mut long = content(Document::UnappliedCash);
    long.description = "é".repeat(70);
    let said = NewBatch::of(&manifest(vec![long]), 1, &Settings::default()).unwrap();
    assert_eq!(said.receipts_adjustments[0].entry_description, "é".repeat(60));
}

#[test]
fn what_sage_cannot_hold_is_refused_by_name() {
    let named = |unsayable: Unsayable| match unsayable {
        Unsayable::TooLong { field, .. } | Unsayable::Empty(field) => field,
        other => panic!("{other}"),
    };
    assert_eq!(named(refusal(|c| c.reference = "9".repeat(25))), "CheckReceiptNumber");
    assert_eq!(named(refusal(|c| c.reference = " ".into())), "CheckReceiptNumber");
    assert_eq!(named(refusal(|c| c.customer = "1234567890123".into())), "CustomerNumber");
    assert_eq!(named(refusal(|c| c.payment_code = "1234567890123".into())), "PaymentCode");
    assert_eq!(named(refusal(|c| c.payment_code = String::new())), "PaymentCode");
    assert_eq!(named(refusal(|c| c.bank = "SEATAC-99".into())), "BankCode");
    let long = Document::Prepayment { order: Some("O".repeat(23)) };
    assert_eq!(named(refusal(|c| c.document = long)), "MatchingDocumentNumber");
    let long = Document::Receipt { lines: vec![line(&"I".repeat(23), 1)] };
    assert_eq!(named(refusal(|c| c.document = long)), "DocumentNumber");
}

#[test]
fn amounts_that_make_no_receipt_are_refused() {
    assert!(matches!(refusal(|c| c.amount = usd(0)), Unsayable::NotPositive { .. }));
    let over = Document::Receipt { lines: vec![line("IN1", 12551)] };
    assert_eq!(refusal(|c| c.document = over), Unsayable::Overapplied("9000001".into()));
    let zero = Document::Receipt { lines: vec![line("IN1", 0)] };
    assert!(matches!(refusal(|c| c.document = zero), Unsayable::NotPositive { .. }));
    let cad = Money::new(100, domain::money::Currency::CAD);
    let other = AppliedLine { document: "IN1".into(), amount: cad };
    let other = Document::Receipt { lines: vec![other] };
    assert_eq!(refusal(|c| c.document = other), Unsayable::OtherCurrency("9000001".into()));
}

#[test]
fn a_strange_entry_spoils_the_batch() {
    let mut manifest = manifest(vec![content(Document::UnappliedCash)]);
    manifest.entries[0].content.bank = "CCB".into();
    let refused = NewBatch::of(&manifest, 1, &Settings::default()).unwrap_err();
    assert_eq!(refused, Unsayable::OtherGroup("9000001".into()));
    manifest.entries.clear();
    let refused = NewBatch::of(&manifest, 1, &Settings::default()).unwrap_err();
    assert_eq!(refused, Unsayable::Empty("ReceiptsAdjustments"));
}
