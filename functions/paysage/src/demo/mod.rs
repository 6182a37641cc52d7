//! `paysage demo`: a fresh machine to a running product, and a day of payments through it.

mod audit;
mod deployed;
mod outside;
mod plan;
mod play;
mod world;

use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use crate::{say, serve};
use play::Script;
use world::World;

#[derive(Args, Debug, Clone)]
pub struct Options {
    /// What happens; `list` shows the choices
    #[arg(long, value_name = "NAME", default_value = "happy-day")]
    scenario: String,
    /// End when the scenario is over, instead of staying for a look around
    #[arg(long)]
    exit: bool,
    /// Write the outcome there, as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Port of the product and its status page; 0 takes any free one
    #[arg(long, value_name = "N", default_value_t = 4300)]
    port: u16,
    /// Seed of everything random
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Play against a stack deployed to AWS, or an emulator of it, that its outputs in this file name;
    /// the environment says how AWS is reached. Its configuration is replaced
    #[arg(long, value_name = "FILE")]
    deployed: Option<PathBuf>,
    /// Show the product's log
    #[arg(long)]
    log: bool,
}

/// A scenario: its name and what it shows.
pub struct Scenario {
    pub name: &'static str,
    pub about: &'static str,
    script: Script,
}

const CALM: Script =
    Script { rounds: 0, sales: 0, at_once: 4, alone: false, storm: false, kills: 0 };

/// Every scenario.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "happy-day",
        about: "48 payments of mixed kinds; webhooks come once, twice or never",
        script: Script { rounds: 1, ..CALM },
    },
    Scenario {
        name: "storm",
        about: "the same day while both vendors time out, break off, repeat and answer nonsense",
        script: Script { rounds: 1, storm: true, ..CALM },
    },
    Scenario {
        name: "kill",
        about: "the storm, with the product killed (SIGKILL) in the middle and started again",
        script: Script { rounds: 1, storm: true, kills: 3, ..CALM },
    },
    Scenario {
        name: "burst",
        about: "300 plain sales told of all at once; times as in production",
        script: Script { sales: 300, at_once: 48, ..CALM },
    },
    Scenario {
        name: "trickle",
        about: "20 plain sales, each posted before the next is told of; times as in production",
        script: Script { sales: 20, at_once: 1, alone: true, ..CALM },
    },
];

/// Plays the scenario.
///
/// # Errors
/// In words, when something cannot start, or the books do not agree at the end.
pub async fn run(options: &Options) -> Result<(), String> {
    if options.scenario == "list" {
        for scenario in SCENARIOS {
            say::line(format!("{:10} {}", scenario.name, scenario.about));
        }
        return Ok(());
    }
    let scenario = SCENARIOS.iter().find(|scenario| scenario.name == options.scenario);
    let scenario = scenario.ok_or_else(|| {
        format!("there is no scenario `{}`; `--scenario list` shows them", options.scenario)
    })?;
    if options.log {
        world::show_log()?;
    }
    say::line(format!("Scenario {}, seed {}: {}", scenario.name, options.seed, scenario.about));
    let mut world =
        World::start(options.port, scenario.script, options.deployed.as_deref()).await?;
    say::line(format!("Status page: {}", world.places().product));
    let outcome = play::day(&mut world, scenario.script, options.seed).await;
    if outcome.is_ok() && !options.exit {
        say::line("The day is over; look around, then stop with Ctrl-C.");
        serve::told_to_stop().await;
    }
    world.stop().await;
    let report = outcome?;
    write_report(options, &report)?;
    audit::verdict(&report)
}

fn write_report(options: &Options, report: &Value) -> Result<(), String> {
    let Some(path) = &options.report else { return Ok(()) };
    let text = serde_json::to_string_pretty(report).map_err(|error| error.to_string())?;
    std::fs::write(path, text + "\n")
        .map_err(|error| format!("cannot write {}: {error}", path.display()))
}
