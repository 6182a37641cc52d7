use std::sync::Mutex;

use paysage_http::{EgressRule, HttpConfig, Phase};
use rust_decimal::Decimal;
use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::{CreateGlBatch, Filter};

type Seen = Arc<Mutex<Vec<String>>>;

/// A server that answers one scripted `(status, body)` per connection and keeps what it was sent.
async fn sage(replies: Vec<(u16, &str)>) -> (Sage300Client, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = Seen::default();
    let (log, replies) = (seen.clone(), replies.into_iter().map(|(s, b)| (s, b.to_owned())));
    let replies: Vec<_> = replies.collect();
    tokio::spawn(async move {
        for (status, body) in replies {
            let (mut socket, _) = listener.accept().await.unwrap();
            let request = read_request(&mut socket).await;
            log.lock().unwrap().push(request);
            let length = body.len();
            let head = format!("HTTP/1.1 {status} S\r\nContent-Length: {length}\r\n");
            let reply = format!("{head}Connection: close\r\n\r\n{body}");
            socket.write_all(reply.as_bytes()).await.unwrap();
        }
    });
    let allow = vec![EgressRule::loopback("127.0.0.1", port)];
    let http = Arc::new(Http::new(HttpConfig::new(allow)).unwrap());
    let base = format!("http://127.0.0.1:{port}/Sage300WebApi/");
    let mut config = Sage300Config::new(&base, "SAMLTD", "WEBAPI", Secret::new("pw"));
    config.page_size = 2;
    config.resource_map.insert("AR/ARThings".into(), "XX/XXThings".into());
    (Sage300Client::new(config, http).unwrap(), seen)
}

