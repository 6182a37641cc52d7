//! Things to store.

use domain::effect::{
    AppliedLine, Content, Document, Effect, EffectKey, EffectKind, Extra, HeldFor, Hold, PostedAs,
};
use domain::exception::ReasonCode;
use domain::id::{BatchNumber, PaymentKey, TransactionId};
use domain::manifest::{Entry, Group, Manifest};
use domain::money::{Currency, Money};
use jiff::Timestamp;
use jiff::civil::date;
use ledger::store::{EntryOutcome, Guard, Lease};

pub const BATCH: BatchNumber = BatchNumber(7);

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + seconds).unwrap()
}

pub fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::USD)
}

pub fn key(transaction: u32) -> EffectKey {
    let transaction = TransactionId(transaction.to_string());
    let payment = PaymentKey { merchant: "m1".into(), transaction };
    EffectKey { payment, kind: EffectKind::Receipt, ordinal: 1 }
}

/// A receipt of 10.00 on `IN1` of customer `1200`.
pub fn content(transaction: u32) -> Content {
    Content {
        company: "SAMLTD".into(),
        bank: "CCB".to_owned(),
        customer: "1200".into(),
        amount: usd(1_000),
        reference: key(transaction).reference(),
        posting_date: date(2024, 2, 29),
        receipt_date: date(2024, 2, 29),
        payment_code: "VISA".to_owned(),
        description: String::new(),
        document: Document::Receipt {
            lines: vec![AppliedLine { document: "IN1".into(), amount: usd(1_000) }],
        },
        extra: Extra::default(),
    }
}

pub fn ready(transaction: u32) -> Effect {
    Effect::ready(key(transaction), content(transaction), at(i64::from(transaction)))
}

pub fn held(transaction: u32, evidence: &str) -> Effect {
    let what = HeldFor { company: "SAMLTD".into(), amount: usd(1_000) };
    Effect::held(key(transaction), what, hold(evidence), at(i64::from(transaction)))
}

pub fn hold(evidence: &str) -> Hold {
    Hold { reason: ReasonCode::CustomerNotFound, evidence: evidence.to_owned() }
}

pub fn guard(version: u64) -> Guard {
    Guard { company: "SAMLTD".into(), customer: "1200".into(), version }
}

pub fn lease(owner: &str, now: i64) -> Lease {
    Lease { owner: owner.to_owned(), now: at(now), until: at(now + 60) }
}

pub fn manifest(effects: &[Effect]) -> Manifest {
    let entry = |effect: &Effect| {
        let content = effect.content.clone().unwrap();
        Entry { effect: effect.key.clone(), generation: effect.generation, content }
    };
    let group = Group::of(effects[0].content.as_ref().unwrap());
    Manifest::seal(group, effects.iter().map(entry).collect(), at(100)).unwrap()
}

pub fn posted(entry: i64) -> EntryOutcome {
    EntryOutcome::Posted(PostedAs { batch: BATCH, entry, document: format!("PY{entry}") })
}
