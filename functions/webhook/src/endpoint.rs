//! Endpoints: who may send events, how the sender is known, and where the ids are.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use domain::id::MerchantId;
use runtime::json::{PointerError, Pointers};
use thiserror::Error;

use crate::scheme::{self, Scheme};
use runtime::config::Secret;

/// The seconds a timestamp may be off, either way, when nothing else is configured.
pub const TOLERANCE_SECONDS: u32 = 300;

/// How a signature is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Hex,
    Base64,
}

/// How a sender is authenticated. There is no default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SchemeConfig {
    /// Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`; secrets are
    /// `whsec_` and base64.
    StandardWebhooks,
    /// HMAC-SHA-256 over `{timestamp}.{body}`; the timestamp is in Unix seconds. Our own default.
    TimestampedHmac {
        timestamp_header: String,
        signature_header: String,
        encoding: Encoding,
        /// Written before each signature, such as `v1=`; may be empty.
        prefix: String,
    },
    /// HMAC-SHA-256 over the body.
    BodyHmac { signature_header: String, encoding: Encoding, prefix: String },
    /// `Authorization: Bearer`, a fixed token.
    Bearer,
    /// PayTrace Secure Checkout's silent post: unsigned; a token in the path,
    /// `/webhooks/{endpoint}/{token}`, is all that authenticates it.
    SilentPost,
}

/// One endpoint as configured.
#[derive(Clone)]
pub struct EndpointConfig {
    /// The segment of the path.
    pub name: String,
    pub merchant: MerchantId,
    pub scheme: SchemeConfig,
    /// Every live secret: two while one is being replaced by the other.
    pub secrets: Vec<Secret>,
    /// JSON pointers to the sender's event id, the first one present counts. A signed header wins.
    pub event_pointers: Vec<String>,
    /// JSON pointers to the transaction id, the first one present counts.
    pub transaction_pointers: Vec<String>,
    pub tolerance_seconds: u32,
}

/// The configuration cannot be used.
#[derive(Debug, Error)]
pub enum EndpointError {
    #[error("endpoint {0}: the name is 1 to 64 letters, digits, `-` or `_`")]
    Name(String),
    #[error("endpoint {0}: at least one secret is needed")]
    NoSecret(String),
    #[error("endpoint {0}: a secret is shorter than 16 bytes or not in the scheme's form")]
    Secret(String),
    #[error("endpoint {0}: {1:?} is not the name of a header")]
    Header(String, String),
    #[error("endpoint {0}: a pointer cannot be used")]
    Pointer(String, #[source] PointerError),
    #[error("endpoint {0} is configured twice")]
    Twice(String),
}

/// One endpoint, its keys prepared.
pub struct Endpoint {
    pub name: String,
    pub merchant: MerchantId,
    pub(crate) scheme: Box<dyn Scheme>,
    /// The event's pointers, then the transaction's.
    pub(crate) pointers: Pointers,
    pub(crate) event_pointers: usize,
    pub(crate) transaction_pointers: usize,
}

impl Endpoint {
    /// # Errors
    /// When the configuration cannot be used.
    pub fn new(config: &EndpointConfig) -> Result<Self, EndpointError> {
        let name = config.name.clone();
        let fits = |ch: char| ch.is_ascii_alphanumeric() || ch == '-' || ch == '_';
        if name.is_empty() || name.len() > 64 || !name.chars().all(fits) {
            return Err(EndpointError::Name(name));
        }
        if config.secrets.is_empty() {
            return Err(EndpointError::NoSecret(name));
        }
        let scheme = scheme::build(config)?;
        let pointers = config.event_pointers.iter().chain(&config.transaction_pointers);
        let pointers = Pointers::new(pointers.map(String::as_str))
            .map_err(|error| EndpointError::Pointer(name.clone(), error))?;
        Ok(Self {
            name,
            merchant: config.merchant.clone(),
            scheme,
            pointers,
            event_pointers: config.event_pointers.len(),
            transaction_pointers: config.transaction_pointers.len(),
        })
    }
}

/// The endpoints as they now are. Replacing them takes effect with the next event, so that a secret
/// is rotated without a deploy and without losing one.
#[derive(Default)]
pub struct Endpoints(RwLock<Arc<BTreeMap<String, Arc<Endpoint>>>>);

impl Endpoints {
    /// # Errors
    /// When one of them cannot be used.
    pub fn new(configs: &[EndpointConfig]) -> Result<Self, EndpointError> {
        let endpoints = Self::default();
        endpoints.replace(configs)?;
        Ok(endpoints)
    }

    /// Uses these from now on. When one of them cannot be used, the old ones stay.
    ///
    /// # Errors
    /// When one of them cannot be used.
    pub fn replace(&self, configs: &[EndpointConfig]) -> Result<(), EndpointError> {
        let mut endpoints = BTreeMap::new();
        for config in configs {
            let endpoint = Arc::new(Endpoint::new(config)?);
            if endpoints.insert(config.name.clone(), endpoint).is_some() {
                return Err(EndpointError::Twice(config.name.clone()));
            }
        }
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(endpoints);
        Ok(())
    }

    #[must_use]
    pub fn get(&self, name: &str) -> Option<Arc<Endpoint>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }
}
