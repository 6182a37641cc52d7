//! Sending dead letters back to the queue they came from, a few at a time, so that whoever runs it
//! may set the pace, stop and go on.
//!
//! 1. received: hidden from others for a while; a crash gives it back after that;
//! 2. sent to its queue; a crash now sends it twice, which every consumer bears;
//! 3. deleted here, only when the queue has taken it.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message,
    MessageSystemAttributeName, QueueAttributeName, SendMessageBatchRequestEntry,
};
use engine::port::QueueError;

/// Messages in one batch, at most. [SQS]
pub const BATCH_MAX: u32 = 10;

/// How long a received letter stays hidden: more than one turn takes.
const HIDDEN_SECONDS: i32 = 60;

/// A dead letter, as looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    pub id: String,
    pub body: String,
    /// How often it was received from the dead-letter queue, this time included.
    pub receives: u32,
}

/// Between a dead-letter queue and the queue its letters came from.
#[derive(Debug, Clone)]
pub struct Redrive {
    client: Client,
    dead: String,
    source: String,
}

impl Redrive {
    /// By the URLs of both queues.
    #[must_use]
    pub fn new(client: Client, dead: impl Into<String>, source: impl Into<String>) -> Self {
        Self { client, dead: dead.into(), source: source.into() }
    }

    /// How many letters there are, about: SQS counts a moment late.
    ///
    /// # Errors
    /// When the queue cannot be asked.
    pub async fn waiting(&self) -> Result<u64, QueueError> {
        let name = QueueAttributeName::ApproximateNumberOfMessages;
        let request = self.client.get_queue_attributes().queue_url(&self.dead);
        let answer = request.attribute_names(name.clone()).send().await.map_err(failed)?;
        let count = answer.attributes.as_ref().and_then(|found| found.get(&name));
        Ok(count.and_then(|count| count.parse().ok()).unwrap_or_default())
    }

    /// Some letters (at most ten), which stay where they are.
    ///
    /// # Errors
    /// When the queue cannot be read.
    pub async fn look(&self, max: u32) -> Result<Vec<Letter>, QueueError> {
        let messages = self.receive(max).await?;
        let mut given_back = self.client.change_message_visibility_batch().queue_url(&self.dead);
        for (place, message) in messages.iter().enumerate() {
            let entry = ChangeMessageVisibilityBatchRequestEntry::builder()
                .id(place.to_string())
                .set_receipt_handle(message.receipt_handle.clone())
                .visibility_timeout(0);
            given_back = given_back.entries(entry.build().map_err(failed)?);
        }
        if !messages.is_empty() {
            given_back.send().await.map_err(failed)?;
        }
        Ok(messages.into_iter().map(letter).collect())
    }

    /// One turn: moves some letters (at most ten) and answers how many. Zero: none were found.
    ///
    /// # Errors
    /// When a queue fails, or took none of them. What was not moved is still there.
    pub async fn turn(&self, max: u32) -> Result<u32, QueueError> {
        let messages = self.receive(max).await?;
        if messages.is_empty() {
            return Ok(0);
        }
        let mut sending = self.client.send_message_batch().queue_url(&self.source);
        for (place, message) in messages.iter().enumerate() {
            let entry = SendMessageBatchRequestEntry::builder()
                .id(place.to_string())
                .set_message_body(message.body.clone())
                .set_message_attributes(message.message_attributes.clone());
            sending = sending.entries(entry.build().map_err(failed)?);
        }
        let sent = sending.send().await.map_err(failed)?;
        let mut deleting = self.client.delete_message_batch().queue_url(&self.dead);
        let mut moved = 0_u32;
        for taken in &sent.successful {
            let place = taken.id.parse::<usize>().ok();
            let Some(message) = place.and_then(|place| messages.get(place)) else { continue };
            let entry = DeleteMessageBatchRequestEntry::builder()
                .id(&taken.id)
                .set_receipt_handle(message.receipt_handle.clone());
            deleting = deleting.entries(entry.build().map_err(failed)?);
            moved = moved.saturating_add(1);
        }
        if moved == 0 {
            let why = sent.failed.first().and_then(|entry| entry.message.clone());
            return Err(QueueError(why.unwrap_or_else(|| "no letter was taken".into()).into()));
        }
        deleting.send().await.map_err(failed)?;
        Ok(moved)
    }

    async fn receive(&self, max: u32) -> Result<Vec<Message>, QueueError> {
        let request = self.client.receive_message().queue_url(&self.dead);
        let request = request
            .max_number_of_messages(i32::try_from(max.clamp(1, BATCH_MAX)).map_err(failed)?)
            .visibility_timeout(HIDDEN_SECONDS)
            .message_attribute_names("All")
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount);
        Ok(request.send().await.map_err(failed)?.messages.unwrap_or_default())
    }
}

