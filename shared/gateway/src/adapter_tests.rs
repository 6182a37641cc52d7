//! The adapter over a real connection to a server that answers by script.

use std::sync::{Arc, Mutex};

use domain::transaction::{Kind, Status};
use engine::port::{CallError, Phase};
use paysage_http::{EgressRule, Http, HttpConfig, Secret};
use paytrace::PayTraceConfig;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;

type Seen = Arc<Mutex<Vec<String>>>;

const TOKEN: &str = r#"{"access_token":"a:b:c","token_type":"Bearer","expires_in":7200}"#;

/// Grants a token, then answers one `(status, body)` per request, and keeps the requests.
async fn paytrace(replies: &[(u16, &str)]) -> (PayTraceGateway, Seen) {
    let mut all = vec![(200, TOKEN)];
    all.extend_from_slice(replies);
    scripted(&all).await
}

async fn scripted(replies: &[(u16, &str)]) -> (PayTraceGateway, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = Seen::default();
    let log = Arc::clone(&seen);
    let replies: Vec<(u16, String)> = replies.iter().map(|&(s, b)| (s, b.to_owned())).collect();
    tokio::spawn(async move {
        for (status, body) in replies {
            let (mut socket, _) = listener.accept().await.unwrap();
            let request = request(&mut socket).await;
            log.lock().unwrap().push(request);
            let length = body.len();
            let head = format!("HTTP/1.1 {status} S\r\nContent-Length: {length}");
            let reply = format!("{head}\r\nConnection: close\r\n\r\n{body}");
            socket.write_all(reply.as_bytes()).await.unwrap();
        }
    });
    let http = HttpConfig::new(vec![EgressRule::loopback("127.0.0.1", port)]);
    let http = Arc::new(Http::new(http).unwrap());
    let base = format!("http://127.0.0.1:{port}");
    let config = PayTraceConfig::new(&base, "api", Secret::new("pw"), "90123Example", || 0);
    let client = PayTraceClient::new(config, http).unwrap();
    let clients = [(merchant(), (client, settings()))].into();
    (PayTraceGateway::new(clients).unwrap(), seen)
}

async fn request(socket: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let mut buffer = [0_u8; 4096];
        let count = socket.read(&mut buffer).await.unwrap();
        bytes.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8(bytes.clone()).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
            return text;
        }
    }
}

fn merchant() -> MerchantId {
    "main".into()
}

fn settings() -> MerchantSettings {
    serde_json::from_str(r#"{"currency": "USD"}"#).unwrap()
}

fn sale(id: i64, amount: &str) -> String {
    format!(
        r#"{{"transaction_id":{id},"transaction_type":"SALE","amount":{amount},
        "status_code":"Y","status_message":"Pending Settlement","customer_id":"CUST1200",
        "created":{{"at":"1/9/2026 4:06:30 PM"}},"settled":""}}"#
    )
}

