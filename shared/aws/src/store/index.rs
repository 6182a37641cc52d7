//! The two indexes. Both are sparse: an item is in one while it has the attributes of its key.
//!
//! * `by_state` (`ix`, `ixs`): events not worked off, effects by state, open and held manifests,
//!   open exceptions; each oldest first.
//! * `strays` (`sx`, `sxs`): manifests of a company whose stray batches are still looked for.
//!
//! An index follows the table by a moment. Every list therefore reads the items it names from the
//! table itself and leaves out what is no longer so; what came in that very moment is in the next.

use ledger::memory::tables::Fallible;

use super::item::Item;
use super::key::Key;
use super::layout;
use super::table::{IndexQuery, Table};

pub(super) const STATE: &str = layout::BY_STATE.0;
pub(super) const STATE_SORT: &str = layout::BY_STATE.1;
pub(super) const STRAY: &str = layout::STRAYS.0;
pub(super) const STRAY_SORT: &str = layout::STRAYS.1;

/// Keys asked for at once: as many as are then read in one batch.
const PAGE: usize = 100;

pub(super) fn by_state(state: String) -> IndexQuery {
    IndexQuery { index: layout::BY_STATE_NAME, partition: (STATE, state), sort: None, filter: None }
}

/// Up to `limit` of what `wanted` makes of the items, in the order of the index. It answers `None`
/// for an item that no longer belongs.
pub(super) async fn list<T>(
    table: &Table,
    query: &IndexQuery,
    limit: usize,
    wanted: impl Fn(Item) -> Fallible<Option<T>>,
) -> Fallible<Vec<T>> {
    let mut found = Vec::new();
    let mut start = None;
    while found.len() < limit {
        let page = table.page(query, start, PAGE).await?;
        let keys: Fallible<Vec<Key>> = page.items.iter().map(Item::key).collect();
        for item in table.get_all(&keys?).await? {
            found.extend(wanted(item)?);
        }
        match page.next {
            Some(next) => start = Some(next),
            None => break,
        }
    }
    found.truncate(limit);
    Ok(found)
}
