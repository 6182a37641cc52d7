//! `paysage hold` and `paysage release`.
//!
//! Hold: READY, or HELD for a reason that may heal by itself, becomes HELD by a person; nothing
//! takes that up by itself. What is in a batch already, posted or cancelled is refused.
//!
//! Release: 1. HELD in a way that is decided again by itself, 2. a message that has it decided at
//! once. The decision is a new one, from the books as they then are: while it was held, another
//! payment may have paid its invoice, or its period may have been closed. A death between 1 and 2
//! costs time only: the product looks at such items now and then.

use std::collections::BTreeMap;

use clap::Args;
use domain::effect::{Effect, EffectKey, EffectState};
use domain::exception::ReasonCode;
use engine::hint::Hint;
use engine::operate::{Refusal, details};
use engine::port::QueueName;
use ledger::decide::may_heal;
use ledger::store::{Changed, Decision, StoreError};
use serde_json::json;

use super::desk::Desk;
use super::find::Named;
use super::story::Story;
use super::{Place, Signed, words};
use crate::say;

#[derive(Args)]
#[command(after_help = "Example:\n  paysage hold 512300417 --reason 'customer disputes it' \
                        --by ada --config paysage.yaml")]
pub struct HoldOptions {
    #[command(flatten)]
    what: What,
    /// Why; shown to whoever looks at it
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Args)]
#[command(after_help = "Example:\n  paysage release 512300417 --by ada --config paysage.yaml")]
pub struct ReleaseOptions {
    #[command(flatten)]
    what: What,
}

#[derive(Args)]
struct What {
    /// A transaction id, or one document of it such as main/512300417/Receipt/1
    #[arg(value_name = "EFFECT|TRANSACTION")]
    name: String,
    /// Which PayTrace account, where several have that id
    #[arg(long, value_name = "NAME")]
    merchant: Option<String>,
    /// As JSON, for programs
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    signed: Signed,
    #[command(flatten)]
    place: Place,
}

/// # Errors
/// In words, when it cannot be held any more or the store fails.
pub async fn hold(options: &HoldOptions) -> Result<(), String> {
    let text = words::reason(&options.reason)?;
    let details = details([("reason", text.as_str())]);
    audited(&options.what, "hold", details, async |desk, story, effect| {
        held(desk, story, effect, &text).await
    })
    .await
}

/// # Errors
/// In words, when it is not held, when only something else settles it, or the store fails.
pub async fn release(options: &ReleaseOptions) -> Result<(), String> {
    audited(&options.what, "release", BTreeMap::new(), async |desk, story, effect| {
        released(desk, story, effect).await
    })
    .await
}

/// Between two lines of the audit trail, and told.
async fn audited(
    what: &What,
    action: &str,
    details: BTreeMap<String, String>,
    work: impl AsyncFnOnce(&Desk, &Story, &Effect) -> Result<Change, String>,
) -> Result<(), String> {
    let named = Named::parse(&what.name)?;
    let desk = Desk::open(&what.place).await?;
    let operator = desk.operator(&what.signed.by)?;
    let story = named.story(&desk, what.merchant.as_deref()).await?;
    let effect = named.effect(&story)?;
    let key = effect.key.to_string();
    let done = operator.audited(action, &key, details, async || {
        let change = work(&desk, &story, effect).await.map_err(Refusal::No)?;
        let told = BTreeMap::from([
            ("before".to_owned(), shown(&change.before)),
            ("after".to_owned(), shown(&change.after)),
        ]);
        Ok((change, told))
    });
    let change = done.await.map_err(|refusal| say::chain(&refusal))?;
    tell(&change, what.json)
}

/// What was done.
struct Change {
    before: Effect,
    after: Effect,
    /// What it means.
    told: String,
}

async fn held(desk: &Desk, story: &Story, effect: &Effect, text: &str) -> Result<Change, String> {
    let store = &desk.store;
    let key = &effect.key;
    let changed = match (effect.state, &effect.hold) {
        (EffectState::Ready, _) => {
            store.hold_effect(key, &words::person_hold(text)).await.map_err(failed)?
        }
        (EffectState::Held, Some(hold)) if words::said_by_person(hold).is_some() => {
            return Ok(as_it_is(effect, "It is held by a person already; nothing was changed."));
        }
        (EffectState::Held, Some(hold)) if may_heal(effect) => {
            let hold = words::person_hold(&format!("{text} (before: {})", words::why(hold)));
            let decision = Decision::Held(hold);
            store.decide_effect(key, effect.generation, &decision, None).await.map_err(failed)?
        }
        (EffectState::Held, _) => {
            let told = "It is held already, in a way nothing takes up by itself; nothing was \
                        changed.";
            return Ok(as_it_is(effect, told));
        }
        _ => return Err(not_to_be_held(story, effect)),
    };
    match changed {
        Changed::Done => {
            let told = format!(
                "It stays out of Sage until `paysage release {key}`. A void in PayTrace still \
                 cancels it."
            );
            Ok(Change { before: effect.clone(), after: again(desk, key).await?, told })
        }
        Changed::Refused(now) => Err(not_to_be_held(story, &now)),
        Changed::Stale | Changed::Missing => Err(format!("{key} changed meanwhile; try again")),
    }
}

