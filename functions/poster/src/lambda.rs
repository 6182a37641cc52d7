//! The function on AWS: batches of the queue of notices, and a schedule.

use assembly::deployed::{BoxError, Invocation, Making};
use assembly::vendors::{self, Network};
use aws_lambda_events::sqs::SqsEvent;
use runtime::config::Purpose;
use runtime::records::Budget;
use serde_json::{Value, json};

use crate::{Deps, handle, scheduled};

/// A pass that is ended by Lambda is taken up by the next; none is begun with less time than this.
const RESERVE_MS: u64 = 30_000;

pub const MAKING: Making<Deps> = Making {
    purposes: &[Purpose::Sage],
    make: |parts, secrets| {
        let erp = vendors::erp(&parts.config, secrets, &Network)?;
        Ok(Deps::new(parts, &erp))
    },
};

/// # Errors
/// When a scheduled run failed; the next one takes it up.
pub async fn invoked(deps: &Deps, invocation: Invocation) -> Result<Value, BoxError> {
    let Ok(event) = invocation.event::<SqsEvent>() else {
        let report = scheduled(deps).await?;
        return Ok(json!({ "sealed": report.sealed, "finished": report.finished }));
    };
    let remaining_ms = || invocation.remaining_ms();
    let budget = Budget { remaining_ms: &remaining_ms, reserve_ms: RESERVE_MS };
    invocation.reply(handle(deps, event, budget).await, &deps.retry).await
}
