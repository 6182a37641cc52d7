//! The host: one process in which every function runs as it would on its own, fed from the embedded
//! queues and a timer.
//!
//! It may be killed at any moment: what it was working on reappears on the queue, and every step
//! is taken up from what the store says.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use embedded::{Delivery, SqliteQueue};
use engine::port::{Clock, QueueError, QueueName};
use jiff::Timestamp;
use runtime::records::{Budget, sqs_event};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::mailbox::Mailbox;
use crate::status;
use crate::wire::Product;
use assembly::SystemClock;

/// Hints of one batch.
const BATCH: usize = 10;
/// Batches of hints worked on at the same time.
const BATCHES_AT_ONCE: usize = 4;
/// How long a message stays hidden while it is worked on: longer than its calls may take.
const VISIBILITY_MS: i64 = 180_000;
/// The poster looks at least this often.
const POSTER_IDLE: Duration = Duration::from_secs(5);
/// What is under way may take this long to end when the process is told to stop.
const STOP_WITHIN: Duration = Duration::from_secs(20);

/// Runs until `stop` turns true, then ends what is under way.
pub async fn run(product: Product, listener: TcpListener, mut stop: watch::Receiver<bool>) {
    let host = Arc::new(Host { product, clock: SystemClock });
    let mut tasks = JoinSet::new();
    tasks.spawn(serve(host.router(), listener, stop.clone()));
    tasks.spawn(until(stop.clone(), Arc::clone(&host).consume_hints()));
    tasks.spawn(until(stop.clone(), Arc::clone(&host).post()));
    tasks.spawn(until(stop.clone(), Arc::clone(&host).poll()));
    tasks.spawn(until(stop.clone(), Arc::clone(&host).attend()));
    let _ = stop.wait_for(|stop| *stop).await;
    let ended = timeout(STOP_WITHIN, async { while tasks.join_next().await.is_some() {} }).await;
    if ended.is_err() {
        tracing::warn!("not everything ended in time; it is taken up at the next start");
    }
}

struct Host {
    product: Product,
    clock: SystemClock,
}

async fn serve(router: Router, listener: TcpListener, mut stop: watch::Receiver<bool>) {
    let stopped = async move {
        if stop.wait_for(|stop| *stop).await.is_err() {
            tracing::debug!("the host's owner is gone");
        }
    };
    let serving = axum::serve(listener, router).with_graceful_shutdown(stopped);
    if let Err(error) = serving.await {
        tracing::error!(error = %error, "the HTTP server ended");
    }
}

