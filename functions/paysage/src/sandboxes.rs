//! `paysage sandbox`: a simulated vendor alone.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use sandbox::clock::SimClock;
use sandbox::fault::FaultPlan;
use sandbox::paytrace::PaytraceSim;
use sandbox::sage300::books::Books;
use sandbox::sage300::{Sage300Config, Sage300Sim};
use sandbox::server::{self, Running};
use sandbox::sim::Simulator;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::{say, serve};

#[derive(Subcommand)]
pub enum Sandbox {
    /// PayTrace API v1
    Paytrace(Options),
    /// Sage 300 Web API with a sample company
    Sage300(Options),
}

#[derive(Args)]
pub struct Options {
    /// Port on 127.0.0.1; 0 takes any free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,
    /// Fault plan, JSON; see docs/SANDBOX.md
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// Seed of the fault plan, instead of the one in its file
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// Users, company, options of the simulator, JSON; see docs/SANDBOX.md
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

/// Serves until the process is told to stop.
///
/// # Errors
/// In words, when it cannot start.
pub async fn run(sandbox: Sandbox) -> Result<(), String> {
    let (name, simulator, options): (_, Box<dyn Simulator>, _) = match sandbox {
        Sandbox::Paytrace(options) => {
            ("PayTrace", Box::new(PaytraceSim::new(read(options.settings.as_deref())?)), options)
        }
        Sandbox::Sage300(options) => ("Sage 300", sage300(options.settings.as_deref())?, options),
    };
    let running = start(simulator, plan(&options)?, options.port).await?;
    let address = running.address();
    say::line(format!("The {name} simulator listens at http://{address}/"));
    say::line(format!("Its books: http://{address}/_sandbox/state"));
    serve::told_to_stop().await;
    running.stop().await;
    Ok(())
}

/// Serves a simulator on loopback by the machine's clock.
///
/// # Errors
/// In words, when the port cannot be had.
pub async fn start(
    simulator: Box<dyn Simulator>,
    plan: Option<FaultPlan>,
    port: u16,
) -> Result<Running, String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    server::serve(simulator, Arc::new(SimClock::real()), plan, address)
        .await
        .map_err(|error| format!("cannot listen at {address}: {error}; give another --port"))
}

/// Settings of the Sage 300 simulator: its Web API, and the options of its company.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Sage300Settings {
    web: Sage300Config,
    books: sandbox::sage300::books::Options,
}

/// The sample company behind its Web API.
///
/// # Errors
/// In words, when the settings cannot be used.
pub fn sage300(settings: Option<&Path>) -> Result<Box<dyn Simulator>, String> {
    let Sage300Settings { web, books } = read(settings)?;
    Ok(Box::new(Sage300Sim::new(web, Books::samltd(books))?))
}

fn plan(options: &Options) -> Result<Option<FaultPlan>, String> {
    let mut plan: FaultPlan = match &options.faults {
        Some(path) => read(Some(path))?,
        None => return Ok(None),
    };
    if let Some(seed) = options.seed {
        plan.seed = seed;
    }
    Ok(Some(plan))
}

fn read<T: DeserializeOwned + Default>(path: Option<&Path>) -> Result<T, String> {
    let Some(path) = path else { return Ok(T::default()) };
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}
