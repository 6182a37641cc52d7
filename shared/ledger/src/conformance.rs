//! What every store must do, as a suite: each condition of each operation, met, failed and
//! repeated; and races in which exactly one claimant may win.
//!
//! It starts no thread itself: the caller of [`races`] says how a claimant is started.

use std::fmt;
use std::sync::Arc;

use domain::money::MoneyError;
use thiserror::Error;

pub use races::{Claim, Start, Started, races};

use crate::store::{Store, StoreError};

mod abort;
mod effects;
mod finish;
mod inbox;
mod manifests;
mod races;
mod registers;
pub(crate) mod samples;

/// A rule of the store's contract that does not hold, with what was found.
#[derive(Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Violation(pub String);

pub type Verdict = Result<(), Violation>;

/// Runs the suite. `make` gives a fresh, empty store each time it is called.
///
/// # Errors
/// The first rule that does not hold.
pub async fn run<M>(make: M) -> Verdict
where
    M: AsyncFn() -> Arc<dyn Store>,
{
    inbox::suite(&make).await?;
    effects::suite(&make).await?;
    manifests::suite(&make).await?;
    abort::suite(&make).await?;
    finish::suite(&make).await?;
    registers::suite(&make).await
}

impl fmt::Debug for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Violation {
    fn from(rule: &str) -> Self {
        Self(rule.to_owned())
    }
}

impl From<StoreError> for Violation {
    fn from(error: StoreError) -> Self {
        Self(format!("{error}: {}", error.source))
    }
}

impl From<MoneyError> for Violation {
    fn from(error: MoneyError) -> Self {
        Self(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Started, Violation, races, run};
    use crate::memory::MemoryStore;
    use crate::store::Store;

    async fn make() -> Arc<dyn Store> {
        Arc::new(MemoryStore::new())
    }

    fn start(claimant: Started) -> Started {
        let task = tokio::spawn(claimant);
        Box::pin(async move { task.await.map_err(|error| Violation(error.to_string()))? })
    }

    #[tokio::test]
    async fn memory_conforms() {
        run(make).await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn memory_lets_one_win() {
        races(make, &start, 50, 200).await.unwrap();
    }
}
