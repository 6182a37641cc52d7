//! Effects, their guards, and what they draw down.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::effect::{Effect, EffectKey, EffectState};
use domain::id::DocumentNumber;

use super::samples::{
    content, ensure, guard, held, hold, key, manifest, payment, ready, same, usd,
};
use super::{Verdict, Violation};
use crate::store::{Changed, Decision, EffectQuery, Guard, Inserted, Pending, Store};

pub(super) async fn suite<M: AsyncFn() -> Arc<dyn Store>>(make: &M) -> Verdict {
    inserting(&*make().await).await?;
    guarding(&*make().await).await?;
    deciding(&*make().await).await?;
    deciding_otherwise(&*make().await).await?;
    deciding_stale(&*make().await).await?;
    holding(&*make().await).await?;
    cancelling(&*make().await).await?;
    drawing(&*make().await).await?;
    listing(&*make().await).await?;
    totalling(&*make().await).await
}

/// The effect as stored.
pub(super) async fn stored(store: &dyn Store, transaction: u32) -> Result<Effect, Violation> {
    let found = store.payment(&payment(transaction)).await?;
    let mut effects = found.map(|payment| payment.effects).unwrap_or_default();
    effects.pop().ok_or_else(|| Violation(format!("effect {transaction} disappeared")))
}

pub(super) async fn drawn(store: &dyn Store) -> Result<Pending, Violation> {
    Ok(store.pending(&"SAMLTD".into(), &"1200".into()).await?)
}

async fn inserting(store: &dyn Store) -> Verdict {
    same(&store.insert_effect(&ready(1), None).await?, &Inserted::New, "an absent effect is put")?;
    let exists = Inserted::Exists(Box::new(ready(1)));
    same(&store.insert_effect(&ready(1), None).await?, &exists, "a key is put once")?;
    let mut other = ready(1);
    other.amount = usd(5);
    same(&store.insert_effect(&other, None).await?, &exists, "the stored effect is answered")?;
    same(&stored(store, 1).await?, &ready(1), "and unchanged")?;
    let second = EffectKey { ordinal: 2, ..key(1) };
    let second = Effect { key: second, ..ready(1) };
    same(&store.insert_effect(&second, None).await?, &Inserted::New, "ordinals are keys")?;
    let found = store.payment(&payment(1)).await?.map(|payment| payment.effects);
    same(&found, &Some(vec![ready(1), second]), "effects come in the order of their keys")
}

async fn guarding(store: &dyn Store) -> Verdict {
    let version = drawn(store).await?.version;
    let inserted = store.insert_effect(&ready(1), Some(&guard(version))).await?;
    same(&inserted, &Inserted::New, "a current guard holds")?;
    let raised = drawn(store).await?.version;
    ensure(raised != version, "a guarded insert raises the version")?;
    let inserted = store.insert_effect(&ready(2), Some(&guard(version))).await?;
    same(&inserted, &Inserted::Stale, "an old guard fails")?;
    same(&store.payment(&payment(2)).await?, &None, "nothing is written with a failed guard")?;
    same(&drawn(store).await?.version, &raised, "a failed guard raises nothing")?;
    let inserted = store.insert_effect(&ready(1), Some(&guard(version))).await?;
    let exists = Inserted::Exists(Box::new(ready(1)));
    same(&inserted, &exists, "an effect that is there is answered whatever the guard")?;
    let inserted = store.insert_effect(&ready(2), Some(&guard(raised))).await?;
    same(&inserted, &Inserted::New, "the version read anew holds")?;

    let before = drawn(store).await?.version;
    store.insert_effect(&ready(3), None).await?;
    let unguarded = drawn(store).await?.version;
    ensure(unguarded != before, "an insert without a guard raises the version")?;
    let other = Guard { customer: "1300".into(), ..guard(0) };
    let elsewhere = store.pending(&other.company, &other.customer).await?.version;
    store.insert_effect(&ready(4), Some(&Guard { version: elsewhere, ..other.clone() })).await?;
    let raised = store.pending(&other.company, &other.customer).await?.version;
    ensure(raised != elsewhere, "the version guarded is raised")?;
    ensure(drawn(store).await?.version != unguarded, "and that of the effect's own customer")
}

