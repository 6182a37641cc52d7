//! Sales and authorizations, from whatever the card comes.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::card::{self, Card, plain};
use super::dispatch::{Answered, Call, Hosted, PaytraceSim, missing};
use super::record::{Address, Kind, Record, Standing};
use super::reply::{self, Errors, of_sale};
use super::vault::Profile;

/// Where the card of a call comes from.
struct Source {
    card: Card,
    billing: Address,
    customer_id: String,
    csc: String,
    keyed: bool,
}

impl PaytraceSim {
    pub(super) fn sale(&mut self, call: &Call<'_>, from: &str, sale: bool) -> Answered {
        let profile_wanted = from == "pt_protect_customer";
        let Some(mut source) = self.source(call, from)? else {
            return Ok(reply::page_not_found());
        };
        let cents = card::cents(call.body.get("amount")).ok_or_else(|| missing("amount"))?;
        if cents == 0 && sale {
            return Err(missing("amount"));
        }
        if let Some(errors) = self.duplicate(call, &source, cents) {
            return Err(errors);
        }
        if profile_wanted {
            source.customer_id = self.vault.vacant(&source.customer_id)?;
        }
        let answer = card::ask(&source.card, cents, &source.billing, &source.csc, sale);
        let code = self.code(&answer);
        let record = self.recorded(call, &source, (cents, sale, code), answer);
        let message = match code {
            101 => "Your transaction was successfully approved.",
            103 => "Your transaction was approved, but then voided: AVS did not match.",
            _ => "Your transaction was not approved.",
        };
        let code = match (profile_wanted, code) {
            (true, 101) => {
                let profile = Profile::of(&source.card, &source.billing, call);
                self.vault.put(&source.customer_id, profile);
                165
            }
            (true, _) => 167,
            (false, code) => code,
        };
        let answered = of_sale(code, message, &record, source.keyed);
        self.records.put(record);
        Ok(answered)
    }

    /// 103 is an approval PayTrace itself voided, and says `success: true` [O].
    fn code(&self, answer: &card::Answer) -> u32 {
        match (answer.approved, self.config.void_on_avs_mismatch, answer.avs.as_str()) {
            (false, _, _) => 102,
            (true, true, "No Match") => 103,
            (true, _, _) => 101,
        }
    }

    fn recorded(
        &mut self,
        call: &Call<'_>,
        source: &Source,
        (cents, sale, code): (i64, bool, u32),
        answer: card::Answer,
    ) -> Record {
        let text = |name: &str| plain(call.body.get(name));
        let (kind, approved) = match sale {
            true => (Kind::Sale, Standing::Pending),
            false => (Kind::Authorization, Standing::Authorized),
        };
        let standing = match code {
            101 => approved,
            103 => Standing::Voided,
            _ => Standing::Declined,
        };
        let tax = text("tax_amount");
        Record {
            id: self.records.next_id(),
            kind,
            standing,
            cents,
            refunded: 0,
            refund_of: None,
            card: source.card.number.clone(),
            expiration: (source.card.month, source.card.year),
            billing: source.billing.clone(),
            shipping: address(call.body.get("shipping_address")),
            invoice_id: text("invoice_id"),
            description: text("description"),
            reference: text("customer_reference_id"),
            tax: if tax.is_empty() { "0.00".into() } else { tax },
            email: text("email"),
            customer_id: source.customer_id.clone(),
            approval_code: if answer.approved {
                self.records.next_approval()
            } else {
                String::new()
            },
            approval_message: answer.message,
            avs: answer.avs,
            csc: answer.csc,
            created: call.now,
            created_by: call.user.username.clone(),
            through: "API",
            settled: None,
        }
    }

