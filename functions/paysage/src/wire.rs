//! From configuration to running parts: the one place that knows every implementation.

use std::path::Path;
use std::sync::Arc;

use assembly::{Parts, SystemClock, vendors};
use domain::id::CompanyId;
use embedded::Embedded;
use engine::port::{Clock, QueueName};
use runtime::config::{Config, resolve_secrets};
use thiserror::Error;

use crate::status::{self, Depth, Queues};

/// Everything one process runs.
pub struct Product {
    pub embedded: Embedded,
    pub webhook: webhook::Deps,
    pub poller: poller::Deps,
    pub transformer: transformer::Deps,
    pub poster: poster::Deps,
    pub status: status::Deps,
    pub config: Arc<Config>,
}

/// Why the program cannot start; each says what to change.
#[derive(Debug, Error)]
pub enum StartError {
    #[error("{0}")]
    Config(#[from] runtime::config::ConfigError),
    #[error("{0}")]
    Secrets(#[from] runtime::config::Problems),
    #[error("store.path: name the database file; see docs/configuration.md")]
    NoStore,
    #[error("the database cannot be used: {0}")]
    Store(#[from] embedded::OpenError),
    #[error("webhooks: {0}")]
    Endpoint(#[from] webhook::endpoint::EndpointError),
    #[error("{0}")]
    Vendor(#[from] vendors::VendorError),
    #[error("cannot listen at {address}: {source}")]
    Listen { address: String, source: std::io::Error },
}

/// Holder of the leases. The store's file admits one process at a time, so a lease found in it is
/// this process's own or a dead one's, and may be taken up at once.
const OWNER: &str = "embedded";

/// Builds everything; nothing is called yet.
///
/// # Errors
/// When the configuration cannot be used as it stands.
pub fn product(config: Config) -> Result<Product, StartError> {
    let secrets = resolve_secrets(&config)?;
    let path = config.store.as_ref().ok_or(StartError::NoStore)?.path.clone();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let embedded = Embedded::open(Path::new(&path), Arc::clone(&clock))?;
    let gateway = vendors::gateway(&config, &secrets, &vendors::Network)?;
    let erp = vendors::erp(&config, &secrets, &vendors::Network)?;
    let advisor = vendors::advisor(&config, &secrets, &vendors::Network)?;
    let parts = Parts {
        store: Arc::new(embedded.store.clone()),
        releases: Arc::new(embedded.releases.clone()),
        queue: Arc::new(embedded.queue.clone()),
        clock,
        config: Arc::new(config),
        owner: OWNER.to_owned(),
    };
    Ok(Product {
        webhook: webhook::Deps::new(&parts, &secrets)?,
        poller: poller::Deps::new(&parts, &gateway),
        transformer: transformer::Deps::new(&parts, &gateway, &erp).advised_by(advisor),
        poster: poster::Deps::new(&parts, &erp),
        status: status(&parts, &embedded),
        embedded,
        config: parts.config,
    })
}

fn status(parts: &Parts, embedded: &Embedded) -> status::Deps {
    let companies = parts.config.companies.keys().map(|id| CompanyId::from(id.as_str()));
    status::Deps {
        store: Arc::clone(&parts.store),
        queues: Arc::new(EmbeddedQueues(embedded.clone())),
        clock: Arc::clone(&parts.clock),
        companies: companies.collect(),
    }
}

struct EmbeddedQueues(Embedded);

#[async_trait::async_trait]
impl Queues for EmbeddedQueues {
    async fn depths(&self) -> Result<Vec<Depth>, String> {
        let mut depths = Vec::new();
        for (queue, name) in
            [(QueueName::Hints, "hints"), (QueueName::EffectsReady, "effects ready")]
        {
            let depth = self.0.queue.depth(queue).await.map_err(|error| error.to_string())?;
            let age = depth.oldest_age_ms.and_then(|ms| u64::try_from(ms).ok());
            depths.push(Depth {
                queue: name,
                waiting: depth.visible,
                in_flight: depth.in_flight,
                oldest_age_ms: age.unwrap_or(0),
            });
        }
        Ok(depths)
    }
}

/// The date on this machine, UTC.
#[must_use]
pub fn today() -> jiff::civil::Date {
    runtime::clock::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}
