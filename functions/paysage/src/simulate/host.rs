//! One process of the product: every function, fed as it would be, until it dies; then another one.

use std::sync::{Arc, Mutex, OnceLock};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use engine::port::{Clock, Erp, Gateway, QueueName};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use jiff::Timestamp;
use ledger::releases::MemoryReleases;
use runtime::config::Config;
use runtime::records::{Budget, sqs_event};
use tokio::sync::{mpsc, oneshot};
use tower::ServiceExt;

use super::carrier::SimReach;
use super::outside::{Outside, TENANTS, locked};
use super::process::Process;
use super::queue::{ProcessQueue, ms_between};
use super::secrets::Keyring;
use super::store::ProcessStore;
use super::time::{HostClock, Time};
use assembly::{Parts, vendors};

/// How one host differs from the others, for as long as the run lasts.
#[derive(Debug, Clone)]
pub struct Spec {
    pub index: usize,
    pub skew_ms: i64,
    pub seal_max: u16,
    pub linger_ms: u32,
    pub settle_ms: u32,
    /// Every life holds leases under the same name: there is only one process.
    pub alone: bool,
}

/// A delivery to a host, and where its answer goes.
pub struct Knock {
    pub request: Request<Body>,
    pub answer: oneshot::Sender<Response<Body>>,
}

/// Where a host is knocked at while it lives.
#[derive(Default)]
pub struct Door(Mutex<Option<(mpsc::UnboundedSender<Knock>, Arc<Process>)>>);

impl Door {
    /// Hands a delivery to the host, if it lives.
    pub fn knock(&self, knock: Knock) -> bool {
        let door = locked(&self.0);
        door.as_ref().is_some_and(|(door, _)| door.send(knock).is_ok())
    }

    /// An operator ends the process; it is started again.
    pub fn restart(&self) {
        if let Some((_, process)) = locked(&self.0).as_ref() {
            process.die();
        }
    }
}

/// Runs one process after the other, for ever.
pub async fn keep_alive(outside: Arc<Outside>, spec: Spec, door: Arc<Door>, keys: Arc<Keyring>) {
    for life in 1_u32.. {
        let name = match spec.alone {
            true => "host".to_owned(),
            false => format!("host{}-{life}", spec.index),
        };
        let process = Arc::new(Process::new(name, spec.skew_ms));
        match Host::new(&outside, &process, &spec, &keys) {
            Ok(host) => {
                let (sender, knocks) = mpsc::unbounded_channel();
                *locked(&door.0) = Some((sender, Arc::clone(&process)));
                process.live(host.work(knocks)).await;
                *locked(&door.0) = None;
            }
            Err(why) => outside.journal.violation("start", &why),
        }
        Time::pass(outside.chance.between(1_000, 60_000)).await;
    }
}

struct Host {
    outside: Arc<Outside>,
    process: Arc<Process>,
    queue: ProcessQueue,
    clock: HostClock,
    webhook: Router,
    poller: poller::Deps,
    transformer: transformer::Deps,
    poster: poster::Deps,
}

impl Host {
    fn new(
        outside: &Arc<Outside>,
        process: &Arc<Process>,
        spec: &Spec,
        keys: &Keyring,
    ) -> Result<Self, String> {
        let mut config = configuration()?.clone();
        config.posting.seal_max = spec.seal_max;
        config.posting.linger_ms = spec.linger_ms;
        config.posting.settle_ms = spec.settle_ms;
        let secrets = keys.secrets();
        let reach = SimReach { outside: Arc::clone(outside), process: Arc::clone(process) };
        let told = |error: vendors::VendorError| error.to_string();
        let gateway: Arc<dyn Gateway> =
            vendors::gateway(&config, &secrets, &reach).map_err(told)?;
        let erp: Arc<dyn Erp> = vendors::erp(&config, &secrets, &reach).map_err(told)?;
        let queue = || ProcessQueue { outside: Arc::clone(outside), process: Arc::clone(process) };
        let store = ProcessStore { outside: Arc::clone(outside), process: Arc::clone(process) };
        let clock = || HostClock { time: outside.time, skew_ms: process.skew_ms };
        let parts = Parts {
            store: Arc::new(store),
            releases: Arc::new(MemoryReleases::default()),
            queue: Arc::new(queue()),
            clock: Arc::new(clock()),
            config: Arc::new(config),
            owner: process.name.clone(),
        };
        let webhook = webhook::Deps::new(&parts, &secrets).map_err(|error| error.to_string())?;
        Ok(Self {
            webhook: webhook::router(webhook),
            poller: poller::Deps::new(&parts, &gateway),
            transformer: transformer::Deps::new(&parts, &gateway, &erp),
            poster: poster::Deps::new(&parts, &erp),
            queue: queue(),
            clock: clock(),
            outside: Arc::clone(outside),
            process: Arc::clone(process),
        })
    }

    async fn work(self, knocks: mpsc::UnboundedReceiver<Knock>) {
        let host = &self;
        futures::join!(
            host.consume_hints(),
            host.consume_hints(),
            host.post(),
            host.poll(),
            host.answer(knocks)
        );
    }

