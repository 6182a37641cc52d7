//! The function on AWS: run by a schedule, whatever its event says.

use assembly::deployed::{BoxError, Invocation, Making};
use assembly::vendors::{self, Network};
use runtime::config::Purpose;
use serde_json::{Value, json};

use crate::figures::figures;
use crate::{Deps, handle};

pub const MAKING: Making<Deps> = Making {
    purposes: &[Purpose::PayTrace],
    make: |parts, secrets| {
        let gateway = vendors::gateway(&parts.config, secrets, &Network)?;
        Ok(Deps::new(parts, &gateway))
    },
};

/// # Errors
/// When a window was not read whole; the next run takes it up.
pub async fn invoked(deps: &Deps, invocation: Invocation) -> Result<Value, BoxError> {
    let polled = handle(deps).await;
    let store = deps.poll.store.as_ref();
    invocation.figures(&figures(store, deps.poll.clock.now()).await?);
    let report = polled?;
    Ok(json!({ "seen": report.seen, "hinted": report.hinted }))
}
