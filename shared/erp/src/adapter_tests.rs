//! The adapter over a real connection to a server that answers by script.

use std::sync::{Arc, Mutex};

use domain::effect::Document;
use engine::port::{CallError, Phase};
use ledger::posting::BatchStatus;
use paysage_http::{EgressRule, Http, HttpConfig, Secret};
use sage300::Sage300Config;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::sample::{content, manifest};
use crate::settings::Lookup;

type Seen = Arc<Mutex<Vec<(String, String)>>>;

const BATCHES: &str = "/Sage300WebApi/v1.0/-/SAMLTD/AR/ARReceiptAndAdjustmentBatches";
const BATCH_148: &str = "(BatchRecordType='CA',BatchNumber=148)";

/// Answers one `(status, body)` per request, in order, and keeps request line and body of each.
async fn sage(settings: Settings, replies: &[(u16, &str)]) -> (SageErp, Seen) {
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
    let allow = vec![EgressRule::loopback("127.0.0.1", port)];
    let http = Arc::new(Http::new(HttpConfig::new(allow)).unwrap());
    let base = format!("http://127.0.0.1:{port}/Sage300WebApi");
    let config = Sage300Config::new(&base, "SAMLTD", "WEBAPI", Secret::new("pw"));
    let client = Sage300Client::new(config, http).unwrap();
    (SageErp::new([(company(), (client, settings))].into()), seen)
}

async fn request(socket: &mut TcpStream) -> (String, String) {
    let mut bytes = Vec::new();
    loop {
        let mut buffer = [0_u8; 4096];
        let count = socket.read(&mut buffer).await.unwrap();
        bytes.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8(bytes.clone()).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
            let line = head.lines().next().unwrap().trim_end_matches(" HTTP/1.1");
            return (line.replace("%20", " ").replace("%27", "'"), body.to_owned());
        }
    }
}

fn company() -> CompanyId {
    "SAMLTD".into()
}

fn asked(seen: &Seen) -> Vec<(String, String)> {
    seen.lock().unwrap().clone()
}

