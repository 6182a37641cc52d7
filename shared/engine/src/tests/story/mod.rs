//! Stories of single payments: what happens in PayTrace, in Sage and in between, one at a time.

mod company;
mod deciding;
mod doubtful;
mod intake;
mod paytrace;
mod posting;
mod sealing;
mod storm;
mod sweeping;
mod taking_in;
mod voids;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use domain::account::{Customer, OpenDocument};
use domain::effect::{Effect, EffectState};
use domain::exception::ReasonCode;
use domain::id::{CompanyId, MerchantId, PaymentKey};
use domain::merchant::Merchant;
use domain::transaction::Transaction;
use jiff::Timestamp;
use ledger::posting::{BatchStatus, Limits};
use ledger::store::{InboxEvent, Store};

use super::fakes::{FakeClock, FakeQueue, FaultyStore, Weather};
use super::published;
use crate::hint::Hint;
use crate::intake::{Accepted, Intake};
use crate::poll::{self, Poll};
use crate::port::{Clock, QueueName};
use crate::post::{self, Post};
use crate::transform::{SetupCache, Transform, TransformError};
use company::{FakeCompany, usd};
use paytrace::FakePayTrace;

struct Story {
    weather: Arc<Weather>,
    clock: Arc<FakeClock>,
    queue: Arc<FakeQueue>,
    store: Arc<FaultyStore>,
    paytrace: Arc<FakePayTrace>,
    sage: Arc<FakeCompany>,
    merchant: Merchant,
    intake: Intake,
    transform: Transform,
    post: Post,
    poll: Poll,
}

/// A clock that stands still.
struct Still(Timestamp);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        self.0
    }
}

fn customer(number: &str, name: &str, email: &str) -> Customer {
    Customer {
        number: number.into(),
        name: name.into(),
        email: email.into(),
        street: String::new(),
        zip: String::new(),
        currency: "USD".into(),
        active: true,
    }
}

impl Story {
    /// Customer 1200 is Ada, with nothing due; whoever is not found is held.
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(policy: impl FnOnce(&mut Merchant)) -> Self {
        Self::under(Weather::new(7, 0), policy)
    }

    fn under(weather: Weather, policy: impl FnOnce(&mut Merchant)) -> Self {
        let mut merchant = super::merchant();
        merchant.fallback_customer = None;
        policy(&mut merchant);
        let weather = Arc::new(weather);
        let clock = Arc::new(FakeClock::default());
        let queue = Arc::new(FakeQueue::new(Arc::clone(&clock), Arc::clone(&weather)));
        let store = Arc::new(FaultyStore::new(Arc::clone(&weather)));
        let paytrace = Arc::new(FakePayTrace::default());
        let sage = Arc::new(FakeCompany::new(Arc::clone(&weather)));
        sage.with(|books| {
            let ada = customer("1200", "Ada Example", "ada@example.test");
            books.customers.insert("1200".into(), ada);
            books.banks.insert("SEATAC".into());
            books.codes.insert("CCARD".into());
        });
        Self {
            intake: Intake { store: store.clone(), queue: queue.clone(), clock: clock.clone() },
            transform: Transform {
                gateway: paytrace.clone(),
                erp: sage.clone(),
                store: store.clone(),
                queue: queue.clone(),
                clock: clock.clone(),
                merchants: BTreeMap::from([("main".into(), merchant.clone())]),
                setup: SetupCache::default(),
                published: published(clock.clone()),
                advisor: None,
                told: Mutex::default(),
                linger_ms: 2_000,
            },
            post: Post {
                erp: sage.clone(),
                store: store.clone(),
                queue: queue.clone(),
                clock: clock.clone(),
                settings: post_settings(),
                owner: "teller".into(),
                memory: post::Memory::default(),
            },
            poll: Poll {
                gateway: paytrace.clone(),
                store: store.clone(),
                queue: queue.clone(),
                clock: clock.clone(),
                settings: poll::Settings {
                    overlap_hours: 24,
                    first_days: 3,
                    stale_event_ms: 60_000,
                    recheck_held_ms: 60_000,
                },
                memory: poll::Memory::default(),
            },
            weather,
            merchant,
            clock,
            queue,
            store,
            paytrace,
            sage,
        }
    }

    /// The process died: what it remembered, and the messages it had taken, are as if never seen.
    fn starts_again(&mut self) {
        self.queue.give_back();
        self.transform.setup = SetupCache::default();
        self.transform.told = Mutex::default();
        self.post.memory = post::Memory::default();
        self.post.owner.push('i');
        self.poll.memory = poll::Memory::default();
    }

    fn owes(&self, document: &str, minor: i64, due_date: &str) {
        let open = OpenDocument {
            number: document.into(),
            customer: "1200".into(),
            due: usd(minor),
            due_date: due_date.parse().unwrap(),
            order_number: String::new(),
            purchase_order: String::new(),
        };
        self.sage.with(|books| books.documents.insert(document.into(), open));
    }

