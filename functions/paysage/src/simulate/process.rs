//! A process that may die or stand still at any call.

use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use tokio::sync::Notify;
use tokio::time::{Duration, Instant, Sleep, sleep_until};

use super::outside::{TENANTS, locked};

/// One life of a process. What it remembers ends with it.
pub struct Process {
    pub name: String,
    pub skew_ms: i64,
    death: Notify,
    frozen_until: Mutex<Option<Instant>>,
    /// Calls under way, by company.
    in_flight: [AtomicUsize; TENANTS.len()],
    /// It stood still for longer than it may keep a lease, and has not called since.
    thawed: AtomicBool,
}

impl Process {
    #[must_use]
    pub fn new(name: String, skew_ms: i64) -> Self {
        Self {
            name,
            skew_ms,
            death: Notify::new(),
            frozen_until: Mutex::default(),
            in_flight: Default::default(),
            thawed: AtomicBool::new(false),
        }
    }

    /// Everything it does ends where it is.
    pub fn die(&self) {
        self.death.notify_one();
    }

    /// It stops for so long, in the middle of whatever it does.
    pub fn stand_still(&self, ms: i64) {
        const LEASE_MS: i64 = 60_000;
        self.thawed.fetch_or(ms > LEASE_MS, Ordering::Relaxed);
        let ms = Duration::from_millis(u64::try_from(ms).unwrap_or(0));
        *locked(&self.frozen_until) = Some(Instant::now() + ms);
    }

    /// Whether this is its first call after it stood still for longer than its lease.
    pub fn comes_back(&self) -> bool {
        self.thawed.swap(false, Ordering::Relaxed)
    }

    /// Runs the process until it dies.
    pub async fn live(&self, work: impl Future<Output = ()>) {
        tokio::select! {
            biased;
            () = self.death.notified() => {}
            () = Thawing { process: self, work: Box::pin(work), thaw: None } => {}
        }
    }

    /// Counts a call to that company's Sage that is under way; answers how many there are.
    pub fn enters(&self, company: usize) -> usize {
        let count = self.in_flight.get(company);
        count.map_or(0, |count| count.fetch_add(1, Ordering::Relaxed).saturating_add(1))
    }

    pub fn leaves(&self, company: usize) {
        if let Some(count) = self.in_flight.get(company) {
            count.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// Work that is not polled while its process stands still.
struct Thawing<'a, F> {
    process: &'a Process,
    work: Pin<Box<F>>,
    thaw: Option<Pin<Box<Sleep>>>,
}

impl<F: Future<Output = ()>> Future for Thawing<'_, F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        loop {
            if let Some(thaw) = &mut self.thaw {
                if thaw.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
                self.thaw = None;
                *locked(&self.process.frozen_until) = None;
            }
            if self.work.as_mut().poll(context).is_ready() {
                return Poll::Ready(());
            }
            let until = *locked(&self.process.frozen_until);
            match until.filter(|until| *until > Instant::now()) {
                Some(until) => self.thaw = Some(Box::pin(sleep_until(until))),
                None => return Poll::Pending,
            }
        }
    }
}
