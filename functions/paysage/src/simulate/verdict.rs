//! The end of a run: everything has come to where it belongs, and what is before a person is what
//! was done on purpose.
//!
//! | | |
//! |---|---|
//! | I7 | no effect disappeared |
//! | I8 | captured = posted + held, per merchant and day, in PayTrace, in the store and in Sage |
//! | I14 | no card number and no secret in the store or on a queue |
//! | I16 | everything is POSTED, CANCELLED or HELD; the queues are empty |
//! | I17 | no Open batch of ours with entries |
//! | I18 | what is reported is what was injected |
//! | I19 | a held manifest has its exception |
//! | I20 | Sage is asked at most so often |

use std::collections::{BTreeMap, BTreeSet};

use domain::effect::{Effect, EffectState};
use domain::exception::{Exception, ReasonCode};
use domain::fact::FactName;
use domain::id::{CompanyId, ManifestId, PaymentKey};
use domain::manifest::named_in;
use ledger::decide::may_heal;
use ledger::store::{EffectQuery, Store};
use sandbox::sage300::books::BatchStatus;
use sandbox::sim::Simulator;
use serde_json::Value;

use super::journal::Sometimes;
use super::opponents::{self, Score};
use super::outside::{Outside, TENANTS, locked};
use super::plan::Plan;
use super::secrets::Keyring;

const STATES: [EffectState; 5] = [
    EffectState::Ready,
    EffectState::Assigned,
    EffectState::Posted,
    EffectState::Cancelled,
    EffectState::Held,
];

/// What is still to happen; `None` when everything is where it will stay.
pub fn restless(outside: &Outside) -> Option<String> {
    if !outside.queue.is_empty() {
        return Some(format!("{} messages wait", outside.queue.len()));
    }
    let held_manifests = held_manifests(outside);
    for effect in effects(outside) {
        let in_held = effect.manifest.as_ref().is_some_and(|id| held_manifests.contains(id));
        let moving = match effect.state {
            EffectState::Ready => true,
            EffectState::Assigned => !in_held,
            EffectState::Held => heals(&effect),
            EffectState::Posted | EffectState::Cancelled => false,
        };
        if moving {
            return Some(format!("{} is {:?} {:?}", effect.key, effect.state, effect.hold));
        }
    }
    let alarms = [ReasonCode::SageDenied, ReasonCode::PayTraceDenied, ReasonCode::PostStuck];
    if let Some(alarm) = exceptions(outside).iter().find(|one| alarms.contains(&one.reason)) {
        let over = alarm.reason != ReasonCode::PostStuck
            || !held_manifests.iter().any(|id| alarm.subject == id.as_str());
        if over {
            return Some(format!("{} {} is open", alarm.reason, alarm.subject));
        }
    }
    for (merchant, transaction) in captured(outside).into_keys() {
        if effect_of(outside, &merchant, &transaction).is_none() {
            return Some(format!("{merchant}/{transaction} was not taken in"));
        }
    }
    if let Some((merchant, transaction)) = untold(outside) {
        return Some(format!("what became of {merchant}/{transaction} was not taken in"));
    }
    let stray = open_batches(outside, &held_manifests).into_iter().next();
    stray.map(|(company, number)| format!("batch {number} of {company} is open"))
}

/// Everything that must be so in the end.
pub fn of_the_end(outside: &Outside, plan: &Plan, keys: &Keyring) {
    for tenant in 0..TENANTS.len() {
        outside.watch.sage_changed(outside, tenant);
    }
    nothing_disappeared(outside);
    conserved(outside);
    explained(outside);
    nothing_leaked(outside, keys);
    asked_little(outside, plan);
    let facts = outside.injected.facts();
    for id in &facts.never_told {
        let posted = TENANTS.iter().any(|tenant| {
            let effect = effect_of(outside, tenant.merchant, id);
            effect.is_some_and(|effect| effect.state == EffectState::Posted)
        });
        if posted {
            outside.journal.reached(Sometimes::FoundByPolling);
        }
    }
}

