//! The product on an emulator of AWS: the real template, the real binaries, simulated vendors.
//!
//! 1. the emulator and what deploys to it are installed into a Python environment of our own
//! 2. the crate `aws` passes the stores' conformance suite and its own tests against it
//! 3. the stack is deployed with the functions' own rights enforced, days are played through it, and
//!    it is probed

mod emulator;
mod prices;
mod python;
mod requests;
mod start;

use std::path::{Path, PathBuf};
use std::process::Command;

use emulator::Emulator;
use python::environment;
pub use requests::requests;
pub use start::cold_start;

use crate::{scenarios, shell};

/// Days played, each on a stack of its own.
const DAYS: [(&str, u64); 3] = [("happy-day", 1), ("storm", 1), ("storm", 2)];
const FUNCTIONS: [&str; 4] = ["webhook", "poller", "transformer", "poster"];

/// All of it; true when everything passed.
#[must_use]
pub fn aws() -> bool {
    passed(environment(".venv-aws", "tests/aws/requirements.txt").and_then(|python| {
        conformance(&python)?;
        let built = build()?;
        for (scenario, seed) in DAYS {
            day(&python, &built, scenario, seed)?;
        }
        probes(&python, &built)
    }))
}

/// The templates: what linters say of them, and what they must have.
#[must_use]
pub fn template() -> bool {
    let linting = environment(".venv-lint", "tests/aws/lint/requirements.txt");
    passed(linting.and_then(|python| {
        let script = shell::root().join("tests/aws/lint/check.py");
        run(Command::new(python).arg(script), "find the templates in order")
    }))
}

fn passed(done: Result<(), String>) -> bool {
    if let Err(problem) = &done {
        shell::say(&format!("aws: {problem}"));
    }
    done.is_ok()
}

/// What was built for the stack.
struct Built {
    paysage: PathBuf,
    /// The functions, stripped.
    functions: PathBuf,
}

/// The tests of the crate `aws`, which are skipped where no emulator is named.
fn conformance(python: &Path) -> Result<(), String> {
    let tests = shell::test_binary("aws").ok_or("the tests of the crate aws do not build")?;
    let emulator = Emulator::start(python, false)?;
    run(emulator.told(&mut Command::new(tests)), "pass the tests against the emulator")
}

fn build() -> Result<Built, String> {
    let paysage = shell::build_paysage(false).ok_or("paysage does not build")?;
    let mut command = shell::cargo(["build", "--locked", "--package", "paysage"]);
    for function in FUNCTIONS {
        command.args(["--package", function]);
    }
    run(&mut command, "build the functions")?;
    let from = paysage.parent().ok_or("the program is nowhere")?;
    let functions = shell::scratch("functions").map_err(|error| error.to_string())?;
    std::fs::create_dir_all(&functions).map_err(|error| error.to_string())?;
    for function in FUNCTIONS {
        let mut strip = Command::new("strip");
        strip.arg("-o").arg(functions.join(function)).arg(from.join(function));
        run(&mut strip, "strip a function")?;
    }
    Ok(Built { functions, paysage })
}

/// Plays a scenario through a stack made for it.
fn day(python: &Path, built: &Built, scenario: &str, seed: u64) -> Result<(), String> {
    play(&Emulator::start(python, true)?, built, scenario, seed)
}

fn play(emulator: &Emulator, built: &Built, scenario: &str, seed: u64) -> Result<(), String> {
    let outputs = emulator.deploy(&built.functions)?;
    let _ticking = emulator.tick()?;
    played(emulator, built, &outputs, scenario, seed)
}

/// Plays a scenario through the stack of these outputs.
fn played(
    emulator: &Emulator,
    built: &Built,
    outputs: &Path,
    scenario: &str,
    seed: u64,
) -> Result<(), String> {
    let mut prepare = |command: &mut Command| {
        emulator.told(command).arg("--deployed").arg(outputs);
    };
    let named = format!("aws-{scenario}");
    if scenarios::one(&built.paysage, scenario, seed, &named, &mut prepare) {
        return Ok(());
    }
    Err(format!("{scenario}, seed {seed}, did not pass; see {}", emulator.log().display()))
}

/// Messages nobody can read or that come again, functions killed in the middle, single rights left
/// out.
fn probes(python: &Path, built: &Built) -> Result<(), String> {
    let emulator = Emulator::start(python, true)?;
    let outputs = emulator.deploy(&built.functions)?;
    let script = shell::root().join("tests/aws/probes.py");
    let mut command = Command::new(python);
    command.arg(script).arg("--outputs").arg(outputs).arg("--paysage").arg(&built.paysage);
    run(emulator.told(&mut command), "pass the probes")
}

fn run(command: &mut Command, what: &str) -> Result<(), String> {
    if shell::passes(command) { Ok(()) } else { Err(format!("could not {what}")) }
}
