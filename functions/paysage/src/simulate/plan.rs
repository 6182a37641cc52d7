//! What a seed stands for: who buys what, what people do, and what goes wrong.

use super::chance::Chance;
use super::fault::{Fault, Scripted, Weather};
use super::host::Spec;
use super::person::Act;
use super::shop::{Purchase, Then};

#[derive(Debug, Clone)]
pub struct Plan {
    pub hosts: Vec<Spec>,
    pub weather: Weather,
    /// How long anything goes wrong, milliseconds.
    pub storm_ms: i64,
    pub buyers: usize,
    /// By tenant: buyer, number, cents.
    pub invoices: Vec<Vec<(usize, String, i64)>>,
    pub purchases: Vec<Purchase>,
    pub acts: Vec<(i64, Act)>,
    /// Deliveries of a thousand the relay loses, doubles or delays.
    pub careless: u32,
    pub late_ms_max: i64,
    /// Something keeps Sage from working for long: how often it is asked is then no measure.
    pub obstructed: bool,
}

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const BUYERS: usize = 4;

impl Plan {
    /// The plan of a seed; every seed leaves some kinds of fault out, so that the others show.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let chance = Chance::of(seed ^ 0x9E37_79B9_7F4A_7C15);
        let storm_ms = chance.between(30 * MINUTE, 3 * HOUR);
        let late_ms_max = *chance.pick(&[10 * MINUTE, 2 * HOUR, 48 * HOUR]).unwrap_or(&HOUR);
        let invoices: Vec<_> = (0..2).map(|tenant| invoices(&chance, tenant)).collect();
        let purchases = purchases(&chance, storm_ms, &invoices);
        let acts = acts(&chance, storm_ms, &purchases);
        let obstructed = acts.iter().any(|(_, act)| {
            matches!(act, Act::LockBatch(_) | Act::SlowPosting(_) | Act::Outage(_) | Act::Rotate(_))
        });
        Self {
            hosts: hosts(&chance),
            weather: weather(&chance, late_ms_max),
            storm_ms,
            buyers: BUYERS,
            invoices,
            purchases,
            acts,
            careless: *chance.pick(&[0, 50, 200]).unwrap_or(&0),
            late_ms_max,
            obstructed,
        }
    }

    /// The same purchases on a day on which nothing goes wrong.
    #[must_use]
    pub fn calm(seed: u64) -> Self {
        let mut stormy = Self::of(seed);
        for purchase in &mut stormy.purchases {
            // A void is a race with the posting: which one wins is the order's to say.
            if matches!(purchase.then, Then::Voided(_)) {
                purchase.then = Then::Kept;
            }
        }
        let alone = Spec { alone: true, skew_ms: 0, ..spec(0) };
        Self {
            hosts: vec![alone],
            weather: Weather::default(),
            acts: Vec::new(),
            careless: 0,
            obstructed: false,
            ..stormy
        }
    }
}

