//! The steps of a manifest that touch its head alone, and the lists. See the posting protocol, T5
//! to T11.

use domain::effect::Hold;
use domain::id::{BatchNumber, CompanyId, ManifestId};
use domain::manifest::{Attempt, AttemptOutcome, Commit, Manifest, ManifestState};
use jiff::Timestamp;
use ledger::memory::tables::Fallible;
use ledger::store::{Lease, Leased, Transition};

use super::expression::{Change, Condition};
use super::index::{self, STATE, STRAY, STRAY_SORT};
use super::item::{Item, json, number, text, time, word};
use super::key::{self, Key};
use super::layout;
use super::manifest::{self, Head, Kept, UNFINISHED, head, head_of, in_state};
use super::table::{IndexQuery, Table, Written};

/// The table, and the sealed parts of manifests already read from it.
#[derive(Debug)]
pub(super) struct Manifests {
    pub table: Table,
    pub kept: Kept,
}

impl Manifests {
    pub async fn find(&self, id: &ManifestId) -> Fallible<Option<Manifest>> {
        let Some(item) = self.table.get(&Key::manifest(id)).await? else { return Ok(None) };
        self.whole(head_of(&item)?).await.map(Some)
    }

    pub async fn open(&self, company: &CompanyId, limit: usize) -> Fallible<Vec<ManifestId>> {
        let query = index::by_state(manifest::open(company));
        index::list(&self.table, &query, limit, |item| {
            let head = head_of(&item)?;
            Ok((head.hold.is_none() && !head.state.is_final()).then_some(head.id))
        })
        .await
    }

    pub async fn held(&self, limit: usize) -> Fallible<Vec<Manifest>> {
        let query = index::by_state(manifest::HELD.to_owned());
        let wanted = |item: Item| Ok(Some(head_of(&item)?).filter(|head| head.hold.is_some()));
        let mut held = Vec::new();
        for head in index::list(&self.table, &query, limit, wanted).await? {
            held.push(self.whole(head).await?);
        }
        Ok(held)
    }

    pub async fn with_strays(
        &self,
        company: &CompanyId,
        now: Timestamp,
    ) -> Fallible<Vec<ManifestId>> {
        let query = IndexQuery {
            index: layout::STRAYS_NAME,
            partition: (STRAY, manifest::strays(company)),
            sort: Some((STRAY_SORT, ">=", key::time(now))),
            filter: None,
        };
        index::list(&self.table, &query, usize::MAX, |item| {
            let head = head_of(&item)?;
            Ok(head.strays_until.is_some_and(|until| until >= now).then_some(head.id))
        })
        .await
    }

    /// T5. A lease repeated is a lease taken again: the epoch is one on.
    pub async fn acquire_lease(&self, id: &ManifestId, lease: &Lease) -> Fallible<Leased> {
        let change = Change::of(Key::manifest(id))
            .require(in_state(&UNFINISHED)?)
            .require(Condition::absent("hold"))
            .require(may_take(lease))
            .set("owner", text(&lease.owner))
            .set("lease_until", time(lease.until))
            .add_one("epoch");
        match self.table.change(&change).await? {
            Written::Done(item) => Ok(Leased::Ours(Box::new(self.whole(head_of(&item)?).await?))),
            Written::Refused(None) => Ok(Leased::Nothing),
            Written::Refused(Some(item)) => {
                let head = head_of(&item)?;
                let over = head.state.is_final() || head.hold.is_some();
                Ok(if over { Leased::Nothing } else { Leased::Busy })
            }
        }
    }

    /// T6.
    pub async fn record_attempt(
        &self,
        id: &ManifestId,
        epoch: u64,
        now: Timestamp,
        strays_until: Timestamp,
    ) -> Fallible<Transition> {
        let attempt = Attempt { at: now, outcome: AttemptOutcome::Open };
        let path = format!("attempts.{epoch}");
        let change = Change::of(Key::manifest(id))
            .require(Condition::is("epoch", number(epoch)))
            .require(Condition::absent("commit"))
            .require(Condition::absent(&path))
            .set(&path, manifest::attempt(&attempt)?)
            .set("strays_until", time(strays_until))
            .set(STRAY_SORT, text(&manifest::stray_sort(strays_until, id)));
        self.step(id, &change, |stands| {
            stands.epoch == epoch
                && stands.commit.is_none()
                && stands.attempts.get(&epoch) == Some(&attempt)
        })
        .await
    }