/// Receipts posted in the end, of every company.
pub fn receipts(outside: &Outside) -> u64 {
    let all = (0..TENANTS.len()).map(|n| outside.watch.posted_in(n).len());
    u64::try_from(all.sum::<usize>()).unwrap_or(0)
}

/// The product's own score, counted in Sage as the opponents' is; what is held is not lost.
pub fn score(outside: &Outside) -> Score {
    let captured = captured(outside).into_keys().filter(|(merchant, transaction)| {
        let effect = effect_of(outside, merchant, transaction);
        effect.is_none_or(|effect| effect.state != EffectState::Held)
    });
    let tenant = |merchant: &str| TENANTS.iter().position(|tenant| tenant.merchant == merchant);
    let captured: Vec<(usize, String)> =
        captured.filter_map(|(merchant, id)| Some((tenant(&merchant)?, id))).collect();
    opponents::score(outside, &captured)
}

/// One line for each effect, for comparing ends.
pub fn summary(outside: &Outside) -> Vec<String> {
    let lines = effects(outside).into_iter().map(|effect| {
        let reason = effect.hold.as_ref().map_or("", |hold| hold.reason.code());
        format!("{} {:?} {} {reason}", effect.key, effect.state, effect.amount)
    });
    let mut lines: Vec<String> = lines.collect();
    lines.sort();
    lines
}

/// What is held for a cause that is mended by now is taken up again.
fn heals(effect: &Effect) -> bool {
    match effect.hold.as_ref().map(|hold| hold.reason) {
        Some(ReasonCode::PostingRefused | ReasonCode::SageRefused) => may_heal(effect),
        Some(ReasonCode::CustomerNotFound | ReasonCode::RefundByHand) | None => false,
        Some(_) => true,
    }
}

pub fn effects(outside: &Outside) -> Vec<Effect> {
    let of = |state| {
        let query = EffectQuery { company: None, state, limit: usize::MAX };
        outside.stored(outside.store.effects_by_state(&query))
    };
    STATES.into_iter().flat_map(of).collect()
}

/// How many effects are in that state.
pub fn count(outside: &Outside, state: EffectState) -> u64 {
    let totals = outside.stored(outside.store.totals());
    totals.rows.iter().filter(|row| row.state == state).map(|row| row.count).sum()
}

fn effect_of(outside: &Outside, merchant: &str, transaction: &str) -> Option<Effect> {
    let key = PaymentKey { merchant: merchant.into(), transaction: transaction.into() };
    let payment = outside.stored(outside.store.payment(&key))?;
    payment.effects.into_iter().find(|effect| effect.key.reference() == transaction)
}

fn held_manifests(outside: &Outside) -> BTreeSet<ManifestId> {
    let held = outside.stored(outside.store.held_manifests(usize::MAX));
    held.into_iter().map(|manifest| manifest.id).collect()
}

fn exceptions(outside: &Outside) -> Vec<Exception> {
    outside.stored(outside.store.exceptions(usize::MAX))
}

/// Batches of ours that are not posted and have entries: company and number.
fn open_batches(outside: &Outside, held: &BTreeSet<ManifestId>) -> Vec<(CompanyId, i64)> {
    let mut open = Vec::new();
    for (n, tenant) in TENANTS.iter().enumerate() {
        let batches = outside.with_sage(n, |sage| {
            let company = sage.company();
            let live = |s| matches!(s, BatchStatus::Open | BatchStatus::ReadyToPost);
            let ours = company
                .receipt_batches()
                .filter(|batch| live(batch.status) && !batch.entries.is_empty());
            ours.filter_map(|b| named_in(&b.description).map(|id| (id, b.number))).collect()
        });
        let batches: Vec<(ManifestId, i64)> = batches.unwrap_or_default();
        let company = CompanyId::from(tenant.company);
        // What a restore brought back is no longer anybody's work: it is reported.
        let restored = outside.injected.was_restored(n);
        let left = batches.into_iter().filter(|(id, number)| {
            let brought_back = restored && was_posted(outside, id, *number);
            !held.contains(id) && !brought_back
        });
        open.extend(left.map(|(_, number)| (company.clone(), number)));
    }
    open
}