    fn source(&mut self, call: &Call<'_>, from: &str) -> Result<Option<Source>, Errors> {
        let given = address(call.body.get("billing_address"));
        let customer_id = plain(call.body.get("customer_id"));
        let csc = plain(call.body.get("csc"));
        Ok(Some(match from {
            "keyed" => {
                let card = card::read(call.body)?;
                Source { card, billing: given, customer_id, csc, keyed: true }
            }
            "swiped" => {
                let card = swiped(call.body)?;
                Source { card, billing: given, customer_id, csc, keyed: false }
            }
            "by_customer" => {
                let profile = self.vault.get(&customer_id)?;
                let (card, billing) = (profile.charged()?.clone(), profile.billing.clone());
                Source { card, billing, customer_id, csc, keyed: false }
            }
            "by_transaction" => {
                let id = plain(call.body.get("transaction_id")).parse().unwrap_or(0);
                let earlier = self.records.get(id).ok_or_else(unknown_transaction)?;
                let (month, year) = earlier.expiration;
                let card = Card { number: earlier.card.clone(), month, year };
                let billing = earlier.billing.clone();
                let customer_id = earlier.customer_id.clone();
                Source { card, billing, customer_id, csc, keyed: false }
            }
            "pt_protect" | "pt_protect_customer" => {
                let Hosted { card, csc, .. } = self.hosted_card(call.body)?;
                Source { card, billing: given, customer_id, csc, keyed: false }
            }
            _ => return Ok(None),
        }))
    }

    /// A hosted-field token is good once [R].
    pub(super) fn hosted_card(&mut self, body: &Value) -> Result<Hosted, Errors> {
        let token = plain(body.get("hpf_token"));
        let key = plain(body.get("enc_key"));
        for (value, name) in [(&token, "hpf_token"), (&key, "enc_key")] {
            if value.is_empty() {
                return Err(missing(name));
            }
        }
        let unknown = || Errors::one(961, "The hpf_token is invalid, expired or already used.");
        let hosted = self.hosted.get(&token).ok_or_else(unknown)?;
        if hosted.key != key {
            return Err(unknown());
        }
        self.hosted.remove(&token).ok_or_else(unknown)
    }

    pub(super) fn client_key(&mut self) -> crate::sim::SimReply {
        self.issued = self.issued.saturating_add(1);
        crate::sim::SimReply::json(200, &json!({"clientKey": format!("ck-{:08}", self.issued)}))
    }

    /// Same card, amount and invoice from the same user within the set time, where the first was
    /// approved [O].
    fn duplicate(&self, call: &Call<'_>, source: &Source, cents: i64) -> Option<Errors> {
        if self.config.duplicate_minutes <= 0 {
            return None;
        }
        let window = SignedDuration::from_mins(self.config.duplicate_minutes);
        let since = call.now.checked_sub(window).unwrap_or(call.now);
        let invoice = plain(call.body.get("invoice_id"));
        let (first, last) = (self.records.local(since).date(), self.records.local(call.now).date());
        let twin = self.records.created_on(first, last).any(|record| {
            let approved = record.kind != Kind::Refund
                && !matches!(record.standing, Standing::Declined | Standing::Voided);
            approved
                && record.created >= since
                && record.card == source.card.number
                && record.cents == cents
                && record.invoice_id == invoice
                && record.created_by == call.user.username
        });
        twin.then(|| Errors::one(1, "This is a duplicate of a transaction approved a moment ago."))
    }
}

pub(super) fn unknown_transaction() -> Errors {
    Errors::one(58, "Please provide a valid Transaction ID.")
}

pub(super) fn address(value: Option<&Value>) -> Address {
    let text = |name: &str| plain(value.and_then(|value| value.get(name)));
    Address {
        name: text("name"),
        street: text("street_address"),
        street2: text("street_address2"),
        city: text("city"),
        county: text("county"),
        state: text("state"),
        zip: text("zip"),
        country: text("country"),
    }
}

/// Track 1 or 2: the number and the expiry (YYMM) behind it.
pub(super) fn swiped(body: &Value) -> Result<Card, Errors> {
    let swipe = match plain(body.get("swipe")) {
        empty if empty.is_empty() => plain(body.get("encrypted_swipe")),
        swipe => swipe,
    };
    if swipe.is_empty() {
        return Err(missing("swipe"));
    }
    let number: String = swipe
        .trim_start_matches(['%', 'B', ';'])
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    let after = swipe.rsplit(['^', '=']).next().unwrap_or_default();
    let digits: String = after.chars().take(4).collect();
    let (year, month) = digits.split_at_checked(2).unwrap_or(("0", "0"));
    let card = json!({"credit_card": {"number": number, "expiration_month": month,
                                      "expiration_year": year}});
    card::read(&card)
}
