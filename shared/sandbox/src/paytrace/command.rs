//! What a person, or a test, does to the account outside its API.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::card::{self, Card, plain};
use super::dispatch::{Hosted, PaytraceSim};
use super::record::{Address, Kind, Record, Standing};

pub fn perform(
    account: &mut PaytraceSim,
    now: Timestamp,
    command: &str,
    body: &Value,
) -> Result<Value, String> {
    match command {
        "settle" => {
            let number = account.records.settle(now, &account.config);
            Ok(json!({ "batch": number }))
        }
        "tokenize" => tokenize(account, body),
        "seed_transactions" => seed(account, now, body),
        "return_check" => {
            let id = body.get("check_transaction_id").and_then(Value::as_i64);
            account.checks.return_one(id.ok_or("give check_transaction_id")?)?;
            Ok(json!({"ok": true}))
        }
        "set" => set(account, body),
        "set_password" => set_password(account, body),
        "correct_settlement" => correct_settlement(account, body),
        other => Err(format!(
            "there is no command `{other}`: use settle, tokenize, seed_transactions, \
             return_check, set, set_password or correct_settlement"
        )),
    }
}

/// What the hosted fields do in a browser.
fn tokenize(account: &mut PaytraceSim, body: &Value) -> Result<Value, String> {
    let card = card::read(&json!({ "credit_card": body }))
        .map_err(|_| "give a valid number, expiration_month and expiration_year".to_owned())?;
    account.issued = account.issued.saturating_add(1);
    let token = format!("0b7d2c1e-0000-4000-8000-{:012x}", account.issued);
    let key = format!("ZW5jLWtleS0={:06x}", account.issued);
    let csc = plain(body.get("csc"));
    account.hosted.insert(token.clone(), Hosted { key: key.clone(), card, csc });
    Ok(json!({"hpf_token": token, "enc_key": key}))
}

/// The API user's password is changed: `{username, password}`. Tokens given out stay good.
fn set_password(account: &mut PaytraceSim, body: &Value) -> Result<Value, String> {
    let (name, password) = (plain(body.get("username")), plain(body.get("password")));
    let user = account.config.users.iter_mut().find(|user| user.username == name);
    let user = user.ok_or_else(|| format!("there is no user {name}"))?;
    user.password = password;
    Ok(json!({ "username": name }))
}

/// What was reported as settled in one batch is reported in another: `{transaction_id, batch}`.
fn correct_settlement(account: &mut PaytraceSim, body: &Value) -> Result<Value, String> {
    let number = |name: &str| body.get(name).and_then(Value::as_i64);
    let (Some(id), Some(batch)) = (number("transaction_id"), number("batch")) else {
        return Err("give transaction_id and batch".into());
    };
    let batch = u32::try_from(batch).map_err(|_| "batch is not a batch number".to_owned())?;
    match account.records.get(id).map(|record| record.standing) {
        Some(Standing::Settled(_)) => {
            account.records.change(id, |record| record.standing = Standing::Settled(batch));
            Ok(json!({"transaction_id": id, "batch": batch}))
        }
        _ => Err(format!("transaction {id} is not settled")),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seeds {
    transactions: Vec<Seed>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seed {
    amount: Value,
    kind: String,
    #[serde(default)]
    invoice_id: String,
    #[serde(default)]
    customer_id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    created: Option<Timestamp>,
}

/// Many transactions at once, as if they had come through the virtual terminal.
fn seed(account: &mut PaytraceSim, now: Timestamp, body: &Value) -> Result<Value, String> {
    let seeds: Seeds = serde_json::from_value(body.clone()).map_err(|error| error.to_string())?;
    // All are read before the first is put, so that a wrong one leaves nothing behind.
    let read: Result<Vec<_>, _> = seeds.transactions.into_iter().map(read).collect();
    let ids: Vec<i64> = read?.into_iter().map(|seed| put(account, now, seed)).collect();
    Ok(json!({ "ids": ids }))
}

/// A seed, with the kind, standing and cents it means.
fn read(seed: Seed) -> Result<(Seed, Kind, Standing, i64), String> {
    let (kind, standing) = match seed.kind.as_str() {
        "sale" => (Kind::Sale, Standing::Pending),
        "declined" => (Kind::Sale, Standing::Declined),
        "authorization" => (Kind::Authorization, Standing::Authorized),
        other => return Err(format!("kind `{other}`: use sale, declined or authorization")),
    };
    let cents = card::cents(Some(&seed.amount));
    let cents = cents.ok_or_else(|| format!("{} is not an amount", plain(Some(&seed.amount))))?;
    Ok((seed, kind, standing, cents))
}

fn put(
    account: &mut PaytraceSim,
    now: Timestamp,
    (seed, kind, standing, cents): (Seed, Kind, Standing, i64),
) -> i64 {
    let approved = standing != Standing::Declined;
    let id = account.records.next_id();
    let card = Card { number: "4012000098765439".into(), month: 12, year: 2030 };
    let record = Record {
        id,
        kind,
        standing,
        cents,
        refunded: 0,
        refund_of: None,
        card: card.number,
        expiration: (card.month, card.year),
        billing: Address { name: seed.name, ..Address::default() },
        shipping: Address::default(),
        invoice_id: seed.invoice_id,
        description: String::new(),
        reference: String::new(),
        tax: "0.00".into(),
        email: seed.email,
        customer_id: seed.customer_id,
        approval_code: if approved { account.records.next_approval() } else { String::new() },
        approval_message: match approved {
            true => "  NO  MATCH - Approved and completed".into(),
            false => "    DECLINE - Do not honor".into(),
        },
        avs: if approved { "No Match".into() } else { "0".into() },
        csc: String::new(),
        created: seed.created.unwrap_or(now),
        created_by: "terminal".into(),
        through: "Virtual Terminal",
        settled: None,
    };
    account.records.put(record);
    id
}

fn set(account: &mut PaytraceSim, body: &Value) -> Result<Value, String> {
    let members = body.as_object().ok_or("give settings as a JSON object")?;
    for (name, value) in members {
        let wrong = || format!("`{name}`: {value} does not fit");
        let config = &mut account.config;
        match name.as_str() {
            "duplicate_minutes" => {
                config.duplicate_minutes = value.as_i64().ok_or_else(wrong)?;
            }
            "auto_settle" => config.auto_settle = value.as_bool().ok_or_else(wrong)?,
            "void_on_avs_mismatch" => {
                config.void_on_avs_mismatch = value.as_bool().ok_or_else(wrong)?;
            }
            "token_seconds" => config.token_seconds = value.as_i64().ok_or_else(wrong)?,
            "batch_number_max" => {
                let most = value.as_u64().and_then(|most| u32::try_from(most).ok());
                config.batch_number_max = most.filter(|most| *most > 0).ok_or_else(wrong)?;
            }
            "cut_off_hour" => {
                let hour = value.as_i64().and_then(|hour| i8::try_from(hour).ok());
                config.cut_off_hour = hour.filter(|h| (0..24).contains(h)).ok_or_else(wrong)?;
            }
            _ => return Err(format!("there is no setting `{name}` to change")),
        }
    }
    account.records.reschedule();
    Ok(json!({"ok": true}))
}
