//! Playing a day: the world outside acts, the product works, and at the end the books are compared.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::audit::{self, Books};
use super::outside::{Made, Outside};
use super::plan::{self, Day, Payment};
use super::world::{READY_WITHIN, World};
use crate::say;

/// What is special about a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Script {
    /// Rounds of payments of every kind.
    pub rounds: usize,
    /// Sales of one invoice each, told of once each, when all are made.
    pub sales: usize,
    /// Payments made, and told of, at the same time.
    pub at_once: usize,
    /// Each sale is posted before the next one is told of.
    pub alone: bool,
    /// Both vendors misbehave.
    pub storm: bool,
    /// How often the product is killed.
    pub kills: u32,
}

/// How long the product may take to bring everything to an end once faults are off.
const SETTLED_WITHIN: SignedDuration = SignedDuration::from_secs(120);
/// How long the storm lasts at most.
const STORM_WITHIN: SignedDuration = SignedDuration::from_secs(40);

/// Plays the whole day and answers the report.
///
/// # Errors
/// In words, when the world does not play along or the product does not come to an end.
pub async fn day(world: &mut World, script: Script, seed: u64) -> Result<Value, String> {
    let outside = Arc::new(Outside::new(world.places().clone()).map_err(|e| say::chain(&e))?);
    let began = runtime::clock::now();
    wait_until_ready(&outside).await?;
    let day = plan::day(seed, script.rounds, script.sales);
    outside.open_the_books(&day, began).await.map_err(|error| say::chain(&error))?;
    say::line(format!(
        "{} customers and {} invoices entered; {} payments to come",
        day.clients.len(),
        day.bills.len(),
        day.payments.len()
    ));
    if script.storm {
        weather(&outside, Some(seed)).await?;
    }
    let acting = tokio::spawn(act(Arc::clone(&outside), day, script));
    if script.kills > 0 {
        kill_repeatedly(world, script.kills, seed).await?;
    }
    acting.await.map_err(|error| error.to_string())??;
    if script.storm {
        wait_for(&outside, "storm", STORM_WITHIN, false).await?;
        weather(&outside, None).await?;
        say::line("The storm is over; what was left undone is taken up.");
    }
    let books = wait_for(&outside, "calm", SETTLED_WITHIN, true).await?;
    let seconds = runtime::clock::now().duration_since(began).as_secs();
    let report = audit::report(&outside, &books, seconds).await.map_err(|e| say::chain(&e))?;
    audit::print(&books, &report);
    Ok(report)
}

/// All payments are made and told of, several at a time.
async fn act(outside: Arc<Outside>, day: Day, script: Script) -> Result<(), String> {
    let token = outside.log_in().await.map_err(|error| say::chain(&error))?;
    if script.sales > 0 {
        return sell_then_tell(outside, token, day, script).await;
    }
    let total = day.payments.len();
    let mut running = JoinSet::new();
    let mut done = 0_usize;
    for payment in day.payments {
        if running.len() >= script.at_once {
            finished(running.join_next().await)?;
            done = done.saturating_add(1);
        }
        if done > 0 && done.is_multiple_of(12) {
            say::line(format!("  {done} of {total} payments made"));
        }
        running.spawn(pay_and_tell(Arc::clone(&outside), token.clone(), payment));
    }
    while let Some(one) = running.join_next().await {
        finished(Some(one))?;
    }
    say::line(format!("  {total} of {total} payments made"));
    Ok(())
}

/// All payments are made first, so that how fast PayTrace takes them does not matter.
async fn sell_then_tell(
    outside: Arc<Outside>,
    token: String,
    day: Day,
    script: Script,
) -> Result<(), String> {
    let mut made = Vec::new();
    for payment in day.payments {
        made.push(outside.pay(&token, &payment).await.map_err(|error| say::chain(&error))?);
    }
    let total = made.len();
    say::line(format!("  {total} payments made; now they are told of"));
    let mut running = JoinSet::new();
    for (told, one) in made.into_iter().enumerate() {
        while running.len() >= script.at_once {
            finished(running.join_next().await)?;
        }
        if script.alone {
            wait_for_posted(&outside, told).await?;
        }
        let outside = Arc::clone(&outside);
        running.spawn(async move {
            let told = outside.tell(&one, runtime::clock::now()).await;
            told.map_err(|error| say::chain(&error))
        });
    }
    while let Some(one) = running.join_next().await {
        finished(Some(one))?;
    }
    say::line(format!("  {total} payments told of"));
    Ok(())
}