/// The batch was posted before Sage was set back.
fn was_posted(outside: &Outside, id: &ManifestId, number: i64) -> bool {
    let manifest = outside.stored(outside.store.manifest(id));
    manifest.is_some_and(|manifest| {
        manifest.state.is_final() && manifest.committed_batch().is_some_and(|b| b.0 == number)
    })
}

/// One transaction of PayTrace's, as its own books have it.
struct Row {
    tenant: usize,
    id: String,
    amount: String,
    is_refund: bool,
    captured: bool,
    voided: bool,
}

fn rows(outside: &Outside) -> Vec<Row> {
    let mut all = Vec::new();
    for tenant in 0..TENANTS.len() {
        let state = outside.with_paytrace(tenant, |account| account.state()).unwrap_or_default();
        let rows = state.get("transactions").and_then(Value::as_array).cloned();
        all.extend(rows.unwrap_or_default().iter().map(|row| {
            let text =
                |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            Row {
                tenant,
                id: text("id"),
                amount: text("amount"),
                is_refund: text("type") == "REFUND",
                captured: row.get("captured").and_then(Value::as_bool) == Some(true),
                voided: text("status") == "voided",
            }
        }));
    }
    all
}

/// A void or a refund the product does not know of yet.
fn untold(outside: &Outside) -> Option<(&'static str, String)> {
    rows(outside).into_iter().find_map(|row| {
        let tenant = TENANTS.get(row.tenant)?;
        let key =
            PaymentKey { merchant: tenant.merchant.into(), transaction: row.id.as_str().into() };
        let known = outside.stored(outside.store.payment(&key));
        let has = |name| known.as_ref().is_some_and(|payment| payment.facts.contains_key(&name));
        let missing = row.voided && known.is_some() && !has(FactName::Voided)
            || row.is_refund && !row.voided && !has(FactName::Refunded);
        missing.then_some((tenant.merchant, row.id))
    })
}

/// Amounts of the captured payments PayTrace has, by merchant and transaction.
fn captured(outside: &Outside) -> BTreeMap<(String, String), String> {
    let all = rows(outside).into_iter().filter(|row| row.captured && !row.is_refund);
    all.filter_map(|row| {
        let tenant = TENANTS.get(row.tenant)?;
        Some(((tenant.merchant.to_owned(), row.id), row.amount))
    })
    .collect()
}

fn nothing_disappeared(outside: &Outside) {
    let there: BTreeSet<_> = effects(outside).into_iter().map(|effect| effect.key).collect();
    for key in outside.watch.effects().difference(&there) {
        outside.journal.violation("I7", &format!("{key} is gone"));
    }
}

/// I8 and I16, payment by payment, which is stricter than by day: what PayTrace captured is POSTED
/// and once in Sage, or held; what it voided is cancelled, or posted and reported.
fn conserved(outside: &Outside) {
    let journal = &outside.journal;
    let facts = outside.injected.facts();
    let captured = captured(outside);
    for ((merchant, transaction), amount) in &captured {
        let Some(effect) = effect_of(outside, merchant, transaction) else {
            journal.violation("I8", &format!("{merchant}/{transaction} of {amount} is lost"));
            continue;
        };
        if effect.amount.to_decimal().to_string() != *amount {
            let evidence = format!("{transaction}: {} instead of {amount}", effect.amount);
            journal.violation("I8", &evidence);
        }
        if effect.state == EffectState::Cancelled {
            journal.violation("I8", &format!("{transaction} is captured and cancelled"));
        }
    }
    for effect in effects(outside) {
        let reference = effect.key.reference();
        let tenant = TENANTS.iter().position(|t| t.merchant == effect.merchant().as_str());
        let Some(company) = tenant else {
            journal.violation("I22", &format!("{} is nobody's", effect.key));
            continue;
        };
        let in_sage = outside.watch.posted_in(company).contains(&reference);
        let lost = facts.lost.contains(&(company, reference.clone()));
        let posted = effect.state == EffectState::Posted;
        if posted && !in_sage && !lost {
            journal.violation("I8", &format!("{reference} is POSTED and not in Sage"));
        }
        if in_sage && !posted && !by_a_person(outside, &effect) {
            let evidence = format!("{reference} is in Sage and {:?}", effect.state);
            journal.violation("I8", &evidence);
        }
    }
}

