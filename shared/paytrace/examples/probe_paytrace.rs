//! Probe of a PayTrace account: does the credential work, and what happened on one day?
//!
//! `cargo run -p paytrace --example probe_paytrace -- URL USER INTEGRATOR_ID DATE < password`
//! (DATE as 2026-03-02, in the account's own zone)

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it tells a person what it found")]

use std::error::Error;
use std::io::Read;
use std::process::ExitCode;
use std::sync::Arc;

use paysage_http::{EgressRule, Http, HttpConfig, Secret, Url};
use paytrace::{DateRange, PayTraceClient, PayTraceConfig};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match probe().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("probe: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn probe() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |name: &str| {
        arguments.next().ok_or(format!("give URL USER INTEGRATOR_ID DATE: {name} is missing"))
    };
    let (url, user, integrator) = (next("URL")?, next("USER")?, next("INTEGRATOR_ID")?);
    let day = next("DATE")?.parse()?;
    let mut password = String::new();
    std::io::stdin().read_to_string(&mut password)?;
    let password = Secret::new(password.trim_end());
    let parsed = Url::parse(&url)?;
    let host = parsed.host_str().ok_or("the URL has no host")?;
    let rule = match parsed.scheme() {
        "http" => EgressRule::loopback(host, parsed.port_or_known_default().unwrap_or(80)),
        _ => EgressRule::public(host),
    };
    let http = Arc::new(Http::new(HttpConfig::new(vec![rule]))?);
    // A probe is over long before a token is: its clock may stand still.
    let config = PayTraceConfig::new(&url, &user, password, &integrator, || 0);
    let client = PayTraceClient::new(config, http)?;
    let records = client.export_by_date_range(&DateRange::days(day, day)).await?;
    println!("{} transactions on {day}", records.len());
    for record in records.iter().take(20) {
        println!("  {:?} {:?}", record.transaction_id, record.settlement());
    }
    Ok(())
}
