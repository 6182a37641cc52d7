//! The queues, both sides. At least once, in no promised order; a received message reappears when
//! it is not acknowledged within its visibility.

use std::sync::Arc;

use async_trait::async_trait;
use engine::port::{Clock, Queue, QueueError, QueueName};
use jiff::{SignedDuration, Timestamp};
use ledger::memory::tables::Fallible;
use rusqlite::{Connection, params};
use tokio::sync::Notify;

use crate::column::{list, nanos, one, rows, timestamp, write};
use crate::writer::Writer;

/// The queues on the file.
#[derive(Clone)]
pub struct SqliteQueue {
    writer: Arc<Writer>,
    clock: Arc<dyn Clock>,
    hints: Arc<Notify>,
    effects_ready: Arc<Notify>,
}

/// A message as received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub id: i64,
    pub body: String,
    /// How often it was received, this time included.
    pub receives: u32,
    pub first_sent: Timestamp,
}

/// What a queue holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Depth {
    /// May be received now.
    pub visible: u64,
    /// Received and neither acknowledged nor given back.
    pub in_flight: u64,
    /// Since the oldest message was sent; absent when there is none.
    pub oldest_age_ms: Option<i64>,
}

#[async_trait]
impl Queue for SqliteQueue {
    async fn send(
        &self,
        queue: QueueName,
        body: String,
        delay_seconds: u32,
    ) -> Result<(), QueueError> {
        let now = self.clock.now();
        let visible = later(now, i64::from(delay_seconds).saturating_mul(1_000));
        let sent = self.writer.run(move |connection| {
            let sql = "INSERT INTO message (queue, first_sent, visible_at, body) \
                       VALUES (?1, ?2, ?3, ?4)";
            write(connection, sql, params![word(queue), nanos(now), nanos(visible), body])
        });
        sent.await.map_err(QueueError)?;
        self.notify(queue).notify_one();
        Ok(())
    }
}

impl SqliteQueue {
    pub(crate) fn new(writer: Arc<Writer>, clock: Arc<dyn Clock>) -> Self {
        Self { writer, clock, hints: Arc::default(), effects_ready: Arc::default() }
    }

    /// Takes messages that may be received now, the longest due first. Each is hidden until
    /// `visibility_ms` from `now`, and reappears then unless it was acknowledged.
    ///
    /// # Errors
    /// When the database fails; nothing is known to have been taken.
    pub async fn receive(
        &self,
        queue: QueueName,
        max: usize,
        now: Timestamp,
        visibility_ms: i64,
    ) -> Result<Vec<Delivery>, QueueError> {
        let until = later(now, visibility_ms);
        let taken = self.writer.run(move |connection| take(connection, queue, max, (now, until)));
        taken.await.map_err(QueueError)
    }

    /// Removes messages that were worked off. One that is gone already is none of them.
    ///
    /// # Errors
    /// When the database fails; the messages may come again.
    pub async fn ack(&self, ids: &[i64]) -> Result<(), QueueError> {
        let ids = ids.to_vec();
        let removed = self.writer.run(move |connection| {
            for id in ids {
                write(connection, "DELETE FROM message WHERE id = ?1", params![id])?;
            }
            Ok(())
        });
        removed.await.map_err(QueueError)
    }

    /// Gives a message back, to be received no earlier than `delay_ms` from `now`.
    ///
    /// # Errors
    /// When the database fails; the message then comes again when its visibility ends.
    pub async fn retry(&self, id: i64, now: Timestamp, delay_ms: i64) -> Result<(), QueueError> {
        let visible = later(now, delay_ms);
        let given_back = self.writer.run(move |connection| {
            let sql = "UPDATE message SET in_flight = 0, visible_at = ?2 WHERE id = ?1 \
                       RETURNING queue";
            one::<String, _>(connection, sql, params![id, nanos(visible)])
        });
        let queue = given_back.await.map_err(QueueError)?;
        if let Some(queue) = queue.as_deref().and_then(named) {
            self.notify(queue).notify_one();
        }
        Ok(())
    }

    /// What the queue holds, by the clock.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn depth(&self, queue: QueueName) -> Result<Depth, QueueError> {
        let now = self.clock.now();
        let counted = self.writer.run(move |connection| count(connection, queue, now));
        counted.await.map_err(QueueError)
    }

    /// When the next message may be received: now or later, `None` when the queue is empty.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn next_due(&self, queue: QueueName) -> Result<Option<Timestamp>, QueueError> {
        let sql = "SELECT min(visible_at) FROM message WHERE queue = ?1";
        let found = self.writer.run(move |connection| {
            let due: Option<Option<i64>> = one(connection, sql, params![word(queue)])?;
            due.flatten().map(timestamp).transpose()
        });
        found.await.map_err(QueueError)
    }

    /// Waits until a message was sent to the queue or given back since this last returned. For one
    /// waiter per queue. A message that only becomes due is not told: see [`Self::next_due`].
    pub async fn changed(&self, queue: QueueName) {
        self.notify(queue).notified().await;
    }

    fn notify(&self, queue: QueueName) -> &Notify {
        match queue {
            QueueName::Hints => &self.hints,
            QueueName::EffectsReady => &self.effects_ready,
        }
    }
}

fn take(
    connection: &Connection,
    queue: QueueName,
    max: usize,
    (now, until): (Timestamp, Timestamp),
) -> Fallible<Vec<Delivery>> {
    let due = "SELECT id FROM message WHERE queue = ?1 AND visible_at <= ?2 \
               ORDER BY visible_at, id LIMIT ?3";
    let key = params![word(queue), nanos(now), rows(max)];
    let ids: Vec<i64> = list(connection, due, key, |row| row.get(0))?;
    let hide = "UPDATE message SET receives = receives + 1, in_flight = 1, visible_at = ?2 \
                WHERE id = ?1 RETURNING body, receives, first_sent";
    let mut statement = connection.prepare_cached(hide)?;
    let mut taken = Vec::with_capacity(ids.len());
    for id in ids {
        let (body, receives, sent) = statement.query_row(params![id, nanos(until)], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
        taken.push(Delivery { id, body, receives, first_sent: timestamp(sent)? });
    }
    Ok(taken)
}

fn count(connection: &Connection, queue: QueueName, now: Timestamp) -> Fallible<Depth> {
    let sql = "SELECT count(*) FILTER (WHERE visible_at <= ?2), \
               count(*) FILTER (WHERE visible_at > ?2 AND in_flight = 1), min(first_sent) \
               FROM message WHERE queue = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let (visible, in_flight, oldest): (i64, i64, Option<i64>) = statement
        .query_row(params![word(queue), nanos(now)], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
    let oldest = oldest.map(timestamp).transpose()?;
    Ok(Depth {
        visible: u64::try_from(visible)?,
        in_flight: u64::try_from(in_flight)?,
        oldest_age_ms: oldest
            .map(|sent| now.as_millisecond().saturating_sub(sent.as_millisecond())),
    })
}

pub(crate) fn word(queue: QueueName) -> &'static str {
    match queue {
        QueueName::Hints => "hints",
        QueueName::EffectsReady => "effects_ready",
    }
}

fn named(queue: &str) -> Option<QueueName> {
    [QueueName::Hints, QueueName::EffectsReady].into_iter().find(|name| word(*name) == queue)
}

fn later(now: Timestamp, delay_ms: i64) -> Timestamp {
    now.saturating_add(SignedDuration::from_millis(delay_ms)).unwrap_or(Timestamp::MAX)
}
