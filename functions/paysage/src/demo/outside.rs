//! The world outside the product, as a scenario plays it: buyers pay at PayTrace, a relay tells the
//! product, a bookkeeper enters customers and invoices in Sage. Only public HTTP is used, so that
//! the product may run anywhere.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use paysage_http::{Http, HttpConfig, HttpError, Method, Request, Response, Secret, Url};
use serde_json::{Value, json};
use sha2::Sha256;
use thiserror::Error;

use super::plan::{Day, Delivery, Kind, Payment};

/// Where everything is, and the keys a demo uses among itself.
#[derive(Clone)]
pub struct Places {
    pub paytrace: Url,
    pub sage300: Url,
    pub product: Url,
    /// Where webhooks go: the product itself, or an API before it.
    pub webhooks: Url,
    pub webhook_endpoint: String,
    /// Standard Webhooks secret, without its `whsec_` prefix, base64.
    pub webhook_secret: String,
    pub paytrace_login: Login,
}

#[derive(Clone)]
pub struct Login {
    pub username: String,
    pub password: std::sync::Arc<Secret>,
    pub integrator_id: String,
}

#[derive(Debug, Error)]
pub enum OutsideError {
    #[error("the demo's own request failed")]
    Http(#[from] HttpError),
    #[error("{what} answered {status}: {body}")]
    Refused { what: &'static str, status: u16, body: String },
    #[error("{0}")]
    Unusable(String),
    #[error("could not set up the demo's HTTP client: {0}")]
    SetUp(#[from] paysage_http::BuildError),
}

/// A payment made at PayTrace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    pub transaction: String,
    pub delivery: Delivery,
}

pub struct Outside {
    http: Http,
    pub places: Places,
}

/// A relay gives up after this many tries of one event.
const TELL_TRIES_MAX: u32 = 200;

impl Outside {
    /// # Errors
    /// When no client can be built for the places given.
    pub fn new(places: Places) -> Result<Self, OutsideError> {
        let allow = super::world::loopback_rules(&places);
        let config = HttpConfig { max_in_flight: 16, ..HttpConfig::new(allow) };
        Ok(Self { http: Http::new(config)?, places })
    }

    /// The bookkeeper's work before the day begins.
    ///
    /// # Errors
    /// When the Sage simulator does not take it.
    pub async fn open_the_books(&self, day: &Day, now: Timestamp) -> Result<(), OutsideError> {
        let customers: Vec<Value> = day
            .clients
            .iter()
            .map(|client| {
                json!({"number": client.number, "name": client.name, "email": client.email,
                       "currency": "USD"})
            })
            .collect();
        let sage = &self.places.sage300;
        self.command(sage, "seed_customers", &json!({"customers": customers})).await?;
        let invoices: Vec<Value> = day
            .bills
            .iter()
            .map(|bill| {
                let due = days_before(now, bill.overdue_days);
                let date = days_before(now, bill.overdue_days + 30);
                json!({"customer": bill.customer, "document": bill.number,
                       "amount": bill.amount.to_string(), "date": date, "due": due})
            })
            .collect();
        self.command(sage, "seed_invoices", &json!({"invoices": invoices})).await?;
        Ok(())
    }

    /// A bearer token of the buyers' shop.
    ///
    /// # Errors
    /// When PayTrace does not give one.
    pub async fn log_in(&self) -> Result<String, OutsideError> {
        let login = &self.places.paytrace_login;
        let body = json!({"grant_type": "password", "username": login.username,
                          "password": login.password.expose()});
        let url = join(&self.places.paytrace, "oauth/token")?;
        let answer = self.post("demo.token", url, &[], &body).await?;
        let text = answer.get("access_token").and_then(Value::as_str);
        text.map(str::to_owned).ok_or_else(|| unusable("PayTrace gave no token", &answer))
    }

    /// One buyer pays by card.
    ///
    /// # Errors
    /// When PayTrace gives no transaction id.
    pub async fn pay(&self, token: &str, payment: &Payment) -> Result<Made, OutsideError> {
        let verb = match payment.kind {
            Kind::Authorization => "authorization",
            _ => "sale",
        };
        let body = json!({
            "integrator_id": self.places.paytrace_login.integrator_id,
            "amount": payment.amount.to_string(),
            "credit_card": {"number": "4012000098765439", "expiration_month": "12",
                            "expiration_year": "2030"},
            "csc": "999",
            "invoice_id": payment.invoice_id,
            "email": payment.email,
            "billing_address": {"name": payment.payer, "street_address": "8320 Test Rd",
                                "city": "Mesa", "state": "AZ", "zip": "85284"},
        });
        let url = join(&self.places.paytrace, &format!("v1/transactions/{verb}/keyed"))?;
        let bearer = format!("Bearer {token}");
        let answer = self.post("demo.sale", url, &[("authorization", bearer)], &body).await?;
        let id = answer.get("transaction_id").map(Value::to_string);
        let transaction = id.ok_or_else(|| unusable("PayTrace gave no transaction", &answer))?;
        Ok(Made { transaction, delivery: payment.delivery })
    }

    /// The relay's webhook, repeated until the product takes it.
    ///
    /// # Errors
    /// When the product refuses it, or does not take it after many tries.
    pub async fn tell(&self, made: &Made, now: Timestamp) -> Result<(), OutsideError> {
        let times = match made.delivery {
            Delivery::Once => 1,
            Delivery::Twice => 2,
            Delivery::Never => 0,
        };
        for _ in 0..times {
            self.tell_once(&made.transaction, now).await?;
        }
        Ok(())
    }

    async fn tell_once(&self, transaction: &str, now: Timestamp) -> Result<(), OutsideError> {
        let body = json!({"id": format!("evt_{transaction}"), "type": "payment",
                          "transaction_id": transaction})
        .to_string();
        let mut tries = 0_u32;
        loop {
            let answer = self.http.send(self.signed(transaction, &body, now)?).await;
            match answer {
                Ok(taken) if taken.status < 300 => return Ok(()),
                Ok(refused) if refused.status < 500 => {
                    return Err(refusal("the webhook", &refused));
                }
                Ok(_) | Err(_) if tries < TELL_TRIES_MAX => {}
                Ok(failed) => return Err(refusal("the webhook", &failed)),
                Err(error) => return Err(error.into()),
            }
            tries = tries.saturating_add(1);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    fn signed(
        &self,
        transaction: &str,
        body: &str,
        now: Timestamp,
    ) -> Result<Request, OutsideError> {
        let id = format!("msg_{transaction}");
        let at = now.as_second().to_string();
        let key = BASE64
            .decode(&self.places.webhook_secret)
            .map_err(|error| OutsideError::Unusable(format!("webhook secret: {error}")))?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&key)
            .map_err(|error| OutsideError::Unusable(format!("webhook secret: {error}")))?;
        mac.update(format!("{id}.{at}.{body}").as_bytes());
        let signature = format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()));
        let path = format!("webhooks/{}", self.places.webhook_endpoint);
        Ok(Request::new("demo.webhook", Method::POST, join(&self.places.webhooks, &path)?)
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", at)
            .header("webhook-signature", signature)
            .body(body.to_owned()))
    }

    /// A simulator's books.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn state(&self, simulator: &Url) -> Result<Value, OutsideError> {
        self.get("demo.state", join(simulator, "_sandbox/state")?).await
    }

