use jiff::SignedDuration;
use serde_json::{Value, json};

use super::PaytraceConfig;
use super::tests::{Shop, body, keyed, shop};
use crate::sim::Simulator;

fn patient() -> Shop {
    Shop::open(PaytraceConfig { token_seconds: 90_000_000, ..PaytraceConfig::default() })
}

fn later(shop: &mut Shop, hours: i64) {
    shop.now = shop.now.checked_add(SignedDuration::from_hours(hours)).unwrap();
}

fn customer(shop: &mut Shop, id: &str) {
    let mut profile = keyed("0");
    profile["customer_id"] = json!(id);
    assert_eq!(shop.call("customer/create", profile)["response_code"], 160);
}

fn token(shop: &mut Shop, csc: &str) -> Value {
    let card = json!({"number": "4012000098765439", "expiration_month": 1, "expiration_year": 30,
                      "csc": csc});
    shop.account.command(shop.now, "tokenize", &card).unwrap()
}

fn ids(listed: &Value) -> Vec<&str> {
    let rows = listed["customers"].as_array().unwrap();
    rows.iter().map(|row| row["customer_id"].as_str().unwrap()).collect()
}

#[test]
fn a_token_is_as_recorded_whether_asked_for_by_form_or_json() {
    let recorded = include_str!("../../../../tests/fixtures/paytrace/recorded_token.json");
    let recorded: Value = serde_json::from_str(recorded).unwrap();
    let expected = recorded["response"]["body"].as_object().unwrap();
    let mut shop = shop();
    let form = "grant_type=password&username=api%40example.test&password=demo-password";
    let json = json!({"grant_type": "password", "username": "api@example.test",
                      "password": "demo-password"});
    for login in [form.to_owned(), json.to_string()] {
        let answer = body(&shop.send("/oauth/token", login.as_bytes()));
        let names: Vec<&String> = answer.as_object().unwrap().keys().collect();
        assert_eq!(names, expected.keys().collect::<Vec<_>>());
        assert_eq!(answer["expires_in"], expected["expires_in"]);
        assert!(answer["created_at"].is_i64() && answer["access_token"].is_string());
    }
    let refused = body(&shop.send("/oauth/token", b"grant_type=password&username=x&password="));
    assert_eq!(refused["error"], "invalid_grant");
}

#[test]
fn the_security_code_of_hosted_fields_reaches_the_bank() {
    let mut shop = shop();
    for (csc, expected) in [("999", "Match"), ("111", "No Match"), ("", "")] {
        let mut sale = token(&mut shop, csc);
        sale["amount"] = json!("9.00");
        let sold = shop.call("transactions/sale/pt_protect", sale);
        assert_eq!(sold["csc_response"], expected, "{sold}");
    }
    let key = body(&shop.send("/v1/payment_fields/token/create", b""));
    assert!(key["clientKey"].is_string());
}

#[test]
fn cards_come_from_stripes_and_earlier_transactions_too() {
    let mut shop = shop();
    for swipe in
        ["%B4012000098765439^EXAMPLE/ADA^3011101000000000?", ";4012000098765439=3011101000000000?"]
    {
        let sold = shop.call("transactions/sale/swiped", json!({"amount": "4.00", "swipe": swipe}));
        assert_eq!(sold["response_code"], 101, "{sold}");
        let row = shop.export(sold["transaction_id"].as_i64().unwrap());
        assert_eq!(row["credit_card"]["expiration_month"], 11);
        assert_eq!(row["credit_card"]["expiration_year"], 30);
    }
    let first = shop.sale("5.00");
    let again = json!({"amount": "6.00", "transaction_id": first.to_string()});
    assert_eq!(shop.call("transactions/sale/by_transaction", again)["response_code"], 101);
    let zero = shop.call("transactions/authorization/keyed", keyed("0.00"));
    assert_eq!(zero["response_code"], 101, "a card check");
    assert!(shop.call("transactions/sale/keyed", keyed("0.00"))["errors"]["970"].is_array());
}

#[test]
fn test_amounts_decline_as_published() {
    let mut shop = shop();
    let mut with = |number: &str, path: &str| {
        let mut given = keyed("0.29");
        given["credit_card"]["number"] = json!(number);
        let answer = shop.call(path, given);
        (answer["response_code"].clone(), answer["approval_message"].as_str().unwrap().to_owned())
    };
    let amex = with("371449635392376", "transactions/sale/keyed");
    assert_eq!(amex.0, 102);
    let master = with("5499740000000057", "transactions/authorization/keyed");
    assert_eq!(master, (json!(102), "  EXPIRED CARD - Expired card".to_owned()));
    assert_eq!(with("4012000098765439", "transactions/sale/keyed").0, 101);
}

