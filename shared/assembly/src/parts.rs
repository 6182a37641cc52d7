//! The ports that every function shares.

use std::sync::Arc;

use async_trait::async_trait;
use domain::exception::Exception;
use engine::port::{Clock, Queue};
use engine::releases::Published;
use jiff::Timestamp;
use ledger::releases::Releases;
use ledger::store::Store;
use runtime::config::Config;
use runtime::records::{Lost, Undeliverable};

/// Store, queue and clock, whatever is behind them, and the configuration.
pub struct Parts {
    pub store: Arc<dyn Store>,
    /// Published flow, map, table and check documents.
    pub releases: Arc<dyn Releases>,
    pub queue: Arc<dyn Queue>,
    pub clock: Arc<dyn Clock>,
    pub config: Arc<Config>,
    /// Who holds the leases.
    pub owner: String,
}

impl Parts {
    /// What decides: the release in force in the configured environment.
    #[must_use]
    pub fn published(&self) -> Published {
        let documents = &self.config.documents;
        let (releases, clock) = (Arc::clone(&self.releases), Arc::clone(&self.clock));
        let look_again_ms = i64::from(documents.look_again_ms);
        Published::new(releases, clock, &documents.environment, look_again_ms)
    }

    /// Where messages go that nobody can read: before a person.
    #[must_use]
    pub fn undeliverable(&self) -> Arc<dyn Undeliverable> {
        Arc::new(Raise { store: Arc::clone(&self.store), clock: Arc::clone(&self.clock) })
    }
}

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        runtime::clock::now()
    }
}

struct Raise {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl Undeliverable for Raise {
    async fn record(&self, lost: &Lost) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let now = self.clock.now();
        let exception = Exception::new(lost.reason, &lost.message, &lost.evidence, now);
        self.store.raise(&exception).await?;
        Ok(())
    }
}
