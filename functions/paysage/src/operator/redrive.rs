//! `paysage redrive`: what was not worked off is queued again.
//!
//! 1. list events not worked off, and held items that may be decided again
//! 2. leave out those whose message waits in the queue already
//! 3. queue the others, each durable at once, falling due at the rate asked for
//!
//! An interruption after any of them loses nothing: what is queued is left out the next time.
//! Working an item off twice changes nothing.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use clap::{ArgGroup, Args};
use domain::effect::EffectState;
use engine::hint::Hint;
use engine::operate::{Refusal, details};
use engine::port::QueueName;
use jiff::Timestamp;
use ledger::decide::may_heal;
use ledger::store::EffectQuery;

use super::Place;
use super::desk::Desk;
use super::story::count;
use super::words;
use crate::say;

#[derive(Args)]
#[command(
    group = ArgGroup::new("mode").required(true).args(["plan", "run"]),
    after_help = "Examples:\n  paysage redrive --plan --config paysage.yaml\n  \
                  paysage redrive --run --rate 5/s --limit 500 --by ada \
                  --config paysage.yaml"
)]
pub struct Options {
    /// Show what would be queued and why; write nothing
    #[arg(long)]
    plan: bool,
    /// Queue it; may be interrupted and run again
    #[arg(long)]
    run: bool,
    /// How fast the product may take it up, as items a second
    #[arg(long, value_name = "N/s", default_value = "5/s", value_parser = rate)]
    rate: NonZeroU32,
    /// At most so many items
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    limit: usize,
    /// Your name, for the audit trail
    #[arg(long, value_name = "NAME", required_unless_present = "plan")]
    by: Option<String>,
    #[command(flatten)]
    place: Place,
}

/// # Errors
/// In words, when the store or the queue fails; run it again.
pub async fn perform(options: &Options) -> Result<(), String> {
    let desk = Desk::open(&options.place).await?;
    let plan = Plan::make(&desk, options.limit).await?;
    if options.plan {
        plan.lines().iter().for_each(say::line);
        return Ok(());
    }
    let operator = desk.operator(options.by.as_deref().unwrap_or_default())?;
    let (planned, rate) = (items(plan.items.len()), format!("{}/s", options.rate));
    let details = details([("planned", planned.as_str()), ("rate", rate.as_str())]);
    let queued = operator.audited("redrive", "hints", details, async || {
        let queued = plan.run(&desk, options.rate, |done, all| {
            say::progress(format!("{done} of {all} queued"));
        });
        let queued = queued.await.map_err(Refusal::No)?;
        Ok((queued, [("queued".to_owned(), items(queued))].into()))
    });
    let queued = queued.await.map_err(|refusal| say::chain(&refusal))?;
    let told = format!("{} queued; done by the product when it runs", items(queued));
    say::line(told);
    Ok(())
}

/// Events and held items looked through.
const LOOKED_THROUGH_MAX: usize = 100_000;

/// Progress is told after each so many.
const TOLD_EACH: usize = 100;

struct Item {
    hint: Hint,
    why: String,
}

struct Plan {
    items: Vec<Item>,
    /// Left out: their message waits in the queue.
    waiting: usize,
    /// Left out: beyond the limit.
    beyond: usize,
    /// Left out: only a person can settle them.
    for_person: Vec<String>,
}

impl Plan {
    async fn make(desk: &Desk, limit: usize) -> Result<Self, String> {
        let mut candidates = Vec::new();
        let mut for_person = Vec::new();
        events(desk, &mut candidates, &mut for_person).await?;
        held(desk, &mut candidates, &mut for_person).await?;
        batches(desk, &mut for_person).await?;
        let queued: BTreeSet<String> = desk.hints().await?.iter().map(Hint::body).collect();
        let mut planned = BTreeSet::new();
        let mut plan = Self { items: Vec::new(), waiting: 0, beyond: 0, for_person };
        for item in candidates {
            let body = item.hint.body();
            if queued.contains(&body) {
                plan.waiting = plan.waiting.saturating_add(1);
            } else if !planned.contains(&body) {
                if plan.items.len() < limit {
                    planned.insert(body);
                    plan.items.push(item);
                } else {
                    plan.beyond = plan.beyond.saturating_add(1);
                }
            }
        }
        Ok(plan)
    }

