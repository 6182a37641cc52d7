//! Events and facts.

use std::sync::Arc;

use domain::fact::{FactName, FactValue, Facts};

use super::Verdict;
use super::samples::{at, ensure, event, payment, ready, same, usd};
use crate::store::{Arrival, Store};

pub(super) async fn suite<M: AsyncFn() -> Arc<dyn Store>>(make: &M) -> Verdict {
    arrivals(&*make().await).await?;
    waiting(&*make().await).await?;
    facts(&*make().await).await
}

async fn arrivals(store: &dyn Store) -> Verdict {
    let first = event("e1", "aa", 1);
    same(&store.insert_inbox(&first).await?, &Arrival::New, "an unknown event is new")?;
    let again = store.insert_inbox(&event("e1", "aa", 9)).await?;
    let duplicate = Arrival::Duplicate { handled: false };
    same(&again, &duplicate, "same id, same body is a duplicate")?;
    let other = store.insert_inbox(&event("e1", "bb", 9)).await?;
    same(&other, &Arrival::Variant { handled: false }, "same id, other body is a variant")?;
    let other = store.insert_inbox(&event("e1", "bb", 9)).await?;
    same(&other, &Arrival::Variant { handled: false }, "a variant stays a variant")?;
    store.mark_handled(&first.merchant, &first.id).await?;
    store.mark_handled(&first.merchant, &first.id).await?;
    let again = store.insert_inbox(&first).await?;
    same(&again, &Arrival::Duplicate { handled: true }, "a duplicate tells that it is handled")?;
    let other = store.insert_inbox(&event("e1", "cc", 9)).await?;
    same(&other, &Arrival::Variant { handled: true }, "a variant tells that it is handled")?;
    let mut foreign = event("e1", "aa", 1);
    foreign.merchant = "m2".into();
    same(&store.insert_inbox(&foreign).await?, &Arrival::New, "ids are unique per merchant only")
}

async fn waiting(store: &dyn Store) -> Verdict {
    for (id, received) in [("late", 30), ("b", 10), ("a", 10), ("done", 5), ("old", 1)] {
        store.insert_inbox(&event(id, "aa", received)).await?;
    }
    store.insert_inbox(&event("old", "aa", 99)).await?;
    store.mark_handled(&"m1".into(), &"done".into()).await?;
    store.mark_handled(&"m1".into(), &"unknown".into()).await?;
    let found = store.events_not_handled(at(30), 10).await?;
    let expected = vec![event("old", "aa", 1), event("a", "aa", 10), event("b", "aa", 10)];
    same(&found, &expected, "events not handled come oldest first, as first received")?;
    let found = store.events_not_handled(at(31), 2).await?;
    same(&found, &expected.into_iter().take(2).collect(), "the limit keeps the oldest")?;
    let unknown = store.insert_inbox(&event("unknown", "aa", 1)).await?;
    same(&unknown, &Arrival::New, "marking an unknown event does not create it")
}

async fn facts(store: &dyn Store) -> Verdict {
    let key = payment(1);
    same(&store.payment(&key).await?, &None, "an unknown payment is absent")?;
    let empty = store.fold_facts(&key, &Facts::new()).await?;
    ensure(!empty.changed && empty.facts.is_empty(), "folding nothing changes nothing")?;
    same(&store.payment(&key).await?, &None, "folding nothing makes no payment")?;

    let captured = fact(1_000, "", 1);
    let one = Facts::from([(FactName::Captured, captured.clone())]);
    let folded = store.fold_facts(&key, &one).await?;
    ensure(folded.changed, "a new fact is a change")?;
    ensure(folded.first, "nothing stood before the first facts")?;
    same(&store.facts(&key).await?, &one, "the facts are read as folded")?;
    same(&folded.facts, &one, "the facts stand as stated")?;

    let later = Facts::from([(FactName::Captured, fact(1_000, "", 50))]);
    let folded = store.fold_facts(&key, &later).await?;
    ensure(!folded.changed && folded.conflicts.is_empty(), "an agreeing repeat changes nothing")?;
    ensure(!folded.first, "facts stood before the repeat")?;
    same(&folded.facts, &one, "the first statement stays, with its time")?;

    let mixed = Facts::from([
        (FactName::Captured, fact(999, "", 60)),
        (FactName::Settled, fact(1_000, "7", 60)),
    ]);
    let folded = store.fold_facts(&key, &mixed).await?;
    ensure(folded.changed, "a new fact beside a conflict is written")?;
    ensure(!folded.first, "another fact is not the first")?;
    same(&folded.conflicts, &vec![FactName::Captured], "another amount is a conflict")?;
    same(&folded.facts.get(&FactName::Captured), &Some(&captured), "the first value stays")?;
    let folded = store.fold_facts(&key, &mixed).await?;
    ensure(!folded.changed, "the repeat is no change")?;
    same(&folded.conflicts, &vec![FactName::Captured], "a conflict is reported again")?;
    let other = Facts::from([(FactName::Settled, fact(1_000, "8", 60))]);
    let folded = store.fold_facts(&key, &other).await?;
    same(&folded.conflicts, &vec![FactName::Settled], "another detail is a conflict")?;

    store.insert_effect(&ready(1), None).await?;
    same(&store.facts(&key).await?.len(), &2, "effects are no facts")?;
    let found = store.payment(&key).await?.ok_or("a payment with facts is there")?;
    same(&found.facts.len(), &2, "a payment carries its facts")?;
    same(&found.effects, &vec![ready(1)], "a payment carries its effects")
}

fn fact(minor: i64, detail: &str, seconds: i64) -> FactValue {
    FactValue { amount: usd(minor), detail: detail.to_owned(), at: at(seconds) }
}