async fn deciding(store: &dyn Store) -> Verdict {
    let key = key(1);
    let decision = Decision::Ready(Box::new(content(1)));
    let missing = store.decide_effect(&key, 1, &decision, None).await?;
    same(&missing, &Changed::Missing, "a missing effect is missing")?;
    store.insert_effect(&held(1), None).await?;
    let refused = store.decide_effect(&key, 2, &decision, None).await?;
    same(&refused, &Changed::Refused(Box::new(held(1))), "another generation is refused")?;

    let still = Decision::Held(hold("two of them"));
    for pass in ["a decision at the generation", "its repeat"] {
        let changed = store.decide_effect(&key, 1, &still, None).await?;
        same(&changed, &Changed::Done, pass)?;
        let effect = stored(store, 1).await?;
        same(&effect.generation, &2, "the generation is raised once")?;
        same(&effect.hold, &Some(hold("two of them")), "the new reason stands")?;
        same(&effect.state, &EffectState::Held, "it is still HELD")?;
    }
    let late = store.decide_effect(&key, 1, &decision, None).await?;
    ensure(
        matches!(late, Changed::Refused(_)),
        "another decision at a past generation is refused",
    )?;

    for pass in ["HELD to READY", "its repeat"] {
        let changed = store.decide_effect(&key, 2, &decision, None).await?;
        same(&changed, &Changed::Done, pass)?;
        let effect = stored(store, 1).await?;
        let expected = Effect { generation: 3, ..ready(1) };
        same(&effect, &expected, "READY with the content, the hold gone, one generation on")?;
    }
    let again = store.decide_effect(&key, 3, &still, None).await?;
    ensure(matches!(again, Changed::Refused(_)), "a READY effect is not decided")?;
    let effect = stored(store, 1).await?;
    store.seal_manifest(&manifest(&[&effect], 5)?).await?;
    let changed = store.decide_effect(&key, 2, &decision, None).await?;
    same(&changed, &Changed::Done, "the repeat after the seal is done as well")?;
    same(&stored(store, 1).await?.state, &EffectState::Assigned, "and changes nothing")
}

async fn deciding_otherwise(store: &dyn Store) -> Verdict {
    let elsewhere = Effect { company: "OTHER".into(), ..held(1) };
    store.insert_effect(&elsewhere, None).await?;
    store.decide_effect(&key(1), 1, &Decision::Held(hold("one reason")), None).await?;
    let other = Decision::Held(hold("another reason"));
    let refused = store.decide_effect(&key(1), 1, &other, None).await?;
    ensure(matches!(refused, Changed::Refused(_)), "another reason is another decision")?;
    same(&stored(store, 1).await?.hold, &Some(hold("one reason")), "the first one stands")?;

    let version = drawn(store).await?.version;
    store.decide_effect(&key(1), 2, &Decision::Ready(Box::new(content(1))), None).await?;
    let expected = Effect { generation: 3, ..ready(1) };
    same(&stored(store, 1).await?, &expected, "it is of the company of its content")?;
    ensure(drawn(store).await?.version != version, "a decision raises the version unguarded")?;
    let refused =
        store.decide_effect(&key(1), 2, &Decision::Ready(Box::new(content(2))), None).await?;
    ensure(matches!(refused, Changed::Refused(_)), "another content is another decision")?;
    same(&stored(store, 1).await?, &expected, "the first one stands")
}

async fn deciding_stale(store: &dyn Store) -> Verdict {
    store.insert_effect(&held(1), None).await?;
    let version = drawn(store).await?.version;
    store.insert_effect(&ready(2), Some(&guard(version))).await?;
    let decision = Decision::Ready(Box::new(content(1)));
    let stale = store.decide_effect(&key(1), 1, &decision, Some(&guard(version))).await?;
    same(&stale, &Changed::Stale, "a decision on old books is stale")?;
    same(&stored(store, 1).await?, &held(1), "and changes nothing")?;
    let current = drawn(store).await?.version;
    let done = store.decide_effect(&key(1), 1, &decision, Some(&guard(current))).await?;
    same(&done, &Changed::Done, "a decision on current books is made")?;
    ensure(drawn(store).await?.version != current, "a guarded decision raises the version")?;
    let done = store.decide_effect(&key(1), 1, &decision, Some(&guard(current))).await?;
    same(&done, &Changed::Done, "its repeat is done though the version moved")
}

async fn holding(store: &dyn Store) -> Verdict {
    let reason = hold("wait");
    let missing = store.hold_effect(&key(1), &reason).await?;
    same(&missing, &Changed::Missing, "a missing effect is not held")?;
    store.insert_effect(&ready(1), None).await?;
    for pass in ["READY is held", "its repeat"] {
        same(&store.hold_effect(&key(1), &reason).await?, &Changed::Done, pass)?;
        let expected = Effect { state: EffectState::Held, hold: Some(reason.clone()), ..ready(1) };
        same(&stored(store, 1).await?, &expected, "HELD with the reason, else unchanged")?;
    }
    let other = store.hold_effect(&key(1), &hold("other")).await?;
    ensure(matches!(other, Changed::Refused(_)), "a HELD effect is not held for another reason")?;
    store.insert_effect(&ready(2), None).await?;
    store.seal_manifest(&manifest(&[&ready(2)], 5)?).await?;
    let sealed = store.hold_effect(&key(2), &reason).await?;
    let effect = stored(store, 2).await?;
    same(&sealed, &Changed::Refused(Box::new(effect)), "an ASSIGNED effect is not held")
}

