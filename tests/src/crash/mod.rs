//! Death at every step: the process is killed before or after each call through a port, with the
//! store on disk and the production clients speaking HTTP to simulators that live on.
//!
//! 1. a flow is lived through calmly, and its calls are counted ([`sweep`])
//! 2. for each call and each side of it, anew: a child process lives until it aborts there
//!    ([`life`], [`bomb`], [`ports`]); nothing is unwound, the file stays as it is
//! 3. another child lives over the same file until nothing is left to do
//! 4. the simulators' books and the file are compared with what was captured ([`verdict`])
//!
//! A flow ([`flow`]) has stages where a person acts in between: a child ends a stage when all is
//! done that can be, or at the door of a call.
//!
//! `PAYSAGE_CRASH_EVERY=k` takes every k-th death only, others each day; 1 takes all.

mod bomb;
mod flow;
mod life;
mod ports;
mod sweep;
mod verdict;

use flow::Flow;
use sweep::{dies_in_a_row, sweep};

#[tokio::test]
async fn a_payment_that_names_its_invoice() {
    sweep(Flow::Named).await;
}

#[tokio::test]
async fn a_payment_that_names_nothing() {
    sweep(Flow::Unapplied).await;
}

#[tokio::test]
async fn a_void_before_posting() {
    sweep(Flow::Voided).await;
}

#[tokio::test]
async fn a_batch_of_three_one_of_which_sage_refuses_to_post() {
    sweep(Flow::RefusedWhenPosted).await;
}

#[tokio::test]
async fn a_batch_of_three_that_sage_refuses_to_create() {
    sweep(Flow::RefusedWhenCreated).await;
}

#[tokio::test]
async fn lives_that_end_early_one_after_the_other() {
    let flows = [
        Flow::Named,
        Flow::Unapplied,
        Flow::Voided,
        Flow::RefusedWhenPosted,
        Flow::RefusedWhenCreated,
    ];
    let mut deaths = 0;
    for (seed, flow) in (1..=20).zip(flows.into_iter().cycle()) {
        println!("{flow:?}: seed={seed}");
        deaths += dies_in_a_row(flow, seed).await;
    }
    assert!(deaths > 60, "{deaths} deaths");
    println!("{deaths} deaths in 20 runs");
}
