//! `paysage simulate`: the production engine under seeded faults and virtual time, beside the
//! simulated vendors, with every invariant checked after every event.

pub mod campaign;
mod carrier;
pub mod chance;
pub mod command;
mod duel;
pub mod fault;
mod host;
mod injected;
pub mod journal;
mod opponents;
mod outage;
mod outside;
mod person;
pub mod plan;
mod process;
mod queue;
mod relay;
mod repeat;
pub mod report;
pub mod run;
mod secrets;
mod shop;
mod store;
mod sweep;
mod time;
mod verdict;
mod watch;

#[cfg(test)]
mod tests;
