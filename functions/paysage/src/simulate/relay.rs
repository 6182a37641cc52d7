//! The sender of webhooks: at least once, in any order, late, twice, or never; and now and then a
//! message that is none.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::{Request, StatusCode};
use domain::exception::ReasonCode;
use futures::FutureExt;
use ledger::memory::serial::Serial;
use tokio::sync::oneshot;
use tokio::time::{Duration, timeout};

use super::fault::Fault;
use super::host::{Door, Knock};
use super::outside::{Outside, TENANTS, locked};
use super::secrets::Keyring;
use super::time::Time;

pub struct Relay {
    pub outside: Arc<Outside>,
    pub doors: Vec<Arc<Door>>,
    pub keys: Arc<Keyring>,
    /// Deliveries of a thousand that are lost, doubled, or very late.
    pub careless: u32,
    /// The longest a delivery may be late, milliseconds.
    pub late_ms_max: i64,
    pub sent: AtomicU64,
    /// Bodies acknowledged, by event.
    pub taken: Mutex<BTreeMap<String, BTreeSet<String>>>,
}

/// One event as sent.
#[derive(Debug, Clone)]
struct Event {
    tenant: usize,
    id: String,
    body: String,
    /// It would be taken in if it arrived.
    sound: bool,
    /// What finance must be told once it has.
    expects: Option<(ReasonCode, String)>,
}

impl Relay {
    /// Tells of a change, as well as the relay does.
    pub fn tell(self: &Arc<Self>, tenant: usize, transaction: &str, what: &str) {
        let chance = &self.outside.chance;
        let event = self.event(tenant, transaction, what);
        if chance.permille(self.careless / 2) {
            self.outside.injected.note(|facts| {
                facts.never_told.insert(transaction.to_owned());
            });
            return;
        }
        let mut copies = vec![(event.clone(), chance.between(0, 3_000))];
        if chance.permille(self.careless) {
            self.outside.journal.fault(Fault::DuplicateDelivery);
            copies.push((event.clone(), chance.long_tailed_ms(self.late_ms_max)));
        }
        if chance.permille(self.careless) {
            self.outside.journal.fault(Fault::DelayedDelivery);
            self.outside.journal.fault(Fault::Reordered);
            if let Some((_, delay)) = copies.first_mut() {
                *delay = chance.long_tailed_ms(self.late_ms_max);
            }
        }
        if chance.permille(self.careless / 8) {
            copies.push(self.variant(&event, transaction));
        }
        for (event, delay) in copies {
            self.deliver(event, delay);
        }
    }

    /// Tells without losing it.
    pub fn tell_surely(self: &Arc<Self>, tenant: usize, transaction: &str, what: &str) {
        self.deliver(self.event(tenant, transaction, what), 1_000);
    }

    /// The same id with another body: both are kept, and finance is told.
    fn variant(&self, event: &Event, transaction: &str) -> (Event, i64) {
        self.outside.journal.fault(Fault::PoisonPayload);
        self.outside.injected.explains(&[ReasonCode::PayloadChanged]);
        let body = format!("{{\"transaction_id\":\"{transaction}\",\"amended\":true}}");
        (Event { body, ..event.clone() }, self.outside.chance.between(0, 600_000))
    }

    /// A message that must not become an event.
    pub fn poison(self: &Arc<Self>, tenant: usize) {
        let chance = &self.outside.chance;
        self.outside.journal.fault(Fault::PoisonPayload);
        let Some(known) = TENANTS.get(tenant) else { return };
        let id = self.fresh_id();
        let card =
            (ReasonCode::CardDataBlocked, format!("{}/webhook/{}", known.merchant, known.endpoint));
        let unknown = (ReasonCode::TransactionUnknown, format!("{}/999999", known.merchant));
        let (body, sound, expects) = match chance.between(0, 3) {
            0 => ("{\"transaction_id\":", false, None),
            1 => ("{\"transaction_id\":\"1\",\"note\":\"4012000098765439\"}", false, Some(card)),
            2 => ("{\"transaction_id\":\"999999\"}", true, Some(unknown)),
            _ => ("[]", false, None),
        };
        if let Some((reason, _)) = &expects {
            self.outside.injected.explains(&[*reason]);
        }
        self.deliver(Event { tenant, id, body: body.to_owned(), sound, expects }, 0);
    }

