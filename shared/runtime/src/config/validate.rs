//! What a configuration must not contradict. Every rule notes its problems; none stops the others.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use domain::money::Currency;
use jiff::tz::TimeZone;

use super::party::{BatchLookup, Company, Merchant, NewCustomer, PayTrace, Scheme, Webhook};
use super::problem::nearest;
use super::secret::SecretRef;
use super::{Config, Problems};

const DAY_MS: u64 = 86_400_000;

pub(super) fn problems(config: &Config) -> Problems {
    let mut problems = Problems::default();
    general(config, &mut problems);
    for (id, company) in &config.companies {
        check_company(id, company, &mut problems);
    }
    for (id, merchant) in &config.merchants {
        check_merchant(id, merchant, config, &mut problems);
    }
    shared_companies(config, &mut problems);
    shared_accounts(config, &mut problems);
    for (name, webhook) in &config.webhooks {
        check_webhook(name, webhook, config, &mut problems);
    }
    numbers(config, &mut problems);
    problems
}

fn general(config: &Config, problems: &mut Problems) {
    if config.listen.parse::<SocketAddr>().is_err() {
        let message = format!("give address and port, such as 127.0.0.1:4300: {}", config.listen);
        problems.add("listen", message);
    }
    if config.store.as_ref().is_some_and(|store| store.path.trim().is_empty()) {
        problems.add("store.path", "name the database file");
    }
    if config.companies.is_empty() {
        problems.add("companies", "describe at least one Sage 300 company");
    }
    if config.merchants.is_empty() {
        problems.add("merchants", "describe at least one merchant: there is nothing to post");
    }
    check_name("documents.environment", &config.documents.environment, problems);
    if let Some(advisor) = &config.advisor {
        check_url("advisor.url", &advisor.url, problems);
        filled("advisor.model", &advisor.model, problems);
        check_reference("advisor.key", &advisor.key, problems);
    }
    if config.log.level.trim().is_empty() {
        problems.add("log.level", "give a level such as info");
    }
}

fn check_company(id: &str, company: &Company, problems: &mut Problems) {
    let key = format!("companies.{id}");
    if id.is_empty() || !id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) {
        problems.add(&key, "name the company as Sage does: capitals and digits, such as SAMLTD");
    }
    check_url(&format!("{key}.url"), &company.url, problems);
    filled(&format!("{key}.user"), &company.user, problems);
    check_reference(&format!("{key}.password"), &company.password, problems);
    for (usual, name) in &company.resource_map {
        filled(&format!("{key}.resource_map.{usual}"), name, problems);
    }
    if let BatchLookup::Recent(recent) = &company.assumptions.batch_lookup
        && recent.since < 0
    {
        let key = format!("{key}.assumptions.batch_lookup.recent.since");
        problems.add(&key, "give the last batch number before Paysage, 0 or more");
    }
    for (name, text) in [
        ("start", &company.assumptions.calendar.start),
        ("end", &company.assumptions.calendar.end),
        ("status", &company.assumptions.calendar.status),
    ] {
        if !text.contains("{n}") {
            let key = format!("{key}.assumptions.calendar.{name}");
            problems.add(&key, "write {n} where the period's number stands");
        }
    }
}

fn check_merchant(id: &str, merchant: &Merchant, config: &Config, problems: &mut Problems) {
    let key = format!("merchants.{id}");
    check_name(&key, id, problems);
    let companies: Vec<&str> = config.companies.keys().map(String::as_str).collect();
    refers(&format!("{key}.company"), &merchant.company, &companies, problems);
    check_paytrace(&format!("{key}.paytrace"), &merchant.paytrace, problems);
    if let Err(error) = merchant.currency.parse::<Currency>() {
        problems.add(&format!("{key}.currency"), error.to_string());
    }
    filled(&format!("{key}.bank"), &merchant.bank, problems);
    let codes_key = format!("{key}.payment_codes");
    if !merchant.payment_codes.contains_key("default") {
        problems.add(&codes_key, "add a `default` payment code for brands not listed");
    }
    for (brand, code) in &merchant.payment_codes {
        let code_key = format!("{codes_key}.{brand}");
        filled(&code_key, code, problems);
        if brand.to_lowercase() != *brand {
            problems.add(&code_key, "write the card brand in lower case");
        }
    }
    if let NewCustomer::Create(draft) = &merchant.new_customer {
        filled(&format!("{key}.new_customer.create.group"), &draft.group, problems);
    }
    if let Some(customer) = &merchant.fallback_customer {
        let fits = !customer.is_empty()
            && customer.len() <= 12
            && !customer.chars().any(char::is_lowercase);
        if !fits {
            let message = "give a Sage customer number: at most 12 characters, in capitals";
            problems.add(&format!("{key}.fallback_customer"), message);
        }
    }
}

