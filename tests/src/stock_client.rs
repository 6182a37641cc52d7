//! Any HTTP client can drive the simulators with the bodies the vendors' documentation prints.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use paysage_http::{Method, Request};
use serde_json::{Value, json};

use crate::rig::{Rig, Setup};

const API: &str = "Sage300WebApi/v1.0/-/SAMLTD/";

async fn sage(rig: &Rig, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
    let url = rig.sage300.join(&format!("{API}{path}")).unwrap();
    let basic = format!("Basic {}", BASE64.encode("WEBAPI:WEBAPI"));
    let mut request = Request::new("test.sage", method, url)
        .header("authorization", basic)
        .header("content-type", "application/json");
    if let Some(body) = body {
        request = request.body(body.to_string());
    }
    let answer = rig.send(request).await;
    (answer.status, serde_json::from_slice(&answer.body).unwrap_or(Value::Null))
}

async fn paytrace(rig: &Rig, token: &str, path: &str, body: &Value) -> (u16, Value) {
    let url = rig.paytrace.join(path).unwrap();
    let headers = [("authorization", format!("Bearer {token}"))];
    let answer = rig.post(url, &headers, body.to_string()).await.unwrap();
    (answer.status, serde_json::from_slice(&answer.body).unwrap_or(Value::Null))
}

#[tokio::test]
async fn sage_takes_the_documented_receipt_through_open_ready_and_posted() {
    let rig = Rig::start(Setup::default()).await;
    rig.customer_owes("S1", "IN0000000000118", "125.50").await;
    let body = json!({
        "BatchRecordType": "CA", "BatchDate": "2026-03-02",
        "Description": "Card receipts 2026-03-02",
        "BankCode": "SEATAC", "DefaultBankCurrency": "USD",
        "ReceiptsAdjustments": [{
            "BatchType": "CA", "CustomerNumber": "S1", "ReceiptTransactionType": "Receipt",
            "ReceiptDateAdjustmentDate": "2026-03-02", "PostingDate": "2026-03-02",
            "EntryDescription": "Card payment", "EntryReference": "PT-9000001",
            "CheckReceiptNumber": "9000001", "PaymentCode": "CCARD",
            "BankReceiptAmount": 125.5, "CustomerReceiptAmount": 125.5,
            "AppliedReceiptsAdjustments": [{
                "BatchType": "CA", "CustomerNumber": "S1", "TransactionType": "ReceiptPosted",
                "DocumentNumber": "IN0000000000118", "PaymentNumber": 1,
                "CustomerReceiptAmount": 125.5, "UpdateOperation": "Insert"}]
        }]
    });
    let (status, stored) =
        sage(&rig, Method::POST, "AR/ARReceiptAndAdjustmentBatches", Some(body)).await;
    assert_eq!(status, 201, "{stored}");
    assert_eq!(stored["BatchStatus"], "Open");
    let number = stored["BatchNumber"].as_i64().unwrap();
    let batch =
        format!("AR/ARReceiptAndAdjustmentBatches(BatchRecordType='CA',BatchNumber={number})");
    let ready = json!({"BatchStatus": "ReadyToPost"});
    assert_eq!(sage(&rig, Method::PATCH, &batch, Some(ready)).await.0, 204);
    let post = json!({"BatchType": "CA", "PostAllBatches": "Donotpostallbatches",
                      "PostBatchFrom": number, "PostBatchTo": number});
    let service = "AR/ARPostReceiptsAndAdjustments('$process')";
    assert_eq!(sage(&rig, Method::POST, service, Some(post)).await.0, 204);
    let (_, posted) = sage(&rig, Method::GET, &batch, None).await;
    assert_eq!(posted["BatchStatus"], "Posted");
    let filter = "AR/ARPostedReceipts?$filter=CustomerNumber%20eq%20'S1'%20and%20\
                  CheckReceiptNumber%20eq%20'9000001'";
    let (_, receipts) = sage(&rig, Method::GET, filter, None).await;
    assert_eq!(receipts["value"].as_array().unwrap().len(), 1);
    rig.end().await;
}

