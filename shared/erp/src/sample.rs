//! Values for tests.

use domain::effect::{Content, Document, EffectKey, EffectKind, Extra};
use domain::id::PaymentKey;
use domain::manifest::{Entry, Group, Manifest};
use domain::money::{Currency, Money};
use jiff::Timestamp;

pub fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::USD)
}

pub fn content(document: Document) -> Content {
    Content {
        company: "SAMLTD".into(),
        bank: "SEATAC".into(),
        customer: "1200".into(),
        amount: usd(12550),
        reference: "9000001".into(),
        posting_date: "2026-03-02".parse().unwrap(),
        receipt_date: "2026-03-01".parse().unwrap(),
        payment_code: "CCARD".into(),
        description: "Card payment".into(),
        document,
        extra: Extra::default(),
    }
}

/// Sealed from these contents, which share one group (that of the first).
pub fn manifest(contents: Vec<Content>) -> Manifest {
    let group =
        contents.first().map_or_else(|| Group::of(&content(Document::UnappliedCash)), Group::of);
    let entries = contents.into_iter().map(entry).collect();
    Manifest::seal(group, entries, Timestamp::UNIX_EPOCH).unwrap()
}

fn entry(content: Content) -> Entry {
    let transaction = content.reference.as_str().into();
    let payment = PaymentKey { merchant: "main".into(), transaction };
    let effect = EffectKey { payment, kind: EffectKind::Receipt, ordinal: 1 };
    Entry { effect, generation: 1, content }
}
