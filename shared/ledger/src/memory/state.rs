//! The rows as ordered maps.

use std::collections::{BTreeMap, BTreeSet};

use domain::effect::{AppliedLine, Effect, EffectKey, EffectState};
use domain::exception::Exception;
use domain::fact::Facts;
use domain::id::{
    CompanyId, CustomerNumber, EventId, ManifestId, MerchantId, PaymentKey, ProfileId,
};
use domain::manifest::Manifest;
use domain::money::{Currency, Money};
use jiff::Timestamp;

use super::tables::{Fallible, Seen, Tables, is_live};
use crate::store::{EffectQuery, InboxEvent, Lease, TotalsRow};

type Account = (CompanyId, CustomerNumber);

/// Everything a store holds. Two runs of the same operations end in equal states.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    inbox: BTreeMap<(MerchantId, EventId), Sightings>,
    waiting: BTreeSet<(Timestamp, MerchantId, EventId)>,
    facts: BTreeMap<PaymentKey, Facts>,
    effects: BTreeMap<PaymentKey, BTreeMap<EffectKey, Effect>>,
    by_company: BTreeMap<(EffectState, CompanyId), BTreeSet<(Timestamp, EffectKey)>>,
    by_age: BTreeMap<EffectState, BTreeSet<(Timestamp, EffectKey)>>,
    live: BTreeMap<Account, BTreeSet<EffectKey>>,
    versions: BTreeMap<Account, u64>,
    totals: BTreeMap<(MerchantId, EffectState, Currency), (u64, i64)>,
    manifests: BTreeMap<ManifestId, Manifest>,
    open: BTreeMap<CompanyId, BTreeSet<(Timestamp, ManifestId)>>,
    held: BTreeSet<(Timestamp, ManifestId)>,
    strays: BTreeMap<CompanyId, BTreeSet<(Timestamp, ManifestId)>>,
    leases: BTreeMap<CompanyId, (String, Timestamp)>,
    watermarks: BTreeMap<String, Timestamp>,
    links: BTreeMap<(MerchantId, ProfileId), CustomerNumber>,
    exceptions: BTreeMap<String, Exception>,
    raised: BTreeSet<(Timestamp, String)>,
}

#[derive(Debug, Clone)]
struct Sightings {
    seen: Seen,
    count: u64,
    variants: BTreeSet<String>,
}

impl State {
    fn unindex(&mut self, effect: &Effect) {
        let place = (effect.since, effect.key.clone());
        if let Some(set) = self.by_company.get_mut(&(effect.state, effect.company.clone())) {
            set.remove(&place);
        }
        if let Some(set) = self.by_age.get_mut(&effect.state) {
            set.remove(&place);
        }
        if let Some(set) = account(effect).and_then(|account| self.live.get_mut(&account)) {
            set.remove(&effect.key);
        }
        if let Some((count, minor)) = self.totals.get_mut(&bucket(effect)) {
            *count = count.saturating_sub(1);
            *minor = minor.saturating_sub(effect.amount.minor);
        }
    }

    fn index(&mut self, effect: &Effect) {
        let place = (effect.since, effect.key.clone());
        let company = (effect.state, effect.company.clone());
        self.by_company.entry(company).or_default().insert(place.clone());
        self.by_age.entry(effect.state).or_default().insert(place);
        if let Some(account) = account(effect).filter(|_| is_live(effect)) {
            self.live.entry(account).or_default().insert(effect.key.clone());
        }
        let (count, minor) = self.totals.entry(bucket(effect)).or_default();
        *count = count.saturating_add(1);
        *minor = minor.saturating_add(effect.amount.minor);
    }

    fn unindex_manifest(&mut self, id: &ManifestId) {
        let Some(manifest) = self.manifests.get(id) else { return };
        let place = (manifest.sealed_at, id.clone());
        self.held.remove(&place);
        if let Some(set) = self.open.get_mut(&manifest.group.company) {
            set.remove(&place);
        }
        let strays = self.strays.get_mut(&manifest.group.company);
        if let Some((set, until)) = strays.zip(manifest.strays_until) {
            set.remove(&(until, id.clone()));
        }
    }
}

impl Tables for State {
    fn event(&self, merchant: &MerchantId, id: &EventId) -> Fallible<Option<Seen>> {
        let found = self.inbox.get(&(merchant.clone(), id.clone()));
        Ok(found.map(|sightings| sightings.seen.clone()))
    }

