//! Buyers: they pay by card, and what they paid may be captured later, voided or refunded. PayTrace
//! is told through its own API; the relay is told of every change.

use std::sync::Arc;

use domain::exception::ReasonCode;
use sandbox::sim::{SimRequest, Simulator};
use serde_json::{Value, json};

use super::outside::{Outside, Peer, TENANTS};
use super::relay::Relay;
use super::secrets::Keyring;
use super::time::Time;

/// One purchase, as the seed has it.
#[derive(Debug, Clone)]
pub struct Purchase {
    pub tenant: usize,
    pub at_ms: i64,
    pub cents: i64,
    /// Number of the buyer among those Sage knows; `None` for a stranger.
    pub buyer: Option<usize>,
    pub invoice: String,
    pub then: Then,
}

/// What becomes of it, and how long after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    Kept,
    Voided(i64),
    /// It was only authorized at first.
    Captured(i64),
    /// Settled first: only what is settled can be refunded.
    Refunded(i64),
    /// Its settlement is reported in another batch than before.
    SettledAnew(i64),
}

pub struct Shop {
    pub outside: Arc<Outside>,
    pub relay: Arc<Relay>,
    pub keys: Arc<Keyring>,
}

pub fn email(buyer: usize) -> String {
    format!("buyer{buyer}@example.test")
}

impl Shop {
    /// Opens the books: customers, and invoices they owe.
    pub fn seed(&self, tenant: usize, buyers: usize, invoices: &[(usize, String, i64)]) {
        let customers: Vec<Value> = (0..buyers)
            .map(|buyer| {
                json!({"number": format!("C{buyer}"), "name": format!("Buyer {buyer}"),
                       "email": email(buyer), "currency": "USD"})
            })
            .collect();
        self.outside.person(Peer::Sage(tenant), "seed_customers", &json!({"customers": customers}));
        let rows: Vec<Value> = invoices
            .iter()
            .map(|(buyer, number, cents)| {
                json!({"customer": format!("C{buyer}"), "document": number,
                       "amount": dollars(*cents), "date": "2026-03-01", "due": "2026-03-31"})
            })
            .collect();
        self.outside.person(Peer::Sage(tenant), "seed_invoices", &json!({"invoices": rows}));
    }

    /// The life of one purchase.
    pub async fn serve(&self, purchase: Purchase) {
        Time::pass(purchase.at_ms).await;
        let Some(id) = self.pay(&purchase) else { return };
        let tenant = purchase.tenant;
        if purchase.buyer.is_none() {
            self.outside.injected.note(|facts| {
                facts.unknown_payers.insert(id.clone());
            });
        }
        self.relay.tell(tenant, &id, "sale");
        match purchase.then {
            Then::Kept => {}
            Then::Voided(ms) => {
                Time::pass(ms).await;
                if self
                    .call(tenant, "transactions/void", &json!({ "transaction_id": id }))
                    .is_some()
                {
                    self.relay.tell(tenant, &id, "void");
                }
            }
            Then::Captured(ms) => {
                Time::pass(ms).await;
                let body = json!({ "transaction_id": id });
                if self.call(tenant, "transactions/authorization/capture", &body).is_some() {
                    self.relay.tell(tenant, &id, "capture");
                }
            }
            Then::Refunded(ms) => self.refund(tenant, &id, ms).await,
            Then::SettledAnew(ms) => self.settle_anew(tenant, &id, ms).await,
        }
    }

    fn pay(&self, purchase: &Purchase) -> Option<String> {
        let kind = match purchase.then {
            Then::Captured(_) => "authorization",
            _ => "sale",
        };
        let (name, email) = match purchase.buyer {
            Some(buyer) => (format!("Buyer {buyer}"), email(buyer)),
            None => ("A Stranger".to_owned(), "stranger@example.test".to_owned()),
        };
        let sale = json!({"amount": dollars(purchase.cents), "kind": kind,
            "invoice_id": purchase.invoice, "name": name, "email": email});
        let now = self.outside.now();
        let answer = self.outside.with_paytrace(purchase.tenant, |account| {
            account.command(now, "seed_transactions", &json!({ "transactions": [sale] }))
        })?;
        let id = answer.ok()?.get("ids")?.get(0)?.to_string();
        self.outside.journal.event(format!("{now} {} pays {} as {id}", name, purchase.cents));
        Some(id)
    }

