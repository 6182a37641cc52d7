//! Company leases, watermarks, links and exceptions.

use domain::exception::Exception;
use domain::id::{CompanyId, CustomerNumber, MerchantId, ProfileId};
use jiff::Timestamp;
use ledger::memory::tables::Fallible;
use ledger::store::Lease;
use rusqlite::{Connection, params};

use crate::column::{item, items, json, nanos, one, rows, timestamp, write};

pub(crate) fn company_lease(
    connection: &Connection,
    company: &CompanyId,
) -> Fallible<Option<(String, Timestamp)>> {
    let sql = "SELECT owner, until FROM company_lease WHERE company = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut found = statement.query(params![company.as_str()])?;
    let Some(row) = found.next()? else { return Ok(None) };
    Ok(Some((row.get(0)?, timestamp(row.get(1)?)?)))
}

pub(crate) fn put_company_lease(
    connection: &Connection,
    company: &CompanyId,
    lease: &Lease,
) -> Fallible<()> {
    let sql = "INSERT INTO company_lease (company, owner, until) VALUES (?1, ?2, ?3) \
               ON CONFLICT DO UPDATE SET owner = excluded.owner, until = excluded.until";
    write(connection, sql, params![company.as_str(), lease.owner, nanos(lease.until)])?;
    Ok(())
}

pub(crate) fn watermark(connection: &Connection, name: &str) -> Fallible<Option<Timestamp>> {
    let at: Option<i64> =
        one(connection, "SELECT at FROM watermark WHERE name = ?1", params![name])?;
    at.map(timestamp).transpose()
}

pub(crate) fn put_watermark(connection: &Connection, name: &str, at: Timestamp) -> Fallible<()> {
    let sql = "INSERT INTO watermark (name, at) VALUES (?1, ?2) \
               ON CONFLICT DO UPDATE SET at = excluded.at";
    write(connection, sql, params![name, nanos(at)])?;
    Ok(())
}

pub(crate) fn link(
    connection: &Connection,
    merchant: &MerchantId,
    profile: &ProfileId,
) -> Fallible<Option<CustomerNumber>> {
    let sql = "SELECT customer FROM link WHERE merchant = ?1 AND profile = ?2";
    let found: Option<String> = one(connection, sql, params![merchant.as_str(), profile.as_str()])?;
    Ok(found.map(CustomerNumber))
}

pub(crate) fn add_link(
    connection: &Connection,
    merchant: &MerchantId,
    profile: &ProfileId,
    customer: &CustomerNumber,
) -> Fallible<()> {
    let sql = "INSERT INTO link (merchant, profile, customer) VALUES (?1, ?2, ?3)";
    write(connection, sql, params![merchant.as_str(), profile.as_str(), customer.as_str()])?;
    Ok(())
}

pub(crate) fn exception(connection: &Connection, id: &str) -> Fallible<Option<Exception>> {
    item(connection, "SELECT body FROM exception WHERE id = ?1", params![id])
}

pub(crate) fn put_exception(connection: &Connection, exception: &Exception) -> Fallible<()> {
    let sql = "INSERT INTO exception (id, raised, closed, body) VALUES (?1, ?2, ?3, ?4) \
               ON CONFLICT DO UPDATE SET raised = excluded.raised, closed = excluded.closed, \
               body = excluded.body";
    let (raised, closed) = (nanos(exception.raised), exception.closed.map(nanos));
    write(connection, sql, params![exception.id, raised, closed, json(exception)?])?;
    Ok(())
}

pub(crate) fn open_exceptions(connection: &Connection, limit: usize) -> Fallible<Vec<Exception>> {
    let sql = "SELECT body FROM exception WHERE closed IS NULL ORDER BY raised, id LIMIT ?1";
    items(connection, sql, params![rows(limit)])
}
