//! The engine's ports on one `SQLite` file, for the single process.
//!
//! * One thread owns the connection ([`Embedded::open`] starts it). It takes all operations that
//!   wait, runs each in its own savepoint, commits once, and only then answers: every answer is
//!   durable, and one write to the disk serves many callers.
//! * WAL, `synchronous = FULL`. The file is locked exclusively while it is open: a second process
//!   is refused, and a killed one leaves no lock behind.
//! * The conditions of the operations are those of `ledger::memory`; here are only rows.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::port::Clock;
use thiserror::Error;

pub use audit::SqliteTrail;
pub use history::Sighting;
pub use queue::{Delivery, Depth, SqliteQueue};
pub use releases::SqliteReleases;
pub use store::SqliteStore;

use writer::Writer;

mod audit;
mod column;
mod effect;
mod history;
mod inbox;
mod manifest;
mod queue;
mod register;
mod releases;
mod rows;
mod schema;
mod store;
#[cfg(test)]
mod tests;
mod writer;

/// The store and the queues of one file.
#[derive(Clone)]
pub struct Embedded {
    pub store: SqliteStore,
    pub queue: SqliteQueue,
    pub releases: SqliteReleases,
    pub trail: SqliteTrail,
    writer: Arc<Writer>,
}

/// Why the file could not be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    #[error("{path} is in use by another process: stop that one first, or give another file")]
    InUse { path: PathBuf },
    #[error(
        "{path} was written by a later version (schema {found}, this version knows {known}): \
         start that version, or give another file"
    )]
    Newer { path: PathBuf, found: i64, known: i64 },
    #[error("cannot open {path}")]
    Sqlite {
        path: PathBuf,
        #[source]
        source: rusqlite::Error,
    },
    #[error("cannot start the database thread")]
    Thread(#[source] std::io::Error),
}

/// What [`Embedded::check`] found.
#[derive(Debug, Error)]
pub enum CheckError {
    #[error("the database is damaged: {0}")]
    Damaged(String),
    #[error("the database could not be checked")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Embedded {
    /// Opens the file, making it when it is not there. Blocks; the last clone dropped closes it.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        Self::over(schema::open(path)?, clock)
    }

    /// Forgets everything when dropped.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn in_memory(clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        Self::over(schema::in_memory()?, clock)
    }

    /// Whether the file is whole, page by page (`PRAGMA quick_check`). Reads all of it.
    ///
    /// # Errors
    /// When it is not, or nothing could be read.
    pub async fn check(&self) -> Result<(), CheckError> {
        let found = self.writer.run(|connection| {
            let mut statement = connection.prepare("PRAGMA quick_check(20)")?;
            let lines = statement.query_map([], |row| row.get::<_, String>(0))?;
            Ok(lines.collect::<Result<Vec<_>, _>>()?)
        });
        let found = found.await.map_err(CheckError::Failed)?;
        if found == ["ok"] { Ok(()) } else { Err(CheckError::Damaged(found.join("; "))) }
    }

    fn over(connection: rusqlite::Connection, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let writer = Arc::new(Writer::start(connection).map_err(OpenError::Thread)?);
        Ok(Self {
            store: SqliteStore::new(Arc::clone(&writer)),
            releases: SqliteReleases::new(Arc::clone(&writer)),
            trail: SqliteTrail::new(Arc::clone(&writer)),
            queue: SqliteQueue::new(Arc::clone(&writer), clock),
            writer,
        })
    }
}
