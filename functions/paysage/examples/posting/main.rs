//! Bench of posting: what a backlog costs, and how many Sage calls a payment takes.

#![expect(clippy::print_stdout, clippy::indexing_slicing, reason = "prints its figures")]
#![expect(clippy::as_conversions, clippy::float_arithmetic, reason = "ratios of times and counts")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

mod backlog;
mod rig;
mod sage_calls;

use std::process::ExitCode;

use rig::Failed;
use serde_json::Value;

fn main() -> ExitCode {
    if let Some(code) = rig::as_part() {
        return code;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let figures = runtime.map_err(Failed::from).and_then(|runtime| runtime.block_on(measure()));
    match figures {
        Ok(figures) => {
            println!("{figures}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("posting: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure() -> Result<Value, Failed> {
    let mut figures = sage_calls::measure().await?;
    figures.extend(backlog::measure().await?);
    Ok(Value::Object(figures))
}

fn rounded(value: f64) -> Value {
    Value::from((value * 1_000.0).round() / 1_000.0)
}
