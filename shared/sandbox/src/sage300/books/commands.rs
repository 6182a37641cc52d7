//! What a person does at Sage's own screens, and what an administrator does to the company.
//!
//! | command | body |
//! |---|---|
//! | `seed_customers` | `{"customers": [CUSTOMER, ...]}`, see below |
//! | `seed_invoices` | `{"invoices": [INVOICE, ...]}`, see below |
//! | `lock_period`, `unlock_period` | `{module, year, period}`; module `ALL` is every module |
//! | `lock_batch`, `unlock_batch`, `print_batch` | `{batch, type?}`; type `CA` by default |
//! | `post_all` | `{type?, ready_first?}` |
//! | `post_batch` | `{batch, type?}` |
//! | `edit_entry` | `{batch, entry, set, type?}` |
//! | `reopen_batch` | `{batch, type?}` |
//! | `delete_entry` | `{batch, entry, type?}` |
//! | `key_receipt` | a RECEIPT, see below |
//! | `return_receipt` | `{check_receipt_number?, document_number?, customer?, date?, reason?}` |
//! | `inactivate_customer` | `{customer}` |
//! | `set_options` | any of the options |
//! | `snapshot`, `restore` | `{name?}` |
//!
//! A batch or customer may also be named by `number`. Of the longer bodies,
//!
//! - a CUSTOMER is `{number, name?, email?, street?, zip?, currency?, group?, status?}`,
//! - an INVOICE is `{customer, document?, amount, date, due?, order_number?, po_number?,
//!   description?}`,
//! - a RECEIPT is `{customer, amount, check_receipt_number?, document?, kind?, bank?,
//!   payment_code?, date?, description?, reference?, post?}`.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Books;
use super::batch::{Batch, Kind, Status};
use super::calendar::Period;
use super::cell::put;

impl Books {
    pub(super) fn obey(
        &mut self,
        now: Timestamp,
        command: &str,
        body: &Value,
    ) -> Result<Value, String> {
        match command {
            "seed_customers" => self.seed_customers(body),
            "seed_invoices" => self.seed_invoices(body),
            "lock_period" | "unlock_period" => self.lock_period(command == "lock_period", body),
            "lock_batch" => self.with_batch(body, |batch| batch.locked = true),
            "unlock_batch" => self.with_batch(body, |batch| batch.locked = false),
            "print_batch" => self.with_batch(body, |batch| {
                put(&mut batch.header, "BatchPrinted", "Yes");
                put(&mut batch.header, "DepositSlipPrinted", "Yes");
            }),
            "post_all" => self.post_all(now, body),
            "post_batch" => self.post_one(now, body),
            "edit_entry" => self.edit_entry(body),
            "reopen_batch" => self.reopen_batch(body),
            "delete_entry" => self.delete_entry(body),
            "key_receipt" => self.key_receipt(now, body),
            "return_receipt" => self.return_receipt(body),
            "inactivate_customer" => self.inactivate_customer(body),
            "set_options" => self.set_options(body),
            "snapshot" => Ok(self.snapshot(body)),
            "restore" => self.restore(body),
            other => Err(format!("there is no command {other}")),
        }
    }