#[test]
fn a_refund_is_no_first_of_a_duplicate() {
    let mut shop = shop();
    shop.account.command(shop.now, "set", &json!({"duplicate_minutes": 5})).unwrap();
    let refund = shop.call("transactions/refund/keyed", keyed("5.00"));
    assert_eq!(refund["response_code"], 106);
    shop.sale("5.00");
    assert_eq!(shop.call("transactions/sale/keyed", keyed("5.00"))["success"], false);
}

#[test]
fn exports_are_filtered_by_user_and_show_the_first_six_when_asked() {
    let mut shop = shop();
    shop.sale("5.00");
    let seeds = json!({"transactions": [{"amount": "7.00", "kind": "sale"}]});
    shop.account.command(shop.now, "seed_transactions", &seeds).unwrap();
    let range = |extra: (&str, Value)| {
        let mut range = json!({"start_date": "03/02/2026", "end_date": "03/02/2026",
                               "include_bin": true});
        range[extra.0] = extra.1;
        range
    };
    for extra in [("user", json!("terminal")), ("created", json!({"by": "terminal"}))] {
        let found = shop.call("transactions/export/by_date_range", range(extra));
        assert_eq!(found["transactions"].as_array().unwrap().len(), 1);
        assert_eq!(found["transactions"][0]["amount"].to_string(), "7");
        assert_eq!(found["transactions"][0]["credit_card"]["bin"], "401200");
    }
}

#[test]
fn a_receipt_sent_later_shows_in_the_export() {
    let mut shop = shop();
    let id = shop.sale("5.00");
    let ask = json!({"transaction_id": id, "email": "other@example.test"});
    assert_eq!(shop.call("transactions/email_receipt", ask)["response_code"], 149);
    assert_eq!(shop.export(id)["receipt_emailed_to"], "other@example.test");
}

#[test]
fn seeds_are_all_put_or_none() {
    let mut shop = shop();
    let seeds = json!({"transactions": [{"amount": "7.00", "kind": "sale"},
                                        {"amount": "7.001", "kind": "sale"}]});
    assert!(shop.account.command(shop.now, "seed_transactions", &seeds).is_err());
    assert_eq!(shop.account.state()["transactions"], json!([]));
}

#[test]
fn a_profile_keeps_what_an_update_does_not_name() {
    let mut shop = shop();
    customer(&mut shop, "C1");
    let change = json!({"customer_id": "C1", "phone": "555",
                        "shipping_address": {"city": "Mesa"}});
    assert_eq!(shop.call("customer/update", change)["response_code"], 161);
    let swap = json!({"customer_id": "C1", "credit_card": {"number": "1"}});
    assert!(shop.call("customer/update", swap)["errors"]["35"].is_array());
    let export = shop.call("customer/export", json!({"customer_id": "C1", "include_bin": "Y"}));
    let row = &export["customers"][0];
    assert_eq!((&row["phone"], &row["email"]), (&json!("555"), &json!("ap@example.test")));
    assert_eq!(row["shipping_address"]["city"], "Mesa");
    assert_eq!(row["credit_card"]["bin"], "401200");
}

#[test]
fn inactive_profiles_are_those_nobody_charged_of_late() {
    let mut shop = patient();
    customer(&mut shop, "C1");
    customer(&mut shop, "C2");
    later(&mut shop, 24 * 40);
    let sale = json!({"customer_id": "C2", "amount": "3.00"});
    assert_eq!(shop.call("transactions/sale/by_customer", sale)["response_code"], 101);
    let ask = |days: u32| json!({ "days_inactive": days });
    assert_eq!(ids(&shop.call("customer/export_inactive", ask(30))), ["C1"]);
    assert!(ids(&shop.call("customer/export_inactive", ask(41))).is_empty());
    assert!(shop.call("customer/export_inactive", json!({}))["errors"]["970"].is_array());
}

