use std::sync::Mutex as StdMutex;

use paysage_http::{EgressRule, HttpConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::{DateRange, Details, Outcome, Payer, Settlement};

type Seen = Arc<StdMutex<Vec<String>>>;

const TOKEN: &str = r#"{"access_token":"a:b:c","token_type":"Bearer","expires_in":7200}"#;
const FRESH: &str = r#"{"access_token":"d:e:f","token_type":"bearer","expires_in":7200}"#;
const SALE: &str = include_str!("../../../tests/fixtures/paytrace/recorded_keyed_sale.json");

/// A server that answers one scripted `(status, body)` per connection and keeps what it was sent.
async fn paytrace(replies: Vec<(u16, &str)>) -> (PayTraceClient, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = Seen::default();
    let log = seen.clone();
    let replies: Vec<_> = replies.into_iter().map(|(s, b)| (s, b.to_owned())).collect();
    tokio::spawn(async move {
        for (status, body) in replies {
            let (mut socket, _) = listener.accept().await.unwrap();
            let request = read_request(&mut socket).await;
            log.lock().unwrap().push(request);
            let head = format!("HTTP/1.1 {status} S\r\nContent-Length: {}\r\n", body.len());
            let reply = format!("{head}Connection: close\r\n\r\n{body}");
            let cut = if status == 299 { reply.len() - 3 } else { reply.len() };
            socket.write_all(&reply.as_bytes()[..cut]).await.unwrap();
        }
    });
    (client(port), seen)
}

fn client(port: u16) -> PayTraceClient {
    let allow = vec![EgressRule::loopback("127.0.0.1", port)];
    let http = Arc::new(Http::new(HttpConfig::new(allow)).unwrap());
    let base = format!("http://127.0.0.1:{port}");
    let config = PayTraceConfig::new(&base, "api user", Secret::new("p&w"), "90123", || 0);
    PayTraceClient::new(config, http).unwrap()
}

async fn read_request(socket: &mut TcpStream) -> String {
    let mut text = String::new();
    loop {
        let mut buffer = [0_u8; 4096];
        let count = socket.read(&mut buffer).await.unwrap();
        text.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|l| l.strip_prefix("content-length: "));
        if body.len() >= length.map_or(0, |n| n.parse().unwrap()) {
            return text;
        }
    }
}

fn details(amount: &str) -> Details {
    Details {
        amount: amount.parse().unwrap(),
        invoice_id: "IN1".into(),
        description: None,
        customer_reference_id: None,
    }
}

async fn sale(replies: Vec<(u16, &str)>) -> Result<Outcome, PayTraceError> {
    let (client, _) = paytrace(replies).await;
    client.sale(&Payer::Customer("CUST1200".into()), &details("2.50")).await
}

