//! Sage calls that posting takes per payment when N payments go in one batch, against the bound of
//! 3/N (create, make ready, post); target: at most twice that. Reading the books in order to decide
//! is counted beside it.

use serde_json::{Map, Value};

use crate::rig::{Failed, Rig};
use crate::rounded;

/// Calls no batch can do without.
const BOUND: f64 = 3.0;

/// # Errors
/// When a part does not start or the payments are not posted in time.
pub async fn measure() -> Result<Map<String, Value>, Failed> {
    let mut figures = Map::new();
    for n in [1_usize, 10, 99] {
        let (posting, reading) = calls(n).await?;
        let per_payment = posting as f64 / n as f64;
        let ratio = per_payment / (BOUND / n as f64);
        figures.insert(format!("posting_calls_per_payment_n{n}"), rounded(per_payment));
        figures.insert(format!("posting_calls_to_bound_n{n}"), rounded(ratio));
        figures
            .insert(format!("reading_calls_per_payment_n{n}"), rounded(reading as f64 / n as f64));
    }
    Ok(figures)
}

/// Calls about batches and posting, and all others.
async fn calls(n: usize) -> Result<(usize, usize), Failed> {
    let mut rig = Rig::start("calls", 3_000)?;
    rig.queue(n, 7).await?;
    rig.serve().await?;
    rig.wait_for_posted(n, 60).await?;
    let log = rig.get(rig.sage300.join("_sandbox/requests?limit=2000")?).await?;
    let lines = log["latest_first"].as_array().cloned().unwrap_or_default();
    let of_posting = |line: &&Value| {
        let path = line["path"].as_str().unwrap_or_default();
        let query = line["query"].as_str().unwrap_or_default();
        let posting = path.contains("ARReceiptAndAdjustmentBatches")
            || path.contains("ARPostReceiptsAndAdjustments");
        posting && !query.contains("Open")
    };
    let posting = lines.iter().filter(of_posting).count();
    Ok((posting, lines.len() - posting))
}
