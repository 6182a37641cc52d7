//! Days with everything at once: shared invoices, voids at any moment, entries Sage will not take,
//! two transformers beside the poster, faults at every call and a process that dies.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use domain::effect::EffectState;
use domain::exception::ReasonCode;
use domain::manifest::{Commit, named_in};
use domain::transaction::Status;
use ledger::posting::BatchStatus;
use ledger::store::{EffectQuery, Store};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::fakes::Weather;
use super::company::Books;
use super::paytrace::sale;
use super::{Story, company};

const PAYMENTS: u64 = 9;
const UNPOSTABLE: &str = "7";
const REFUSED: &str = "8";

/// What must never change once seen.
#[derive(Default)]
struct Seen {
    commits: BTreeMap<String, Commit>,
    effects: usize,
}

struct Day {
    story: Story,
    rng: ChaCha8Rng,
    voided: BTreeSet<String>,
    seen: Seen,
    told: String,
    lives: u32,
    /// Rounds with faults; voids come in the first half of them.
    stormy: u32,
}

impl Day {
    fn new(seed: u64, permille: u32) -> Self {
        let story = Story::under(Weather::new(seed, permille), |_| {});
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        for n in 1..=3 {
            story.owes(&format!("IN{n}"), rng.random_range(100..2_000), "2026-03-01");
        }
        for id in 1..=PAYMENTS {
            let invoice = format!("IN{}", rng.random_range(1..=4));
            story.pays(sale(&id.to_string(), rng.random_range(100..900), &invoice));
        }
        story.sage.with(|books| {
            books.unpostable.insert(UNPOSTABLE.into());
            books.refused.insert(REFUSED.into());
        });
        let told = format!("seed={seed}");
        Self {
            story,
            rng,
            voided: BTreeSet::new(),
            seen: Seen::default(),
            told,
            lives: 1,
            stormy: 120,
        }
    }

    /// Runs until all has come to its end, then looks at every payment.
    async fn play(&mut self) {
        for round in 0..900 {
            if round == self.stormy {
                self.story.weather.clear();
            }
            let often = if round < 4 { 0.5 } else { 0.05 };
            let void = (round < self.stormy / 2 && self.rng.random_bool(often)).then(|| {
                let id = self.rng.random_range(1..=PAYMENTS).to_string();
                self.voided.insert(id.clone());
                (id, self.rng.random_range(0..30))
            });
            self.live(round, void).await;
            self.check().await;
            if self.story.weather.died() {
                self.story.starts_again();
                self.lives += 1;
            } else if round > self.stormy && self.at_rest().await {
                return self.check_end().await;
            }
            self.story.clock.advance_ms(5_000);
            if self.rng.random_bool(0.2) {
                self.story.sage.with(Books::land);
            }
        }
        let effects = self.effects(EffectState::Assigned).await;
        panic!("{}: not all came to its end: {effects:?}", self.told);
    }

    /// `void`: which payment is voided meanwhile, and after how many turns.
    async fn live(&self, round: u32, void: Option<(String, u32)>) {
        let story = &self.story;
        let bank = company();
        let posting = async {
            let _ = story.post.run(&bank).await;
        };
        let polling = async {
            if round.is_multiple_of(12) {
                let _ = story.poll.run(&story.merchant).await;
                let _ = story.poll.recheck_held().await;
            }
        };
        let told = Cell::new(void.is_none());
        let voiding = async {
            if let Some((id, turns)) = &void {
                for _ in 0..*turns {
                    tokio::task::yield_now().await;
                }
                story.paytrace.change(id, Status::Voided);
                told.set(story.works(id, false).await.is_ok());
            }
            story.takes_in().await
        };
        let working = async { tokio::join!(story.takes_in(), posting, voiding, polling) };
        tokio::select! {
            biased;
            () = story.weather.death() => {}
            _ = working => {}
        }
        if let Some((id, _)) = void.as_ref().filter(|_| !told.get()) {
            story.paytrace.change(id, Status::Voided);
            story.hint(id);
        }
    }

    /// Calls made to post, and what may be needed: six a manifest, four a fault, four an entry that
    /// had to be taken out of an error batch.
    fn posting_calls(&self) -> (u64, u64) {
        self.story.sage.with(|books| {
            let made = [
                "find_batches",
                "create_batch",
                "read_batch",
                "freeze_batch",
                "post_batch",
                "delete_entries",
            ];
            let made = made.iter().map(|operation| books.count(operation)).sum();
            let manifests = u64::try_from(books.manifests.len()).unwrap();
            (made, 6 * manifests + 4 * self.story.weather.faults() + 4 * books.errors)
        })
    }

    async fn effects(&self, state: EffectState) -> Vec<String> {
        let query = EffectQuery { company: None, state, limit: 1_000 };
        let effects = self.story.store.inner().effects_by_state(&query).await.unwrap();
        effects.iter().map(|effect| effect.key.payment.transaction.to_string()).collect()
    }

    async fn at_rest(&self) -> bool {
        let on_the_way = self.story.sage.with(|books| books.late.len());
        let open = self.story.sage.with(|books| books.in_status(BatchStatus::Open).len());
        let ready = self.effects(EffectState::Ready).await.len();
        let assigned = self.effects(EffectState::Assigned).await.len();
        let mut held = self.story.effects(UNPOSTABLE).await;
        held.extend(self.story.effects(REFUSED).await);
        held.retain(|effect| effect.state == EffectState::Held);
        let settled = !held.iter().any(ledger::decide::may_heal);
        self.story.queue.is_empty() && settled && on_the_way + open + ready + assigned == 0
    }

