use jiff::SignedDuration;
use serde_json::{Value, json};

use super::PaytraceConfig;
use super::tests::{Shop, keyed, shop};
use crate::sim::Simulator;

#[test]
fn checks_are_accepted_funded_refunded_and_returned() {
    let mut shop = shop();
    let sale = json!({"amount": "20.00",
                      "check": {"account_number": "123456", "routing_number": "325070760"}});
    let accepted = shop.call("checks/sale/by_account", sale.clone());
    assert_eq!(accepted["response_code"], 120);
    let id = accepted["check_transaction_id"].clone();
    let ask = json!({ "check_transaction_id": id });
    assert_eq!(shop.call("checks/manage/fund", ask.clone())["response_code"], 124);
    assert!(shop.call("checks/manage/void", ask.clone())["errors"]["80"].is_array());
    assert_eq!(shop.call("checks/refund/by_transaction", ask.clone())["response_code"], 122);
    let twice = shop.call("checks/refund/by_transaction", ask.clone());
    assert!(twice["errors"]["80"].is_array(), "never more than was taken");
    assert_eq!(shop.call("checks/refund/by_account", sale.clone())["response_code"], 122);
    shop.account.command(shop.now, "return_check", &ask).unwrap();
    assert_eq!(shop.account.state()["checks"][0]["status"], "returned");
    let mut bad = sale;
    bad["check"] = json!({"account_number": "x", "routing_number": "325070761"});
    let refused = shop.call("checks/sale/by_account", bad);
    let keys: Vec<&String> = refused["errors"].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["45", "46"]);
}

#[test]
fn batches_are_listed_with_their_transactions() {
    let mut shop = shop();
    shop.sale("30.00");
    shop.sale("12.50");
    shop.call("transactions/settle", json!({}));
    let one = shop.call("batches/export_one", json!({}));
    assert_eq!(one["batch"]["visa_sales_amount"].to_string(), "42.5");
    let range = json!({"start_date": "03/02/2026", "end_date": "03/02/2026"});
    let all = shop.call("batches/export", range);
    assert_eq!(all["batches"][0]["sales_count"], 2);
    let list = shop.call("batches/transaction_list", json!({"batch_number": 1}));
    assert_eq!(list["transactions"].as_array().unwrap().len(), 2);
    assert_eq!(shop.call("batches/export_one", json!({"batch_number": 9}))["success"], false);
}

#[test]
fn a_recurrence_charges_at_half_past_midnight_and_tells_nobody() {
    let config = PaytraceConfig { token_seconds: 90_000_000, ..PaytraceConfig::default() };
    let mut shop = Shop::open(config);
    let mut profile = keyed("0");
    profile["customer_id"] = json!("C1");
    shop.call("customer/create", profile);
    let plan = json!({"customer_id": "C1",
                      "recurrence": {"amount": "49.00", "frequency": "3",
                                     "start_date": "03/05/2026", "total_count": "2"}});
    let created = shop.call("recurrence/create", plan);
    assert_eq!(created["response_code"], 150);
    let id = created["recurrence"]["id"].clone();
    shop.now = shop.now.checked_add(SignedDuration::from_hours(24 * 100)).unwrap();
    let range = json!({"start_date": "03/01/2026", "end_date": "06/30/2026"});
    let all = shop.call("transactions/export/by_date_range", range);
    let rows = all["transactions"].as_array().unwrap();
    let times: Vec<&Value> = rows.iter().map(|row| &row["created"]["at"]).collect();
    assert_eq!(times, ["3/5/2026 12:30:00 AM", "4/5/2026 12:30:00 AM"], "and then it is over");
    assert_eq!(rows[0]["created"]["through"], "Recurring");
    let approved = shop.call("recurrence/export_approved", json!({"customer_id": "C1"}));
    assert_eq!(approved["recurrences"][0]["current_count"], 2);
    let gone = shop.call("recurrence/delete", json!({"recurrence": {"id": id}}));
    assert_eq!(gone["response_code"], 152);
}

#[test]
fn level_three_is_for_unsettled_sales_of_its_brand() {
    let mut shop = shop();
    let id = shop.sale("30.00");
    let data = json!({"transaction_id": id, "line_items": [{}, {}]});
    assert_eq!(shop.call("level_three/visa", data.clone())["response_code"], 170);
    assert_eq!(shop.call("level_three/mastercard", data.clone())["success"], false);
    shop.call("transactions/settle", json!({}));
    assert_eq!(shop.call("level_three/visa", data)["success"], false);
}

#[test]
fn the_31st_comes_back_after_a_short_month() {
    let config = PaytraceConfig { token_seconds: 90_000_000, ..PaytraceConfig::default() };
    let mut shop = Shop::open(config);
    let mut profile = keyed("0");
    profile["customer_id"] = json!("C1");
    shop.call("customer/create", profile);
    let plan = json!({"customer_id": "C1",
                      "recurrence": {"amount": "9.00", "frequency": "3",
                                     "start_date": "03/31/2026", "total_count": "3"}});
    shop.call("recurrence/create", plan);
    shop.now = shop.now.checked_add(SignedDuration::from_hours(24 * 120)).unwrap();
    let range = json!({"start_date": "03/01/2026", "end_date": "06/30/2026"});
    let all = shop.call("transactions/export/by_date_range", range);
    let rows = all["transactions"].as_array().unwrap();
    let days: Vec<&str> = rows
        .iter()
        .map(|row| row["created"]["at"].as_str().unwrap().split(' ').next().unwrap())
        .collect();
    assert_eq!(days, ["3/31/2026", "4/30/2026", "5/31/2026"]);
}

#[test]
fn a_declined_token_sale_makes_no_profile_and_a_voided_refund_is_given_back() {
    let mut shop = shop();
    let card = json!({"number": "4012000098765439", "expiration_month": 1, "expiration_year": 30});
    let mut sale = shop.account.command(shop.now, "tokenize", &card).unwrap();
    sale["amount"] = json!("1.12");
    sale["customer_id"] = json!("C9");
    let declined = shop.call("transactions/sale/pt_protect_customer", sale);
    assert_eq!((&declined["success"], &declined["response_code"]), (&json!(false), &json!(167)));
    assert!(shop.call("customer/export", json!({"customer_id": "C9"}))["errors"]["30"].is_array());

    let id = shop.sale("60.00");
    shop.call("transactions/settle", json!({}));
    let ask = json!({"transaction_id": id, "amount": "60.00"});
    let refund = shop.call("transactions/refund/for_transaction", ask.clone());
    let void = json!({"transaction_id": refund["transaction_id"]});
    assert_eq!(shop.call("transactions/void", void)["response_code"], 109);
    assert_eq!(shop.call("transactions/refund/for_transaction", ask)["response_code"], 106);
}
