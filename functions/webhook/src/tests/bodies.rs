//! S7–S14: what may come in, and what is kept of it.

use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::http::{Method, Request};
use domain::exception::ReasonCode;

use super::rig::*;

#[tokio::test]
async fn s7_bodies_outside_the_limits_are_refused() {
    let rig = Rig::new();
    let keys: Vec<String> = (0..1_001).map(|key| format!("\"k{key}\":0")).collect();
    for (body, code) in [
        (format!("{}{}", "[".repeat(17), "]".repeat(17)), "body_too_deep"),
        (format!("{{{}}}", keys.join(",")), "body_too_many_keys"),
        (r#"{"a":1,"a":2}"#.to_owned(), "body_duplicate_key"),
        (r#"{"a":NaN}"#.to_owned(), "body_malformed"),
        (r#"{"a":9223372036854775808}"#.to_owned(), "body_number_out_of_range"),
        (r#"{"a":"\ud800"}"#.to_owned(), "body_lone_surrogate"),
        (format!("{BODY}x"), "body_malformed"),
        (String::new(), "body_malformed"),
    ] {
        let answer = rig.signed(&body).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (400, code));
        assert!(answer.body["error"]["message"].as_str().unwrap().contains("at byte"));
    }
    assert_eq!(rig.kept(), 0);
}

#[tokio::test]
async fn s7_a_large_body_is_refused_before_anything_else() {
    let rig = Rig::new();
    let large = vec![b'x'; 65_537];
    let answer = rig.send(post("own").body(Body::from(large.clone())).unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (413, "body_too_large"));
    let announced = post("own").header("content-length", "65537").body(Body::empty()).unwrap();
    assert_eq!(rig.send(announced).await.status, 413);
    let unauthentic = post("own").body(Body::from(large[..65_536].to_vec())).unwrap();
    assert_eq!(rig.send(unauthentic).await.status, 401);
}

#[tokio::test]
async fn s8_method_path_and_content_type() {
    let rig = Rig::new();
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let request = Request::builder().method(method).uri("/webhooks/own");
        let answer = rig.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (405, "method_not_allowed"));
    }
    for (path, code) in [
        ("/", "path_unknown"),
        ("/webhooks/own/token", "path_unknown"),
        ("/webhooks/other", "endpoint_unknown"),
        ("/webhooks/%ff", "endpoint_unknown"),
    ] {
        let answer = rig.send(Request::post(path).body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (404, code), "{path}");
    }
    for kind in ["text/plain", "application/jsonp", "application/json; charset=utf-16", "json"] {
        let mut request = own(BODY, NOW, OLD).body(Body::from(BODY)).unwrap();
        request.headers_mut().insert("content-type", kind.parse().unwrap());
        let answer = rig.send(request).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (415, "content_type_unsupported"));
    }
    let packed = own(BODY, NOW, OLD).header("content-encoding", "gzip");
    assert_eq!(rig.send(packed.body(Body::from(BODY)).unwrap()).await.status, 415);
    let mut request = own(BODY, NOW, OLD).body(Body::from(BODY)).unwrap();
    let kind = "Application/JSON; charset=\"UTF-8\"".parse().unwrap();
    request.headers_mut().insert("content-type", kind);
    assert_eq!(rig.send(request).await.status, 202);
}

#[tokio::test]
async fn s9_no_amount_is_taken_from_an_event() {
    let rig = Rig::new();
    let body = r#"{"id":"evt_1","transaction_id":5,"amount":-12.345,"approved":true}"#;
    assert_eq!(rig.signed(body).await.status, 202);
    let events = rig.inbox.events.lock().unwrap();
    let kept = serde_json::to_string(events.values().next().unwrap()).unwrap();
    assert!(!kept.contains("12.345") && !kept.contains("approved"), "{kept}");
}

#[tokio::test]
async fn s10_no_success_before_the_event_is_durable() {
    let rig = Rig::new();
    rig.inbox.down.store(true, Ordering::SeqCst);
    let answer = rig.signed(BODY).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (503, "not_recorded"));
    assert!(answer.retry_after.is_some());
    let card = rig.signed(r#"{"transaction_id":1,"note":"4111111111111111"}"#).await;
    assert_eq!((card.status.as_u16(), card.code()), (503, "not_recorded"));
    rig.inbox.down.store(false, Ordering::SeqCst);
    assert_eq!(rig.signed(BODY).await.status, 202);
}

#[tokio::test]
async fn s11_a_flood_is_turned_away() {
    let rig = Rig::with_concurrency(0);
    let answer = rig.signed(BODY).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (503, "too_busy"));
    assert!(answer.retry_after.is_some());
    let rig = Rig::with_concurrency(1);
    for _ in 0..3 {
        assert_eq!(rig.signed(BODY).await.status, 202, "the slot is given back");
    }
}