    async fn check(&mut self) {
        let (told, story) = (&self.told, &self.story);
        assert_eq!(story.sage.with(|books| books.over_applied), 0, "{told}: applied too much");
        for id in 1..=PAYMENTS {
            let posted = story.sage.with(|books| books.posted(&id.to_string()));
            assert!(posted.len() <= 1, "{told}: {id} posted as {posted:?}");
        }
        let ours = story.sage.with(|books| {
            let heads = books.batches.values().map(|batch| batch.head.clone());
            heads.filter(|head| head.description.starts_with("PTS1:")).collect::<Vec<_>>()
        });
        for head in ours {
            let id = named_in(&head.description).unwrap();
            let manifest = story.store.inner().manifest(&id).await.unwrap().unwrap();
            if head.status != BatchStatus::Open {
                assert_eq!(manifest.commit, Some(Commit::Batch(head.number)), "{told}: {head:?}");
            }
            if let Some(commit) = manifest.commit {
                let first = self.seen.commits.entry(id.to_string()).or_insert(commit);
                assert_eq!(*first, commit, "{told}: the commit of {id} changed");
            }
        }
        let mut live = BTreeSet::new();
        for id in story.store.inner().open_manifests(&company(), 1_000).await.unwrap() {
            let manifest = story.store.inner().manifest(&id).await.unwrap().unwrap();
            for entry in manifest.entries {
                assert!(live.insert(entry.effect.clone()), "{told}: {} twice", entry.effect);
            }
        }
        let totals = story.store.inner().totals().await.unwrap();
        let effects = totals.rows.iter().map(|row| usize::try_from(row.count).unwrap()).sum();
        assert!(effects >= self.seen.effects, "{told}: an effect disappeared");
        self.seen.effects = effects;
    }

    async fn check_end(&self) {
        self.story.never_twice().await;
        let told = &self.told;
        let open = self.story.store.inner().exceptions(100).await.unwrap();
        for id in (1..=PAYMENTS).map(|id| id.to_string()) {
            let Some(effect) = self.story.effects(&id).await.pop() else {
                assert!(self.voided.contains(&id), "{told}: {id} is lost");
                continue;
            };
            let reversal = open.iter().any(|exception| {
                exception.reason == ReasonCode::VoidedAfterPosting
                    && exception.subject == effect.key.payment.to_string()
            });
            let reason = effect.hold.as_ref().map(|hold| hold.reason);
            match (effect.state, self.voided.contains(&id)) {
                (EffectState::Posted, voided) => assert_eq!(reversal, voided, "{told}: {id}"),
                (EffectState::Cancelled, true) => assert!(!reversal, "{told}: {id}"),
                (EffectState::Held, false) if id == UNPOSTABLE => {
                    assert_eq!(reason, Some(ReasonCode::PostingRefused), "{told}");
                }
                (EffectState::Held, false) if id == REFUSED => {
                    assert_eq!(reason, Some(ReasonCode::SageRefused), "{told}");
                }
                (state, voided) => panic!("{told}: {id} is {state:?}, voided: {voided}"),
            }
        }
    }
}

/// The day of a seed, from its morning to its end.
async fn replay(seed: u64) -> Day {
    let mut day = Day::new(seed, 40);
    day.play().await;
    day
}

#[tokio::test]
async fn a_day_played_again_is_the_same_day() {
    for seed in 0..20 {
        let (one, other) = (replay(seed).await, replay(seed).await);
        assert_eq!(one.story.weather.calls(), other.story.weather.calls(), "seed={seed}");
        assert_eq!(one.seen.commits, other.seen.commits, "seed={seed}");
        let batches = |day: &Day| day.story.sage.with(|books| books.batches.clone());
        assert_eq!(batches(&one), batches(&other), "seed={seed}");
    }
}

#[tokio::test]
async fn three_hundred_crowded_days_end_as_they_should() {
    let (mut faults, mut lives, mut voided) = (0, 0, 0);
    let (mut calls, mut allowed, mut cancelled) = (0, 0, 0);
    for seed in 0..300 {
        let day = replay(seed).await;
        faults += day.story.weather.faults();
        lives += day.lives;
        voided += day.voided.len();
        cancelled += day.effects(EffectState::Cancelled).await.len();
        let (made, may) = day.posting_calls();
        assert!(made <= may, "{}: {made} posting calls, {may} allowed", day.told);
        calls += made;
        allowed += may;
    }
    println!("300 days: {faults} faults, {lives} lives, {voided} voids, {cancelled} in time");
    println!("{calls} posting calls of {allowed} allowed");
    assert!(faults > 5_000 && lives > 1_000 && voided > 500, "{faults}, {lives}, {voided}");
}

#[tokio::test]
async fn a_crowded_day_ends_as_it_should_wherever_the_process_dies() {
    let calm_day = || Day { stormy: 16, ..Day::new(1, 0) };
    let mut calm = calm_day();
    calm.play().await;
    let calls = calm.story.weather.calls();
    println!("a calm day: {calls} calls");
    for after in [false, true] {
        for n in 1..=calls {
            let mut day = calm_day();
            day.told = format!("died at call {n}, after it: {after}");
            day.story.weather.die_at(n, after);
            day.play().await;
            assert_eq!(day.lives, 2, "{}", day.told);
        }
    }
}