/// The flows whose every step is a place to die at, on a day on which nothing else goes wrong.
#[must_use]
pub fn flows() -> Vec<(&'static str, Plan)> {
    let named = |at_ms, cents, then| Purchase {
        tenant: 0,
        at_ms,
        cents,
        buyer: Some(0),
        invoice: "IN00".to_owned(),
        then,
    };
    let paid = |cents| named(0, cents, Then::Kept);
    let slow = (0, Act::SlowPosting(MINUTE));
    let flow = |purchases: Vec<Purchase>, acts: &[(i64, Act)], linger_ms| Plan {
        hosts: vec![Spec { alone: true, linger_ms, ..spec(0) }],
        weather: Weather::default(),
        storm_ms: 12 * MINUTE,
        buyers: 1,
        invoices: vec![vec![(0, "IN00".to_owned(), 100_000)], Vec::new()],
        purchases,
        acts: acts.to_vec(),
        careless: 0,
        late_ms_max: MINUTE,
        obstructed: true,
    };
    let gone = |at, lasting| (at, Act::Inactivate(lasting));
    let mut flows = vec![
        ("a payment", flow(vec![paid(1_000)], &[], 2_000)),
        ("three in one batch", flow(vec![paid(1_000), paid(2_000), paid(3_000)], &[], 10_000)),
        ("posting takes its time", flow(vec![paid(1_000)], &[slow], 2_000)),
        (
            "entries refused when posted",
            flow(vec![paid(1_000), paid(2_000)], &[slow, gone(30_000, 5 * MINUTE)], 10_000),
        ),
        (
            "a batch refused when created",
            flow(vec![paid(1_000), paid(2_000)], &[gone(15_000, 5 * MINUTE)], 30_000),
        ),
        ("a void before posting", flow(vec![named(0, 1_000, Then::Voided(10_000))], &[], 30_000)),
        ("a void after posting", flow(vec![named(0, 1_000, Then::Voided(MINUTE))], &[], 2_000)),
        ("captured later", flow(vec![named(0, 1_000, Then::Captured(10_000))], &[], 2_000)),
        ("refunded", flow(vec![named(0, 1_000, Then::Refunded(2 * MINUTE))], &[], 2_000)),
    ];
    let mut aborted = flow(vec![paid(1_000)], &[gone(30_000, 5 * MINUTE)], 2_000);
    aborted.weather.script = vec![(1, Scripted::Late(8 * MINUTE))];
    flows.push(("a create that lands after the manifest was aborted", aborted));
    let mut raced = flow(vec![paid(1_000)], &[], 2_000);
    raced.hosts = (0..2).map(|index| Spec { settle_ms: 1_000, ..spec(index) }).collect();
    raced.weather.script = vec![(1, Scripted::SentAfter(5 * MINUTE))];
    flows.push(("two workers, two batches", raced));
    flows
}

fn hosts(chance: &Chance) -> Vec<Spec> {
    let count = usize::try_from(chance.between(1, 3)).unwrap_or(1);
    let mixed = chance.one_in(3);
    let skewed = chance.one_in(3);
    let host = |index| {
        let mut spec = spec(index);
        spec.alone = count == 1;
        if mixed {
            spec.seal_max = *chance.pick(&[1, 2, 5, 99]).unwrap_or(&99);
            spec.linger_ms = *chance.pick(&[0, 2_000, 30_000]).unwrap_or(&2_000);
            spec.settle_ms = *chance.pick(&[1_000, 1_000, 90_000]).unwrap_or(&90_000);
        }
        if skewed {
            spec.skew_ms = chance.between(-10 * MINUTE, 10 * MINUTE);
        }
        spec
    };
    (0..count).map(host).collect()
}

fn spec(index: usize) -> Spec {
    Spec { index, skew_ms: 0, seal_max: 99, linger_ms: 2_000, settle_ms: 90_000, alone: false }
}

fn weather(chance: &Chance, late_ms_max: i64) -> Weather {
    let kinds: Vec<Fault> = Fault::OF_A_CALL.iter().copied().filter(|_| chance.one_in(2)).collect();
    let pick = |from: &[u32]| *chance.pick(from).unwrap_or(&0);
    Weather {
        calls: pick(&[0, 10, 40, 120]),
        kinds,
        store: pick(&[0, 0, 5, 20]),
        queue: pick(&[0, 10, 50]),
        slow_ms_max: i64::from(pick(&[3_000, 3_000, 58_000])),
        crash: pick(&[0, 1, 4]),
        freeze: pick(&[0, 1, 3]),
        late_ms_max,
        freeze_ms_max: *chance.pick(&[2 * MINUTE, HOUR]).unwrap_or(&HOUR),
        script: Vec::new(),
    }
}

