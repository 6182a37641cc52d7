//! The operations on events, facts and effects, with their conditions.

use std::collections::BTreeMap;

use domain::effect::{Content, Effect, EffectKey, EffectState, Hold};
use domain::fact::Facts;
use domain::id::{CompanyId, CustomerNumber, DocumentNumber, EventId, MerchantId, PaymentKey};
use domain::money::Money;

use super::tables::{Fallible, Seen, Tables};
use crate::store::{
    Arrival, Changed, Decision, Folded, Guard, InboxEvent, Inserted, Payment, Pending, Totals,
    TotalsRow,
};

/// # Errors
/// When a row cannot be read or written.
pub fn insert_inbox(tables: &mut dyn Tables, event: &InboxEvent) -> Fallible<Arrival> {
    let Some(seen) = tables.event(&event.merchant, &event.id)? else {
        tables.add_event(event)?;
        return Ok(Arrival::New);
    };
    let handled = seen.handled;
    let variant = seen.event.body_hash != event.body_hash;
    tables.add_sighting(event, variant)?;
    Ok(if variant { Arrival::Variant { handled } } else { Arrival::Duplicate { handled } })
}

/// # Errors
/// When a row cannot be read or written.
pub fn mark_handled(
    tables: &mut dyn Tables,
    merchant: &MerchantId,
    event: &EventId,
) -> Fallible<()> {
    match tables.event(merchant, event)? {
        Some(Seen { handled: false, .. }) => tables.set_handled(merchant, event),
        Some(_) | None => Ok(()),
    }
}

/// # Errors
/// When a row cannot be read or written.
pub fn fold_facts(
    tables: &mut dyn Tables,
    payment: &PaymentKey,
    stated: &Facts,
) -> Fallible<Folded> {
    let mut facts = tables.facts(payment)?;
    let first = facts.is_empty();
    let mut fresh = Facts::new();
    let mut conflicts = Vec::new();
    for (name, value) in stated {
        match facts.get(name) {
            None => {
                fresh.insert(*name, value.clone());
            }
            Some(stands) if stands.agrees_with(value) => {}
            Some(_) => conflicts.push(*name),
        }
    }
    tables.add_facts(payment, &fresh)?;
    let changed = !fresh.is_empty();
    facts.extend(fresh);
    Ok(Folded { facts, first, changed, conflicts })
}

/// # Errors
/// When a row cannot be read.
pub fn payment(tables: &dyn Tables, key: &PaymentKey) -> Fallible<Option<Payment>> {
    let facts = tables.facts(key)?;
    let effects = tables.effects_of(key)?;
    let known = !facts.is_empty() || !effects.is_empty();
    Ok(known.then(|| Payment { key: key.clone(), facts, effects }))
}

/// # Errors
/// When a row cannot be read or written.
pub fn insert_effect(
    tables: &mut dyn Tables,
    effect: &Effect,
    guard: Option<&Guard>,
) -> Fallible<Inserted> {
    if let Some(stands) = tables.effect(&effect.key)? {
        return Ok(Inserted::Exists(Box::new(stands)));
    }
    if is_stale(tables, guard)? {
        return Ok(Inserted::Stale);
    }
    write_decided(tables, None, effect, guard)?;
    Ok(Inserted::New)
}

/// # Errors
/// When a row cannot be read or written.
pub fn decide_effect(
    tables: &mut dyn Tables,
    key: &EffectKey,
    generation: u32,
    decision: &Decision,
    guard: Option<&Guard>,
) -> Fallible<Changed> {
    let Some(old) = tables.effect(key)? else { return Ok(Changed::Missing) };
    if was_decided(&old, generation, decision) {
        return Ok(Changed::Done);
    }
    let undecided = old.state == EffectState::Held && old.manifest.is_none();
    if !undecided || old.generation != generation {
        return Ok(Changed::Refused(Box::new(old)));
    }
    if is_stale(tables, guard)? {
        return Ok(Changed::Stale);
    }
    write_decided(tables, Some(&old), &decided(&old, decision), guard)?;
    Ok(Changed::Done)
}