#[tokio::test]
async fn sage_answers_errors_as_documented() {
    let rig = Rig::start(Setup::default()).await;
    let (status, body) = sage(&rig, Method::GET, "AR/ARCustomers('NOBODY')", None).await;
    assert_eq!((status, &body["error"]["code"]), (404, &json!("RecordNotFound")));
    let (status, body) = sage(&rig, Method::GET, "OE/OESOH", None).await;
    assert_eq!((status, &body["error"]["code"]), (404, &json!("ResourceNotFound")));
    let query = "AR/ARPostedDocuments?$select=Lxxxx";
    let (status, body) = sage(&rig, Method::GET, query, None).await;
    assert_eq!((status, &body["error"]["code"]), (400, &json!("InvalidParameters")));
    rig.end().await;
}

#[tokio::test]
async fn paytrace_takes_the_documented_sale_void_and_export() {
    let rig = Rig::start(Setup::default()).await;
    let login = json!({"grant_type": "password", "username": "api@example.test",
                       "password": "demo-password"});
    let url = rig.paytrace.join("oauth/token").unwrap();
    let answer = rig.post(url, &[], login.to_string()).await.unwrap();
    let token: Value = serde_json::from_slice(&answer.body).unwrap();
    let token = token["access_token"].as_str().unwrap().to_owned();
    let sale = json!({
        "integrator_id": "90123Example", "amount": "148.20",
        "credit_card": {"number": "4012000098765439", "expiration_month": "11",
                        "expiration_year": "2028"},
        "csc": "999", "invoice_id": "IN0004521", "customer_reference_id": "PO-7781",
        "tax_amount": "11.20",
        "billing_address": {"name": "Ada Example", "street_address": "8320 Test Rd",
                            "city": "Mesa", "state": "AZ", "zip": "85284"}
    });
    let (status, made) = paytrace(&rig, &token, "v1/transactions/sale/keyed", &sale).await;
    assert_eq!((status, &made["response_code"]), (200, &json!(101)), "{made}");
    assert_eq!(made["masked_card_number"], "xxxxxxxxxxxx5439");
    let id = made["transaction_id"].as_i64().unwrap();
    let ask = json!({"integrator_id": "90123Example", "transaction_id": id});
    let (_, export) = paytrace(&rig, &token, "v1/transactions/export/by_id", &ask).await;
    assert_eq!(export["response_code"], 1);
    assert_eq!(export["transactions"][0]["amount"].to_string(), "148.2");
    assert_eq!(export["transactions"][0]["tax_amount"], "11.20");
    let (_, voided) = paytrace(&rig, &token, "v1/transactions/void", &ask).await;
    assert_eq!(voided["response_code"], 109);
    let (status, refused) = paytrace(
        &rig,
        &token,
        "v1/transactions/void",
        &json!({
        "transaction_id": id }),
    )
    .await;
    assert_eq!(status, 400);
    assert!(refused["errors"]["970"].is_array(), "the integrator id is missing: {refused}");
    rig.end().await;
}

#[tokio::test]
async fn sage_takes_every_other_documented_body() {
    let rig = Rig::start(Setup::default()).await;
    for (path, body) in documented() {
        let (status, stored) = sage(&rig, Method::POST, path, Some(body)).await;
        assert_eq!(status, 201, "{path}: {stored}");
    }
    for (service, body) in [
        ("IC/ICDayEndProcessing('$process')", json!({"ClearHistory": false})),
        (
            "AR/ARCreateGLBatch('$process')",
            json!({"ProcessReceiptBatch": "PostCashbatches",
                   "ReceiptThroughPostingSequenceNumber": 999_999}),
        ),
    ] {
        assert_eq!(sage(&rig, Method::POST, service, Some(body)).await.0, 204, "{service}");
    }
    let books = rig.books(&rig.sage300).await;
    assert_eq!(books["trial_balance"], "0.00");
    rig.end().await;
}

