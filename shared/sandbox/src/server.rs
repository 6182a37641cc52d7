//! A simulator as an HTTP server on loopback, with its faults performed on the wire.
//!
//! | own endpoint (never faulty) | meaning |
//! |---|---|
//! | `GET /_sandbox/state` | the books, with `faults` and `requests` counted |
//! | `GET /_sandbox/requests?limit=N` | the latest requests |
//! | `POST /_sandbox/faults` | replace the fault plan; `{}` or `null` switches faults off |
//! | `POST /_sandbox/clock` | `{"set": T}`, `{"advance_seconds": N}` or `{"real": true}` |
//! | `POST /_sandbox/{command}` | what a person at the vendor's screens would do |

mod control;
#[cfg(test)]
mod tests;
mod wire;

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::clock::SimClock;
use crate::fault::{FaultPlan, Faults};
use crate::sim::{SimReply, SimRequest, Simulator};

/// A running server; dropping it does not stop it, `stop` does.
pub struct Running {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

/// Serves a simulator on that address (port 0: any free one).
///
/// # Errors
/// When the address cannot be bound.
pub async fn serve(
    simulator: Box<dyn Simulator>,
    clock: Arc<SimClock>,
    plan: Option<FaultPlan>,
    address: SocketAddr,
) -> io::Result<Running> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = watch::channel(false);
    let world = Arc::new(World::new(simulator, clock, plan.unwrap_or_default()));
    let accepting = tokio::spawn(accept(listener, world, stopped));
    Ok(Running { address, stop, accepting })
}

impl Running {
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes the listener and every connection.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        if let Err(error) = self.accepting.await {
            tracing::warn!(error = %error, "a simulator did not stop cleanly");
        }
    }

    /// Runs until the listener fails.
    pub async fn wait(self) {
        if let Err(error) = self.accepting.await {
            tracing::warn!(error = %error, "a simulator ended");
        }
    }
}

/// The simulator and everything around it.
struct World {
    simulator: Mutex<Box<dyn Simulator>>,
    clock: Arc<SimClock>,
    faults: Mutex<Faults>,
    log: Mutex<Log>,
}

#[derive(Default)]
struct Log {
    total: u64,
    recent: VecDeque<Line>,
}

struct Line {
    method: String,
    path: String,
    query: String,
    status: u16,
    fault: Option<crate::fault::Kind>,
}

impl World {
    fn new(simulator: Box<dyn Simulator>, clock: Arc<SimClock>, plan: FaultPlan) -> Self {
        let faults = Mutex::new(Faults::new(plan));
        Self { simulator: Mutex::new(simulator), clock, faults, log: Mutex::default() }
    }

    fn process(&self, request: &SimRequest) -> SimReply {
        let now = self.clock.now();
        locked(&self.simulator).handle(now, request)
    }

    fn note(&self, request: &SimRequest, status: u16, fault: Option<crate::fault::Kind>) {
        const KEPT: usize = 2_000;
        let mut log = locked(&self.log);
        log.total = log.total.saturating_add(1);
        if log.recent.len() >= KEPT {
            log.recent.pop_front();
        }
        let SimRequest { method, path, query, .. } = request.clone_head();
        log.recent.push_back(Line { method, path, query, status, fault });
    }
}

fn locked<T: ?Sized>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, world: Arc<World>, mut stopped: watch::Receiver<bool>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.changed() => return,
        };
        let Ok((stream, _)) = accepted else { continue };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(error = %error, "no delay not set");
        }
        let world = Arc::clone(&world);
        let mut stopped = stopped.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| wire::answer(Arc::clone(&world), request));
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), service);
            tokio::select! {
                ended = connection => {
                    if let Err(error) = ended {
                        tracing::debug!(error = %error, "connection ended");
                    }
                }
                _ = stopped.changed() => {}
            }
        });
    }
}
