//! Events and facts.

use domain::fact::Facts;
use domain::id::{EventId, MerchantId, PaymentKey};
use jiff::Timestamp;
use ledger::memory::tables::{Fallible, Seen};
use ledger::store::InboxEvent;
use rusqlite::{Connection, params};

use crate::column::{item, items, json, nanos, rows, write};

pub(crate) fn event(
    connection: &Connection,
    merchant: &MerchantId,
    id: &EventId,
) -> Fallible<Option<Seen>> {
    let sql = "SELECT body, handled FROM inbox WHERE merchant = ?1 AND id = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let mut found = statement.query(params![merchant.as_str(), id.as_str()])?;
    let Some(row) = found.next()? else { return Ok(None) };
    let body: String = row.get(0)?;
    Ok(Some(Seen { event: serde_json::from_str(&body)?, handled: row.get(1)? }))
}

pub(crate) fn add_event(connection: &Connection, event: &InboxEvent) -> Fallible<()> {
    let sql = "INSERT INTO inbox (merchant, id, received, body) VALUES (?1, ?2, ?3, ?4)";
    let (merchant, id) = (event.merchant.as_str(), event.id.as_str());
    write(connection, sql, params![merchant, id, nanos(event.received), json(event)?])?;
    Ok(())
}

pub(crate) fn add_sighting(
    connection: &Connection,
    event: &InboxEvent,
    variant: bool,
) -> Fallible<()> {
    let (merchant, id) = (event.merchant.as_str(), event.id.as_str());
    let count = "UPDATE inbox SET seen_count = seen_count + 1 WHERE merchant = ?1 AND id = ?2";
    write(connection, count, params![merchant, id])?;
    if variant {
        let keep = "INSERT INTO inbox_variant (merchant, id, body_hash, received) \
                    VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
        let received = nanos(event.received);
        write(connection, keep, params![merchant, id, event.body_hash, received])?;
    }
    Ok(())
}

pub(crate) fn set_handled(
    connection: &Connection,
    merchant: &MerchantId,
    id: &EventId,
) -> Fallible<()> {
    let sql = "UPDATE inbox SET handled = 1 WHERE merchant = ?1 AND id = ?2";
    write(connection, sql, params![merchant.as_str(), id.as_str()])?;
    Ok(())
}

pub(crate) fn not_handled(
    connection: &Connection,
    before: Timestamp,
    limit: usize,
) -> Fallible<Vec<InboxEvent>> {
    let sql = "SELECT body FROM inbox WHERE handled = 0 AND received < ?1 \
               ORDER BY received, merchant, id LIMIT ?2";
    items(connection, sql, params![nanos(before), rows(limit)])
}

pub(crate) fn facts(connection: &Connection, payment: &PaymentKey) -> Fallible<Facts> {
    let sql = "SELECT facts FROM fact WHERE merchant = ?1 AND txn = ?2";
    let key = params![payment.merchant.as_str(), payment.transaction.as_str()];
    Ok(item(connection, sql, key)?.unwrap_or_default())
}

pub(crate) fn add_facts(
    connection: &Connection,
    payment: &PaymentKey,
    fresh: &Facts,
) -> Fallible<()> {
    if fresh.is_empty() {
        return Ok(());
    }
    let mut all = facts(connection, payment)?;
    all.extend(fresh.clone());
    let sql = "INSERT INTO fact (merchant, txn, facts) VALUES (?1, ?2, ?3) \
               ON CONFLICT DO UPDATE SET facts = excluded.facts";
    let (merchant, transaction) = (payment.merchant.as_str(), payment.transaction.as_str());
    write(connection, sql, params![merchant, transaction, json(&all)?])?;
    Ok(())
}