/// Bodies as the Web API's reference prints them, keys that must be new excepted.
fn documented() -> Vec<(&'static str, Value)> {
    let order = json!({
        "CustomerNumber": "1400", "OrderReference": "WEB-5512",
        "PurchaseOrderNumber": "WEB-5512", "OrderDate": "2026-03-02",
        "InvoiceWillBeProduced": true,
        "OrderDetails": [
            {"LineType": "Item", "Item": "A1-105/0", "Location": "1", "QuantityOrdered": 2,
             "QuantityShipped": 2},
            {"LineType": "Miscellaneous", "MiscellaneousChargesCode": "HC",
             "ExtendedAmount": 20.25}]});
    let note = json!({
        "CustomerNumber": "1500", "Reference": "WEB-5512", "Description": "Return",
        "CreditDebitNoteDate": "2026-03-09", "CreditDebitNoteType": "CreditNote",
        "CreditDebitDetails": [{"LineType": "Item", "Item": "A1-105/0", "Location": "4",
            "QuantityReturned": 1, "CreditDebitNoteUOM": "Ea.", "UnitPrice": 5.94}]});
    let invoices = json!({
        "BatchDate": "2026-02-01", "Description": "Web invoices",
        "Invoices": [
            {"CustomerNumber": "1400", "DocumentType": "Invoice", "InvoiceType": "Summary",
             "DocumentDate": "2026-02-01", "DueDate": "2026-03-03",
             "InvoiceDetails": [{"DistributionCode": "CACCSE", "ExtendedAmountWithTIP": 200}]},
            {"CustomerNumber": "1400", "DocumentType": "CreditNote", "InvoiceType": "Summary",
             "DocumentDate": "2026-02-01", "DueDate": "2026-02-01",
             "InvoiceDetails": [{"DistributionCode": "CACCSE", "ExtendedAmountWithTIP": 30}]}]});
    let customer = json!({
        "CustomerNumber": "WEB00017", "GroupCode": "WHL", "TaxGroup": "CALIF",
        "ShortName": "WEB00017", "CustomerName": "Example Buyer Inc.",
        "Email": "ap@example.test",
        "CustomerOptionalFieldValues": [{"OptionalField": "GATEWAYID", "Value": "cus_42"}]});
    let journal = json!({
        "Description": "Gateway fees",
        "JournalHeaders": [{"SourceLedger": "GL", "SourceType": "JE",
            "Description": "Fees 2026-02", "DocumentDate": "2026-02-28",
            "JournalDetails": [
                {"AccountNumber": "6115", "Amount": 12.4, "SourceCurrencyAmount": 12.4,
                 "Reference": "2026-02"},
                {"AccountNumber": "1020", "Amount": -12.4, "SourceCurrencyAmount": -12.4}]}]});
    let fees = json!({
        "BankCode": "SEATAC", "BankEntryDate": "2026-02-28", "BankEntryType": "Withdrawals",
        "EntryDescription": "Gateway fees 2026-02",
        "BankEntryDetail": [{"LineNumber": 1, "GLAccount": "6115", "SourceAmount": 12.4,
            "Reference": "2026-02", "Description": "Fees"}]});
    let code = json!({"PaymentCodeKey": "CCARD9", "Description": "Card via gateway",
                      "Status": "Active", "InactiveDate": null,
                      "DateLastMaintained": "2025-11-03T00:00:00Z", "PaymentType": "Other"});
    vec![
        ("OE/OEOrders", order),
        ("OE/OECreditDebitNotes", note),
        ("AR/ARInvoiceBatches", invoices),
        ("AR/ARCustomers", customer),
        ("GL/GLJournalBatches", journal),
        ("BK/BKBankEntries", fees),
        ("AR/ARPaymentCodes", code),
    ]
}
