use std::collections::BTreeMap;

use paysage_http::{HttpError, Phase};

/// A call that brought no decision.
#[derive(Debug, thiserror::Error)]
#[error("{operation}: {told}")]
pub struct PayTraceError {
    /// Whether the call may have had an effect.
    pub phase: Phase,
    /// The operation.
    pub operation: &'static str,
    /// What happened, without vendor text.
    pub told: &'static str,
    /// OAuth's `error` (such as `invalid_grant`) or the first key of `errors`.
    pub code: Option<String>,
    /// PayTrace's `errors`: code to texts.
    pub errors: Box<BTreeMap<String, Vec<String>>>,
    /// The HTTP status, where one was read.
    pub status: Option<u16>,
    /// The wait the server asked for, milliseconds.
    pub retry_after_ms: Option<u64>,
    /// The transport's failure, if it was one.
    pub source: Option<Box<HttpError>>,
}

impl PayTraceError {
    pub(crate) fn new(operation: &'static str, phase: Phase, told: &'static str) -> Self {
        Self {
            phase,
            operation,
            told,
            code: None,
            errors: Box::default(),
            status: None,
            retry_after_ms: None,
            source: None,
        }
    }

    pub(crate) fn unclear(operation: &'static str, status: u16, told: &'static str) -> Self {
        Self { status: Some(status), ..Self::new(operation, Phase::Unclear, told) }
    }

    pub(crate) fn transport(operation: &'static str, source: HttpError) -> Self {
        Self {
            status: source.status,
            retry_after_ms: source.retry_after_ms,
            phase: source.phase,
            source: Some(Box::new(source)),
            ..Self::new(operation, Phase::Unclear, "no usable response")
        }
    }
}
