//! One life of the product, in a process of its own: intake, transformer, poller and poster over
//! the store's file and the production clients. It ends when nothing is left to do, where it was
//! told to, or by the bomb.
//!
//! Everything happens one after the other, so that the same life makes the same calls. Where the
//! product would wait, the clock skips.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use assembly::Parts;
use assembly::vendors::{self, Network};
use domain::effect::EffectState;
use domain::id::CompanyId;
use embedded::{Delivery, Embedded, SqliteQueue};
use engine::intake::Intake;
use engine::port::{Clock, QueueName};
use engine::port::{Erp, Gateway};
use jiff::{SignedDuration, Timestamp};
use ledger::store::{EffectQuery, InboxEvent, Store};
use runtime::config::{Config, resolve_secrets};
use runtime::records::{Budget, sqs_event};
use serde_json::{Value, json};

use super::bomb::{Bomb, Place};
use super::ports::Mortal;

/// The variable a child finds its order in.
pub const ORDER: &str = "PAYSAGE_CRASH_LIFE";
/// The name of the test that is a life.
pub const TEST: &str = "crash::life::one_life";

/// What a life is to do.
#[derive(Debug, Clone)]
pub struct Order {
    pub folder: PathBuf,
    /// What webhooks tell: a transaction, and after a `-` what became of it. Until acknowledged.
    pub told: Vec<String>,
    /// Whether the poster works, too.
    pub posts: bool,
    pub until: Option<&'static str>,
    pub place: Option<Place>,
    /// How much later than now it is.
    pub later_ms: i64,
}

impl Order {
    pub fn text(&self) -> String {
        let place = self.place.map_or(Value::Null, Place::told);
        json!({"folder": self.folder, "told": self.told, "posts": self.posts,
               "until": self.until, "place": place, "later_ms": self.later_ms})
        .to_string()
    }
}

#[tokio::test]
#[ignore = "a process the other crash tests start, and tell what to do"]
#[expect(clippy::disallowed_methods, reason = "so a child is told what it is")]
async fn one_life() {
    let Ok(text) = std::env::var(ORDER) else { return };
    let life = Life::begin(&serde_json::from_str(&text).unwrap());
    life.live().await;
    life.bomb.survived();
}

/// Time that stands still, and is skipped where the product would wait: a slow machine makes the
/// same calls.
struct Skipping {
    began: Timestamp,
    skipped_ms: AtomicI64,
}

impl Clock for Skipping {
    fn now(&self) -> Timestamp {
        self.began + SignedDuration::from_millis(self.skipped_ms.load(Ordering::Relaxed))
    }
}

impl Skipping {
    fn skip_to(&self, then: Timestamp) {
        let ms = then.as_millisecond() - self.now().as_millisecond();
        self.skipped_ms.fetch_add(ms.max(0) + 1, Ordering::Relaxed);
    }
}

struct Life {
    told: Vec<String>,
    posts: bool,
    bomb: Arc<Bomb>,
    clock: Arc<Skipping>,
    /// Without the bomb: for looking whether anything is left.
    embedded: Embedded,
    queue: Mortal<SqliteQueue>,
    intake: Intake,
    poller: poller::Deps,
    transformer: transformer::Deps,
    poster: poster::Deps,
    acknowledged: PathBuf,
}

impl Life {
    fn begin(order: &Value) -> Self {
        let folder = Path::new(order["folder"].as_str().unwrap());
        let until = order["until"].as_str().map(str::to_owned);
        let place = Place::read(&order["place"]);
        let bomb = Arc::new(Bomb::new(place, until, folder.join("calls.json")));
        let clock = Arc::new(Skipping {
            began: runtime::clock::now(),
            skipped_ms: AtomicI64::new(order["later_ms"].as_i64().unwrap()),
        });
        let config = fs::read_to_string(folder.join("paysage.yaml")).unwrap();
        let config = Config::parse(&config).unwrap();
        let secrets = resolve_secrets(&config).unwrap();
        let path = &config.store.as_ref().unwrap().path;
        let embedded = Embedded::open(Path::new(path), clock.clone()).unwrap();
        let store = Mortal { port: embedded.store.clone(), bomb: Arc::clone(&bomb) };
        let queue = Mortal { port: embedded.queue.clone(), bomb: Arc::clone(&bomb) };
        let gateway = vendors::gateway(&config, &secrets, &Network).unwrap();
        let erp = vendors::erp(&config, &secrets, &Network).unwrap();
        let parts = Parts {
            store: Arc::new(store),
            releases: Arc::new(embedded.releases.clone()),
            queue: Arc::new(queue.clone()),
            clock: clock.clone(),
            config: Arc::new(config),
            owner: "embedded".to_owned(),
        };
        let gateway: Arc<dyn Gateway> = Arc::new(Mortal { port: gateway, bomb: Arc::clone(&bomb) });
        let erp: Arc<dyn Erp> = Arc::new(Mortal { port: erp, bomb: Arc::clone(&bomb) });
        let intake = Intake {
            store: Arc::clone(&parts.store),
            queue: Arc::clone(&parts.queue),
            clock: Arc::clone(&parts.clock),
        };
        let told = order["told"].as_array().unwrap().iter();
        Self {
            told: told.map(|id| id.as_str().unwrap().to_owned()).collect(),
            posts: order["posts"].as_bool().unwrap(),
            poller: poller::Deps::new(&parts, &gateway),
            transformer: transformer::Deps {
                concurrency: 1,
                ..transformer::Deps::new(&parts, &gateway, &erp)
            },
            poster: poster::Deps::new(&parts, &erp),
            acknowledged: folder.join("acknowledged"),
            bomb,
            clock,
            embedded,
            queue,
            intake,
        }
    }

