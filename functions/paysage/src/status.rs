//! What the product says of itself: a plain page for people and the same as JSON for programs.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use domain::effect::{Effect, EffectState};
use domain::exception::Exception;
use domain::id::CompanyId;
use engine::port::Clock;
use ledger::store::{EffectQuery, Store, StoreError, TotalsRow};
use serde_json::{Value, json};

use crate::page;

/// What the page needs to be told.
#[derive(Clone)]
pub struct Deps {
    pub store: Arc<dyn Store>,
    pub queues: Arc<dyn Queues>,
    pub clock: Arc<dyn Clock>,
    pub companies: Vec<CompanyId>,
}

/// How full the queues are.
#[async_trait::async_trait]
pub trait Queues: Send + Sync {
    async fn depths(&self) -> Result<Vec<Depth>, String>;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Depth {
    pub queue: &'static str,
    /// Deliverable now or later.
    pub waiting: u64,
    /// Being worked on.
    pub in_flight: u64,
    pub oldest_age_ms: u64,
}

/// A snapshot of the product's books.
pub struct Snapshot {
    pub totals: Vec<TotalsRow>,
    pub held: Vec<Effect>,
    pub posted: Vec<Effect>,
    pub exceptions: Vec<Exception>,
    pub manifests_held: Vec<domain::manifest::Manifest>,
    pub queues: Vec<Depth>,
    pub now: jiff::Timestamp,
}

/// Rows of each list that are shown.
const SHOWN_MAX: usize = 200;

/// The page, its JSON, and the health check.
pub fn router(deps: Deps) -> Router {
    Router::new()
        .route("/", get(html))
        .route("/style.css", get(style))
        .route("/api/status", get(status))
        .route("/api/receipts", get(receipts))
        .route("/healthz", get(health))
        .with_state(deps)
}

async fn html(State(deps): State<Deps>) -> Response {
    match snapshot(&deps).await {
        Ok(snapshot) => {
            let headers = [
                (header::CONTENT_TYPE, "text/html; charset=utf-8"),
                (header::CACHE_CONTROL, "no-store"),
                (
                    header::CONTENT_SECURITY_POLICY,
                    "default-src 'none'; style-src 'self'; frame-ancestors 'none'",
                ),
            ];
            (headers, page::render(&snapshot)).into_response()
        }
        Err(error) => unavailable(&error),
    }
}

async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css")], page::STYLE).into_response()
}

async fn status(State(deps): State<Deps>) -> Response {
    match snapshot(&deps).await {
        Ok(snapshot) => Json(as_json(&snapshot)).into_response(),
        Err(error) => unavailable(&error),
    }
}

async fn receipts(State(deps): State<Deps>) -> Response {
    const LISTED_MAX: usize = 200_000;
    let query = EffectQuery { company: None, state: EffectState::Posted, limit: LISTED_MAX };
    match deps.store.effects_by_state(&query).await {
        Ok(effects) => {
            let rows: Vec<Value> = effects.iter().map(receipt_json).collect();
            Json(json!({ "receipts": rows })).into_response()
        }
        Err(error) => unavailable(&error),
    }
}

async fn health(State(deps): State<Deps>) -> Response {
    match deps.store.watermark("health").await {
        Ok(_) => (StatusCode::OK, "ok\n").into_response(),
        Err(error) => unavailable(&error),
    }
}

async fn snapshot(deps: &Deps) -> Result<Snapshot, StoreError> {
    let listed = |state| EffectQuery { company: None, state, limit: SHOWN_MAX };
    let queues = deps
        .queues
        .depths()
        .await
        .map_err(|message| StoreError { operation: "queue depths", source: message.into() })?;
    Ok(Snapshot {
        totals: deps.store.totals().await?.rows,
        held: deps.store.effects_by_state(&listed(EffectState::Held)).await?,
        posted: deps.store.effects_by_state(&listed(EffectState::Posted)).await?,
        exceptions: deps.store.exceptions(SHOWN_MAX).await?,
        manifests_held: deps.store.held_manifests(SHOWN_MAX).await?,
        queues,
        now: deps.clock.now(),
    })
}

fn as_json(snapshot: &Snapshot) -> Value {
    let totals: Vec<Value> = snapshot
        .totals
        .iter()
        .map(|row| {
            json!({"merchant": row.merchant, "state": row.state, "count": row.count,
                   "amount": row.amount.to_decimal().to_string(),
                   "currency": row.amount.currency.code()})
        })
        .collect();
    let held: Vec<Value> = snapshot.held.iter().map(held_json).collect();
    let manifests: Vec<Value> = snapshot
        .manifests_held
        .iter()
        .map(|manifest| {
            let hold = manifest.hold.as_ref();
            json!({"manifest": manifest.id, "entries": manifest.entries.len(),
                   "amount": manifest.total.to_decimal().to_string(),
                   "batch": manifest.committed_batch(),
                   "reason": hold.map(|h| h.reason), "evidence": hold.map(|h| &h.evidence)})
        })
        .collect();
    let exceptions: Vec<Value> = snapshot
        .exceptions
        .iter()
        .map(|item| {
            json!({"id": item.id, "reason": item.reason, "subject": item.subject,
                   "evidence": item.evidence, "fix": item.reason.fix(), "raised": item.raised})
        })
        .collect();
    let queues: Vec<Value> = snapshot
        .queues
        .iter()
        .map(|depth| {
            json!({"queue": depth.queue, "waiting": depth.waiting,
                   "in_flight": depth.in_flight, "oldest_age_ms": depth.oldest_age_ms})
        })
        .collect();
    json!({"now": snapshot.now, "totals": totals, "held": held, "manifests_held": manifests,
           "exceptions": exceptions, "queues": queues})
}

fn held_json(effect: &Effect) -> Value {
    let hold = effect.hold.as_ref();
    json!({"transaction": effect.key.payment.transaction, "merchant": effect.key.payment.merchant,
           "kind": effect.key.kind, "amount": effect.amount.to_decimal().to_string(),
           "currency": effect.amount.currency.code(), "reason": hold.map(|h| h.reason),
           "evidence": hold.map(|h| &h.evidence), "fix": hold.map(|h| h.reason.fix()),
           "since": effect.since})
}

fn receipt_json(effect: &Effect) -> Value {
    let posted = effect.posted.as_ref();
    let content = effect.content.as_ref();
    json!({"transaction": effect.key.payment.transaction, "merchant": effect.key.payment.merchant,
           "amount": effect.amount.to_decimal().to_string(),
           "currency": effect.amount.currency.code(),
           "customer": content.map(|c| &c.customer),
           "decided_by": content.map(|c| &c.extra.decided_by),
           "batch": posted.map(|p| p.batch), "entry": posted.map(|p| p.entry),
           "document": posted.map(|p| &p.document),
           "since": effect.since, "posted_at": effect.posted_at})
}

fn unavailable(error: &StoreError) -> Response {
    tracing::error!(error = %error, "status not available");
    let message = "The store does not answer; see the log. Nothing is lost by this.\n";
    (StatusCode::SERVICE_UNAVAILABLE, message).into_response()
}