    /// PayTrace takes the payment and its hint is queued.
    fn pays(&self, transaction: Transaction) {
        let id = transaction.key.transaction.to_string();
        self.paytrace.put(transaction);
        self.hint(&id);
    }

    fn hint(&self, id: &str) {
        let hint = Hint::new(&MerchantId::from("main"), &id.into());
        self.queue.put(QueueName::Hints, hint.body());
    }

    async fn works(&self, id: &str, redecide: bool) -> Result<(), TransformError> {
        let hint = Hint { redecide, ..Hint::new(&MerchantId::from("main"), &id.into()) };
        self.transform.work(&hint).await
    }

    async fn receives(&self, event: &str, body: &str, id: &str) -> Accepted {
        let event = InboxEvent {
            merchant: "main".into(),
            id: event.into(),
            body_hash: body.into(),
            transaction: Some(id.into()),
            source: "test".into(),
            received: self.clock.now(),
        };
        self.intake.accept(&event).await.unwrap()
    }

    /// Works off every hint that is due, without posting. True when all were done.
    async fn takes_in(&self) -> bool {
        let mut all = true;
        while let Some((queue, body)) = self.queue.take() {
            let mut done = true;
            if queue == QueueName::Hints {
                let hint: Hint = serde_json::from_str(&body).unwrap();
                done = self.transform.work(&hint).await.is_ok();
            }
            all &= done;
            self.queue.settle(done, queue, body);
        }
        all
    }

    async fn posts(&self) {
        self.clock.advance_ms(2_000);
        self.post.run(&company()).await.unwrap();
    }

    /// Lets everything work for ten minutes, polling every minute.
    async fn settles(&self) {
        for second in (0..600).step_by(5) {
            if second % 60 == 0 {
                let _ = self.poll.run(&self.merchant).await;
                self.poll.requeue_stale_events().await.unwrap();
                self.poll.recheck_held().await.unwrap();
            }
            self.takes_in().await;
            self.post.run(&company()).await.unwrap();
            self.clock.advance_ms(5_000);
        }
        self.never_twice().await;
    }

    /// Every posted effect is one posted entry of its customer and amount, and the other way round.
    async fn never_twice(&self) {
        let references: Vec<String> = self.sage.with(|books| {
            let entries = books.batches.values().flat_map(|batch| &batch.entries);
            entries.map(|entry| entry.reference.clone()).collect()
        });
        for reference in references {
            let posted = self.sage.with(|books| books.posted(&reference));
            let effect = self.effect(&reference).await;
            let Some(as_posted) = effect.posted.filter(|_| effect.state == EffectState::Posted)
            else {
                assert!(posted.is_empty(), "{reference} is {:?} but {posted:?}", effect.state);
                continue;
            };
            let content = effect.content.unwrap();
            let want = (as_posted.batch.0, content.customer.to_string(), content.amount.minor);
            assert_eq!(posted, [want], "{reference}");
        }
    }

    async fn effects(&self, id: &str) -> Vec<Effect> {
        let key = PaymentKey { merchant: "main".into(), transaction: id.into() };
        let payment = self.store.inner().payment(&key).await.unwrap();
        payment.map(|payment| payment.effects).unwrap_or_default()
    }

    async fn effect(&self, id: &str) -> Effect {
        let mut effects = self.effects(id).await;
        assert_eq!(effects.len(), 1, "{id}: {effects:?}");
        effects.remove(0)
    }

    async fn held_for(&self, id: &str) -> ReasonCode {
        let effect = self.effect(id).await;
        assert_eq!(effect.state, EffectState::Held, "{effect:?}");
        effect.hold.unwrap().reason
    }

    async fn exceptions(&self) -> Vec<ReasonCode> {
        let open = self.store.inner().exceptions(100).await.unwrap();
        open.into_iter().map(|exception| exception.reason).collect()
    }

    async fn is_posted(&self, id: &str) {
        let effect = self.effect(id).await;
        assert_eq!(effect.state, EffectState::Posted, "{effect:?}");
        assert_eq!(self.sage.with(|books| books.posted(id)).len(), 1, "{id}");
    }

    /// No batch with entries is left that is not posted.
    fn is_tidy(&self) {
        for status in [BatchStatus::Open, BatchStatus::ReadyToPost] {
            assert!(self.sage.with(|books| books.in_status(status)).is_empty(), "{status:?}");
        }
    }
}

fn company() -> CompanyId {
    super::company()
}

fn post_settings() -> post::Settings {
    post::Settings {
        linger_ms: 2_000,
        seal_max: 99,
        lease_ms: 60_000,
        limits: Limits { settle_ms: 90_000, base_ms: 1_000, cap_ms: 60_000 },
        alarm_ms: 3_600_000,
        strays_ms: 7 * 86_400_000,
        sweep_ms: 60_000,
        sweep_idle_ms: 600_000,
    }
}