    fn add_event(&mut self, event: &InboxEvent) -> Fallible<()> {
        let seen = Seen { event: event.clone(), handled: false };
        let key = (event.merchant.clone(), event.id.clone());
        self.waiting.insert((event.received, event.merchant.clone(), event.id.clone()));
        self.inbox.insert(key, Sightings { seen, count: 1, variants: BTreeSet::new() });
        Ok(())
    }

    fn add_sighting(&mut self, event: &InboxEvent, variant: bool) -> Fallible<()> {
        let key = (event.merchant.clone(), event.id.clone());
        if let Some(sightings) = self.inbox.get_mut(&key) {
            sightings.count = sightings.count.saturating_add(1);
            if variant {
                sightings.variants.insert(event.body_hash.clone());
            }
        }
        Ok(())
    }

    fn set_handled(&mut self, merchant: &MerchantId, id: &EventId) -> Fallible<()> {
        if let Some(Sightings { seen, .. }) = self.inbox.get_mut(&(merchant.clone(), id.clone())) {
            seen.handled = true;
            self.waiting.remove(&(seen.event.received, merchant.clone(), id.clone()));
        }
        Ok(())
    }

    fn events_not_handled(&self, before: Timestamp, limit: usize) -> Fallible<Vec<InboxEvent>> {
        let due = self.waiting.iter().take_while(|(received, ..)| *received < before);
        let keys = due.map(|(_, merchant, id)| (merchant.clone(), id.clone()));
        let events = keys.filter_map(|key| self.inbox.get(&key));
        Ok(events.map(|sightings| sightings.seen.event.clone()).take(limit).collect())
    }

    fn facts(&self, payment: &PaymentKey) -> Fallible<Facts> {
        Ok(self.facts.get(payment).cloned().unwrap_or_default())
    }

    fn add_facts(&mut self, payment: &PaymentKey, facts: &Facts) -> Fallible<()> {
        if !facts.is_empty() {
            self.facts.entry(payment.clone()).or_default().extend(facts.clone());
        }
        Ok(())
    }

    fn effects_of(&self, payment: &PaymentKey) -> Fallible<Vec<Effect>> {
        let effects = self.effects.get(payment);
        Ok(effects.into_iter().flat_map(BTreeMap::values).cloned().collect())
    }

    fn effect(&self, key: &EffectKey) -> Fallible<Option<Effect>> {
        Ok(self.effects.get(&key.payment).and_then(|effects| effects.get(key)).cloned())
    }

    fn put_effect(&mut self, old: Option<&Effect>, new: &Effect) -> Fallible<()> {
        if let Some(old) = old {
            self.unindex(old);
        }
        self.index(new);
        let effects = self.effects.entry(new.key.payment.clone()).or_default();
        effects.insert(new.key.clone(), new.clone());
        Ok(())
    }

    fn version(&self, company: &CompanyId, customer: &CustomerNumber) -> Fallible<u64> {
        let account = (company.clone(), customer.clone());
        Ok(self.versions.get(&account).copied().unwrap_or_default())
    }

    fn raise_version(&mut self, company: &CompanyId, customer: &CustomerNumber) -> Fallible<()> {
        let version = self.versions.entry((company.clone(), customer.clone())).or_default();
        *version = version.saturating_add(1);
        Ok(())
    }

    fn live_lines(
        &self,
        company: &CompanyId,
        customer: &CustomerNumber,
    ) -> Fallible<Vec<AppliedLine>> {
        let keys = self.live.get(&(company.clone(), customer.clone()));
        let mut lines = Vec::new();
        for key in keys.into_iter().flatten() {
            let content = self.effect(key)?.and_then(|effect| effect.content);
            lines.extend(content.iter().flat_map(|content| content.lines().to_vec()));
        }
        Ok(lines)
    }

    fn effects_by_state(&self, query: &EffectQuery) -> Fallible<Vec<Effect>> {
        let places = match &query.company {
            Some(company) => self.by_company.get(&(query.state, company.clone())),
            None => self.by_age.get(&query.state),
        };
        let keys = places.into_iter().flatten().take(query.limit);
        keys.filter_map(|(_, key)| self.effect(key).transpose()).collect()
    }

