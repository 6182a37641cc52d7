//! Standard queues with semantics: at least once, in any order, hidden while worked on, back when
//! nobody acknowledged them in time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use engine::port::{Queue, QueueError, QueueName};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tokio::time::{Duration, timeout};

use super::chance::Chance;
use super::fault::Fault;
use super::outside::{Outside, locked};
use super::process::Process;
use super::time::Time;

/// How long a message stays hidden while it is worked on.
const VISIBILITY_MS: i64 = 180_000;

#[derive(Debug, Clone)]
pub struct Message {
    pub id: u64,
    pub body: String,
    pub receives: u32,
    visible: Timestamp,
}

#[derive(Default)]
pub struct SimQueue {
    lanes: Mutex<BTreeMap<QueueName, Lane>>,
    next: Mutex<u64>,
    changed: Notify,
}

/// One queue: its messages, and the same by when they are visible.
#[derive(Default)]
struct Lane {
    messages: BTreeMap<u64, Message>,
    by_time: BTreeSet<(Timestamp, u64)>,
}

impl Lane {
    fn put(&mut self, message: Message) {
        self.by_time.insert((message.visible, message.id));
        self.messages.insert(message.id, message);
    }

    fn remove(&mut self, id: u64) -> Option<Message> {
        let message = self.messages.remove(&id)?;
        self.by_time.remove(&(message.visible, id));
        Some(message)
    }
}

impl SimQueue {
    pub fn put(&self, queue: QueueName, body: String, visible: Timestamp) {
        let id = {
            let mut next = locked(&self.next);
            *next = next.saturating_add(1);
            *next
        };
        let message = Message { id, body, receives: 0, visible };
        locked(&self.lanes).entry(queue).or_default().put(message);
        self.changed.notify_waiters();
    }

    /// Takes some of those that are visible, in no order.
    fn take(&self, queue: QueueName, most: usize, now: Timestamp, chance: &Chance) -> Vec<Message> {
        const NEAREST: usize = 64;
        let mut lanes = locked(&self.lanes);
        let lane = lanes.entry(queue).or_default();
        let visible = lane.by_time.iter().take_while(|(at, _)| *at <= now);
        let mut ids: Vec<u64> = visible.take(NEAREST).map(|(_, id)| *id).collect();
        let mut taken = Vec::new();
        while taken.len() < most && !ids.is_empty() {
            let id = ids.swap_remove(chance.index(ids.len()));
            if let Some(mut message) = lane.remove(id) {
                message.receives = message.receives.saturating_add(1);
                message.visible = after(now, VISIBILITY_MS);
                taken.push(message.clone());
                lane.put(message);
            }
        }
        taken
    }

    fn show(&self, queue: QueueName, id: u64, at: Timestamp) {
        let mut lanes = locked(&self.lanes);
        let lane = lanes.entry(queue).or_default();
        if let Some(message) = lane.remove(id) {
            lane.put(Message { visible: at, ..message });
        }
        drop(lanes);
        self.changed.notify_waiters();
    }

    fn remove(&self, queue: QueueName, id: u64) {
        locked(&self.lanes).entry(queue).or_default().remove(id);
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn len(&self) -> usize {
        locked(&self.lanes).values().map(|lane| lane.messages.len()).sum()
    }

    /// Every body, for those who look for what must not be in one.
    pub fn bodies(&self) -> Vec<String> {
        let lanes = locked(&self.lanes);
        lanes.values().flat_map(|lane| lane.messages.values().map(|m| m.body.clone())).collect()
    }

    fn next_due(&self, queue: QueueName) -> Option<Timestamp> {
        locked(&self.lanes).get(&queue)?.by_time.first().map(|(at, _)| *at)
    }

    /// Waits for a message to become visible, at most so long.
    pub async fn rest(&self, queue: QueueName, now: Timestamp, ms_max: i64) {
        let due = self.next_due(queue).map(|due| ms_between(now, due).max(1));
        let ms = due.unwrap_or(ms_max).min(ms_max);
        let wait = Duration::from_millis(u64::try_from(ms).unwrap_or(1));
        // Whether something came or the time is over, the caller looks again.
        let _either = timeout(wait, self.changed.notified()).await;
    }
}

/// The queues as one process reaches them.
pub struct ProcessQueue {
    pub outside: Arc<Outside>,
    pub process: Arc<Process>,
}

impl ProcessQueue {
    pub fn receive(&self, queue: QueueName, most: usize) -> Vec<Message> {
        let outside = &self.outside;
        let taken = outside.queue.take(queue, most, outside.now(), &outside.chance);
        for message in &taken {
            outside.journal.event(format!(
                "{} {} receives {queue:?} {} ({})",
                outside.now(),
                self.process.name,
                message.id,
                message.receives
            ));
            if outside.chance.permille(outside.weather().queue) {
                outside.journal.fault(Fault::DuplicateDelivery);
                outside.queue.show(queue, message.id, outside.now());
            }
        }
        taken
    }

    /// Removes what was worked off; gives back what failed, later each time.
    pub async fn settle(&self, queue: QueueName, taken: Vec<Message>, failed: &[String]) {
        let outside = &self.outside;
        let step = outside.before(&self.process).await;
        Time::pass(outside.chance.between(1, 15)).await;
        let again = taken.iter().filter(|m| failed.contains(&m.id.to_string())).count();
        if again > 0 && again < taken.len() {
            outside.journal.fault(Fault::PartialBatch);
        }
        for message in taken {
            if failed.contains(&message.id.to_string()) {
                let doublings = message.receives.min(8);
                let ms = 1_000_i64.saturating_mul(2_i64.saturating_pow(doublings));
                outside.queue.show(queue, message.id, after(outside.now(), ms));
            } else if outside.chance.permille(outside.weather().queue) {
                // The acknowledgement is lost: the message comes again.
                outside.journal.fault(Fault::PartialBatch);
            } else {
                outside.queue.remove(queue, message.id);
            }
        }
        outside.after(&self.process, step).await;
    }
}

#[async_trait]
impl Queue for ProcessQueue {
    async fn send(
        &self,
        queue: QueueName,
        body: String,
        delay_seconds: u32,
    ) -> Result<(), QueueError> {
        let outside = &self.outside;
        let step = outside.before(&self.process).await;
        let visible = after(outside.now(), i64::from(delay_seconds).saturating_mul(1_000));
        let troubled = outside.chance.permille(outside.weather().queue);
        let taken = !troubled || outside.chance.one_in(2);
        if taken {
            outside.journal.event(format!(
                "{} {} sends {queue:?} {body}",
                outside.now(),
                self.process.name
            ));
            outside.queue.put(queue, body, visible);
        }
        Time::pass(outside.chance.between(1, 15)).await;
        outside.after(&self.process, step).await;
        match troubled {
            true => Err(QueueError("the queue does not answer".into())),
            false => Ok(()),
        }
    }
}

pub fn after(from: Timestamp, ms: i64) -> Timestamp {
    from.checked_add(SignedDuration::from_millis(ms)).unwrap_or(Timestamp::MAX)
}

pub fn ms_between(from: Timestamp, to: Timestamp) -> i64 {
    to.as_millisecond().saturating_sub(from.as_millisecond())
}
