use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{PaytraceConfig, PaytraceSim};
use crate::sim::{SimReply, SimRequest, Simulator};

pub(super) struct Shop {
    pub account: PaytraceSim,
    pub now: Timestamp,
    token: String,
}

impl Shop {
    pub fn open(config: PaytraceConfig) -> Self {
        let now = "2026-03-02T18:00:00Z".parse().unwrap();
        let mut shop = Self { account: PaytraceSim::new(config), now, token: String::new() };
        let login = "grant_type=password&username=api%40example.test&password=demo-password";
        let reply = shop.send("/oauth/token", login.as_bytes());
        shop.token = body(&reply)["access_token"].as_str().unwrap().to_owned();
        shop
    }

    pub fn send(&mut self, path: &str, body: &[u8]) -> SimReply {
        let request = SimRequest {
            method: "POST".into(),
            path: path.into(),
            headers: vec![("authorization".into(), format!("Bearer {}", self.token))],
            body: body.to_vec(),
            ..SimRequest::default()
        };
        self.account.handle(self.now, &request)
    }

    pub fn call(&mut self, path: &str, mut payload: Value) -> Value {
        payload["integrator_id"] = json!("90123Example");
        body(&self.send(&format!("/v1/{path}"), payload.to_string().as_bytes()))
    }

    pub fn sale(&mut self, amount: &str) -> i64 {
        let sold = self.call("transactions/sale/keyed", keyed(amount));
        assert_eq!(sold["response_code"], 101, "{sold}");
        sold["transaction_id"].as_i64().unwrap()
    }

    pub fn export(&mut self, id: i64) -> Value {
        let all = self.call("transactions/export/by_id", json!({ "transaction_id": id }));
        all["transactions"][0].clone()
    }
}

pub(super) fn body(reply: &SimReply) -> Value {
    serde_json::from_slice(&reply.body).unwrap()
}

pub(super) fn keyed(amount: &str) -> Value {
    json!({"amount": amount, "invoice_id": "IN1", "email": "ap@example.test",
           "credit_card": {"number": "4012000098765439", "expiration_month": "12",
                           "expiration_year": "2030"},
           "billing_address": {"name": "Ada", "street_address": "8320 Test Rd", "zip": "85284"}})
}

pub(super) fn shop() -> Shop {
    Shop::open(PaytraceConfig::default())
}

#[test]
fn recorded_exchanges_have_the_same_members_types_and_codes() {
    for (path, recorded) in [
        (
            "transactions/sale/keyed",
            include_str!("../../../../tests/fixtures/paytrace/recorded_keyed_sale.json"),
        ),
        (
            "customer/create",
            include_str!("../../../../tests/fixtures/paytrace/recorded_customer_create.json"),
        ),
    ] {
        let recorded: Value = serde_json::from_str(recorded).unwrap();
        let answer = shop().call(path, recorded["request"]["body"].clone());
        let expected = &recorded["response"]["body"];
        assert_eq!(answer["response_code"], expected["response_code"], "{answer}");
        assert_eq!(answer["status_message"], expected["status_message"]);
        let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&answer), names(expected));
        for (name, value) in expected.as_object().unwrap() {
            let kind = |v: &Value| std::mem::discriminant(v);
            assert_eq!(kind(&answer[name]), kind(value), "{name}");
        }
    }
}

#[test]
fn tokens_expire_and_wrong_credentials_are_invalid_grants() {
    let mut shop = shop();
    assert_eq!(shop.send("/oauth/token", b"grant_type=password&username=x&password=y").status, 401);
    shop.now = shop.now.checked_add(SignedDuration::from_secs(7_201)).unwrap();
    let late = shop.call("transactions/export/by_id", json!({"transaction_id": 1}));
    assert_eq!(late["error"], "invalid_token");
}

#[test]
fn an_export_is_typed_as_documented() {
    let mut shop = shop();
    let id = shop.sale("148.20");
    let row = shop.export(id);
    assert!(row["transaction_id"].is_i64());
    assert_eq!(row["amount"].to_string(), "148.2");
    assert_eq!(row["tax_amount"], "0.00");
    assert_eq!(row["credit_card"]["expiration_year"], 30);
    assert_eq!(row["credit_card"]["masked_number"], "************5439");
    assert_eq!(row["created"]["at"], "3/2/2026 10:00:00 AM", "Pacific");
    assert_eq!(row["receipt_emailed_to"], "ap@example.test");
    assert_eq!(
        (&row["status_code"], &row["avs_response"]),
        (&json!("Y"), &json!("Full Exact Match"))
    );
    let whole = shop.sale("110");
    assert_eq!(shop.export(whole)["amount"].to_string(), "110");
}

