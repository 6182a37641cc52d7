//! The thread that owns the connection, and its group commit.
//!
//! 1. Take one waiting job, and all others that wait by then (at most [`BATCH_MAX`]).
//! 2. Begin; run each job in a savepoint of its own; a job that fails is undone alone.
//! 3. Commit: one write to the disk for all.
//! 4. Answer all. If the commit failed, all are told so, and nothing of the batch is stored.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use ledger::memory::tables::Fallible;
use rusqlite::Connection;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

/// Jobs that may wait; further callers wait to be let in.
const WAITING_MAX: usize = 1_024;

/// Jobs in one commit.
const BATCH_MAX: usize = 256;

type Job = Box<dyn FnOnce(&Connection) -> Reply + Send>;

/// Tells the caller, once it is known whether the batch is stored.
type Reply = Box<dyn FnOnce(Result<(), Lost>) + Send>;

#[derive(Debug, Clone, Error)]
pub(crate) enum Lost {
    #[error("the transaction was not committed")]
    Commit(#[source] Arc<rusqlite::Error>),
    #[error("the transaction was rolled back by another operation's failure")]
    RolledBack,
    #[error("the database is closed")]
    Closed,
}

pub(crate) struct Writer {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(crate) fn start(connection: Connection) -> io::Result<Self> {
        let (jobs, waiting) = mpsc::channel(WAITING_MAX);
        let thread = std::thread::Builder::new()
            .name("sqlite".to_owned())
            .spawn(move || serve(&connection, waiting))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Runs the work wholly or not at all. Answers once it is durable.
    pub(crate) async fn run<T, F>(&self, work: F) -> Fallible<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Fallible<T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let result = in_savepoint(connection, work);
            Box::new(move |committed| {
                // A caller that stopped waiting has no use for the answer.
                drop(answer.send(committed.map_err(Into::into).and(result)));
            })
        });
        let jobs = self.jobs.as_ref().ok_or(Lost::Closed)?;
        jobs.send(job).await.map_err(|_| Lost::Closed)?;
        answered.await.map_err(|_| Lost::Closed)?
    }
}

impl Drop for Writer {
    /// Waits for what was taken to be stored and for the file to be closed.
    fn drop(&mut self) {
        drop(self.jobs.take());
        let Some(thread) = self.thread.take() else { return };
        if thread.thread().id() != std::thread::current().id() && thread.join().is_err() {
            tracing::error!("the database thread ended by a panic");
        }
    }
}

fn serve(connection: &Connection, mut waiting: mpsc::Receiver<Job>) {
    while let Some(first) = waiting.blocking_recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH_MAX {
            let Ok(next) = waiting.try_recv() else { break };
            batch.push(next);
        }
        commit(connection, batch);
    }
}

fn commit(connection: &Connection, batch: Vec<Job>) {
    let begun = connection.execute_batch("BEGIN IMMEDIATE");
    let replies: Vec<Reply> = batch.into_iter().map(|job| job(connection)).collect();
    let committed = begun.map_err(lost).and_then(|()| end(connection));
    if let Err(error) = &committed {
        tracing::error!(%error, jobs = replies.len(), "a batch of operations was not stored");
    }
    for reply in replies {
        reply(committed.clone());
    }
}

fn end(connection: &Connection) -> Result<(), Lost> {
    if connection.is_autocommit() {
        return Err(Lost::RolledBack);
    }
    connection.execute_batch("COMMIT").map_err(|error| {
        if !connection.is_autocommit() && connection.execute_batch("ROLLBACK").is_err() {
            tracing::error!("a failed transaction could not be rolled back");
        }
        lost(error)
    })
}

/// Outside a transaction nothing is run: a savepoint alone would commit by itself.
fn in_savepoint<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Fallible<T>,
) -> Fallible<T> {
    if connection.is_autocommit() {
        return Err(Lost::RolledBack.into());
    }
    connection.execute_batch("SAVEPOINT job")?;
    let result = work(connection);
    if connection.is_autocommit() {
        return result.and(Err(Lost::RolledBack.into()));
    }
    let end = if result.is_ok() { "RELEASE job" } else { "ROLLBACK TO job; RELEASE job" };
    connection.execute_batch(end)?;
    result
}

fn lost(error: rusqlite::Error) -> Lost {
    Lost::Commit(Arc::new(error))
}

#[cfg(test)]
mod tests {
    use super::Writer;
    use crate::schema::in_memory;
    use rusqlite::Connection;

    fn put(connection: &Connection, name: &str) -> rusqlite::Result<usize> {
        connection.execute("INSERT INTO watermark (name, at) VALUES (?1, 1)", [name])
    }

    fn names(connection: &Connection) -> rusqlite::Result<i64> {
        connection.query_row("SELECT count(*) FROM watermark", [], |row| row.get(0))
    }

    #[tokio::test]
    async fn a_failing_job_is_undone_alone() {
        let writer = Writer::start(in_memory().unwrap()).unwrap();
        let (good, bad, last) = tokio::join!(
            writer.run(|c| Ok(put(c, "good")?)),
            writer.run(|c| {
                put(c, "bad")?;
                Err::<(), _>("no".into())
            }),
            writer.run(|c| Ok(put(c, "last")?)),
        );
        assert_eq!((good.unwrap(), last.unwrap()), (1, 1));
        assert_eq!(bad.unwrap_err().to_string(), "no");
        assert_eq!(writer.run(|c| Ok(names(c)?)).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn a_transaction_that_is_lost_is_lost_for_all() {
        let writer = Writer::start(in_memory().unwrap()).unwrap();
        let (before, breaker, after) = tokio::join!(
            writer.run(|c| Ok(put(c, "before")?)),
            writer.run(|c| Ok(c.execute_batch("ROLLBACK")?)),
            writer.run(|c| Ok(put(c, "after")?)),
        );
        assert!(breaker.is_err(), "a job that ended the transaction did not succeed");
        let told = i64::from(before.is_ok()) + i64::from(after.is_ok());
        assert_eq!(writer.run(|c| Ok(names(c)?)).await.unwrap(), told, "stored as answered");
    }
}
