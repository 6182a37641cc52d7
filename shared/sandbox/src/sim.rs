//! What a simulator is: a state machine over requests, with no socket, thread or wall clock in it.

use jiff::Timestamp;

/// One HTTP request as the vendor's server would see it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SimRequest {
    /// Upper-case verb.
    pub method: String,
    /// Percent-encoded path, with no query.
    pub path: String,
    /// Raw query, without `?`.
    pub query: String,
    /// Header names in lower case, in the order received.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl SimRequest {
    /// Verb, path and query only.
    #[must_use]
    pub fn clone_head(&self) -> Self {
        let Self { method, path, query, .. } = self;
        let (method, path, query) = (method.clone(), path.clone(), query.clone());
        Self { method, path, query, ..Self::default() }
    }

    /// The first header of that (lower-case) name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// The vendor's whole answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SimReply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl SimReply {
    #[must_use]
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        let headers = vec![("content-type".into(), "application/json; charset=utf-8".into())];
        Self { status, headers, body: body.to_string().into_bytes() }
    }

    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self { status, ..Self::default() }
    }
}

/// A vendor, simulated. `handle` is total: every request gets the answer that vendor would give.
pub trait Simulator: Send {
    /// Serves one request, having first let time pass up to `now` (cut-offs, recurrences).
    fn handle(&mut self, now: Timestamp, request: &SimRequest) -> SimReply;

    /// The vendor's own books as JSON: what `GET /_sandbox/state` returns.
    fn state(&self) -> serde_json::Value;

    /// A command to the simulator itself, from `POST /_sandbox/{command}` with a JSON body (for
    /// example "post all batches", as a person in the vendor's own screens would).
    ///
    /// # Errors
    /// A sentence saying what is wrong with the command.
    fn command(
        &mut self,
        now: Timestamp,
        command: &str,
        body: &serde_json::Value,
    ) -> Result<serde_json::Value, String>;
}
