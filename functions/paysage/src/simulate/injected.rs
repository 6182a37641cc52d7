//! What was done to a run on purpose: the differences its end must show, and no others.

use std::collections::BTreeSet;
use std::sync::Mutex;

use domain::exception::ReasonCode;
use jiff::Timestamp;

use super::outside::{Outside, Peer, locked};
use super::queue::ms_between;

#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Batches a person changed: company, number.
    pub edited: BTreeSet<(usize, i64)>,
    /// Companies restored from a backup.
    pub restored: BTreeSet<usize>,
    /// Receipts a restore took away: company, reference.
    pub lost: BTreeSet<(usize, String)>,
    /// Transactions no webhook was ever sent for.
    pub never_told: BTreeSet<String>,
    /// Payments of people Sage does not know.
    pub unknown_payers: BTreeSet<String>,
    /// Refunds PayTrace made.
    pub refunds: BTreeSet<String>,
    /// Subjects of the exceptions that must be there in the end, with their reasons.
    pub expected: BTreeSet<(ReasonCode, String)>,
    /// Reasons that may turn up, because something that leads to them was done.
    pub explained: BTreeSet<ReasonCode>,
    outages: Vec<(Peer, Timestamp, Timestamp)>,
}

#[derive(Default)]
pub struct Injected(Mutex<Facts>);

impl Injected {
    pub fn note(&self, what: impl FnOnce(&mut Facts)) {
        what(&mut locked(&self.0));
    }

    pub fn facts(&self) -> Facts {
        locked(&self.0).clone()
    }

    /// Something was done that may lead to these.
    pub fn explains(&self, reasons: &[ReasonCode]) {
        locked(&self.0).explained.extend(reasons);
    }

    pub fn expect(&self, reason: ReasonCode, subject: String) {
        let mut facts = locked(&self.0);
        facts.expected.insert((reason, subject));
    }

    pub fn was_edited(&self, company: usize, batch: i64) -> bool {
        locked(&self.0).edited.contains(&(company, batch))
    }

    pub fn was_restored(&self, company: usize) -> bool {
        locked(&self.0).restored.contains(&company)
    }

    /// The vendor is down from now on, for so long.
    pub fn goes_down(&self, outside: &Outside, peer: Peer, ms: i64) {
        let now = outside.now();
        locked(&self.0).outages.push((peer, now, super::queue::after(now, ms)));
    }

    /// How long a call now waits to learn that nobody listens, milliseconds.
    pub fn outage(&self, peer: Peer, now: Timestamp) -> Option<i64> {
        const REFUSED_MS: i64 = 20;
        let facts = locked(&self.0);
        let down = |(who, from, to): &&(Peer, Timestamp, Timestamp)| {
            *who == peer && ms_between(*from, now) >= 0 && ms_between(now, *to) > 0
        };
        facts.outages.iter().find(down).map(|_| REFUSED_MS)
    }
}