    /// Closing the only attempt clears `strays_until` in the same write. The condition on how many
    /// there are makes that safe beside one being recorded.
    pub async fn close_attempt(
        &self,
        id: &ManifestId,
        epoch: u64,
        outcome: AttemptOutcome,
    ) -> Fallible<Transition> {
        let holds = |stands: &Head| {
            stands.attempts.get(&epoch).is_some_and(|attempt| attempt.outcome == outcome)
        };
        if outcome == AttemptOutcome::Open {
            let stands = head(self.table.get(&Key::manifest(id)).await?, id)?;
            return self.transition(stands, holds).await;
        }
        let path = format!("attempts.{epoch}.outcome");
        let closing = || -> Fallible<Change> {
            let open = text(&word(&AttemptOutcome::Open)?);
            let change = Change::of(Key::manifest(id)).require(Condition::is(&path, open));
            Ok(change.set(&path, text(&word(&outcome)?)))
        };
        let only = closing()?
            .require(Condition::SizeIs("attempts".to_owned(), 1))
            .remove("strays_until")
            .remove(STRAY_SORT);
        let stands = match self.table.change(&only).await? {
            Written::Done(item) => head_of(&item)?,
            Written::Refused(found) => head(found, id)?,
        };
        let open = stands.attempts.get(&epoch).map(|attempt| attempt.outcome);
        if open == Some(AttemptOutcome::Open) {
            return self.step(id, &closing()?, holds).await;
        }
        self.transition(stands, holds).await
    }

    /// T8. The one decision which batch it is.
    pub async fn commit(&self, id: &ManifestId, batch: BatchNumber) -> Fallible<Transition> {
        let change = Change::of(Key::manifest(id))
            .require(in_state(&[ManifestState::Sealed])?)
            .require(Condition::absent("commit"))
            .set("commit", manifest::commit(Commit::Batch(batch)))
            .set("st", text(&word(&ManifestState::Committed)?));
        self.step(id, &change, |stands| stands.committed_batch() == Some(batch)).await
    }

    /// T10.
    pub async fn freeze(&self, id: &ManifestId, batch: BatchNumber) -> Fallible<Transition> {
        let change = of_batch(id, batch)
            .require(in_state(&[ManifestState::Committed])?)
            .set("st", text(&word(&ManifestState::Frozen)?));
        self.step(id, &change, |stands| stands.committed_batch() == Some(batch)).await
    }

    pub async fn post(
        &self,
        id: &ManifestId,
        batch: BatchNumber,
        now: Timestamp,
    ) -> Fallible<Transition> {
        let change = of_batch(id, batch)
            .require(in_state(&[ManifestState::Frozen])?)
            .set("st", text(&word(&ManifestState::Posting)?))
            .set_if_absent("posting_since", time(now));
        self.step(id, &change, |stands| {
            let posting = matches!(stands.state, ManifestState::Frozen | ManifestState::Posting);
            posting && stands.committed_batch() == Some(batch)
        })
        .await
    }

    pub async fn hold(&self, id: &ManifestId, hold: Option<&Hold>) -> Fallible<()> {
        let Some(hold) = hold else { return self.let_go(id).await };
        let change = Change::of(Key::manifest(id))
            .require(Condition::existing_item())
            .set("hold", json(hold)?)
            .set(STATE, text(manifest::HELD));
        match self.table.change(&change).await? {
            Written::Done(_) => Ok(()),
            Written::Refused(found) => head(found, id).map(|_| ()),
        }
    }

    /// Answers what stands after a change, or after it was refused because of what stands.
    pub async fn transition(
        &self,
        stands: Head,
        holds: impl Fn(&Head) -> bool,
    ) -> Fallible<Transition> {
        let holds = holds(&stands);
        Ok(Transition { manifest: Box::new(self.whole(stands).await?), holds })
    }

    pub async fn whole(&self, head: Head) -> Fallible<Manifest> {
        manifest::whole(&self.table, &self.kept, head).await
    }

    async fn step(
        &self,
        id: &ManifestId,
        change: &Change,
        holds: impl Fn(&Head) -> bool,
    ) -> Fallible<Transition> {
        let stands = match self.table.change(change).await? {
            Written::Done(item) => head_of(&item)?,
            Written::Refused(found) => head(found, id)?,
        };
        self.transition(stands, holds).await
    }

    /// Back among the open ones, unless it came to its end meanwhile.
    async fn let_go(&self, id: &ManifestId) -> Fallible<()> {
        let item = self.table.get(&Key::manifest(id)).await?;
        let company = match &item {
            Some(item) => CompanyId(item.text("company")?),
            None => return head(None, id).map(|_| ()),
        };
        let change = || Change::of(Key::manifest(id)).remove("hold");
        let open =
            change().require(in_state(&UNFINISHED)?).set(STATE, text(&manifest::open(&company)));
        if let Written::Done(_) = self.table.change(&open).await? {
            return Ok(());
        }
        let over = change().require(Condition::existing_item()).remove(STATE);
        self.table.change(&over).await?;
        Ok(())
    }
}

/// Free, over, or ours already.
pub(super) fn may_take(lease: &Lease) -> Condition {
    Condition::Any(vec![
        Condition::absent("owner"),
        Condition::absent("lease_until"),
        Condition::below("lease_until", time(lease.now)),
        Condition::is("owner", text(&lease.owner)),
    ])
}

fn of_batch(id: &ManifestId, batch: BatchNumber) -> Change {
    let commit = manifest::commit(Commit::Batch(batch));
    Change::of(Key::manifest(id)).require(Condition::is("commit", commit))
}
