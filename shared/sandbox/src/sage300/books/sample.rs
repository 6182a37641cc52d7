//! Sample Company Limited, as far as its parts are known from official samples. [O][I]

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::super::resource::Row;
use super::super::web::{Sage300Config, Sage300Sim};
use super::calendar::Calendar;
use super::masters::Masters;
use super::{Books, Options};

const RECORDS: &str = include_str!("samltd.json");

impl Books {
    /// The sample company SAMLTD (functional currency CAD), with no transactions.
    #[must_use]
    pub fn samltd(options: Options) -> Self {
        Self {
            options,
            today: Date::ZERO,
            masters: masters(),
            calendar: Calendar::of_years(2019..=2030),
            counters: super::Counters::default(),
            shelves: super::Shelves::default(),
            pending: BTreeMap::new(),
            held_numbers: BTreeMap::new(),
            documents: super::Documents::default(),
            receipts: super::PostedReceipts::default(),
            standings: BTreeMap::new(),
            bank_balances: BTreeMap::new(),
            ledger: super::GeneralLedger::default(),
            sequences: super::Sequences::default(),
            stock: super::Stock::default(),
            unsent: Vec::new(),
            failures: Vec::new(),
            snapshots: BTreeMap::new(),
        }
    }
}

/// The sample company behind its Web API.
///
/// # Errors
/// A sentence saying what is wrong with the configuration.
pub fn samltd(config: Sage300Config, options: Options) -> Result<Sage300Sim<Books>, String> {
    Sage300Sim::new(config, Books::samltd(options))
}

