//! The books' port on Sage 300: domain words to and from the Web API's.

mod account;
mod adapter;
mod batches;
mod calendar;
mod company;
mod failure;
mod receipt;
mod settings;
mod stored;

pub use adapter::SageErp;
pub use settings::{CalendarFields, Lookup, Settings};

#[cfg(test)]
mod sample;