    async fn consume_hints(&self) {
        const BATCH: usize = 10;
        const IDLE_MS: i64 = 3_600_000;
        loop {
            let taken = self.queue.receive(QueueName::Hints, BATCH);
            if taken.is_empty() {
                self.rest(QueueName::Hints, IDLE_MS).await;
                continue;
            }
            let messages = taken.iter().map(|m| (m.id.to_string(), m.body.clone(), m.receives));
            let event = sqs_event(messages);
            let reply = transformer::handle(&self.transformer, event, Budget::unlimited()).await;
            let failed: Vec<String> =
                reply.batch_item_failures.into_iter().map(|item| item.item_identifier).collect();
            self.queue.settle(QueueName::Hints, taken, &failed).await;
        }
    }

    async fn post(&self) {
        const STORMY_MS: i64 = 60_000;
        const CALM_MS: i64 = 600_000;
        loop {
            let taken = self.queue.receive(QueueName::EffectsReady, 10);
            if !taken.is_empty() {
                let messages = taken.iter().map(|m| (m.id.to_string(), m.body.clone(), m.receives));
                let event = sqs_event(messages);
                let reply = poster::handle(&self.poster, event, Budget::unlimited()).await;
                let failed: Vec<String> = reply
                    .batch_item_failures
                    .into_iter()
                    .map(|item| item.item_identifier)
                    .collect();
                self.queue.settle(QueueName::EffectsReady, taken, &failed).await;
            }
            let next = poster::scheduled(&self.poster).await.ok().and_then(|report| report.next);
            let stormy = self.outside.is_stormy();
            let most = if stormy { STORMY_MS } else { CALM_MS };
            let ms = next.map_or(most, |next| self.ms_until(next).clamp(50, most));
            self.rest(QueueName::EffectsReady, ms).await;
        }
    }

    async fn poll(&self) {
        const STORMY_MS: i64 = 1_200_000;
        const CALM_MS: i64 = 3_600_000;
        Time::pass(self.outside.chance.between(0, 60_000)).await;
        loop {
            if let Err(error) = poller::handle(&self.poller).await {
                let now = self.outside.now();
                self.outside.journal.event(format!("{now} {}: {error}", self.process.name));
            }
            Time::pass(if self.outside.is_stormy() { STORMY_MS } else { CALM_MS }).await;
        }
    }

    async fn answer(&self, mut knocks: mpsc::UnboundedReceiver<Knock>) {
        let mut answering = FuturesUnordered::new();
        loop {
            tokio::select! {
                biased;
                knock = knocks.recv() => match knock {
                    Some(knock) => answering.push(self.receive(knock)),
                    None => return,
                },
                Some(()) = answering.next() => {}
            }
        }
    }

    async fn receive(&self, Knock { request, answer }: Knock) {
        let Ok(response) = self.webhook.clone().oneshot(request).await;
        if answer.send(response).is_err() {
            self.outside.journal.event("      the sender did not wait".to_owned());
        }
    }

    async fn rest(&self, queue: QueueName, ms_max: i64) {
        self.outside.queue.rest(queue, self.outside.now(), ms_max).await;
    }

    fn ms_until(&self, due: Timestamp) -> i64 {
        ms_between(self.clock.now(), due)
    }
}

/// The configuration every host starts from, as an operator would write it.
pub fn configuration() -> Result<&'static Config, String> {
    static CONFIG: OnceLock<Result<Config, String>> = OnceLock::new();
    CONFIG
        .get_or_init(|| Config::parse(&document()).map_err(|error| crate::say::chain(&error)))
        .as_ref()
        .map_err(Clone::clone)
}

fn document() -> String {
    use std::fmt::Write;
    let mut text = String::from("store: {path: unused}\ncompanies:\n");
    for tenant in TENANTS {
        let _infallible = write!(
            text,
            "  {}:\n    url: http://127.0.0.1:{}/Sage300WebApi/v1.0/-\n    user: WEBAPI\n    \
             password: {{env: S}}\n    requests_in_flight_max: {}\n",
            tenant.company, tenant.sage_port, SAGE_AT_ONCE
        );
    }
    text.push_str("merchants:\n");
    for (n, tenant) in TENANTS.iter().enumerate() {
        let period = if n == 0 { "hold" } else { "roll" };
        let _infallible = write!(
            text,
            "  {}:\n    company: {}\n    paytrace: {{url: \"http://127.0.0.1:{}\", username: \
             api@example.test, password: {{env: S}}, integrator_id: 90123Example}}\n    \
             currency: USD\n    bank: SEATAC\n    payment_codes: {{default: CCARD}}\n    \
             closed_period: {period}\n    new_customer: hold\n",
            tenant.merchant, tenant.company, tenant.paytrace_port
        );
    }
    text.push_str("webhooks:\n");
    for tenant in TENANTS {
        let _infallible = write!(
            text,
            "  {}:\n    merchant: {}\n    scheme: standard_webhooks\n    secrets: [{{env: S}}]\n    \
             transaction_pointers: [/transaction_id]\n",
            tenant.endpoint, tenant.merchant
        );
    }
    text
}

/// Calls to one company at once, of one process.
pub const SAGE_AT_ONCE: u16 = 4;
