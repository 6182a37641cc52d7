//! Queue consumers: each record of a batch on its own.
//!
//! 1. a record is decoded; one that cannot be is put before a person and acknowledged
//! 2. its work runs, apart from the others: an error or a panic is its own
//! 3. what failed is named in the reply and comes again; a record that still panics at its
//!    [`RECEIVES_MAX`]th receipt is put before a person and acknowledged
//!
//! Records not started because time runs out are named as failed, so that they come again.

use std::any::Any;
use std::error::Error;
use std::future::Future;
use std::panic::AssertUnwindSafe;

use async_trait::async_trait;
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use domain::exception::ReasonCode;
use futures::{FutureExt, StreamExt, stream};
use serde::de::DeserializeOwned;

use crate::card;

/// From this receipt on a panic is no longer answered by another try.
pub const RECEIVES_MAX: u32 = 3;

/// The most of a message that is kept as evidence, in characters.
const EVIDENCE_CHARS_MAX: usize = 1_000;

/// The queue's attribute that counts how often a message was received.
const RECEIVES: &str = "ApproximateReceiveCount";

/// How long there is to work.
#[derive(Clone, Copy)]
pub struct Budget<'a> {
    /// Milliseconds left until the invocation is ended.
    pub remaining_ms: &'a (dyn Fn() -> u64 + Send + Sync),
    /// With less than this left no further record is started.
    pub reserve_ms: u64,
}

impl Budget<'static> {
    /// For a host that ends no invocation.
    #[must_use]
    pub fn unlimited() -> Self {
        Self { remaining_ms: &|| u64::MAX, reserve_ms: 0 }
    }
}

impl Budget<'_> {
    fn is_spent(&self) -> bool {
        (self.remaining_ms)() < self.reserve_ms
    }
}

/// A message that will never succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    pub reason: ReasonCode,
    /// The queue's id of the message.
    pub message: String,
    /// What was wrong, and the start of the message, card numbers masked.
    pub evidence: String,
}

/// Where such messages are put before a person.
#[async_trait]
pub trait Undeliverable: Send + Sync {
    /// Durable once it returns; raising the same message twice is raising it once.
    async fn record(&self, lost: &Lost) -> Result<(), Box<dyn Error + Send + Sync>>;
}

/// Works off the records of a batch, at most `concurrency` at a time, and names those to come again.
pub async fn each<M, E, F, W>(
    event: SqsEvent,
    budget: Budget<'_>,
    sink: &dyn Undeliverable,
    concurrency: usize,
    handle: F,
) -> SqsBatchResponse
where
    M: DeserializeOwned,
    E: Error,
    F: Fn(M) -> W,
    W: Future<Output = Result<(), E>>,
{
    let handle = &handle;
    let failures: Vec<Option<String>> = stream::iter(event.records)
        .map(|record| async move {
            let done = !budget.is_spent() && one(&record, sink, handle).await;
            (!done).then(|| record.message_id.unwrap_or_default())
        })
        .buffer_unordered(concurrency.max(1))
        .collect()
        .await;
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failures.into_iter().flatten().map(failure).collect();
    response
}

/// A batch made of (id, body, number of this receipt), as the queue would deliver it.
#[must_use]
pub fn sqs_event(messages: impl IntoIterator<Item = (String, String, u32)>) -> SqsEvent {
    let mut event = SqsEvent::default();
    event.records = messages
        .into_iter()
        .map(|(id, body, receives)| {
            let mut message = SqsMessage::default();
            message.message_id = Some(id);
            message.body = Some(body);
            message.attributes.insert(RECEIVES.to_owned(), receives.to_string());
            message
        })
        .collect();
    event
}

/// Whether the record needs no further delivery.
async fn one<M, E, F, W>(record: &SqsMessage, sink: &dyn Undeliverable, handle: &F) -> bool
where
    M: DeserializeOwned,
    E: Error,
    F: Fn(M) -> W,
    W: Future<Output = Result<(), E>>,
{
    let id = record.message_id.as_deref().unwrap_or_default();
    let body = record.body.as_deref().unwrap_or_default();
    let message = match serde_json::from_str::<M>(body) {
        Ok(message) => message,
        Err(error) => {
            let lost = lost(ReasonCode::MessageUndecodable, record, &error.to_string());
            return give_up(sink, &lost).await;
        }
    };
    // The call itself may panic as well as the work it returns.
    let work = AssertUnwindSafe(async move { handle(message).await });
    match work.catch_unwind().await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::warn!(message.id = id, error = chain(&error), "a record failed");
            false
        }
        Err(panic) => {
            let words = said(panic.as_ref());
            tracing::error!(message.id = id, error = card::redact(words), "a record panicked");
            let again = receives(record) < RECEIVES_MAX;
            !again && give_up(sink, &lost(ReasonCode::Unexpected, record, words)).await
        }
    }
}

async fn give_up(sink: &dyn Undeliverable, lost: &Lost) -> bool {
    match sink.record(lost).await {
        Ok(()) => {
            let reason = lost.reason.code();
            tracing::error!(message.id = lost.message, reason, "a record was given up");
            true
        }
        Err(error) => {
            tracing::error!(
                message.id = lost.message,
                error = chain(error.as_ref()),
                "a record to be given up could not be recorded"
            );
            false
        }
    }
}