async fn released(desk: &Desk, story: &Story, effect: &Effect) -> Result<Change, String> {
    let key = &effect.key;
    match effect.state {
        EffectState::Held => {}
        EffectState::Ready => {
            let told = "It is not held: it goes with the next batch. Nothing was changed.";
            return Ok(as_it_is(effect, told));
        }
        _ => return Err(format!("{key} is not held: {}", whereabouts(story, effect))),
    }
    if let Some(fix) = settled_otherwise(effect) {
        return Err(format!("releasing {key} would change nothing: {fix}"));
    }
    if !may_heal(effect) {
        let was = effect.hold.as_ref().map(words::why).unwrap_or_default();
        let decision = Decision::Held(words::released_hold(&was));
        let store = &desk.store;
        let changed = store.decide_effect(key, effect.generation, &decision, None).await;
        if changed.map_err(failed)? != Changed::Done {
            return Err(format!("{key} changed meanwhile; try again"));
        }
    }
    ask_for_decision(desk, key).await?;
    let told = "It is decided anew, from the books as they then are, as soon as the product runs.";
    let after = again(desk, key).await?;
    Ok(Change { before: effect.clone(), after, told: told.to_owned() })
}

/// Sends the message unless it waits in the queue.
async fn ask_for_decision(desk: &Desk, key: &EffectKey) -> Result<(), String> {
    let (merchant, transaction) = (&key.payment.merchant, &key.payment.transaction);
    let hint = Hint { redecide: true, ..Hint::new(merchant, transaction) };
    if desk.hints().await?.contains(&hint) {
        return Ok(());
    }
    let sent = desk.queue.send(QueueName::Hints, hint.body(), 0).await;
    sent.map_err(|error| say::chain(&error))
}

/// What only a person can do, in Sage or in PayTrace: a new decision would come out the same.
fn settled_otherwise(effect: &Effect) -> Option<&'static str> {
    let hold = effect.hold.as_ref()?;
    let by_hand = matches!(hold.reason, ReasonCode::RefundByHand | ReasonCode::AmountInvalid);
    (by_hand && words::said_by_person(hold).is_none()).then(|| hold.reason.fix())
}

fn not_to_be_held(story: &Story, effect: &Effect) -> String {
    format!("{} cannot be held any more: {}", effect.key, whereabouts(story, effect))
}

fn whereabouts(story: &Story, effect: &Effect) -> String {
    match (effect.state, &effect.posted) {
        (EffectState::Posted, Some(posted)) => format!(
            "it is posted in Sage as {}, batch {}, entry {}. Reverse it there if it should not \
             be, or refund it in PayTrace",
            posted.document, posted.batch, posted.entry
        ),
        (EffectState::Cancelled, _) => {
            "it is cancelled; nothing of it is in Sage, and nothing will be".to_owned()
        }
        (EffectState::Assigned, _) => {
            let batch = story.manifest_of(effect).and_then(|m| m.committed_batch());
            let batch = batch.map_or_else(String::new, |number| format!(" (Sage batch {number})"));
            format!(
                "it is in a batch{batch} on its way to Sage, and taking it out could post it \
                 twice. Wait until it is posted and reverse it in Sage then"
            )
        }
        _ => words::state(effect).to_owned(),
    }
}

async fn again(desk: &Desk, key: &EffectKey) -> Result<Effect, String> {
    let payment = desk.store.payment(&key.payment).await.map_err(failed)?;
    let effects = payment.into_iter().flat_map(|payment| payment.effects);
    let found = effects.into_iter().find(|effect| effect.key == *key);
    found.ok_or_else(|| format!("{key} is not in the store any more"))
}

fn as_it_is(effect: &Effect, told: &str) -> Change {
    Change { before: effect.clone(), after: effect.clone(), told: told.to_owned() }
}

fn tell(change: &Change, as_json: bool) -> Result<(), String> {
    if as_json {
        let text = serde_json::to_string(&json!({
            "subject": change.after.key.to_string(), "before": shown(&change.before),
            "after": shown(&change.after), "told": change.told,
        }));
        say::line(text.map_err(|error| error.to_string())?);
    } else {
        lines(change).iter().for_each(say::line);
    }
    Ok(())
}

fn shown(effect: &Effect) -> String {
    match &effect.hold {
        Some(hold) => format!("{}; {}", words::state(effect), words::why(hold)),
        None => words::state(effect).to_owned(),
    }
}

fn lines(change: &Change) -> Vec<String> {
    vec![
        format!("{}, {}", change.after.key, change.after.amount),
        format!("  before: {}", shown(&change.before)),
        format!("  now:    {}", shown(&change.after)),
        change.told.clone(),
    ]
}

