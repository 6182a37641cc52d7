//! What the transformer is made of.

use std::sync::{Arc, Mutex};

use assembly::Parts;
use engine::port::{Advisor, Erp, Gateway};
use engine::transform::{SetupCache, Transform};
use runtime::config::Retry;
use runtime::records::Undeliverable;

pub struct Deps {
    /// Delays of what failed.
    pub retry: Retry,
    pub transform: Transform,
    pub undeliverable: Arc<dyn Undeliverable>,
    /// Hints of one batch worked on at the same time.
    pub concurrency: usize,
}

impl Deps {
    #[must_use]
    pub fn new(parts: &Parts, gateway: &Arc<dyn Gateway>, erp: &Arc<dyn Erp>) -> Self {
        let transform = Transform {
            gateway: Arc::clone(gateway),
            erp: Arc::clone(erp),
            store: Arc::clone(&parts.store),
            queue: Arc::clone(&parts.queue),
            clock: Arc::clone(&parts.clock),
            merchants: parts.config.domain_merchants(),
            setup: SetupCache::default(),
            published: parts.published(),
            advisor: None,
            told: Mutex::default(),
            linger_ms: i64::from(parts.config.posting.linger_ms),
        };
        Self {
            retry: parts.config.retry.clone(),
            transform,
            undeliverable: parts.undeliverable(),
            concurrency: usize::from(parts.config.transform.concurrency),
        }
    }

    /// With a model that is asked about doubtful values.
    #[must_use]
    pub fn advised_by(mut self, advisor: Option<Arc<dyn Advisor>>) -> Self {
        self.transform.advisor = advisor;
        self
    }
}