#[test]
fn declines_leave_a_record_and_rejections_do_not() {
    let mut shop = shop();
    let declined = shop.call("transactions/sale/keyed", keyed("1.12"));
    assert_eq!((&declined["success"], &declined["response_code"]), (&json!(false), &json!(102)));
    let id = declined["transaction_id"].as_i64().unwrap();
    assert_eq!(shop.export(id)["status_message"], "DECLINED");
    let mut bad = keyed("5.00");
    bad["credit_card"] = json!({"number": "41111111111111", "expiration_month": "14",
                                "expiration_year": "1999"});
    let rejected = shop.call("transactions/sale/keyed", bad);
    let keys: Vec<&String> = rejected["errors"].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["35", "43"]);
    assert!(rejected.get("transaction_id").is_none());
}

#[test]
fn an_approval_voided_by_a_rule_still_says_success() {
    let config = PaytraceConfig { void_on_avs_mismatch: true, ..PaytraceConfig::default() };
    let mut shop = Shop::open(config);
    let mut sale = keyed("5.00");
    sale["billing_address"] = json!({"name": "Ada", "zip": "90210"});
    let answer = shop.call("transactions/sale/keyed", sale);
    assert_eq!((&answer["success"], &answer["response_code"]), (&json!(true), &json!(103)));
    let id = answer["transaction_id"].as_i64().unwrap();
    assert_eq!(shop.export(id)["status_message"], "VOIDED");
}

#[test]
fn authorizations_are_captured_once_and_in_part() {
    let mut shop = shop();
    let held = shop.call("transactions/authorization/keyed", keyed("80.00"));
    let id = held["transaction_id"].clone();
    let part = json!({"transaction_id": id, "amount": "40.00"});
    assert_eq!(shop.call("transactions/authorization/capture", part.clone())["response_code"], 112);
    assert_eq!(shop.export(id.as_i64().unwrap())["amount"].to_string(), "40");
    let again = shop.call("transactions/authorization/capture", part);
    assert!(again["errors"]["816"].is_array());
    assert_eq!(shop.account.state()["totals"]["captured"], "40.00");
}

#[test]
fn voids_are_for_before_settlement_and_refunds_for_after() {
    let mut shop = shop();
    let id = shop.sale("60.00");
    let ask = |amount: &str| json!({"transaction_id": id, "amount": amount});
    let early = shop.call("transactions/refund/for_transaction", ask("10.00"));
    assert!(early["errors"]["817"].is_array());
    assert_eq!(shop.call("transactions/settle", json!({}))["response_code"], 175);
    assert_eq!(shop.call("transactions/void", ask("60.00"))["response_code"], 110);
    let refund = shop.call("transactions/refund/for_transaction", ask("40.00"));
    assert_eq!(refund["response_code"], 106);
    assert_ne!(refund["transaction_id"], id, "a refund is a transaction of its own");
    let more = shop.call("transactions/refund/for_transaction", ask("20.01"));
    assert_eq!(more["response_code"], 107, "never more than was taken");
    let unknown = shop.call("transactions/void", json!({"transaction_id": 5}));
    assert!(unknown["errors"]["58"].is_array());
    let other = shop.sale("7.00");
    let void = shop.call("transactions/void", json!({ "transaction_id": other }));
    assert_eq!(void["response_code"], 109);
}

#[test]
fn the_cut_off_settles_and_batch_numbers_wrap() {
    let config = PaytraceConfig { batch_number_max: 2, ..PaytraceConfig::default() };
    let mut shop = Shop::open(PaytraceConfig { token_seconds: 9_000_000, ..config });
    for expected in ["GB1", "GB2", "GB1"] {
        let id = shop.sale("5.00");
        assert_eq!(shop.export(id)["settled"], "");
        shop.now = shop.now.checked_add(SignedDuration::from_hours(24)).unwrap();
        let row = shop.export(id);
        assert_eq!(row["status_code"], expected);
        assert!(row["settled"].as_str().unwrap().ends_with("8:00:00 PM"), "{row}");
    }
}