    async fn refund(&self, tenant: usize, id: &str, ms: i64) {
        Time::pass(ms / 2).await;
        self.outside.person(Peer::PayTrace(tenant), "settle", &Value::Null);
        Time::pass(ms / 2).await;
        let body = json!({ "transaction_id": id });
        let Some(answer) = self.call(tenant, "transactions/refund/for_transaction", &body) else {
            return;
        };
        let Some(refund) = answer.get("transaction_id").map(Value::to_string) else { return };
        self.outside.injected.note(|facts| {
            facts.refunds.insert(refund.clone());
        });
        self.relay.tell(tenant, &refund, "refund");
    }

    async fn settle_anew(&self, tenant: usize, id: &str, ms: i64) {
        Time::pass(ms / 2).await;
        self.outside.person(Peer::PayTrace(tenant), "settle", &Value::Null);
        self.relay.tell_surely(tenant, id, "settled");
        Time::pass(ms / 2).await;
        let number: i64 = id.parse().unwrap_or(0);
        let body = json!({"transaction_id": number, "batch": 777});
        let first_known = self.settled_is_known(tenant, id);
        if !self.outside.person(Peer::PayTrace(tenant), "correct_settlement", &body) {
            return;
        }
        self.outside.journal.fault(super::fault::Fault::SettlementCorrected);
        if first_known {
            let subject = format!("{}/{id}", TENANTS.get(tenant).map_or("", |t| t.merchant));
            self.outside.injected.expect(ReasonCode::FactChanged, subject);
        } else {
            self.outside.injected.explains(&[ReasonCode::FactChanged]);
        }
        self.relay.tell_surely(tenant, id, "settled");
    }

    fn settled_is_known(&self, tenant: usize, id: &str) -> bool {
        use domain::fact::FactName;
        use domain::id::PaymentKey;
        use ledger::store::Store;
        let Some(tenant) = TENANTS.get(tenant) else { return false };
        let key = PaymentKey { merchant: tenant.merchant.into(), transaction: id.into() };
        let payment = self.outside.stored(self.outside.store.payment(&key));
        payment.is_some_and(|payment| payment.facts.contains_key(&FactName::Settled))
    }

    /// A call of the shop's own software to PayTrace; its answer when it succeeded.
    fn call(&self, tenant: usize, path: &str, body: &Value) -> Option<Value> {
        let now = self.outside.now();
        let grant = format!(
            "grant_type=password&username=api%40example.test&password={}",
            self.keys.paytrace_password(tenant)
        );
        let form = ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned());
        let token = self.post(tenant, "/oauth/token", vec![form], grant.into_bytes())?;
        let bearer = format!("Bearer {}", token.get("access_token")?.as_str()?);
        let headers = vec![
            ("authorization".to_owned(), bearer),
            ("content-type".to_owned(), "application/json".to_owned()),
        ];
        let mut body = body.clone();
        body.as_object_mut()?.insert("integrator_id".into(), json!("90123Example"));
        let answer = self.post(tenant, &format!("/v1/{path}"), headers, body.to_string().into())?;
        let done = answer.get("success").and_then(Value::as_bool).unwrap_or(false);
        self.outside.journal.event(format!("{now} the shop: {path} {body}: {done}"));
        done.then_some(answer)
    }

    fn post(
        &self,
        tenant: usize,
        path: &str,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    ) -> Option<Value> {
        let request = SimRequest {
            method: "POST".to_owned(),
            path: path.to_owned(),
            query: String::new(),
            headers,
            body,
        };
        let now = self.outside.now();
        let reply = self.outside.with_paytrace(tenant, |account| account.handle(now, &request))?;
        serde_json::from_slice(&reply.body).ok()
    }
}

fn dollars(cents: i64) -> String {
    rust_decimal::Decimal::new(cents, 2).to_string()
}
