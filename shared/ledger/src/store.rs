//! The store's operations. Every condition is part of the operation; a failed condition is an
//! answer (it carries the item as it is), not an error. An operation whose condition fails because
//! it already took effect answers as if it had just succeeded, so that every one may be repeated.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::effect::{Content, Effect, EffectKey, EffectState, Hold, PostedAs};
use domain::exception::Exception;
use domain::fact::Facts;
use domain::id::{
    BatchNumber, CompanyId, CustomerNumber, DocumentNumber, EventId, ManifestId, MerchantId,
    PaymentKey, ProfileId, TransactionId,
};
use domain::manifest::{AttemptOutcome, Manifest};
use domain::money::Money;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The store could not do it. Nothing is known to have been written; repeat the operation.
#[derive(Debug, Error)]
#[error("{operation} failed in the store")]
pub struct StoreError {
    pub operation: &'static str,
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

pub type Result<T> = std::result::Result<T, StoreError>;

/// An event as received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxEvent {
    pub merchant: MerchantId,
    pub id: EventId,
    /// SHA-256 of the raw body, hexadecimal.
    pub body_hash: String,
    pub transaction: Option<TransactionId>,
    /// How it came: `standard_webhooks`, `silent_post`, `poll`, ...
    pub source: String,
    pub received: Timestamp,
}

/// Answer to [`Store::insert_inbox`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    New,
    /// Same id, same body. `handled` says whether its hint was worked off: while it was
    /// not, the caller enqueues again.
    Duplicate {
        handled: bool,
    },
    /// Same id, other body: the variant is recorded.
    Variant {
        handled: bool,
    },
}

/// Answer to [`Store::fold_facts`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folded {
    /// All facts as they now stand.
    pub facts: Facts,
    /// No fact stood before: whoever folds before deciding has decided nothing of it yet.
    pub first: bool,
    /// At least one fact is new.
    pub changed: bool,
    /// Facts whose stated value differs from the one that stands; the first one stays.
    pub conflicts: Vec<domain::fact::FactName>,
}

/// A payment: its facts and its effects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    pub key: PaymentKey,
    pub facts: Facts,
    pub effects: Vec<Effect>,
}

/// What live effects (READY, ASSIGNED) of a customer already draw down, not yet visible in Sage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// Changes whenever an effect of the customer is decided: the guard of the next decision.
    pub version: u64,
    pub by_document: BTreeMap<DocumentNumber, Money>,
}

/// "Only if nothing was decided for this customer since I read version `version`."
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guard {
    pub company: CompanyId,
    pub customer: CustomerNumber,
    pub version: u64,
}

/// Answer to [`Store::insert_effect`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inserted {
    New,
    /// An effect of that key is there; it is unchanged.
    Exists(Box<Effect>),
    /// The guard failed: read the books again and decide again.
    Stale,
}

/// Answer to the conditional changes of one effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// The change took effect now or had taken effect before.
    Done,
    /// The condition failed; the effect as it is.
    Refused(Box<Effect>),
    Stale,
    Missing,
}

/// A new decision for a HELD effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// HELD to READY with this content.
    Ready(Box<Content>),
    /// Still HELD, for this reason now.
    Held(Hold),
}

/// Answer to [`Store::seal_manifest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sealed {
    /// Stored now or before (same id).
    Stored,
    /// At least one effect was no longer READY at that generation; nothing was written.
    Refused,
}

/// Answer to [`Store::acquire_lease`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leased {
    /// Ours until the time asked for; the epoch was raised.
    Ours(Box<Manifest>),
    Busy,
    /// Final, held for a person, or missing: there is nothing to do on it.
    Nothing,
}

/// Answer to the conditional changes of a manifest: the manifest as it stands afterwards, and
/// whether what was asked for is so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    pub manifest: Box<Manifest>,
    pub holds: bool,
}

/// What became of one entry of a posted batch.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EntryOutcome {
    Posted(PostedAs),
    /// Moved to an error batch and removed from it: the effect is HELD with this reason, released
    /// from the manifest, its generation raised.
    Released(Hold),
}

