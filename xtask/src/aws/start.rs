//! How long a function takes to start, beside functions in Python and Node that do as little.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::{FUNCTIONS, environment, run};
use crate::{bench, shell};

/// What such a function in Node needs.
const NODE: [&str; 4] = [
    "@aws-sdk/client-dynamodb@3",
    "@aws-sdk/client-sqs@3",
    "@aws-lambda-powertools/logger@2",
    "@aws-lambda-powertools/metrics@2",
];

/// The figures of `tests/aws/cold_start.py`, for functions in the release profile.
#[must_use]
pub fn cold_start() -> Option<Value> {
    match found() {
        Ok(figures) => Some(figures),
        Err(problem) => {
            shell::say(&format!("start: {problem}"));
            None
        }
    }
}

fn found() -> Result<Value, String> {
    let python = environment(".venv-start", "tests/aws/cold_start_requirements.txt")?;
    let node = shell::scratch("node").map_err(|error| error.to_string())?;
    std::fs::create_dir_all(&node).map_err(|error| error.to_string())?;
    let mut install = Command::new("npm");
    install.args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"]).arg(&node);
    run(install.args(NODE), "install what the Node function needs")?;
    let mut build = shell::cargo(["build", "--release", "--locked"]);
    for function in FUNCTIONS {
        build.args(["--package", function]);
    }
    run(&mut build, "build the functions")?;
    let mut measure = Command::new(python);
    measure.arg(shell::root().join("tests/aws/cold_start.py"));
    measure.arg("--binaries").arg(release()?).arg("--node-modules").arg(node.join("node_modules"));
    let text = shell::output_of(&mut measure).ok_or("a function did not start")?;
    bench::last_object(&text).ok_or_else(|| "no figures were printed".to_owned())
}

/// Where cargo puts what it builds in the release profile.
fn release() -> Result<PathBuf, String> {
    let mut command = cargo_metadata::MetadataCommand::new();
    let metadata = command.current_dir(shell::root()).no_deps().exec();
    let metadata = metadata.map_err(|error| error.to_string())?;
    Ok(metadata.target_directory.join("release").into())
}
