//! `cargo xtask …`: everything a developer or the CI runs on the repository.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xtask::{bench, demo, docs, parts, tidy};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Tasks on the Paysage repository")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build the program and run its demonstration
    Demo(demo::Options),
    /// Run everything that must pass before a change is merged
    Test(parts::Options),
    /// Check the rules of the house
    Tidy,
    /// Measure, and print the figures
    Bench(bench::Options),
    /// Write the documents that are made from the code
    Docs,
}

fn main() -> ExitCode {
    let passed = match Arguments::parse().task {
        Task::Demo(options) => demo::run(&options),
        Task::Test(options) => parts::run(&options),
        Task::Tidy => tidy::run(),
        Task::Bench(options) => bench::run(&options),
        Task::Docs => docs::run(),
    };
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
