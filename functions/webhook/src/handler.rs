//! The HTTP side.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::{ALLOW, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Router, body::Bytes};
use domain::exception::ReasonCode;
use domain::id::{EventId, TransactionId};
use engine::intake::{Accepted, IntakeError};
use ledger::store::InboxEvent;
use runtime::json::BODY_BYTES_MAX;
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use crate::Deps;
use crate::code::Code;
use crate::endpoint::Endpoint;
use crate::scheme::{Delivery, Written};
use crate::verify::{Refusal, Verified, verify_and_scan};

/// `POST /webhooks/{endpoint}` and, for silent posts, `POST /webhooks/{endpoint}/{token}`.
pub fn router(deps: Deps) -> Router {
    let slots = Semaphore::new(deps.concurrency_max.min(Semaphore::MAX_PERMITS));
    let state = Arc::new(Shared { deps, slots });
    Router::new()
        .route("/webhooks/{endpoint}", post(without_token))
        .route("/webhooks/{endpoint}/{token}", post(with_token))
        .method_not_allowed_fallback(async || refused(&Code::MethodNotAllowed.into()))
        .fallback(async || refused(&Code::PathUnknown.into()))
        .with_state(state)
}

/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
const RETRY_SECONDS: HeaderValue = HeaderValue::from_static("5");

struct Shared {
    deps: Deps,
    slots: Semaphore,
}

async fn without_token(
    State(shared): State<Arc<Shared>>,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let name = path.map(|Path(name)| name).unwrap_or_default();
    answer(&shared, (&name, None), &headers, body).await
}

async fn with_token(
    State(shared): State<Arc<Shared>>,
    path: Result<Path<(String, String)>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let (name, token) = path.map(|Path(path)| path).unwrap_or_default();
    answer(&shared, (&name, Some(&token)), &headers, body).await
}

async fn answer(
    shared: &Shared,
    (name, token): (&str, Option<&str>),
    headers: &HeaderMap,
    body: Body,
) -> Response {
    let Ok(_slot) = shared.slots.try_acquire() else {
        tracing::warn!("too many deliveries at once");
        return refused(&Code::TooBusy.into());
    };
    let Some(endpoint) = shared.deps.endpoints.get(name) else {
        return refused(&Code::EndpointUnknown.into());
    };
    if token.is_some() && !endpoint.scheme.takes_token() {
        return refused(&Code::PathUnknown.into());
    }
    let body = match receive(&endpoint, headers, body).await {
        Ok(body) => body,
        Err(code) => return refused(&code.into()),
    };
    let now = shared.deps.clock.now();
    let delivery = Delivery { headers, body: &body, token, now };
    match verify_and_scan(&endpoint, &delivery) {
        Ok(verified) => accept(shared, &endpoint, &verified, &delivery).await,
        Err(refusal) => refuse(shared, &endpoint, &refusal).await,
    }
}

/// The body, when its type and size may come in.
async fn receive(endpoint: &Endpoint, headers: &HeaderMap, body: Body) -> Result<Bytes, Code> {
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if length.and_then(|text| text.parse().ok()).is_some_and(|size: u64| is_too_large(size)) {
        return Err(Code::BodyTooLarge);
    }
    if !is_supported(headers, endpoint.scheme.written()) {
        return Err(Code::ContentTypeUnsupported);
    }
    match tokio::time::timeout(BODY_TIMEOUT, to_bytes(body, BODY_BYTES_MAX)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if is_length_error(&error) => Err(Code::BodyTooLarge),
        Ok(Err(_)) | Err(_) => Err(Code::BodyUnreadable),
    }
}

fn is_too_large(bytes: u64) -> bool {
    usize::try_from(bytes).is_ok_and(|bytes| bytes > BODY_BYTES_MAX)
        || usize::try_from(bytes).is_err()
}

fn is_length_error(error: &axum::Error) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if error.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        cause = error.source();
    }
    false
}

