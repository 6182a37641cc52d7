//! How values stand in columns.

use domain::effect::{EffectKind, EffectState};
use domain::manifest::ManifestState;
use jiff::Timestamp;
use ledger::memory::tables::Fallible;
use rusqlite::{CachedStatement, Connection, Params, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Nanoseconds since 1970. Fits until 2262; later times count as that.
pub(crate) fn nanos(at: Timestamp) -> i64 {
    i64::try_from(at.as_nanosecond()).unwrap_or(i64::MAX)
}

pub(crate) fn timestamp(nanos: i64) -> Fallible<Timestamp> {
    Ok(Timestamp::from_nanosecond(i128::from(nanos))?)
}

pub(crate) fn rows(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

pub(crate) fn state(state: EffectState) -> &'static str {
    match state {
        EffectState::Ready => "READY",
        EffectState::Assigned => "ASSIGNED",
        EffectState::Posted => "POSTED",
        EffectState::Cancelled => "CANCELLED",
        EffectState::Held => "HELD",
    }
}

pub(crate) fn kind(kind: EffectKind) -> &'static str {
    match kind {
        EffectKind::Receipt => "receipt",
        EffectKind::Refund => "refund",
    }
}

pub(crate) fn manifest_state(state: ManifestState) -> &'static str {
    match state {
        ManifestState::Sealed => "SEALED",
        ManifestState::Committed => "COMMITTED",
        ManifestState::Frozen => "FROZEN",
        ManifestState::Posting => "POSTING",
        ManifestState::Posted => "POSTED",
        ManifestState::Partial => "PARTIAL",
        ManifestState::Aborted => "ABORTED",
    }
}

pub(crate) fn json<T: Serialize>(item: &T) -> Fallible<String> {
    Ok(serde_json::to_string(item)?)
}

/// The first column of the only row, if there is one.
pub(crate) fn one<T, P>(connection: &Connection, sql: &str, params: P) -> Fallible<Option<T>>
where
    T: rusqlite::types::FromSql,
    P: Params,
{
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    Ok(rows.next()?.map(|row| row.get(0)).transpose()?)
}

/// The item in the first column (JSON) of the only row, if there is one.
pub(crate) fn item<T, P>(connection: &Connection, sql: &str, params: P) -> Fallible<Option<T>>
where
    T: DeserializeOwned,
    P: Params,
{
    let body: Option<String> = one(connection, sql, params)?;
    Ok(body.map(|body| serde_json::from_str(&body)).transpose()?)
}

/// The items in the first column (JSON) of all rows.
pub(crate) fn items<T, P>(connection: &Connection, sql: &str, params: P) -> Fallible<Vec<T>>
where
    T: DeserializeOwned,
    P: Params,
{
    let bodies: Vec<String> = list(connection, sql, params, |row| row.get(0))?;
    Ok(bodies.iter().map(|body| serde_json::from_str(body)).collect::<Result<_, _>>()?)
}

pub(crate) fn list<T, P>(
    connection: &Connection,
    sql: &str,
    params: P,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Fallible<Vec<T>>
where
    P: Params,
{
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_map(params, read)?.collect::<Result<_, _>>()?)
}

/// Writes, and answers how many rows were written.
pub(crate) fn write<P: Params>(connection: &Connection, sql: &str, params: P) -> Fallible<usize> {
    let mut statement: CachedStatement<'_> = connection.prepare_cached(sql)?;
    Ok(statement.execute(params)?)
}

#[cfg(test)]
mod tests {
    use super::{kind, state};
    use domain::effect::{EffectKind, EffectState};

    #[test]
    fn words_are_those_of_the_items() {
        for each in [
            EffectState::Ready,
            EffectState::Assigned,
            EffectState::Posted,
            EffectState::Cancelled,
            EffectState::Held,
        ] {
            assert_eq!(serde_json::to_value(each).unwrap(), state(each));
        }
        assert!(EffectKind::Receipt < EffectKind::Refund);
        assert!(kind(EffectKind::Receipt) < kind(EffectKind::Refund), "columns sort as items do");
    }
}
