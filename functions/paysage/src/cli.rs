//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::operator::{audit, close, explain, hold, redrive};
use crate::{demo, flow, sandboxes, say, serve, simulate};

/// Keeps card payments (PayTrace) and the books (Sage 300) the same.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start simulators and the product, play a scenario and print the books
    Demo(demo::Options),
    /// Run the product in one process, as configured
    Serve(ServeOptions),
    /// Try the product against seeded faults in virtual time
    Simulate(simulate::command::Options),
    /// Tell everything known about one payment
    Explain(explain::Options),
    /// Keep a payment from being posted
    Hold(hold::HoldOptions),
    /// Have a held payment decided again
    Release(hold::ReleaseOptions),
    /// List what waits for a person
    Exceptions(close::ListOptions),
    /// End an exception whose cause is settled
    Close(close::CloseOptions),
    /// End a held document that was done by hand in Sage
    Settle(close::SettleOptions),
    /// Have a batch that waits for a person looked at again
    ReleaseBatch(close::BatchOptions),
    /// Queue again what was not worked off
    Redrive(redrive::Options),
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Check, try and publish the documents that decide
    #[command(subcommand)]
    Flow(flow::Flow),
    /// Run a simulated vendor alone, for any client
    #[command(subcommand)]
    Sandbox(sandboxes::Sandbox),
}

#[derive(Args)]
struct ServeOptions {
    /// The configuration; see docs/configuration.md
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Only check the configuration and the secrets it names, then exit
    #[arg(long)]
    check: bool,
}

/// Runs the program; the exit code is 0 when it did what was asked, 1 when not, 2 for wrong use.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Command::Simulate(options) = &cli.command {
        // Every run has a runtime, and a time, of its own.
        return ended(simulate::command::perform(options));
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            say::problem(format!("the system gives no threads: {error}"));
            return ExitCode::FAILURE;
        }
    };
    ended(runtime.block_on(perform(cli.command)))
}

/// Does what the arguments say, the program's name first, within the caller's runtime.
///
/// # Errors
/// In words, when it was not done or they are no command.
pub async fn given<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Result<(), String> {
    let cli = Cli::try_parse_from(arguments).map_err(|error| error.to_string())?;
    perform(cli.command).await
}

async fn perform(command: Command) -> Result<(), String> {
    match command {
        Command::Demo(options) => demo::run(&options).await,
        Command::Serve(options) => serve::run(&options.config, options.check).await,
        Command::Explain(options) => explain::perform(&options).await,
        Command::Hold(options) => hold::hold(&options).await,
        Command::Release(options) => hold::release(&options).await,
        Command::Exceptions(options) => close::list(&options).await,
        Command::Close(options) => close::close(&options).await,
        Command::Settle(options) => close::settle(&options).await,
        Command::ReleaseBatch(options) => close::release_batch(&options).await,
        Command::Redrive(options) => redrive::perform(&options).await,
        Command::Audit(audit) => audit::perform(&audit).await,
        Command::Flow(command) => flow::perform(&command).await,
        Command::Sandbox(sandbox) => sandboxes::run(sandbox).await,
        Command::Simulate(options) => simulate::command::perform(&options),
    }
}

fn ended(done: Result<(), String>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            say::problem(problem);
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