fn failed(error: StoreError) -> String {
    say::chain(&error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::sample::{Books, content, key};

    async fn hold_it(books: &Books, transaction: u32, text: &str) -> Result<Change, String> {
        let story = story(books, transaction).await;
        held(&books.desk, &story, &story.effects[0], text).await
    }

    async fn release_it(books: &Books, transaction: u32) -> Result<Change, String> {
        let story = story(books, transaction).await;
        released(&books.desk, &story, &story.effects[0]).await
    }

    async fn story(books: &Books, transaction: u32) -> Story {
        Story::gather(&books.desk, &key(transaction).payment).await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn a_ready_payment_is_held_once_and_stays_held() {
        let books = Books::empty();
        books.ready(512).await;
        let change = hold_it(&books, 512, "disputed").await.unwrap();
        let text = lines(&change).join("\n");
        assert!(text.contains("before: READY"), "{text}");
        assert!(text.contains("now:    HELD"), "{text}");
        assert!(text.contains("held by a person: disputed"), "{text}");
        let stored = books.effect(512).await;
        assert_eq!(stored.state, EffectState::Held);
        assert!(!may_heal(&stored), "nothing takes it up by itself");
        let again = hold_it(&books, 512, "for another reason").await.unwrap();
        assert!(again.told.contains("already"));
        assert_eq!(books.effect(512).await, stored);
    }

    #[tokio::test]
    async fn a_payment_held_by_the_program_is_kept_from_healing() {
        let books = Books::empty();
        books.held(513).await;
        assert!(may_heal(&books.effect(513).await));
        hold_it(&books, 513, "wait for legal").await.unwrap();
        let stored = books.effect(513).await;
        assert!(!may_heal(&stored));
        let why = words::why(stored.hold.as_ref().unwrap());
        assert_eq!(
            why,
            "held by a person: wait for legal (before: customer_not_found: who is it?)"
        );
    }

    #[tokio::test]
    async fn what_is_on_its_way_or_posted_is_refused_and_unchanged() {
        let books = Books::empty();
        books.ready(512).await;
        books.assigned(512, 148).await;
        books.ready(513).await;
        books.posted(513, 149).await;
        books.ready(514).await;
        books.store().cancel_effect(&key(514)).await.unwrap();
        for (transaction, words) in
            [(512, "Sage batch 148"), (513, "PY513, batch 149, entry 1"), (514, "cancelled")]
        {
            let before = books.effect(transaction).await;
            let refused = hold_it(&books, transaction, "x").await.err().unwrap();
            assert!(refused.contains(words), "{refused}");
            let refused = release_it(&books, transaction).await.err().unwrap();
            assert!(refused.contains(words), "{refused}");
            assert_eq!(books.effect(transaction).await, before);
        }
        assert_eq!(books.desk.hints().await.unwrap(), []);
    }

    #[tokio::test]
    async fn one_that_was_sealed_after_it_was_looked_at_is_refused() {
        let books = Books::empty();
        books.ready(512).await;
        let seen = story(&books, 512).await;
        books.assigned(512, 148).await;
        let refused = held(&books.desk, &seen, &seen.effects[0], "x").await.err().unwrap();
        assert!(refused.contains("on its way to Sage"), "{refused}");
        assert_eq!(books.effect(512).await.state, EffectState::Assigned);
    }

    #[tokio::test]
    async fn a_released_payment_is_decided_anew_and_asked_for_once() {
        let books = Books::empty();
        books.ready(512).await;
        hold_it(&books, 512, "disputed").await.unwrap();
        let change = release_it(&books, 512).await.unwrap();
        assert!(change.told.contains("decided anew"));
        let stored = books.effect(512).await;
        assert_eq!(stored.state, EffectState::Held, "only a new decision makes it READY");
        assert!(may_heal(&stored));
        let waiting = books.desk.hints().await.unwrap();
        assert_eq!(waiting.len(), 1);
        assert!(waiting[0].redecide && waiting[0].transaction.as_str() == "512");
        release_it(&books, 512).await.unwrap();
        assert_eq!(books.desk.hints().await.unwrap().len(), 1, "it waits already");
        assert_eq!(books.effect(512).await, stored);
        let decision = Decision::Ready(Box::new(content(512)));
        let (key, generation) = (key(512), stored.generation);
        let decided = books.store().decide_effect(&key, generation, &decision, None).await;
        assert_eq!(decided.unwrap(), Changed::Done);
        assert!(release_it(&books, 512).await.unwrap().told.contains("next batch"));
    }

    #[tokio::test]
    async fn what_only_a_person_settles_is_not_released() {
        let books = Books::empty();
        books.held_for(512, ReasonCode::AmountInvalid, "the captured amount is 0.00 USD").await;
        let before = books.effect(512).await;
        let refused = release_it(&books, 512).await.err().unwrap();
        assert!(refused.contains("check it in PayTrace"), "{refused}");
        let kept = hold_it(&books, 512, "x").await.unwrap();
        assert!(kept.told.contains("nothing takes up by itself"));
        assert_eq!(books.effect(512).await, before);
    }

    #[test]
    fn a_reason_is_said_and_carries_no_card_number() {
        assert!(words::reason("  ").is_err());
        assert!(words::reason(&"x".repeat(501)).is_err());
        assert_eq!(words::reason(" disputed ").unwrap(), "disputed");
        let masked = words::reason("card 4111111111111111 disputed").unwrap();
        assert!(!masked.contains("4111111111111111"), "{masked}");
    }
}
