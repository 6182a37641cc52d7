//! How many effects are in which state.
//!
//! They are counted from the index when asked, not kept as counters. A counter in the transaction
//! of each step would not fit (a manifest and its 99 effects are the 100 items a transaction may
//! have), and it would be one item that every writer of a merchant writes: transactions on it would
//! cancel each other. The index carries merchant and amount, so that a page of it is a few thousand
//! effects; the table is not read. As the index follows the table by a moment, so do the totals.

use std::collections::BTreeMap;

use domain::effect::EffectState;
use domain::id::MerchantId;
use domain::money::{Currency, Money};
use ledger::memory::tables::Fallible;
use ledger::store::{Totals, TotalsRow};

use super::effect::listed;
use super::index;
use super::table::Table;

const STATES: [EffectState; 5] = [
    EffectState::Ready,
    EffectState::Assigned,
    EffectState::Posted,
    EffectState::Cancelled,
    EffectState::Held,
];

/// Entries asked for at once; a page ends earlier, at a megabyte. [DynamoDB]
const PAGE: usize = 10_000;

pub(super) async fn totals(table: &Table) -> Fallible<Totals> {
    let mut sums: BTreeMap<(MerchantId, EffectState, Currency), (u64, Money)> = BTreeMap::new();
    for state in STATES {
        let query = index::by_state(listed(state)?);
        let mut start = None;
        loop {
            let page = table.page(&query, start, PAGE).await?;
            for item in &page.items {
                let amount = item.money("minor", "ccy")?;
                let bucket = (MerchantId(item.text("merchant")?), state, amount.currency);
                let zero = (0, Money::zero(amount.currency));
                let (count, sum) = sums.entry(bucket).or_insert(zero);
                *count = count.saturating_add(1);
                *sum = sum.plus(amount)?;
            }
            match page.next {
                Some(next) => start = Some(next),
                None => break,
            }
        }
    }
    let row =
        |((merchant, state, _), (count, amount))| TotalsRow { merchant, state, count, amount };
    Ok(Totals { rows: sums.into_iter().map(row).collect() })
}
