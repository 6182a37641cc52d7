//! READY effects become posted receipts: see `engine::post`. Runs when told that effects are ready,
//! and on a schedule for whatever was left.

mod deps;
pub mod lambda;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use engine::hint::Ready;
use engine::post::{PostError, Report};
use runtime::records::{Budget, each};

pub use deps::Deps;

/// Works off a batch of notices, one after the other: a company has one writer at a time.
pub async fn handle(deps: &Deps, event: SqsEvent, budget: Budget<'_>) -> SqsBatchResponse {
    let sink = deps.undeliverable.as_ref();
    each(event, budget, sink, 1, |ready: Ready| async move {
        deps.post.run(&ready.company).await.map(|_| ())
    })
    .await
}

/// Runs every company. One company's failure does not keep the others from being run.
///
/// # Errors
/// The first failure, after all were tried; run again.
pub async fn scheduled(deps: &Deps) -> Result<Report, PostError> {
    let mut total = Report::default();
    let mut failure = None;
    for company in &deps.companies {
        match deps.post.run(company).await {
            Ok(report) => total = merged(total, report),
            Err(error) => {
                tracing::warn!(company = %company, error = %error, "posting failed");
                failure.get_or_insert(error);
            }
        }
    }
    failure.map_or(Ok(total), Err)
}

fn merged(a: Report, b: Report) -> Report {
    Report {
        sealed: a.sealed.saturating_add(b.sealed),
        finished: a.finished.saturating_add(b.finished),
        next: [a.next, b.next].into_iter().flatten().min(),
        busy: a.busy || b.busy,
    }
}
