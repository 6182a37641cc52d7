//! The account's transactions, and the batches they settle in.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};

use super::config::PaytraceConfig;

/// Where a transaction stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Approved and due to settle.
    Pending,
    /// Settled in that batch.
    Settled(u32),
    /// An approved authorization nobody captured.
    Authorized,
    Declined,
    Voided,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sale,
    Authorization,
    Refund,
}

impl Kind {
    pub fn word(self) -> &'static str {
        match self {
            Self::Sale => "SALE",
            Self::Authorization => "AUTHORIZATION",
            Self::Refund => "REFUND",
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Address {
    pub name: String,
    pub street: String,
    pub street2: String,
    pub city: String,
    pub county: String,
    pub state: String,
    pub zip: String,
    pub country: String,
}

/// One transaction. Amounts in cents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub id: i64,
    pub kind: Kind,
    pub standing: Standing,
    pub cents: i64,
    /// Cents already refunded of it.
    pub refunded: i64,
    /// The transaction a refund gives back of; the exports do not tell.
    pub refund_of: Option<i64>,
    /// The card number as the processor knows it; only its mask and first six leave this process.
    pub card: String,
    pub expiration: (u32, u32),
    pub billing: Address,
    pub shipping: Address,
    pub invoice_id: String,
    pub description: String,
    pub reference: String,
    pub tax: String,
    pub email: String,
    pub customer_id: String,
    pub approval_code: String,
    pub approval_message: String,
    pub avs: String,
    pub csc: String,
    pub created: Timestamp,
    pub created_by: String,
    pub through: &'static str,
    pub settled: Option<Timestamp>,
}

/// A closed batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    pub number: u32,
    pub closed: Timestamp,
    pub ids: Vec<i64>,
}

/// All transactions of the account.
pub struct Records {
    by_id: BTreeMap<i64, Record>,
    by_day: BTreeMap<Date, Vec<i64>>,
    pending: Vec<i64>,
    pub batches: Vec<Batch>,
    next_id: i64,
    approvals: u32,
    zone: TimeZone,
    /// The next automatic settlement.
    next_cut_off: Option<Timestamp>,
}

impl Records {
    pub fn new(config: &PaytraceConfig) -> Self {
        let zone = TimeZone::get(&config.zone).unwrap_or(TimeZone::UTC);
        Self {
            by_id: BTreeMap::new(),
            by_day: BTreeMap::new(),
            pending: Vec::new(),
            batches: Vec::new(),
            next_id: config.first_transaction_id,
            approvals: 400,
            zone,
            next_cut_off: None,
        }
    }

    pub fn next_id(&mut self) -> i64 {
        let id = self.next_id;
        self.next_id = self.next_id.saturating_add(1);
        id
    }

    /// `TASnnn`, as the sandbox gives them [R].
    pub fn next_approval(&mut self) -> String {
        self.approvals = if self.approvals >= 999 { 100 } else { self.approvals.saturating_add(1) };
        format!("TAS{}", self.approvals)
    }

    pub fn put(&mut self, record: Record) {
        let day = self.local(record.created).date();
        self.by_day.entry(day).or_default().push(record.id);
        if record.standing == Standing::Pending {
            self.pending.push(record.id);
        }
        self.by_id.insert(record.id, record);
    }

    pub fn get(&self, id: i64) -> Option<&Record> {
        self.by_id.get(&id)
    }

    /// Changes a record; what became pending will settle, what no longer is will not.
    pub fn change(&mut self, id: i64, change: impl FnOnce(&mut Record)) {
        let Some(record) = self.by_id.get_mut(&id) else { return };
        let before = record.standing;
        change(record);
        let now = record.standing;
        if before != Standing::Pending && now == Standing::Pending {
            self.pending.push(id);
        } else if before == Standing::Pending && now != Standing::Pending {
            self.pending.retain(|other| *other != id);
        }
    }

    pub fn all(&self) -> impl Iterator<Item = &Record> {
        self.by_id.values()
    }

    /// Created on the days from first to last, local, in the order of creation.
    pub fn created_on(&self, first: Date, last: Date) -> impl Iterator<Item = &Record> {
        let range = if first <= last { first..=last } else { last..=last };
        let ids = self.by_day.range(range).flat_map(|(_, ids)| ids);
        ids.filter_map(|id| self.by_id.get(id)).filter(move |_| first <= last)
    }

    pub fn local(&self, at: Timestamp) -> Zoned {
        at.to_zoned(self.zone.clone())
    }

    /// That hour and minute of a local day.
    pub fn at_local(&self, day: Date, (hour, minute): (i8, i8)) -> Option<Timestamp> {
        let zoned = day.at(hour, minute, 0, 0).to_zoned(self.zone.clone()).ok()?;
        Some(zoned.timestamp())
    }

    /// `M/D/YYYY h:mm:ss AM/PM`, local, with no zone [O].
    pub fn printed(&self, at: Timestamp) -> String {
        let local = self.local(at);
        let (half, hour) = match local.hour() {
            0 => ("AM", 12),
            hour @ 1..=11 => ("AM", hour),
            12 => ("PM", 12),
            hour => ("PM", hour.saturating_sub(12)),
        };
        format!(
            "{}/{}/{} {hour}:{:02}:{:02} {half}",
            local.month(),
            local.day(),
            local.year(),
            local.minute(),
            local.second()
        )
    }

    /// Settles whatever the cut-offs up to now settle.
    pub fn let_time_pass(&mut self, now: Timestamp, config: &PaytraceConfig) {
        if !config.auto_settle {
            self.next_cut_off = None;
            return;
        }
        let mut due = self.next_cut_off.unwrap_or_else(|| self.cut_off_after(now, config));
        while due <= now {
            self.settle(due, config);
            due = self.cut_off_after(due, config);
        }
        self.next_cut_off = Some(due);
    }

    /// The cut-off hour was changed: the next cut-off is found anew.
    pub fn reschedule(&mut self) {
        self.next_cut_off = None;
    }

    /// Closes the open batch; its number, when there was anything in it.
    pub fn settle(&mut self, now: Timestamp, config: &PaytraceConfig) -> Option<u32> {
        let (ids, later): (Vec<i64>, Vec<i64>) = std::mem::take(&mut self.pending)
            .into_iter()
            .partition(|id| self.by_id.get(id).is_some_and(|record| record.created <= now));
        self.pending = later;
        if ids.is_empty() {
            return None;
        }
        let last = self.batches.last().map_or(0, |batch| batch.number);
        let number = if last >= config.batch_number_max { 1 } else { last.saturating_add(1) };
        for id in &ids {
            if let Some(record) = self.by_id.get_mut(id) {
                record.standing = Standing::Settled(number);
                record.settled = Some(now);
            }
        }
        self.batches.push(Batch { number, closed: now, ids });
        Some(number)
    }

    /// What the next batch would hold.
    pub fn pending(&self) -> &[i64] {
        &self.pending
    }

    fn cut_off_after(&self, after: Timestamp, config: &PaytraceConfig) -> Timestamp {
        let mut day = self.local(after).date();
        for _ in 0..3 {
            let at = day.at(config.cut_off_hour.clamp(0, 23), 0, 0, 0);
            let cut_off = at.to_zoned(self.zone.clone()).map(|zoned| zoned.timestamp());
            if let Some(cut_off) = cut_off.ok().filter(|cut_off| *cut_off > after) {
                return cut_off;
            }
            day = day.tomorrow().unwrap_or(day);
        }
        after.checked_add(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MAX)
    }
}