    async fn live(&self) {
        const ROUNDS: usize = 60;
        self.webhooks().await;
        let mut rested = false;
        for _ in 0..ROUNDS {
            self.hints().await;
            poller::handle(&self.poller).await.unwrap();
            self.hints().await;
            if self.posts {
                self.post().await;
            }
            let rests = self.left_over().await.is_empty();
            if rests && (rested || !self.posts) {
                return;
            }
            // Once more after all seems done: whatever is swept is swept then.
            rested = rests;
            self.skip().await;
        }
        panic!("never at rest: {}", self.left_over().await.join(", "));
    }

    /// The relay repeats each event until it is acknowledged, and not after.
    async fn webhooks(&self) {
        let known = fs::read_to_string(&self.acknowledged).unwrap_or_default();
        for told in self.told.iter().filter(|told| !known.lines().any(|line| line == *told)) {
            let transaction = told.split('-').next().unwrap_or_default();
            let event = InboxEvent {
                merchant: "main".into(),
                id: told.as_str().into(),
                body_hash: format!("{told:0>64}"),
                transaction: Some(transaction.into()),
                source: "standard_webhooks".to_owned(),
                received: self.clock.now(),
            };
            self.intake.accept(&event).await.unwrap();
            let known = fs::read_to_string(&self.acknowledged).unwrap_or_default();
            fs::write(&self.acknowledged, format!("{known}{told}\n")).unwrap();
        }
    }

    async fn hints(&self) {
        loop {
            let deliveries = self.queue.receive(QueueName::Hints, self.clock.now()).await;
            if deliveries.is_empty() {
                return;
            }
            let event = sqs_event(deliveries.iter().map(as_record));
            let reply = transformer::handle(&self.transformer, event, Budget::unlimited()).await;
            let failed = reply.batch_item_failures.into_iter().map(|item| item.item_identifier);
            self.settle(deliveries, &failed.collect::<Vec<_>>()).await;
        }
    }

    async fn post(&self) {
        let deliveries = self.queue.receive(QueueName::EffectsReady, self.clock.now()).await;
        if !deliveries.is_empty() {
            let event = sqs_event(deliveries.iter().map(as_record));
            let reply = poster::handle(&self.poster, event, Budget::unlimited()).await;
            let failed = reply.batch_item_failures.into_iter().map(|item| item.item_identifier);
            self.settle(deliveries, &failed.collect::<Vec<_>>()).await;
        }
        poster::scheduled(&self.poster).await.unwrap();
    }

    async fn settle(&self, deliveries: Vec<Delivery>, failed: &[String]) {
        let (again, done): (Vec<Delivery>, Vec<Delivery>) =
            deliveries.into_iter().partition(|one| failed.contains(&one.id.to_string()));
        let ids: Vec<i64> = done.iter().map(|delivery| delivery.id).collect();
        self.queue.ack(&ids).await;
        for delivery in again {
            self.queue.retry(delivery.id, self.clock.now()).await;
        }
    }

    /// A while, or to when the next message may be received: beyond every interval of the poster's
    /// and the poller's.
    async fn skip(&self) {
        const WHILE_MS: i64 = 3_000;
        let a_while = self.clock.now() + SignedDuration::from_millis(WHILE_MS);
        let mut due = None;
        for queue in [QueueName::Hints, QueueName::EffectsReady] {
            let queued = self.embedded.queue.next_due(queue).await.unwrap();
            due = [due, queued].into_iter().flatten().min();
        }
        self.clock.skip_to(due.map_or(a_while, |due| due.max(a_while)));
    }

    async fn left_over(&self) -> Vec<String> {
        let mut left = left_in(&self.embedded, self.clock.now()).await;
        if !self.posts {
            left.retain(|what| !what.starts_with("Ready") && !what.starts_with("EffectsReady"));
        }
        left
    }
}

/// Everything in the file that is not at its end, in words.
pub async fn left_in(embedded: &Embedded, now: Timestamp) -> Vec<String> {
    let store = &embedded.store;
    let mut left = Vec::new();
    for queue in [QueueName::Hints, QueueName::EffectsReady] {
        if let Some(due) = embedded.queue.next_due(queue).await.unwrap() {
            left.push(format!("{queue:?} due at {due}"));
        }
    }
    for state in [EffectState::Ready, EffectState::Assigned, EffectState::Held] {
        let query = EffectQuery { company: None, state, limit: 100 };
        for effect in store.effects_by_state(&query).await.unwrap() {
            left.push(format!("{state:?} {:?} {:?}", effect.key, effect.hold));
        }
    }
    for id in store.open_manifests(&CompanyId::from("SAMLTD"), 100).await.unwrap() {
        left.push(format!("manifest {id}"));
    }
    let held = store.held_manifests(100).await.unwrap();
    left.extend(held.iter().map(|manifest| format!("held {}", manifest.id)));
    let tomorrow = now + SignedDuration::from_hours(24);
    for event in store.events_not_handled(tomorrow, 100).await.unwrap() {
        left.push(format!("event {}", event.id));
    }
    left
}

fn as_record(one: &Delivery) -> (String, String, u32) {
    (one.id.to_string(), one.body.clone(), one.receives)
}