    fn totals(&self) -> Fallible<Vec<TotalsRow>> {
        let rows = self.totals.iter().filter(|(_, (count, _))| *count > 0);
        let row = |((merchant, state, currency), (count, minor)): (&(_, _, _), &(u64, i64))| {
            let merchant = MerchantId::clone(merchant);
            TotalsRow {
                merchant,
                state: *state,
                count: *count,
                amount: Money::new(*minor, *currency),
            }
        };
        Ok(rows.map(row).collect())
    }

    fn manifest(&self, id: &ManifestId) -> Fallible<Option<Manifest>> {
        Ok(self.manifests.get(id).cloned())
    }

    fn put_manifest(&mut self, manifest: &Manifest) -> Fallible<()> {
        self.unindex_manifest(&manifest.id);
        let company = manifest.group.company.clone();
        let place = (manifest.sealed_at, manifest.id.clone());
        if let Some(until) = manifest.strays_until {
            let strays = self.strays.entry(company.clone()).or_default();
            strays.insert((until, manifest.id.clone()));
        }
        if manifest.hold.is_some() {
            self.held.insert(place);
        } else if !manifest.state.is_final() {
            self.open.entry(company).or_default().insert(place);
        }
        self.manifests.insert(manifest.id.clone(), manifest.clone());
        Ok(())
    }

    fn open_manifests(&self, company: &CompanyId, limit: usize) -> Fallible<Vec<ManifestId>> {
        let places = self.open.get(company).into_iter().flatten();
        Ok(places.take(limit).map(|(_, id)| id.clone()).collect())
    }

    fn held_manifests(&self, limit: usize) -> Fallible<Vec<Manifest>> {
        let found = self.held.iter().filter_map(|(_, id)| self.manifests.get(id));
        Ok(found.take(limit).cloned().collect())
    }

    fn manifests_with_strays(
        &self,
        company: &CompanyId,
        now: Timestamp,
    ) -> Fallible<Vec<ManifestId>> {
        let places = self.strays.get(company).into_iter().flatten();
        Ok(places.filter(|(until, _)| *until >= now).map(|(_, id)| id.clone()).collect())
    }

    fn company_lease(&self, company: &CompanyId) -> Fallible<Option<(String, Timestamp)>> {
        Ok(self.leases.get(company).cloned())
    }

    fn put_company_lease(&mut self, company: &CompanyId, lease: &Lease) -> Fallible<()> {
        self.leases.insert(company.clone(), (lease.owner.clone(), lease.until));
        Ok(())
    }

    fn watermark(&self, name: &str) -> Fallible<Option<Timestamp>> {
        Ok(self.watermarks.get(name).copied())
    }

    fn put_watermark(&mut self, name: &str, at: Timestamp) -> Fallible<()> {
        self.watermarks.insert(name.to_owned(), at);
        Ok(())
    }

    fn link(&self, merchant: &MerchantId, profile: &ProfileId) -> Fallible<Option<CustomerNumber>> {
        Ok(self.links.get(&(merchant.clone(), profile.clone())).cloned())
    }

    fn add_link(
        &mut self,
        merchant: &MerchantId,
        profile: &ProfileId,
        customer: &CustomerNumber,
    ) -> Fallible<()> {
        self.links.insert((merchant.clone(), profile.clone()), customer.clone());
        Ok(())
    }

    fn exception(&self, id: &str) -> Fallible<Option<Exception>> {
        Ok(self.exceptions.get(id).cloned())
    }

    fn put_exception(&mut self, exception: &Exception) -> Fallible<()> {
        if let Some(old) = self.exceptions.get(&exception.id) {
            self.raised.remove(&(old.raised, old.id.clone()));
        }
        if exception.closed.is_none() {
            self.raised.insert((exception.raised, exception.id.clone()));
        }
        self.exceptions.insert(exception.id.clone(), exception.clone());
        Ok(())
    }

    fn open_exceptions(&self, limit: usize) -> Fallible<Vec<Exception>> {
        let found = self.raised.iter().filter_map(|(_, id)| self.exceptions.get(id));
        Ok(found.take(limit).cloned().collect())
    }
}

fn account(effect: &Effect) -> Option<Account> {
    effect.content.as_ref().map(|content| (content.company.clone(), content.customer.clone()))
}

fn bucket(effect: &Effect) -> (MerchantId, EffectState, Currency) {
    (effect.merchant().clone(), effect.state, effect.amount.currency)
}
