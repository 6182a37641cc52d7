//! People at Sage's own screens, and those who run the processes: what they do in the middle of it
//! all, and how they put it right in the end.

use std::sync::Arc;

use domain::exception::ReasonCode;
use engine::port::QueueName;
use sandbox::sage300::books::{BatchSeen, BatchStatus};
use serde_json::json;

use super::fault::Fault;
use super::host::Door;
use super::journal::Sometimes;
use super::outside::{Outside, Peer};
use super::relay::Relay;
use super::secrets::Keyring;
use super::shop::Purchase;
use super::time::Time;

/// What a person does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    PostAll,
    EditEntry,
    Reopen,
    DeleteEntry,
    /// Another user has a batch open for so long.
    LockBatch(i64),
    KeyDuplicate,
    /// Puts right what error batches complain of, and posts them; watches for them so long.
    MendErrorBatches(i64),
    LockPeriod(i64),
    Inactivate(i64),
    /// A backup now; restored so much later.
    Restore(i64),
    /// A secret is replaced; the processes learn of it so much later.
    Rotate(i64),
    /// Posting takes so long, for the rest of the storm.
    SlowPosting(i64),
    /// Sage is down for so long.
    Outage(i64),
    /// A message on the queue, or to the webhook, that is none of ours.
    Poison,
}

pub struct Person {
    pub outside: Arc<Outside>,
    pub doors: Vec<Arc<Door>>,
    pub keys: Arc<Keyring>,
    pub relay: Arc<Relay>,
    /// For keying one of them by hand.
    pub purchases: Vec<Purchase>,
    /// Invoices of the company people work in: buyer, number, cents.
    pub owed: Vec<(usize, String, i64)>,
    pub buyers: usize,
}

/// The only company people work in; the other one must not notice.
const HERE: usize = 0;
const SAGE: Peer = Peer::Sage(HERE);

impl Person {
    pub async fn acts(&self, at_ms: i64, act: Act) {
        Time::pass(at_ms).await;
        match act {
            Act::PostAll => self.at_screen("post_all", &json!({"type": "CA"})),
            Act::EditEntry => self.changes("edit_entry", json!({"EntryDescription": "checked"})),
            Act::Reopen => self.changes("reopen_batch", json!(null)),
            Act::DeleteEntry => self.changes("delete_entry", json!(null)),
            Act::LockBatch(ms) => self.locks_batch(ms).await,
            Act::KeyDuplicate => self.keys_duplicate(),
            Act::MendErrorBatches(ms) => self.watches(ms).await,
            Act::LockPeriod(ms) => self.locks_period(ms).await,
            Act::Inactivate(ms) => self.inactivates(ms).await,
            Act::Restore(ms) => self.restores(ms).await,
            Act::Rotate(ms) => self.rotates(ms).await,
            Act::SlowPosting(ms) => self.at_screen("set_options", &json!({"post_duration_ms": ms})),
            Act::Outage(ms) => self.outside.injected.goes_down(&self.outside, SAGE, ms),
            Act::Poison => self.poisons(),
        }
    }

    /// At the end of the storm everybody tidies up.
    pub fn puts_right(&self) {
        self.outside.person(SAGE, "set_options", &json!({"post_duration_ms": 0}));
        for module in ["ALL", "AR"] {
            let period = json!({"module": module, "year": 2026, "period": 3});
            self.outside.person(SAGE, "unlock_period", &period);
        }
        for buyer in 0..self.buyers {
            let customers = json!([{"number": format!("C{buyer}"), "status": "Active"}]);
            self.outside.person(SAGE, "seed_customers", &json!({ "customers": customers }));
        }
        for batch in self.batches(|_| true) {
            self.outside.person(SAGE, "unlock_batch", &json!({"batch": batch.number}));
        }
        for door in &self.doors {
            door.restart();
        }
    }

