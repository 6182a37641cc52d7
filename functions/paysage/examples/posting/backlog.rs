//! A backlog of queued payments against zero-latency simulators, all three processes on this
//! machine. Bounds: 10,000 posted in 60 s, 200 MB resident at most, 60 MB idle, cost per payment at
//! 10,000 at most 1.2 times that at 1,000.

use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use crate::rig::{Failed, Rig};
use crate::rounded;

const SECONDS_MAX: f64 = 60.0;
const RESIDENT_BYTES_MAX: f64 = 200e6;
const IDLE_BYTES_MAX: f64 = 60e6;
const GROWTH_MAX: f64 = 1.2;

/// # Errors
/// When a part does not start or the backlog is not drained in time.
pub async fn measure() -> Result<Map<String, Value>, Failed> {
    let (small, _, _) = drain(1_000).await?;
    let (large, idle, highest) = drain(10_000).await?;
    let growth = (large / 10_000.0) / (small / 1_000.0);
    let figures = json!({
        "seconds_1000": rounded(small),
        "seconds_10000": rounded(large),
        "seconds_10000_to_bound": rounded(large / SECONDS_MAX),
        "payments_per_second": rounded(10_000.0 / large),
        "cost_growth_1000_to_10000": rounded(growth),
        "cost_growth_to_bound": rounded(growth / GROWTH_MAX),
        "resident_bytes_max": highest,
        "resident_to_bound": rounded(highest as f64 / RESIDENT_BYTES_MAX),
        "idle_bytes": idle,
        "idle_to_bound": rounded(idle as f64 / IDLE_BYTES_MAX),
    });
    Ok(figures.as_object().cloned().unwrap_or_default())
}

/// Seconds to post `count`, resident bytes when idle before, and the most while working.
async fn drain(count: usize) -> Result<(f64, u64, u64), Failed> {
    let mut rig = Rig::start("backlog", 1_000)?;
    rig.serve().await?;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let (idle, _) = rig.resident()?;
    rig.stop_serving();
    rig.queue(count, 500).await?;
    let began = Instant::now();
    rig.serve().await?;
    rig.wait_for_posted(count, 300).await?;
    let seconds = began.elapsed().as_secs_f64();
    Ok((seconds, idle, rig.resident()?.1))
}