fn check_paytrace(key: &str, paytrace: &PayTrace, problems: &mut Problems) {
    check_url(&format!("{key}.url"), &paytrace.url, problems);
    filled(&format!("{key}.username"), &paytrace.username, problems);
    filled(&format!("{key}.integrator_id"), &paytrace.integrator_id, problems);
    check_reference(&format!("{key}.password"), &paytrace.password, problems);
    if TimeZone::get(&paytrace.zone).is_err() {
        let message =
            format!("give an IANA time zone such as America/Los_Angeles: {}", paytrace.zone);
        problems.add(&format!("{key}.zone"), message);
    }
}

/// Two tenants on one company cannot see each other's open receipts: it must be meant.
fn shared_companies(config: &Config, problems: &mut Problems) {
    for (id, company) in &config.companies {
        let tenants = config.merchants.iter().filter(|(_, merchant)| merchant.company == *id);
        let names: Vec<&str> = tenants.map(|(name, _)| name.as_str()).collect();
        if names.len() > 1 && !company.shared_by_merchants {
            let message = format!(
                "the merchants {} post to this company: set shared_by_merchants to true if that \
                 is meant",
                names.join(", ")
            );
            problems.add(&format!("companies.{id}"), message);
        }
    }
}

/// The same PayTrace account twice would be posted twice.
fn shared_accounts(config: &Config, problems: &mut Problems) {
    let mut seen: BTreeMap<(String, String), &str> = BTreeMap::new();
    for (name, merchant) in &config.merchants {
        let url = merchant.paytrace.url.trim_end_matches('/').to_lowercase();
        let account = (url, merchant.paytrace.username.to_lowercase());
        if let Some(first) = seen.insert(account, name) {
            let message =
                format!("use another PayTrace user: `{first}` has this one, and would post too");
            problems.add(&format!("merchants.{name}.paytrace.username"), message);
        }
    }
}

fn check_webhook(name: &str, webhook: &Webhook, config: &Config, problems: &mut Problems) {
    let key = format!("webhooks.{name}");
    check_name(&key, name, problems);
    let merchants: Vec<&str> = config.merchants.keys().map(String::as_str).collect();
    refers(&format!("{key}.merchant"), &webhook.merchant, &merchants, problems);
    if webhook.secrets.is_empty() {
        let message = "add a secret: an address without one would take anything";
        problems.add(&format!("{key}.secrets"), message);
    }
    for (position, reference) in webhook.secrets.iter().enumerate() {
        check_reference(&format!("{key}.secrets[{position}]"), reference, problems);
    }
    range(
        &format!("{key}.tolerance_seconds"),
        webhook.tolerance_seconds.into(),
        (1, 300),
        problems,
    );
    let needs_header = matches!(webhook.scheme, Scheme::TimestampedHmac | Scheme::BodyHmac);
    if needs_header && webhook.signature_header.is_none() {
        let message = "name the header that carries the signature";
        problems.add(&format!("{key}.signature_header"), message);
    }
    if webhook.scheme == Scheme::TimestampedHmac && webhook.timestamp_header.is_none() {
        let message = "name the header that carries the timestamp";
        problems.add(&format!("{key}.timestamp_header"), message);
    }
    let pointers = [
        ("event_id_pointers", &webhook.event_id_pointers),
        ("transaction_pointers", &webhook.transaction_pointers),
    ];
    for (what, list) in pointers {
        for pointer in list.iter().filter(|pointer| !pointer.starts_with('/')) {
            let message = format!("begin the JSON pointer with a slash: {pointer}");
            problems.add(&format!("{key}.{what}"), message);
        }
    }
    if webhook.transaction_pointers.is_empty() && webhook.scheme != Scheme::SilentPost {
        let message = "say where the transaction id is, such as /data/transaction_id";
        problems.add(&format!("{key}.transaction_pointers"), message);
    }
}

