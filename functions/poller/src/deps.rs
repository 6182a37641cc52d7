//! What the poller is made of.

use std::sync::Arc;

use assembly::Parts;
use domain::merchant::Merchant;
use engine::poll::{Memory, Poll, Settings};
use engine::port::Gateway;

pub struct Deps {
    pub poll: Poll,
    pub merchants: Vec<Merchant>,
}

impl Deps {
    #[must_use]
    pub fn new(parts: &Parts, gateway: &Arc<dyn Gateway>) -> Self {
        let polling = &parts.config.polling;
        let poll = Poll {
            gateway: Arc::clone(gateway),
            store: Arc::clone(&parts.store),
            queue: Arc::clone(&parts.queue),
            clock: Arc::clone(&parts.clock),
            settings: Settings {
                overlap_hours: i64::from(polling.overlap_hours),
                first_days: i64::from(polling.first_days),
                stale_event_ms: i64::from(polling.stale_event_ms),
                recheck_held_ms: i64::from(polling.recheck_held_ms),
            },
            memory: Memory::default(),
        };
        Self { poll, merchants: parts.config.domain_merchants().into_values().collect() }
    }
}