#[tokio::test]
async fn a_recorded_approval_is_approved_and_the_amount_went_out_exactly() {
    let recorded: Value = serde_json::from_str(SALE).unwrap();
    let body = recorded["response"]["body"].to_string();
    let (client, seen) = paytrace(vec![(200, TOKEN), (200, &body)]).await;
    let payer = Payer::Customer("CUST1200".into());
    let outcome = client.sale(&payer, &details("79228162514264.10")).await.unwrap();
    let Outcome::Approved(reply) = outcome else { panic!("{outcome:?}") };
    assert_eq!(reply.transaction_id, Some(125_391_271));
    assert_eq!(reply.approval_message, "NO  MATCH - Approved and completed");
    let seen = seen.lock().unwrap();
    let form = "grant_type=password&username=api%20user&password=p%26w";
    assert!(seen[0].ends_with(form), "{}", seen[0]);
    assert!(seen[1].starts_with("POST /v1/transactions/sale/by_customer HTTP"), "{}", seen[1]);
    assert!(seen[1].contains("authorization: Bearer a:b:c"), "{}", seen[1]);
    assert!(seen[1].contains(r#"{"amount":"79228162514264.10","invoice_id":"IN1""#), "{}", seen[1]);
    assert!(seen[1].contains(r#""integrator_id":"90123""#), "{}", seen[1]);
}

#[tokio::test]
async fn an_invalid_token_is_replaced_once() {
    let invalid = r#"{"error":"invalid_token"}"#;
    let done = r#"{"success":true,"response_code":109,"transaction_id":"5"}"#;
    let (client, seen) = paytrace(vec![
        (200, TOKEN),
        (401, invalid),
        (200, FRESH),
        (200, done),
        (401, invalid),
        (200, TOKEN),
        (401, invalid),
    ])
    .await;
    assert!(matches!(client.void(5).await.unwrap(), Outcome::Approved(_)));
    assert!(seen.lock().unwrap()[3].contains("Bearer d:e:f"));
    let error = client.void(5).await.unwrap_err();
    assert_eq!((error.phase, error.code.as_deref()), (Phase::Refused, Some("invalid_token")));
    assert_eq!(seen.lock().unwrap().len(), 7);
}

#[tokio::test]
async fn parallel_calls_share_one_token() {
    let done = r#"{"success":true,"response_code":109,"transaction_id":5}"#;
    let (client, seen) = paytrace(vec![(200, TOKEN), (200, done), (200, done)]).await;
    let (first, second) = tokio::join!(client.void(5), client.void(5));
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(seen.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn failures_before_the_call_are_not_sent_and_bad_credentials_refused() {
    let grant = r#"{"error":"invalid_grant","error_description":"x"}"#;
    let error = sale(vec![(401, grant)]).await.unwrap_err();
    assert_eq!((error.phase, error.code.as_deref()), (Phase::Refused, Some("invalid_grant")));
    assert_eq!(sale(vec![(500, "<html>")]).await.unwrap_err().phase, Phase::NotSent);
    assert_eq!(sale(vec![(429, "")]).await.unwrap_err().phase, Phase::Throttled);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    assert_eq!(client(port).settle().await.unwrap_err().phase, Phase::NotSent);
}

#[tokio::test]
async fn only_the_code_of_the_operation_is_paid() {
    let reply = |success: bool, code: i64| {
        format!(r#"{{"success":{success},"response_code":{code},"transaction_id":7}}"#)
    };
    for (success, code, expected) in [
        (true, 101, "Approved"),
        (true, 103, "AutoVoided"),
        (false, 103, "AutoVoided"),
        (false, 102, "Declined"),
        (false, 101, "Unrecognised"),
        (true, 102, "Unrecognised"),
        (true, 104, "Unrecognised"),
        (true, 106, "Unrecognised"),
        (true, 9_999, "Unrecognised"),
    ] {
        let outcome = sale(vec![(200, TOKEN), (200, &reply(success, code))]).await.unwrap();
        assert!(format!("{outcome:?}").starts_with(expected), "{success} {code}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_rejection_keeps_every_key() {
    let body = r#"{"success":false,"response_code":1,"errors":{"35":["a"],"4711":["b","c"]}}"#;
    let outcome = sale(vec![(200, TOKEN), (400, body)]).await.unwrap();
    let Outcome::Rejected(rejection) = outcome else { panic!("{outcome:?}") };
    assert_eq!(rejection.errors["4711"], ["b", "c"]);
    assert_eq!(rejection.errors.len(), 2);
}

#[tokio::test]
async fn answers_that_do_not_say_what_happened_are_unclear() {
    let cut = r#"{"success":true,"response_code":101}"#;
    for reply in [(200, "<html>blocked"), (500, "{}"), (200, "[]"), (299, cut), (200, "")] {
        let error = sale(vec![(200, TOKEN), reply]).await.unwrap_err();
        assert_eq!(error.phase, Phase::Unclear, "{reply:?}");
    }
    let throttled = sale(vec![(200, TOKEN), (429, "")]).await.unwrap_err();
    assert_eq!(throttled.phase, Phase::Throttled);
}

#[tokio::test]
async fn exports_read_exact_amounts_and_tolerate_new_fields() {
    let body = r#"{"success":true,"response_code":1,"transactions":[
        {"transaction_id":"7","amount":110,"status_code":"GB118","novel":{"x":1}},
        {"transaction_id":8,"amount":79228162514264.10,"status_code":"N","status_message":"VOID",
         "settled":null,
         "credit_card":{"masked_number":"************5439","expiration_month":11}}]}"#;
    let (client, seen) = paytrace(vec![(200, TOKEN), (200, body)]).await;
    let day = jiff::civil::date(2026, 1, 9);
    let records = client.export_by_date_range(&DateRange::days(day, day)).await.unwrap();
    assert_eq!(records[0].amount.to_string(), "110");
    assert_eq!(records[0].settlement(), Settlement::SettledInBatch(118));
    assert_eq!(records[1].amount.to_string(), "79228162514264.10");
    assert_eq!(records[1].settlement(), Settlement::NotSettling(crate::NotSettling::Void));
    assert!(
        seen.lock().unwrap()[1].contains(r#""start_date":"01/09/2026","end_date":"01/09/2026""#)
    );
}

#[tokio::test]
async fn an_unknown_id_is_none_and_other_rejections_are_refused() {
    let unknown = r#"{"success":false,"response_code":1,"errors":{"58":["x"]}}"#;
    let empty = r#"{"success":true,"response_code":1,"transactions":[]}"#;
    let denied = r#"{"success":false,"response_code":1,"errors":{"981":["x"]}}"#;
    let other =
        r#"{"success":true,"response_code":1,"transactions":[{"transaction_id":8,"amount":1}]}"#;
    let (client, _) =
        paytrace(vec![(200, TOKEN), (400, unknown), (200, empty), (400, denied), (200, other)])
            .await;
    assert_eq!(client.export_by_id(7, true).await.unwrap(), None);
    assert_eq!(client.export_by_id(7, true).await.unwrap(), None);
    let error = client.export_by_id(7, true).await.unwrap_err();
    assert_eq!((error.phase, error.code.as_deref()), (Phase::Refused, Some("981")));
    assert_eq!(error.errors["981"], ["x"]);
    assert_eq!(client.export_by_id(7, true).await.unwrap_err().phase, Phase::Unclear);
}

#[tokio::test]
async fn vault_checks_receipts_and_page_keys_use_their_paths_and_codes() {
    let reply = |code: i64| format!(r#"{{"success":true,"response_code":{code}}}"#);
    let (created, deleted, mailed) = (reply(160), reply(162), reply(149));
    let (sold, returned, managed) = (reply(120), reply(122), reply(124));
    let replies = [TOKEN, &created, &deleted, &mailed, r#"{"clientKey":"k"}"#];
    let replies = replies.into_iter().chain([&*sold, &*returned, &*managed, &*managed]);
    let (client, seen) = paytrace(replies.map(|r| (200, r)).collect()).await;
    let outcomes = [
        client.customer_pt_protect_create("C", "h", "e", "Ada").await.unwrap(),
        client.customer_delete("C").await.unwrap(),
        client.email_receipt(7, "ap@example.com").await.unwrap(),
    ];
    assert_eq!(client.payment_fields_token().await.unwrap().expose(), "k");
    let checks = [
        client.check_sale_by_customer("C", &details("2.50")).await.unwrap(),
        client.check_refund_by_transaction(9, "2.50".parse().unwrap()).await.unwrap(),
        client.check_void(9).await.unwrap(),
        client.check_fund(9).await.unwrap(),
    ];
    for outcome in outcomes.iter().chain(&checks) {
        assert!(matches!(outcome, Outcome::Approved(_)), "{outcome:?}");
    }
    let paths = [
        "customer/pt_protect_create",
        "customer/delete",
        "transactions/email_receipt",
        "payment_fields/token/create",
        "checks/sale/by_customer",
        "checks/refund/by_transaction",
        "checks/manage/void",
        "checks/manage/fund",
    ];
    let seen = seen.lock().unwrap();
    for (request, path) in seen.iter().skip(1).zip(paths) {
        assert!(request.starts_with(&format!("POST /v1/{path} HTTP")), "{request}");
    }
    assert!(seen[6].contains(r#""check_transaction_id":9,"amount":"2.50""#), "{}", seen[6]);
}
