//! What ends a life: the so-manieth call through a port, before it leaves or after it was answered.

use std::fs;
use std::future::Future;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

/// A place to die at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// From 1.
    pub call: usize,
    pub after: bool,
}

impl Place {
    pub fn told(self) -> Value {
        json!({"call": self.call, "after": self.after})
    }

    pub fn read(told: &Value) -> Option<Self> {
        let call = usize::try_from(told["call"].as_u64()?).ok()?;
        Some(Self { call, after: told["after"].as_bool()? })
    }
}

/// Counts the calls of one life.
pub struct Bomb {
    place: Option<Place>,
    /// The life is over, in good order, when this is about to be called.
    until: Option<String>,
    calls: Mutex<Vec<&'static str>>,
    /// Where the calls are told at the end.
    account: PathBuf,
}

/// Code of a process that ended where it was told to.
pub const ENDED_THERE: i32 = 3;

impl Bomb {
    pub fn new(place: Option<Place>, until: Option<String>, account: PathBuf) -> Self {
        Self { place, until, calls: Mutex::default(), account }
    }

    /// Makes the call, unless the process dies of it. Nothing is unwound and nothing dropped.
    pub async fn around<T>(&self, call: &'static str, work: impl Future<Output = T>) -> T {
        let number = self.count(call);
        self.dies_at(Place { call: number, after: false });
        let answer = work.await;
        self.dies_at(Place { call: number, after: true });
        answer
    }

    /// The life came to its end.
    pub fn survived(&self) {
        self.give_account(&self.calls.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn count(&self, call: &'static str) -> usize {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        if self.until.as_deref() == Some(call) {
            self.give_account(&calls);
            std::process::exit(ENDED_THERE);
        }
        calls.push(call);
        calls.len()
    }

    fn give_account(&self, calls: &[&'static str]) {
        fs::write(&self.account, json!(calls).to_string()).unwrap();
    }

    fn dies_at(&self, here: Place) {
        if self.place == Some(here) {
            std::process::abort();
        }
    }
}