/// What release does with the effects of an aborted manifest.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Release {
    /// READY again, to be sealed in manifests of at most this many effects.
    Ready { seal_max: u32 },
    /// HELD for a person.
    Held(Hold),
}

/// Position of a poller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watermark {
    pub at: Timestamp,
}

/// How many effects are in which state, and what they amount to, by merchant and currency.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    pub rows: Vec<TotalsRow>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TotalsRow {
    pub merchant: MerchantId,
    pub state: EffectState,
    pub count: u64,
    pub amount: Money,
}

/// Which effects [`Store::effects_by_state`] lists: oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectQuery {
    /// All companies when absent.
    pub company: Option<CompanyId>,
    pub state: EffectState,
    pub limit: usize,
}

#[async_trait]
pub trait Store: Send + Sync {
    // Inbox

    /// T1. Put IF absent; otherwise counts the sighting and, for another body, keeps the variant.
    async fn insert_inbox(&self, event: &InboxEvent) -> Result<Arrival>;

    /// The event was worked off by the transformer: a later duplicate needs no work.
    async fn mark_handled(&self, merchant: &MerchantId, event: &EventId) -> Result<()>;

    /// Events recorded before `before` and not yet worked off, oldest first.
    async fn events_not_handled(&self, before: Timestamp, limit: usize) -> Result<Vec<InboxEvent>>;

    // Payments and effects

    /// T2. Each fact is set IF absent or equal; a different value is reported and not written.
    async fn fold_facts(&self, payment: &PaymentKey, facts: &Facts) -> Result<Folded>;

    /// The facts as they stand; none when the payment is not known.
    async fn facts(&self, payment: &PaymentKey) -> Result<Facts>;

    async fn payment(&self, payment: &PaymentKey) -> Result<Option<Payment>>;

    /// T3. Put IF absent. With a guard, only while the customer's version is unchanged, and the
    /// version is raised with it.
    async fn insert_effect(&self, effect: &Effect, guard: Option<&Guard>) -> Result<Inserted>;

    /// A new decision for an effect: IF state = HELD, no manifest, and generation = `generation`. The
    /// generation is raised. Repeating the same decision at the same generation answers `Done`.
    async fn decide_effect(
        &self,
        key: &EffectKey,
        generation: u32,
        decision: &Decision,
        guard: Option<&Guard>,
    ) -> Result<Changed>;

    /// READY to HELD: IF state = READY and no manifest.
    async fn hold_effect(&self, key: &EffectKey, hold: &Hold) -> Result<Changed>;

    /// T3. CANCELLED: IF state is READY or HELD and there is no manifest.
    async fn cancel_effect(&self, key: &EffectKey) -> Result<Changed>;

    /// What READY and ASSIGNED effects of the customer draw down, by document.
    async fn pending(&self, company: &CompanyId, customer: &CustomerNumber) -> Result<Pending>;

    async fn effects_by_state(&self, query: &EffectQuery) -> Result<Vec<Effect>>;

    // Manifests

    /// T4. All or nothing: the manifest IF absent, each effect READY to ASSIGNED IF it has no
    /// manifest and its generation is the entry's.
    async fn seal_manifest(&self, manifest: &Manifest) -> Result<Sealed>;

    async fn manifest(&self, id: &ManifestId) -> Result<Option<Manifest>>;

    /// Manifests of the company that are not final and not held, oldest first.
    async fn open_manifests(&self, company: &CompanyId, limit: usize) -> Result<Vec<ManifestId>>;

    /// Manifests held for a person.
    async fn held_manifests(&self, limit: usize) -> Result<Vec<Manifest>>;

    /// Manifests of the company with `strays_until` at or after `now`: their stray batches, if any,
    /// are still looked for.
    async fn manifests_with_strays(
        &self,
        company: &CompanyId,
        now: Timestamp,
    ) -> Result<Vec<ManifestId>>;