fn invoices(chance: &Chance, tenant: usize) -> Vec<(usize, String, i64)> {
    let count = if tenant == 0 { 5 } else { 2 };
    (0..count)
        .map(|n| {
            let buyer = chance.index(BUYERS);
            (buyer, format!("IN{tenant}{n}"), chance.between(1_000, 50_000))
        })
        .collect()
}

fn purchases(
    chance: &Chance,
    storm_ms: i64,
    invoices: &[Vec<(usize, String, i64)>],
) -> Vec<Purchase> {
    let mut purchases = Vec::new();
    for (tenant, owed) in invoices.iter().enumerate() {
        let count = if tenant == 0 { chance.between(2, 8) } else { chance.between(0, 2) };
        // Some seeds bring all at once, so that they share a batch.
        let burst = chance.one_in(2);
        for _ in 0..count {
            let at_ms =
                if burst { chance.between(0, 4_000) } else { chance.between(0, storm_ms / 2) };
            let cents = chance.between(100, 20_000);
            let purchase = match chance.pick(owed) {
                Some((buyer, number, _)) if !chance.one_in(4) => Purchase {
                    tenant,
                    at_ms,
                    cents,
                    buyer: Some(*buyer),
                    invoice: number.clone(),
                    then: then(chance, storm_ms),
                },
                _ => Purchase {
                    tenant,
                    at_ms,
                    cents,
                    buyer: (!chance.one_in(4)).then(|| chance.index(BUYERS)),
                    invoice: String::new(),
                    then: then(chance, storm_ms),
                },
            };
            purchases.push(purchase);
        }
    }
    purchases
}

fn then(chance: &Chance, storm_ms: i64) -> Then {
    let soon = chance.long_tailed_ms(storm_ms / 2);
    match chance.between(0, 15) {
        0 | 1 => Then::Voided(soon),
        2 => Then::Captured(soon),
        3 => Then::Refunded(soon),
        4 => Then::SettledAnew(soon.max(10 * MINUTE)),
        _ => Then::Kept,
    }
}

fn acts(chance: &Chance, storm_ms: i64, purchases: &[Purchase]) -> Vec<(i64, Act)> {
    let count = *chance.pick(&[0, 0, 1, 2, 4]).unwrap_or(&0);
    let mut acts = Vec::new();
    for _ in 0..count {
        // Most often just after somebody paid, when it is in the way of something.
        let near = chance.pick(purchases).filter(|_| !chance.one_in(3));
        let at = match near {
            Some(purchase) => purchase.at_ms.saturating_add(chance.long_tailed_ms(HOUR)),
            None => chance.between(0, storm_ms),
        };
        // Whatever lasts is over when the storm is.
        let at = at.min(storm_ms.saturating_sub(2 * MINUTE));
        let lasting = chance.between(MINUTE, storm_ms.saturating_sub(at).saturating_sub(MINUTE));
        let act = act(chance, lasting);
        acts.push((at, act));
        let leads_to_errors =
            matches!(act, Act::Inactivate(_) | Act::KeyDuplicate | Act::LockPeriod(_));
        if leads_to_errors && chance.one_in(2) {
            acts.push((at, Act::MendErrorBatches(lasting)));
        }
        if leads_to_errors && chance.one_in(3) {
            acts.push((0, Act::SlowPosting(chance.between(1_000, 5 * MINUTE))));
        }
    }
    acts
}

fn act(chance: &Chance, lasting: i64) -> Act {
    match chance.between(0, 18) {
        0 | 1 => Act::PostAll,
        2 => Act::EditEntry,
        3 => Act::Reopen,
        4 => Act::DeleteEntry,
        5 => Act::LockBatch(lasting),
        6 | 7 => Act::KeyDuplicate,
        8..=11 => Act::Inactivate(lasting),
        12 => Act::LockPeriod(lasting),
        13 => Act::Restore(lasting),
        14 => Act::Rotate(lasting),
        15 => Act::SlowPosting(chance.between(1_000, 10 * MINUTE)),
        16 => Act::Outage(lasting),
        _ => Act::Poison,
    }
}
