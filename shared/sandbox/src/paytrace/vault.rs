//! The customer vault: profiles with a card, a checking account, or both.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::card::{self, Card, plain};
use super::checks::account_in;
use super::dispatch::{Answered, Call, PaytraceSim, missing};
use super::export::{self, with_bin};
use super::record::Address;
use super::reply::{self, Errors, head, masked, ok};
use super::sale::{address, unknown_transaction};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub card: Option<Card>,
    /// Checking account number.
    pub account: Option<String>,
    pub billing: Address,
    pub shipping: Address,
    pub email: String,
    pub phone: String,
    pub fax: String,
    pub created: Timestamp,
    pub created_by: String,
}

impl Profile {
    /// What a call says of a customer, with that card and billing address.
    pub fn of(card: &Card, billing: &Address, call: &Call<'_>) -> Self {
        Self { card: Some(card.clone()), ..Self::cardless(billing, call) }
    }

    /// The card to charge; a profile kept for checks has none.
    pub fn charged(&self) -> Result<&Card, Errors> {
        let none = || Errors::one(35, "Please provide a valid Credit Card Number.");
        self.card.as_ref().ok_or_else(none)
    }

    fn cardless(billing: &Address, call: &Call<'_>) -> Self {
        Self {
            card: None,
            account: None,
            billing: billing.clone(),
            shipping: address(call.body.get("shipping_address")),
            email: plain(call.body.get("email")),
            phone: plain(call.body.get("phone")),
            fax: plain(call.body.get("fax")),
            created: call.now,
            created_by: call.user.username.clone(),
        }
    }
}

#[derive(Default)]
pub struct Vault {
    profiles: BTreeMap<String, Profile>,
    assigned: u64,
}

const FIRST_ASSIGNED: u64 = 90_000_001;

impl Vault {
    /// An unknown id is error 30 [C].
    pub fn get(&self, id: &str) -> Result<&Profile, Errors> {
        self.profiles.get(id).ok_or_else(unknown)
    }

    pub fn all(&self) -> impl Iterator<Item = (&String, &Profile)> {
        self.profiles.iter()
    }

    /// The id a new profile gets: the one given, or a number of PayTrace's own. One in use is
    /// error 171.
    pub fn vacant(&mut self, given: &str) -> Result<String, Errors> {
        if !given.is_empty() {
            return match self.profiles.contains_key(given) {
                true => Err(Errors::one(171, "Please provide a unique customer ID.")),
                false => Ok(given.to_owned()),
            };
        }
        loop {
            let id = FIRST_ASSIGNED.saturating_add(self.assigned).to_string();
            self.assigned = self.assigned.saturating_add(1);
            if !self.profiles.contains_key(&id) {
                return Ok(id);
            }
        }
    }

    pub fn put(&mut self, id: &str, profile: Profile) {
        self.profiles.insert(id.to_owned(), profile);
    }
}

impl PaytraceSim {
    pub(super) fn customer(&mut self, call: &Call<'_>, path: &str) -> Answered {
        let given = address(call.body.get("billing_address"));
        match path {
            "create" => {
                let profile = Self::keyed(call, &given)?;
                self.create(call, profile, true)
            }
            "pt_protect_create" => {
                let card = self.hosted_card(call.body)?.card;
                self.create(call, Profile::of(&card, &given, call), false)
            }
            "create_from_transaction" => {
                let id = plain(call.body.get("transaction_id")).parse().unwrap_or(0);
                let earlier = self.records.get(id).ok_or_else(unknown_transaction)?;
                let (month, year) = earlier.expiration;
                let card = Card { number: earlier.card.clone(), month, year };
                let own = if given.name.is_empty() { earlier.billing.clone() } else { given };
                self.create(call, Profile::of(&card, &own, call), false)
            }
            "update" | "pt_protect_update" => self.update(call, path == "update"),
            "delete" => self.delete(call),
            "export" => self.export_profiles(call),
            "export_inactive" => self.export_inactive(call),
            _ => Ok(reply::page_not_found()),
        }
    }

    /// A card is wanted, unless there is a checking account and no card.
    fn keyed(call: &Call<'_>, billing: &Address) -> Result<Profile, Errors> {
        let mut profile = Profile::cardless(billing, call);
        if call.body.get("check").is_some() {
            profile.account = Some(account_in(call.body)?);
        }
        if profile.account.is_none() || call.body.get("credit_card").is_some() {
            profile.card = Some(card::read(call.body)?);
        }
        Ok(profile)
    }

    fn create(&mut self, call: &Call<'_>, profile: Profile, keyed: bool) -> Answered {
        let name = profile.billing.name.clone();
        if name.is_empty() {
            return Err(missing("billing_address name"));
        }
        let id = self.vault.vacant(&plain(call.body.get("customer_id")))?;
        let message = format!("The customer profile for {id}/{name} was successfully created.");
        let mut body = head(true, 160, &message);
        body.insert("customer_id".into(), json!(id));
        if let Some(card) = profile.card.as_ref().filter(|_| keyed) {
            body.insert("masked_card_number".into(), json!(masked(&card.number, 'x')));
        }
        self.vault.put(&id, profile);
        Ok(ok(body))
    }

