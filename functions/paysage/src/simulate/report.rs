//! The figures of a campaign, as text and as JSON. The keys are documented in `docs/SIMULATION.md`.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Serialize;

use super::campaign::Tally;
use super::fault::{Counts, Fault};
use super::journal::{Edge, Sometimes};
use super::opponents::Score;
use super::sweep::Swept;

#[derive(Debug, Serialize)]
pub struct Report {
    pub seeds: u64,
    /// The first seed.
    pub from: u64,
    pub events: u64,
    pub violations: u64,
    /// Simulated hours, and how many of them pass in a second.
    pub virtual_hours: u64,
    pub hours_per_second: u64,
    pub seconds: u64,
    /// Every kind, with how often it happened.
    pub faults: Counts,
    /// Steps of the flows at which a process died: before and after each call.
    pub crash_points: Covered,
    /// Steps of each flow.
    pub flows: BTreeMap<&'static str, u64>,
    /// Changes of state seen, of those declared.
    pub edges: Edges,
    pub sometimes: BTreeMap<Sometimes, u64>,
    /// Runs of the same seed were the same, event by event.
    pub deterministic: bool,
    /// Days delivered in other orders that ended the same.
    pub permutations: Permutations,
    pub opponents: BTreeMap<String, Score>,
    /// The product over the same days as the opponents.
    pub paysage: Score,
    /// Calls made to post, over receipts posted, all faults included.
    #[serde(with = "rust_decimal::serde::arbitrary_precision")]
    pub sage_calls_per_payment: Decimal,
    pub sage_calls: SageCalls,
    /// `seed` and what it violated.
    pub violated: Vec<Violated>,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct Covered {
    pub hit: u64,
    pub total: u64,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct Edges {
    pub hit: usize,
    pub declared: usize,
    /// Those nobody came by.
    pub missing: Vec<String>,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct Permutations {
    pub days: u64,
    pub equal: u64,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct SageCalls {
    pub posting: u64,
    pub sweeping: u64,
    pub deciding: u64,
    pub receipts: u64,
}

#[derive(Debug, Clone, Serialize)]
pub struct Violated {
    pub seed: u64,
    pub what: String,
}

/// What the parts of a campaign came to.
pub struct Parts {
    pub from: u64,
    pub tally: Tally,
    pub swept: Swept,
    pub deterministic: bool,
    pub permutations: Permutations,
    pub opponents: BTreeMap<String, Score>,
    pub seconds: u64,
}

impl Report {
    #[must_use]
    pub fn of(parts: Parts) -> Self {
        let Parts { from, mut tally, swept, deterministic, permutations, mut opponents, seconds } =
            parts;
        let seeds = tally.seeds;
        let (posting, receipts) = (tally.posting_calls, tally.receipts);
        let (sweeping, deciding) = (tally.sweeping_calls, tally.deciding_calls);
        tally.merge(swept.tally);
        let paysage = opponents.remove(super::duel::OURS).unwrap_or_default();
        let virtual_hours = u64::try_from(tally.virtual_ms / 3_600_000).unwrap_or(0);
        let mut faults: Counts = Fault::ALL.iter().map(|fault| (*fault, 0)).collect();
        faults.extend(tally.faults);
        let mut sometimes: BTreeMap<Sometimes, u64> =
            Sometimes::ALL.iter().map(|what| (*what, 0)).collect();
        sometimes.extend(tally.sometimes);
        let violated: Vec<Violated> =
            tally.violations.into_iter().map(|(seed, what)| Violated { seed, what }).collect();
        let declared = Edge::declared();
        let missing: Vec<String> =
            declared.difference(&tally.edges).map(|edge| format!("{edge:?}")).collect();
        Self {
            seeds,
            from,
            events: tally.events,
            violations: u64::try_from(violated.len()).unwrap_or(u64::MAX),
            virtual_hours,
            hours_per_second: virtual_hours.checked_div(seconds).unwrap_or(virtual_hours),
            seconds,
            faults,
            crash_points: Covered { hit: swept.hit, total: swept.total },
            flows: swept.flows.into_iter().collect(),
            edges: Edges {
                hit: declared.len().saturating_sub(missing.len()),
                declared: declared.len(),
                missing,
            },
            sometimes,
            deterministic,
            permutations,
            opponents,
            paysage,
            sage_calls_per_payment: ratio(posting, receipts),
            sage_calls: SageCalls { posting, sweeping, deciding, receipts },
            violated,
        }
    }

    /// Nothing that must hold was found not to.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.violations == 0
            && self.deterministic
            && self.permutations.days == self.permutations.equal
            && self.paysage.duplicates == 0
            && self.paysage.lost == 0
    }

    /// For people, a line each.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![
            format!(
                "{} seeds from {}: {} events, {} simulated hours in {} s ({} h/s)",
                self.seeds,
                self.from,
                self.events,
                self.virtual_hours,
                self.seconds,
                self.hours_per_second
            ),
            format!("violations      {}", self.violations),
            format!("crash points    {} of {}", self.crash_points.hit, self.crash_points.total),
            format!("state edges     {} of {}", self.edges.hit, self.edges.declared),
            format!("sometimes       {} of {}", reached(&self.sometimes), self.sometimes.len()),
            format!("fault kinds     {} of {}", reached(&self.faults), self.faults.len()),
            format!("deterministic   {}", self.deterministic),
            format!(
                "other orders    {} of {} days ended the same",
                self.permutations.equal, self.permutations.days
            ),
            format!("Sage calls      {} to post one payment", self.sage_calls_per_payment),
            String::new(),
            format!("{:<20} {:>10} {:>6} {:>9}", "the same days", "duplicates", "lost", "payments"),
        ];
        let ours = (super::duel::OURS, &self.paysage);
        let others = self.opponents.iter().map(|(name, score)| (name.as_str(), score));
        for (name, score) in std::iter::once(ours).chain(others) {
            lines.push(format!(
                "{name:<20} {:>10} {:>6} {:>9}",
                score.duplicates, score.lost, score.payments
            ));
        }
        let never = self.faults.iter().filter(|(_, count)| **count == 0);
        lines.extend(never.map(|(fault, _)| format!("never happened: {fault:?}")));
        let never = self.sometimes.iter().filter(|(_, count)| **count == 0);
        lines.extend(never.map(|(what, _)| format!("never reached: {what:?}")));
        lines.extend(self.edges.missing.iter().map(|edge| format!("never taken: {edge}")));
        lines
    }
}

fn reached<K>(counts: &BTreeMap<K, u64>) -> usize {
    counts.values().filter(|count| **count > 0).count()
}

fn ratio(of: u64, to: u64) -> Decimal {
    let quotient = Decimal::from(of).checked_div(Decimal::from(to));
    quotient.unwrap_or_default().round_dp(2)
}
