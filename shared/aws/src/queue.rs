//! The queues on SQS: sending, and when what failed is delivered again. The event source of a function
//! delivers.

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
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

/// A delivered message that is to come again, and in how many seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Postponed {
    pub receipt_handle: String,
    pub seconds: u32,
}

/// How full a queue is, about: SQS counts a moment late.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depth {
    /// Deliverable now or later.
    pub waiting: u64,
    pub in_flight: u64,
}

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

impl SqsQueue {
    /// Delivers what failed again after its own delay, instead of after the visibility time-out of
    /// the queue, which is six times as long as a function may take.
    ///
    /// # Errors
    /// When SQS does not take it; the messages then come after the time-out.
    pub async fn postpone(&self, arn: &str, failed: &[Postponed]) -> Result<(), QueueError> {
        let name = arn.rsplit(':').next().unwrap_or_default();
        let urls = [&self.urls.hints, &self.urls.effects_ready];
        let url = urls.into_iter().find(|url| url.rsplit('/').next() == Some(name));
        let Some(url) = url else { return Ok(()) };
        for message in failed {
            let seconds = i32::try_from(message.seconds).unwrap_or(i32::MAX);
            let request = self.client.change_message_visibility().queue_url(url);
            let request = request.receipt_handle(&message.receipt_handle);
            request.visibility_timeout(seconds).send().await.map_err(other)?;
        }
        Ok(())
    }

    /// # Errors
    /// When the queue cannot be asked.
    pub async fn depth(&self, queue: QueueName) -> Result<Depth, QueueError> {
        use QueueAttributeName as Name;
        let waiting = [Name::ApproximateNumberOfMessages, Name::ApproximateNumberOfMessagesDelayed];
        let in_flight = Name::ApproximateNumberOfMessagesNotVisible;
        let request = self.client.get_queue_attributes().queue_url(self.url(queue));
        let request = waiting.iter().fold(request, |one, name| one.attribute_names(name.clone()));
        let answer = request.attribute_names(in_flight.clone()).send().await.map_err(other)?;
        let count = |name: &Name| {
            let found = answer.attributes.as_ref().and_then(|found| found.get(name));
            found.and_then(|count| count.parse::<u64>().ok()).unwrap_or_default()
        };
        Ok(Depth { waiting: waiting.iter().map(count).sum(), in_flight: count(&in_flight) })
    }

    fn url(&self, queue: QueueName) -> &str {
        match queue {
            QueueName::Hints => &self.urls.hints,
            QueueName::EffectsReady => &self.urls.effects_ready,
        }
    }
}

fn other(error: impl std::error::Error + Send + Sync + 'static) -> QueueError {
    QueueError(Box::new(error))
}

#[async_trait]
impl Queue for SqsQueue {
    async fn send(
        &self,
        queue: QueueName,
        body: String,
        delay_seconds: u32,
    ) -> Result<(), QueueError> {
        if delay_seconds > DELAY_SECONDS_MAX {
            return Err(QueueError(Box::new(TooLong(delay_seconds))));
        }
        let delay = i32::try_from(delay_seconds).map_err(|error| QueueError(Box::new(error)))?;
        let request = self.client.send_message().queue_url(self.url(queue)).message_body(body);
        let sent = request.delay_seconds(delay).send().await;
        sent.map(|_| ()).map_err(|error| QueueError(Box::new(error)))
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::types::{MessageSystemAttributeName, QueueAttributeName};
    use engine::port::{Queue, QueueName};

    use super::{Depth, Postponed, QueueUrls, SqsQueue};
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
    async fn what_failed_comes_again_after_its_delay() {
        let Some(endpoint) = emulator::endpoint("what_failed_comes_again") else { return };
        let client = emulator::connection(&endpoint).sqs();
        let url = emulator::queue(&client, "hints").await;
        let arn = format!("arn:aws:sqs:us-east-1:0:{}", url.rsplit('/').next().unwrap());
        let urls = QueueUrls { hints: url.clone(), effects_ready: "http://none/none".to_owned() };
        let queue = SqsQueue::new(client.clone(), urls);
        queue.send(QueueName::Hints, "x".to_owned(), 0).await.unwrap();
        let receive = || client.receive_message().queue_url(&url).visibility_timeout(600).send();
        let first = receive().await.unwrap().messages.unwrap();
        assert_eq!(
            queue.depth(QueueName::Hints).await.unwrap(),
            Depth { waiting: 0, in_flight: 1 }
        );
        let receipt_handle = first[0].receipt_handle.clone().unwrap();
        let failed = [Postponed { receipt_handle, seconds: 0 }];
        queue.postpone("arn:aws:sqs:us-east-1:0:another", &failed).await.unwrap();
        assert!(receive().await.unwrap().messages.unwrap_or_default().is_empty());
        queue.postpone(&arn, &failed).await.unwrap();
        assert_eq!(receive().await.unwrap().messages.unwrap().len(), 1);
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
