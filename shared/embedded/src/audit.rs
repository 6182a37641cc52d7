//! The audit trail, in the same file.

use std::sync::Arc;

use async_trait::async_trait;
use ledger::audit::{Appended, Kept, Line, Trail, appended};
use ledger::memory::tables::Fallible;
use ledger::store::{Result, StoreError};
use rusqlite::{Connection, Params, params};

use crate::column::{json, list, one, rows, write};
use crate::writer::Writer;

#[derive(Clone)]
pub struct SqliteTrail {
    writer: Arc<Writer>,
}

impl SqliteTrail {
    pub(crate) fn new(writer: Arc<Writer>) -> Self {
        Self { writer }
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Fallible<T> + Send + 'static,
    ) -> Result<T> {
        let done = self.writer.run(work).await;
        done.map_err(|source| StoreError { operation: "audit", source })
    }
}

#[async_trait]
impl Trail for SqliteTrail {
    async fn append(&self, line: &Line) -> Result<Appended> {
        let line = line.clone();
        self.run(move |connection| {
            let sequence = i64::try_from(line.sequence)?;
            let sql = "INSERT INTO audit (sequence, body) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
            if write(connection, sql, params![sequence, json(&line)?])? == 1 {
                return Ok(Appended::Done);
            }
            let sql = "SELECT body FROM audit WHERE sequence = ?1";
            let stands: Option<String> = one(connection, sql, params![sequence])?;
            Ok(appended(&line, stands.as_deref().and_then(read).as_ref()))
        })
        .await
    }

    async fn last(&self) -> Result<Option<Kept>> {
        self.run(|connection| {
            let sql = "SELECT sequence, body FROM audit ORDER BY sequence DESC LIMIT 1";
            Ok(lines(connection, sql, [])?.pop())
        })
        .await
    }

    async fn after(&self, sequence: u64, limit: usize) -> Result<Vec<Kept>> {
        let Ok(sequence) = i64::try_from(sequence) else { return Ok(Vec::new()) };
        self.run(move |connection| {
            let sql = "SELECT sequence, body FROM audit WHERE sequence > ?1 \
                       ORDER BY sequence LIMIT ?2";
            lines(connection, sql, params![sequence, rows(limit)])
        })
        .await
    }
}

fn lines(connection: &Connection, sql: &str, key: impl Params) -> Fallible<Vec<Kept>> {
    let found: Vec<(i64, String)> =
        list(connection, sql, key, |row| Ok((row.get(0)?, row.get(1)?)))?;
    let kept = |(sequence, body): (i64, String)| {
        Ok(Kept { sequence: u64::try_from(sequence)?, line: read(&body) })
    };
    found.into_iter().map(kept).collect()
}

fn read(body: &str) -> Option<Line> {
    serde_json::from_str(body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema;
    use jiff::Timestamp;
    use ledger::audit::{Deed, Verified, conforms, record, verify};

    fn trail(connection: Connection) -> SqliteTrail {
        SqliteTrail::new(Arc::new(Writer::start(connection).unwrap()))
    }

    async fn written(trail: &SqliteTrail) {
        for number in 1..=5 {
            let deed = Deed {
                at: Timestamp::UNIX_EPOCH,
                actor: "ada".to_owned(),
                action: "close".to_owned(),
                subject: format!("fact_changed:main/{number}"),
                details: [("reason".to_owned(), "both were compared".to_owned())].into(),
            };
            record(trail, &deed).await.unwrap();
        }
    }

    /// What `verify` says after somebody ran this on the file.
    async fn tampered(sql: &'static str) -> (Verified, bool) {
        let trail = trail(schema::in_memory().unwrap());
        written(&trail).await;
        let refused = trail.run(move |connection| Ok(connection.execute_batch(sql)?)).await;
        let without = format!("DROP TRIGGER audit_unchanged; DROP TRIGGER audit_whole; {sql}");
        if refused.is_err() {
            trail.run(move |connection| Ok(connection.execute_batch(&without)?)).await.unwrap();
        }
        (verify(&trail, None).await.unwrap(), refused.is_err())
    }

    #[tokio::test]
    async fn the_file_conforms() {
        conforms(&trail(schema::in_memory().unwrap())).await.unwrap();
    }

    #[tokio::test]
    async fn tampering_is_refused_and_found_when_it_is_forced() {
        for (sql, at) in [
            ("UPDATE audit SET body = replace(body, 'ada', 'eve') WHERE sequence = 3", 3),
            ("UPDATE audit SET body = 'nothing' WHERE sequence = 2", 2),
            ("DELETE FROM audit WHERE sequence = 4", 4),
            ("UPDATE audit SET sequence = 9 WHERE sequence = 1", 1),
        ] {
            let (found, refused) = tampered(sql).await;
            assert!(refused, "{sql}");
            let Verified::Broken { sequence, how } = found else { panic!("{sql} went unseen") };
            assert_eq!(sequence, at, "{sql}: {how}");
        }
    }

    #[tokio::test]
    async fn nothing_is_appended_after_a_line_that_cannot_be_read() {
        let trail = trail(schema::in_memory().unwrap());
        written(&trail).await;
        let sql = "DROP TRIGGER audit_unchanged; UPDATE audit SET body = '' WHERE sequence = 5";
        trail.run(move |connection| Ok(connection.execute_batch(sql)?)).await.unwrap();
        let deed = Deed {
            at: Timestamp::UNIX_EPOCH,
            actor: "ada".to_owned(),
            action: "hold".to_owned(),
            subject: "x".to_owned(),
            details: std::collections::BTreeMap::new(),
        };
        let refused = record(&trail, &deed).await.unwrap_err();
        assert!(refused.source.to_string().contains("line 5"), "{refused:?}");
    }
}