async fn read_request(socket: &mut tokio::net::TcpStream) -> String {
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

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Thing {
    zulu: String,
    #[serde(with = "rust_decimal::serde::arbitrary_precision")]
    amount: Decimal,
}

fn thing(zulu: &str, amount: &str) -> Thing {
    Thing { zulu: zulu.into(), amount: amount.parse().unwrap() }
}

#[tokio::test]
async fn a_read_carries_credentials_type_and_an_escaped_key() {
    let (client, seen) =
        sage(vec![(200, r#"{"Zulu":"a","Amount":79228162514264.10,"New":1}"#)]).await;
    let found: Option<Thing> = client.get("AR/ARThings", &Key::text_key("O'B")).await.unwrap();
    assert_eq!(found, Some(thing("a", "79228162514264.10")));
    let seen = seen.lock().unwrap();
    let path = "GET /Sage300WebApi/v1.0/-/SAMLTD/XX/XXThings('O%27%27B') HTTP/1.1";
    assert!(seen[0].starts_with(path), "{}", seen[0]);
    assert!(seen[0].contains("content-type: application/json"));
    assert!(seen[0].contains("authorization: Basic V0VCQVBJOnB3"));
}

#[tokio::test]
async fn a_missing_record_is_none_but_a_missing_resource_is_refused() {
    let not_found = r#"{"error":{"code":"RecordNotFound","message":{"lang":"en-US","value":"A"}}}"#;
    let no_resource = r#"{"error":{"code":"ResourceNotFound","message":"B"}}"#;
    let (client, _) = sage(vec![(404, not_found), (404, no_resource)]).await;
    assert!(client.get::<Thing>("AR/A", &Key::number_key(1)).await.unwrap().is_none());
    let error = client.get::<Thing>("AR/A", &Key::number_key(1)).await.unwrap_err();
    assert_eq!((error.phase, error.message.as_deref()), (Phase::Refused, Some("B")));
}

#[tokio::test]
async fn every_page_keeps_the_filter_and_takes_only_skip_from_the_link() {
    let first = r#"{"@odata.count":"3","value":[{"Zulu":"a","Amount":110},
        {"Zulu":"b","Amount":2.50}],
        "@odata.nextLink":"http://evil.example/Other?$skip=2"}"#;
    let second = r#"{"value":[{"Zulu":"c","Amount":0}]}"#;
    let (client, seen) = sage(vec![(200, first), (200, second)]).await;
    let query = Query::new().filter(Filter::eq("Zulu", "' or 1 eq 1")).select(["Zulu", "Amount"]);
    let rows: Vec<Thing> = client.list("AR/A", &query).await.unwrap();
    assert_eq!(rows, [thing("a", "110"), thing("b", "2.50"), thing("c", "0")]);
    let expected =
        "AR/A?$filter=Zulu%20eq%20%27%27%27%20or%201%20eq%201%27&$select=Zulu,Amount&$top=2";
    let seen = seen.lock().unwrap();
    assert!(seen[0].contains(&format!("{expected} HTTP")), "{}", seen[0]);
    assert!(seen[1].contains(&format!("{expected}&$skip=2 HTTP")), "{}", seen[1]);
}

#[tokio::test]
async fn a_next_link_that_skips_rows_is_an_error() {
    let page = r#"{"value":[{"Zulu":"a","Amount":1}],"@odata.nextLink":"http://x/y?$skip=100"}"#;
    let (client, _) = sage(vec![(200, page)]).await;
    let error = client.list::<Thing>("AR/A", &Query::new()).await.unwrap_err();
    assert_eq!(error.phase, Phase::Unclear);
}

#[tokio::test]
async fn a_create_keeps_declaration_order_and_exact_amounts() {
    let (client, seen) = sage(vec![(201, r#"{"Zulu":"z","Amount":125.50}"#)]).await;
    let stored: Thing = client.create("AR/A", &thing("z", "79228162514264.10")).await.unwrap();
    assert_eq!(stored, thing("z", "125.50"));
    let seen = seen.lock().unwrap();
    assert!(
        seen[0].ends_with("\r\n\r\n{\"Zulu\":\"z\",\"Amount\":79228162514264.10}"),
        "{}",
        seen[0]
    );
}

#[tokio::test]
async fn a_create_never_carries_a_status() {
    let (client, seen) = sage(vec![]).await;
    for body in [
        serde_json::json!({"BatchStatus": "ReadyToPost"}),
        serde_json::json!({"Entries": [{"readytopost": "Yes"}]}),
        serde_json::json!({"PostAllBatches": "Postallbatches"}),
    ] {
        let error = client.create::<_, Value>("AR/A", &body).await.unwrap_err();
        assert_eq!(error.phase, Phase::NotSent);
    }
    assert!(seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn posting_names_one_batch_and_never_all() {
    let (client, seen) = sage(vec![(204, ""), (200, ""), (204, "")]).await;
    client.post_receipts(148).await.unwrap();
    client.post_refunds(9).await.unwrap();
    let receipts = CreateGlBatch { receipts: true, ..CreateGlBatch::default() };
    client.create_gl_batch(&receipts).await.unwrap();
    let seen = seen.lock().unwrap();
    assert!(seen[0].contains("AR/ARPostReceiptsAndAdjustments('$process') HTTP"), "{}", seen[0]);
    let body = concat!(
        r#"{"BatchType":"CA","PostAllBatches":"Donotpostallbatches","#,
        r#""PostBatchFrom":148,"PostBatchTo":148}"#
    );
    assert!(seen[0].ends_with(body), "{}", seen[0]);
    let body = r#"{"PostAllBatches":"Donotpostallbatches","PostBatchFrom":9,"PostBatchTo":9}"#;
    assert!(seen[1].ends_with(body), "{}", seen[1]);
    let body =
        r#"{"ProcessReceiptBatch":"PostCashbatches","ReceiptThroughPostingSequenceNumber":999999}"#;
    assert!(seen[2].ends_with(body), "{}", seen[2]);
}

#[tokio::test]
async fn failures_of_a_post_service_are_unclear_and_of_a_create_refused() {
    let locked = r#"{"error":{"code":"General","message":{"value":"locked\nby another"}}}"#;
    let (client, _) = sage(vec![(409, locked), (409, locked)]).await;
    assert_eq!(client.post_receipts(1).await.unwrap_err().phase, Phase::Unclear);
    let error = client.create::<_, Value>("AR/A", &Value::Null).await.unwrap_err();
    assert_eq!((error.phase, error.code.as_deref()), (Phase::Refused, Some("General")));
}

#[tokio::test]
async fn a_taken_key_is_told_apart() {
    let taken = r#"{"error":{"code":"RecordDuplicate","message":{"value":"x"}}}"#;
    let (client, _) = sage(vec![(409, taken)]).await;
    assert!(client.create::<_, Value>("AR/A", &Value::Null).await.unwrap_err().is_duplicate());
}

#[tokio::test]
async fn answers_that_do_not_say_what_happened_are_unclear() {
    let replies = [(200, "<html>busy</html>"), (201, ""), (500, "<html>"), (201, "[1]"), (302, "")];
    let (client, _) = sage(replies.to_vec()).await;
    for reply in replies {
        let error = client.create::<_, Value>("AR/A", &Value::Null).await.unwrap_err();
        assert_eq!(error.phase, Phase::Unclear, "{reply:?}");
    }
}

#[tokio::test]
async fn throttling_and_an_empty_401_keep_their_phase() {
    let busy = r#"{"error":{"code":"TooManyRequests","message":{"value":"x"}}}"#;
    let (client, _) = sage(vec![(429, busy), (503, busy), (401, "")]).await;
    let patch = Value::Null;
    let key = Key::number_key(1);
    for expected in [Phase::Throttled, Phase::Throttled, Phase::Refused] {
        assert_eq!(client.patch("AR/A", &key, &patch).await.unwrap_err().phase, expected);
    }
}

#[tokio::test]
async fn a_resource_name_cannot_leave_its_place() {
    let (client, seen) = sage(vec![]).await;
    for name in ["AR/A?x", "AR/../A", "AR/A('1')", ""] {
        let error = client.list::<Thing>(name, &Query::new()).await.unwrap_err();
        assert_eq!(error.phase, Phase::NotSent);
    }
    assert!(seen.lock().unwrap().is_empty());
}
