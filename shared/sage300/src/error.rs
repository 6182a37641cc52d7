use paysage_http::{HttpError, Phase, Response};
use serde::Deserialize;
use serde_json::Value;

/// A call that did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[error("{operation}: {}", self.told())]
pub struct Sage300Error {
    /// Whether the call may have had an effect.
    pub phase: Phase,
    /// The kind of call.
    pub operation: &'static str,
    /// Sage's `error.code`, as sent; unknown codes pass through.
    pub code: Option<String>,
    /// Sage's text: for people, never to be matched.
    pub message: Option<String>,
    /// The HTTP status, where one was read.
    pub status: Option<u16>,
    /// The wait the server asked for, milliseconds.
    pub retry_after_ms: Option<u64>,
    /// The transport's failure, if it was one.
    pub source: Option<Box<HttpError>>,
}

impl Sage300Error {
    /// The record asked for does not exist.
    pub fn is_not_found(&self) -> bool {
        self.code.as_deref() == Some("RecordNotFound")
    }

    /// The key is taken.
    pub fn is_duplicate(&self) -> bool {
        self.code.as_deref() == Some("RecordDuplicate")
    }

    /// A call that this client declines to make.
    pub(crate) fn not_sent(operation: &'static str, message: impl Into<String>) -> Self {
        Self { phase: Phase::NotSent, message: Some(message.into()), ..Self::bare(operation) }
    }

    /// A response that does not say what happened.
    pub(crate) fn unclear(
        operation: &'static str,
        status: u16,
        message: impl Into<String>,
    ) -> Self {
        Self { status: Some(status), message: Some(message.into()), ..Self::bare(operation) }
    }

    pub(crate) fn transport(operation: &'static str, source: HttpError) -> Self {
        Self {
            phase: source.phase,
            status: source.status,
            retry_after_ms: source.retry_after_ms,
            source: Some(Box::new(source)),
            ..Self::bare(operation)
        }
    }

    /// A response with an unsuccessful status.
    pub(crate) fn response(operation: &'static str, response: &Response) -> Self {
        let said = serde_json::from_slice::<Envelope>(&response.body).ok().map(|e| e.error);
        let (code, message) = match said {
            Some(said) => (said.code, said.message.as_ref().and_then(text)),
            None => (None, None),
        };
        let phase = phase(response.status, code.as_deref());
        let status = Some(response.status);
        Self { phase, code, message, status, ..Self::bare(operation) }
    }

    fn bare(operation: &'static str) -> Self {
        Self {
            phase: Phase::Unclear,
            operation,
            code: None,
            message: None,
            status: None,
            retry_after_ms: None,
            source: None,
        }
    }

    fn told(&self) -> String {
        match (&self.code, &self.message, self.status) {
            (Some(code), Some(message), _) => format!("{code}: {message}"),
            (Some(code), None, _) => code.clone(),
            (None, Some(message), _) => message.clone(),
            (None, None, Some(status)) => format!("HTTP {status}"),
            (None, None, None) => format!("no usable response ({:?})", self.phase),
        }
    }
}

#[derive(Deserialize)]
struct Envelope {
    error: Said,
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    message: Option<Value>,
}

/// OData 3 wraps the text in an object, OData 4 does not.
fn text(message: &Value) -> Option<String> {
    let inner = message.get("value").unwrap_or(message);
    inner.as_str().map(str::to_owned)
}

/// The code decides where it is known, else the status. 401, 403 and other 4xx without a code are
/// refusals by the web server: the business layer was not reached.
fn phase(status: u16, code: Option<&str>) -> Phase {
    match code {
        Some("TooManyRequests") => Phase::Throttled,
        Some("InternalServerError" | "DBLinkError" | "SessionError") => Phase::Unclear,
        _ if (400..500).contains(&status) && status != 408 => Phase::Refused,
        _ => Phase::Unclear,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_statuses_say_whether_something_may_have_happened() {
        for (status, code, expected) in [
            (409, Some("RecordDuplicate"), Phase::Refused),
            (409, Some("SomethingNew"), Phase::Refused),
            (401, None, Phase::Refused),
            (404, None, Phase::Refused),
            (200, Some("TooManyRequests"), Phase::Throttled),
            (409, Some("DBLinkError"), Phase::Unclear),
            (400, Some("SessionError"), Phase::Unclear),
            (408, None, Phase::Unclear),
            (500, None, Phase::Unclear),
            (503, Some("RecordInvalid"), Phase::Unclear),
            (302, None, Phase::Unclear),
        ] {
            assert_eq!(phase(status, code), expected, "{status} {code:?}");
        }
    }
}
