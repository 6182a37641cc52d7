//! The command line of `paysage simulate`.

use std::path::PathBuf;

use clap::Args;

use super::outside::Death;
use super::plan::{Plan, flows};
use super::report::{Parts, Report};
use super::run::{Manner, run};
use super::{campaign, duel, outage, repeat, sweep};
use crate::say;

/// Seeds run twice to see that they are the same, days delivered in several orders, and days the
/// opponents are given; fewer when fewer seeds are asked for.
const TWICE_MAX: u64 = 50;
const ORDERS_MAX: u64 = 100;
const DUELS_MAX: u64 = 300;

#[derive(Args)]
pub struct Options {
    /// How many seeds to run
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub seeds: u64,
    /// The first seed
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub from: u64,
    /// Write the figures as JSON; see docs/SIMULATION.md
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Run this one seed and print everything that happens in it
    #[arg(long, value_name = "SEED", conflicts_with_all = ["json", "outage"])]
    pub trace: Option<u64>,
    /// Run this one flow and print everything that happens in it; `list` names them
    #[arg(long, value_name = "NAME", conflicts_with_all = ["json", "outage", "trace"])]
    pub flow: Option<String>,
    /// With --flow: the process dies at this call, before it leaves
    #[arg(long, value_name = "STEP", requires = "flow")]
    pub die_at: Option<u64>,
    /// With --die-at: after it landed instead
    #[arg(long, requires = "die_at")]
    pub after: bool,
    /// Instead: so many payments queue up while Sage is down for six hours; how they drain
    #[arg(long, value_name = "PAYMENTS")]
    pub outage: Option<u64>,
}

/// # Errors
/// In words, when an invariant was violated or the figures could not be written.
pub fn perform(options: &Options) -> Result<(), String> {
    if let Some(seed) = options.trace {
        return trace(seed, &Plan::of(seed), None);
    }
    if let Some(name) = &options.flow {
        return flow(name, options);
    }
    if let Some(payments) = options.outage {
        let drained = outage::compare(payments)?;
        drained.lines().into_iter().for_each(say::line);
        let json = serde_json::to_string_pretty(&drained).map_err(|error| error.to_string())?;
        return write(options.json.as_ref(), &json);
    }
    let report = everything(options)?;
    for violated in report.violated.iter().take(10) {
        say::line(format!("seed={}: {}", violated.seed, violated.what));
    }
    report.lines().into_iter().for_each(say::line);
    let json = serde_json::to_string_pretty(&report).map_err(|error| error.to_string())?;
    write(options.json.as_ref(), &json)?;
    match report.violated.first() {
        _ if report.holds() => Ok(()),
        Some(first) => Err(format!(
            "an invariant does not hold; see everything that happened: paysage simulate --trace {}",
            first.seed
        )),
        None => Err("the runs of a seed differ, or its end depends on the order".to_owned()),
    }
}

fn everything(options: &Options) -> Result<Report, String> {
    let begun = runtime::clock::now();
    let (from, seeds) = (options.from, options.seeds);
    let told = |what: &'static str, of: u64, every: u64| {
        move |done: u64| {
            if every > 0 && done.is_multiple_of(every) {
                say::progress(format!("{what}: {done} of {of}"));
            }
        }
    };
    let tally = campaign::seeds(from, seeds, &told("seeds", seeds, 500));
    let swept = sweep::every_step(&|hit| {
        if hit.is_multiple_of(500) {
            say::progress(format!("deaths: {hit}"));
        }
    })?;
    let duels = seeds.min(DUELS_MAX);
    let opponents = duel::duels(from, duels, &told("days of the opponents", duels, 100))?;
    let deterministic = repeat::deterministic(from, seeds.min(TWICE_MAX));
    let permutations = repeat::permutations(from, seeds.min(ORDERS_MAX));
    let seconds = runtime::clock::now().duration_since(begun).as_secs();
    Ok(Report::of(Parts {
        from,
        tally,
        swept,
        deterministic,
        permutations,
        opponents,
        seconds: u64::try_from(seconds).unwrap_or(0),
    }))
}

fn flow(name: &str, options: &Options) -> Result<(), String> {
    let flows = flows();
    let found = flows.iter().find(|(one, _)| *one == name);
    let names = || flows.iter().map(|(name, _)| *name).collect::<Vec<_>>().join("\n");
    match found {
        Some((_, plan)) => {
            let after = options.after;
            trace(sweep::SEED, plan, options.die_at.map(|step| Death { step, after }))
        }
        None if name == "list" => {
            say::line(names());
            Ok(())
        }
        None => Err(format!("there is no flow `{name}`: use one of\n{}", names())),
    }
}

fn trace(seed: u64, plan: &Plan, death: Option<Death>) -> Result<(), String> {
    say::line(format!("{plan:#?}"));
    let outcome = run(seed, plan, Manner { death, verbose: true })?;
    outcome.account.lines.iter().for_each(say::line);
    match outcome.account.violations.first() {
        Some(first) => Err(format!("seed={seed}: {first}")),
        None => Ok(()),
    }
}

fn write(file: Option<&PathBuf>, json: &str) -> Result<(), String> {
    let Some(file) = file else { return Ok(()) };
    std::fs::write(file, json).map_err(|error| format!("cannot write {}: {error}", file.display()))
}