    /// Queues everything; how much that was.
    async fn run(
        &self,
        desk: &Desk,
        rate: NonZeroU32,
        told: impl Fn(usize, usize),
    ) -> Result<usize, String> {
        let all = self.items.len();
        for (index, item) in self.items.iter().enumerate() {
            // After those an interrupted run queued before.
            let place = u32::try_from(self.waiting.saturating_add(index)).unwrap_or(u32::MAX);
            let delay_seconds = place.checked_div(rate.get()).unwrap_or_default();
            let sent = desk.queue.send(QueueName::Hints, item.hint.body(), delay_seconds);
            sent.await.map_err(|error| {
                format!("{} of {all} queued, then {}; run it again", index, say::chain(&error))
            })?;
            let done = index.saturating_add(1);
            if done.is_multiple_of(TOLD_EACH) || done == all {
                told(done, all);
            }
        }
        Ok(all)
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("{} would be queued", items(self.items.len()))];
        lines.extend(self.items.iter().map(|item| {
            format!("  {}/{}: {}", item.hint.merchant, item.hint.transaction, item.why)
        }));
        if self.beyond > 0 {
            lines.push(format!("{} more beyond --limit", items(self.beyond)));
        }
        if self.waiting > 0 {
            lines.push(format!("{} left out: queued already", items(self.waiting)));
        }
        if !self.for_person.is_empty() {
            let left = items(self.for_person.len());
            lines.push(format!("{left} left out: only a person can settle them"));
            lines.extend(self.for_person.iter().map(|what| format!("  {what}")));
        }
        lines.push("Nothing was written.".to_owned());
        lines
    }
}

async fn events(
    desk: &Desk,
    candidates: &mut Vec<Item>,
    for_person: &mut Vec<String>,
) -> Result<(), String> {
    let store = &desk.store;
    let events = store.events_not_handled(Timestamp::MAX, LOOKED_THROUGH_MAX).await;
    for event in events.map_err(|error| say::chain(&error))? {
        let received = words::time(event.received);
        let Some(transaction) = &event.transaction else {
            let (merchant, id) = (&event.merchant, &event.id);
            for_person.push(format!("{merchant}: event {id} of {received} names no transaction"));
            continue;
        };
        let hint =
            Hint { event: Some(event.id.clone()), ..Hint::new(&event.merchant, transaction) };
        let why = format!(
            "event {} of {received} (UTC, by {}) was not worked off",
            event.id, event.source
        );
        candidates.push(Item { hint, why });
    }
    Ok(())
}

async fn held(
    desk: &Desk,
    candidates: &mut Vec<Item>,
    for_person: &mut Vec<String>,
) -> Result<(), String> {
    let limit = LOOKED_THROUGH_MAX;
    let query = EffectQuery { company: None, state: EffectState::Held, limit };
    let effects = desk.store.effects_by_state(&query).await;
    for effect in effects.map_err(|error| say::chain(&error))? {
        let why = effect.hold.as_ref().map(words::why).unwrap_or_default();
        if !may_heal(&effect) {
            for_person.push(format!("{}, {}: {why}", effect.key, effect.amount));
            continue;
        }
        let (merchant, transaction) =
            (&effect.key.payment.merchant, &effect.key.payment.transaction);
        let hint = Hint { redecide: true, ..Hint::new(merchant, transaction) };
        candidates.push(Item { hint, why: format!("{} is held, {why}", effect.amount) });
    }
    Ok(())
}

/// No message moves a batch that waits for a person.
async fn batches(desk: &Desk, for_person: &mut Vec<String>) -> Result<(), String> {
    let held = desk.store.held_manifests(LOOKED_THROUGH_MAX).await;
    for manifest in held.map_err(|error| say::chain(&error))? {
        let why = manifest.hold.as_ref().map(words::why).unwrap_or_default();
        let payments = count(manifest.entries.len(), "payment", "payments");
        for_person.push(format!("batch of {payments}, {}: {why}", manifest.total));
    }
    Ok(())
}

fn items(number: usize) -> String {
    count(number, "item", "items")
}

