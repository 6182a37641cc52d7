//! Effects, the lines they reserve, the versions of customers, and the totals.

use domain::effect::{AppliedLine, Effect, EffectKey, EffectState};
use domain::id::{CompanyId, CustomerNumber, DocumentNumber, ManifestId, MerchantId, PaymentKey};
use domain::money::Money;
use ledger::memory::tables::{Fallible, is_live};
use ledger::store::{EffectQuery, TotalsRow};
use rusqlite::{Connection, params};

use crate::column::{item, items, json, kind, list, nanos, one, rows, state, write};

pub(crate) fn of_payment(connection: &Connection, payment: &PaymentKey) -> Fallible<Vec<Effect>> {
    let sql = "SELECT body FROM effect WHERE merchant = ?1 AND txn = ?2 ORDER BY kind, ordinal";
    items(connection, sql, params![payment.merchant.as_str(), payment.transaction.as_str()])
}

pub(crate) fn get(connection: &Connection, key: &EffectKey) -> Fallible<Option<Effect>> {
    let sql = "SELECT body FROM effect \
               WHERE merchant = ?1 AND txn = ?2 AND kind = ?3 AND ordinal = ?4";
    let (merchant, transaction) = named(key);
    item(connection, sql, params![merchant, transaction, kind(key.kind), key.ordinal])
}

pub(crate) fn put(connection: &Connection, old: Option<&Effect>, new: &Effect) -> Fallible<()> {
    write_row(connection, new)?;
    if let Some(old) = old {
        count(connection, old, -1)?;
    }
    count(connection, new, 1)?;
    let before = old.filter(|effect| is_live(effect)).and_then(|effect| effect.content.as_ref());
    let after = Some(new).filter(|effect| is_live(effect));
    let after = after.and_then(|effect| effect.content.as_ref());
    if before != after {
        reserve(connection, new)?;
    }
    Ok(())
}

pub(crate) fn version(
    connection: &Connection,
    company: &CompanyId,
    customer: &CustomerNumber,
) -> Fallible<u64> {
    let sql = "SELECT version FROM customer_version WHERE company = ?1 AND customer = ?2";
    let found: Option<i64> = one(connection, sql, params![company.as_str(), customer.as_str()])?;
    Ok(u64::try_from(found.unwrap_or_default())?)
}

pub(crate) fn raise_version(
    connection: &Connection,
    company: &CompanyId,
    customer: &CustomerNumber,
) -> Fallible<()> {
    let sql = "INSERT INTO customer_version (company, customer, version) VALUES (?1, ?2, 1) \
               ON CONFLICT DO UPDATE SET version = version + 1";
    write(connection, sql, params![company.as_str(), customer.as_str()])?;
    Ok(())
}

pub(crate) fn live_lines(
    connection: &Connection,
    company: &CompanyId,
    customer: &CustomerNumber,
) -> Fallible<Vec<AppliedLine>> {
    let sql = "SELECT document, minor, currency FROM effect_line \
               WHERE company = ?1 AND customer = ?2";
    let key = params![company.as_str(), customer.as_str()];
    let lines: Vec<(String, i64, String)> =
        list(connection, sql, key, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let lines = lines.into_iter().map(|(document, minor, currency)| {
        let amount = Money::new(minor, currency.parse()?);
        Ok(AppliedLine { document: DocumentNumber(document), amount })
    });
    lines.collect()
}

pub(crate) fn by_state(connection: &Connection, query: &EffectQuery) -> Fallible<Vec<Effect>> {
    let (state, limit) = (state(query.state), rows(query.limit));
    if let Some(company) = &query.company {
        let sql = "SELECT body FROM effect WHERE state = ?1 AND company = ?2 \
                   ORDER BY since, merchant, txn, kind, ordinal LIMIT ?3";
        return items(connection, sql, params![state, company.as_str(), limit]);
    }
    let sql = "SELECT body FROM effect WHERE state = ?1 \
               ORDER BY since, merchant, txn, kind, ordinal LIMIT ?2";
    items(connection, sql, params![state, limit])
}

pub(crate) fn totals(connection: &Connection) -> Fallible<Vec<TotalsRow>> {
    let sql = "SELECT merchant, state, currency, count, minor FROM effect_total WHERE count > 0";
    let found: Vec<(String, String, String, i64, i64)> = list(connection, sql, [], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
    })?;
    let found = found.into_iter().map(|(merchant, word, currency, count, minor)| {
        let amount = Money::new(minor, currency.parse()?);
        let (merchant, state) = (MerchantId(merchant), state_of(&word)?);
        Ok(TotalsRow { merchant, state, count: u64::try_from(count)?, amount })
    });
    found.collect()
}

fn write_row(connection: &Connection, effect: &Effect) -> Fallible<()> {
    let sql = "INSERT INTO effect (merchant, txn, kind, ordinal, state, company, since, minor, \
               currency, generation, manifest, body) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) \
               ON CONFLICT DO UPDATE SET state = excluded.state, company = excluded.company, \
               since = excluded.since, minor = excluded.minor, currency = excluded.currency, \
               generation = excluded.generation, manifest = excluded.manifest, \
               body = excluded.body";
    let (merchant, transaction) = named(&effect.key);
    let row = params![
        merchant,
        transaction,
        kind(effect.key.kind),
        effect.key.ordinal,
        state(effect.state),
        effect.company.as_str(),
        nanos(effect.since),
        effect.amount.minor,
        effect.amount.currency.code(),
        effect.generation,
        effect.manifest.as_ref().map(ManifestId::as_str),
        json(effect)?,
    ];
    write(connection, sql, row)?;
    Ok(())
}

fn count(connection: &Connection, effect: &Effect, sign: i64) -> Fallible<()> {
    let sql = "INSERT INTO effect_total (merchant, state, currency, count, minor) \
               VALUES (?1, ?2, ?3, ?4, ?5) \
               ON CONFLICT DO UPDATE SET count = count + excluded.count, \
               minor = minor + excluded.minor";
    let minor = effect.amount.minor.saturating_mul(sign);
    let (merchant, currency) = (effect.merchant().as_str(), effect.amount.currency);
    write(connection, sql, params![merchant, state(effect.state), currency.code(), sign, minor])?;
    Ok(())
}

/// Replaces the lines the effect reserves by those it reserves now.
fn reserve(connection: &Connection, effect: &Effect) -> Fallible<()> {
    let clear = "DELETE FROM effect_line \
                 WHERE merchant = ?1 AND txn = ?2 AND kind = ?3 AND ordinal = ?4";
    let (merchant, transaction) = named(&effect.key);
    let (kind, ordinal) = (kind(effect.key.kind), effect.key.ordinal);
    write(connection, clear, params![merchant, transaction, kind, ordinal])?;
    let Some(content) = effect.content.as_ref().filter(|_| is_live(effect)) else { return Ok(()) };
    let add = "INSERT INTO effect_line (merchant, txn, kind, ordinal, company, customer, \
               document, minor, currency) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    for line in content.lines() {
        let row = params![
            merchant,
            transaction,
            kind,
            ordinal,
            content.company.as_str(),
            content.customer.as_str(),
            line.document.as_str(),
            line.amount.minor,
            line.amount.currency.code(),
        ];
        write(connection, add, row)?;
    }
    Ok(())
}

fn named(key: &EffectKey) -> (&str, &str) {
    (key.payment.merchant.as_str(), key.payment.transaction.as_str())
}

fn state_of(word: &str) -> Fallible<EffectState> {
    Ok(serde_json::from_value(serde_json::Value::from(word))?)
}
