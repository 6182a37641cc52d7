//! The books' port on Sage 300: domain words to and from the Web API's.

pub mod account;
pub mod calendar;
pub mod receipt;
pub mod settings;
pub mod stored;

#[cfg(test)]
mod sample;