    fn event(&self, tenant: usize, transaction: &str, what: &str) -> Event {
        let body = format!("{{\"transaction_id\":\"{transaction}\",\"type\":\"{what}\"}}");
        Event { tenant, id: self.fresh_id(), body, sound: true, expects: None }
    }

    fn fresh_id(&self) -> String {
        format!("msg_{}", self.sent.fetch_add(1, Ordering::Relaxed).saturating_add(1))
    }

    fn deliver(self: &Arc<Self>, event: Event, delay_ms: i64) {
        let relay = Arc::clone(self);
        self.outside.work(async move {
            Time::pass(delay_ms).await;
            relay.send(event).await;
        });
    }

    /// Repeats until it is taken, or for an hour or so; polling finds what was given up.
    async fn send(&self, event: Event) {
        const TRIES_MAX: u32 = 10;
        for attempt in 0..TRIES_MAX {
            match self.knock(&event).await {
                Some(status) if status.is_success() && event.sound => return self.durable(&event),
                Some(status) if status.is_success() => {
                    let evidence = format!("{} was taken: {}", event.id, event.body);
                    return self.outside.journal.violation("I11", &evidence);
                }
                // Refused for what it is; a signature may be refused for the receiver's clock or key.
                Some(status) if status.is_client_error() && !event.sound && status != 401 => {
                    return self.expects(event.expects.as_ref());
                }
                _ => {}
            }
            Time::pass(5_000_i64.saturating_mul(2_i64.saturating_pow(attempt))).await;
        }
    }

    fn expects(&self, exception: Option<&(ReasonCode, String)>) {
        if let Some((reason, subject)) = exception {
            self.outside.injected.expect(*reason, subject.clone());
        }
    }

    /// I11: what was acknowledged is in the inbox.
    fn durable(&self, event: &Event) {
        let Some(tenant) = TENANTS.get(event.tenant) else { return };
        let (merchant, id) = (tenant.merchant.into(), event.id.as_str().into());
        let seen = self.outside.store.run("look", move |t| t.event(&merchant, &id)).now_or_never();
        if !matches!(seen, Some(Ok(Some(_)))) {
            let evidence = format!("{} was acknowledged and is not recorded", event.id);
            self.outside.journal.violation("I11", &evidence);
        }
        self.expects(event.expects.as_ref());
        let mut taken = locked(&self.taken);
        let bodies = taken.entry(event.id.clone()).or_default();
        bodies.insert(event.body.clone());
        if bodies.len() > 1 {
            let subject = format!("{}/{}", tenant.merchant, event.id);
            self.outside.injected.expect(ReasonCode::PayloadChanged, subject);
        }
    }

    async fn knock(&self, event: &Event) -> Option<StatusCode> {
        let outside = &self.outside;
        let tenant = TENANTS.get(event.tenant)?;
        let at = outside.now().as_second();
        let request = Request::post(format!("/webhooks/{}", tenant.endpoint))
            .header("content-type", "application/json")
            .header("webhook-id", &event.id)
            .header("webhook-timestamp", at.to_string())
            .header("webhook-signature", self.keys.signature(&event.id, at, &event.body))
            .body(Body::from(event.body.clone()))
            .ok()?;
        let (answer, hears) = oneshot::channel();
        let door = outside.chance.pick(&self.doors)?;
        Time::pass(outside.chance.between(1, 200)).await;
        if !door.knock(Knock { request, answer }) {
            return None;
        }
        let heard = timeout(Duration::from_secs(10), hears).await.ok()?.ok()?;
        outside.journal.event(format!("{} {}: {}", outside.now(), event.id, heard.status()));
        // The answer itself may be lost: the sender tries again.
        (!outside.chance.permille(outside.weather().queue)).then_some(heard.status())
    }
}
