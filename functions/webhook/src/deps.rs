//! What the webhook function is made of.

use std::sync::Arc;

use assembly::Parts;
use engine::intake::Intake;
use engine::port::Clock;
use runtime::config::Secrets;

use crate::accept::Accept;
use crate::configured;
use crate::endpoint::{EndpointError, Endpoints};

/// Deliveries worked on at once, unless said otherwise.
const AT_ONCE: usize = 64;

#[derive(Clone)]
pub struct Deps {
    pub endpoints: Arc<Endpoints>,
    pub accept: Arc<dyn Accept>,
    pub clock: Arc<dyn Clock>,
    /// Deliveries worked on at once; further ones are answered 503.
    pub concurrency_max: usize,
}

impl Deps {
    /// # Errors
    /// When an endpoint cannot be used as configured.
    pub fn new(parts: &Parts, secrets: &Secrets) -> Result<Self, EndpointError> {
        let intake = Intake {
            store: Arc::clone(&parts.store),
            queue: Arc::clone(&parts.queue),
            clock: Arc::clone(&parts.clock),
        };
        let endpoints = configured::endpoints(&parts.config.webhooks, secrets);
        Ok(Self {
            endpoints: Arc::new(Endpoints::new(&endpoints)?),
            accept: Arc::new(intake),
            clock: Arc::clone(&parts.clock),
            concurrency_max: AT_ONCE,
        })
    }
}
