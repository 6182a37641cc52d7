//! The two vendors' clients, made from the configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use advisor::Converse;
use domain::id::{CompanyId, MerchantId};
use engine::port::{Advisor, Erp, Gateway};
use erp::{CalendarFields, Lookup, SageErp};
use gateway::{MerchantSettings, PayTraceGateway};
use paysage_http::{EgressRule, Http, HttpConfig, Secret, Url};
use paytrace::{PayTraceClient, PayTraceConfig};
use runtime::config::{Assumptions, BatchLookup, Company, Config, Merchant, Secrets};
use sage300::{Sage300Client, Sage300Config};
use thiserror::Error;

#[derive(Debug, Error)]
pub enum VendorError {
    #[error("{who}: `{url}` is not an address: give one such as https://host/path")]
    Url { who: String, url: String },
    #[error("{who}: the HTTP client could not be made: {source}")]
    Http { who: String, source: paysage_http::BuildError },
    #[error("{who}: {message}")]
    Client { who: String, message: String },
}

/// How the vendors are reached.
pub trait Reach {
    /// # Errors
    /// When no client can be made.
    fn client(&self, config: HttpConfig) -> Result<Http, paysage_http::BuildError>;

    /// A clock for the age of things, milliseconds from any start.
    fn monotonic_ms(&self) -> fn() -> i64;
}

/// By the network and the machine's clock.
pub struct Network;

impl Reach for Network {
    fn client(&self, config: HttpConfig) -> Result<Http, paysage_http::BuildError> {
        Http::new(config)
    }

    fn monotonic_ms(&self) -> fn() -> i64 {
        || runtime::clock::now().as_millisecond()
    }
}

/// PayTrace for every merchant.
///
/// # Errors
/// When an address or zone cannot be used.
pub fn gateway(
    config: &Config,
    secrets: &Secrets,
    reach: &dyn Reach,
) -> Result<Arc<dyn Gateway>, VendorError> {
    let mut clients = BTreeMap::new();
    for (name, merchant) in &config.merchants {
        let id = MerchantId::from(name.as_str());
        let password = secrets.paytrace_password(&id).map(|secret| secret.expose().to_owned());
        let client = paytrace_client(name, merchant, password.unwrap_or_default(), reach)?;
        let who = format!("merchants.{name}");
        let currency = merchant.currency.parse();
        let currency = currency.map_err(|error: domain::money::MoneyError| {
            VendorError::Client { who, message: error.to_string() }
        })?;
        let zone = merchant.paytrace.zone.clone();
        let settings = MerchantSettings {
            currency,
            zone,
            status_table: gateway::StatusTable::default(),
            include_bin: true,
        };
        clients.insert(id, (client, settings));
    }
    let gateway = PayTraceGateway::new(clients).map_err(|error| VendorError::Client {
        who: format!("merchants.{}", error.merchant),
        message: error.to_string(),
    })?;
    Ok(Arc::new(gateway))
}

/// Sage 300 for every company.
///
/// # Errors
/// When an address cannot be used.
pub fn erp(
    config: &Config,
    secrets: &Secrets,
    reach: &dyn Reach,
) -> Result<Arc<dyn Erp>, VendorError> {
    let mut clients = BTreeMap::new();
    for (name, company) in &config.companies {
        let id = CompanyId::from(name.as_str());
        let password = secrets.sage_password(&id).map(|secret| secret.expose().to_owned());
        let client = sage_client(name, company, password.unwrap_or_default(), reach)?;
        clients.insert(id, (client, settings(&company.assumptions)));
    }
    Ok(Arc::new(SageErp::new(clients)))
}

/// The model asked about doubtful values, when one is configured.
///
/// # Errors
/// When its address cannot be used.
pub fn advisor(
    config: &Config,
    secrets: &Secrets,
    reach: &dyn Reach,
) -> Result<Option<Arc<dyn Advisor>>, VendorError> {
    let (Some(asked), Some(key)) = (&config.advisor, secrets.advisor()) else { return Ok(None) };
    let who = "advisor".to_owned();
    let http = reach.client(HttpConfig::new(vec![rule(&who, &asked.url)?]));
    let http = http.map_err(|source| VendorError::Http { who: who.clone(), source })?;
    let key = Secret::new(key.expose().to_owned());
    let advisor = Converse::new(http, &asked.url, &asked.model, key)
        .map_err(|error| VendorError::Client { who, message: error.to_string() })?;
    Ok(Some(Arc::new(advisor)))
}

