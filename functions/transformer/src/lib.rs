//! Hints from the queue become effects: see `engine::transform`.

use std::sync::Arc;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use engine::hint::Hint;
use engine::transform::Transform;
use runtime::records::{Budget, Undeliverable, each};

pub struct Deps {
    pub transform: Transform,
    pub undeliverable: Arc<dyn Undeliverable>,
    /// Hints of one batch worked on at the same time.
    pub concurrency: usize,
}

/// Works off a batch of hints; the reply names those to be delivered again.
pub async fn handle(deps: &Deps, event: SqsEvent, budget: Budget<'_>) -> SqsBatchResponse {
    let sink = deps.undeliverable.as_ref();
    each(event, budget, sink, deps.concurrency, |hint: Hint| async move {
        deps.transform.work(&hint).await
    })
    .await
}
