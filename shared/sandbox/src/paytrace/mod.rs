//! PayTrace API v1, simulated: what a merchant's account does with cards, and what it tells of it.
//!
//! Semantics follow PayTrace's published samples and help pages, and recorded exchanges; where
//! those are silent the choice is a setting of [`PaytraceConfig`].

mod auth;
mod batches;
mod card;
mod checks;
mod command;
mod config;
mod dispatch;
mod export;
mod level_three;
mod manage;
mod record;
mod recurrence;
mod reply;
mod sale;
mod state;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_of_edges;
#[cfg(test)]
mod tests_of_services;
mod vault;

pub use config::{PaytraceConfig, User};
pub use dispatch::PaytraceSim;
