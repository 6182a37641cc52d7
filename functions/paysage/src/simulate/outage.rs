//! A backlog: payments queue up while Sage is down for six hours. How long they take to drain with
//! batches and a bounded number of calls at once, and how long a one-by-one poster would take.

use std::sync::Arc;

use domain::effect::EffectState;
use engine::hint::Hint;
use engine::port::QueueName;
use jiff::Timestamp;
use sandbox::sage300::books::BatchStatus;
use sandbox::sim::Simulator;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::runtime::Builder;

use super::fault::Weather;
use super::host::{self, Door, SAGE_AT_ONCE};
use super::opponents::{self, Opponent, Records};
use super::outside::{Outside, Peer, TENANTS};
use super::plan::Plan;
use super::secrets::Keyring;
use super::time::Time;
use super::verdict;

const OUTAGE_MS: i64 = 6 * 3_600_000;
const CUSTOMERS: u64 = 500;
/// A day of one merchant is not more than this.
const END_MS_MAX: i64 = 30 * 86_400_000;

/// What a backlog took.
#[derive(Debug, Clone, Serialize)]
pub struct Drained {
    pub payments: u64,
    pub outage_seconds: i64,
    /// Calls to one company at once, at most, and as allowed.
    pub in_flight_max: usize,
    pub in_flight_allowed: usize,
    /// Virtual seconds from Sage's return until all was posted.
    pub seconds: i64,
    pub one_by_one_seconds: i64,
    pub receipts: u64,
    pub sage_calls: u64,
    pub one_by_one_sage_calls: u64,
}

impl Drained {
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let hours = |seconds: i64| format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60);
        vec![
            format!(
                "{} payments after Sage was down for {}",
                self.payments,
                hours(self.outage_seconds)
            ),
            format!(
                "paysage      drained in {} of virtual time, {} calls to Sage, at most {} at once \
                 ({} allowed)",
                hours(self.seconds),
                self.sage_calls,
                self.in_flight_max,
                self.in_flight_allowed
            ),
            format!(
                "one by one   drained in {} of virtual time, {} calls to Sage",
                hours(self.one_by_one_seconds),
                self.one_by_one_sage_calls
            ),
        ]
    }
}

/// Both, over the same payments.
///
/// # Errors
/// In words, when a run cannot be set up, not everything was posted, or too many calls were made
/// at once.
pub fn compare(payments: u64) -> Result<Drained, String> {
    let ours = drain(payments, None)?;
    let theirs = drain(payments, Some(Opponent::NaiveRetry))?;
    let allowed = usize::from(SAGE_AT_ONCE);
    if ours.receipts != payments {
        return Err(format!("{} of {payments} payments were posted", ours.receipts));
    }
    if ours.in_flight_max > allowed {
        return Err(format!("{} calls to Sage at once, {allowed} allowed", ours.in_flight_max));
    }
    Ok(Drained {
        one_by_one_seconds: theirs.seconds,
        one_by_one_sage_calls: theirs.sage_calls,
        ..ours
    })
}

fn drain(payments: u64, opponent: Option<Opponent>) -> Result<Drained, String> {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let outside = Arc::new(Outside::new(1, Weather::default(), None, false)?);
        outside.watch.close_the_eyes();
        outside.clear_up();
        outside.injected.goes_down(&outside, Peer::Sage(0), OUTAGE_MS);
        opens(&outside);
        let keys = Arc::new(Keyring::default());
        start(&outside, &keys, opponent)?;
        buy(&outside, payments).await?;
        let up = outside.now().as_second();
        let end = drained(&outside, payments, opponent).await;
        Ok(Drained {
            payments,
            outage_seconds: OUTAGE_MS / 1_000,
            in_flight_max: outside.in_flight_max(),
            in_flight_allowed: usize::from(SAGE_AT_ONCE),
            seconds: end.as_second().saturating_sub(up),
            one_by_one_seconds: 0,
            receipts: receipts(&outside),
            sage_calls: outside.sage_calls(),
            one_by_one_sage_calls: 0,
        })
    })
}

/// Five hundred customers, who owe nothing.
fn opens(outside: &Outside) {
    let rows: Vec<Value> = (0..CUSTOMERS)
        .map(|n| {
            json!({"number": format!("C{n}"), "name": format!("Buyer {n}"),
                   "email": email(n), "currency": "USD"})
        })
        .collect();
    outside.person(Peer::Sage(0), "seed_customers", &json!({ "customers": rows }));
}

fn start(
    outside: &Arc<Outside>,
    keys: &Arc<Keyring>,
    opponent: Option<Opponent>,
) -> Result<(), String> {
    let Some(opponent) = opponent else {
        let spec = Plan::calm(1).hosts.into_iter().next().ok_or("no host")?;
        let door = Arc::new(Door::default());
        tokio::spawn(host::keep_alive(Arc::clone(outside), spec, door, Arc::clone(keys)));
        return Ok(());
    };
    let parts = opponents::Parts {
        name: "one by one".to_owned(),
        keys: Arc::clone(keys),
        records: Arc::new(Records::default()),
        at_once: 1,
    };
    let config = host::configuration()?;
    tokio::spawn(opponents::keep_alive(Arc::clone(outside), opponent, parts, config));
    Ok(())
}

/// The payments come evenly while Sage is down, and each is told of at once.
async fn buy(outside: &Arc<Outside>, payments: u64) -> Result<(), String> {
    const TURNS: u64 = 60;
    let tenant = TENANTS.first().ok_or("no tenant")?;
    for turn in 0..TURNS {
        let (first, last) = (payments * turn / TURNS, payments * (turn + 1) / TURNS);
        let sales: Vec<Value> = (first..last)
            .map(|n| {
                let buyer = n % CUSTOMERS;
                json!({"amount": "12.50", "kind": "sale", "name": format!("Buyer {buyer}"),
                       "email": email(buyer)})
            })
            .collect();
        let now = outside.now();
        let body = json!({ "transactions": sales });
        let answer = outside
            .with_paytrace(0, |account| account.command(now, "seed_transactions", &body))
            .ok_or("no PayTrace")??;
        let ids = answer.get("ids").and_then(Value::as_array).cloned().unwrap_or_default();
        for id in ids {
            let hint = Hint::new(&tenant.merchant.into(), &id.to_string().as_str().into());
            outside.queue.put(QueueName::Hints, hint.body(), now);
        }
        Time::pass(OUTAGE_MS / 60).await;
    }
    Ok(())
}

/// When everything was posted.
async fn drained(outside: &Outside, payments: u64, opponent: Option<Opponent>) -> Timestamp {
    const LOOK_MS: i64 = 10_000;
    let mut waited = 0_i64;
    while waited < END_MS_MAX {
        let done = match opponent {
            None => verdict::count(outside, EffectState::Posted) >= payments,
            Some(_) => outside.queue.is_empty(),
        };
        if done {
            break;
        }
        Time::pass(LOOK_MS).await;
        waited = waited.saturating_add(LOOK_MS);
    }
    outside.now()
}

fn receipts(outside: &Outside) -> u64 {
    let posted = outside.with_sage(0, |sage| {
        let batches = sage.company().receipt_batches();
        let posted = batches.filter(|batch| batch.status == BatchStatus::Posted);
        posted
            .map(|batch| batch.entries.iter().filter(|e| e.error.is_none()).count())
            .sum::<usize>()
    });
    u64::try_from(posted.unwrap_or_default()).unwrap_or(0)
}

fn email(buyer: u64) -> String {
    format!("buyer{buyer}@example.test")
}
