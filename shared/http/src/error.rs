use std::error::Error;

/// How far a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// No byte of the request left: safe to repeat.
    NotSent,
    /// The server examined it and declined it: repeating changes nothing.
    Refused,
    /// The server declined to examine it for now: safe to repeat after a wait.
    Throttled,
    /// It was, or may have been, sent, and the answer is not known: read before repeating.
    Unclear,
}

/// A call that brought no usable response.
#[derive(Debug, thiserror::Error)]
#[error("{operation}: no usable response ({phase:?})")]
pub struct HttpError {
    /// How far the request came.
    pub phase: Phase,
    /// The operation named by the caller.
    pub operation: &'static str,
    /// The wait the server asked for, milliseconds.
    pub retry_after_ms: Option<u64>,
    /// The HTTP status, where one was read.
    pub status: Option<u16>,
    /// What went wrong.
    pub source: Reason,
}

/// What went wrong with a call.
#[derive(Debug, thiserror::Error)]
pub enum Reason {
    /// The host, scheme or port is not on the allow-list.
    #[error("{0} is not on the egress allow-list")]
    NotAllowed(String),
    /// A header or URL cannot be sent.
    #[error("malformed request: {0}")]
    Malformed(String),
    /// No connection: name, TCP or TLS.
    #[error("no connection: {0}")]
    NoConnection(String),
    /// The time ran out.
    #[error("time ran out after {0} ms")]
    TimedOut(u64),
    /// The connection ended before the response was complete.
    #[error("connection lost: {0}")]
    ConnectionLost(String),
    /// The response is larger than allowed.
    #[error("response larger than {0} bytes")]
    TooLarge(usize),
    /// HTTP 429.
    #[error("too many requests")]
    TooManyRequests,
}

/// A client that cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The private CA is not PEM or not a certificate.
    #[error("private CA: {0}")]
    PrivateCa(String),
    /// TLS or pool set-up failed.
    #[error("client set-up: {0}")]
    SetUp(String),
}

/// The messages of an error and its causes in one line. The URL is not part of them.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
