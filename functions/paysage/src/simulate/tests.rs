//! A small campaign, and that the watch would notice.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::effect::{Content, Document, Effect, EffectKey, EffectKind, EffectState, Extra};
use domain::id::{BatchNumber, PaymentKey};
use domain::manifest::{Commit, Entry, Group, Manifest, ManifestState};
use domain::money::{Currency, Money};
use tokio::runtime::Builder;

use super::fault::{Fault, Weather};
use super::journal::{Edge, Sometimes};
use super::opponents::Opponent;
use super::outside::{Death, Outside};
use super::plan::{Plan, flows};
use super::run::{Manner, Outcome, run};
use super::{campaign, duel, outage, repeat};

fn flow(name: &str) -> Plan {
    flows().into_iter().find(|(one, _)| *one == name).unwrap().1
}

fn played(name: &str) -> Outcome {
    let outcome = run(1, &flow(name), Manner::default()).unwrap();
    assert_eq!(outcome.account.violations, Vec::<String>::new(), "{name}");
    outcome
}

#[test]
fn a_few_seeds_hold_and_meet_trouble() {
    let tally = campaign::seeds(1, 24, &|_| {});
    assert_eq!(tally.violations, Vec::new());
    assert!(tally.events > 20_000 && tally.receipts > 50, "{tally:?}");
    assert!(tally.faults.len() > 15, "{:?}", tally.faults);
}

#[test]
fn a_seed_is_the_same_run_each_time_and_another_order_the_same_end() {
    assert!(repeat::deterministic(1, 4));
    let found = repeat::permutations(1, 6);
    assert_eq!((found.days, found.equal), (6, 6));
}

#[test]
fn each_flow_comes_by_what_it_is_for() {
    let reached = |name: &str| -> BTreeSet<Sometimes> {
        played(name).account.sometimes.into_keys().collect()
    };
    assert_eq!(played("three in one batch").posting_calls, 6);
    assert!(reached("posting takes its time").contains(&Sometimes::PostInProgress));
    assert!(reached("entries refused when posted").contains(&Sometimes::EntryReleased));
    assert!(reached("a batch refused when created").contains(&Sometimes::Aborted));
    assert!(reached("a void before posting").contains(&Sometimes::VoidInTime));
    assert!(reached("a void after posting").contains(&Sometimes::VoidTooLate));
    assert!(reached("refunded").contains(&Sometimes::RefundHeld));
    let late = reached("a create that lands after the manifest was aborted");
    assert!(late.contains(&Sometimes::CreateAfterAbort), "{late:?}");
    assert!(late.contains(&Sometimes::StrayEmptied), "{late:?}");
    let raced = reached("two workers, two batches");
    assert!(raced.contains(&Sometimes::LoserAdoptsWinner), "{raced:?}");
}

#[test]
fn a_death_anywhere_in_a_flow_changes_nothing() {
    const EVERY: usize = 9;
    for (name, plan) in flows() {
        let steps = run(1, &plan, Manner::default()).unwrap().steps;
        for step in (1..=steps).step_by(EVERY) {
            for after in [false, true] {
                let death = Some(Death { step, after });
                let outcome = run(1, &plan, Manner { death, verbose: false }).unwrap();
                assert_eq!(outcome.account.violations, Vec::<String>::new(), "{name}, {death:?}");
                assert_eq!(outcome.account.faults[&Fault::Crash], 1, "{name}, {death:?}");
            }
        }
    }
}

#[test]
fn opponents_double_what_the_product_does_not() {
    let scores = duel::duels(1, 40, &|_| {}).unwrap();
    assert_eq!((scores[duel::OURS].duplicates, scores[duel::OURS].lost), (0, 0));
    assert_eq!(scores.len(), Opponent::ALL.len() + 1);
    assert!(scores["naive_retry"].duplicates > 0, "{scores:?}");
}

#[test]
fn a_backlog_drains_within_its_limit_of_calls() {
    let drained = outage::compare(150).unwrap();
    assert_eq!((drained.receipts, drained.in_flight_allowed), (150, 4));
    assert!((1..=4).contains(&drained.in_flight_max), "{drained:?}");
}

// The watch itself

fn watching(act: impl FnOnce(&Arc<Outside>)) -> Vec<String> {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let outside = Arc::new(Outside::new(1, Weather::default(), None, false).unwrap());
        act(&outside);
        let violations = outside.journal.account().violations;
        violations.iter().map(|text| text.split(':').next().unwrap().to_owned()).collect()
    })
}

