//! The function on AWS: batches of the queue of hints.

use assembly::deployed::{BoxError, Invocation, Making};
use assembly::vendors::{self, Network};
use aws_lambda_events::sqs::SqsEvent;
use runtime::config::Purpose;
use runtime::records::Budget;
use serde_json::Value;

use crate::{Deps, handle};

/// A hint takes a few calls: none is begun with less time than this.
const RESERVE_MS: u64 = 15_000;

pub const MAKING: Making<Deps> = Making {
    purposes: &[Purpose::PayTrace, Purpose::Sage, Purpose::Advisor],
    make: |parts, secrets| {
        let gateway = vendors::gateway(&parts.config, secrets, &Network)?;
        let erp = vendors::erp(&parts.config, secrets, &Network)?;
        let advisor = vendors::advisor(&parts.config, secrets, &Network)?;
        Ok(Deps::new(parts, &gateway, &erp).advised_by(advisor))
    },
};

/// # Errors
/// When the event is not the queue's.
pub async fn invoked(deps: &Deps, invocation: Invocation) -> Result<Value, BoxError> {
    let event: SqsEvent = invocation.event()?;
    let remaining_ms = || invocation.remaining_ms();
    let budget = Budget { remaining_ms: &remaining_ms, reserve_ms: RESERVE_MS };
    invocation.reply(handle(deps, event, budget).await, &deps.retry).await
}
