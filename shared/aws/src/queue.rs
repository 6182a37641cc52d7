//! The queues on SQS: sending. What is queued is delivered by the function's event source.

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use engine::port::{Queue, QueueError, QueueName};
use thiserror::Error;

/// SQS delays no message longer. [SQS]
pub const DELAY_SECONDS_MAX: u32 = 900;

/// Where the queues are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueUrls {
    pub hints: String,
    pub effects_ready: String,
}

#[derive(Debug, Error)]
#[error("SQS can delay a message by {DELAY_SECONDS_MAX} s at most, and not by {0} s")]
struct TooLong(u32);

/// Sends to standard queues.
#[derive(Debug, Clone)]
pub struct SqsQueue {
    client: Client,
    urls: QueueUrls,
}

impl SqsQueue {
    #[must_use]
    pub fn new(client: Client, urls: QueueUrls) -> Self {
        Self { client, urls }
    }
}

#[async_trait]
impl Queue for SqsQueue {
    async fn send(
        &self,
        queue: QueueName,
        body: String,
        delay_seconds: u32,
    ) -> Result<(), QueueError> {
        let url = match queue {
            QueueName::Hints => &self.urls.hints,
            QueueName::EffectsReady => &self.urls.effects_ready,
        };
        if delay_seconds > DELAY_SECONDS_MAX {
            return Err(QueueError(Box::new(TooLong(delay_seconds))));
        }
        let delay = i32::try_from(delay_seconds).map_err(|error| QueueError(Box::new(error)))?;
        let request = self.client.send_message().queue_url(url).message_body(body);
        let sent = request.delay_seconds(delay).send().await;
        sent.map(|_| ()).map_err(|error| QueueError(Box::new(error)))
    }
}