fn paytrace_client(
    name: &str,
    merchant: &Merchant,
    password: String,
    reach: &dyn Reach,
) -> Result<PayTraceClient, VendorError> {
    let who = format!("merchants.{name}.paytrace");
    let account = &merchant.paytrace;
    let http = HttpConfig {
        max_in_flight: usize::from(account.requests_in_flight_max),
        timeout_ms_total: u64::from(account.request_timeout_ms),
        // An export has no pages: a busy day comes whole.
        response_bytes_max: 64 * 1024 * 1024,
        ..HttpConfig::new(vec![rule(&who, &account.url)?])
    };
    let http = client(&who, http, reach)?;
    let mut settings = PayTraceConfig::new(
        &account.url,
        &account.username,
        Secret::new(password),
        &account.integrator_id,
        reach.monotonic_ms(),
    );
    settings.timeout_ms_read = u64::from(account.request_timeout_ms);
    PayTraceClient::new(settings, http)
        .map_err(|error| VendorError::Client { who, message: error.to_string() })
}

fn sage_client(
    name: &str,
    company: &Company,
    password: String,
    reach: &dyn Reach,
) -> Result<Sage300Client, VendorError> {
    let who = format!("companies.{name}");
    let read_ms = u64::from(company.request_timeout_ms);
    let http = HttpConfig {
        max_in_flight: usize::from(company.requests_in_flight_max),
        timeout_ms_total: u64::from(company.post_timeout_ms).max(read_ms),
        response_bytes_max: 32 * 1024 * 1024,
        ..HttpConfig::new(vec![rule(&who, &company.url)?])
    };
    let http = client(&who, http, reach)?;
    let base = company.url.trim_end_matches('/');
    let base = base.strip_suffix("/v1.0/-").unwrap_or(base);
    let mut settings = Sage300Config::new(base, name, &company.user, Secret::new(password));
    settings.resource_map.clone_from(&company.resource_map);
    settings.page_size = usize::from(company.page_size);
    settings.timeout_ms_read = read_ms;
    settings.timeout_ms_write = read_ms;
    settings.timeout_ms_post = u64::from(company.post_timeout_ms);
    Sage300Client::new(settings, http)
        .map_err(|error| VendorError::Client { who, message: error.to_string() })
}

fn settings(assumptions: &Assumptions) -> erp::Settings {
    let calendar = &assumptions.calendar;
    erp::Settings {
        prepayment_matches_order: assumptions.prepayment_matches_order,
        lookup: match &assumptions.batch_lookup {
            BatchLookup::Description => Lookup::Description,
            BatchLookup::Recent(recent) => Lookup::Recent { since: recent.since },
        },
        calendar: CalendarFields {
            start: calendar.start.clone(),
            end: calendar.end.clone(),
            status: calendar.status.clone(),
            active: calendar.active.clone(),
            locked: calendar.locked.clone(),
        },
    }
}

/// The host of a configured address may be contacted; plain HTTP only on this machine, and a private
/// address only because it was configured.
fn rule(who: &str, url: &str) -> Result<EgressRule, VendorError> {
    let wrong = || VendorError::Url { who: who.to_owned(), url: url.to_owned() };
    let parsed = Url::parse(url).map_err(|_| wrong())?;
    let host = parsed.host_str().ok_or_else(wrong)?;
    Ok(match parsed.scheme() {
        "http" => EgressRule::loopback(host, parsed.port_or_known_default().ok_or_else(wrong)?),
        _ => EgressRule::private(host, parsed.port()),
    })
}

fn client(who: &str, config: HttpConfig, reach: &dyn Reach) -> Result<Arc<Http>, VendorError> {
    let made = reach.client(config);
    made.map(Arc::new).map_err(|source| VendorError::Http { who: who.to_owned(), source })
}
