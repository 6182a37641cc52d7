//! What the poster is made of.

use std::sync::Arc;

use assembly::Parts;
use domain::id::CompanyId;
use engine::port::Erp;
use engine::post::{Memory, Post, Settings};
use ledger::posting::Limits;
use runtime::config::{Config, Retry};
use runtime::records::Undeliverable;

pub struct Deps {
    /// Delays of what failed.
    pub retry: Retry,
    pub post: Post,
    pub companies: Vec<CompanyId>,
    pub undeliverable: Arc<dyn Undeliverable>,
}

impl Deps {
    #[must_use]
    pub fn new(parts: &Parts, erp: &Arc<dyn Erp>) -> Self {
        let post = Post {
            erp: Arc::clone(erp),
            store: Arc::clone(&parts.store),
            queue: Arc::clone(&parts.queue),
            clock: Arc::clone(&parts.clock),
            settings: settings(&parts.config),
            owner: parts.owner.clone(),
            memory: Memory::default(),
        };
        let companies = parts.config.companies.keys().map(|id| CompanyId::from(id.as_str()));
        Self {
            retry: parts.config.retry.clone(),
            post,
            companies: companies.collect(),
            undeliverable: parts.undeliverable(),
        }
    }
}

fn settings(config: &Config) -> Settings {
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
