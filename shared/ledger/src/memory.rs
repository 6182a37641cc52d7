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

#[cfg(test)]
#[path = "memory/conditions_tests.rs"]
mod conditions;

#[cfg(test)]
mod tests {
    //! Stores that break the contract, which the conformance suite must notice.

    use std::sync::{Arc, Mutex};

    use super::serial::Serial;
    use super::state::State;
    use super::tables::{Fallible, Tables};
    use crate::conformance::{Started, Violation, races, run};
    use crate::store::{Result, Store, StoreError};

    /// Answers as if it had written, but forgets what one operation wrote.
    struct Forgetful {
        state: Mutex<State>,
        forgets: &'static str,
    }

    impl Serial for Forgetful {
        async fn run<R, F>(&self, operation: &'static str, work: F) -> Result<R>
        where
            R: Send + 'static,
            F: FnOnce(&mut dyn Tables) -> Fallible<R> + Send + 'static,
        {
            let mut state = self.state.lock().unwrap();
            let before = state.clone();
            let done = work(&mut *state);
            if operation == self.forgets {
                *state = before;
            }
            done.map_err(|source| StoreError { operation, source })
        }
    }

    /// Reads, lets others run, and writes over what they wrote.
    #[derive(Default)]
    struct Careless(Mutex<State>);

    impl Serial for Careless {
        async fn run<R, F>(&self, operation: &'static str, work: F) -> Result<R>
        where
            R: Send + 'static,
            F: FnOnce(&mut dyn Tables) -> Fallible<R> + Send + 'static,
        {
            let mut copy = self.0.lock().unwrap().clone();
            tokio::task::yield_now().await;
            let done = work(&mut copy);
            *self.0.lock().unwrap() = copy;
            done.map_err(|source| StoreError { operation, source })
        }
    }

    #[tokio::test]
    async fn an_operation_that_writes_nothing_is_noticed() {
        for forgets in [
            "insert_inbox",
            "mark_handled",
            "fold_facts",
            "insert_effect",
            "decide_effect",
            "hold_effect",
            "cancel_effect",
            "seal_manifest",
            "acquire_lease",
            "record_attempt",
            "close_attempt",
            "commit_batch",
            "abort_manifest",
            "mark_frozen",
            "mark_posting",
            "finish_manifest",
            "hold_manifest",
            "lease_company",
            "advance_watermark",
            "put_link",
            "raise",
            "close_exception",
        ] {
            let make = async || {
                let store: Arc<dyn Store> =
                    Arc::new(Forgetful { state: Mutex::default(), forgets });
                store
            };
            assert!(run(make).await.is_err(), "nobody missed what {forgets} writes");
        }
    }

    #[tokio::test]
    async fn a_store_that_overwrites_is_noticed() {
        let make = async || {
            let store: Arc<dyn Store> = Arc::new(Careless::default());
            store
        };
        let start = |claimant: Started| -> Started {
            let task = tokio::spawn(claimant);
            Box::pin(async move { task.await.map_err(|e| Violation(e.to_string()))? })
        };
        assert!(races(make, &start, 50, 1).await.is_err());
    }
}
