use crate::EgressRule;

/// What one client may do and for how long.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// Time to a usable connection (TCP and TLS), milliseconds.
    pub timeout_ms_connect: u64,
    /// Time for the whole call, body included, milliseconds; a [`crate::Request`] may set its own.
    pub timeout_ms_total: u64,
    /// Largest response body kept, bytes; a larger one is an error.
    pub response_bytes_max: usize,
    /// Calls running at the same time; others wait, within the total time.
    pub max_in_flight: usize,
    /// The hosts that may be contacted. Empty means none.
    pub allow: Vec<EgressRule>,
    /// The `User-Agent` sent.
    pub user_agent: String,
    /// A further certificate authority, PEM text, next to the embedded roots.
    pub private_ca_pem: Option<String>,
}

impl HttpConfig {
    /// Cautious values for talking to the hosts in `allow`.
    pub fn new(allow: Vec<EgressRule>) -> Self {
        Self {
            timeout_ms_connect: 10_000,
            timeout_ms_total: 30_000,
            response_bytes_max: 8 * 1024 * 1024,
            max_in_flight: 8,
            allow,
            user_agent: concat!("paysage/", env!("CARGO_PKG_VERSION")).to_owned(),
            private_ca_pem: None,
        }
    }
}
