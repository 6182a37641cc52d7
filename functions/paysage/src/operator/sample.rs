//! A store with things in it.

use std::sync::Arc;

use domain::effect::{
    AppliedLine, Content, Document, Effect, EffectKey, EffectKind, Extra, HeldFor, Hold, PostedAs,
};
use domain::exception::{Exception, ReasonCode};
use domain::fact::{FactName, FactValue, Facts};
use domain::id::{BatchNumber, ManifestId, PaymentKey, TransactionId};
use domain::manifest::{Entry, Group, Manifest};
use domain::money::{Currency, Money};
use embedded::Embedded;
use engine::port::Clock;
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use ledger::store::{EntryOutcome, InboxEvent, Inserted, Lease, Leased, Sealed, Store, Transition};

use super::desk::Desk;

pub(super) struct Books {
    pub desk: Desk,
}

/// What the store's clock shows, in seconds after the fixed instant.
pub(super) const NOW: i64 = 3_600;

struct Now;

impl Clock for Now {
    fn now(&self) -> Timestamp {
        at(NOW)
    }
}

pub(super) fn at(seconds: i64) -> Timestamp {
    let start: Timestamp = "2026-03-02T12:00:00Z".parse().unwrap();
    start + SignedDuration::from_secs(seconds)
}

pub(super) fn key(transaction: u32) -> EffectKey {
    let transaction = TransactionId(transaction.to_string());
    let payment = PaymentKey { merchant: "main".into(), transaction };
    EffectKey { payment, kind: EffectKind::Receipt, ordinal: 1 }
}

pub(super) fn held(transaction: u32) -> Effect {
    let hold = Hold { reason: ReasonCode::CustomerNotFound, evidence: "who is it?".to_owned() };
    Effect::held(key(transaction), held_for(), hold, at(20))
}

fn held_for() -> HeldFor {
    HeldFor { company: "SAMLTD".into(), amount: usd(1_000) }
}

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::USD)
}

/// A receipt of 10.00 on `IN1` of customer `1200`.
pub(super) fn content(transaction: u32) -> Content {
    Content {
        company: "SAMLTD".into(),
        bank: "SEATAC".to_owned(),
        customer: "1200".into(),
        amount: usd(1_000),
        reference: key(transaction).reference(),
        posting_date: date(2026, 3, 2),
        receipt_date: date(2026, 3, 2),
        payment_code: "CCARD".to_owned(),
        description: format!("Card payment {transaction}"),
        document: Document::Receipt {
            lines: vec![AppliedLine { document: "IN1".into(), amount: usd(1_000) }],
        },
        extra: Extra::default(),
    }
}

impl Books {
    pub fn empty() -> Self {
        let embedded = Embedded::in_memory(Arc::new(Now)).unwrap();
        let merchants = vec!["main".into(), "other".into()];
        Self { desk: Desk::over(embedded, Arc::new(Now), merchants) }
    }

    pub fn store(&self) -> &dyn Store {
        &*self.desk.store
    }

    pub async fn event(&self, merchant: &str, id: &str, transaction: u32) {
        let event = InboxEvent {
            merchant: merchant.into(),
            id: id.into(),
            body_hash: "a".to_owned(),
            transaction: Some(TransactionId(transaction.to_string())),
            source: "standard_webhooks".to_owned(),
            received: at(0),
        };
        self.store().insert_inbox(&event).await.unwrap();
    }

    pub async fn captured(&self, transaction: u32) {
        let value = FactValue { amount: usd(1_000), detail: String::new(), at: at(10) };
        let facts = Facts::from([(FactName::Captured, value)]);
        self.store().fold_facts(&key(transaction).payment, &facts).await.unwrap();
    }

    pub async fn ready(&self, transaction: u32) {
        self.insert(&Effect::ready(key(transaction), content(transaction), at(20))).await;
    }

    pub async fn held(&self, transaction: u32) {
        self.insert(&held(transaction)).await;
    }

    pub async fn held_for(&self, transaction: u32, reason: ReasonCode, evidence: &str) {
        let hold = Hold { reason, evidence: evidence.to_owned() };
        self.insert(&Effect { hold: Some(hold), ..held(transaction) }).await;
    }

    pub async fn refund_by_hand(&self, transaction: u32) {
        let hold = Hold { reason: ReasonCode::RefundByHand, evidence: "refund".to_owned() };
        let refund = EffectKey { kind: EffectKind::Refund, ..key(transaction) };
        self.insert(&Effect::held(refund, held_for(), hold, at(25))).await;
    }

    pub async fn exception(&self, transaction: u32) {
        let subject = key(transaction).payment.to_string();
        let reason = ReasonCode::FactChanged;
        let exception = Exception::new(reason, &subject, "changed: [Captured]", at(60));
        assert!(self.store().raise(&exception).await.unwrap());
    }

    /// Sealed, and its batch chosen.
    pub async fn assigned(&self, transaction: u32, batch: i64) -> ManifestId {
        let content = content(transaction);
        let group = Group::of(&content);
        let entry = Entry { effect: key(transaction), generation: 1, content };
        let manifest = Manifest::seal(group, vec![entry], at(30)).unwrap();
        assert_eq!(self.store().seal_manifest(&manifest).await.unwrap(), Sealed::Stored);
        let lease = Lease { owner: "w".to_owned(), now: at(31), until: at(90) };
        let leased = self.store().acquire_lease(&manifest.id, &lease).await.unwrap();
        assert!(matches!(leased, Leased::Ours(_)));
        holds(self.store().record_attempt(&manifest.id, 1, at(32), at(99)).await.unwrap());
        holds(self.store().commit_batch(&manifest.id, BatchNumber(batch)).await.unwrap());
        manifest.id
    }

    pub async fn posted(&self, transaction: u32, batch: i64) {
        let id = self.assigned(transaction, batch).await;
        let batch = BatchNumber(batch);
        holds(self.store().mark_frozen(&id, batch).await.unwrap());
        holds(self.store().mark_posting(&id, batch, at(40)).await.unwrap());
        let document = format!("PY{transaction}");
        let outcome = EntryOutcome::Posted(PostedAs { batch, entry: 1, document });
        holds(self.store().finish_manifest(&id, batch, &[outcome], at(50)).await.unwrap());
    }

    pub async fn effect(&self, transaction: u32) -> Effect {
        let key = key(transaction);
        let payment = self.store().payment(&key.payment).await.unwrap().unwrap();
        payment.effects.into_iter().find(|effect| effect.key == key).unwrap()
    }

    async fn insert(&self, effect: &Effect) {
        assert_eq!(self.store().insert_effect(effect, None).await.unwrap(), Inserted::New);
    }
}

fn holds(transition: Transition) {
    assert!(transition.holds, "{transition:?}");
}
