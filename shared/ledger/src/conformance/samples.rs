//! Things to store.

use domain::effect::{
    AppliedLine, Content, Document, Effect, EffectKey, EffectKind, Extra, HeldFor, Hold,
};
use domain::exception::ReasonCode;
use domain::id::{PaymentKey, TransactionId};
use domain::manifest::{Entry, Group, Manifest};
use domain::money::{Currency, Money};
use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};

use super::Verdict;
use crate::store::{Guard, InboxEvent, Lease};

/// Seconds after a fixed instant.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH
        .saturating_add(SignedDuration::from_secs(1_700_000_000 + seconds))
        .unwrap_or(Timestamp::MAX)
}

pub(crate) fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::USD)
}

pub(crate) fn event(id: &str, body: &str, received: i64) -> InboxEvent {
    InboxEvent {
        merchant: "m1".into(),
        id: id.into(),
        body_hash: body.to_owned(),
        transaction: Some("100".into()),
        source: "poll".to_owned(),
        received: at(received),
    }
}

pub(crate) fn payment(transaction: u32) -> PaymentKey {
    PaymentKey { merchant: "m1".into(), transaction: TransactionId(transaction.to_string()) }
}

pub(crate) fn key(transaction: u32) -> EffectKey {
    EffectKey { payment: payment(transaction), kind: EffectKind::Receipt, ordinal: 1 }
}

/// A receipt of 10.00 on `IN1` of customer `1200` in `SAMLTD`.
pub(crate) fn content(transaction: u32) -> Content {
    Content {
        company: "SAMLTD".into(),
        bank: "CCB".to_owned(),
        customer: "1200".into(),
        amount: usd(1_000),
        reference: key(transaction).reference(),
        posting_date: day(),
        receipt_date: day(),
        payment_code: "VISA".to_owned(),
        description: format!("Card payment {transaction}"),
        document: Document::Receipt {
            lines: vec![AppliedLine { document: "IN1".into(), amount: usd(1_000) }],
        },
        extra: Extra::default(),
    }
}

/// READY, `transaction` seconds after the fixed instant.
pub(crate) fn ready(transaction: u32) -> Effect {
    Effect::ready(key(transaction), content(transaction), at(i64::from(transaction)))
}

pub(crate) fn held(transaction: u32) -> Effect {
    let what = HeldFor { company: "SAMLTD".into(), amount: usd(1_000) };
    let since = at(i64::from(transaction));
    Effect::held(key(transaction), what, hold("who is it?"), since)
}

pub(crate) fn hold(evidence: &str) -> Hold {
    Hold { reason: ReasonCode::CustomerNotFound, evidence: evidence.to_owned() }
}

pub(crate) fn guard(version: u64) -> Guard {
    Guard { company: "SAMLTD".into(), customer: "1200".into(), version }
}

pub(crate) fn lease(owner: &str, now: i64, until: i64) -> Lease {
    Lease { owner: owner.to_owned(), now: at(now), until: at(until) }
}

pub(crate) fn entry(effect: &Effect) -> Result<Entry, super::Violation> {
    let content = effect.content.clone().ok_or("an effect to be sealed has content")?;
    Ok(Entry { effect: effect.key.clone(), generation: effect.generation, content })
}

/// The manifest of these effects, sealed `now` seconds after the fixed instant.
pub(crate) fn manifest(effects: &[&Effect], now: i64) -> Result<Manifest, super::Violation> {
    let group = Group {
        company: "SAMLTD".into(),
        bank: "CCB".to_owned(),
        currency: Currency::USD,
        posting_date: day(),
    };
    let entries: Result<Vec<Entry>, _> = effects.iter().map(|effect| entry(effect)).collect();
    Ok(Manifest::seal(group, entries?, at(now))?)
}

pub(crate) fn ensure(condition: bool, rule: &str) -> Verdict {
    if condition { Ok(()) } else { Err(rule.into()) }
}

pub(crate) fn same<T: PartialEq + std::fmt::Debug>(found: &T, expected: &T, rule: &str) -> Verdict {
    if found == expected {
        return Ok(());
    }
    Err(super::Violation(format!("{rule}\n  expected {expected:?}\n  found    {found:?}")))
}

fn day() -> Date {
    date(2024, 2, 29)
}