#[expect(clippy::expect_used, reason = "the records are compiled in, and tests read them all")]
fn masters() -> Masters {
    let tables: BTreeMap<String, Vec<Row>> =
        serde_json::from_str(RECORDS).expect("the sample company's records are well-formed");
    let mut masters = Masters::default();
    for (resource, rows) in tables {
        rows.into_iter().for_each(|row| masters.store(&resource, row));
    }
    masters
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::{Value, json};

    use super::*;
    use crate::sim::{SimReply, SimRequest, Simulator};

    type Sim = Sage300Sim<Books>;

    /// Customer S1 owes 100 on IN1 (order ORD7, purchase order PO9) and 50 on IN2.
    fn sim() -> Sim {
        let mut sim = samltd(Sage300Config::default(), Options::default()).unwrap();
        let customers = json!({"customers": [{"number": "S1", "name": "Buyer", "currency": "USD",
            "email": "s1@example.test", "street": "1 Main St", "zip": "98001"}]});
        tell(&mut sim, "seed_customers", &customers);
        let invoices = json!({"invoices": [
            {"customer": "S1", "document": "IN1", "amount": "100.00", "date": "2026-02-01",
             "order_number": "ORD7", "po_number": "PO9"},
            {"customer": "S1", "document": "IN2", "amount": "50.00", "date": "2026-02-01"}]});
        tell(&mut sim, "seed_invoices", &invoices);
        sim
    }

    fn tell(sim: &mut Sim, command: &str, body: &Value) -> Value {
        sim.command("2026-03-02T10:00:00Z".parse().unwrap(), command, body).unwrap()
    }

    fn ask(sim: &mut Sim, method: &str, tail: &str, body: &Value) -> SimReply {
        let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
        let request = SimRequest {
            method: method.into(),
            path: format!("/Sage300WebApi/v1.0/-/SAMLTD/{path}"),
            query: query.replace(' ', "%20"),
            headers: vec![
                ("host".into(), "erp.example".into()),
                ("authorization".into(), format!("Basic {}", STANDARD.encode("WEBAPI:WEBAPI"))),
                ("content-type".into(), "application/json".into()),
            ],
            body: body.to_string().into_bytes(),
        };
        sim.handle("2026-03-02T10:00:00Z".parse().unwrap(), &request)
    }

    fn read(reply: &SimReply) -> Value {
        serde_json::from_slice(&reply.body).unwrap()
    }

    fn found(sim: &mut Sim, tail: &str, name: &str) -> Vec<String> {
        let reply = ask(sim, "GET", tail, &Value::Null);
        assert_eq!(reply.status, 200, "{tail}");
        let rows = read(&reply)["value"].as_array().unwrap().clone();
        rows.iter().map(|row| row[name].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_receipt_goes_through_the_web_api_into_the_books() {
        let mut sim = sim();
        let payload = json!({"BatchRecordType": "CA", "BatchDate": "2026-03-02",
            "Description": "PTS1:m:1", "BankCode": "SEATAC", "DefaultBankCurrency": "USD",
            "ReceiptsAdjustments": [{"BatchType": "CA", "CustomerNumber": "S1",
                "ReceiptTransactionType": "Receipt", "EntryReference": "PT-9",
                "CheckReceiptNumber": "9000001", "PaymentCode": "CCARD",
                "BankReceiptAmount": 100.5, "CustomerReceiptAmount": 100.5,
                "AppliedReceiptsAdjustments": [{"CustomerNumber": "S1", "DocumentNumber": "IN1",
                    "PaymentNumber": 1, "CustomerReceiptAmount": 100,
                    "UpdateOperation": "Insert"}]}]});
        let created = ask(&mut sim, "POST", "AR/ARReceiptAndAdjustmentBatches", &payload);
        assert_eq!(created.status, 201);
        let number = read(&created)["BatchNumber"].as_i64().unwrap();
        let batch =
            format!("AR/ARReceiptAndAdjustmentBatches(BatchRecordType='CA',BatchNumber={number})");
        let post = "AR/ARPostReceiptsAndAdjustments('$process')";
        let asked = json!({"BatchType": "CA", "PostAllBatches": "Donotpostallbatches",
            "PostBatchFrom": number, "PostBatchTo": number});
        assert_eq!(ask(&mut sim, "POST", post, &asked).status, 204);
        let open = ask(&mut sim, "GET", &batch, &Value::Null);
        assert_eq!(read(&open)["BatchStatus"], "Open", "A2: what is not ready does not post");
        assert_eq!(sim.state()["totals"]["receipts_count"], 0);
        let ready = json!({"BatchStatus": "ReadyToPost"});
        assert_eq!(ask(&mut sim, "PATCH", &batch, &ready).status, 204);
        for _ in 0..2 {
            assert_eq!(ask(&mut sim, "POST", post, &asked).status, 204, "again does nothing");
        }
        let state = sim.state();
        assert_eq!(
            state["totals"],
            json!({"receipts_count": 1, "receipts_amount": "100.50"}),
            "posted once"
        );
        assert_eq!(state["receipts"][0]["entry_reference"], "PT-9");
        assert_eq!(state["receipts"][0]["lines"], json!([{"document": "IN1", "amount": "100.00"}]));
        assert_eq!(state["trial_balance"], "0.00");
        let paid = "AR/ARPostedDocuments(CustomerNumber='S1',DocumentNumber='IN1')";
        let paid = read(&ask(&mut sim, "GET", paid, &Value::Null));
        assert_eq!(paid["FullyPaid"], "Yes");
        let due = paid["CustomerCurrencyAmountDue"].to_string().parse::<rust_decimal::Decimal>();
        assert!(due.unwrap().is_zero());
    }

    #[test]
    fn documents_are_found_by_order_and_purchase_order() {
        let mut sim = sim();
        let mut numbers = |filter: &str| {
            found(&mut sim, &format!("AR/ARPostedDocuments?$filter={filter}"), "DocumentNumber")
        };
        assert_eq!(numbers("OrderNumber eq 'ORD7'"), ["IN1"]);
        assert_eq!(numbers("PONumber eq 'PO9' and CustomerNumber eq 'S1'"), ["IN1"]);
        assert!(numbers("PONumber eq 'PO9' and CustomerNumber eq '1200'").is_empty());
        assert!(numbers("OrderNumber eq 'ORD8'").is_empty());
        assert_eq!(numbers("OrderNumber eq '' and CustomerNumber eq 'S1'"), ["IN2"], "no order");
        assert_eq!(numbers("OrderNumber eq 'ORD7' or DocumentNumber eq 'IN2'"), ["IN1", "IN2"]);
    }

    #[test]
    fn customers_are_found_by_their_present_address() {
        let mut sim = sim();
        let by = |sim: &mut Sim, email: &str| {
            let tail = format!("AR/ARCustomers?$filter=Email eq '{email}'");
            found(sim, &tail, "CustomerNumber")
        };
        assert_eq!(by(&mut sim, "s1@example.test"), ["S1"]);
        let change = json!({"Email": "new@example.test"});
        assert_eq!(ask(&mut sim, "PATCH", "AR/ARCustomers('S1')", &change).status, 204);
        assert!(by(&mut sim, "s1@example.test").is_empty());
        assert_eq!(by(&mut sim, "new@example.test"), ["S1"]);
        let other = json!({"customers": [{"number": "S2", "email": "new@example.test"}]});
        tell(&mut sim, "seed_customers", &other);
        assert_eq!(by(&mut sim, "new@example.test"), ["S1", "S2"]);
        assert_eq!(ask(&mut sim, "DELETE", "AR/ARCustomers('S2')", &Value::Null).status, 204);
        assert_eq!(by(&mut sim, "new@example.test"), ["S1"]);
        let tail = "AR/ARCustomers?$filter=ZipPostalCode eq '98001'";
        assert_eq!(found(&mut sim, tail, "AddressLine1"), ["1 Main St"]);
    }

    #[test]
    fn batches_and_customers_may_be_named_by_number() {
        let mut sim = sim();
        let keyed = json!({"customer": "S1", "amount": "5.00", "post": false});
        let batch = tell(&mut sim, "key_receipt", &keyed)["batch"].clone();
        tell(&mut sim, "lock_batch", &json!({"type": "CA", "number": batch}));
        assert_eq!(sim.state()["open_batches"][0]["locked"], true);
        tell(&mut sim, "unlock_batch", &json!({"type": "CA", "number": batch}));
        let posted = tell(&mut sim, "post_batch", &json!({"type": "CA", "number": batch}));
        assert_eq!(posted["status"], "Posted");
        tell(&mut sim, "inactivate_customer", &json!({"number": "s1"}));
        let customer = read(&ask(&mut sim, "GET", "AR/ARCustomers('S1')", &Value::Null));
        assert_eq!(customer["Status"], "Inactive");
    }
}