    /// Changes what is given and leaves the rest.
    fn update(&mut self, call: &Call<'_>, keyed: bool) -> Answered {
        let id = plain(call.body.get("customer_id"));
        let mut profile = self.vault.get(&id)?.clone();
        if !keyed {
            profile.card = Some(self.hosted_card(call.body)?.card);
        } else if call.body.get("credit_card").is_some() {
            profile.card = Some(card::read(call.body)?);
        }
        if call.body.get("check").is_some() {
            profile.account = Some(account_in(call.body)?);
        }
        for (name, field) in
            [("billing_address", &mut profile.billing), ("shipping_address", &mut profile.shipping)]
        {
            if let Some(value) = call.body.get(name) {
                *field = address(Some(value));
            }
        }
        for (name, field) in [
            ("email", &mut profile.email),
            ("phone", &mut profile.phone),
            ("fax", &mut profile.fax),
        ] {
            if let Some(value) = call.body.get(name) {
                *field = plain(Some(value));
            }
        }
        let name = &profile.billing.name;
        let message = format!("The customer profile for {id}/{name} was successfully updated.");
        let mut body = head(true, 161, &message);
        body.insert("customer_id".into(), json!(id));
        self.vault.put(&id, profile);
        Ok(ok(body))
    }

    fn delete(&mut self, call: &Call<'_>) -> Answered {
        let id = plain(call.body.get("customer_id"));
        self.vault.profiles.remove(&id).ok_or_else(unknown)?;
        let message = format!("The customer profile for {id} was successfully deleted.");
        let mut body = head(true, 162, &message);
        body.insert("customer_id".into(), json!(id));
        Ok(ok(body))
    }

    fn export_profiles(&self, call: &Call<'_>) -> Answered {
        let id = plain(call.body.get("customer_id"));
        if !id.is_empty() {
            self.vault.get(&id)?;
        }
        let wanted = self.vault.all().filter(|(name, _)| id.is_empty() || id == **name);
        Ok(self.listed_profiles(call, wanted))
    }

    /// Profiles neither made nor charged within `days_inactive` days [O, legacy; the JSON name I].
    fn export_inactive(&self, call: &Call<'_>) -> Answered {
        let days = plain(call.body.get("days_inactive")).parse::<i64>();
        let days = days.ok().filter(|days| (0..=36_500).contains(days));
        let days = days.ok_or_else(|| missing("days_inactive"))?;
        let since = call.now.checked_sub(SignedDuration::from_hours(days.saturating_mul(24)));
        let since = since.unwrap_or(Timestamp::MIN);
        let mut latest: BTreeMap<&str, Timestamp> = BTreeMap::new();
        for record in self.records.all().filter(|record| !record.customer_id.is_empty()) {
            let seen = latest.entry(&record.customer_id).or_insert(record.created);
            *seen = record.created.max(*seen);
        }
        let idle = self.vault.all().filter(|(id, profile)| {
            let charged = latest.get(id.as_str()).copied().unwrap_or(profile.created);
            profile.created.max(charged) <= since
        });
        Ok(self.listed_profiles(call, idle))
    }

    fn listed_profiles<'a>(
        &'a self,
        call: &Call<'_>,
        profiles: impl Iterator<Item = (&'a String, &'a Profile)>,
    ) -> crate::sim::SimReply {
        let bin = with_bin(call);
        let rows: Vec<Value> = profiles.map(|(id, one)| self.profile(id, one, bin)).collect();
        let mut body = head(true, 1, "Your request has been successfully completed.");
        body.insert("customers".into(), Value::Array(rows));
        ok(body)
    }

    fn profile(&self, id: &str, profile: &Profile, bin: bool) -> Value {
        let none = Card::default();
        let card = export::card(profile.card.as_ref().unwrap_or(&none), bin);
        let mut row: Map<String, Value> = Map::new();
        row.insert("customer_id".into(), json!(id));
        row.insert("credit_card".into(), Value::Object(card));
        if let Some(account) = &profile.account {
            row.insert("check".into(), json!({"masked_number": masked(account, '*')}));
        }
        row.insert("billing_address".into(), export::address(&profile.billing, false));
        row.insert("shipping_address".into(), export::address(&profile.shipping, true));
        for (name, value) in
            [("email", &profile.email), ("phone", &profile.phone), ("fax", &profile.fax)]
        {
            row.insert(name.into(), json!(value));
        }
        let at = self.records.printed(profile.created);
        let created = json!({"through": "API", "at": at, "by": profile.created_by,
                             "from_ip": "203.0.113.4"});
        row.insert("created".into(), created);
        Value::Object(row)
    }
}

fn unknown() -> Errors {
    Errors::one(30, "Please provide a valid customer ID.")
}