    fn at_screen(&self, command: &str, body: &serde_json::Value) {
        self.outside.journal.fault(Fault::Person);
        self.outside.person(SAGE, command, body);
    }

    fn batches(&self, wanted: impl Fn(&BatchSeen) -> bool) -> Vec<BatchSeen> {
        let all = self.outside.with_sage(HERE, |sage| {
            sage.company().receipt_batches().filter(|batch| wanted(batch)).collect()
        });
        all.unwrap_or_default()
    }

    /// A batch of ours that is not posted yet is changed.
    fn changes(&self, command: &str, set: serde_json::Value) {
        let ours = self.batches(|batch| {
            batch.description.starts_with("PTS1:")
                && !batch.entries.is_empty()
                && matches!(batch.status, BatchStatus::Open | BatchStatus::ReadyToPost)
        });
        let Some(batch) = self.outside.chance.pick(&ours) else { return };
        let Some(entry) = batch.entries.first() else { return };
        let explained = [
            ReasonCode::BatchChanged,
            ReasonCode::PostingRefused,
            ReasonCode::SageRefused,
            ReasonCode::PostedOutside,
        ];
        self.outside.injected.explains(&explained);
        if command != "reopen_batch" {
            self.outside.injected.note(|facts| {
                facts.edited.insert((HERE, batch.number));
            });
        }
        let body = json!({"batch": batch.number, "entry": entry.number, "set": set});
        self.at_screen(command, &body);
    }

    async fn locks_batch(&self, ms: i64) {
        let open = self.batches(|batch| batch.status == BatchStatus::Open);
        let Some(batch) = self.outside.chance.pick(&open) else { return };
        self.outside.injected.explains(&[ReasonCode::SageRefused, ReasonCode::PostingRefused]);
        self.at_screen("lock_batch", &json!({"batch": batch.number}));
        Time::pass(ms).await;
        self.outside.person(SAGE, "unlock_batch", &json!({"batch": batch.number}));
    }

    /// Somebody keys a payment by hand as well: our entry may then find its invoice paid.
    fn keys_duplicate(&self) {
        let here = self.purchases.iter().filter(|one| one.tenant == HERE && one.buyer.is_some());
        let here: Vec<&Purchase> = here.collect();
        let Some(purchase) = self.outside.chance.pick(&here) else { return };
        let Some(buyer) = purchase.buyer else { return };
        let explained = [ReasonCode::PostingRefused, ReasonCode::SageRefused];
        self.outside.injected.explains(&explained);
        let whole = self.owed.iter().find(|(_, number, _)| *number == purchase.invoice);
        let cents = whole.map_or(purchase.cents, |(_, _, cents)| *cents);
        let amount = rust_decimal::Decimal::new(cents, 2).to_string();
        let mut body = json!({"customer": format!("C{buyer}"), "amount": amount,
            "check_receipt_number": "BYHAND"});
        if let (false, Some(fields)) = (purchase.invoice.is_empty(), body.as_object_mut()) {
            fields.insert("document".into(), json!(purchase.invoice));
        }
        self.at_screen("key_receipt", &body);
    }

    async fn watches(&self, ms: i64) {
        const LOOK_MS: i64 = 2_000;
        const PATIENCE: usize = 3;
        let (mut watched, mut mended) = (0_i64, 0_usize);
        while watched <= ms && mended < PATIENCE {
            mended = mended.saturating_add(self.mends_error_batches());
            Time::pass(LOOK_MS).await;
            watched = watched.saturating_add(LOOK_MS);
        }
    }

    fn mends_error_batches(&self) -> usize {
        let wrong = self.batches(|batch| {
            batch.description.starts_with("Error batch")
                && batch.status == BatchStatus::Open
                && !batch.entries.is_empty()
        });
        for batch in &wrong {
            for entry in &batch.entries {
                let customers = json!([{"number": entry.customer, "status": "Active"}]);
                self.outside.person(SAGE, "seed_customers", &json!({ "customers": customers }));
            }
            self.at_screen("post_batch", &json!({"batch": batch.number}));
        }
        wrong.len()
    }