async fn wait_for_posted(outside: &Outside, count: usize) -> Result<(), String> {
    let until = after(SETTLED_WITHIN);
    loop {
        let books = audit::read(outside).await.map_err(|error| say::chain(&error))?;
        if usize::try_from(books.posted_count()) == Ok(count) {
            return Ok(());
        }
        if runtime::clock::now() > until {
            return Err(format!("after {SETTLED_WITHIN:#} payment {count} is not posted"));
        }
        sleep(Duration::from_millis(250)).await;
    }
}

async fn pay_and_tell(
    outside: Arc<Outside>,
    token: String,
    payment: Payment,
) -> Result<(), String> {
    let made: Made = outside.pay(&token, &payment).await.map_err(|error| say::chain(&error))?;
    outside.tell(&made, runtime::clock::now()).await.map_err(|error| say::chain(&error))
}

fn finished(
    joined: Option<Result<Result<(), String>, tokio::task::JoinError>>,
) -> Result<(), String> {
    match joined {
        Some(Ok(result)) => result,
        Some(Err(error)) => Err(error.to_string()),
        None => Ok(()),
    }
}

/// Kills the product at moments the seed decides.
async fn kill_repeatedly(world: &mut World, kills: u32, seed: u64) -> Result<(), String> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    for n in 1..=kills {
        sleep(Duration::from_millis(rng.random_range(300..3_000))).await;
        world.kill().await?;
        say::line(format!("  the product was killed and started again ({n} of {kills})"));
    }
    Ok(())
}

/// Faults on, by seed, or off.
async fn weather(outside: &Outside, seed: Option<u64>) -> Result<(), String> {
    let plan = |offset: u64, path: &str| match seed {
        Some(seed) => json!({"seed": seed.wrapping_add(offset), "permille": 150, "hold_ms": 200,
                             "late_ms": [100, 1500], "latency_ms": [5, 60],
                             "only": {"path_contains": path}}),
        None => Value::Null,
    };
    let places = &outside.places;
    let both = [
        (&places.sage300, plan(0, "/Sage300WebApi/")),
        (&places.paytrace, plan(1_000_003, "/export/")),
    ];
    for (simulator, plan) in both {
        let set = outside.command(simulator, "faults", &plan).await;
        set.map_err(|error| say::chain(&error))?;
    }
    Ok(())
}

async fn wait_until_ready(outside: &Outside) -> Result<(), String> {
    let until = after(SignedDuration::try_from(READY_WITHIN).unwrap_or_default());
    loop {
        match outside.status().await {
            Ok(_) => return Ok(()),
            Err(error) if runtime::clock::now() > until => {
                return Err(format!("the product does not answer: {}", say::chain(&error)));
            }
            Err(_) => sleep(Duration::from_millis(50)).await,
        }
    }
}

/// Waits until everything captured is posted or held and no batch of ours is left over; with
/// `strict` unset, running out of time is no failure.
async fn wait_for(
    outside: &Outside,
    name: &str,
    within: SignedDuration,
    strict: bool,
) -> Result<Books, String> {
    let until = after(within);
    let mut told = 0;
    loop {
        let read = audit::read(outside).await;
        let late = runtime::clock::now() > until;
        match read {
            Ok(books) if books.at_rest() => return Ok(books),
            Ok(books) if late && strict => {
                audit::print_open(&books);
                return Err(format!("after {within:#} of {name} not everything came to its end"));
            }
            Ok(books) if late => return Ok(books),
            Ok(books) => {
                if books.posted_count() != told {
                    told = books.posted_count();
                    say::line(format!("  {}", books.progress()));
                }
            }
            Err(error) if late => return Err(say::chain(&error)),
            Err(_) => {}
        }
        sleep(Duration::from_millis(250)).await;
    }
}

fn after(within: SignedDuration) -> Timestamp {
    let now = runtime::clock::now();
    now.checked_add(within).unwrap_or(now)
}
