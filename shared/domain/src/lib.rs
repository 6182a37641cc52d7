//! The words and rules of Paysage. No I/O, no clock, no async: everything here is a value.

pub mod account;
pub mod canon;
pub mod effect;
pub mod exception;
pub mod fact;
pub mod id;
pub mod manifest;
pub mod merchant;
pub mod money;
pub mod transaction;