    /// What the product says of itself.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn status(&self) -> Result<Value, OutsideError> {
        self.get("demo.status", join(&self.places.product, "api/status")?).await
    }

    /// Every receipt the product posted.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn receipts(&self) -> Result<Value, OutsideError> {
        self.get("demo.receipts", join(&self.places.product, "api/receipts")?).await
    }

    /// A command to a simulator.
    ///
    /// # Errors
    /// When it does not take it.
    pub async fn command(
        &self,
        simulator: &Url,
        name: &str,
        body: &Value,
    ) -> Result<Value, OutsideError> {
        let url = join(simulator, &format!("_sandbox/{name}"))?;
        self.post("demo.command", url, &[], body).await
    }

    async fn get(&self, operation: &'static str, url: Url) -> Result<Value, OutsideError> {
        let answer = self.http.send(Request::new(operation, Method::GET, url)).await?;
        decoded(operation, &answer)
    }

    async fn post(
        &self,
        operation: &'static str,
        url: Url,
        headers: &[(&'static str, String)],
        body: &Value,
    ) -> Result<Value, OutsideError> {
        let mut request = Request::new(operation, Method::POST, url)
            .header("content-type", "application/json")
            .body(body.to_string());
        for (name, value) in headers {
            request = request.header(name, value.clone());
        }
        let answer = self.http.send(request).await?;
        decoded(operation, &answer)
    }
}

fn decoded(operation: &'static str, answer: &Response) -> Result<Value, OutsideError> {
    if answer.status >= 300 {
        return Err(refusal(operation, answer));
    }
    serde_json::from_slice(&answer.body)
        .map_err(|error| OutsideError::Unusable(format!("{operation}: {error}")))
}

fn refusal(what: &'static str, answer: &Response) -> OutsideError {
    let body: String = String::from_utf8_lossy(&answer.body).chars().take(300).collect();
    OutsideError::Refused { what, status: answer.status, body }
}

fn unusable(what: &str, answer: &Value) -> OutsideError {
    OutsideError::Unusable(format!("{what}: {answer}"))
}

fn join(base: &Url, path: &str) -> Result<Url, OutsideError> {
    base.join(path).map_err(|error| OutsideError::Unusable(format!("{base}{path}: {error}")))
}

fn days_before(now: Timestamp, days: i64) -> String {
    let then = now.checked_sub(SignedDuration::from_hours(24 * days)).unwrap_or(now);
    then.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
}