/// # Errors
/// When a row cannot be read or written.
pub fn hold_effect(tables: &mut dyn Tables, key: &EffectKey, hold: &Hold) -> Fallible<Changed> {
    let Some(old) = tables.effect(key)? else { return Ok(Changed::Missing) };
    if old.state == EffectState::Held && old.hold.as_ref() == Some(hold) {
        return Ok(Changed::Done);
    }
    if old.state != EffectState::Ready || old.manifest.is_some() {
        return Ok(Changed::Refused(Box::new(old)));
    }
    let new = Effect { state: EffectState::Held, hold: Some(hold.clone()), ..old.clone() };
    replace(tables, &old, &new)?;
    Ok(Changed::Done)
}

/// # Errors
/// When a row cannot be read or written.
pub fn cancel_effect(tables: &mut dyn Tables, key: &EffectKey) -> Fallible<Changed> {
    let Some(old) = tables.effect(key)? else { return Ok(Changed::Missing) };
    let movable = matches!(old.state, EffectState::Ready | EffectState::Held);
    if old.state == EffectState::Cancelled {
        return Ok(Changed::Done);
    }
    if !movable || old.manifest.is_some() {
        return Ok(Changed::Refused(Box::new(old)));
    }
    let new = Effect { state: EffectState::Cancelled, hold: None, ..old.clone() };
    replace(tables, &old, &new)?;
    Ok(Changed::Done)
}

/// # Errors
/// When a row cannot be read, or a document is drawn on in two currencies.
pub fn pending(
    tables: &dyn Tables,
    company: &CompanyId,
    customer: &CustomerNumber,
) -> Fallible<Pending> {
    let mut by_document: BTreeMap<DocumentNumber, Money> = BTreeMap::new();
    for line in tables.live_lines(company, customer)? {
        let sum = match by_document.get(&line.document) {
            Some(sum) => sum.plus(line.amount)?,
            None => line.amount,
        };
        by_document.insert(line.document, sum);
    }
    Ok(Pending { version: tables.version(company, customer)?, by_document })
}

/// # Errors
/// When a row cannot be read.
pub fn totals(tables: &dyn Tables) -> Fallible<Totals> {
    let mut rows = tables.totals()?;
    rows.sort_by(|a, b| {
        let order = |r: &TotalsRow| (r.merchant.clone(), r.state, r.amount.currency);
        order(a).cmp(&order(b))
    });
    Ok(Totals { rows })
}

/// Replaces an effect outside a decision and tells the readers of its customer's documents.
pub(super) fn replace(tables: &mut dyn Tables, old: &Effect, new: &Effect) -> Fallible<()> {
    tables.put_effect(Some(old), new)?;
    match &new.content {
        Some(content) => tables.raise_version(&content.company, &content.customer),
        None => Ok(()),
    }
}

fn write_decided(
    tables: &mut dyn Tables,
    old: Option<&Effect>,
    new: &Effect,
    guard: Option<&Guard>,
) -> Fallible<()> {
    tables.put_effect(old, new)?;
    let guarded = guard.map(|guard| (&guard.company, &guard.customer));
    let own = new.content.as_ref().map(|content| (&content.company, &content.customer));
    if let Some((company, customer)) = guarded {
        tables.raise_version(company, customer)?;
    }
    match own {
        Some((company, customer)) if own != guarded => tables.raise_version(company, customer),
        Some(_) | None => Ok(()),
    }
}

fn is_stale(tables: &dyn Tables, guard: Option<&Guard>) -> Fallible<bool> {
    let Some(guard) = guard else { return Ok(false) };
    Ok(tables.version(&guard.company, &guard.customer)? != guard.version)
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

fn decided(old: &Effect, decision: &Decision) -> Effect {
    let generation = old.generation.saturating_add(1);
    match decision {
        Decision::Ready(content) => ready(old, content, generation),
        Decision::Held(hold) => Effect { generation, hold: Some(hold.clone()), ..old.clone() },
    }
}

fn ready(old: &Effect, content: &Content, generation: u32) -> Effect {
    Effect {
        state: EffectState::Ready,
        company: content.company.clone(),
        content: Some(content.clone()),
        generation,
        hold: None,
        ..old.clone()
    }
}
