//! What a person looks up and no function ever asks for. Found by reading through, not by index.

use domain::id::PaymentKey;
use engine::port::{QueueError, QueueName};
use ledger::memory::tables::Fallible;
use ledger::store::{InboxEvent, Result, StoreError};
use rusqlite::{Connection, params};

use crate::Embedded;
use crate::column::list;
use crate::queue::word;

/// An event of the inbox, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    pub event: InboxEvent,
    /// Its hint was worked off.
    pub handled: bool,
    /// How often it came, the first time included.
    pub times: u64,
    /// Other bodies that came under the same id.
    pub variants: u64,
}

impl Embedded {
    /// Events recorded for the payment, oldest first. Reads all events of the merchant.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sightings(&self, payment: &PaymentKey) -> Result<Vec<Sighting>> {
        let payment = payment.clone();
        let found = self.writer.run(move |connection| sightings(connection, &payment)).await;
        found.map_err(|source| StoreError { operation: "sightings", source })
    }

    /// Bodies of the queue's messages that are not acknowledged, in the order they fall due.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn queued(&self, queue: QueueName) -> std::result::Result<Vec<String>, QueueError> {
        let sql = "SELECT body FROM message WHERE queue = ?1 ORDER BY visible_at, id";
        let found = self
            .writer
            .run(move |connection| list(connection, sql, params![word(queue)], |row| row.get(0)));
        found.await.map_err(QueueError)
    }
}

fn sightings(connection: &Connection, payment: &PaymentKey) -> Fallible<Vec<Sighting>> {
    let sql = "SELECT body, handled, seen_count, (SELECT count(*) FROM inbox_variant AS v \
               WHERE v.merchant = inbox.merchant AND v.id = inbox.id) \
               FROM inbox WHERE merchant = ?1 AND json_extract(body, '$.transaction') = ?2 \
               ORDER BY received, id";
    let key = params![payment.merchant.as_str(), payment.transaction.as_str()];
    let rows: Vec<(String, bool, i64, i64)> =
        list(connection, sql, key, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    let sighting = |(body, handled, times, variants): (String, bool, i64, i64)| {
        Ok(Sighting {
            event: serde_json::from_str(&body)?,
            handled,
            times: u64::try_from(times)?,
            variants: u64::try_from(variants)?,
        })
    };
    rows.into_iter().map(sighting).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use engine::port::{Clock, Queue, QueueName};
    use jiff::{SignedDuration, Timestamp};
    use ledger::store::{InboxEvent, Store};

    use domain::id::PaymentKey;

    use crate::Embedded;

    struct Still;

    impl Clock for Still {
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }
    }

    fn event(merchant: &str, id: &str, transaction: &str, second: i64) -> InboxEvent {
        InboxEvent {
            merchant: merchant.into(),
            id: id.into(),
            body_hash: "a".to_owned(),
            transaction: Some(transaction.into()),
            source: "poll".to_owned(),
            received: Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second),
        }
    }

    #[tokio::test]
    async fn the_events_of_one_payment_are_found_worked_off_or_not() {
        let embedded = Embedded::in_memory(Arc::new(Still)).unwrap();
        let store = &embedded.store;
        let late = event("m", "late", "7", 9);
        for one in [&late, &event("m", "early", "7", 1), &event("m", "x", "70", 1)] {
            store.insert_inbox(one).await.unwrap();
        }
        store.insert_inbox(&event("n", "other", "7", 1)).await.unwrap();
        let other_body = InboxEvent { body_hash: "b".to_owned(), ..late.clone() };
        store.insert_inbox(&other_body).await.unwrap();
        store.mark_handled(&"m".into(), &"early".into()).await.unwrap();
        let payment = PaymentKey { merchant: "m".into(), transaction: "7".into() };
        let found = embedded.sightings(&payment).await.unwrap();
        let told: Vec<(&str, bool, u64, u64)> = found
            .iter()
            .map(|seen| (seen.event.id.as_str(), seen.handled, seen.times, seen.variants))
            .collect();
        assert_eq!(told, [("early", true, 1, 0), ("late", false, 2, 1)]);
        assert_eq!(found[1].event, late);
    }

    #[tokio::test]
    async fn queued_messages_are_listed_until_they_are_acknowledged() {
        let embedded = Embedded::in_memory(Arc::new(Still)).unwrap();
        let queue = &embedded.queue;
        queue.send(QueueName::Hints, "later".to_owned(), 60).await.unwrap();
        queue.send(QueueName::Hints, "now".to_owned(), 0).await.unwrap();
        queue.send(QueueName::EffectsReady, "other".to_owned(), 0).await.unwrap();
        assert_eq!(embedded.queued(QueueName::Hints).await.unwrap(), ["now", "later"]);
        let now = Timestamp::UNIX_EPOCH;
        let taken = queue.receive(QueueName::Hints, 1, now, 1_000).await.unwrap();
        assert_eq!(embedded.queued(QueueName::Hints).await.unwrap().len(), 2);
        queue.ack(&[taken[0].id]).await.unwrap();
        assert_eq!(embedded.queued(QueueName::Hints).await.unwrap(), ["later"]);
    }
}
