//! Events as received, and which of them are worked off.

use std::collections::BTreeSet;

use domain::id::{EventId, MerchantId};
use jiff::Timestamp;
use ledger::memory::tables::Fallible;
use ledger::store::{Arrival, InboxEvent};

use super::expression::{Change, Condition, Put, Write};
use super::index::{self, STATE, STATE_SORT};
use super::item::{Item, number, set_of, text, time};
use super::key::{self, Key};
use super::table::{IndexQuery, TRANSACTION_ITEMS_MAX, Table, Written};

const WAITING: &str = "EVT#WAITING";

/// T1. What comes a second time costs a second write, which keeps the sighting and the variant.
pub(super) async fn insert(table: &Table, event: &InboxEvent) -> Fallible<Arrival> {
    let put = Put::new(item_of(event), Condition::new_item());
    let Written::Refused(found) = table.put(&put).await? else { return Ok(Arrival::New) };
    let found = match found {
        Some(found) => found,
        None => return Err("an event is there and cannot be read".into()),
    };
    let variant = found.text("body_hash")? != event.body_hash;
    let key = Key::event(&event.merchant, &event.id);
    let sighting = Change::of(key).require(Condition::existing_item()).add_one("seen_count");
    let sighting = if variant {
        sighting.add("variants", set_of([event.body_hash.clone()]))
    } else {
        sighting
    };
    let handled = match table.change(&sighting).await? {
        Written::Done(now) => now.flag("handled"),
        Written::Refused(_) => found.flag("handled"),
    };
    Ok(if variant { Arrival::Variant { handled } } else { Arrival::Duplicate { handled } })
}

pub(super) async fn mark_handled(
    table: &Table,
    merchant: &MerchantId,
    event: &EventId,
) -> Fallible<()> {
    let key = Key::event(merchant, event);
    table.handled.ask(&key, |keys| mark_all(table, keys)).await
}

/// In one transaction; one by one when one of them is not there.
async fn mark_all(table: &Table, keys: Vec<Key>) -> Fallible<Vec<()>> {
    let distinct: BTreeSet<&Key> = keys.iter().collect();
    let changes: Vec<Change> = distinct.into_iter().cloned().map(handled).collect();
    for some in changes.chunks(TRANSACTION_ITEMS_MAX) {
        let writes: Vec<Write> = some.iter().cloned().map(Write::Change).collect();
        let together = writes.len() > 1 && table.transact(&writes, None).await?.is_done();
        for change in some.iter().filter(|_| !together) {
            table.change(change).await?;
        }
    }
    Ok(vec![(); keys.len()])
}

fn handled(key: Key) -> Change {
    Change::of(key)
        .require(Condition::existing_item())
        .set("handled", aws_sdk_dynamodb::types::AttributeValue::Bool(true))
        .remove(STATE)
        .remove(STATE_SORT)
}

pub(super) async fn not_handled(
    table: &Table,
    before: Timestamp,
    limit: usize,
) -> Fallible<Vec<InboxEvent>> {
    let query = IndexQuery {
        sort: Some((STATE_SORT, "<", key::time(before))),
        ..index::by_state(WAITING.to_owned())
    };
    index::list(table, &query, limit, |item| {
        if item.flag("handled") { Ok(None) } else { event_of(&item).map(Some) }
    })
    .await
}

fn item_of(event: &InboxEvent) -> Item {
    let names = [event.merchant.as_str(), event.id.as_str()];
    Item::at(&Key::event(&event.merchant, &event.id))
        .with("merchant", text(event.merchant.as_str()))
        .with("event", text(event.id.as_str()))
        .with("body_hash", text(&event.body_hash))
        .with_some("txn", event.transaction.as_ref().map(|id| text(id.as_str())))
        .with("source", text(&event.source))
        .with("received", time(event.received))
        .with("seen_count", number(1))
        .with(STATE, text(WAITING))
        .with(STATE_SORT, text(&key::by_time(event.received, &names)))
}

fn event_of(item: &Item) -> Fallible<InboxEvent> {
    Ok(InboxEvent {
        merchant: MerchantId(item.text("merchant")?),
        id: EventId(item.text("event")?),
        body_hash: item.text("body_hash")?,
        transaction: item.optional_text("txn")?.map(domain::id::TransactionId),
        source: item.text("source")?,
        received: item.time("received")?,
    })
}
