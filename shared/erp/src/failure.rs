//! A call to Sage that did not succeed, in the engine's words. Texts are carried, never read.

use engine::port::{CallError, Cause, Phase};
use sage300::Sage300Error;

/// What the client's error says of the request.
pub fn failed(operation: &'static str) -> impl FnOnce(Sage300Error) -> CallError {
    move |error| {
        let phase = phase(error.phase);
        CallError {
            operation,
            phase,
            cause: (phase == Phase::Refused).then(|| cause(error.code.as_deref(), error.status)),
            retry_after_ms: error.retry_after_ms,
            message: told(&error),
        }
    }
}

/// What was asked for cannot be said to Sage, or what Sage says cannot be taken: nothing was done.
pub fn rule(operation: &'static str, why: &impl ToString) -> CallError {
    refused(operation, Cause::Rule, why)
}

pub fn refused(operation: &'static str, cause: Cause, why: &impl ToString) -> CallError {
    CallError {
        operation,
        phase: Phase::Refused,
        cause: Some(cause),
        message: why.to_string(),
        retry_after_ms: None,
    }
}

/// Sage answered something else than what was asked for: what it did is not known.
pub fn unclear(operation: &'static str, message: String) -> CallError {
    CallError { operation, phase: Phase::Unclear, cause: None, message, retry_after_ms: None }
}

fn phase(phase: paysage_http::Phase) -> Phase {
    match phase {
        paysage_http::Phase::NotSent => Phase::NotSent,
        paysage_http::Phase::Refused => Phase::Refused,
        paysage_http::Phase::Throttled => Phase::Throttled,
        paysage_http::Phase::Unclear => Phase::Unclear,
    }
}

/// By code first [O], by status where there is none. No code tells a lock from another rule: that
/// is `General` [F].
fn cause(code: Option<&str>, status: Option<u16>) -> Cause {
    match (code, status) {
        (Some("Unauthorized" | "Forbidden"), _) => Cause::Denied,
        (Some("RecordNotFound" | "ResourceNotFound"), _) => Cause::Missing,
        (Some("RecordDuplicate"), _) => Cause::Duplicate,
        (None, Some(401 | 403)) => Cause::Denied,
        _ => Cause::Rule,
    }
}

fn told(error: &Sage300Error) -> String {
    let said = [error.code.clone(), error.message.clone()];
    let mut parts: Vec<String> = said.into_iter().flatten().collect();
    parts.extend(error.source.as_ref().map(|transport| transport.source.to_string()));
    if let (true, Some(status)) = (parts.is_empty(), error.status) {
        parts.push(format!("HTTP {status}"));
    }
    parts.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told_by(phase: paysage_http::Phase, status: u16, code: Option<&str>) -> CallError {
        let error = Sage300Error {
            phase,
            operation: "patch",
            code: code.map(str::to_owned),
            message: Some("Batch 148 cannot be edited.".into()),
            status: Some(status),
            retry_after_ms: None,
            source: None,
        };
        failed("freeze batch")(error)
    }

    #[test]
    fn causes_follow_codes_not_texts() {
        use paysage_http::Phase::Refused;
        for (status, code, cause) in [
            (401, Some("Unauthorized"), Cause::Denied),
            (401, None, Cause::Denied),
            (403, Some("Forbidden"), Cause::Denied),
            (403, None, Cause::Denied),
            (404, Some("RecordNotFound"), Cause::Missing),
            (404, Some("ResourceNotFound"), Cause::Missing),
            (409, Some("RecordDuplicate"), Cause::Duplicate),
            (409, Some("General"), Cause::Rule),
            (409, Some("RecordInvalid"), Cause::Rule),
            (409, Some("SomethingNew"), Cause::Rule),
            (400, Some("InvalidPayload"), Cause::Rule),
            (404, None, Cause::Rule),
        ] {
            let error = told_by(Refused, status, code);
            assert_eq!((error.phase, error.cause), (Phase::Refused, Some(cause)), "{code:?}");
        }
    }

    #[test]
    fn only_a_refusal_has_a_cause() {
        for (phase, expected) in [
            (paysage_http::Phase::NotSent, Phase::NotSent),
            (paysage_http::Phase::Throttled, Phase::Throttled),
            (paysage_http::Phase::Unclear, Phase::Unclear),
        ] {
            let error = told_by(phase, 401, Some("Unauthorized"));
            assert_eq!((error.phase, error.cause), (expected, None));
        }
    }

    #[test]
    fn the_vendors_words_are_kept() {
        let error = told_by(paysage_http::Phase::Refused, 409, Some("General"));
        let expected = "freeze batch: General: Batch 148 cannot be edited.";
        assert_eq!(error.to_string(), expected);
    }
}
