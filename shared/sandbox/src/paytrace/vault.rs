//! The customer vault: profiles with a card each.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::card::{self, Card, plain};
use super::dispatch::{Answered, Call, PaytraceSim, missing};
use super::export;
use super::record::Address;
use super::reply::{self, Errors, head, masked, ok};
use super::sale::{address, unknown_transaction};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub card: Card,
    pub billing: Address,
    pub shipping: Address,
    pub email: String,
    pub phone: String,
    pub fax: String,
    pub created: Timestamp,
    pub created_by: String,
    pub active: bool,
}

impl Profile {
    /// With nothing but a card and an address.
    pub fn of(card: &Card, billing: &Address, call: &Call<'_>) -> Self {
        Self {
            card: card.clone(),
            billing: billing.clone(),
            shipping: Address::default(),
            email: plain(call.body.get("email")),
            phone: plain(call.body.get("phone")),
            fax: plain(call.body.get("fax")),
            created: call.now,
            created_by: call.user.username.clone(),
            active: true,
        }
    }
}

#[derive(Default)]
pub struct Vault {
    profiles: BTreeMap<String, Profile>,
    assigned: u64,
}

impl Vault {
    /// An unknown id is error 30 [C].
    pub fn get(&self, id: &str) -> Result<&Profile, Errors> {
        self.profiles.get(id).filter(|profile| profile.active).ok_or_else(unknown)
    }

    pub fn all(&self) -> impl Iterator<Item = (&String, &Profile)> {
        self.profiles.iter()
    }

    /// An id in use is error 171.
    pub fn is_free(&self, id: &str) -> Result<(), Errors> {
        match self.profiles.contains_key(id) {
            true => Err(Errors::one(171, "Please provide a unique customer ID.")),
            false => Ok(()),
        }
    }

    pub fn insert(&mut self, id: &str, profile: Profile) -> Result<String, Errors> {
        let id = match id {
            "" => {
                self.assigned = self.assigned.saturating_add(1);
                format!("{}", 90_000_000_u64.saturating_add(self.assigned))
            }
            given => given.to_owned(),
        };
        self.is_free(&id)?;
        self.profiles.insert(id.clone(), profile);
        Ok(id)
    }
}

impl PaytraceSim {
    pub(super) fn customer(&mut self, call: &Call<'_>, path: &str) -> Answered {
        let given = address(call.body.get("billing_address"));
        match path {
            "create" => {
                let card = card::read(call.body)?;
                self.create(call, card, (given, true))
            }
            "pt_protect_create" => {
                let card = self.hosted_card(call.body)?;
                self.create(call, card, (given, false))
            }
            "create_from_transaction" => {
                let id = plain(call.body.get("transaction_id")).parse().unwrap_or(0);
                let earlier = self.records.get(id).ok_or_else(unknown_transaction)?;
                let (month, year) = earlier.expiration;
                let card = Card { number: earlier.card.clone(), month, year };
                let own = if given.name.is_empty() { earlier.billing.clone() } else { given };
                self.create(call, card, (own, false))
            }
            "update" | "pt_protect_update" => self.update(call, path == "update"),
            "delete" => self.delete(call),
            "export" => self.profiles(call, true),
            "export_inactive" => self.profiles(call, false),
            _ => Ok(reply::page_not_found()),
        }
    }

    fn create(
        &mut self,
        call: &Call<'_>,
        card: Card,
        (billing, keyed): (Address, bool),
    ) -> Answered {
        if billing.name.is_empty() {
            return Err(missing("billing_address name"));
        }
        let mask = masked(&card.number, 'x');
        let name = billing.name.clone();
        let shipping = address(call.body.get("shipping_address"));
        let profile = Profile { shipping, ..Profile::of(&card, &billing, call) };
        let id = self.vault.insert(&plain(call.body.get("customer_id")), profile)?;
        let message = format!("The customer profile for {id}/{name} was successfully created.");
        let mut body = head(true, 160, &message);
        body.insert("customer_id".into(), json!(id));
        if keyed {
            body.insert("masked_card_number".into(), json!(mask));
        }
        Ok(ok(body))
    }

    fn update(&mut self, call: &Call<'_>, keyed: bool) -> Answered {
        let id = plain(call.body.get("customer_id"));
        self.vault.get(&id)?;
        let card = match (keyed, call.body.get("credit_card")) {
            (true, Some(_)) => Some(card::read(call.body)?),
            (true, None) => None,
            (false, _) => Some(self.hosted_card(call.body)?),
        };
        let profile = self.vault.profiles.get_mut(&id).ok_or_else(unknown)?;
        if let Some(card) = card {
            profile.card = card;
        }
        if call.body.get("billing_address").is_some() {
            profile.billing = address(call.body.get("billing_address"));
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
        Ok(ok(body))
    }

    fn delete(&mut self, call: &Call<'_>) -> Answered {
        let id = plain(call.body.get("customer_id"));
        self.vault.get(&id)?;
        self.vault.profiles.remove(&id);
        let message = format!("The customer profile for {id} was successfully deleted.");
        let mut body = head(true, 162, &message);
        body.insert("customer_id".into(), json!(id));
        Ok(ok(body))
    }

    fn profiles(&self, call: &Call<'_>, active: bool) -> Answered {
        let id = plain(call.body.get("customer_id"));
        if active && !id.is_empty() {
            self.vault.get(&id)?;
        }
        let wanted = |name: &str, profile: &Profile| {
            profile.active == active && (id.is_empty() || id == name)
        };
        let rows = self.vault.all().filter(|(name, profile)| wanted(name, profile));
        let rows: Vec<Value> = rows.map(|(name, profile)| self.profile(name, profile)).collect();
        let mut body = head(true, 1, "Your request has been successfully completed.");
        body.insert("customers".into(), Value::Array(rows));
        Ok(ok(body))
    }

    fn profile(&self, id: &str, profile: &Profile) -> Value {
        json!({
            "customer_id": id,
            "credit_card": {"masked_number": masked(&profile.card.number, '*'),
                            "expiration_month": profile.card.month,
                            "expiration_year": profile.card.year % 100},
            "billing_address": export::address(&profile.billing, false),
            "shipping_address": export::address(&profile.shipping, true),
            "email": profile.email, "phone": profile.phone, "fax": profile.fax,
            "created": {"through": "API", "at": self.records.printed(profile.created),
                        "by": profile.created_by, "from_ip": "203.0.113.4"},
        })
    }
}

fn unknown() -> Errors {
    Errors::one(30, "Please provide a valid customer ID.")
}