    async fn locks_period(&self, ms: i64) {
        let explained =
            [ReasonCode::PeriodLocked, ReasonCode::PostingRefused, ReasonCode::SageRefused];
        self.outside.injected.explains(&explained);
        let period = json!({"module": "AR", "year": 2026, "period": 3});
        self.outside.journal.fault(Fault::PeriodLocked);
        self.outside.person(SAGE, "lock_period", &period);
        Time::pass(ms).await;
        self.outside.person(SAGE, "unlock_period", &period);
    }

    async fn inactivates(&self, ms: i64) {
        let explained =
            [ReasonCode::CustomerInactive, ReasonCode::PostingRefused, ReasonCode::SageRefused];
        self.outside.injected.explains(&explained);
        // Most often somebody who has just paid.
        let paying = self.purchases.iter().filter(|one| one.tenant == HERE);
        let paying: Vec<usize> = paying.filter_map(|one| one.buyer).collect();
        let Some(buyer) = self.outside.chance.pick(&paying) else { return };
        let customer = format!("C{buyer}");
        self.at_screen("inactivate_customer", &json!({ "customer": customer }));
        Time::pass(ms).await;
        let customers = json!([{"number": customer, "status": "Active"}]);
        self.outside.person(SAGE, "seed_customers", &json!({ "customers": customers }));
    }

    async fn restores(&self, ms: i64) {
        let outside = &self.outside;
        outside.person(SAGE, "snapshot", &json!({"name": "night"}));
        Time::pass(ms).await;
        let explained = [
            ReasonCode::BatchChanged,
            ReasonCode::PostedOutside,
            ReasonCode::PostingRefused,
            ReasonCode::SageRefused,
        ];
        outside.injected.explains(&explained);
        outside.journal.fault(Fault::SageRestored);
        outside.injected.note(|facts| {
            facts.restored.insert(HERE);
        });
        // What was posted by and by is seen only when it is looked for.
        outside.person(SAGE, "print_batch", &json!({"batch": 0}));
        let before = outside.watch.posted_in(HERE);
        outside.watch.restored(HERE);
        outside.person(SAGE, "restore", &json!({"name": "night"}));
        let lost: Vec<String> =
            before.difference(&outside.watch.posted_in(HERE)).cloned().collect();
        if !lost.is_empty() {
            outside.journal.reached(Sometimes::PostedThenRestored);
        }
        outside.injected.note(|facts| {
            facts.lost.extend(lost.into_iter().map(|reference| (HERE, reference)));
        });
    }

    async fn rotates(&self, ms: i64) {
        let explained = [ReasonCode::SageDenied, ReasonCode::PayTraceDenied];
        self.outside.injected.explains(&explained);
        self.keys.rotate(&self.outside, HERE);
        Time::pass(ms).await;
        for door in &self.doors {
            door.restart();
        }
    }

    fn poisons(&self) {
        let chance = &self.outside.chance;
        if chance.one_in(2) {
            return self.relay.poison(HERE);
        }
        // Another program's message, or one of a later version of this one.
        let merchant = super::outside::TENANTS.first().map_or("", |tenant| tenant.merchant);
        let (body, fault) = match chance.between(0, 2) {
            0 => ("{\"kind\":\"not ours\"}".to_owned(), Fault::PoisonPayload),
            1 => ("nothing but text".to_owned(), Fault::PoisonPayload),
            _ => {
                let hint = json!({"v": 2, "merchant": merchant, "transaction": "512300001",
                                  "priority": "high"});
                (hint.to_string(), Fault::MixedVersions)
            }
        };
        self.outside
            .injected
            .explains(&[ReasonCode::MessageUndecodable, ReasonCode::TransactionUnknown]);
        self.outside.journal.fault(fault);
        self.outside.queue.put(QueueName::Hints, body, self.outside.now());
    }
}
