//! `cargo xtask demo`: builds the program and hands its flags on.

use std::path::PathBuf;
use std::process::Command;

use clap::Args;

use crate::shell;

#[derive(Args, Debug, Default)]
pub struct Options {
    /// What happens: `happy-day`, `storm`, …
    #[arg(long, value_name = "NAME")]
    pub scenario: Option<String>,
    /// Exit when the scenario is over, instead of staying for a look around
    #[arg(long)]
    pub exit: bool,
    /// Write the outcome there, as JSON
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Port to listen at
    #[arg(long, value_name = "N")]
    pub port: Option<u16>,
    /// Seed of everything random
    #[arg(long, value_name = "S")]
    pub seed: Option<u64>,
}

/// Builds and runs; true when the program succeeded.
#[must_use]
pub fn run(options: &Options) -> bool {
    let Some(program) = shell::build_paysage(false) else { return false };
    shell::passes(Command::new(program).args(arguments(options)))
}

/// The program's own arguments.
#[must_use]
pub fn arguments(options: &Options) -> Vec<String> {
    let mut list = vec!["demo".to_owned()];
    let mut pair = |flag: &str, value: Option<String>| {
        list.extend(value.into_iter().flat_map(|value| [flag.to_owned(), value]));
    };
    pair("--scenario", options.scenario.clone());
    pair("--report", options.report.as_ref().map(|path| path.display().to_string()));
    pair("--port", options.port.map(|port| port.to_string()));
    pair("--seed", options.seed.map(|seed| seed.to_string()));
    if options.exit {
        list.push("--exit".to_owned());
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_handed_on() {
        assert_eq!(arguments(&Options::default()), ["demo"]);
        let options = Options {
            scenario: Some("storm".to_owned()),
            exit: true,
            seed: Some(7),
            ..Options::default()
        };
        assert_eq!(arguments(&options), ["demo", "--scenario", "storm", "--seed", "7", "--exit"]);
    }
}
