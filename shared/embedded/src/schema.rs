//! The tables, and how a file of an earlier version is brought up to date.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};

use crate::OpenError;

/// How long a process that is just ending is waited for.
const BUSY_TIMEOUT: Duration = Duration::from_millis(500);

/// Statements kept prepared.
const CACHED_STATEMENTS: usize = 128;

/// Each brings the schema from its index to the next; `user_version` counts those applied. Never
/// change one that was released: add another.
const MIGRATIONS: &[&str] =
    &[include_str!("schema/1.sql"), include_str!("schema/2.sql"), include_str!("schema/3.sql")];

pub(crate) fn open(path: &Path) -> Result<Connection, OpenError> {
    let failed = |source| refusal(path.to_owned(), source);
    let connection = Connection::open(path).map_err(failed)?;
    prepare(&connection).map_err(failed)?;
    migrate(&connection, path)?;
    Ok(connection)
}

pub(crate) fn in_memory() -> Result<Connection, OpenError> {
    let path = Path::new(":memory:");
    let failed = |source| refusal(path.to_owned(), source);
    let connection = Connection::open_in_memory().map_err(failed)?;
    prepare(&connection).map_err(failed)?;
    migrate(&connection, path)?;
    Ok(connection)
}

/// Exclusive locking comes before WAL, so that the lock is taken with the first access and no
/// shared memory is needed.
fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.execute_batch("BEGIN EXCLUSIVE; COMMIT")
}

fn migrate(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let failed = |source| refusal(path.to_owned(), source);
    let found = connection
        .query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))
        .map_err(failed)?;
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(OpenError::Newer { path: path.to_owned(), found, known });
    }
    let done = usize::try_from(found).unwrap_or_default();
    for (version, migration) in (1_i64..).zip(MIGRATIONS).skip(done) {
        let script = format!("BEGIN; {migration}; PRAGMA user_version = {version}; COMMIT");
        connection.execute_batch(&script).map_err(failed)?;
    }
    Ok(())
}

fn refusal(path: PathBuf, source: rusqlite::Error) -> OpenError {
    match source.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => OpenError::InUse { path },
        _ => OpenError::Sqlite { path, source },
    }
}

#[cfg(test)]
mod tests {
    use super::{MIGRATIONS, in_memory, migrate};
    use crate::OpenError;
    use std::path::Path;

    #[test]
    fn a_later_schema_is_refused() {
        let connection = in_memory().unwrap();
        migrate(&connection, Path::new("x")).unwrap();
        connection.pragma_update(None, "user_version", MIGRATIONS.len() + 1).unwrap();
        let refused = migrate(&connection, Path::new("x")).unwrap_err();
        let known = i64::try_from(MIGRATIONS.len()).unwrap();
        let OpenError::Newer { found, known: ours, .. } = refused else { panic!("{refused}") };
        assert_eq!((found, ours), (known + 1, known));
    }

    #[test]
    fn the_queries_that_matter_use_their_indexes() {
        let connection = in_memory().unwrap();
        for (query, index) in [
            (
                "SELECT body FROM effect WHERE state = 'READY' AND company = 'C' \
                 ORDER BY since, merchant, txn, kind, ordinal LIMIT 9",
                "effect_by_company",
            ),
            (
                "SELECT body FROM effect WHERE state = 'READY' \
                 ORDER BY since, merchant, txn, kind, ordinal LIMIT 9",
                "effect_by_age",
            ),
            (
                "SELECT document, minor, currency FROM effect_line \
                 WHERE company = 'C' AND customer = 'A'",
                "effect_line_by_customer",
            ),
            (
                "SELECT id FROM manifest WHERE company = 'C' AND open = 1 \
                 ORDER BY sealed_at, id LIMIT 9",
                "manifest_open",
            ),
            (
                "SELECT id FROM manifest WHERE company = 'C' AND strays_until >= 5 \
                 ORDER BY strays_until, id",
                "manifest_strays",
            ),
            (
                "SELECT body FROM inbox WHERE handled = 0 AND received < 5 \
                 ORDER BY received, merchant, id LIMIT 9",
                "inbox_waiting",
            ),
            (
                "SELECT body FROM exception WHERE closed IS NULL ORDER BY raised, id LIMIT 9",
                "exception_open",
            ),
            (
                "SELECT id FROM message WHERE queue = 'hints' AND visible_at <= 5 \
                 ORDER BY visible_at, id LIMIT 9",
                "message_due",
            ),
        ] {
            let plan = format!("EXPLAIN QUERY PLAN {query}");
            let mut statement = connection.prepare(&plan).unwrap();
            let steps = statement.query_map([], |row| row.get::<_, String>(3)).unwrap();
            let steps: Vec<String> = steps.map(Result::unwrap).collect();
            assert_eq!(steps.len(), 1, "{query} sorts or joins: {steps:?}");
            assert!(steps[0].contains(index), "{query}: {steps:?}");
        }
    }
}
