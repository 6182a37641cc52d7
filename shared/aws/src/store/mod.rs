//! The store on one DynamoDB table.
//!
//! Every operation is a conditional write, or one transaction of such writes, and takes from a
//! failed condition the item that made it fail. None reads first to decide what to write, except
//! where what it read cannot change (a manifest's entries) or is then a condition of the write.
//!
//! The client repeats what was throttled or lost on the way; the condition that then fails finds
//! our own values, which counts as done. What is left is a [`StoreError`]: repeat the operation.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use domain::effect::{Effect, EffectKey, Hold};
use domain::exception::Exception;
use domain::fact::Facts;
use domain::id::{
    BatchNumber, CompanyId, CustomerNumber, EventId, ManifestId, MerchantId, PaymentKey, ProfileId,
};
use domain::manifest::{AttemptOutcome, Manifest};
use jiff::Timestamp;
use ledger::memory::tables::Fallible;
use ledger::store::{
    Arrival, Changed, Decision, EffectQuery, EntryOutcome, Folded, Guard, InboxEvent, Inserted,
    Lease, Leased, Payment, Pending, Release, Result, Sealed, Store, StoreError, Totals,
    Transition, Watermark,
};

use manifest::Kept;
use manifests::Manifests;
use table::Table;

mod account;
mod effect;
mod endings;
mod expression;
mod gather;
mod inbox;
mod index;
mod item;
mod key;
pub mod layout;
mod manifest;
mod manifests;
mod payments;
mod registers;
mod table;
#[cfg(test)]
mod tests;
mod totals;

/// The store of one table; it and its indexes must be there.
#[derive(Debug)]
pub struct DynamoStore(Manifests);

impl DynamoStore {
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self(Manifests { table: Table::new(client, table.into()), kept: Kept::default() })
    }

    fn table(&self) -> &Table {
        &self.0.table
    }
}

/// Names the operation that failed.
fn told<T>(operation: &'static str, done: Fallible<T>) -> Result<T> {
    done.map_err(|source| StoreError { operation, source })
}

#[async_trait]
impl Store for DynamoStore {
    async fn insert_inbox(&self, event: &InboxEvent) -> Result<Arrival> {
        told("insert_inbox", inbox::insert(self.table(), event).await)
    }

    async fn mark_handled(&self, merchant: &MerchantId, event: &EventId) -> Result<()> {
        told("mark_handled", inbox::mark_handled(self.table(), merchant, event).await)
    }

    async fn events_not_handled(&self, before: Timestamp, limit: usize) -> Result<Vec<InboxEvent>> {
        told("events_not_handled", inbox::not_handled(self.table(), before, limit).await)
    }

    async fn fold_facts(&self, payment: &PaymentKey, facts: &Facts) -> Result<Folded> {
        told("fold_facts", payments::fold_facts(self.table(), payment, facts).await)
    }

    async fn facts(&self, payment: &PaymentKey) -> Result<Facts> {
        told("facts", payments::facts(self.table(), payment).await)
    }

    async fn payment(&self, payment: &PaymentKey) -> Result<Option<Payment>> {
        told("payment", payments::payment(self.table(), payment).await)
    }

    async fn insert_effect(&self, effect: &Effect, guard: Option<&Guard>) -> Result<Inserted> {
        told("insert_effect", payments::insert(self.table(), effect, guard).await)
    }

    async fn decide_effect(
        &self,
        key: &EffectKey,
        generation: u32,
        decision: &Decision,
        guard: Option<&Guard>,
    ) -> Result<Changed> {
        let done = payments::decide(self.table(), key, generation, decision, guard).await;
        told("decide_effect", done)
    }

    async fn hold_effect(&self, key: &EffectKey, hold: &Hold) -> Result<Changed> {
        told("hold_effect", payments::hold(self.table(), key, hold).await)
    }

    async fn cancel_effect(&self, key: &EffectKey) -> Result<Changed> {
        told("cancel_effect", payments::cancel(self.table(), key).await)
    }

    async fn pending(&self, company: &CompanyId, customer: &CustomerNumber) -> Result<Pending> {
        told("pending", account::pending(self.table(), company, customer).await)
    }

    async fn effects_by_state(&self, query: &EffectQuery) -> Result<Vec<Effect>> {
        told("effects_by_state", payments::by_state(self.table(), query).await)
    }

