//! Published documents, in the same file.

use std::sync::Arc;

use async_trait::async_trait;
use ledger::memory::tables::Fallible;
use ledger::releases::{Activated, Activation, Releases, activated};
use ledger::store::{Result, StoreError};
use rusqlite::{Connection, params};

use crate::column::{item, items, json, one, rows, write};
use crate::writer::Writer;

#[derive(Clone)]
pub struct SqliteReleases {
    writer: Arc<Writer>,
}

impl SqliteReleases {
    pub(crate) fn new(writer: Arc<Writer>) -> Self {
        Self { writer }
    }

    async fn run<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&Connection) -> Fallible<T> + Send + 'static,
    ) -> Result<T> {
        let done = self.writer.run(work).await;
        done.map_err(|source| StoreError { operation, source })
    }
}

#[async_trait]
impl Releases for SqliteReleases {
    async fn put_object(&self, hash: &str, text: &str) -> Result<()> {
        let (hash, text) = (hash.to_owned(), text.to_owned());
        self.run("put_object", move |connection| {
            let sql = "INSERT INTO object (hash, body) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
            write(connection, sql, params![hash, text]).map(|_| ())
        })
        .await
    }

    async fn object(&self, hash: &str) -> Result<Option<String>> {
        let hash = hash.to_owned();
        self.run("object", move |connection| {
            one(connection, "SELECT body FROM object WHERE hash = ?1", params![hash])
        })
        .await
    }

    async fn activate(&self, environment: &str, activation: &Activation) -> Result<Activated> {
        let (environment, asked) = (environment.to_owned(), activation.clone());
        self.run("activate", move |connection| {
            let number = i64::try_from(asked.number)?;
            let key = params![environment, number];
            let sql = "SELECT body FROM activation WHERE environment = ?1 AND number = ?2";
            if let Some(stands) = item::<Activation, _>(connection, sql, key)? {
                return Ok(activated(&asked, &stands));
            }
            let sql = "INSERT INTO activation (environment, number, body) VALUES (?1, ?2, ?3)";
            write(connection, sql, params![environment, number, json(&asked)?])?;
            Ok(Activated::Done)
        })
        .await
    }

    async fn activations(&self, environment: &str, limit: usize) -> Result<Vec<Activation>> {
        let environment = environment.to_owned();
        self.run("activations", move |connection| {
            let sql = "SELECT body FROM activation WHERE environment = ?1 \
                       ORDER BY number DESC LIMIT ?2";
            items(connection, sql, params![environment, rows(limit)])
        })
        .await
    }
}