fn rate(text: &str) -> Result<NonZeroU32, String> {
    let number = text.trim();
    let number = number.strip_suffix("/s").unwrap_or(number);
    number.parse().map_err(|_| "give a whole number of items a second, such as 5/s".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::sample::{Books, NOW, at};
    use crate::operator::words::person_hold;
    use domain::exception::ReasonCode;

    async fn books() -> Books {
        let books = Books::empty();
        books.event("main", "e1", 511).await;
        books.event("main", "e2", 512).await;
        books.event("main", "e3", 513).await;
        books.store().mark_handled(&"main".into(), &"e3".into()).await.unwrap();
        books.held(514).await;
        books.held_for(515, ReasonCode::AmountInvalid, "0.00").await;
        books.ready(516).await;
        let manifest = books.assigned(516, 148).await;
        let hold = person_hold("looked at");
        books.store().hold_manifest(&manifest, Some(&hold)).await.unwrap();
        books
    }

    fn per_second(number: u32) -> NonZeroU32 {
        NonZeroU32::new(number).unwrap()
    }

    #[tokio::test]
    async fn a_plan_shows_what_and_why_and_writes_nothing() {
        let books = books().await;
        let plan = Plan::make(&books.desk, 10).await.unwrap();
        let text = plan.lines().join("\n");
        for words in [
            "3 items would be queued",
            "main/511: event e1 of 2026-03-02 12:00:00 (UTC, by standard_webhooks) was not",
            "main/514: 10.00 USD is held, customer_not_found: who is it?",
            "2 items left out: only a person can settle them",
            "main/515/Receipt/1, 10.00 USD: amount_invalid: 0.00",
            "batch of 1 payment, 10.00 USD: held by a person: looked at",
        ] {
            assert!(text.contains(words), "`{words}`:\n{text}");
        }
        assert!(!text.contains("513") && !text.contains("516"), "{text}");
        assert_eq!(books.desk.hints().await.unwrap(), []);
    }

    #[tokio::test]
    async fn a_run_goes_on_where_the_last_one_was_interrupted() {
        let books = books().await;
        let first = Plan::make(&books.desk, 2).await.unwrap();
        assert!(first.lines().join("\n").contains("1 item more beyond --limit"));
        assert_eq!(first.run(&books.desk, per_second(1), |_, _| {}).await.unwrap(), 2);
        let second = Plan::make(&books.desk, 10).await.unwrap();
        assert!(second.lines().join("\n").contains("2 items left out: queued already"));
        assert_eq!(second.run(&books.desk, per_second(1), |_, _| {}).await.unwrap(), 1);
        let third = Plan::make(&books.desk, 10).await.unwrap();
        assert_eq!(third.run(&books.desk, per_second(1), |_, _| {}).await.unwrap(), 0);
        let queued = books.desk.hints().await.unwrap();
        let ids: Vec<&str> = queued.iter().map(|hint| hint.transaction.as_str()).collect();
        assert_eq!(ids, ["511", "512", "514"]);
        assert_eq!(queued[0].event.as_ref().unwrap().as_str(), "e1");
        assert!(queued[2].redecide);
    }

    #[tokio::test]
    async fn what_is_queued_falls_due_at_the_rate() {
        let books = Books::empty();
        for transaction in 0..6 {
            books.held(600 + transaction).await;
        }
        let plan = Plan::make(&books.desk, 10).await.unwrap();
        plan.run(&books.desk, per_second(2), |_, _| {}).await.unwrap();
        let now = at(NOW);
        let queue = &books.desk.file.as_ref().unwrap().queue;
        for (second, due) in [(0, 2), (1, 2), (2, 2), (3, 0)] {
            let then = now + jiff::SignedDuration::from_secs(second);
            let taken = queue.receive(QueueName::Hints, 10, then, 60_000).await.unwrap();
            assert_eq!(taken.len(), due, "after {second} s");
        }
    }

    #[test]
    fn a_rate_is_a_whole_number_a_second() {
        assert_eq!(rate("5/s").unwrap().get(), 5);
        assert_eq!(rate("20").unwrap().get(), 20);
        for wrong in ["0/s", "-1", "1.5/s", "fast", "5/m"] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
    }
}