#[test]
fn days_are_local_inclusive_and_filtered() {
    let mut shop =
        Shop::open(PaytraceConfig { token_seconds: 90_000, ..PaytraceConfig::default() });
    shop.now = "2026-03-03T04:00:00Z".parse().unwrap();
    shop.call("transactions/sale/keyed", keyed("5.00"));
    shop.call("transactions/sale/keyed", keyed("1.12"));
    let mut asked = |extra: Value| {
        let mut range = json!({"start_date": "03/02/2026", "end_date": "03/02/2026"});
        for (name, value) in extra.as_object().unwrap() {
            range[name] = value.clone();
        }
        let all = shop.call("transactions/export/by_date_range", range);
        all["transactions"].as_array().unwrap().len()
    };
    assert_eq!(asked(json!({})), 2, "8 p.m. of the day before, Pacific");
    assert_eq!(asked(json!({"transaction_type": "DECLINED"})), 1);
    assert_eq!(asked(json!({"including_text": "in1"})), 2);
    assert_eq!(asked(json!({"including_text": "other"})), 0);
    assert_eq!(asked(json!({"end_date": "03/01/2026"})), 0);
}

#[test]
fn a_duplicate_within_the_time_is_refused_only_when_the_rule_is_on() {
    let mut shop = shop();
    shop.sale("5.00");
    shop.sale("5.00");
    shop.account.command(shop.now, "set", &json!({"duplicate_minutes": 5})).unwrap();
    assert_eq!(shop.call("transactions/sale/keyed", keyed("5.00"))["success"], false);
    shop.now = shop.now.checked_add(SignedDuration::from_mins(6)).unwrap();
    shop.sale("5.00");
}

#[test]
fn integrator_and_hosted_field_tokens_are_checked() {
    let mut shop = shop();
    let none = body(&shop.send("/v1/transactions/void", b"{}"));
    assert!(none["errors"]["970"].is_array());
    let other = body(&shop.send("/v1/transactions/void", br#"{"integrator_id": "x"}"#));
    assert!(other["errors"]["971"].is_array());
    let card = json!({"number": "4012000098765439", "expiration_month": 1, "expiration_year": 30});
    let token = shop.account.command(shop.now, "tokenize", &card).unwrap();
    let mut sale = token.clone();
    sale["amount"] = json!("9.00");
    let sold = shop.call("transactions/sale/pt_protect", sale.clone());
    assert_eq!(sold["response_code"], 101);
    assert!(sold.get("masked_card_number").is_none());
    assert!(shop.call("transactions/sale/pt_protect", sale)["errors"]["961"].is_array());
}

#[test]
fn vault_ids_are_unique_and_unknown_ones_refused() {
    let mut shop = shop();
    let mut profile = keyed("0");
    profile["customer_id"] = json!("C1");
    assert_eq!(shop.call("customer/create", profile.clone())["response_code"], 160);
    assert!(shop.call("customer/create", profile)["errors"]["171"].is_array());
    let sale = json!({"customer_id": "C1", "amount": "3.00"});
    assert_eq!(shop.call("transactions/sale/by_customer", sale)["response_code"], 101);
    let unknown = json!({"customer_id": "C2", "amount": "3.00"});
    assert!(shop.call("transactions/sale/by_customer", unknown)["errors"]["30"].is_array());
    let export = shop.call("customer/export", json!({"customer_id": "C1"}));
    assert_eq!(export["customers"][0]["email"], "ap@example.test");
    assert_eq!(shop.call("customer/delete", json!({"customer_id": "C1"}))["response_code"], 162);
}

#[test]
fn a_user_without_the_right_may_not_refund_and_unknown_paths_are_pages() {
    let mut config = PaytraceConfig::default();
    config.users[0].may_refund = false;
    let mut shop = Shop::open(config);
    let refund = shop.call("transactions/refund/for_transaction", json!({"transaction_id": 1}));
    assert!(refund["errors"]["981"].is_array());
    let page = shop.send("/v1/nothing/here", br#"{"integrator_id": "90123Example"}"#);
    assert_eq!(page.status, 404);
    assert!(serde_json::from_slice::<Value>(&page.body).is_err());
}

#[test]
fn ten_thousand_are_seeded_and_found() {
    let mut shop = shop();
    let seeds: Vec<Value> =
        (0..10_000).map(|n| json!({"amount": format!("{n}.01"), "kind": "sale"})).collect();
    let body = json!({ "transactions": seeds });
    let ids = shop.account.command(shop.now, "seed_transactions", &body).unwrap();
    assert_eq!(ids["ids"].as_array().unwrap().len(), 10_000);
    assert_eq!(shop.account.state()["totals"]["captured_count"], 10_000);
}
