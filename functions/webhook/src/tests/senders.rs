//! S1–S6: who may send, and when.

use axum::body::Body;
use axum::http::{HeaderValue, Request};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::rig::*;
use crate::endpoint::{Endpoint, EndpointError};
use runtime::config::Secret;

#[tokio::test]
async fn every_scheme_accepts_its_own() {
    let rig = Rig::new();
    assert_eq!(rig.send(standard("msg_1", NOW, BODY)).await.status, 202);
    assert_eq!(rig.signed(r#"{"id":"evt_2","data":{"transaction_id":"7"}}"#).await.status, 202);
    let signature = STANDARD.encode(tag(OLD, r#"{"id":"evt_3","transaction_id":8}"#));
    let request = post("body").header("x-signature", signature);
    let request = request.body(Body::from(r#"{"id":"evt_3","transaction_id":8}"#)).unwrap();
    assert_eq!(rig.send(request).await.status, 202);
    let request = post("bearer").header("authorization", format!("Bearer {OLD}"));
    let request = request.body(Body::from(r#"{"id":"evt_4","transaction_id":9}"#)).unwrap();
    assert_eq!(rig.send(request).await.status, 202);

    let events = rig.inbox.events.lock().unwrap();
    let seen: Vec<_> = events
        .values()
        .map(|event| (event.id.as_str(), event.source.as_str(), event.transaction.clone().unwrap()))
        .map(|(id, source, transaction)| (id, source, transaction.0))
        .collect();
    let seen: Vec<_> = seen.iter().map(|(id, source, of)| (*id, *source, of.as_str())).collect();
    assert_eq!(
        seen,
        [
            ("evt_2", "timestamped_hmac", "7"),
            ("evt_3", "body_hmac", "8"),
            ("evt_4", "bearer", "9"),
            ("msg_1", "standard_webhooks", "105968532"),
        ]
    );
}

#[tokio::test]
async fn s1_a_reserialised_body_fails() {
    let rig = Rig::new();
    let spaced = BODY.replace(':', ": ");
    let request = own(BODY, NOW, OLD).body(Body::from(spaced)).unwrap();
    let answer = rig.send(request).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (401, "not_authenticated"));
    assert_eq!(rig.kept(), 0);
}

#[tokio::test]
async fn s2_every_live_secret_and_signature_is_tried() {
    let rig = Rig::new();
    rig.endpoints.replace(&configs(&[NEW, OLD])).unwrap();
    for secret in [OLD, NEW] {
        let request = own(BODY, NOW, secret).body(Body::from(BODY)).unwrap();
        assert_eq!(rig.send(request).await.status, 202);
    }
    let right = hex::encode(tag(OLD, &format!("{NOW}.{BODY}")));
    let wrong = "0".repeat(64);
    let listed = format!("{},v1={right}", vec![format!("v1={wrong}"); 15].join(", "));
    let request = post("own").header("x-paysage-timestamp", NOW.to_string());
    let request = request.header("x-paysage-signature", listed).body(Body::from(BODY)).unwrap();
    assert_eq!(rig.send(request).await.status, 202);
}

#[tokio::test]
async fn s3_timestamp_boundaries() {
    let rig = Rig::new();
    for (off_ms, status) in
        [(-300_001, 401), (-300_000, 202), (0, 202), (300_000, 202), (300_001, 401)]
    {
        rig.set_clock_ms(NOW * 1_000 + off_ms);
        assert_eq!(rig.signed(BODY).await.status, status, "{off_ms} ms, own");
        let answer = rig.send(standard("msg_1", NOW, BODY)).await;
        assert_eq!(answer.status, status, "{off_ms} ms, standard");
    }
    for odd in ["", "-1", "1e9", "99999999999999999999", " 1790000000", "0x6ab"] {
        let signature = hex::encode(tag(OLD, &format!("{odd}.{BODY}")));
        let request = post("own").header("x-paysage-timestamp", odd);
        let request = request.header("x-paysage-signature", format!("v1={signature}"));
        let answer = rig.send(request.body(Body::from(BODY)).unwrap()).await;
        assert_eq!(answer.status, 401, "{odd}");
    }
}

#[tokio::test]
async fn s4_the_same_id_has_one_effect_within_and_after_the_tolerance() {
    let rig = Rig::new();
    let first = rig.send(standard("msg_1", NOW, BODY)).await;
    assert_eq!(first.body["status"], "accepted");
    assert_eq!(first.body["event_id"], "msg_1");
    let again = rig.send(standard("msg_1", NOW, BODY)).await;
    assert_eq!((again.status.as_u16(), &again.body["status"]), (202, &"duplicate".into()));

    rig.set_clock_ms((NOW + 86_400) * 1_000);
    assert_eq!(rig.send(standard("msg_1", NOW, BODY)).await.status, 401);
    let resent = rig.send(standard("msg_1", NOW + 86_400, BODY)).await;
    assert_eq!(resent.body["status"], "duplicate");
    assert_eq!(rig.kept(), 1);
}

#[tokio::test]
async fn s4_without_an_id_the_same_body_is_the_same_event() {
    let rig = Rig::new();
    let body = r#"{"transaction_id":1}"#;
    let first = rig.signed(body).await;
    assert!(first.body["event_id"].as_str().unwrap().starts_with("sha256:"));
    rig.set_clock_ms((NOW + 900) * 1_000);
    let later = own(body, NOW + 900, OLD).body(Body::from(body)).unwrap();
    let later = rig.send(later).await;
    assert_eq!(later.body["status"], "duplicate");
    assert_eq!(later.body["event_id"], first.body["event_id"]);
}

#[tokio::test]
async fn s5_secrets_rotate_without_loss() {
    let rig = Rig::new();
    let by = |secret| own(BODY, NOW, secret).body(Body::from(BODY)).unwrap();
    for (live, old, new) in
        [(&[OLD][..], 202, 401), (&[OLD, NEW][..], 202, 202), (&[NEW][..], 401, 202)]
    {
        rig.endpoints.replace(&configs(live)).unwrap();
        assert_eq!(rig.send(by(OLD)).await.status, old);
        assert_eq!(rig.send(by(NEW)).await.status, new);
    }
    assert!(rig.endpoints.replace(&configs(&["short"])).is_err());
    assert_eq!(rig.send(by(NEW)).await.status, 202, "the old configuration stays");
}

fn signed_with(timestamps: &[&[u8]], signatures: &[Vec<u8>]) -> Request<Body> {
    let mut request = post("own").body(Body::from(BODY)).unwrap();
    for value in timestamps {
        let value = HeaderValue::from_bytes(value).unwrap();
        request.headers_mut().append("x-paysage-timestamp", value);
    }
    for value in signatures {
        let value = HeaderValue::from_bytes(value).unwrap();
        request.headers_mut().append("x-paysage-signature", value);
    }
    request
}

#[tokio::test]
async fn s6_every_broken_authentication_gets_the_same_answer() {
    let rig = Rig::new();
    let now = NOW.to_string();
    let now = now.as_bytes();
    let right = format!("v1={}", hex::encode(tag(OLD, &format!("{NOW}.{BODY}"))));
    let many = vec![right.as_str(); 10_000].join(",").into_bytes();
    let seventeen = vec![right.as_str(); 17].join(",").into_bytes();
    let sha1 = right.replacen("v1=", "v0=", 1).into_bytes();
    let right = right.into_bytes();
    let requests = [
        ("nothing", signed_with(&[], &[])),
        ("no timestamp", signed_with(&[], std::slice::from_ref(&right))),
        ("no signature", signed_with(&[now], &[])),
        ("empty signature", signed_with(&[now], &[Vec::new()])),
        ("other algorithm", signed_with(&[now], &[sha1])),
        ("too short", signed_with(&[now], &[right[..40].to_vec()])),
        ("10,000 signatures", signed_with(&[now], &[many])),
        ("17 signatures", signed_with(&[now], &[seventeen])),
        ("not UTF-8", signed_with(&[now], &[vec![0xff, 0xfe]])),
        ("two signature headers", signed_with(&[now], &[right.clone(), right.clone()])),
        ("two timestamps", signed_with(&[now, now], std::slice::from_ref(&right))),
        ("wrong bearer", {
            post("bearer").header("authorization", "Bearer x").body(Body::from(BODY)).unwrap()
        }),
        ("no bearer", post("bearer").body(Body::from(BODY)).unwrap()),
        (
            "no token",
            post("silent").header("content-type", "text/plain").body(Body::empty()).unwrap(),
        ),
    ];
    let mut answers = Vec::new();
    for (what, mut request) in requests {
        if request.uri().path().ends_with("silent") {
            request.headers_mut().remove("content-type");
        }
        let answer = rig.send(request).await;
        assert_eq!(answer.status, 401, "{what}");
        answers.push(answer.body);
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(rig.send(signed_with(&[now], &[right])).await.status, 202);
}

#[test]
fn there_is_no_permissive_configuration() {
    for config in configs(&[]) {
        assert!(matches!(Endpoint::new(&config), Err(EndpointError::NoSecret(_))));
    }
    for mut config in configs(&["fifteen bytes.."]) {
        assert!(matches!(Endpoint::new(&config), Err(EndpointError::Secret(_))), "{}", config.name);
        config.secrets = vec![Secret::new(String::new())];
        assert!(matches!(Endpoint::new(&config), Err(EndpointError::Secret(_))), "{}", config.name);
    }
    let mut config = configs(&[OLD]).remove(1);
    config.transaction_pointers = vec!["transaction_id".to_owned()];
    assert!(matches!(Endpoint::new(&config), Err(EndpointError::Pointer(..))));
    config.name = "a/b".to_owned();
    assert!(matches!(Endpoint::new(&config), Err(EndpointError::Name(_))));
}
