//! Facts and effects of payments.

use domain::effect::{Effect, EffectKey, EffectState, Hold};
use domain::fact::{FactName, FactValue, Facts};
use domain::id::PaymentKey;
use ledger::memory::tables::Fallible;
use ledger::store::{Changed, Decision, EffectQuery, Folded, Guard, Inserted, Payment};

use super::account;
use super::effect::{self, effect_of, item_of};
use super::expression::{Change, Condition, Put, Write};
use super::index;
use super::item::{Item, json, text, word};
use super::key::{Key, payment_partition};
use super::table::{Table, Transacted, Written};

const FACT: &str = "fact_";

/// T2. One write, also for what is known already: each fact is set where none stands, and what stood
/// before tells the rest.
pub(super) async fn fold_facts(
    table: &Table,
    payment: &PaymentKey,
    stated: &Facts,
) -> Fallible<Folded> {
    let key = Key::facts(payment);
    let mut change = Change::of(key)
        .set("merchant", text(payment.merchant.as_str()))
        .set("txn", text(payment.transaction.as_str()));
    for (name, value) in stated {
        change = change.set_if_absent(&format!("{FACT}{}", word(name)?), json(value)?);
    }
    match table.change_from(&change).await? {
        Written::Done(before) => Ok(folded(facts_of(&before)?, stated)),
        Written::Refused(_) => Err("a change without a condition was refused".into()),
    }
}

/// Read together with what others want at the moment.
pub(super) async fn facts(table: &Table, payment: &PaymentKey) -> Fallible<Facts> {
    let found = table.get_gathered(&Key::facts(payment)).await?;
    found.as_ref().map_or_else(|| Ok(Facts::new()), facts_of)
}

pub(super) async fn payment(table: &Table, key: &PaymentKey) -> Fallible<Option<Payment>> {
    let items = table.partition(&payment_partition(key)).await?;
    let mut facts = Facts::new();
    let mut effects = Vec::new();
    for item in &items {
        if item.key()?.sk == Key::facts(key).sk {
            facts = facts_of(item)?;
        } else {
            effects.push(effect_of(item)?);
        }
    }
    let known = !facts.is_empty() || !effects.is_empty();
    Ok(known.then(|| Payment { key: key.clone(), facts, effects }))
}

/// T3. The effect with the version of its customer, and the guard.
pub(super) async fn insert(
    table: &Table,
    effect: &Effect,
    guard: Option<&Guard>,
) -> Fallible<Inserted> {
    let put = Put::new(item_of(effect)?, Condition::new_item());
    let others = account::with_decision(effect, guard)?;
    if others.is_empty() {
        return match table.put(&put).await? {
            Written::Done(_) => Ok(Inserted::New),
            Written::Refused(found) => exists(found),
        };
    }
    let mut writes = vec![Write::Put(put)];
    writes.extend(others);
    match table.transact(&writes, None).await? {
        Transacted::Done => Ok(Inserted::New),
        Transacted::Refused(refused) => match refused.into_iter().next().flatten() {
            Some(found) => exists(found),
            None => Ok(Inserted::Stale),
        },
    }
}

pub(super) async fn decide(
    table: &Table,
    key: &EffectKey,
    generation: u32,
    decision: &Decision,
    guard: Option<&Guard>,
) -> Fallible<Changed> {
    let (change, others) = match decision {
        Decision::Ready(content) => {
            let next = generation.saturating_add(1);
            let decided = Effect {
                generation: next,
                ..Effect::ready(key.clone(), (**content).clone(), jiff::Timestamp::UNIX_EPOCH)
            };
            let change = effect::decided_ready(key, generation, content)?;
            (change, account::with_decision(&decided, guard)?)
        }
        Decision::Held(hold) => {
            let others = guard.map(account::guarded).into_iter().collect();
            (effect::decided_held(key, generation, hold)?, others)
        }
    };
    let found = if others.is_empty() {
        match table.change(&change).await? {
            Written::Done(_) => return Ok(Changed::Done),
            Written::Refused(found) => Some(found),
        }
    } else {
        let mut writes = vec![Write::Change(change)];
        writes.extend(others);
        match table.transact(&writes, None).await? {
            Transacted::Done => return Ok(Changed::Done),
            Transacted::Refused(refused) => refused.into_iter().next().flatten(),
        }
    };
    match found {
        None => Ok(Changed::Stale),
        Some(found) => refused(found, |stands| was_decided(stands, generation, decision)),
    }
}

