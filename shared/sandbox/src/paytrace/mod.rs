//! PayTrace API v1, simulated: what a merchant's account does with cards, and what it tells of it.
//!
//! Semantics follow PayTrace's published samples and help pages, and recorded exchanges; where those
//! are silent the choice is a setting of [`PaytraceConfig`].

mod auth;
mod card;
mod command;
mod config;
mod dispatch;
mod export;
mod manage;
mod record;
mod reply;
mod sale;
mod state;
#[cfg(test)]
mod tests;
mod vault;

pub use config::{PaytraceConfig, User};
pub use dispatch::PaytraceSim;
