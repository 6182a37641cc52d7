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

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::types::{MessageSystemAttributeName, QueueAttributeName};
    use engine::port::{Queue, QueueName};

    use super::{QueueUrls, SqsQueue};
    use crate::emulator;

    #[tokio::test]
    async fn a_message_is_in_its_queue_with_its_delay() {
        let Some(endpoint) = emulator::endpoint("a_message_is_in_its_queue") else { return };
        let client = emulator::connection(&endpoint).sqs();
        let urls = QueueUrls {
            hints: emulator::queue(&client, "hints").await,
            effects_ready: emulator::queue(&client, "ready").await,
        };
        let queue = SqsQueue::new(client.clone(), urls.clone());
        queue.send(QueueName::Hints, "{\"v\":1}".to_owned(), 0).await.unwrap();
        queue.send(QueueName::EffectsReady, "later".to_owned(), 900).await.unwrap();
        let refused = queue.send(QueueName::Hints, "x".to_owned(), 901).await.unwrap_err();
        assert!(refused.0.to_string().contains("900 s at most"), "{}", refused.0);

        let request = client.receive_message().queue_url(&urls.hints).max_number_of_messages(10);
        let count = MessageSystemAttributeName::ApproximateReceiveCount;
        let received = request.message_system_attribute_names(count).send().await.unwrap();
        let bodies: Vec<_> = received.messages().iter().filter_map(|m| m.body()).collect();
        assert_eq!(bodies, ["{\"v\":1}"]);
        let delayed = QueueAttributeName::ApproximateNumberOfMessagesDelayed;
        let request = client.get_queue_attributes().queue_url(&urls.effects_ready);
        let found = request.attribute_names(delayed.clone()).send().await.unwrap();
        assert_eq!(found.attributes.unwrap()[&delayed], "1", "not visible before its delay");
    }

    #[tokio::test]
    async fn a_queue_that_is_not_there_takes_nothing() {
        let Some(endpoint) = emulator::endpoint("a_queue_that_is_not_there") else { return };
        let url = format!("{endpoint}/000000000000/{}", emulator::fresh_name("none"));
        let urls = QueueUrls { hints: url.clone(), effects_ready: url };
        let queue = SqsQueue::new(emulator::connection(&endpoint).sqs(), urls);
        assert!(queue.send(QueueName::Hints, "x".to_owned(), 0).await.is_err());
    }
}