/// Runs endless work until told to stop.
async fn until(mut stop: watch::Receiver<bool>, work: impl Future<Output = ()>) {
    tokio::select! {
        () = work => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
}

impl Host {
    fn router(&self) -> Router {
        let webhook = webhook::router(self.product.webhook.clone());
        status::router(self.product.status.clone()).merge(webhook)
    }

    async fn consume_hints(self: Arc<Self>) {
        let slots = Arc::new(Semaphore::new(BATCHES_AT_ONCE));
        let mut batches = JoinSet::new();
        loop {
            let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
            while batches.try_join_next().is_some() {}
            let deliveries = self.receive(QueueName::Hints).await;
            if deliveries.is_empty() {
                drop(slot);
                self.rest(QueueName::Hints, Duration::from_secs(5)).await;
                continue;
            }
            let host = Arc::clone(&self);
            batches.spawn(async move {
                host.transform(deliveries).await;
                drop(slot);
            });
        }
    }

    async fn transform(&self, deliveries: Vec<Delivery>) {
        let event = event_of(&deliveries);
        let reply =
            transformer::handle(&self.product.transformer, event, Budget::unlimited()).await;
        let failed: Vec<String> =
            reply.batch_item_failures.into_iter().map(|item| item.item_identifier).collect();
        self.settle(deliveries, &failed).await;
    }

    /// One task does all the posting: a company has one writer.
    async fn post(self: Arc<Self>) {
        loop {
            let deliveries = self.receive(QueueName::EffectsReady).await;
            if !deliveries.is_empty() {
                let event = event_of(&deliveries);
                let reply = poster::handle(&self.product.poster, event, Budget::unlimited()).await;
                let failed: Vec<String> = reply
                    .batch_item_failures
                    .into_iter()
                    .map(|item| item.item_identifier)
                    .collect();
                self.settle(deliveries, &failed).await;
            }
            let next = match poster::scheduled(&self.product.poster).await {
                Ok(report) => report.next,
                Err(error) => {
                    tracing::warn!(error = %error, "posting goes on later");
                    None
                }
            };
            self.rest(QueueName::EffectsReady, self.time_until(next, POSTER_IDLE)).await;
        }
    }

    async fn poll(self: Arc<Self>) {
        let interval = u64::from(self.product.config.polling.interval_ms);
        loop {
            match poller::handle(&self.product.poller).await {
                Ok(report) if report.hinted > 0 => {
                    tracing::info!(poll.seen = report.seen, poll.hinted = report.hinted, "polled");
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(error = %error, "polling goes on later"),
            }
            sleep(Duration::from_millis(interval)).await;
        }
    }

    /// Requests of `paysage flow`.
    async fn attend(self: Arc<Self>) {
        let Some(store) = &self.product.config.store else { return };
        let mailbox = Mailbox::beside(Path::new(&store.path));
        mailbox.attend(&self.product.embedded.releases).await;
    }

    async fn receive(&self, queue: QueueName) -> Vec<Delivery> {
        let now = self.clock.now();
        match self.queue().receive(queue, BATCH, now, VISIBILITY_MS).await {
            Ok(deliveries) => deliveries,
            Err(error) => {
                tracing::error!(error = %error, "the queue could not be read");
                sleep(Duration::from_secs(1)).await;
                Vec::new()
            }
        }
    }

    /// Removes what was worked off and gives back what failed, later each time.
    async fn settle(&self, deliveries: Vec<Delivery>, failed: &[String]) {
        let (again, done): (Vec<Delivery>, Vec<Delivery>) =
            deliveries.into_iter().partition(|one| failed.contains(&one.id.to_string()));
        let ids: Vec<i64> = done.iter().map(|delivery| delivery.id).collect();
        let mut outcome: Result<(), QueueError> = self.queue().ack(&ids).await;
        let now = self.clock.now();
        for delivery in again {
            let delay_ms = self.delay_ms(delivery.receives);
            outcome = outcome.and(self.queue().retry(delivery.id, now, delay_ms).await);
        }
        if let Err(error) = outcome {
            tracing::error!(error = %error, "messages will come again when their time is up");
        }
    }

    fn delay_ms(&self, receives: u32) -> i64 {
        let retry = &self.product.config.retry;
        let doublings = receives.saturating_sub(1).min(16);
        let delay = i64::from(retry.base_ms).saturating_mul(2_i64.saturating_pow(doublings));
        delay.min(i64::from(retry.cap_ms))
    }

    /// Waits for a message, for one to become due, or for the time given.
    async fn rest(&self, queue: QueueName, at_most: Duration) {
        let due = self.queue().next_due(queue).await.unwrap_or_default();
        let wait = self.time_until(due, at_most).max(Duration::from_millis(5));
        if timeout(wait, self.queue().changed(queue)).await.is_err() {
            tracing::trace!("nothing came");
        }
    }

    fn time_until(&self, due: Option<Timestamp>, at_most: Duration) -> Duration {
        let Some(due) = due else { return at_most };
        let ms = due.as_millisecond().saturating_sub(self.clock.now().as_millisecond());
        Duration::from_millis(u64::try_from(ms).unwrap_or(0)).min(at_most)
    }

    fn queue(&self) -> &SqliteQueue {
        &self.product.embedded.queue
    }
}

fn event_of(deliveries: &[Delivery]) -> aws_lambda_events::sqs::SqsEvent {
    sqs_event(deliveries.iter().map(|one| (one.id.to_string(), one.body.clone(), one.receives)))
}
