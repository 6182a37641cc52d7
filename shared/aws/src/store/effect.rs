//! An effect as an item, and the changes of state it goes through.

use domain::effect::{Content, Effect, EffectKey, EffectKind, EffectState, Hold, PostedAs};
use domain::id::{CompanyId, ManifestId, MerchantId, PaymentKey, TransactionId};
use jiff::Timestamp;
use ledger::memory::tables::Fallible;

use super::expression::{Change, Condition};
use super::index::{STATE, STATE_SORT};
use super::item::{Item, json, number, text, time, word};
use super::key::{self, Key};

/// The partition of the index that lists effects of a state.
pub(super) fn listed(state: EffectState) -> Fallible<String> {
    Ok(format!("EFF#{}", word(&state)?))
}

pub(super) fn item_of(effect: &Effect) -> Fallible<Item> {
    let EffectKey { payment, kind, ordinal } = &effect.key;
    let ordinal_text = format!("{ordinal:010}");
    let names = [
        payment.merchant.as_str(),
        payment.transaction.as_str(),
        key::kind(*kind),
        ordinal_text.as_str(),
    ];
    Ok(Item::at(&Key::effect(&effect.key))
        .with("merchant", text(payment.merchant.as_str()))
        .with("txn", text(payment.transaction.as_str()))
        .with("kind", text(key::kind(*kind)))
        .with("ordinal", number(ordinal))
        .with("st", text(&word(&effect.state)?))
        .with("minor", number(effect.amount.minor))
        .with("ccy", text(effect.amount.currency.code()))
        .with("company", text(effect.company.as_str()))
        .with_some("content", effect.content.as_ref().map(json).transpose()?)
        .with_some("man", effect.manifest.as_ref().map(|id| text(id.as_str())))
        .with("gen", number(effect.generation))
        .with("seal_max", number(effect.seal_max))
        .with_some("hold", effect.hold.as_ref().map(json).transpose()?)
        .with_some("posted", effect.posted.as_ref().map(json).transpose()?)
        .with("since", time(effect.since))
        .with_some("posted_at", effect.posted_at.map(time))
        .with(STATE, text(&listed(effect.state)?))
        .with(STATE_SORT, text(&key::by_time(effect.since, &names))))
}

pub(super) fn effect_of(item: &Item) -> Fallible<Effect> {
    let payment = PaymentKey {
        merchant: MerchantId(item.text("merchant")?),
        transaction: TransactionId(item.text("txn")?),
    };
    let kind: EffectKind = item.word("kind")?;
    Ok(Effect {
        key: EffectKey { payment, kind, ordinal: item.number("ordinal")? },
        state: item.word("st")?,
        amount: item.money("minor", "ccy")?,
        company: CompanyId(item.text("company")?),
        content: item.json::<Content>("content")?,
        manifest: item.optional_text("man")?.map(ManifestId),
        generation: item.number("gen")?,
        seal_max: item.number("seal_max")?,
        hold: item.json::<Hold>("hold")?,
        posted: item.json::<PostedAs>("posted")?,
        since: item.time("since")?,
        posted_at: item.optional_time("posted_at")?,
    })
}

/// To another state, and to its list.
fn moved(key: &EffectKey, to: EffectState) -> Fallible<Change> {
    let change = Change::of(Key::effect(key)).set("st", text(&word(&to)?));
    Ok(change.set(STATE, text(&listed(to)?)))
}

fn is(state: EffectState) -> Fallible<Condition> {
    Ok(Condition::is("st", text(&word(&state)?)))
}

/// READY to HELD: IF READY and no manifest.
pub(super) fn held(key: &EffectKey, hold: &Hold) -> Fallible<Change> {
    let change = moved(key, EffectState::Held)?.set("hold", json(hold)?);
    Ok(change.require(is(EffectState::Ready)?).require(Condition::absent("man")))
}

/// CANCELLED: IF READY or HELD and no manifest.
pub(super) fn cancelled(key: &EffectKey) -> Fallible<Change> {
    let from = [text(&word(&EffectState::Ready)?), text(&word(&EffectState::Held)?)];
    let change = moved(key, EffectState::Cancelled)?.remove("hold");
    let change = change.require(Condition::OneOf("st".to_owned(), from.to_vec()));
    Ok(change.require(Condition::absent("man")))
}

/// IF HELD, no manifest, and at that generation.
fn decided(key: &EffectKey, to: EffectState, generation: u32) -> Fallible<Change> {
    let change = moved(key, to)?.add_one("gen").require(is(EffectState::Held)?);
    let change = change.require(Condition::absent("man"));
    Ok(change.require(Condition::is("gen", number(generation))))
}

