//! Probe of a Sage 300 Web API: does the credential work, which modules answer, how many receipt
//! batches are open?
//!
//! `cargo run -p sage300 --example probe_sage300 -- URL COMPANY USER < password`
//! (URL up to and including /Sage300WebApi)

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it tells a person what it found")]

use std::error::Error;
use std::io::Read;
use std::process::ExitCode;
use std::sync::Arc;

use paysage_http::{EgressRule, Http, HttpConfig, Secret, Url};
use sage300::{Filter, Query, Sage300Client, Sage300Config};
use serde_json::Value;

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
    let mut next =
        |name: &str| arguments.next().ok_or(format!("give URL COMPANY USER: {name} is missing"));
    let (url, company, user) = (next("URL")?, next("COMPANY")?, next("USER")?);
    let mut password = String::new();
    std::io::stdin().read_to_string(&mut password)?;
    let parsed = Url::parse(&url)?;
    let host = parsed.host_str().ok_or("the URL has no host")?;
    let rule = match parsed.scheme() {
        "http" => EgressRule::loopback(host, parsed.port_or_known_default().unwrap_or(80)),
        _ => EgressRule::private(host, parsed.port()),
    };
    let http = Arc::new(Http::new(HttpConfig::new(vec![rule]))?);
    let config = Sage300Config::new(&url, &company, &user, Secret::new(password.trim_end()));
    let client = Sage300Client::new(config, http)?;
    for module in ["AR", "OE", "IC", "GL", "BK", "CS"] {
        match client.metadata(module).await {
            Ok(text) => println!("{module}: {} bytes of metadata", text.len()),
            Err(error) => println!("{module}: {error}"),
        }
    }
    let open = Filter::eq("BatchRecordType", "CA").and(Filter::eq("BatchStatus", "Open"));
    let query = Query::new().filter(open).select(["BatchNumber", "Description", "BatchTotal"]);
    let batches: Vec<Value> = client.list("AR/ARReceiptAndAdjustmentBatches", &query).await?;
    println!("{} receipt batches are open", batches.len());
    for batch in batches.iter().take(20) {
        println!("  {batch}");
    }
    Ok(())
}
