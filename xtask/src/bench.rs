//! `cargo xtask bench`: each bench is a program of its own that prints one JSON object of figures.
//! Nothing here is compared with a limit: timing is for reading, never for passing.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value};

use crate::{aws, shell};

#[derive(Args, Debug)]
pub struct Options {
    /// Write all figures there
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Run this bench alone
    #[arg(long, value_name = "NAME")]
    pub only: Option<String>,
}

struct Bench {
    name: &'static str,
    /// What it measures.
    about: &'static str,
    figures: Figures,
}

/// Where figures come from.
enum Figures {
    /// A package and its example, built in the release profile, that prints them.
    Example(&'static str, &'static str),
    /// A function that finds them.
    Found(fn() -> Option<Value>),
}

/// To add a bench: write `examples/<example>.rs` in a package, or a function here, and a line.
const BENCHES: &[Bench] = &[
    Bench {
        name: "webhook",
        about: "verify, parse and scan a 2 kB webhook, as a multiple of its HMAC; target 4",
        figures: Figures::Example("webhook", "scan_cost"),
    },
    Bench {
        name: "posting",
        about: "Sage calls per payment against 3/N (target 2); 10,000 queued payments through \
                `paysage serve` (60 s, 200 MB, growth 1.2)",
        figures: Figures::Example("paysage", "posting"),
    },
    Bench {
        name: "store",
        about: "durable messages a second on the embedded store",
        figures: Figures::Example("embedded", "throughput"),
    },
    Bench {
        name: "flows",
        about: "microseconds for one decision of the flow payment-posting, maps and all; bound 150",
        figures: Figures::Example("flows", "decision"),
    },
    Bench {
        name: "start",
        about: "milliseconds from process start to the first request for work (webhook 5, poster 8), \
                zip (4 MB) and memory (20 MB), beside functions in Python and Node",
        figures: Figures::Found(aws::cold_start),
    },
    Bench {
        name: "aws",
        about: "requests to AWS for each payment (target 4.5) and dollars per million (target 4.50), \
                300 sales told of at once, and 20 one after the other",
        figures: Figures::Found(aws::requests),
    },
];

/// Runs the benches asked for; true when each printed its figures.
#[must_use]
pub fn run(options: &Options) -> bool {
    let asked = |bench: &&Bench| options.only.as_deref().is_none_or(|name| name == bench.name);
    let chosen: Vec<&Bench> = BENCHES.iter().filter(asked).collect();
    if let Some(name) = options.only.as_ref().filter(|_| chosen.is_empty()) {
        let names: Vec<&str> = BENCHES.iter().map(|bench| bench.name).collect();
        shell::say(&format!("no bench is named {name}; there are: {}", names.join(", ")));
        return false;
    }
    if chosen.is_empty() {
        shell::say("the table of benches in xtask/src/bench.rs is empty");
    }
    let mut figures = Map::new();
    let mut failed = 0_usize;
    for bench in chosen {
        shell::say(&format!("=== {}: {}", bench.name, bench.about));
        match figures_of(bench) {
            Some(found) => {
                print(&found);
                figures.insert(bench.name.to_owned(), found);
            }
            None => {
                failed += 1;
                shell::say(&format!("{} printed no figures", bench.name));
            }
        }
    }
    write(options, &Value::Object(figures)) && failed == 0
}

fn figures_of(bench: &Bench) -> Option<Value> {
    let (package, example) = match bench.figures {
        Figures::Example(package, example) => (package, example),
        Figures::Found(find) => return find(),
    };
    let arguments = ["run", "--release", "--quiet", "--locked", "--package", package];
    let mut command = shell::cargo(arguments);
    let text = shell::output_of(command.args(["--example", example]))?;
    last_object(&text)
}

/// The last line that is a JSON object; what stands before it is the bench's talk.
pub(crate) fn last_object(text: &str) -> Option<Value> {
    let parsed = text.lines().rev().filter_map(|line| serde_json::from_str(line).ok());
    parsed.into_iter().find(Value::is_object)
}

fn print(figures: &Value) {
    for (name, value) in figures.as_object().into_iter().flatten() {
        shell::say(&format!("{name:<40} {value}"));
    }
}

fn write(options: &Options, figures: &Value) -> bool {
    let Some(path) = &options.json else { return true };
    match std::fs::write(path, format!("{figures:#}\n")) {
        Ok(()) => true,
        Err(error) => {
            shell::say(&format!("cannot write {}: {error}", path.display()));
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_the_last_object_printed() {
        let text = "warming up\n{\"a\": 1}\n{\"receipts_per_second\": 12.5}\ndone\n";
        let figures = last_object(text).unwrap();
        assert_eq!(figures["receipts_per_second"].to_string(), "12.5");
        assert_eq!(last_object("12\nnothing"), None);
    }
}
