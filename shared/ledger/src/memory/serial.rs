//! A [`Store`] of anything that runs operations one at a time.

use std::future::Future;

use async_trait::async_trait;
use domain::effect::{Effect, EffectKey, Hold};
use domain::exception::Exception;
use domain::fact::Facts;
use domain::id::{
    BatchNumber, CompanyId, CustomerNumber, EventId, ManifestId, MerchantId, PaymentKey, ProfileId,
};
use domain::manifest::{AttemptOutcome, Manifest};
use jiff::Timestamp;

use super::tables::{Fallible, Tables};
use super::{manifests, payments, registers};
use crate::store::{
    Arrival, Changed, Decision, EffectQuery, EntryOutcome, Folded, Guard, InboxEvent, Inserted,
    Lease, Leased, Payment, Pending, Release, Result, Sealed, Store, Totals, Transition, Watermark,
};

/// Runs whole operations, no two at once.
pub trait Serial: Send + Sync {
    /// Runs one operation. What it wrote stays written, durably, once this answers `Ok`; on `Err`
    /// nothing of it does, unless the answer itself was lost.
    fn run<R, F>(&self, operation: &'static str, work: F) -> impl Future<Output = Result<R>> + Send
    where
        R: Send + 'static,
        F: FnOnce(&mut dyn Tables) -> Fallible<R> + Send + 'static;
}

#[async_trait]
impl<S: Serial> Store for S {
    async fn insert_inbox(&self, event: &InboxEvent) -> Result<Arrival> {
        let event = event.clone();
        self.run("insert_inbox", move |t| payments::insert_inbox(t, &event)).await
    }

    async fn mark_handled(&self, merchant: &MerchantId, event: &EventId) -> Result<()> {
        let (merchant, event) = (merchant.clone(), event.clone());
        self.run("mark_handled", move |t| payments::mark_handled(t, &merchant, &event)).await
    }

    async fn events_not_handled(&self, before: Timestamp, limit: usize) -> Result<Vec<InboxEvent>> {
        self.run("events_not_handled", move |t| t.events_not_handled(before, limit)).await
    }

    async fn fold_facts(&self, payment: &PaymentKey, facts: &Facts) -> Result<Folded> {
        let (payment, facts) = (payment.clone(), facts.clone());
        self.run("fold_facts", move |t| payments::fold_facts(t, &payment, &facts)).await
    }

    async fn facts(&self, payment: &PaymentKey) -> Result<Facts> {
        let payment = payment.clone();
        self.run("facts", move |t| t.facts(&payment)).await
    }

    async fn payment(&self, payment: &PaymentKey) -> Result<Option<Payment>> {
        let payment = payment.clone();
        self.run("payment", move |t| payments::payment(t, &payment)).await
    }

    async fn insert_effect(&self, effect: &Effect, guard: Option<&Guard>) -> Result<Inserted> {
        let (effect, guard) = (effect.clone(), guard.cloned());
        self.run("insert_effect", move |t| payments::insert_effect(t, &effect, guard.as_ref()))
            .await
    }

    async fn decide_effect(
        &self,
        key: &EffectKey,
        generation: u32,
        decision: &Decision,
        guard: Option<&Guard>,
    ) -> Result<Changed> {
        let (key, decision, guard) = (key.clone(), decision.clone(), guard.cloned());
        self.run("decide_effect", move |t| {
            payments::decide_effect(t, &key, generation, &decision, guard.as_ref())
        })
        .await
    }

    async fn hold_effect(&self, key: &EffectKey, hold: &Hold) -> Result<Changed> {
        let (key, hold) = (key.clone(), hold.clone());
        self.run("hold_effect", move |t| payments::hold_effect(t, &key, &hold)).await
    }

    async fn cancel_effect(&self, key: &EffectKey) -> Result<Changed> {
        let key = key.clone();
        self.run("cancel_effect", move |t| payments::cancel_effect(t, &key)).await
    }

    async fn pending(&self, company: &CompanyId, customer: &CustomerNumber) -> Result<Pending> {
        let (company, customer) = (company.clone(), customer.clone());
        self.run("pending", move |t| payments::pending(t, &company, &customer)).await
    }

    async fn effects_by_state(&self, query: &EffectQuery) -> Result<Vec<Effect>> {
        let query = query.clone();
        self.run("effects_by_state", move |t| t.effects_by_state(&query)).await
    }

    async fn seal_manifest(&self, manifest: &Manifest) -> Result<Sealed> {
        let manifest = manifest.clone();
        self.run("seal_manifest", move |t| manifests::seal(t, &manifest)).await
    }

    async fn manifest(&self, id: &ManifestId) -> Result<Option<Manifest>> {
        let id = id.clone();
        self.run("manifest", move |t| t.manifest(&id)).await
    }

    async fn open_manifests(&self, company: &CompanyId, limit: usize) -> Result<Vec<ManifestId>> {
        let company = company.clone();
        self.run("open_manifests", move |t| t.open_manifests(&company, limit)).await
    }

