//! Manifests.

use domain::id::{CompanyId, ManifestId};
use domain::manifest::Manifest;
use jiff::Timestamp;
use ledger::memory::tables::Fallible;
use rusqlite::{Connection, params};

use crate::column::{item, items, json, list, manifest_state, nanos, rows, write};

pub(crate) fn get(connection: &Connection, id: &ManifestId) -> Fallible<Option<Manifest>> {
    item(connection, "SELECT body FROM manifest WHERE id = ?1", params![id.as_str()])
}

pub(crate) fn put(connection: &Connection, manifest: &Manifest) -> Fallible<()> {
    let sql = "INSERT INTO manifest (id, company, state, open, held, sealed_at, strays_until, \
               commit_batch, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) \
               ON CONFLICT DO UPDATE SET state = excluded.state, open = excluded.open, \
               held = excluded.held, strays_until = excluded.strays_until, \
               commit_batch = excluded.commit_batch, body = excluded.body";
    let held = manifest.hold.is_some();
    let row = params![
        manifest.id.as_str(),
        manifest.group.company.as_str(),
        manifest_state(manifest.state),
        !held && !manifest.state.is_final(),
        held,
        nanos(manifest.sealed_at),
        manifest.strays_until.map(nanos),
        manifest.committed_batch().map(|batch| batch.0),
        json(manifest)?,
    ];
    write(connection, sql, row)?;
    Ok(())
}

pub(crate) fn open(
    connection: &Connection,
    company: &CompanyId,
    limit: usize,
) -> Fallible<Vec<ManifestId>> {
    let sql = "SELECT id FROM manifest WHERE company = ?1 AND open = 1 \
               ORDER BY sealed_at, id LIMIT ?2";
    let found = params![company.as_str(), rows(limit)];
    list(connection, sql, found, |row| row.get(0).map(ManifestId))
}

pub(crate) fn held(connection: &Connection, limit: usize) -> Fallible<Vec<Manifest>> {
    let sql = "SELECT body FROM manifest WHERE held = 1 ORDER BY sealed_at, id LIMIT ?1";
    items(connection, sql, params![rows(limit)])
}

pub(crate) fn with_strays(
    connection: &Connection,
    company: &CompanyId,
    now: Timestamp,
) -> Fallible<Vec<ManifestId>> {
    let sql = "SELECT id FROM manifest WHERE company = ?1 AND strays_until >= ?2 \
               ORDER BY strays_until, id";
    let key = params![company.as_str(), nanos(now)];
    list(connection, sql, key, |row| row.get(0).map(ManifestId))
}