/// HELD to READY with its content.
pub(super) fn decided_ready(
    key: &EffectKey,
    generation: u32,
    content: &Content,
) -> Fallible<Change> {
    let change = decided(key, EffectState::Ready, generation)?.remove("hold");
    let change = change.set("content", json(content)?);
    Ok(change.set("company", text(content.company.as_str())))
}

/// Still HELD, for another reason.
pub(super) fn decided_held(key: &EffectKey, generation: u32, hold: &Hold) -> Fallible<Change> {
    Ok(decided(key, EffectState::Held, generation)?.set("hold", json(hold)?))
}

/// READY to ASSIGNED: IF no manifest, and at that generation.
pub(super) fn sealed(key: &EffectKey, generation: u32, into: &ManifestId) -> Fallible<Change> {
    let change = moved(key, EffectState::Assigned)?.set("man", text(into.as_str()));
    let change = change.require(is(EffectState::Ready)?).require(Condition::absent("man"));
    Ok(change.require(Condition::is("gen", number(generation))))
}

/// ASSIGNED to this manifest.
fn from_manifest(change: Change, id: &ManifestId) -> Fallible<Change> {
    let change = change.require(is(EffectState::Assigned)?);
    Ok(change.require(Condition::is("man", text(id.as_str()))))
}

pub(super) fn posted(
    key: &EffectKey,
    id: &ManifestId,
    posted: &PostedAs,
    now: Timestamp,
) -> Fallible<Change> {
    let change = moved(key, EffectState::Posted)?.set("posted", json(posted)?);
    from_manifest(change.set("posted_at", time(now)), id)
}

/// Given back by its manifest to be sealed again.
pub(super) fn released_ready(key: &EffectKey, id: &ManifestId, seal_max: u32) -> Fallible<Change> {
    let change = moved(key, EffectState::Ready)?.set("seal_max", number(seal_max));
    from_manifest(change.remove("man").add_one("gen"), id)
}

/// Given back by its manifest for a person.
pub(super) fn released_held(key: &EffectKey, id: &ManifestId, hold: &Hold) -> Fallible<Change> {
    let change = moved(key, EffectState::Held)?.set("hold", json(hold)?);
    from_manifest(change.remove("man").add_one("gen"), id)
}

#[cfg(test)]
mod tests {
    use domain::effect::{AppliedLine, Content, Document, Effect, EffectKey, EffectKind};
    use domain::effect::{EffectState, Extra, Hold, PostedAs};
    use domain::exception::ReasonCode;
    use domain::id::{BatchNumber, PaymentKey};
    use domain::money::{Currency, Money};
    use jiff::Timestamp;
    use jiff::civil::date;

    use super::{effect_of, item_of};

    #[test]
    fn every_field_comes_back() {
        let amount = Money::new(9_007_199_254_740_993, Currency::CAD);
        let payment = PaymentKey { merchant: "m#1".into(), transaction: "9".into() };
        let key = EffectKey { payment, kind: EffectKind::Refund, ordinal: 2 };
        let line = AppliedLine { document: "IN1".into(), amount };
        let content = Content {
            company: "SAMLTD".into(),
            bank: "CCB".to_owned(),
            customer: "1200".into(),
            amount,
            reference: key.reference(),
            posting_date: date(2024, 2, 29),
            receipt_date: date(2024, 2, 28),
            payment_code: "VISA".to_owned(),
            description: String::new(),
            document: Document::Receipt { lines: vec![line] },
            extra: Extra::default(),
        };
        let since = Timestamp::from_nanosecond(1_700_000_000_000_000_001).unwrap();
        let bare = Effect::ready(key, content, since);
        let full = Effect {
            state: EffectState::Posted,
            manifest: Some("abc".into()),
            generation: 7,
            seal_max: 3,
            hold: Some(Hold { reason: ReasonCode::SageRefused, evidence: "\"no\"".to_owned() }),
            posted: Some(PostedAs { batch: BatchNumber(4), entry: 5, document: "PY1".to_owned() }),
            posted_at: Some(Timestamp::MAX),
            ..bare.clone()
        };
        let empty = Effect { content: None, state: EffectState::Held, ..bare.clone() };
        for effect in [bare, full, empty] {
            assert_eq!(effect_of(&item_of(&effect).unwrap()).unwrap(), effect);
        }
    }
}
