//! Every few minutes: transactions PayTrace shows that were not taken in become hints, events whose
//! hint was lost are queued again, and what is held is looked at again.

mod deps;
pub mod figures;
pub mod lambda;

use engine::poll::{PollError, Report};

pub use deps::Deps;

/// Polls every merchant. One merchant's failure does not keep the others from being polled; the
/// first failure is answered after all were tried.
///
/// # Errors
/// When a window was not read whole, or the store or queue failed; run again.
pub async fn handle(deps: &Deps) -> Result<Report, PollError> {
    let mut total = Report::default();
    let mut failure = None;
    for merchant in &deps.merchants {
        match deps.poll.run(merchant).await {
            Ok(report) => {
                total.seen = total.seen.saturating_add(report.seen);
                total.hinted = total.hinted.saturating_add(report.hinted);
            }
            Err(error) => {
                tracing::warn!(merchant = %merchant.id, error = %error, "poll failed");
                failure.get_or_insert(error);
            }
        }
    }
    deps.poll.requeue_stale_events().await?;
    deps.poll.recheck_held().await?;
    failure.map_or(Ok(total), Err)
}