    /// T5. IF the manifest is neither final nor held and (no owner, or the lease is over, or the
    /// owner is this one): owner, `lease_until`, epoch + 1.
    async fn acquire_lease(&self, id: &ManifestId, lease: &Lease) -> Result<Leased>;

    /// T6. `attempts[epoch]` = (now, Open) IF the epoch is current, there is no commit, and that
    /// epoch has no attempt yet; also sets `strays_until`.
    async fn record_attempt(
        &self,
        id: &ManifestId,
        epoch: u64,
        now: Timestamp,
        strays_until: Timestamp,
    ) -> Result<Transition>;

    /// Notes what is known of an attempt; a closed one stays closed. When no attempt is left open
    /// and at most one was ever sent, `strays_until` is cleared.
    async fn close_attempt(
        &self,
        id: &ManifestId,
        epoch: u64,
        outcome: AttemptOutcome,
    ) -> Result<Transition>;

    /// T8. commit = Batch(number), COMMITTED: IF no commit and state = SEALED. Holds also when the
    /// stored commit is that very batch.
    async fn commit_batch(&self, id: &ManifestId, batch: BatchNumber) -> Result<Transition>;

    /// T9. commit = Nothing, ABORTED: IF no commit and state = SEALED; in the same write each effect
    /// still ASSIGNED to this manifest is released, generation + 1. Holds when it is aborted.
    async fn abort_manifest(&self, id: &ManifestId, release: &Release) -> Result<Transition>;

    /// T10. FROZEN: IF commit = that batch and state = COMMITTED. Holds also when it is past that.
    async fn mark_frozen(&self, id: &ManifestId, batch: BatchNumber) -> Result<Transition>;

    /// POSTING with `posting_since` = now (first time only): IF commit = that batch and state is
    /// FROZEN or POSTING.
    async fn mark_posting(
        &self,
        id: &ManifestId,
        batch: BatchNumber,
        now: Timestamp,
    ) -> Result<Transition>;

    /// T12, T13. POSTED (or PARTIAL when an outcome is Released): IF commit = that batch and the
    /// state is COMMITTED, FROZEN or POSTING; and per effect, IF ASSIGNED to this manifest, POSTED
    /// or HELD as its outcome says. One outcome per entry, in entry order.
    async fn finish_manifest(
        &self,
        id: &ManifestId,
        batch: BatchNumber,
        outcomes: &[EntryOutcome],
        now: Timestamp,
    ) -> Result<Transition>;

    /// The manifest waits for a person (or, with `None`, no longer does). Its state is unchanged.
    async fn hold_manifest(&self, id: &ManifestId, hold: Option<&Hold>) -> Result<()>;

    // Whole companies, pollers, people

    /// One writer per company: true when the lease is now ours. Progress only, never safety.
    async fn lease_company(&self, company: &CompanyId, lease: &Lease) -> Result<bool>;

    async fn watermark(&self, name: &str) -> Result<Option<Watermark>>;

    /// Moves a watermark forward; never back.
    async fn advance_watermark(&self, name: &str, to: Timestamp) -> Result<()>;

    async fn link(
        &self,
        merchant: &MerchantId,
        profile: &ProfileId,
    ) -> Result<Option<CustomerNumber>>;

    /// Puts a link IF absent; answers the one that stands.
    async fn put_link(
        &self,
        merchant: &MerchantId,
        profile: &ProfileId,
        customer: &CustomerNumber,
    ) -> Result<CustomerNumber>;

    /// Raises an exception IF absent or closed; true when it is new.
    async fn raise(&self, exception: &Exception) -> Result<bool>;

    async fn close_exception(&self, id: &str, now: Timestamp) -> Result<()>;

    /// Open exceptions, oldest first.
    async fn exceptions(&self, limit: usize) -> Result<Vec<Exception>>;

    async fn totals(&self) -> Result<Totals>;
}

/// A lease asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    pub owner: String,
    pub now: Timestamp,
    pub until: Timestamp,
}