/// The batch of a held manifest, or an entry of it, that a person brought to its end.
fn by_a_person(outside: &Outside, effect: &Effect) -> bool {
    let held = held_manifests(outside);
    effect.manifest.as_ref().is_some_and(|id| held.contains(id))
        || !outside.injected.facts().restored.is_empty()
        || !outside.injected.facts().edited.is_empty()
}

/// I18 and I19: every hold and every open exception has its cause, and every cause its exception.
fn explained(outside: &Outside) {
    let journal = &outside.journal;
    let facts = outside.injected.facts();
    for effect in effects(outside).into_iter().filter(|e| e.state == EffectState::Held) {
        let reason = effect.hold.as_ref().map(|hold| hold.reason);
        let transaction = effect.key.payment.transaction.to_string();
        let expected = match reason {
            Some(ReasonCode::CustomerNotFound) => facts.unknown_payers.contains(&transaction),
            Some(ReasonCode::RefundByHand) => facts.refunds.contains(&transaction),
            Some(reason @ (ReasonCode::PostingRefused | ReasonCode::SageRefused)) => {
                facts.explained.contains(&reason)
            }
            _ => false,
        };
        if !expected {
            journal.violation("I18", &format!("{} is held: {:?}", effect.key, effect.hold));
        }
    }
    let open = exceptions(outside);
    for exception in &open {
        let key = (exception.reason, exception.subject.clone());
        let of_manifest = facts.explained.contains(&exception.reason);
        let reported = exception.reason == ReasonCode::VoidedAfterPosting;
        let stuck = exception.reason == ReasonCode::PostStuck;
        if !(facts.expected.contains(&key) || of_manifest || reported || stuck) {
            journal.violation("I18", &format!("{} {} is open", exception.reason, key.1));
        }
    }
    for (reason, subject) in &facts.expected {
        if !open.iter().any(|one| one.reason == *reason && one.subject == *subject) {
            journal.violation("I18", &format!("{reason} {subject} is not reported"));
        }
    }
    for id in held_manifests(outside) {
        if !open.iter().any(|one| one.subject == id.as_str()) {
            journal.violation("I19", &format!("{id} is held without an exception"));
        }
    }
    voids_reported(outside, &open);
}

/// A void that came too late is before a person; one that came in time is not.
fn voids_reported(outside: &Outside, open: &[Exception]) {
    let captured = captured(outside);
    for effect in effects(outside).into_iter().filter(|e| e.state == EffectState::Posted) {
        let subject = effect.key.payment.to_string();
        let key = (effect.merchant().to_string(), effect.key.payment.transaction.to_string());
        let voided = !captured.contains_key(&key);
        let reported = open
            .iter()
            .any(|one| one.reason == ReasonCode::VoidedAfterPosting && one.subject == subject);
        if voided != reported {
            let evidence = format!("{subject} voided: {voided}, reported: {reported}");
            outside.journal.violation("I18", &evidence);
        }
    }
}

fn nothing_leaked(outside: &Outside, keys: &Keyring) {
    const CARD: &str = "4012000098765439";
    let mut written = outside.queue.bodies();
    written.push(format!("{:?}", outside.store));
    for text in &written {
        if text.contains(CARD) {
            outside.journal.violation("I14", "a card number is in the store or on a queue");
        }
        if keys.texts().iter().any(|secret| text.contains(secret.as_str())) {
            outside.journal.violation("I14", "a secret is in the store or on a queue");
        }
    }
}

/// I20: six calls a batch, and four for each thing that went wrong.
fn asked_little(outside: &Outside, plan: &Plan) {
    if plan.obstructed {
        return;
    }
    let made = locked(&outside.calls).get("posting").copied().unwrap_or_default();
    let manifests = outside.watch.manifests();
    let faults = outside.journal.faults();
    let allowed = manifests.saturating_mul(6).saturating_add(faults.saturating_mul(4));
    if made > allowed {
        let evidence = format!("{made} calls to post {manifests} batches with {faults} faults");
        outside.journal.violation("I20", &evidence);
    }
}
