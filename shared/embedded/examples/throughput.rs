//! Durable sends per second with 64 concurrent senders, on a file in the folder for temporary files.

use std::sync::Arc;
use std::time::Instant;

use embedded::Embedded;
use engine::port::{Clock, Queue, QueueName};
use jiff::Timestamp;

const SENDERS: u32 = 64;
const EACH: u32 = 200;

struct Wall;

impl Clock for Wall {
    #[expect(clippy::disallowed_methods, reason = "a measurement runs on real time")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Durable enqueues a second that were measured without group commit.
const BOUND_PER_SECOND: u128 = 1_500;

#[tokio::main]
#[expect(clippy::disallowed_methods, reason = "a measurement runs on real time")]
#[expect(clippy::print_stdout, reason = "the figure is what this is for")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let name = format!("throughput-{}.db", std::process::id());
    let path = std::env::temp_dir().join(name);
    let db = Embedded::open(&path, Arc::new(Wall))?;
    let begun = Instant::now();
    let senders: Vec<_> = (0..SENDERS)
        .map(|sender| {
            let queue = db.queue.clone();
            tokio::spawn(async move {
                for number in 0..EACH {
                    let body = format!("{sender}/{number}");
                    queue.send(QueueName::Hints, body, 0).await?;
                }
                Ok::<_, engine::port::QueueError>(())
            })
        })
        .collect();
    for sender in senders {
        sender.await??;
    }
    let elapsed_ms = begun.elapsed().as_millis().max(1);
    let sent = u128::from(SENDERS * EACH);
    let per_second = sent * 1_000 / elapsed_ms;
    let per_bound = per_second * 10 / BOUND_PER_SECOND;
    println!(
        "{{\"durable_sends_per_second\": {per_second}, \"times_bound_of_{BOUND_PER_SECOND}\": {}.{}}}",
        per_bound / 10,
        per_bound % 10
    );
    drop(db);
    std::fs::remove_file(path)?;
    Ok(())
}