async fn cancelling(store: &dyn Store) -> Verdict {
    let missing = store.cancel_effect(&key(1)).await?;
    same(&missing, &Changed::Missing, "a missing effect is not cancelled")?;
    store.insert_effect(&ready(1), None).await?;
    store.insert_effect(&held(2), None).await?;
    for transaction in [1, 2] {
        for pass in ["READY or HELD is cancelled", "its repeat"] {
            same(&store.cancel_effect(&key(transaction)).await?, &Changed::Done, pass)?;
            let effect = stored(store, transaction).await?;
            same(&effect.state, &EffectState::Cancelled, "CANCELLED")?;
            same(&effect.hold, &None, "and not held any more")?;
        }
    }
    let late = store.hold_effect(&key(1), &hold("late")).await?;
    ensure(matches!(late, Changed::Refused(_)), "a CANCELLED effect is not held")?;
    let late =
        store.decide_effect(&key(2), 1, &Decision::Ready(Box::new(content(2))), None).await?;
    ensure(matches!(late, Changed::Refused(_)), "a CANCELLED effect is not decided")?;
    store.insert_effect(&ready(3), None).await?;
    store.seal_manifest(&manifest(&[&ready(3)], 5)?).await?;
    let sealed = store.cancel_effect(&key(3)).await?;
    let effect = stored(store, 3).await?;
    same(&sealed, &Changed::Refused(Box::new(effect)), "an ASSIGNED effect is not cancelled")
}

async fn drawing(store: &dyn Store) -> Verdict {
    let nothing = BTreeMap::new();
    let once = BTreeMap::from([(DocumentNumber::from("IN1"), usd(1_000))]);
    let twice = BTreeMap::from([(DocumentNumber::from("IN1"), usd(2_000))]);
    same(&drawn(store).await?.by_document, &nothing, "nothing draws on a new customer")?;
    store.insert_effect(&ready(1), None).await?;
    store.insert_effect(&ready(2), None).await?;
    store.insert_effect(&held(3), None).await?;
    let mut foreign = ready(4);
    if let Some(content) = &mut foreign.content {
        content.customer = "1300".into();
    }
    store.insert_effect(&foreign, None).await?;
    same(&drawn(store).await?.by_document, &twice, "READY effects of the customer draw down")?;
    store.seal_manifest(&manifest(&[&ready(1)], 5)?).await?;
    same(&drawn(store).await?.by_document, &twice, "ASSIGNED effects still do")?;
    let before = drawn(store).await?.version;
    store.cancel_effect(&key(2)).await?;
    let after = drawn(store).await?;
    same(&after.by_document, &once, "CANCELLED ones do not")?;
    ensure(after.version >= before, "versions never go back")?;
    store.decide_effect(&key(3), 1, &Decision::Ready(Box::new(content(3))), None).await?;
    same(&drawn(store).await?.by_document, &twice, "a decided one does")?;
    store.hold_effect(&key(3), &hold("wait")).await?;
    same(&drawn(store).await?.by_document, &once, "a held one does not")
}

async fn listing(store: &dyn Store) -> Verdict {
    let mut foreign = ready(2);
    foreign.company = "OTHER".into();
    for effect in [&ready(5), &ready(1), &foreign, &held(3), &ready(4)] {
        store.insert_effect(effect, None).await?;
    }
    let ours = list(store, Some("SAMLTD"), EffectState::Ready, 10).await?;
    same(&ours, &vec![key(1), key(4), key(5)], "READY of the company, oldest first")?;
    let oldest = list(store, Some("SAMLTD"), EffectState::Ready, 2).await?;
    same(&oldest, &vec![key(1), key(4)], "the limit keeps the oldest")?;
    let all = list(store, None, EffectState::Ready, 10).await?;
    same(&all, &vec![key(1), key(2), key(4), key(5)], "READY of all companies, oldest first")?;
    store.cancel_effect(&key(4)).await?;
    store.seal_manifest(&manifest(&[&ready(1)], 5)?).await?;
    let left = list(store, Some("SAMLTD"), EffectState::Ready, 10).await?;
    same(&left, &vec![key(5)], "an effect is listed in its state only")?;
    let sealed = list(store, Some("SAMLTD"), EffectState::Assigned, 10).await?;
    same(&sealed, &vec![key(1)], "ASSIGNED is a state to list")?;
    let waiting = list(store, None, EffectState::Held, 10).await?;
    same(&waiting, &vec![key(3)], "HELD is a state to list")
}

async fn totalling(store: &dyn Store) -> Verdict {
    ensure(store.totals().await?.rows.is_empty(), "an empty store has no totals")?;
    for effect in [&ready(1), &ready(2), &held(3)] {
        store.insert_effect(effect, None).await?;
    }
    store.insert_effect(&ready(1), None).await?;
    store.cancel_effect(&key(1)).await?;
    store.decide_effect(&key(3), 1, &Decision::Ready(Box::new(content(3))), None).await?;
    let rows = store.totals().await?.rows;
    let found: Vec<_> = rows.iter().map(|row| (row.state, row.count, row.amount)).collect();
    let expected =
        vec![(EffectState::Ready, 2, usd(2_000)), (EffectState::Cancelled, 1, usd(1_000))];
    same(&found, &expected, "each effect is counted once, in its state")
}

async fn list(
    store: &dyn Store,
    company: Option<&str>,
    state: EffectState,
    limit: usize,
) -> Result<Vec<EffectKey>, Violation> {
    let query = EffectQuery { company: company.map(Into::into), state, limit };
    let effects = store.effects_by_state(&query).await?;
    Ok(effects.into_iter().map(|effect| effect.key).collect())
}