fn error(code: &str) -> String {
    format!(r#"{{"error":{{"code":"{code}","message":{{"lang":"en-US","value":"No."}}}}}}"#)
}

async fn refusal(status: u16, code: &str) -> CallError {
    let (erp, _) = sage(Settings::default(), &[(status, &error(code))]).await;
    erp.freeze_batch(&company(), BatchNumber(148)).await.unwrap_err()
}

#[tokio::test]
async fn a_batch_from_creation_to_posting() {
    let manifest = manifest(vec![content(Document::UnappliedCash)]);
    let description = manifest.description(1);
    let stored = |status: &str| {
        format!(
            r#"{{"BatchRecordType":"CA","BatchNumber":148,"BatchStatus":"{status}",
            "Description":"{description}","NumberOfEntries":1,"BankCode":"SEATAC",
            "DefaultBankCurrency":"USD","ReceiptsAdjustments":[{{"EntryNumber":1,
            "CheckReceiptNumber":"9000001","CustomerNumber":"1200","BankReceiptAmount":125.50,
            "CustomerReceiptAmount":125.5,"DocumentNumber":"UC1","ErrorBatch":0}}]}}"#
        )
    };
    let replies = [(201, stored("Open")), (204, String::new()), (204, String::new())];
    let posted = stored("Posted");
    let mut replies: Vec<(u16, &str)> = replies.iter().map(|(s, b)| (*s, b.as_str())).collect();
    replies.push((200, &posted));
    let (erp, seen) = sage(Settings::default(), &replies).await;

    let number = erp.create_batch(&manifest, 1).await.unwrap();
    erp.freeze_batch(&company(), number).await.unwrap();
    erp.post_batch(&company(), number).await.unwrap();
    let view = erp.read_batch(&company(), number).await.unwrap().unwrap();
    assert!(view.carries(&manifest));
    assert_eq!(view.head.status, BatchStatus::Posted);

    let asked = asked(&seen);
    assert_eq!(asked[0].0, format!("POST {BATCHES}"));
    assert!(asked[0].1.contains(r#""BankReceiptAmount":125.50,"#), "{}", asked[0].1);
    assert_eq!(asked[1].0, format!("PATCH {BATCHES}{BATCH_148}"));
    assert_eq!(asked[1].1, r#"{"BatchStatus":"ReadyToPost"}"#);
    assert!(asked[2].0.ends_with("ARPostReceiptsAndAdjustments('$process')"), "{}", asked[2].0);
    assert!(asked[2].1.contains(r#""PostBatchFrom":148,"PostBatchTo":148"#), "{}", asked[2].1);
    assert_eq!(asked[3].0, format!("GET {BATCHES}{BATCH_148}"));
}

const HEADS: &str = r#"{"value":[
    {"BatchNumber":149,"BatchStatus":"Open","Description":"PTS1:abc:2","NumberOfEntries":1},
    {"BatchNumber":148,"BatchStatus":"Posted","Description":"PTS1:abc:1","NumberOfEntries":1},
    {"BatchNumber":150,"BatchStatus":"Open","Description":"PTS1:abd:1","NumberOfEntries":0},
    {"BatchNumber":151,"BatchStatus":"Open","Description":"By hand","NumberOfEntries":4}]}"#;

#[tokio::test]
async fn batches_are_found_by_their_description() {
    let (erp, seen) = sage(Settings::default(), &[(200, HEADS), (200, HEADS)]).await;
    let found = erp.find_batches(&company(), "PTS1:abc").await.unwrap();
    let numbers: Vec<i64> = found.iter().map(|head| head.number.0).collect();
    assert_eq!(numbers, [148, 149]);
    let open = erp.open_batches(&company()).await.unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].number, BatchNumber(149));
    let asked = asked(&seen);
    let filter = "(BatchRecordType eq 'CA') and (startswith(Description,'PTS1:abc'))";
    assert!(decoded(&asked[0].0).contains(filter), "{}", asked[0].0);
    assert!(decoded(&asked[1].0).contains("and (BatchStatus eq 'Open')"), "{}", asked[1].0);
}

#[tokio::test]
async fn or_among_the_recent_ones() {
    let settings = Settings { lookup: Lookup::Recent { since: 140 }, ..Settings::default() };
    let (erp, seen) = sage(settings, &[(200, HEADS)]).await;
    let found = erp.find_batches(&company(), "PTS1:abc").await.unwrap();
    assert_eq!(found.len(), 2);
    let asked = asked(&seen);
    assert!(decoded(&asked[0].0).contains("and (BatchNumber gt 140)"), "{}", asked[0].0);
}

#[tokio::test]
async fn entries_are_deleted_in_one_request() {
    let (erp, seen) = sage(Settings::default(), &[(204, "")]).await;
    erp.delete_entries(&company(), BatchNumber(148), &[]).await.unwrap();
    erp.delete_entries(&company(), BatchNumber(148), &[1, 2]).await.unwrap();
    let asked = asked(&seen);
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].1.matches(r#""UpdateOperation":"Delete""#).count(), 2);
}

#[tokio::test]
async fn a_customer_who_is_there_already_is_read() {
    let there = r#"{"CustomerNumber":"WEB1","CustomerName":"Ada","Status":"Active"}"#;
    let taken = error("RecordDuplicate");
    let (erp, seen) = sage(Settings::default(), &[(409, &taken), (200, there)]).await;
    let draft = NewCustomer {
        number: "WEB1".into(),
        group: "WHL".into(),
        tax_group: None,
        name: "Ada Example".into(),
        email: String::new(),
        street: String::new(),
        city: String::new(),
        state: String::new(),
        zip: String::new(),
        country: String::new(),
    };
    let customer = erp.create_customer(&company(), &draft).await.unwrap();
    assert_eq!(customer.name, "Ada");
    assert!(asked(&seen)[1].0.ends_with("/AR/ARCustomers('WEB1')"));
}