pub(super) async fn hold(table: &Table, key: &EffectKey, hold: &Hold) -> Fallible<Changed> {
    match table.change(&effect::held(key, hold)?).await? {
        Written::Done(_) => Ok(Changed::Done),
        Written::Refused(found) => refused(found, |stands| {
            stands.state == EffectState::Held && stands.hold.as_ref() == Some(hold)
        }),
    }
}

pub(super) async fn cancel(table: &Table, key: &EffectKey) -> Fallible<Changed> {
    match table.change(&effect::cancelled(key)?).await? {
        Written::Done(_) => Ok(Changed::Done),
        Written::Refused(found) => refused(found, |stands| stands.state == EffectState::Cancelled),
    }
}

pub(super) async fn by_state(table: &Table, asked: &EffectQuery) -> Fallible<Vec<Effect>> {
    let mut query = index::by_state(effect::listed(asked.state)?);
    query.filter = asked.company.as_ref().map(|id| ("company", id.as_str().to_owned()));
    index::list(table, &query, asked.limit, |item| {
        let effect = effect_of(&item)?;
        let company = asked.company.as_ref().is_none_or(|company| *company == effect.company);
        Ok((company && effect.state == asked.state).then_some(effect))
    })
    .await
}

fn exists(found: Option<Item>) -> Fallible<Inserted> {
    let found = found.ok_or("an effect is there and cannot be read")?;
    Ok(Inserted::Exists(Box::new(effect_of(&found)?)))
}

/// A refused change is done when the effect shows it.
fn refused(found: Option<Item>, shows: impl Fn(&Effect) -> bool) -> Fallible<Changed> {
    let Some(found) = found else { return Ok(Changed::Missing) };
    let stands = effect_of(&found)?;
    Ok(if shows(&stands) { Changed::Done } else { Changed::Refused(Box::new(stands)) })
}

/// The very decision was written at that generation. One that made the effect READY is not taken
/// for done once the effect is HELD again: another decision may have held it.
fn was_decided(effect: &Effect, generation: u32, decision: &Decision) -> bool {
    effect.generation.checked_sub(1) == Some(generation)
        && match decision {
            Decision::Ready(content) => {
                effect.state != EffectState::Held && effect.content.as_ref() == Some(content)
            }
            Decision::Held(hold) => {
                effect.state == EffectState::Held && effect.hold.as_ref() == Some(hold)
            }
        }
}

fn facts_of(item: &Item) -> Fallible<Facts> {
    let mut facts = Facts::new();
    for attribute in item.names() {
        let Some(name) = attribute.strip_prefix(FACT) else { continue };
        let name: FactName = serde_json::from_value(serde_json::Value::from(name))?;
        if let Some(value) = item.json::<FactValue>(attribute)? {
            facts.insert(name, value);
        }
    }
    Ok(facts)
}

fn folded(before: Facts, stated: &Facts) -> Folded {
    let conflicts = stated
        .iter()
        .filter(|(name, value)| before.get(name).is_some_and(|stands| !stands.agrees_with(value)));
    let conflicts = conflicts.map(|(name, _)| *name).collect();
    let changed = stated.keys().any(|name| !before.contains_key(name));
    let first = before.is_empty();
    let mut facts = stated.clone();
    facts.extend(before);
    Folded { facts, first, changed, conflicts }
}