fn letter(message: Message) -> Letter {
    let count = MessageSystemAttributeName::ApproximateReceiveCount;
    let receives = message.attributes.as_ref().and_then(|found| found.get(&count));
    Letter {
        receives: receives.and_then(|count| count.parse().ok()).unwrap_or_default(),
        id: message.message_id.unwrap_or_default(),
        body: message.body.unwrap_or_default(),
    }
}

fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> QueueError {
    QueueError(error.into())
}

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::types::MessageAttributeValue;

    use super::{BATCH_MAX, Redrive};
    use crate::emulator;

    struct Rig {
        client: aws_sdk_sqs::Client,
        source: String,
        redrive: Redrive,
    }

    impl Rig {
        async fn new(endpoint: &str, letters: u32) -> Self {
            let client = emulator::connection(endpoint).sqs();
            let [dead, source] =
                [emulator::queue(&client, "dead").await, emulator::queue(&client, "source").await];
            let trace = MessageAttributeValue::builder().data_type("String").string_value("00-1");
            let trace = trace.build().unwrap();
            for number in 0..letters {
                let request = client.send_message().queue_url(&dead).message_body(body(number));
                request.message_attributes("traceparent", trace.clone()).send().await.unwrap();
            }
            let redrive = Redrive::new(client.clone(), dead, source.clone());
            Self { client, source, redrive }
        }

        /// Bodies found at the source, with how many carry the trace.
        async fn arrived(&self) -> (Vec<String>, usize) {
            let (mut bodies, mut traced) = (Vec::new(), 0);
            loop {
                let request = self.client.receive_message().queue_url(&self.source);
                let request = request.max_number_of_messages(10).message_attribute_names("All");
                let found = request.send().await.unwrap().messages.unwrap_or_default();
                if found.is_empty() {
                    bodies.sort();
                    return (bodies, traced);
                }
                for message in found {
                    traced += message.message_attributes.map_or(0, |attributes| attributes.len());
                    bodies.extend(message.body);
                }
            }
        }
    }

    fn body(number: u32) -> String {
        format!("letter {number:02}")
    }

    #[tokio::test]
    async fn letters_go_back_a_batch_at_a_time() {
        let Some(endpoint) = emulator::endpoint("letters_go_back_a_batch_at_a_time") else {
            return;
        };
        let rig = Rig::new(&endpoint, 23).await;
        assert_eq!(rig.redrive.waiting().await.unwrap(), 23);
        assert_eq!(rig.redrive.turn(2).await.unwrap(), 2, "as few as are asked for");
        assert_eq!(rig.redrive.waiting().await.unwrap(), 21);
        let mut moved = 2;
        loop {
            match rig.redrive.turn(99).await.unwrap() {
                0 => break,
                some => moved += some,
            }
        }
        assert_eq!((moved, rig.redrive.waiting().await.unwrap()), (23, 0));
        let expected: Vec<String> = (0..23).map(body).collect();
        assert_eq!(rig.arrived().await, (expected, 23), "each once, with its trace");
    }

    #[tokio::test]
    async fn looking_leaves_the_letters_there() {
        let Some(endpoint) = emulator::endpoint("looking_leaves_the_letters_there") else { return };
        let rig = Rig::new(&endpoint, 3).await;
        for pass in 1..=2 {
            let mut seen = rig.redrive.look(BATCH_MAX).await.unwrap();
            seen.sort_by(|a, b| a.body.cmp(&b.body));
            let bodies: Vec<&str> = seen.iter().map(|letter| letter.body.as_str()).collect();
            assert_eq!(bodies, ["letter 00", "letter 01", "letter 02"]);
            assert!(seen.iter().all(|letter| letter.receives == pass && !letter.id.is_empty()));
        }
        assert_eq!(rig.redrive.waiting().await.unwrap(), 3);
        assert!(rig.arrived().await.0.is_empty());
    }

    #[tokio::test]
    async fn letters_their_queue_does_not_take_stay() {
        let Some(endpoint) = emulator::endpoint("letters_their_queue_does_not_take_stay") else {
            return;
        };
        let rig = Rig::new(&endpoint, 1).await;
        let nowhere = format!("{endpoint}/000000000000/{}", emulator::fresh_name("none"));
        let astray = Redrive { source: nowhere, ..rig.redrive.clone() };
        assert!(astray.turn(1).await.is_err());
        assert!(rig.redrive.turn(1).await.unwrap() == 0, "it is hidden for a while, not gone");
        assert!(rig.arrived().await.0.is_empty());
    }

    #[tokio::test]
    async fn nothing_is_moved_from_an_empty_queue() {
        let Some(endpoint) = emulator::endpoint("nothing_is_moved_from_an_empty_queue") else {
            return;
        };
        let rig = Rig::new(&endpoint, 0).await;
        assert_eq!(rig.redrive.turn(10).await.unwrap(), 0);
        assert!(rig.redrive.look(10).await.unwrap().is_empty());
    }
}
