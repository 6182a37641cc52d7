//! What alarms are about, counted from what is on record and not from what was done: a figure is right
//! again after any crash, and an alarm ends when its cause does.

use std::collections::BTreeMap;

use domain::effect::EffectState;
use domain::exception::ReasonCode;
use jiff::Timestamp;
use ledger::store::{EffectQuery, Result, Store};
use runtime::metrics::Figure;

/// Open exceptions that are counted; beyond this many the number does not matter.
const EXCEPTIONS_MAX: usize = 10_000;

/// Names of the figures, as alarms and dashboards use them.
pub const EFFECTS_HELD: &str = "EffectsHeld";
pub const EFFECTS_WAITING: &str = "EffectsWaiting";
pub const EFFECTS_POSTED: &str = "EffectsPostedTotal";
pub const OLDEST_WAITING: &str = "OldestWaitingMs";
pub const EXCEPTIONS_OPEN: &str = "ExceptionsOpen";

/// The figures of this moment.
///
/// # Errors
/// When the store does not answer.
pub async fn figures(store: &dyn Store, now: Timestamp) -> Result<Vec<Figure>> {
    let totals = store.totals().await?;
    let count = |states: &[EffectState]| -> u64 {
        totals.rows.iter().filter(|row| states.contains(&row.state)).map(|row| row.count).sum()
    };
    let mut figures = vec![
        Figure::count(EFFECTS_HELD, count(&[EffectState::Held])),
        Figure::count(EFFECTS_WAITING, count(&[EffectState::Ready, EffectState::Assigned])),
        Figure::count(EFFECTS_POSTED, count(&[EffectState::Posted])),
        Figure::milliseconds(OLDEST_WAITING, oldest_waiting_ms(store, now).await?),
    ];
    let mut open: BTreeMap<ReasonCode, u64> = BTreeMap::new();
    for exception in store.exceptions(EXCEPTIONS_MAX).await? {
        let count = open.entry(exception.reason).or_default();
        *count = count.saturating_add(1);
    }
    figures.push(Figure::count(EXCEPTIONS_OPEN, open.values().sum()));
    let by_reason = |(reason, count): (ReasonCode, u64)| {
        Figure::count(EXCEPTIONS_OPEN, count).because(reason.code())
    };
    figures.extend(open.into_iter().map(by_reason));
    Ok(figures)
}

/// The age of what has waited longest: an event not worked off, or an effect not yet posted.
async fn oldest_waiting_ms(store: &dyn Store, now: Timestamp) -> Result<u64> {
    let mut since = Vec::new();
    since.extend(store.events_not_handled(now, 1).await?.into_iter().map(|one| one.received));
    for state in [EffectState::Ready, EffectState::Assigned] {
        let query = EffectQuery { company: None, state, limit: 1 };
        since.extend(store.effects_by_state(&query).await?.into_iter().map(|one| one.since));
    }
    let oldest = since
        .into_iter()
        .min()
        .map_or(0, |oldest| now.as_millisecond().saturating_sub(oldest.as_millisecond()));
    Ok(u64::try_from(oldest).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use domain::exception::Exception;
    use domain::id::EventId;
    use ledger::memory::MemoryStore;
    use ledger::store::InboxEvent;

    use super::*;

    #[tokio::test]
    async fn what_is_open_is_counted_and_what_waits_is_aged() {
        let store = MemoryStore::default();
        let at = |ms| Timestamp::from_millisecond(ms).unwrap();
        for (reason, subject) in [
            (ReasonCode::CardDataBlocked, "a"),
            (ReasonCode::CardDataBlocked, "b"),
            (ReasonCode::PostStuck, "c"),
        ] {
            store.raise(&Exception::new(reason, subject, "", at(1))).await.unwrap();
        }
        let event = InboxEvent {
            merchant: "main".into(),
            id: EventId::from("e"),
            body_hash: String::new(),
            transaction: None,
            source: "standard_webhooks".to_owned(),
            received: at(1_000),
        };
        store.insert_inbox(&event).await.unwrap();
        let found = figures(&store, at(61_000)).await.unwrap();
        for expected in [
            Figure::count(EFFECTS_HELD, 0),
            Figure::milliseconds(OLDEST_WAITING, 60_000),
            Figure::count(EXCEPTIONS_OPEN, 3),
            Figure::count(EXCEPTIONS_OPEN, 2).because("card_data_blocked"),
            Figure::count(EXCEPTIONS_OPEN, 1).because("post_in_progress_too_long"),
        ] {
            assert!(found.contains(&expected), "{expected:?} in {found:?}");
        }
    }
}