#[tokio::test]
async fn s13_card_data_is_reported_by_its_last_four_and_kept_nowhere() {
    let rig = Rig::new();
    for body in [
        r#"{"transaction_id":1,"note":"4111 1111 1111 1111"}"#,
        r#"{"transaction_id":4111111111111111}"#,
        r#"{"id":"4111111111111111","transaction_id":1}"#,
        r#"{"transaction_id":1,"4111-1111-1111-1111":0}"#,
    ] {
        let answer = rig.signed(body).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (400, "card_data_blocked"));
        assert!(!answer.body.to_string().contains("411111"));
    }
    let in_header = rig.send(standard("4111111111111111", NOW, BODY)).await;
    assert_eq!(in_header.code(), "card_data_blocked");
    assert_eq!(rig.kept(), 0);
    let reports = rig.inbox.reports.lock().unwrap();
    assert_eq!(reports.len(), 5);
    for (reason, subject, evidence) in reports.iter() {
        assert_eq!(*reason, ReasonCode::CardDataBlocked);
        assert!(subject.starts_with("main/webhook/"));
        assert!(evidence.contains("ending in 1111"), "{evidence}");
        assert!(!evidence.contains("411111") && !evidence.contains("4111 1"), "{evidence}");
    }
}

#[tokio::test]
async fn s13_strangers_cannot_raise_reports() {
    let rig = Rig::new();
    let body = r#"{"note":"4111111111111111"}"#;
    assert_eq!(rig.send(own(BODY, NOW, OLD).body(Body::from(body)).unwrap()).await.status, 401);
    assert!(rig.inbox.reports.lock().unwrap().is_empty());
}

#[tokio::test]
async fn s14_forbidden_names_are_refused_and_reported() {
    let rig = Rig::new();
    for name in ["csc", "cvv", "track1", "PIN", "cardNumber", "encrypted_csc"] {
        let answer =
            rig.signed(&format!(r#"{{"transaction_id":1,"card":{{"{name}":"1"}}}}"#)).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (400, "card_data_blocked"));
    }
    assert_eq!(rig.inbox.reports.lock().unwrap().len(), 6);
    assert_eq!(rig.kept(), 0);
}

#[tokio::test]
async fn ids_are_needed_and_checked() {
    let rig = Rig::new();
    let long = format!(r#"{{"id":"{}","transaction_id":1}}"#, "x".repeat(129));
    for (body, code) in [
        (r#"{"id":"evt_1"}"#, "transaction_id_missing"),
        (r#"{"transaction_id":null}"#, "transaction_id_missing"),
        (r#"{"transaction_id":""}"#, "transaction_id_invalid"),
        (r#"{"transaction_id":-5}"#, "transaction_id_invalid"),
        (r#"{"transaction_id":"12a"}"#, "transaction_id_invalid"),
        (r#"{"transaction_id":"1234567890123456789"}"#, "transaction_id_invalid"),
        (r#"{"id":"a b","transaction_id":1}"#, "event_id_invalid"),
        (long.as_str(), "event_id_invalid"),
    ] {
        let answer = rig.signed(body).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (400, code), "{body}");
    }
}

async fn silent(rig: &Rig, kind: Option<&str>, body: &str) -> Answer {
    let token = OLD.replace([' ', ',', '.'], "-");
    let mut request = Request::post(format!("/webhooks/silent/{token}"));
    if let Some(kind) = kind {
        request = request.header("content-type", kind);
    }
    rig.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

#[tokio::test]
async fn a_silent_post_is_a_hint() {
    let rig = Rig::new();
    let form = Some("application/x-www-form-urlencoded");
    let encoded = "parmList=ORDERID%7E77%7CTRANSACTIONID%7E105968532%7CAPPMSG%7EAPPROVAL+OK%7C";
    let raw = "ORDERID~77|TRANSACTIONID~105968532|APPMSG~APPROVAL OK|";
    assert_eq!(silent(&rig, form, encoded).await.body["status"], "accepted");
    assert_eq!(silent(&rig, form, encoded).await.body["status"], "duplicate");
    assert_eq!(silent(&rig, None, raw).await.status, 202);
    for (body, code) in [
        ("parmList=ORDERID~7|CUSTOMERID~3|", "transaction_id_missing"),
        ("parmList=ORDERID", "body_malformed"),
        ("parmList=TRANSACTIONID~1|TRANSACTIONID~2|", "body_duplicate_key"),
        ("parmList=TRANSACTIONID~1|CSC~123|", "card_data_blocked"),
        ("parmList=TRANSACTIONID~1&cvv=123", "card_data_blocked"),
        ("parmList=TRANSACTIONID~1|X~%34111+1111+1111+1111|", "card_data_blocked"),
        ("parmList=%ff", "body_not_utf8"),
    ] {
        let answer = silent(&rig, form, body).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (400, code), "{body}");
    }
    assert_eq!(silent(&rig, Some("application/json"), encoded).await.status, 415);
    let wrong = Request::post("/webhooks/silent/some-other-token").body(Body::from(raw)).unwrap();
    assert_eq!(rig.send(wrong).await.status, 401);
}
