//! T14: a create that landed late, or twice, left an Open batch nobody committed. Once its manifest
//! is committed to another batch (or to none), it is emptied. Never before: an uncommitted batch may
//! still be chosen.

use domain::exception::ReasonCode;
use domain::id::{BatchNumber, CompanyId};
use domain::manifest::{Commit, named_in};
use jiff::Timestamp;
use ledger::posting::{BatchHead, BatchStatus};

use super::{Post, PostError, since_ms};

/// The last sweep of a company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Swept {
    at: Timestamp,
    /// Sage let it be done.
    done: bool,
}

impl Post {
    pub(super) async fn sweep_when_due(&self, company: &CompanyId) -> Result<(), PostError> {
        let now = self.clock.now();
        let last = self.memory.swept.lock().ok().and_then(|map| map.get(company).copied());
        if !self.is_due(company, last, now).await? {
            return Ok(());
        }
        let done = match self.sweep(company).await {
            Err(PostError::Call(error)) => {
                tracing::warn!(company = %company, error = %error, "sweep put off");
                false
            }
            other => {
                other?;
                let rare = |last: Swept| since_ms(last.at, now) >= self.settings.sweep_idle_ms;
                if last.is_none_or(rare) {
                    self.close_what_is_over(company).await?;
                }
                true
            }
        };
        if let Ok(mut map) = self.memory.swept.lock() {
            map.insert(company.clone(), Swept { at: now, done });
        }
        Ok(())
    }

    /// Often while there may be a stray or Sage did not let us look, now and then otherwise.
    async fn is_due(
        &self,
        company: &CompanyId,
        last: Option<Swept>,
        now: Timestamp,
    ) -> Result<bool, PostError> {
        let Some(Swept { at, done }) = last else { return Ok(true) };
        let age = since_ms(at, now);
        if age < self.settings.sweep_ms || age >= self.settings.sweep_idle_ms || !done {
            return Ok(age >= self.settings.sweep_ms);
        }
        Ok(!self.store.manifests_with_strays(company, now).await?.is_empty())
    }

    /// Alarms about manifests that another worker brought to their end meanwhile, and, when nothing
    /// waits to be posted, the one that Sage does not let us in: it just did.
    async fn close_what_is_over(&self, company: &CompanyId) -> Result<(), PostError> {
        const PAGE: usize = 200;
        if self.store.open_manifests(company, 1).await?.is_empty() {
            self.admitted(company).await?;
        }
        let open = self.store.exceptions(PAGE).await?;
        for exception in open.iter().filter(|one| one.reason == ReasonCode::PostStuck) {
            let manifest = self.store.manifest(&exception.subject.as_str().into()).await?;
            if manifest.is_some_and(|manifest| manifest.state.is_final()) {
                self.store.close_exception(&exception.id, self.clock.now()).await?;
            }
        }
        Ok(())
    }

    /// Empties every stray batch of the company.
    ///
    /// # Errors
    /// When the store or Sage fails; strays are harmless and wait for the next sweep.
    pub async fn sweep(&self, company: &CompanyId) -> Result<(), PostError> {
        for head in self.erp.open_batches(company).await? {
            if self.is_stray(&head).await? {
                self.empty(company, head.number).await?;
            }
        }
        Ok(())
    }

    async fn is_stray(&self, head: &BatchHead) -> Result<bool, PostError> {
        let Some(id) = named_in(&head.description) else { return Ok(false) };
        let Some(manifest) = self.store.manifest(&id).await? else { return Ok(false) };
        Ok(match manifest.commit {
            None => false,
            Some(Commit::Nothing) => true,
            Some(Commit::Batch(number)) => number != head.number,
        })
    }

    async fn empty(&self, company: &CompanyId, number: BatchNumber) -> Result<(), PostError> {
        let Some(view) = self.erp.read_batch(company, number).await? else { return Ok(()) };
        let entries: Vec<i64> = view.entries.iter().map(|entry| entry.number).collect();
        if view.head.status == BatchStatus::Open && !entries.is_empty() {
            self.erp.delete_entries(company, number, &entries).await?;
            tracing::info!(company = %company, batch.number = %number, "stray batch emptied");
        }
        Ok(())
    }
}
