//! Hints from the queue become effects: see `engine::transform`.

mod deps;
pub mod lambda;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use engine::hint::Hint;
use runtime::records::{Budget, each};

pub use deps::Deps;

/// Works off a batch of hints; the reply names those to be delivered again.
pub async fn handle(deps: &Deps, event: SqsEvent, budget: Budget<'_>) -> SqsBatchResponse {
    let sink = deps.undeliverable.as_ref();
    each(event, budget, sink, deps.concurrency, |hint: Hint| async move {
        deps.transform.work(&hint).await
    })
    .await
}