fn export(records: &[String]) -> String {
    let records = records.join(",");
    format!(r#"{{"success":true,"response_code":1,"transactions":[{records}]}}"#)
}

fn rejected(code: &str) -> String {
    format!(r#"{{"success":false,"response_code":1,"errors":{{"{code}":["No."]}}}}"#)
}

async fn refusal(status: u16, body: &str) -> CallError {
    let (gateway, _) = paytrace(&[(status, body)]).await;
    gateway.transaction(&merchant(), &"7".into()).await.unwrap_err()
}

#[tokio::test]
async fn a_transaction_is_read_by_its_id() {
    let answer = export(&[sale(512_300_417, "148.2")]);
    let (gateway, seen) = paytrace(&[(200, &answer)]).await;
    let read = gateway.transaction(&merchant(), &"512300417".into()).await.unwrap().unwrap();
    assert_eq!((read.kind, read.status), (Kind::Sale, Status::Pending));
    assert_eq!(read.amount.minor, 14820);
    assert_eq!(read.key.transaction.as_str(), "512300417");
    let seen = seen.lock().unwrap().clone();
    assert!(seen[1].starts_with("POST /v1/transactions/export/by_id "), "{}", seen[1]);
    assert!(seen[1].contains(r#""include_bin":true"#), "{}", seen[1]);
}

#[tokio::test]
async fn what_paytrace_does_not_know_is_none() {
    let (gateway, _) = paytrace(&[(400, &rejected("58")), (200, &export(&[]))]).await;
    assert_eq!(gateway.transaction(&merchant(), &"7".into()).await.unwrap(), None);
    assert_eq!(gateway.transaction(&merchant(), &"7".into()).await.unwrap(), None);
    assert_eq!(gateway.transaction(&merchant(), &"IN0004521".into()).await.unwrap(), None);
}

#[tokio::test]
async fn an_answer_about_another_transaction_is_none_at_all() {
    let error = refusal(200, &export(&[sale(8, "1")])).await;
    assert_eq!((error.phase, error.cause), (Phase::Unclear, None));
}

#[tokio::test]
async fn an_inexact_amount_is_refused_with_its_transaction() {
    let error = refusal(200, &export(&[sale(7, "1.005")])).await;
    assert_eq!((error.phase, error.cause), (Phase::Refused, Some(Cause::Rule)));
    assert!(error.to_string().contains("transaction 7: 1.005"), "{error}");
}

#[tokio::test]
async fn days_are_asked_for_one_by_one_and_the_last_reading_counts() {
    let first = export(&[sale(7, "1"), sale(8, "2")]);
    let second = export(&[sale(8, "2.50")]);
    let (gateway, seen) = paytrace(&[(200, &first), (200, &second)]).await;
    let day = |text: &str| text.parse::<Date>().unwrap();
    let merchant = merchant();
    let found = gateway.created_between(&merchant, day("2026-02-28"), day("2026-03-01"));
    let amounts: Vec<i64> = found.await.unwrap().iter().map(|t| t.amount.minor).collect();
    assert_eq!(amounts, [100, 250]);
    let seen = seen.lock().unwrap().clone();
    assert_eq!(seen.len(), 3);
    assert!(seen[1].contains(r#""start_date":"02/28/2026","end_date":"02/28/2026""#));
    assert!(seen[2].contains(r#""start_date":"03/01/2026","end_date":"03/01/2026""#));
    let none = gateway.created_between(&merchant, day("2026-03-02"), day("2026-03-01"));
    assert_eq!(none.await.unwrap(), []);
}

#[tokio::test]
async fn the_address_of_a_profile() {
    let one = |email: &str| {
        format!(
            r#"{{"success":true,"response_code":1,"customers":[
            {{"customer_id":"CUST1200","email":"{email}"}}]}}"#
        )
    };
    let (there, blank, unknown) = (one(" ap@example.test "), one(""), rejected("30"));
    let (gateway, _) = paytrace(&[(200, &there), (200, &blank), (400, &unknown)]).await;
    let profile = "CUST1200".into();
    let email = gateway.profile_email(&merchant(), &profile).await.unwrap();
    assert_eq!(email.as_deref(), Some("ap@example.test"));
    assert_eq!(gateway.profile_email(&merchant(), &profile).await.unwrap(), None);
    assert_eq!(gateway.profile_email(&merchant(), &profile).await.unwrap(), None);
}

#[tokio::test]
async fn who_may_not_is_told_so() {
    for code in ["998", "999", "981", "971"] {
        let error = refusal(400, &rejected(code)).await;
        assert_eq!((error.phase, error.cause), (Phase::Refused, Some(Cause::Denied)), "{code}");
        assert!(error.message.contains(code), "{error}");
    }
    let error = refusal(400, &rejected("970")).await;
    assert_eq!(error.cause, Some(Cause::Rule));
    let grant = r#"{"error":"invalid_grant","error_description":"No."}"#;
    let (gateway, _) = scripted(&[(401, grant)]).await;
    let error = gateway.transaction(&merchant(), &"7".into()).await.unwrap_err();
    assert_eq!((error.phase, error.cause), (Phase::Refused, Some(Cause::Denied)));
    let stranger = gateway.transaction(&"other".into(), &"7".into()).await.unwrap_err();
    assert_eq!(stranger.cause, Some(Cause::Denied));
}

#[tokio::test]
async fn an_answer_that_is_none_leaves_it_unclear() {
    assert_eq!(refusal(200, "<html>blocked</html>").await.phase, Phase::Unclear);
    assert_eq!(refusal(500, "").await.phase, Phase::Unclear);
    assert_eq!(refusal(429, "").await.phase, Phase::Throttled);
}

#[test]
fn settings_have_defaults_and_zones_exist() {
    let settings = settings();
    assert_eq!(settings.zone, "America/Los_Angeles");
    assert_eq!(settings.status_table, StatusTable::default());
    assert!(settings.include_bin);
    let lost = MerchantSettings { zone: "America/Atlantis".into(), ..settings };
    let refused = Reading::of(&merchant(), &lost).unwrap_err();
    assert_eq!(refused.zone, "America/Atlantis");
    assert!(serde_json::from_str::<MerchantSettings>(r#"{"currency":"USD","x":1}"#).is_err());
}
