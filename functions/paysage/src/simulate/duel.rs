//! The same purchases in the same weather, posted by an opponent and by the product.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use domain::id::MerchantId;
use engine::hint::Hint;
use engine::port::QueueName;
use sandbox::sim::Simulator;
use serde_json::json;
use tokio::runtime::Builder;

use super::campaign::on_every_core;
use super::host::configuration;
use super::opponents::{self, Opponent, Records, Score, score};
use super::outside::{Outside, TENANTS, locked};
use super::plan::Plan;
use super::run::{Manner, run};
use super::secrets::Keyring;
use super::shop::{Then, email};
use super::time::Time;

/// Name of the product among the opponents.
pub const OURS: &str = "paysage";

/// Every opponent, and the product, over the seeds from `from` on.
///
/// # Errors
/// In words, when a run cannot be set up.
pub fn duels(
    from: u64,
    count: u64,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<BTreeMap<String, Score>, String> {
    let scores: Mutex<BTreeMap<String, Score>> = Mutex::default();
    let failure: Mutex<Option<String>> = Mutex::default();
    on_every_core(from..from.saturating_add(count), |seed| {
        let plan = plain(seed);
        for opponent in Opponent::ALL {
            let name = serde_json::to_value(opponent).ok();
            let name = name.as_ref().and_then(|name| name.as_str()).unwrap_or_default().to_owned();
            match duel(seed, &plan, opponent) {
                Ok(score) => add(&scores, name, score),
                Err(why) => *locked(&failure) = Some(why),
            }
        }
        match run(seed, &plan, Manner::default()) {
            Ok(outcome) => add(&scores, OURS.to_owned(), outcome.score),
            Err(why) => *locked(&failure) = Some(why),
        }
        progress(seed.saturating_sub(from));
    });
    match failure.into_inner().unwrap_or_default() {
        Some(why) => Err(why),
        None => Ok(scores.into_inner().unwrap_or_default()),
    }
}

fn add(scores: &Mutex<BTreeMap<String, Score>>, name: String, new: Score) {
    let mut scores = locked(scores);
    let sum = scores.entry(name).or_default();
    sum.duplicates = sum.duplicates.saturating_add(new.duplicates);
    sum.lost = sum.lost.saturating_add(new.lost);
    sum.payments = sum.payments.saturating_add(new.payments);
}

/// The seed's weather and purchases, without voids, strangers and people: nothing an opponent has
/// no means for.
fn plain(seed: u64) -> Plan {
    let mut plan = Plan::of(seed);
    plan.acts.clear();
    plan.careless = 0;
    for purchase in &mut plan.purchases {
        purchase.then = Then::Kept;
        purchase.buyer.get_or_insert(0);
        purchase.invoice.clear();
    }
    plan
}

fn duel(seed: u64, plan: &Plan, opponent: Opponent) -> Result<Score, String> {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let outside = Arc::new(Outside::new(seed, plan.weather.clone(), None, false)?);
        outside.watch.close_the_eyes();
        let config = configuration()?;
        for tenant in 0..TENANTS.len() {
            seed_customers(&outside, tenant, plan.buyers);
        }
        let keys = Arc::new(Keyring::default());
        let records = Arc::new(Records::default());
        for host in &plan.hosts {
            let parts = opponents::Parts {
                name: format!("opponent{}", host.index),
                keys: Arc::clone(&keys),
                records: Arc::clone(&records),
                at_once: 2,
            };
            let alive = opponents::keep_alive(Arc::clone(&outside), opponent, parts, config);
            tokio::spawn(alive);
        }
        let paid = Arc::new(Mutex::new(Vec::new()));
        for purchase in plan.purchases.clone() {
            let (shop, paid) = (Arc::clone(&outside), Arc::clone(&paid));
            outside.work(async move {
                Time::pass(purchase.at_ms).await;
                if let Some(id) = pay(&shop, &purchase) {
                    locked(&paid).push((purchase.tenant, id));
                }
            });
        }
        Time::pass(plan.storm_ms).await;
        outside.clear_up();
        rest(&outside).await;
        let paid = locked(&paid).clone();
        Ok(score(&outside, &paid))
    })
}

async fn rest(outside: &Outside) {
    const LOOK_MS: i64 = 300_000;
    const END_MS_MAX: i64 = 4 * 86_400_000;
    let mut waited = 0_i64;
    while waited < END_MS_MAX && !(outside.queue.is_empty() && outside.nothing_is_coming()) {
        Time::pass(LOOK_MS).await;
        waited = waited.saturating_add(LOOK_MS);
    }
}

fn seed_customers(outside: &Outside, tenant: usize, buyers: usize) {
    let customers: Vec<serde_json::Value> = (0..buyers)
        .map(|buyer| {
            json!({"number": format!("C{buyer}"), "email": email(buyer), "currency": "USD"})
        })
        .collect();
    let body = json!({ "customers": customers });
    outside.person(super::outside::Peer::Sage(tenant), "seed_customers", &body);
}

fn pay(outside: &Outside, purchase: &super::shop::Purchase) -> Option<String> {
    let buyer = purchase.buyer.unwrap_or(0);
    let amount = rust_decimal::Decimal::new(purchase.cents, 2).to_string();
    let sale = json!({"amount": amount, "kind": "sale", "email": email(buyer),
                      "name": format!("Buyer {buyer}")});
    let now = outside.now();
    let answer = outside.with_paytrace(purchase.tenant, |account| {
        account.command(now, "seed_transactions", &json!({ "transactions": [sale] }))
    })?;
    let id = answer.ok()?.get("ids")?.get(0)?.to_string();
    let merchant = TENANTS.get(purchase.tenant).map(|t| MerchantId::from(t.merchant))?;
    let hint = Hint::new(&merchant, &id.as_str().into());
    outside.queue.put(QueueName::Hints, hint.body(), now);
    Some(id)
}