    async fn held_manifests(&self, limit: usize) -> Result<Vec<Manifest>> {
        self.run("held_manifests", move |t| t.held_manifests(limit)).await
    }

    async fn manifests_with_strays(
        &self,
        company: &CompanyId,
        now: Timestamp,
    ) -> Result<Vec<ManifestId>> {
        let company = company.clone();
        self.run("manifests_with_strays", move |t| t.manifests_with_strays(&company, now)).await
    }

    async fn acquire_lease(&self, id: &ManifestId, lease: &Lease) -> Result<Leased> {
        let (id, lease) = (id.clone(), lease.clone());
        self.run("acquire_lease", move |t| manifests::acquire_lease(t, &id, &lease)).await
    }

    async fn record_attempt(
        &self,
        id: &ManifestId,
        epoch: u64,
        now: Timestamp,
        strays_until: Timestamp,
    ) -> Result<Transition> {
        let id = id.clone();
        self.run("record_attempt", move |t| {
            manifests::record_attempt(t, &id, epoch, now, strays_until)
        })
        .await
    }

    async fn close_attempt(
        &self,
        id: &ManifestId,
        epoch: u64,
        outcome: AttemptOutcome,
    ) -> Result<Transition> {
        let id = id.clone();
        self.run("close_attempt", move |t| manifests::close_attempt(t, &id, epoch, outcome)).await
    }

    async fn commit_batch(&self, id: &ManifestId, batch: BatchNumber) -> Result<Transition> {
        let id = id.clone();
        self.run("commit_batch", move |t| manifests::commit_batch(t, &id, batch)).await
    }

    async fn abort_manifest(&self, id: &ManifestId, release: &Release) -> Result<Transition> {
        let (id, release) = (id.clone(), release.clone());
        self.run("abort_manifest", move |t| manifests::abort(t, &id, &release)).await
    }

    async fn mark_frozen(&self, id: &ManifestId, batch: BatchNumber) -> Result<Transition> {
        let id = id.clone();
        self.run("mark_frozen", move |t| manifests::mark_frozen(t, &id, batch)).await
    }

    async fn mark_posting(
        &self,
        id: &ManifestId,
        batch: BatchNumber,
        now: Timestamp,
    ) -> Result<Transition> {
        let id = id.clone();
        self.run("mark_posting", move |t| manifests::mark_posting(t, &id, batch, now)).await
    }

    async fn finish_manifest(
        &self,
        id: &ManifestId,
        batch: BatchNumber,
        outcomes: &[EntryOutcome],
        now: Timestamp,
    ) -> Result<Transition> {
        let (id, outcomes) = (id.clone(), outcomes.to_owned());
        self.run("finish_manifest", move |t| manifests::finish(t, &id, batch, &outcomes, now)).await
    }

    async fn hold_manifest(&self, id: &ManifestId, hold: Option<&Hold>) -> Result<()> {
        let (id, hold) = (id.clone(), hold.cloned());
        self.run("hold_manifest", move |t| manifests::hold(t, &id, hold.as_ref())).await
    }

    async fn lease_company(&self, company: &CompanyId, lease: &Lease) -> Result<bool> {
        let (company, lease) = (company.clone(), lease.clone());
        self.run("lease_company", move |t| registers::lease_company(t, &company, &lease)).await
    }

    async fn watermark(&self, name: &str) -> Result<Option<Watermark>> {
        let name = name.to_owned();
        self.run("watermark", move |t| Ok(t.watermark(&name)?.map(|at| Watermark { at }))).await
    }

    async fn advance_watermark(&self, name: &str, to: Timestamp) -> Result<()> {
        let name = name.to_owned();
        self.run("advance_watermark", move |t| registers::advance_watermark(t, &name, to)).await
    }

    async fn link(
        &self,
        merchant: &MerchantId,
        profile: &ProfileId,
    ) -> Result<Option<CustomerNumber>> {
        let (merchant, profile) = (merchant.clone(), profile.clone());
        self.run("link", move |t| t.link(&merchant, &profile)).await
    }

    async fn put_link(
        &self,
        merchant: &MerchantId,
        profile: &ProfileId,
        customer: &CustomerNumber,
    ) -> Result<CustomerNumber> {
        let (merchant, profile, customer) = (merchant.clone(), profile.clone(), customer.clone());
        self.run("put_link", move |t| registers::put_link(t, &merchant, &profile, &customer)).await
    }

    async fn raise(&self, exception: &Exception) -> Result<bool> {
        let exception = exception.clone();
        self.run("raise", move |t| registers::raise(t, &exception)).await
    }

    async fn close_exception(&self, id: &str, now: Timestamp) -> Result<()> {
        let id = id.to_owned();
        self.run("close_exception", move |t| registers::close_exception(t, &id, now)).await
    }

    async fn exceptions(&self, limit: usize) -> Result<Vec<Exception>> {
        self.run("exceptions", move |t| t.open_exceptions(limit)).await
    }

    async fn totals(&self) -> Result<Totals> {
        self.run("totals", move |t| payments::totals(t)).await
    }
}
