//! The store port.

use std::sync::Arc;

use ledger::memory::serial::Serial;
use ledger::memory::tables::{Fallible, Tables};
use ledger::store::{Result, StoreError};

use crate::rows::Rows;
use crate::writer::Writer;

/// The ledger's store on the file.
#[derive(Clone)]
pub struct SqliteStore {
    writer: Arc<Writer>,
}

impl SqliteStore {
    pub(crate) fn new(writer: Arc<Writer>) -> Self {
        Self { writer }
    }
}

impl Serial for SqliteStore {
    async fn run<R, F>(&self, operation: &'static str, work: F) -> Result<R>
    where
        R: Send + 'static,
        F: FnOnce(&mut dyn Tables) -> Fallible<R> + Send + 'static,
    {
        let done = self.writer.run(move |connection| work(&mut Rows(connection))).await;
        done.map_err(|source| StoreError { operation, source })
    }
}
