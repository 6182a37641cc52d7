//! The store in memory: everything under one lock, in ordered maps. Deterministic.
//!
//! The operations themselves ([`payments`], [`manifests`], [`registers`]) are written over
//! [`tables::Tables`]; [`serial::Serial`] makes a [`crate::store::Store`] of anything that can run
//! them one at a time, each wholly or not at all.

use std::sync::{Mutex, PoisonError};

use crate::store::{Result, StoreError};
use serial::Serial;
use state::State;
use tables::{Fallible, Tables};

pub mod manifests;
pub mod payments;
pub mod registers;
pub mod serial;
mod state;
pub mod tables;

/// Forgets everything when dropped.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<State>);

impl MemoryStore {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Serial for MemoryStore {
    async fn run<R, F>(&self, operation: &'static str, work: F) -> Result<R>
    where
        R: Send + 'static,
        F: FnOnce(&mut dyn Tables) -> Fallible<R> + Send + 'static,
    {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut *state).map_err(|source| StoreError { operation, source })
    }
}
