//! The function on AWS: run by a schedule, whatever its event says.

use assembly::deployed::{BoxError, Invocation, Making};
use assembly::vendors::{self, Network};
use runtime::config::Purpose;
use serde_json::{Value, json};

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
pub async fn invoked(deps: &Deps, _: Invocation) -> Result<Value, BoxError> {
    let report = handle(deps).await?;
    Ok(json!({ "seen": report.seen, "hinted": report.hinted }))
}
