//! From configuration to running parts: the one place that knows every implementation.

use std::path::Path;
use std::sync::{Arc, Mutex};

use domain::exception::Exception;
use domain::id::CompanyId;
use embedded::Embedded;
use engine::intake::Intake;
use engine::poll::Poll;
use engine::port::{Clock, Erp, Gateway, Queue, QueueName};
use engine::post::{Memory, Post, Settings};
use engine::transform::{SetupCache, Transform};
use jiff::Timestamp;
use ledger::posting::Limits;
use ledger::store::Store;
use runtime::config::{Config, Secrets, resolve_secrets};
use runtime::records::{Lost, Undeliverable};
use thiserror::Error;
use webhook::configured;
use webhook::endpoint::Endpoints;

use crate::status::{self, Depth, Queues};
use crate::vendors;

/// Everything one process runs.
pub struct Product {
    pub embedded: Embedded,
    pub webhook: webhook::Deps,
    pub poller: poller::Deps,
    pub transformer: transformer::Deps,
    pub poster: poster::Deps,
    pub status: status::Deps,
    pub config: Config,
}

/// Why the program cannot start; each says what to change.
#[derive(Debug, Error)]
pub enum StartError {
    #[error("{0}")]
    Config(#[from] runtime::config::ConfigError),
    #[error("{0}")]
    Secrets(#[from] runtime::config::Problems),
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

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        runtime::clock::now()
    }
}

/// Builds everything; nothing is called yet.
///
/// # Errors
/// When the configuration cannot be used as it stands.
pub fn product(config: Config) -> Result<Product, StartError> {
    let secrets = resolve_secrets(&config)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let embedded = Embedded::open(Path::new(&config.store.path), Arc::clone(&clock))?;
    let parts = Parts {
        store: Arc::new(embedded.store.clone()),
        queue: Arc::new(embedded.queue.clone()),
        gateway: vendors::gateway(&config, &secrets, &vendors::Network)?,
        erp: vendors::erp(&config, &secrets, &vendors::Network)?,
        clock,
        config: &config,
        owner: OWNER,
    };
    Ok(Product {
        webhook: parts.webhook(&secrets)?,
        poller: parts.poller(),
        transformer: parts.transformer(),
        poster: parts.poster(),
        status: parts.status(&embedded),
        embedded,
        config,
    })
}

/// What the functions are made of: the ports, whatever is behind them, and the configuration.
pub struct Parts<'a> {
    pub store: Arc<dyn Store>,
    pub queue: Arc<dyn Queue>,
    pub gateway: Arc<dyn Gateway>,
    pub erp: Arc<dyn Erp>,
    pub clock: Arc<dyn Clock>,
    pub config: &'a Config,
    /// Who holds the leases.
    pub owner: &'a str,
}

impl Parts<'_> {
    /// # Errors
    /// When an endpoint cannot be used as configured.
    pub fn webhook(&self, secrets: &Secrets) -> Result<webhook::Deps, StartError> {
        const AT_ONCE: usize = 64;
        let intake = Intake {
            store: Arc::clone(&self.store),
            queue: Arc::clone(&self.queue),
            clock: Arc::clone(&self.clock),
        };
        Ok(webhook::Deps {
            endpoints: Arc::new(Endpoints::new(&configured::endpoints(
                &self.config.webhooks,
                secrets,
            ))?),
            accept: Arc::new(intake),
            clock: Arc::clone(&self.clock),
            concurrency_max: AT_ONCE,
        })
    }

    #[must_use]
    pub fn poller(&self) -> poller::Deps {
        let polling = &self.config.polling;
        let poll = Poll {
            gateway: Arc::clone(&self.gateway),
            store: Arc::clone(&self.store),
            queue: Arc::clone(&self.queue),
            clock: Arc::clone(&self.clock),
            settings: engine::poll::Settings {
                overlap_hours: i64::from(polling.overlap_hours),
                first_days: i64::from(polling.first_days),
                stale_event_ms: i64::from(polling.stale_event_ms),
                recheck_held_ms: i64::from(polling.recheck_held_ms),
            },
            memory: engine::poll::Memory::default(),
        };
        poller::Deps { poll, merchants: self.config.domain_merchants().into_values().collect() }
    }

    #[must_use]
    pub fn transformer(&self) -> transformer::Deps {
        let transform = Transform {
            gateway: Arc::clone(&self.gateway),
            erp: Arc::clone(&self.erp),
            store: Arc::clone(&self.store),
            queue: Arc::clone(&self.queue),
            clock: Arc::clone(&self.clock),
            merchants: self.config.domain_merchants(),
            setup: SetupCache::default(),
            told: Mutex::default(),
            linger_ms: i64::from(self.config.posting.linger_ms),
        };
        transformer::Deps {
            transform,
            undeliverable: self.undeliverable(),
            concurrency: usize::from(self.config.transform.concurrency),
        }
    }

    #[must_use]
    pub fn poster(&self) -> poster::Deps {
        let post = Post {
            erp: Arc::clone(&self.erp),
            store: Arc::clone(&self.store),
            queue: Arc::clone(&self.queue),
            clock: Arc::clone(&self.clock),
            settings: posting(self.config),
            owner: self.owner.to_owned(),
            memory: Memory::default(),
        };
        let companies = self.config.companies.keys().map(|id| CompanyId::from(id.as_str()));
        poster::Deps { post, companies: companies.collect(), undeliverable: self.undeliverable() }
    }

    fn status(&self, embedded: &Embedded) -> status::Deps {
        let companies = self.config.companies.keys().map(|id| CompanyId::from(id.as_str()));
        status::Deps {
            store: Arc::clone(&self.store),
            queues: Arc::new(EmbeddedQueues(embedded.clone())),
            clock: Arc::clone(&self.clock),
            companies: companies.collect(),
        }
    }

    fn undeliverable(&self) -> Arc<dyn Undeliverable> {
        Arc::new(Raise { store: Arc::clone(&self.store), clock: Arc::clone(&self.clock) })
    }
}

fn posting(config: &Config) -> Settings {
    const DAY_MS: i64 = 86_400_000;
    let posting = &config.posting;
    Settings {
        linger_ms: i64::from(posting.linger_ms),
        seal_max: usize::from(posting.seal_max),
        lease_ms: i64::from(posting.lease_ms),
        limits: Limits {
            settle_ms: u64::from(posting.settle_ms),
            base_ms: u64::from(config.retry.base_ms),
            cap_ms: u64::from(config.retry.cap_ms),
        },
        alarm_ms: i64::from(posting.post_alarm_ms),
        strays_ms: i64::from(posting.strays_days).saturating_mul(DAY_MS),
        sweep_ms: i64::from(posting.sweep_interval_ms),
        sweep_idle_ms: i64::from(posting.sweep_idle_ms),
    }
}

/// A message nobody can read becomes an exception.
struct Raise {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
}

#[async_trait::async_trait]
impl Undeliverable for Raise {
    async fn record(&self, lost: &Lost) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let now = self.clock.now();
        let exception = Exception::new(lost.reason, &lost.message, &lost.evidence, now);
        self.store.raise(&exception).await?;
        Ok(())
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