    fn lock_period(&mut self, lock: bool, body: &Value) -> Result<Value, String> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Body {
            #[serde(default)]
            module: Option<String>,
            year: i16,
            period: i8,
        }
        let Body { module, year, period } = Body::deserialize(body).map_err(|w| w.to_string())?;
        let period = Period { year, number: period };
        if !self.calendar.has(period) {
            return Err(format!("there is no period {}-{:02}", period.year, period.number));
        }
        let module = module.unwrap_or_else(|| "ALL".into());
        match lock {
            true => self.calendar.lock(&module, period),
            false => self.calendar.unlock(&module, period),
        }
        Ok(json!({"module": module, "year": period.year, "period": period.number, "locked": lock}))
    }

    fn with_batch(&mut self, body: &Value, act: impl Fn(&mut Batch)) -> Result<Value, String> {
        let (kind, number) = self.batch_meant(body)?;
        let shelf = self.shelves.of_mut(kind);
        let Some(mut batch) = shelf.take(number) else { return Err("no such batch".into()) };
        act(&mut batch);
        shelf.keep(batch);
        Ok(json!({"type": kind.code(), "batch": number}))
    }

    /// The batch that `{batch, type?}` names.
    pub(super) fn batch_meant(&self, body: &Value) -> Result<(Kind, i64), String> {
        let kind = kind_meant(body)?.unwrap_or(Kind::Receipts);
        let number = body.get("batch").or(body.get("number")).and_then(super::batch::batch_number);
        let number = number.ok_or("say which batch: {\"batch\": 101}")?;
        match self.shelves.of(kind).find(number) {
            Some(_) => Ok((kind, number)),
            None => Err(format!("there is no {} batch {number}", kind.code())),
        }
    }

    /// "Post all batches": whatever is ready, of everybody.
    fn post_all(&mut self, now: Timestamp, body: &Value) -> Result<Value, String> {
        let only = kind_meant(body)?;
        let ready_first = body.get("ready_first").and_then(Value::as_bool).unwrap_or(false);
        let mut posted = 0_usize;
        for kind in Kind::ALL.into_iter().filter(|kind| only.is_none_or(|only| only == *kind)) {
            if ready_first {
                self.set_all_ready(kind);
            }
            let ready = |batch: &&Batch| batch.status == Status::ReadyToPost;
            posted = posted.saturating_add(self.shelves.of(kind).unposted().filter(ready).count());
            self.post_ready(now, kind, i64::MIN, i64::MAX).map_err(|refusal| refusal.message)?;
        }
        Ok(json!({ "posted": posted }))
    }

    fn set_all_ready(&mut self, kind: Kind) {
        let open = |batch: &&Batch| {
            batch.status == Status::Open && !batch.entries.is_empty() && !batch.locked
        };
        let numbers: Vec<i64> =
            self.shelves.of(kind).unposted().filter(open).map(|batch| batch.number).collect();
        for number in numbers {
            if let Some(mut batch) = self.shelves.of_mut(kind).take(number) {
                batch.status = Status::ReadyToPost;
                self.shelves.of_mut(kind).keep(batch);
            }
        }
    }

    fn set_options(&mut self, body: &Value) -> Result<Value, String> {
        let Value::Object(changes) = body else { return Err("give an object of options".into()) };
        let mut options = json!(self.options);
        if let Value::Object(all) = &mut options {
            all.extend(changes.clone());
        }
        self.options = serde_json::from_value(options).map_err(|why| why.to_string())?;
        self.hold_anew();
        Ok(json!(self.options))
    }

    /// What unposted entries hold depends on the options.
    fn hold_anew(&mut self) {
        self.pending.clear();
        self.held_numbers.clear();
        for kind in Kind::ALL {
            let unposted: Vec<Batch> = self.shelves.of(kind).unposted().cloned().collect();
            unposted.iter().for_each(|batch| self.hold_all(batch));
        }
    }

    /// A backup of everything but the backups.
    fn snapshot(&mut self, body: &Value) -> Value {
        let name = name_of(body);
        let mut copy = self.clone();
        copy.snapshots.clear();
        self.snapshots.insert(name.clone(), copy);
        json!({ "snapshot": name })
    }

    /// The company as it was backed up, counters and all: numbers given since are given again.
    fn restore(&mut self, body: &Value) -> Result<Value, String> {
        let name = name_of(body);
        let copy = self.snapshots.get(&name).cloned();
        let mut copy = copy.ok_or_else(|| format!("there is no snapshot {name}"))?;
        copy.snapshots = std::mem::take(&mut self.snapshots);
        copy.today = self.today;
        *self = copy;
        Ok(json!({ "restored": name }))
    }
}

fn name_of(body: &Value) -> String {
    body.get("name").and_then(Value::as_str).unwrap_or("default").to_owned()
}

fn kind_meant(body: &Value) -> Result<Option<Kind>, String> {
    let Some(code) = body.get("type").and_then(Value::as_str) else { return Ok(None) };
    match Kind::of_code(code) {
        Some(kind) => Ok(Some(kind)),
        None => Err(format!("there is no batch type {code}: say CA, AD, IN, RF or GL")),
    }
}