#[tokio::test]
async fn customers_and_documents_are_asked_for_in_one_go() {
    let customers = r#"{"value":[{"CustomerNumber":"2","Status":"Active"},
        {"CustomerNumber":"1","Status":"Inactive"},{"CustomerNumber":"2","Status":"Active"}]}"#;
    let documents = r#"{"value":[
        {"CustomerNumber":"1200","DocumentNumber":"IN1","DocumentType":"Invoice",
         "DueDate":"2026-03-03T00:00:00Z","CurrencyCode":"USD","CustomerCurrencyAmountDue":10.5,
         "FullyPaid":"No"},
        {"CustomerNumber":"1200","DocumentNumber":"UC1","DocumentType":"UnappliedCash",
         "DueDate":null,"CurrencyCode":"USD","CustomerCurrencyAmountDue":-1,"FullyPaid":"No"}]}"#;
    let replies = [(200, customers), (200, documents), (404, &error("ResourceNotFound"))];
    let (erp, seen) = sage(Settings::default(), &replies).await;
    let found = erp.customers_like(&company(), "o'Brien Tools").await.unwrap();
    assert_eq!(found.len(), 2);
    assert!(!found[0].active && found[1].active);
    let open = erp.open_documents(&company(), &"1200".into()).await.unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].due.minor, 1050);
    assert_eq!(erp.order_customer(&company(), "ORD1").await.unwrap(), None);
    let asked = asked(&seen);
    let filter = "startswith(CustomerName,'O''BRIEN')";
    assert!(decoded(&asked[0].0).contains(filter), "{}", asked[0].0);
}

#[tokio::test]
async fn refusals_keep_their_cause() {
    assert_eq!(refusal(401, "Unauthorized").await.cause, Some(Cause::Denied));
    assert_eq!(refusal(403, "Forbidden").await.cause, Some(Cause::Denied));
    assert_eq!(refusal(409, "General").await.cause, Some(Cause::Rule));
    assert_eq!(refusal(404, "RecordNotFound").await.cause, Some(Cause::Missing));
    assert_eq!(refusal(500, "InternalServerError").await.phase, Phase::Unclear);
    assert_eq!(refusal(429, "TooManyRequests").await.phase, Phase::Throttled);
}

#[tokio::test]
async fn what_cannot_be_sent_or_was_not_asked_for() {
    let other = r#"{"BatchNumber":149,"BatchStatus":"Open","DefaultBankCurrency":"USD"}"#;
    let missing = error("RecordNotFound");
    let (erp, seen) = sage(Settings::default(), &[(200, other), (404, &missing)]).await;
    let read = erp.read_batch(&company(), BatchNumber(148)).await.unwrap_err();
    assert_eq!(read.phase, Phase::Unclear);
    assert_eq!(erp.read_batch(&company(), BatchNumber(148)).await.unwrap(), None);
    let mut long = content(Document::UnappliedCash);
    long.reference = "9".repeat(25);
    let unsent = erp.create_batch(&manifest(vec![long]), 1).await.unwrap_err();
    assert_eq!((unsent.phase, unsent.cause), (Phase::Refused, Some(Cause::Rule)));
    assert!(unsent.message.contains("CheckReceiptNumber"), "{}", unsent.message);
    assert_eq!(asked(&seen).len(), 2);
    let stranger = erp.bank_exists(&"OTHER".into(), "SEATAC").await.unwrap_err();
    assert_eq!(stranger.cause, Some(Cause::Denied));
}

fn decoded(line: &str) -> String {
    [("%28", "("), ("%29", ")"), ("%2C", ","), ("%3A", ":")]
        .iter()
        .fold(line.to_owned(), |text, (from, to)| text.replace(from, to))
}
