//! The plain reads and writes the operations are made of.

use domain::effect::{AppliedLine, Effect, EffectKey};
use domain::exception::Exception;
use domain::fact::Facts;
use domain::id::{
    CompanyId, CustomerNumber, EventId, ManifestId, MerchantId, PaymentKey, ProfileId,
};
use domain::manifest::Manifest;
use jiff::Timestamp;
use ledger::memory::tables::{Fallible, Seen, Tables};
use ledger::store::{EffectQuery, InboxEvent, Lease, TotalsRow};
use rusqlite::Connection;

use crate::{effect, inbox, manifest, register};

/// The tables of a connection in a transaction.
pub(crate) struct Rows<'c>(pub(crate) &'c Connection);

impl Tables for Rows<'_> {
    fn event(&self, merchant: &MerchantId, id: &EventId) -> Fallible<Option<Seen>> {
        inbox::event(self.0, merchant, id)
    }

    fn add_event(&mut self, event: &InboxEvent) -> Fallible<()> {
        inbox::add_event(self.0, event)
    }

    fn add_sighting(&mut self, event: &InboxEvent, variant: bool) -> Fallible<()> {
        inbox::add_sighting(self.0, event, variant)
    }

    fn set_handled(&mut self, merchant: &MerchantId, id: &EventId) -> Fallible<()> {
        inbox::set_handled(self.0, merchant, id)
    }

    fn events_not_handled(&self, before: Timestamp, limit: usize) -> Fallible<Vec<InboxEvent>> {
        inbox::not_handled(self.0, before, limit)
    }

    fn facts(&self, payment: &PaymentKey) -> Fallible<Facts> {
        inbox::facts(self.0, payment)
    }

    fn add_facts(&mut self, payment: &PaymentKey, facts: &Facts) -> Fallible<()> {
        inbox::add_facts(self.0, payment, facts)
    }

    fn effects_of(&self, payment: &PaymentKey) -> Fallible<Vec<Effect>> {
        effect::of_payment(self.0, payment)
    }

    fn effect(&self, key: &EffectKey) -> Fallible<Option<Effect>> {
        effect::get(self.0, key)
    }

    fn put_effect(&mut self, old: Option<&Effect>, new: &Effect) -> Fallible<()> {
        effect::put(self.0, old, new)
    }

    fn version(&self, company: &CompanyId, customer: &CustomerNumber) -> Fallible<u64> {
        effect::version(self.0, company, customer)
    }

    fn raise_version(&mut self, company: &CompanyId, customer: &CustomerNumber) -> Fallible<()> {
        effect::raise_version(self.0, company, customer)
    }

    fn live_lines(
        &self,
        company: &CompanyId,
        customer: &CustomerNumber,
    ) -> Fallible<Vec<AppliedLine>> {
        effect::live_lines(self.0, company, customer)
    }

    fn effects_by_state(&self, query: &EffectQuery) -> Fallible<Vec<Effect>> {
        effect::by_state(self.0, query)
    }

    fn totals(&self) -> Fallible<Vec<TotalsRow>> {
        effect::totals(self.0)
    }

    fn manifest(&self, id: &ManifestId) -> Fallible<Option<Manifest>> {
        manifest::get(self.0, id)
    }

    fn put_manifest(&mut self, manifest: &Manifest) -> Fallible<()> {
        manifest::put(self.0, manifest)
    }

    fn open_manifests(&self, company: &CompanyId, limit: usize) -> Fallible<Vec<ManifestId>> {
        manifest::open(self.0, company, limit)
    }

    fn held_manifests(&self, limit: usize) -> Fallible<Vec<Manifest>> {
        manifest::held(self.0, limit)
    }

    fn manifests_with_strays(
        &self,
        company: &CompanyId,
        now: Timestamp,
    ) -> Fallible<Vec<ManifestId>> {
        manifest::with_strays(self.0, company, now)
    }

    fn company_lease(&self, company: &CompanyId) -> Fallible<Option<(String, Timestamp)>> {
        register::company_lease(self.0, company)
    }

    fn put_company_lease(&mut self, company: &CompanyId, lease: &Lease) -> Fallible<()> {
        register::put_company_lease(self.0, company, lease)
    }

    fn watermark(&self, name: &str) -> Fallible<Option<Timestamp>> {
        register::watermark(self.0, name)
    }

    fn put_watermark(&mut self, name: &str, at: Timestamp) -> Fallible<()> {
        register::put_watermark(self.0, name, at)
    }

    fn link(&self, merchant: &MerchantId, profile: &ProfileId) -> Fallible<Option<CustomerNumber>> {
        register::link(self.0, merchant, profile)
    }

    fn add_link(
        &mut self,
        merchant: &MerchantId,
        profile: &ProfileId,
        customer: &CustomerNumber,
    ) -> Fallible<()> {
        register::add_link(self.0, merchant, profile, customer)
    }

    fn exception(&self, id: &str) -> Fallible<Option<Exception>> {
        register::exception(self.0, id)
    }

    fn put_exception(&mut self, exception: &Exception) -> Fallible<()> {
        register::put_exception(self.0, exception)
    }

    fn open_exceptions(&self, limit: usize) -> Fallible<Vec<Exception>> {
        register::open_exceptions(self.0, limit)
    }
}
