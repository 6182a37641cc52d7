//! Driving: perform what `ledger::posting::step` asks, feed back what was heard, until it stops.

use domain::effect::Hold;
use domain::exception::ReasonCode;
use domain::id::{BatchNumber, CompanyId, ManifestId};
use domain::manifest::{AttemptOutcome, Manifest};
use ledger::posting::{Command, Heard, Refusal, Site, Stop, Work, step};
use ledger::store::{EntryOutcome, Leased, Transition};

use super::{Post, PostError, Report, after, since_ms};
use crate::hint::Hint;
use crate::port::{CallError, Called, Cause, Phase, QueueName};

/// How long to stay away when Sage asks for fewer requests without saying for how long.
const THROTTLED_MS: u64 = 1_000;

/// Manifests taken up in one run.
const PAGE: usize = 200;

impl Post {
    pub(super) async fn drive_all(
        &self,
        company: &CompanyId,
        report: &mut Report,
    ) -> Result<(), PostError> {
        for id in self.store.open_manifests(company, PAGE).await? {
            let now = self.clock.now();
            if let Some(due) = self.memory.due(&id).filter(|due| *due > now) {
                report.next = report.next.map_or(Some(due), |next| Some(next.min(due)));
                continue;
            }
            if !self.store.lease_company(company, &self.lease()).await? {
                report.busy = true;
                return Ok(());
            }
            match self.drive(&id).await? {
                Some(Stop::Done) => report.finished = report.finished.saturating_add(1),
                Some(Stop::Later { ms }) => self.wait(&id, ms, report),
                Some(Stop::Denied(message)) => return self.denied(company, &message).await,
                Some(Stop::LostLease) | None => {}
            }
        }
        Ok(())
    }

    /// One pass over one manifest. `None`: another worker has it, or nothing is to be done.
    async fn drive(&self, id: &ManifestId) -> Result<Option<Stop>, PostError> {
        let Leased::Ours(manifest) = self.store.acquire_lease(id, &self.lease()).await? else {
            return Ok(None);
        };
        let mut manifest = *manifest;
        self.alarm_when_old(&manifest).await?;
        let mut work = Work::begin(manifest.epoch);
        let mut heard = Heard::Leased;
        loop {
            let now = self.clock.now();
            let site = Site { manifest: &manifest, now, limits: &self.settings.limits };
            let (next, command) = step(work, &site, heard);
            work = next;
            if let Command::Stop(stop) = command {
                return Ok(Some(stop));
            }
            tracing::debug!(manifest.id = %manifest.id, command = ?command, "posting");
            heard = match self.perform(&mut manifest, command).await? {
                Done::Heard(heard) => heard,
                Done::Stored(transition) => {
                    manifest = *transition.manifest;
                    Heard::Stored { holds: transition.holds }
                }
            };
        }
    }

    async fn perform(&self, manifest: &mut Manifest, command: Command) -> Result<Done, PostError> {
        let id = manifest.id.clone();
        let company = manifest.group.company.clone();
        Ok(match command {
            Command::LookUp => {
                heard(self.erp.find_batches(&company, &manifest.token()).await, Heard::Found)
            }
            Command::Read(number) => heard(self.erp.read_batch(&company, number).await, |view| {
                Heard::Batch(view.map(Box::new))
            }),
            Command::Create => {
                heard(self.erp.create_batch(manifest, manifest.epoch).await, Heard::Created)
            }
            Command::Freeze(number) => {
                heard(self.erp.freeze_batch(&company, number).await, |()| Heard::Done)
            }
            Command::Post(number) => {
                heard(self.erp.post_batch(&company, number).await, |()| Heard::Done)
            }
            Command::DeleteEntry(number, entry) => {
                heard(self.erp.delete_entries(&company, number, &[entry]).await, |()| Heard::Done)
            }
            Command::Hold(hold) => self.hold(manifest, &hold).await?,
            Command::Finish(batch, outcomes) => {
                Done::Stored(self.finish(manifest, batch, &outcomes).await?)
            }
            command => Done::Stored(self.store_command(&id, manifest.epoch, command).await?),
        })
    }

    async fn store_command(
        &self,
        id: &ManifestId,
        epoch: u64,
        command: Command,
    ) -> Result<Transition, PostError> {
        let now = self.clock.now();
        Ok(match command {
            Command::Intend => {
                let strays_until = after(now, self.settings.strays_ms);
                self.store.record_attempt(id, epoch, now, strays_until).await?
            }
            Command::CloseAttempt => {
                self.store.close_attempt(id, epoch, AttemptOutcome::Closed).await?
            }
            Command::Abort(release) => {
                let transition = self.store.abort_manifest(id, &release).await?;
                self.ended(&transition.manifest).await?;
                transition
            }
            Command::MarkFrozen(batch) => self.store.mark_frozen(id, batch).await?,
            Command::MarkPosting(batch) => self.store.mark_posting(id, batch, now).await?,
            Command::Commit(batch) => self.store.commit_batch(id, batch).await?,
            other => {
                let source = format!("{other:?} is not a store command").into();
                return Err(ledger::store::StoreError { operation: "post", source }.into());
            }
        })
    }