    async fn seal_manifest(&self, manifest: &Manifest) -> Result<Sealed> {
        told("seal_manifest", self.0.seal(manifest).await)
    }

    async fn manifest(&self, id: &ManifestId) -> Result<Option<Manifest>> {
        told("manifest", self.0.find(id).await)
    }

    async fn open_manifests(&self, company: &CompanyId, limit: usize) -> Result<Vec<ManifestId>> {
        told("open_manifests", self.0.open(company, limit).await)
    }

    async fn held_manifests(&self, limit: usize) -> Result<Vec<Manifest>> {
        told("held_manifests", self.0.held(limit).await)
    }

    async fn manifests_with_strays(
        &self,
        company: &CompanyId,
        now: Timestamp,
    ) -> Result<Vec<ManifestId>> {
        told("manifests_with_strays", self.0.with_strays(company, now).await)
    }

    async fn acquire_lease(&self, id: &ManifestId, lease: &Lease) -> Result<Leased> {
        told("acquire_lease", self.0.acquire_lease(id, lease).await)
    }

    async fn record_attempt(
        &self,
        id: &ManifestId,
        epoch: u64,
        now: Timestamp,
        strays_until: Timestamp,
    ) -> Result<Transition> {
        told("record_attempt", self.0.record_attempt(id, epoch, now, strays_until).await)
    }

    async fn close_attempt(
        &self,
        id: &ManifestId,
        epoch: u64,
        outcome: AttemptOutcome,
    ) -> Result<Transition> {
        told("close_attempt", self.0.close_attempt(id, epoch, outcome).await)
    }

    async fn commit_batch(&self, id: &ManifestId, batch: BatchNumber) -> Result<Transition> {
        told("commit_batch", self.0.commit(id, batch).await)
    }

    async fn abort_manifest(&self, id: &ManifestId, release: &Release) -> Result<Transition> {
        told("abort_manifest", self.0.abort(id, release).await)
    }

    async fn mark_frozen(&self, id: &ManifestId, batch: BatchNumber) -> Result<Transition> {
        told("mark_frozen", self.0.freeze(id, batch).await)
    }

    async fn mark_posting(
        &self,
        id: &ManifestId,
        batch: BatchNumber,
        now: Timestamp,
    ) -> Result<Transition> {
        told("mark_posting", self.0.post(id, batch, now).await)
    }

    async fn finish_manifest(
        &self,
        id: &ManifestId,
        batch: BatchNumber,
        outcomes: &[EntryOutcome],
        now: Timestamp,
    ) -> Result<Transition> {
        told("finish_manifest", self.0.finish(id, batch, outcomes, now).await)
    }

    async fn hold_manifest(&self, id: &ManifestId, hold: Option<&Hold>) -> Result<()> {
        told("hold_manifest", self.0.hold(id, hold).await)
    }

    async fn lease_company(&self, company: &CompanyId, lease: &Lease) -> Result<bool> {
        told("lease_company", registers::lease_company(self.table(), company, lease).await)
    }

    async fn watermark(&self, name: &str) -> Result<Option<Watermark>> {
        let found = told("watermark", registers::watermark(self.table(), name).await)?;
        Ok(found.map(|at| Watermark { at }))
    }

    async fn advance_watermark(&self, name: &str, to: Timestamp) -> Result<()> {
        told("advance_watermark", registers::advance_watermark(self.table(), name, to).await)
    }

    async fn link(
        &self,
        merchant: &MerchantId,
        profile: &ProfileId,
    ) -> Result<Option<CustomerNumber>> {
        told("link", registers::link(self.table(), merchant, profile).await)
    }

    async fn put_link(
        &self,
        merchant: &MerchantId,
        profile: &ProfileId,
        customer: &CustomerNumber,
    ) -> Result<CustomerNumber> {
        told("put_link", registers::put_link(self.table(), merchant, profile, customer).await)
    }

    async fn raise(&self, exception: &Exception) -> Result<bool> {
        told("raise", registers::raise(self.table(), exception).await)
    }

    async fn close_exception(&self, id: &str, now: Timestamp) -> Result<()> {
        told("close_exception", registers::close(self.table(), id, now).await)
    }

    async fn exceptions(&self, limit: usize) -> Result<Vec<Exception>> {
        told("exceptions", registers::open(self.table(), limit).await)
    }

    async fn totals(&self) -> Result<Totals> {
        told("totals", totals::totals(self.table()).await)
    }
}
