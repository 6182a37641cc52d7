//! What a delivery costs, next to one HMAC-SHA-256 of the same bytes. Prints one line of JSON.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use domain::exception::ReasonCode;
use domain::id::MerchantId;
use engine::intake::{Accepted, IntakeError};
use engine::port::Clock;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use ledger::store::InboxEvent;
use runtime::config::Secret;
use sha2::Sha256;
use tower::ServiceExt;
use webhook::accept::Accept;
use webhook::endpoint::{
    Encoding, Endpoint, EndpointConfig, Endpoints, SchemeConfig, TOLERANCE_SECONDS,
};
use webhook::scheme::Delivery;
use webhook::verify::verify_and_scan;
use webhook::{Deps, router};

const SECRET: &str = "a secret of the benchmark, not of anyone";
const NOW: i64 = 1_790_000_000;
const ROUNDS: u32 = 40;
const CALLS: u32 = 5_000;

struct Everything;

#[async_trait]
impl Accept for Everything {
    async fn accept(&self, event: &InboxEvent) -> Result<Accepted, IntakeError> {
        black_box(event);
        Ok(Accepted::New)
    }

    async fn report(&self, _: ReasonCode, _: &str, _: &str) -> Result<(), IntakeError> {
        Ok(())
    }
}

struct Still(Timestamp);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        self.0
    }
}

#[expect(clippy::print_stdout, reason = "the line of JSON is what this program is for")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let body = body();
    let config = config();
    let now = Timestamp::from_second(NOW)?;
    let key = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes())?;
    let mut signed = key.clone();
    signed.update(format!("{NOW}.").as_bytes());
    signed.update(body.as_bytes());
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "application/json".parse()?);
    headers.insert("x-paysage-timestamp", NOW.to_string().parse()?);
    let signature = hex::encode(signed.finalize().into_bytes());
    headers.insert("x-paysage-signature", format!("v1={signature}").parse()?);

    let endpoint = Endpoint::new(&config)?;
    let delivery = Delivery { headers: &headers, body: body.as_bytes(), token: None, now };
    if verify_and_scan(&endpoint, &delivery).is_err() {
        return Err("the benchmark's own delivery is refused".into());
    }
    let hmac_ns = best_ns(|| {
        let mut mac = key.clone();
        mac.update(black_box(body.as_bytes()));
        black_box(mac.finalize());
    });
    let scan_ns = best_ns(|| {
        let outcome = verify_and_scan(&endpoint, black_box(&delivery));
        debug_assert!(outcome.is_ok());
        let _ = black_box(outcome);
    });
    let handler_ns = handler_ns(config, &headers, &body, now)?;
    // Thousandths, so that no float is needed.
    let ratio = scan_ns * 1_000 / hmac_ns.max(1);
    println!(
        "{{\"body_bytes\":{},\"hmac_ns\":{hmac_ns},\"verify_parse_scan_ns\":{scan_ns},\
         \"ratio\":{}.{:03},\"webhook_events_per_s_core\":{}}}",
        body.len(),
        ratio / 1_000,
        ratio % 1_000,
        1_000_000_000 / handler_ns.max(1),
    );
    Ok(())
}

/// Nanoseconds of one call, in the fastest of the rounds: the one least disturbed.
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn best_ns(mut call: impl FnMut()) -> u128 {
    (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            (0..CALLS).for_each(|_| call());
            start.elapsed().as_nanos() / u128::from(CALLS)
        })
        .min()
        .unwrap_or_default()
}

fn handler_ns(
    config: EndpointConfig,
    headers: &HeaderMap,
    body: &str,
    now: Timestamp,
) -> Result<u128, Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let router = router(Deps {
        endpoints: Arc::new(Endpoints::new(&[config])?),
        accept: Arc::new(Everything),
        clock: Arc::new(Still(now)),
        concurrency_max: 64,
    });
    let body = axum::body::Bytes::from(body.to_owned());
    let mut refused = 0_u32;
    let ns = best_ns(|| {
        let mut request = Request::new(Body::from(body.clone()));
        *request.method_mut() = axum::http::Method::POST;
        *request.uri_mut() = axum::http::Uri::from_static("/webhooks/bench");
        *request.headers_mut() = headers.clone();
        let answer = runtime.block_on(router.clone().oneshot(request));
        refused += u32::from(!answer.is_ok_and(|answer| answer.status() == 202));
    });
    if refused == 0 { Ok(ns) } else { Err("the router refused a delivery".into()) }
}

fn config() -> EndpointConfig {
    EndpointConfig {
        name: "bench".to_owned(),
        merchant: MerchantId::from("main"),
        scheme: SchemeConfig::TimestampedHmac {
            timestamp_header: "x-paysage-timestamp".to_owned(),
            signature_header: "x-paysage-signature".to_owned(),
            encoding: Encoding::Hex,
            prefix: "v1=".to_owned(),
        },
        secrets: vec![Secret::new(SECRET.to_owned())],
        event_pointers: vec!["/id".to_owned()],
        transaction_pointers: vec!["/transaction_id".to_owned(), "/data/transaction_id".to_owned()],
        tolerance_seconds: TOLERANCE_SECONDS,
    }
}

/// About 2 kB, as an event with a few lines of an order would be.
fn body() -> String {
    let lines: Vec<String> = (0..14)
        .map(|line| {
            format!(
                "{{\"sku\":\"PART-{line:04}\",\"description\":\"Bracket, left, galvanized, no. {line}\",\
                 \"quantity\":{line},\"unit_price\":\"{line}9.95\",\"taxable\":true}}"
            )
        })
        .collect();
    format!(
        "{{\"id\":\"evt_01J9Z5T7QW\",\"type\":\"transaction.approved\",\
         \"created\":\"2026-09-21T14:13:20.123Z\",\"data\":{{\"transaction_id\":105968532,\
         \"invoice_id\":\"IN0000000123\",\"amount\":\"1249.50\",\"masked\":\"************1111\",\
         \"billing\":{{\"name\":\"Jané Doe\",\"street\":\"8320 E. West St.\",\"city\":\"Spokane\",\
         \"state\":\"WA\",\"zip\":\"85284\"}},\"email\":\"jane.doe@example.com\",\
         \"lines\":[{}]}}}}",
        lines.join(",")
    )
}