fn effect(id: &str) -> Effect {
    let payment = PaymentKey { merchant: "main".into(), transaction: id.into() };
    let content = Content {
        company: "SAMLTD".into(),
        bank: "SEATAC".into(),
        customer: "C1".into(),
        amount: Money::new(100, Currency::USD),
        reference: id.into(),
        posting_date: "2026-03-02".parse().unwrap(),
        receipt_date: "2026-03-02".parse().unwrap(),
        payment_code: "CCARD".into(),
        description: String::new(),
        document: Document::UnappliedCash,
        extra: Extra::default(),
    };
    let key = EffectKey { payment, kind: EffectKind::Receipt, ordinal: 1 };
    Effect::ready(key, content, "2026-03-02T15:00:00Z".parse().unwrap())
}

fn manifest(effects: &[Effect]) -> Manifest {
    let entries = effects.iter().map(|effect| Entry {
        effect: effect.key.clone(),
        generation: effect.generation,
        content: effect.content.clone().unwrap(),
    });
    let group = Group::of(effects[0].content.as_ref().unwrap());
    Manifest::seal(group, entries.collect(), "2026-03-02T15:00:00Z".parse().unwrap()).unwrap()
}

#[test]
fn a_commit_that_changes_is_noticed() {
    let mut before = manifest(&[effect("1")]);
    before.commit = Some(Commit::Batch(BatchNumber(101)));
    before.state = ManifestState::Committed;
    let after = Manifest { commit: Some(Commit::Batch(BatchNumber(102))), ..before.clone() };
    let noticed = watching(|outside| {
        outside.watch.manifest_written(outside, Some(&before), &after);
    });
    assert_eq!(noticed, ["I4"]);
}

#[test]
fn an_effect_in_two_live_manifests_is_noticed() {
    let (alone, both) = (manifest(&[effect("1")]), manifest(&[effect("1"), effect("2")]));
    let noticed = watching(|outside| {
        outside.watch.manifest_written(outside, None, &alone);
        outside.watch.manifest_written(outside, None, &both);
    });
    assert_eq!(noticed, ["I6"]);
}

#[test]
fn posted_without_an_entry_in_sage_is_noticed() {
    let assigned = Effect { state: EffectState::Assigned, ..effect("512300001") };
    let posted = Effect { state: EffectState::Posted, ..assigned.clone() };
    let noticed = watching(|outside| {
        outside.watch.effect_written(outside, Some(&assigned), &posted);
        outside.watch.store_changed(outside);
    });
    assert_eq!(noticed, ["I2"]);
}

#[test]
fn a_change_of_state_nobody_declared_is_noticed() {
    let posted = Effect { state: EffectState::Posted, ..effect("1") };
    let noticed = watching(|outside| {
        outside.watch.effect_written(outside, Some(&posted), &effect("1"));
    });
    assert_eq!(noticed, ["edges"]);
    assert_eq!(Edge::declared().len(), 19);
}

#[test]
fn a_batch_of_ours_that_a_person_posts_instead_is_noticed() {
    let stray = manifest(&[effect("512300001")]);
    let noticed = watching(|outside| {
        use ledger::store::Store;
        let ready = effect("512300001");
        let sealed = outside.store.insert_effect(&ready, None);
        outside.stored(async { sealed.await.map(|_| ()) });
        outside.stored(async { outside.store.seal_manifest(&stray).await.map(|_| ()) });
        let sage = super::outside::Peer::Sage(0);
        let customers = serde_json::json!([{"number": "C1", "currency": "USD"}]);
        outside.person(sage, "seed_customers", &serde_json::json!({ "customers": customers }));
        let description = stray.description(1);
        let batch = serde_json::json!({
            "BatchRecordType": "CA", "Description": description, "BankCode": "SEATAC",
            "ReceiptsAdjustments": [{"CustomerNumber": "C1", "BankReceiptAmount": 1.00,
                "CustomerReceiptAmount": 1.00, "ReceiptTransactionType": "UnappliedCash",
                "CheckReceiptNumber": "512300001", "PaymentCode": "CCARD"}]});
        let request = sandbox::sim::SimRequest {
            method: "POST".into(),
            path: "/Sage300WebApi/v1.0/-/SAMLTD/AR/ARReceiptAndAdjustmentBatches".into(),
            headers: vec![
                ("authorization".into(), "Basic V0VCQVBJOldFQkFQSQ==".into()),
                ("content-type".into(), "application/json".into()),
            ],
            body: batch.to_string().into_bytes(),
            ..Default::default()
        };
        let reply = outside.land("a test", sage, &request);
        assert_eq!(reply.status, 201, "{}", String::from_utf8_lossy(&reply.body));
        outside.person(sage, "post_all", &serde_json::json!({"type": "CA", "ready_first": true}));
    });
    assert_eq!(noticed, ["I3"]);
}
