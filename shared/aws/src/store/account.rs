//! What is already drawn from a customer's documents, and the version that guards decisions on it.
//!
//! One item per customer carries the version and the keys of the effects that may draw, each with
//! the generation it became READY at. It is written in the transaction that decides an effect, so a
//! reading of it is a whole reading: whatever is decided later raises the version. Effects that no
//! longer draw are left in it until a reader finds some; sealing and finishing thus need not touch
//! it, and 99 effects still fit one transaction with their manifest.

use std::collections::BTreeMap;

use domain::effect::{Content, Effect, EffectKey};
use domain::id::{CompanyId, CustomerNumber, DocumentNumber};
use domain::money::Money;
use ledger::memory::tables::{Fallible, is_live};
use ledger::store::{Guard, Pending};

use super::effect::effect_of;
use super::expression::{Change, Condition, Write};
use super::item::{number, set_of};
use super::key::Key;
use super::table::{TRIES_MAX, Table};

/// Members found no longer to draw before they are taken out.
const SPENT_MIN: usize = 8;

pub(super) async fn pending(
    table: &Table,
    company: &CompanyId,
    customer: &CustomerNumber,
) -> Fallible<Pending> {
    let key = Key::account(company, customer);
    let Some(account) = table.get_gathered(&key).await? else {
        return Ok(Pending { version: 0, by_document: BTreeMap::new() });
    };
    let version = account.optional_number("v")?.unwrap_or_default();
    let mut members = Members::default();
    for member in account.texts("live")? {
        members.add(member)?;
    }
    let mut by_document: BTreeMap<DocumentNumber, Money> = BTreeMap::new();
    for effect in members.effects(table).await? {
        let Some(content) = drawing(&effect, company, customer) else { continue };
        members.0.remove(&effect.key);
        for line in content.lines() {
            let sum = match by_document.get(&line.document) {
                Some(sum) => sum.plus(line.amount)?,
                None => line.amount,
            };
            by_document.insert(line.document.clone(), sum);
        }
    }
    let spent = members.0.into_values().flat_map(|member| member.texts);
    take_out(table, key, spent.collect()).await;
    Ok(Pending { version, by_document })
}

/// The effects an account names, each with the highest generation it is named at.
#[derive(Default)]
struct Members(BTreeMap<EffectKey, Member>);

#[derive(Default)]
struct Member {
    generation: u32,
    texts: Vec<String>,
}

impl Members {
    fn add(&mut self, text: String) -> Fallible<()> {
        let (generation, effect): (u32, EffectKey) = serde_json::from_str(&text)?;
        let member = self.0.entry(effect).or_default();
        member.generation = member.generation.max(generation);
        member.texts.push(text);
        Ok(())
    }

    /// The effects as they stand. Account and effect are written in one transaction, and read one
    /// after the other: an effect that is not yet as its account says is read again.
    async fn effects(&self, table: &Table) -> Fallible<Vec<Effect>> {
        let mut wanted: Vec<Key> = self.0.keys().map(Key::effect).collect();
        let mut effects = Vec::new();
        for tried in 0..TRIES_MAX {
            for item in table.get_all(&wanted).await? {
                let effect = effect_of(&item)?;
                let named_at = self.0.get(&effect.key).map(|member| member.generation);
                if named_at.is_some_and(|generation| generation <= effect.generation) {
                    wanted.retain(|key| *key != Key::effect(&effect.key));
                    effects.push(effect);
                }
            }
            if wanted.is_empty() {
                return Ok(effects);
            }
            table.pause(tried).await;
        }
        Err(format!("{} effects are not as their account says", wanted.len()).into())
    }
}

/// The writes that go with a decision: the guard, and the version and members of the effect's own
/// customer. The first is the guard's when there is one.
pub(super) fn with_decision(effect: &Effect, guard: Option<&Guard>) -> Fallible<Vec<Write>> {
    let member = match &effect.content {
        Some(content) if is_live(effect) && !content.lines().is_empty() => {
            Some(serde_json::to_string(&(effect.generation, &effect.key))?)
        }
        Some(_) | None => None,
    };
    let own = effect.content.as_ref().map(|c| Key::account(&c.company, &c.customer));
    let mut writes = Vec::new();
    let guarded = guard.map(|guard| Key::account(&guard.company, &guard.customer));
    if let Some(guard) = guard {
        let own_member = member.clone().filter(|_| own == guarded);
        writes.push(Write::Change(joined(raised(guard), own_member)));
    }
    if let Some(key) = own.filter(|own| guarded.as_ref() != Some(own)) {
        writes.push(Write::Change(joined(Change::of(key).add_one("v"), member)));
    }
    Ok(writes)
}

/// The guard alone.
pub(super) fn guarded(guard: &Guard) -> Write {
    Write::Change(raised(guard))
}

fn raised(guard: &Guard) -> Change {
    let key = Key::account(&guard.company, &guard.customer);
    Change::of(key).require(at_version(guard.version)).add_one("v")
}

fn at_version(version: u64) -> Condition {
    let stands = Condition::is("v", number(version));
    if version == 0 { Condition::Any(vec![Condition::absent("v"), stands]) } else { stands }
}

fn joined(change: Change, member: Option<String>) -> Change {
    match member {
        Some(member) => change.add("live", set_of([member])),
        None => change,
    }
}

/// The content by which the effect draws on this customer's documents, if it does.
fn drawing<'a>(
    effect: &'a Effect,
    company: &CompanyId,
    customer: &CustomerNumber,
) -> Option<&'a Content> {
    let content = effect.content.as_ref().filter(|_| is_live(effect))?;
    (content.company == *company && content.customer == *customer).then_some(content)
}

/// An effect that draws again was decided again and is there again as another member, with its new
/// generation: what is taken out here is spent for good. Nothing depends on it being done.
async fn take_out(table: &Table, key: Key, spent: Vec<String>) {
    if spent.len() < SPENT_MIN {
        return;
    }
    let change = Change::of(key).require(Condition::existing_item());
    if let Err(error) = table.change(&change.delete("live", set_of(spent))).await {
        tracing::debug!(error, "members that no longer draw were not taken out");
    }
}
