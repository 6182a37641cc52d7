//! What one decision costs: the flow `payment-posting` with its maps, tables and checks, from the facts to
//! the receipt's fields; the answers of Sage are at hand. Prints one JSON object.

#![expect(
    clippy::print_stdout,
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    reason = "a measurement, printed for people"
)]

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use flows::document::Sample;
use flows::program::{Program, read};
use flows::trial::{Prepared, Trial};

const DECISIONS: u32 = 20_000;
const ROUNDS: usize = 5;
const BOUND_US: f64 = 150.0;

fn main() -> Result<(), Box<dyn Error>> {
    let files = flows::shipped::files();
    let documents = read(&files).map_err(|_| "the shipped documents are not in order")?;
    let start = Instant::now();
    let program = Program::compile(&documents).map_err(|_| "they do not compile")?;
    let compiled_ms = start.elapsed().as_secs_f64() * 1_000.0;
    let mut samples: BTreeMap<String, Sample> = BTreeMap::new();
    for (_, text) in files.iter().filter(|(path, _)| path.starts_with("samples/")) {
        let sample = Sample::read(text)?;
        samples.insert(sample.document.id.clone(), sample);
    }
    let program = Arc::new(program);
    let trial = Trial { documents: &documents, program, samples: &samples };
    let prepared = trial.prepare("two-invoices")?;
    let fields = fields_of(&prepared)?;
    let mut best = f64::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..DECISIONS {
            std::hint::black_box(prepared.decide()?);
        }
        best = best.min(start.elapsed().as_secs_f64() * 1e6 / f64::from(DECISIONS));
    }
    println!(
        "{{\"decision_us\": {best:.1}, \"bound_us\": {BOUND_US}, \"ratio\": {:.2}, \
         \"fields\": {fields}, \"compile_all_ms\": {compiled_ms:.1}}}",
        best / BOUND_US
    );
    Ok(())
}

/// Fields read and written: of the transaction, and of the receipt.
fn fields_of(prepared: &Prepared) -> Result<usize, Box<dyn Error>> {
    let outcome = prepared.decide()?;
    let made = outcome.made.first().ok_or("no receipt was made")?;
    Ok(prepared.fields_given() + made.entity.len())
}
