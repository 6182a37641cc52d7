//! What the operations need of a store that runs them one at a time: plain reads and writes, and
//! the indexes behind the queries. The conditions are in [`super::payments`], [`super::manifests`]
//! and [`super::registers`]; they are written once, whatever the rows are kept in.

use std::error::Error;

use domain::effect::{AppliedLine, Effect, EffectKey, EffectState};
use domain::exception::Exception;
use domain::fact::Facts;
use domain::id::{
    CompanyId, CustomerNumber, EventId, ManifestId, MerchantId, PaymentKey, ProfileId,
};
use domain::manifest::Manifest;
use jiff::Timestamp;
use thiserror::Error;

use crate::store::{EffectQuery, InboxEvent, Lease, TotalsRow};

/// What may go wrong beneath an operation. Nothing of the operation may stay written then.
pub type Fault = Box<dyn Error + Send + Sync>;

pub type Fallible<T> = Result<T, Fault>;

/// An operation was asked for something that cannot be.
#[derive(Debug, Error)]
pub enum Misuse {
    #[error("there is no manifest {0}")]
    NoManifest(ManifestId),
    #[error("{outcomes} outcomes for the {entries} entries of manifest {id}")]
    Outcomes { id: ManifestId, entries: usize, outcomes: usize },
}

/// An event as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub event: InboxEvent,
    pub handled: bool,
}

/// Rows and their indexes, accessed by one operation at a time.
pub trait Tables {
    fn event(&self, merchant: &MerchantId, id: &EventId) -> Fallible<Option<Seen>>;
    fn add_event(&mut self, event: &InboxEvent) -> Fallible<()>;
    /// Counts one more sighting of a stored event and keeps its body hash when it is another one.
    fn add_sighting(&mut self, event: &InboxEvent, variant: bool) -> Fallible<()>;
    fn set_handled(&mut self, merchant: &MerchantId, id: &EventId) -> Fallible<()>;
    fn events_not_handled(&self, before: Timestamp, limit: usize) -> Fallible<Vec<InboxEvent>>;

    fn facts(&self, payment: &PaymentKey) -> Fallible<Facts>;
    /// Adds facts that are not there yet.
    fn add_facts(&mut self, payment: &PaymentKey, facts: &Facts) -> Fallible<()>;
    fn effects_of(&self, payment: &PaymentKey) -> Fallible<Vec<Effect>>;
    fn effect(&self, key: &EffectKey) -> Fallible<Option<Effect>>;
    /// Writes an effect with its indexes, reservations and totals; `old` is what it replaces.
    fn put_effect(&mut self, old: Option<&Effect>, new: &Effect) -> Fallible<()>;
    fn version(&self, company: &CompanyId, customer: &CustomerNumber) -> Fallible<u64>;
    fn raise_version(&mut self, company: &CompanyId, customer: &CustomerNumber) -> Fallible<()>;
    /// The lines of all live effects of the customer.
    fn live_lines(
        &self,
        company: &CompanyId,
        customer: &CustomerNumber,
    ) -> Fallible<Vec<AppliedLine>>;
    fn effects_by_state(&self, query: &EffectQuery) -> Fallible<Vec<Effect>>;
    /// Rows with at least one effect, in any order.
    fn totals(&self) -> Fallible<Vec<TotalsRow>>;

    fn manifest(&self, id: &ManifestId) -> Fallible<Option<Manifest>>;
    fn put_manifest(&mut self, manifest: &Manifest) -> Fallible<()>;
    fn open_manifests(&self, company: &CompanyId, limit: usize) -> Fallible<Vec<ManifestId>>;
    fn held_manifests(&self, limit: usize) -> Fallible<Vec<Manifest>>;
    fn manifests_with_strays(
        &self,
        company: &CompanyId,
        now: Timestamp,
    ) -> Fallible<Vec<ManifestId>>;

    /// Owner and end of the lease on a company.
    fn company_lease(&self, company: &CompanyId) -> Fallible<Option<(String, Timestamp)>>;
    fn put_company_lease(&mut self, company: &CompanyId, lease: &Lease) -> Fallible<()>;
    fn watermark(&self, name: &str) -> Fallible<Option<Timestamp>>;
    fn put_watermark(&mut self, name: &str, at: Timestamp) -> Fallible<()>;
    fn link(&self, merchant: &MerchantId, profile: &ProfileId) -> Fallible<Option<CustomerNumber>>;
    fn add_link(
        &mut self,
        merchant: &MerchantId,
        profile: &ProfileId,
        customer: &CustomerNumber,
    ) -> Fallible<()>;
    fn exception(&self, id: &str) -> Fallible<Option<Exception>>;
    fn put_exception(&mut self, exception: &Exception) -> Fallible<()>;
    fn open_exceptions(&self, limit: usize) -> Fallible<Vec<Exception>>;
}

/// READY or ASSIGNED: the effect draws on the customer's documents though Sage does not show it.
#[must_use]
pub fn is_live(effect: &Effect) -> bool {
    matches!(effect.state, EffectState::Ready | EffectState::Assigned)
}
