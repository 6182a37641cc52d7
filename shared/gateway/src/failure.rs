//! A call to PayTrace that did not succeed, in the engine's words.

use engine::port::{CallError, Cause, Phase};
use paytrace::PayTraceError;

/// What the client's error says of the request.
pub fn failed(operation: &'static str) -> impl FnOnce(PayTraceError) -> CallError {
    move |error| {
        let phase = phase(error.phase);
        CallError {
            operation,
            phase,
            cause: (phase == Phase::Refused).then(|| cause(&error)),
            retry_after_ms: error.retry_after_ms,
            message: told(&error),
        }
    }
}

/// PayTrace answered, and what it says cannot be taken.
pub fn refused(operation: &'static str, cause: Cause, why: &impl ToString) -> CallError {
    CallError {
        operation,
        phase: Phase::Refused,
        cause: Some(cause),
        message: why.to_string(),
        retry_after_ms: None,
    }
}

fn phase(phase: paysage_http::Phase) -> Phase {
    match phase {
        paysage_http::Phase::NotSent => Phase::NotSent,
        paysage_http::Phase::Refused => Phase::Refused,
        paysage_http::Phase::Throttled => Phase::Throttled,
        paysage_http::Phase::Unclear => Phase::Unclear,
    }
}

/// Log-in failed (998, 999), permission missing (981), integrator id unknown (971). [R]
const DENIED: [&str; 6] = ["invalid_grant", "invalid_token", "971", "981", "998", "999"];

/// Transaction (58) or customer (30) unknown. [C]
const MISSING: [&str; 2] = ["30", "58"];

fn cause(error: &PayTraceError) -> Cause {
    let codes = || error.code.iter().chain(error.errors.keys()).map(String::as_str);
    if codes().any(|code| DENIED.contains(&code)) || matches!(error.status, Some(401 | 403)) {
        Cause::Denied
    } else if codes().any(|code| MISSING.contains(&code)) {
        Cause::Missing
    } else {
        Cause::Rule
    }
}

fn told(error: &PayTraceError) -> String {
    let mut parts = vec![error.told.to_owned()];
    if error.errors.is_empty() {
        parts.extend(error.code.clone());
    }
    for (code, texts) in error.errors.iter() {
        parts.push(format!("{code} {}", texts.join(" ")));
    }
    parts.extend(error.source.as_ref().map(|transport| transport.source.to_string()));
    parts.extend(error.status.map(|status| format!("HTTP {status}")));
    parts.join(": ")
}
