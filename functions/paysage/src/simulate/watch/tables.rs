//! The store's rows as an observer sees them written: each change of state is checked as it happens.

use std::sync::Arc;

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

use crate::simulate::outside::Outside;

pub struct Watched<'a> {
    pub tables: &'a mut dyn Tables,
    pub outside: &'a Arc<Outside>,
}

impl Tables for Watched<'_> {
    fn put_effect(&mut self, old: Option<&Effect>, new: &Effect) -> Fallible<()> {
        self.tables.put_effect(old, new)?;
        self.outside.watch.effect_written(self.outside, old, new);
        Ok(())
    }

    fn put_manifest(&mut self, manifest: &Manifest) -> Fallible<()> {
        let old = self.tables.manifest(&manifest.id)?;
        self.tables.put_manifest(manifest)?;
        self.outside.watch.manifest_written(self.outside, old.as_ref(), manifest);
        Ok(())
    }

    fn put_exception(&mut self, exception: &Exception) -> Fallible<()> {
        self.tables.put_exception(exception)?;
        self.outside.watch.exception_written(self.outside, exception);
        Ok(())
    }

    fn event(&self, merchant: &MerchantId, id: &EventId) -> Fallible<Option<Seen>> {
        self.tables.event(merchant, id)
    }

    fn add_event(&mut self, event: &InboxEvent) -> Fallible<()> {
        self.tables.add_event(event)
    }

    fn add_sighting(&mut self, event: &InboxEvent, variant: bool) -> Fallible<()> {
        self.tables.add_sighting(event, variant)
    }

    fn set_handled(&mut self, merchant: &MerchantId, id: &EventId) -> Fallible<()> {
        self.tables.set_handled(merchant, id)
    }

    fn events_not_handled(&self, before: Timestamp, limit: usize) -> Fallible<Vec<InboxEvent>> {
        self.tables.events_not_handled(before, limit)
    }

    fn facts(&self, payment: &PaymentKey) -> Fallible<Facts> {
        self.tables.facts(payment)
    }

    fn add_facts(&mut self, payment: &PaymentKey, facts: &Facts) -> Fallible<()> {
        self.tables.add_facts(payment, facts)
    }

    fn effects_of(&self, payment: &PaymentKey) -> Fallible<Vec<Effect>> {
        self.tables.effects_of(payment)
    }

    fn effect(&self, key: &EffectKey) -> Fallible<Option<Effect>> {
        self.tables.effect(key)
    }

    fn version(&self, company: &CompanyId, customer: &CustomerNumber) -> Fallible<u64> {
        self.tables.version(company, customer)
    }

    fn raise_version(&mut self, company: &CompanyId, customer: &CustomerNumber) -> Fallible<()> {
        self.tables.raise_version(company, customer)
    }

    fn live_lines(
        &self,
        company: &CompanyId,
        customer: &CustomerNumber,
    ) -> Fallible<Vec<AppliedLine>> {
        self.tables.live_lines(company, customer)
    }

    fn effects_by_state(&self, query: &EffectQuery) -> Fallible<Vec<Effect>> {
        self.tables.effects_by_state(query)
    }

    fn totals(&self) -> Fallible<Vec<TotalsRow>> {
        self.tables.totals()
    }

    fn manifest(&self, id: &ManifestId) -> Fallible<Option<Manifest>> {
        self.tables.manifest(id)
    }

    fn open_manifests(&self, company: &CompanyId, limit: usize) -> Fallible<Vec<ManifestId>> {
        self.tables.open_manifests(company, limit)
    }

    fn held_manifests(&self, limit: usize) -> Fallible<Vec<Manifest>> {
        self.tables.held_manifests(limit)
    }

    fn manifests_with_strays(
        &self,
        company: &CompanyId,
        now: Timestamp,
    ) -> Fallible<Vec<ManifestId>> {
        self.tables.manifests_with_strays(company, now)
    }

    fn company_lease(&self, company: &CompanyId) -> Fallible<Option<(String, Timestamp)>> {
        self.tables.company_lease(company)
    }

    fn put_company_lease(&mut self, company: &CompanyId, lease: &Lease) -> Fallible<()> {
        self.tables.put_company_lease(company, lease)
    }

    fn watermark(&self, name: &str) -> Fallible<Option<Timestamp>> {
        self.tables.watermark(name)
    }

    fn put_watermark(&mut self, name: &str, at: Timestamp) -> Fallible<()> {
        self.tables.put_watermark(name, at)
    }

    fn link(&self, merchant: &MerchantId, profile: &ProfileId) -> Fallible<Option<CustomerNumber>> {
        self.tables.link(merchant, profile)
    }

    fn add_link(
        &mut self,
        merchant: &MerchantId,
        profile: &ProfileId,
        customer: &CustomerNumber,
    ) -> Fallible<()> {
        self.tables.add_link(merchant, profile, customer)
    }

    fn exception(&self, id: &str) -> Fallible<Option<Exception>> {
        self.tables.exception(id)
    }

    fn open_exceptions(&self, limit: usize) -> Fallible<Vec<Exception>> {
        self.tables.open_exceptions(limit)
    }
}
