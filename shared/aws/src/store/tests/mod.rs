//! The store against an emulator of DynamoDB.

use std::sync::Arc;

use domain::effect::Effect;
use domain::exception::{Exception, ReasonCode};
use ledger::conformance::{Started, Violation, races, run};
use ledger::store::Store;

use super::DynamoStore;
use crate::emulator;

mod conditions;
mod faulty;
mod lists;
mod samples;

async fn fresh(endpoint: &str) -> DynamoStore {
    let client = emulator::connection(endpoint).dynamodb();
    let table = emulator::table(&client).await;
    DynamoStore::new(client, table)
}

fn start(claimant: Started) -> Started {
    let task = tokio::spawn(claimant);
    Box::pin(async move { task.await.map_err(|error| Violation(error.to_string()))? })
}

#[tokio::test]
async fn the_store_conforms() {
    let Some(endpoint) = emulator::endpoint("the_store_conforms") else { return };
    let make = async || {
        let store: Arc<dyn Store> = Arc::new(fresh(&endpoint).await);
        store
    };
    run(make).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_wins() {
    let Some(endpoint) = emulator::endpoint("one_wins") else { return };
    let make = async || {
        let store: Arc<dyn Store> = Arc::new(fresh(&endpoint).await);
        store
    };
    races(make, &start, 50, 4).await.unwrap();
}

fn exception() -> Exception {
    Exception::new(ReasonCode::PeriodLocked, "100", "February is locked", samples::at(1))
}

/// The one effect of that transaction, as stored.
async fn effect(store: &DynamoStore, transaction: u32) -> Effect {
    let payment = store.payment(&samples::key(transaction).payment).await.unwrap().unwrap();
    let [effect] = payment.effects.try_into().unwrap();
    effect
}