#[test]
fn a_number_paytrace_assigns_is_never_one_in_use() {
    let mut shop = shop();
    customer(&mut shop, "90000001");
    let mut sale = token(&mut shop, "999");
    sale["amount"] = json!("9.00");
    sale["billing_address"] = json!({"name": "Ada"});
    let sold = shop.call("transactions/sale/pt_protect_customer", sale);
    assert_eq!(sold["response_code"], 165, "{sold}");
    let row = shop.export(sold["transaction_id"].as_i64().unwrap());
    assert_eq!(row["customer_id"], "90000002");
    let charge = json!({"customer_id": "90000002", "amount": "3.00"});
    assert_eq!(shop.call("transactions/sale/by_customer", charge)["response_code"], 101);
}

#[test]
fn a_profile_may_be_kept_for_checks_alone() {
    let mut shop = shop();
    let profile = json!({"customer_id": "C1", "billing_address": {"name": "Ada"},
                         "check": {"account_number": "123456", "routing_number": "325070760"}});
    let made = shop.call("customer/create", profile);
    assert_eq!(made["response_code"], 160);
    assert!(made.get("masked_card_number").is_none());
    let ask = json!({"customer_id": "C1", "amount": "20.00"});
    assert_eq!(shop.call("checks/sale/by_customer", ask.clone())["response_code"], 120);
    assert_eq!(shop.account.state()["checks"][0]["account_last4"], "3456");
    assert!(shop.call("transactions/sale/by_customer", ask)["errors"]["35"].is_array());
    customer(&mut shop, "C2");
    let other = json!({"customer_id": "C2", "amount": "20.00"});
    assert!(shop.call("checks/sale/by_customer", other)["errors"]["45"].is_array());
}

#[test]
fn a_voided_check_refund_is_given_back() {
    let mut shop = shop();
    let sale = json!({"amount": "20.00",
                      "check": {"account_number": "123456", "routing_number": "325070760"}});
    let sold = shop.call("checks/sale/by_account", sale);
    let ask = json!({"check_transaction_id": sold["check_transaction_id"]});
    let refund = shop.call("checks/refund/by_transaction", ask.clone());
    assert!(shop.call("checks/refund/by_transaction", ask.clone())["errors"]["80"].is_array());
    let void = json!({"check_transaction_id": refund["check_transaction_id"]});
    assert_eq!(shop.call("checks/manage/void", void)["response_code"], 124);
    assert_eq!(shop.call("checks/refund/by_transaction", ask)["response_code"], 122);
}

#[test]
fn a_recurrence_begins_no_earlier_than_it_is_made() {
    let mut shop = patient();
    customer(&mut shop, "C1");
    let plan = json!({"customer_id": "C1",
                      "recurrence": {"amount": "49.00", "frequency": "5", "total_count": "999",
                                     "start_date": "02/23/2026", "customer_receipt": "Y",
                                     "transaction_type": "Authorization"}});
    let made = shop.call("recurrence/create", plan);
    later(&mut shop, 24 * 8);
    let range = json!({"start_date": "01/01/2026", "end_date": "03/31/2026"});
    let rows = shop.call("transactions/export/by_date_range", range.clone())["transactions"].take();
    assert_eq!(rows.as_array().unwrap().len(), 1, "of three dates two had gone by: {rows}");
    assert_eq!(rows[0]["created"]["at"], "3/9/2026 12:30:00 AM");
    assert_eq!(rows[0]["transaction_type"], "AUTHORIZATION");
    assert_eq!(rows[0]["receipt_emailed_to"], "ap@example.test");
    let id = &made["recurrence"]["id"];
    let wrong = json!({"recurrence": {"id": id, "amount": "1.00", "next_date": "never"}});
    assert!(shop.call("recurrence/update", wrong)["errors"]["970"].is_array());
    assert_eq!(shop.account.state()["recurrences"][0]["amount"].to_string(), "49");
    let right = json!({"recurrence": {"id": id, "amount": "1.00", "next_date": "03/12/2026",
                                      "frequency": "6", "customer_receipt": "N"}});
    assert_eq!(shop.call("recurrence/update", right)["response_code"], 151);
    later(&mut shop, 48);
    let rows = shop.call("transactions/export/by_date_range", range)["transactions"].take();
    assert_eq!(rows[1]["created"]["at"], "3/12/2026 12:30:00 AM");
    assert_eq!(
        (&rows[1]["amount"].to_string()[..], &rows[1]["receipt_emailed_to"]),
        ("1", &json!(""))
    );
}
