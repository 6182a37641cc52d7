//! A router over an inbox in memory and a clock that is set by hand.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderValue, Request, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::exception::ReasonCode;
use domain::id::MerchantId;
use engine::intake::{Accepted, IntakeError};
use engine::port::{Clock, QueueError};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use ledger::store::InboxEvent;
use serde_json::Value;
use sha2::Sha256;
use tower::ServiceExt;

use crate::accept::Accept;
use crate::endpoint::{Encoding, EndpointConfig, Endpoints, SchemeConfig, TOLERANCE_SECONDS};
use crate::{Deps, router};
use runtime::config::Secret;

pub(super) const OLD: &str = "the first secret, 32 bytes long..";
pub(super) const NEW: &str = "the second secret, as long as it.";
pub(super) const BODY: &str = r#"{"id":"evt_1","transaction_id":105968532}"#;
pub(super) const NOW: i64 = 1_790_000_000;

#[derive(Default)]
pub(super) struct Inbox {
    pub(super) events: Mutex<BTreeMap<String, InboxEvent>>,
    pub(super) reports: Mutex<Vec<(ReasonCode, String, String)>>,
    pub(super) down: AtomicBool,
}

impl Inbox {
    fn check(&self) -> Result<(), IntakeError> {
        if self.down.load(Ordering::SeqCst) {
            return Err(QueueError("down".into()).into());
        }
        Ok(())
    }
}

#[async_trait]
impl Accept for Inbox {
    async fn accept(&self, event: &InboxEvent) -> Result<Accepted, IntakeError> {
        self.check()?;
        let mut events = self.events.lock().unwrap();
        let key = format!("{}/{}", event.merchant, event.id);
        match events.get(&key) {
            Some(known) if known.body_hash == event.body_hash => Ok(Accepted::Duplicate),
            Some(_) => Ok(Accepted::Changed),
            None => {
                events.insert(key, event.clone());
                Ok(Accepted::New)
            }
        }
    }

    async fn report(
        &self,
        reason: ReasonCode,
        subject: &str,
        evidence: &str,
    ) -> Result<(), IntakeError> {
        self.check()?;
        let mut reports = self.reports.lock().unwrap();
        reports.push((reason, subject.to_owned(), evidence.to_owned()));
        Ok(())
    }
}

pub(super) struct Dial(AtomicI64);

impl Clock for Dial {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

pub(super) struct Rig {
    pub(super) inbox: Arc<Inbox>,
    pub(super) endpoints: Arc<Endpoints>,
    clock: Arc<Dial>,
    router: Router,
}

pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Value,
    pub(super) retry_after: Option<HeaderValue>,
}

impl Answer {
    pub(super) fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }
}

impl Rig {
    pub(super) fn new() -> Self {
        Self::with_concurrency(8)
    }

    pub(super) fn with_concurrency(concurrency_max: usize) -> Self {
        let inbox = Arc::new(Inbox::default());
        let endpoints = Arc::new(Endpoints::new(&configs(&[OLD])).unwrap());
        let clock = Arc::new(Dial(AtomicI64::new(NOW * 1_000)));
        let router = router(Deps {
            endpoints: endpoints.clone(),
            accept: inbox.clone(),
            clock: clock.clone(),
            concurrency_max,
        });
        Self { inbox, endpoints, clock, router }
    }

    pub(super) fn set_clock_ms(&self, now_ms: i64) {
        self.clock.0.store(now_ms, Ordering::SeqCst);
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let retry_after = response.headers().get("retry-after").cloned();
        let bytes = to_bytes(response.into_body(), 10_000).await.unwrap();
        let body = serde_json::from_slice(&bytes).unwrap();
        Answer { status, body, retry_after }
    }

    /// An authentic body to the endpoint `own`.
    pub(super) async fn signed(&self, body: &str) -> Answer {
        self.send(own(body, NOW, OLD).body(Body::from(body.to_owned())).unwrap()).await
    }

    pub(super) fn kept(&self) -> usize {
        self.inbox.events.lock().unwrap().len()
    }
}

/// One endpoint of each scheme, with these live secrets.
pub(super) fn configs(live: &[&str]) -> Vec<EndpointConfig> {
    let timestamped = SchemeConfig::TimestampedHmac {
        timestamp_header: "X-Paysage-Timestamp".to_owned(),
        signature_header: "X-Paysage-Signature".to_owned(),
        encoding: Encoding::Hex,
        prefix: "v1=".to_owned(),
    };
    let body_hmac = SchemeConfig::BodyHmac {
        signature_header: "X-Signature".to_owned(),
        encoding: Encoding::Base64,
        prefix: String::new(),
    };
    [
        ("standard", SchemeConfig::StandardWebhooks),
        ("own", timestamped),
        ("body", body_hmac),
        ("bearer", SchemeConfig::Bearer),
        ("silent", SchemeConfig::SilentPost),
    ]
    .into_iter()
    .map(|(name, scheme)| {
        let whsec = |text: &str| format!("whsec_{}", STANDARD.encode(text));
        let written = |text: &&str| match scheme {
            SchemeConfig::StandardWebhooks => whsec(text),
            SchemeConfig::SilentPost => text.replace([' ', ',', '.'], "-"),
            _ => (*text).to_owned(),
        };
        EndpointConfig {
            name: name.to_owned(),
            merchant: MerchantId::from("main"),
            secrets: live.iter().map(|text| Secret::new(written(text))).collect(),
            scheme,
            event_pointers: vec!["/id".to_owned()],
            transaction_pointers: vec![
                "/transaction_id".to_owned(),
                "/data/transaction_id".to_owned(),
            ],
            tolerance_seconds: TOLERANCE_SECONDS,
        }
    })
    .collect()
}

pub(super) fn tag(secret: &str, signed: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

pub(super) fn post(endpoint: &str) -> axum::http::request::Builder {
    Request::post(format!("/webhooks/{endpoint}")).header("content-type", "application/json")
}

/// A request to `own`, signed for this body.
pub(super) fn own(body: &str, timestamp: i64, secret: &str) -> axum::http::request::Builder {
    let signature = hex::encode(tag(secret, &format!("{timestamp}.{body}")));
    post("own")
        .header("x-paysage-timestamp", timestamp.to_string())
        .header("x-paysage-signature", format!("v1={signature}"))
}

/// A request to `standard`, signed for this body.
pub(super) fn standard(id: &str, timestamp: i64, body: &str) -> Request<Body> {
    let signature = STANDARD.encode(tag(OLD, &format!("{id}.{timestamp}.{body}")));
    post("standard")
        .header("webhook-id", id)
        .header("webhook-timestamp", timestamp.to_string())
        .header("webhook-signature", format!("v1a,other v1,{signature}"))
        .body(Body::from(body.to_owned()))
        .unwrap()
}
