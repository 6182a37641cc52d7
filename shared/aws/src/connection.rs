//! How AWS is reached: region, credentials, roots of trust, time-outs.
//!
//! The roots are Amazon's own, embedded: loading those of the system would be most of the time a
//! function takes to start.

use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, SharedHttpClient};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use runtime::config::Secret;
use thiserror::Error;

/// Who signs Amazon's endpoints, as their certificates name them.
const ROOTS: [&[u8]; 2] =
    [b"Amazon Root CA", b"Starfield Services Root Certificate Authority - G2"];

const CONNECT: Duration = Duration::from_secs(2);
/// One try, answer included.
const ATTEMPT: Duration = Duration::from_secs(4);
/// All tries of one operation.
const OPERATION: Duration = Duration::from_secs(12);
const TRIES: u32 = 5;
/// Wait before the second try, at most; it doubles.
const BACKOFF: Duration = Duration::from_millis(60);

/// Where AWS is and who calls.
#[derive(Clone)]
pub struct Access {
    pub region: String,
    pub access_key_id: String,
    pub secret_access_key: Secret,
    /// With credentials that end, such as a function's.
    pub session_token: Option<Secret>,
    /// Another address than the region's own: an emulator's, or a private endpoint's.
    pub endpoint: Option<String>,
}

/// Why there is no connection.
#[derive(Debug, Error)]
#[error("the roots of trust for AWS cannot be used: {0}")]
pub struct TrustError(String);

/// One pool of connections, and clients that share it. Nothing is called by making one.
#[derive(Clone)]
pub struct Connection {
    access: Access,
    http: SharedHttpClient,
}

/// Every service's client is configured alike, though each has its own type for it.
macro_rules! configured {
    ($service:ident, $connection:expr) => {{
        let Connection { access, http } = $connection;
        let config = $service::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(access.region.clone()))
            .credentials_provider(access.credentials())
            .http_client(http.clone())
            .retry_config(retries())
            .timeout_config(timeouts());
        let config = match &access.endpoint {
            Some(endpoint) => config.endpoint_url(endpoint),
            None => config,
        };
        $service::Client::from_conf(config.build())
    }};
}

impl Connection {
    /// # Errors
    /// When the embedded roots cannot be used, which a test rules out.
    pub fn new(access: Access) -> Result<Self, TrustError> {
        let trust = roots().into_iter().fold(TrustStore::empty(), TrustStore::with_pem_certificate);
        let context = TlsContext::builder().with_trust_store(trust).build();
        let context = context.map_err(|error| TrustError(error.to_string()))?;
        let provider = Provider::Rustls(CryptoMode::Ring);
        let http = Builder::new().tls_provider(provider).tls_context(context).build_https();
        Ok(Self { access, http })
    }

    #[must_use]
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        configured!(aws_sdk_dynamodb, self)
    }

    #[must_use]
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        configured!(aws_sdk_sqs, self)
    }

    #[must_use]
    pub fn secrets_manager(&self) -> aws_sdk_secretsmanager::Client {
        configured!(aws_sdk_secretsmanager, self)
    }
}

impl Access {
    fn credentials(&self) -> Credentials {
        let token = self.session_token.as_ref().map(|token| token.expose().to_owned());
        let secret = self.secret_access_key.expose();
        Credentials::new(&self.access_key_id, secret, token, None, "given")
    }
}

fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(TRIES).with_initial_backoff(BACKOFF)
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(OPERATION)
        .build()
}

/// Those among the well-known roots that sign Amazon's endpoints, as PEM.
fn roots() -> Vec<Vec<u8>> {
    let certificates = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().map(AsRef::as_ref);
    let ours = certificates.filter(|der: &&[u8]| ROOTS.iter().any(|name| contains(der, name)));
    ours.map(pem).collect()
}

fn contains(der: &[u8], name: &[u8]) -> bool {
    der.windows(name.len()).any(|window| window == name)
}

fn pem(der: &[u8]) -> Vec<u8> {
    let body = STANDARD.encode(der);
    format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::{Access, Connection, Secret, roots};

    #[test]
    fn amazons_roots_are_embedded_and_no_others() {
        let found = roots();
        assert_eq!(found.len(), 5, "Amazon Root CA 1 to 4 and the one before them");
        let shown = String::from_utf8(found.concat()).unwrap();
        assert!(shown.starts_with("-----BEGIN CERTIFICATE-----\nMII"));
    }

    #[tokio::test]
    async fn a_connection_is_made_without_calling_anybody() {
        let access = Access {
            region: "us-east-1".to_owned(),
            access_key_id: "id".to_owned(),
            secret_access_key: Secret::new("key".to_owned()),
            session_token: None,
            endpoint: None,
        };
        let connection = Connection::new(access).unwrap_or_else(|error| panic!("{error}"));
        let client = connection.dynamodb();
        assert_eq!(client.config().region().map(AsRef::as_ref), Some("us-east-1"));
    }
}