    async fn hold(&self, manifest: &mut Manifest, hold: &Hold) -> Result<Done, PostError> {
        self.store.hold_manifest(&manifest.id, Some(hold)).await?;
        self.raise(hold.reason, manifest.id.as_str(), &hold.evidence).await?;
        manifest.hold = Some(hold.clone());
        Ok(Done::Heard(Heard::Stored { holds: true }))
    }

    /// The end of a manifest; entries Sage refused to post are decided again, now that Sage said no.
    async fn finish(
        &self,
        manifest: &Manifest,
        batch: BatchNumber,
        outcomes: &[EntryOutcome],
    ) -> Result<Transition, PostError> {
        let now = self.clock.now();
        let transition = self.store.finish_manifest(&manifest.id, batch, outcomes, now).await?;
        for (entry, outcome) in manifest.entries.iter().zip(outcomes) {
            if matches!(outcome, EntryOutcome::Released(_)) {
                let payment = &entry.effect.payment;
                let hint =
                    Hint { redecide: true, ..Hint::new(&payment.merchant, &payment.transaction) };
                self.queue.send(QueueName::Hints, hint.body(), 1).await?;
            }
        }
        self.ended(manifest).await?;
        Ok(transition)
    }

    /// No step will be taken on it any more: an alarm that it takes long is over, and so is one that
    /// Sage does not let us in.
    async fn ended(&self, manifest: &Manifest) -> Result<(), PostError> {
        let now = self.clock.now();
        self.memory.forget(&manifest.id);
        if since_ms(manifest.sealed_at, now) > self.settings.alarm_ms {
            let stuck = format!("{}:{}", ReasonCode::PostStuck, manifest.id);
            self.store.close_exception(&stuck, now).await?;
        }
        self.admitted(&manifest.group.company).await
    }

    async fn alarm_when_old(&self, manifest: &Manifest) -> Result<(), PostError> {
        let age = since_ms(manifest.sealed_at, self.clock.now());
        if age <= self.settings.alarm_ms {
            return Ok(());
        }
        let evidence = format!(
            "{} entries, {}, {:?} for {} s",
            manifest.entries.len(),
            manifest.total,
            manifest.state,
            age / 1000
        );
        self.raise(ReasonCode::PostStuck, manifest.id.as_str(), &evidence).await
    }

    fn wait(&self, id: &ManifestId, ms: u64, report: &mut Report) {
        let ms = i64::try_from(ms).unwrap_or(i64::MAX);
        let due = after(self.clock.now(), ms);
        self.memory.set_due(id, due);
        report.next = report.next.map_or(Some(due), |next| Some(next.min(due)));
    }

    pub(super) async fn denied(&self, company: &CompanyId, message: &str) -> Result<(), PostError> {
        self.raise(ReasonCode::SageDenied, company.as_str(), message).await
    }

    /// Sage let us in: an alarm about the credential is over, whoever raised it.
    pub(super) async fn admitted(&self, company: &CompanyId) -> Result<(), PostError> {
        let id = format!("{}:{company}", ReasonCode::SageDenied);
        self.store.close_exception(&id, self.clock.now()).await?;
        Ok(())
    }
}

enum Done {
    Heard(Heard),
    Stored(Transition),
}

fn heard<T>(answer: Called<T>, said: impl FnOnce(T) -> Heard) -> Done {
    Done::Heard(match answer {
        Ok(value) => said(value),
        Err(error) => {
            tracing::warn!(
                operation = error.operation,
                phase = ?error.phase,
                error = %error,
                "Sage call failed"
            );
            Heard::Failed(refusal(error))
        }
    })
}

fn refusal(error: CallError) -> Refusal {
    match (error.phase, error.cause) {
        (Phase::NotSent, _) => Refusal::NotSent,
        (Phase::Throttled, _) => {
            Refusal::Throttled { retry_after_ms: error.retry_after_ms.unwrap_or(THROTTLED_MS) }
        }
        (Phase::Unclear, _) => Refusal::Unclear,
        (Phase::Refused, Some(Cause::Denied)) => Refusal::Denied(error.message),
        (Phase::Refused, _) => Refusal::Refused(error.message),
    }
}

impl super::Memory {
    fn due(&self, id: &ManifestId) -> Option<jiff::Timestamp> {
        self.not_before.lock().ok().and_then(|map| map.get(id).copied())
    }

    fn set_due(&self, id: &ManifestId, due: jiff::Timestamp) {
        if let Ok(mut map) = self.not_before.lock() {
            map.insert(id.clone(), due);
        }
    }

    fn forget(&self, id: &ManifestId) {
        if let Ok(mut map) = self.not_before.lock() {
            map.remove(id);
        }
    }
}