fn numbers(config: &Config, problems: &mut Problems) {
    let posting = &config.posting;
    let polling = &config.polling;
    let ranges: [(&str, u64, (u64, u64)); 16] = [
        ("posting.linger_ms", posting.linger_ms.into(), (0, 60_000)),
        ("posting.seal_max", posting.seal_max.into(), (1, 99)),
        ("posting.settle_ms", posting.settle_ms.into(), (1_000, DAY_MS)),
        ("posting.lease_ms", posting.lease_ms.into(), (1_000, DAY_MS)),
        ("posting.post_alarm_ms", posting.post_alarm_ms.into(), (1_000, DAY_MS)),
        ("posting.strays_days", posting.strays_days.into(), (1, 366)),
        ("posting.sweep_interval_ms", posting.sweep_interval_ms.into(), (1_000, DAY_MS)),
        ("posting.sweep_idle_ms", posting.sweep_idle_ms.into(), (1_000, DAY_MS)),
        ("polling.interval_ms", polling.interval_ms.into(), (1_000, DAY_MS)),
        ("polling.overlap_hours", polling.overlap_hours.into(), (25, 24 * 31)),
        ("polling.first_days", polling.first_days.into(), (1, 366)),
        ("polling.stale_event_ms", polling.stale_event_ms.into(), (1_000, DAY_MS)),
        ("polling.recheck_held_ms", polling.recheck_held_ms.into(), (1_000, DAY_MS)),
        ("retry.base_ms", config.retry.base_ms.into(), (10, 60_000)),
        ("retry.cap_ms", config.retry.cap_ms.into(), (config.retry.base_ms.into(), DAY_MS)),
        ("transform.concurrency", config.transform.concurrency.into(), (1, 256)),
    ];
    for (key, value, bounds) in ranges {
        range(key, value, bounds, problems);
    }
    for (id, company) in &config.companies {
        let key = |name: &str| format!("companies.{id}.{name}");
        let timeout = u64::from(company.request_timeout_ms);
        range(&key("request_timeout_ms"), timeout, (100, 600_000), problems);
        range(&key("post_timeout_ms"), company.post_timeout_ms.into(), (timeout, DAY_MS), problems);
        let in_flight = company.requests_in_flight_max.into();
        range(&key("requests_in_flight_max"), in_flight, (1, 64), problems);
        range(&key("page_size"), company.page_size.into(), (1, 1_000), problems);
    }
    for (id, merchant) in &config.merchants {
        let key = |name: &str| format!("merchants.{id}.paytrace.{name}");
        let timeout = merchant.paytrace.request_timeout_ms.into();
        range(&key("request_timeout_ms"), timeout, (100, 600_000), problems);
        let in_flight = merchant.paytrace.requests_in_flight_max.into();
        range(&key("requests_in_flight_max"), in_flight, (1, 64), problems);
    }
}

fn range(key: &str, value: u64, (least, most): (u64, u64), problems: &mut Problems) {
    if value < least || value > most {
        problems.add(key, format!("give a number from {least} to {most}, not {value}"));
    }
}

fn filled(key: &str, text: &str, problems: &mut Problems) {
    if text.trim().is_empty() {
        problems.add(key, "give a value: it is empty");
    }
}

fn refers(key: &str, name: &str, known: &[&str], problems: &mut Problems) {
    if known.contains(&name) {
        return;
    }
    let message = match known.iter().find(|other| other.eq_ignore_ascii_case(name)) {
        Some(other) => format!("unknown name `{name}`: did you mean `{other}`?"),
        None => match nearest(name, known) {
            Some(other) => format!("unknown name `{name}`: did you mean `{other}`?"),
            None => format!("unknown name `{name}`: describe it, or use one that is described"),
        },
    };
    problems.add(key, message);
}

fn check_name(key: &str, name: &str, problems: &mut Problems) {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b);
    if name.is_empty() || name.len() > 40 || !name.bytes().all(plain) {
        problems.add(key, "name it with small letters, digits, - and _, at most 40 of them");
    }
}

fn check_reference(key: &str, reference: &SecretRef, problems: &mut Problems) {
    match reference {
        SecretRef::File(path) => filled(&format!("{key}.file"), path, problems),
        SecretRef::Env(name) => {
            let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
            if name.is_empty() || !name.bytes().all(plain) {
                let message = "give the NAME of an environment variable, not the secret itself";
                problems.add(&format!("{key}.env"), message);
            }
        }
        SecretRef::SecretsManager(id) => {
            filled(&format!("{key}.secrets_manager"), id, problems);
        }
    }
}

fn check_url(key: &str, url: &str, problems: &mut Problems) {
    let Some((scheme, rest)) = url.split_once("://") else {
        return problems.add(key, "give a whole address, beginning with https://");
    };
    let authority = rest.split('/').next().unwrap_or_default();
    if authority.contains('@') {
        return problems.add(key, "leave user and password out of the address");
    }
    if url.contains(['?', '#', ' ']) {
        return problems.add(key, "leave query, fragment and spaces out of the address");
    }
    let Some(host) = host_of(authority) else {
        return problems.add(key, "give a host, and a port only as a number after a colon");
    };
    match scheme {
        "https" => {}
        "http" if is_loopback(host) => {}
        "http" => problems.add(key, "use https: plain http is for this machine alone"),
        _ => problems.add(key, "give an address that begins with https://"),
    }
}

fn host_of(authority: &str) -> Option<&str> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            (host, port.strip_prefix(':').or(port.is_empty().then_some("443"))?)
        }
        None => authority.split_once(':').unwrap_or((authority, "443")),
    };
    port.parse::<u16>().ok().filter(|port| *port > 0)?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._:".contains(&b);
    (!host.is_empty() && host.bytes().all(plain)).then_some(host)
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