fn is_supported(headers: &HeaderMap, written: Written) -> bool {
    let plain = headers.get(CONTENT_ENCODING).is_none_or(|value| value == "identity");
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (first, second) = (types.next(), types.next());
    let Some(value) = first else { return plain && written == Written::ParmList };
    let Ok(value) = value.to_str() else { return false };
    let (kind, parameters) = value.split_once(';').unwrap_or((value, ""));
    let kind = kind.trim().to_ascii_lowercase();
    let parameters = parameters.trim().to_ascii_lowercase().replace('"', "");
    let utf8 = matches!(parameters.as_str(), "" | "charset=utf-8");
    let fits = match written {
        Written::Json => {
            kind == "application/json"
                || (kind.starts_with("application/") && kind.ends_with("+json"))
        }
        Written::ParmList => {
            matches!(kind.as_str(), "application/x-www-form-urlencoded" | "text/plain")
        }
    };
    plain && second.is_none() && utf8 && fits
}

async fn accept(
    shared: &Shared,
    endpoint: &Endpoint,
    verified: &Verified<'_>,
    delivery: &Delivery<'_>,
) -> Response {
    let body_hash = hex::encode(Sha256::digest(delivery.body));
    let id = match &verified.event {
        Some(id) => id.clone().into_owned(),
        // The same body sent again is the same event, whenever it was signed.
        None => format!("sha256:{body_hash}"),
    };
    let event = InboxEvent {
        merchant: endpoint.merchant.clone(),
        id: EventId(id),
        body_hash,
        transaction: Some(TransactionId(verified.transaction.clone().into_owned())),
        source: verified.source.to_owned(),
        received: delivery.now,
    };
    match shared.deps.accept.accept(&event).await {
        Ok(accepted) => accepted_response(&event, accepted),
        Err(error) => not_recorded(endpoint, &error),
    }
}

fn accepted_response(event: &InboxEvent, accepted: Accepted) -> Response {
    let status = match accepted {
        Accepted::New | Accepted::Changed => "accepted",
        Accepted::Duplicate => "duplicate",
    };
    tracing::info!(
        merchant = event.merchant.as_str(),
        event.id = event.id.as_str(),
        transaction.id = event.transaction.as_ref().map(TransactionId::as_str),
        source = event.source,
        status,
        "an event came in"
    );
    let body = json!({ "status": status, "event_id": event.id });
    (StatusCode::ACCEPTED, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

/// Refuses; card data is put before a person first, by its last four digits only.
async fn refuse(shared: &Shared, endpoint: &Endpoint, refusal: &Refusal) -> Response {
    let code = refusal.code.code();
    tracing::warn!(
        merchant = endpoint.merchant.as_str(),
        endpoint = endpoint.name,
        code,
        security = refusal.code == Code::CardDataBlocked,
        "a delivery was refused"
    );
    if let (Code::CardDataBlocked, Some(detail)) = (refusal.code, &refusal.detail) {
        let subject = format!("{}/webhook/{}", endpoint.merchant, endpoint.name);
        let reason = ReasonCode::CardDataBlocked;
        let reported = shared.deps.accept.report(reason, &subject, &detail.to_string()).await;
        if let Err(error) = reported {
            return not_recorded(endpoint, &error);
        }
    }
    refused(refusal)
}

fn not_recorded(endpoint: &Endpoint, error: &IntakeError) -> Response {
    let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    tracing::error!(
        merchant = endpoint.merchant.as_str(),
        endpoint = endpoint.name,
        error = %error,
        cause,
        "an event could not be recorded"
    );
    refused(&Code::NotRecorded.into())
}

fn refused(refusal: &Refusal) -> Response {
    let code = refusal.code;
    let body = json!({ "error": { "code": code.code(), "message": refusal.to_string() } });
    let mut response =
        (code.status(), [(CONTENT_TYPE, "application/json")], body.to_string()).into_response();
    if code.status() == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, RETRY_SECONDS);
    }
    if code == Code::MethodNotAllowed {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
    }
    response
}