fn lost(reason: ReasonCode, record: &SqsMessage, problem: &str) -> Lost {
    let body = record.body.as_deref().unwrap_or_default();
    // Masked before it is cut, so that no cut can hide a number.
    let evidence = card::redact(&format!("{problem}: {body}"));
    Lost {
        reason,
        message: record.message_id.clone().unwrap_or_default(),
        evidence: evidence.chars().take(EVIDENCE_CHARS_MAX).collect(),
    }
}

/// How often the message was received, this time included.
#[must_use]
pub fn receives(record: &SqsMessage) -> u32 {
    record.attributes.get(RECEIVES).and_then(|count| count.parse().ok()).unwrap_or(1)
}

fn said(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without words")
}

fn chain(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        words = format!("{words}: {cause}");
        source = cause.source();
    }
    card::redact(&words)
}

fn failure(id: String) -> BatchItemFailure {
    let mut failure = BatchItemFailure::default();
    failure.item_identifier = id;
    failure
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    enum Work {
        Succeed,
        Fail,
        Panic,
    }

    #[derive(Default)]
    struct Desk {
        lost: Mutex<Vec<Lost>>,
        closed: bool,
    }

    #[async_trait]
    impl Undeliverable for Desk {
        async fn record(&self, lost: &Lost) -> Result<(), Box<dyn Error + Send + Sync>> {
            if self.closed {
                return Err("closed".into());
            }
            self.lost.lock().unwrap().push(lost.clone());
            Ok(())
        }
    }

    async fn work(message: Work) -> Result<(), std::fmt::Error> {
        match message {
            Work::Succeed => Ok(()),
            Work::Fail => Err(std::fmt::Error),
            Work::Panic => panic!("no more 4111111111111111"),
        }
    }

    fn batch(records: &[(&str, &str, u32)]) -> SqsEvent {
        sqs_event(
            records
                .iter()
                .map(|(id, body, receives)| ((*id).to_owned(), (*body).to_owned(), *receives)),
        )
    }

    /// A host may move the work to another thread.
    fn spawnable<W: Future + Send>(work: W) -> W {
        work
    }

    fn failed(response: SqsBatchResponse) -> Vec<String> {
        let mut ids: Vec<String> = response
            .batch_item_failures
            .into_iter()
            .map(|failure| failure.item_identifier)
            .collect();
        ids.sort();
        ids
    }

    #[tokio::test]
    async fn only_what_failed_comes_again() {
        let desk = Desk::default();
        let event = batch(&[
            ("1", "\"Succeed\"", 1),
            ("2", "\"Fail\"", 7),
            ("3", "\"Panic\"", 2),
            ("4", "\"Succeed\"", 1),
        ]);
        let working = each(event, Budget::unlimited(), &desk, 2, work);
        let response = spawnable(working).await;
        assert_eq!(failed(response), ["2", "3"]);
        assert!(desk.lost.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn what_can_never_succeed_is_recorded_and_acknowledged() {
        let desk = Desk::default();
        let long = format!("{{\"card\": \"4111111111111111\"{}", " ".repeat(5_000));
        let event = batch(&[("1", &long, 1), ("2", "\"Panic\"", RECEIVES_MAX), ("3", "", 1)]);
        let response = each(event, Budget::unlimited(), &desk, 1, work).await;
        assert_eq!(failed(response), Vec::<String>::new());
        let lost = desk.lost.lock().unwrap();
        let reasons: Vec<ReasonCode> = lost.iter().map(|lost| lost.reason).collect();
        let undecodable = ReasonCode::MessageUndecodable;
        assert_eq!(reasons, [undecodable, ReasonCode::Unexpected, undecodable]);
        assert!(lost.iter().all(|lost| !lost.evidence.contains("411111")));
        assert!(lost[0].evidence.contains("************1111"));
        assert_eq!(lost[0].evidence.chars().count(), 1_000);
        assert_eq!(lost[1].message, "2");
    }

    #[tokio::test]
    async fn what_could_not_be_recorded_comes_again() {
        let desk = Desk { closed: true, ..Desk::default() };
        let event = batch(&[("1", "{", 9), ("2", "\"Panic\"", 9)]);
        let response = each(event, Budget::unlimited(), &desk, 4, work).await;
        assert_eq!(failed(response), ["1", "2"]);
    }

    #[tokio::test]
    async fn no_record_is_started_when_time_runs_out() {
        let left = AtomicU64::new(1_200);
        let remaining_ms = || left.fetch_sub(100, Ordering::SeqCst);
        let budget = Budget { remaining_ms: &remaining_ms, reserve_ms: 1_100 };
        let event = batch(&[
            ("1", "\"Succeed\"", 1),
            ("2", "\"Succeed\"", 1),
            ("3", "\"Succeed\"", 1),
            ("4", "{", 1),
        ]);
        let desk = Desk::default();
        let response = each(event, budget, &desk, 1, work).await;
        assert_eq!(failed(response), ["3", "4"]);
        assert!(desk.lost.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn concurrency_is_bounded() {
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let event = sqs_event((0..20).map(|id| (id.to_string(), "\"Succeed\"".to_owned(), 1)));
        let response = each(event, Budget::unlimited(), &Desk::default(), 3, |_: Work| async {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            now.fetch_sub(1, Ordering::SeqCst);
            Ok::<(), std::fmt::Error>(())
        })
        .await;
        assert!(response.batch_item_failures.is_empty());
        assert_eq!(most.into_inner(), 3);
    }
}
