//! The store as one process reaches it: operations that are throttled, or done and said to have
//! failed; and every change of state observed as it is written.

use std::any::Any;
use std::sync::Arc;

use futures::FutureExt;
use ledger::memory::serial::Serial;
use ledger::memory::tables::{Fallible, Tables};
use ledger::store::{Result, StoreError, Transition};

use super::fault::Fault;
use super::journal::Sometimes;
use super::outside::Outside;
use super::process::Process;
use super::time::Time;
use super::watch::tables::Watched;

#[derive(Clone)]
pub struct ProcessStore {
    pub outside: Arc<Outside>,
    pub process: Arc<Process>,
}

impl Serial for ProcessStore {
    async fn run<R, F>(&self, operation: &'static str, work: F) -> Result<R>
    where
        R: Send + 'static,
        F: FnOnce(&mut dyn Tables) -> Fallible<R> + Send + 'static,
    {
        let outside = &self.outside;
        let step = outside.before(&self.process).await;
        let troubled = outside.chance.permille(outside.weather().store);
        if troubled && outside.chance.one_in(2) {
            outside.journal.fault(Fault::StoreThrottled);
            Time::pass(outside.chance.between(1, 50)).await;
            return Err(declined(operation));
        }
        let answer = match outside.chance.one_in(32) {
            false => land(outside, &self.process.name, operation, work),
            true => self.slowly(operation, work).await,
        };
        Time::pass(outside.chance.between(1, 12)).await;
        outside.after(&self.process, step).await;
        if troubled {
            outside.journal.fault(Fault::StoreAmbiguous);
            return Err(declined(operation));
        }
        answer
    }
}

impl ProcessStore {
    /// The operation is under way for a while; its process may be gone when it lands.
    async fn slowly<R, F>(&self, operation: &'static str, work: F) -> Result<R>
    where
        R: Send + 'static,
        F: FnOnce(&mut dyn Tables) -> Fallible<R> + Send + 'static,
    {
        let (told, hears) = tokio::sync::oneshot::channel();
        let name = self.process.name.clone();
        self.outside.later(self.outside.chance.between(10, 2_000), move |outside| {
            let answer = land(outside, &name, operation, work);
            if told.send(answer).is_err() {
                outside.journal.event(format!("{name} is gone"));
            }
        });
        match hears.await {
            Ok(answer) => answer,
            Err(_) => Err(declined(operation)),
        }
    }
}

fn land<R, F>(outside: &Arc<Outside>, name: &str, operation: &'static str, work: F) -> Result<R>
where
    R: Send + 'static,
    F: FnOnce(&mut dyn Tables) -> Fallible<R> + Send + 'static,
{
    outside.journal.event(format!("{} {name} {operation}", outside.now()));
    let watching = Arc::clone(outside);
    let watched = move |tables: &mut dyn Tables| {
        let mut tables = Watched { tables, outside: &watching };
        work(&mut tables)
    };
    let done = outside.store.run(operation, watched).now_or_never();
    outside.watch.store_changed(outside);
    if let Some(Ok(answer)) = &done {
        answered(outside, operation, answer);
    }
    done.unwrap_or_else(|| Err(declined(operation)))
}

/// What an answer tells of races that were lost.
fn answered<R: 'static>(outside: &Outside, operation: &'static str, answer: &R) {
    let answer: &dyn Any = answer;
    let Some(transition) = answer.downcast_ref::<Transition>().filter(|one| !one.holds) else {
        return;
    };
    match (operation, transition.manifest.commit) {
        ("commit_batch", Some(_)) => outside.journal.reached(Sometimes::LoserAdoptsWinner),
        ("record_attempt", _) => outside.journal.reached(Sometimes::LeaseLost),
        _ => {}
    }
}

fn declined(operation: &'static str) -> StoreError {
    StoreError { operation, source: "the store does not answer for now".into() }
}
