//! Flow, map, table and check documents: what they say, whether they may be used, and what they
//! decide. Pure: no I/O, no clock, no thread.

pub mod action;
pub mod document;
pub mod entity;
pub mod expr;
pub mod normal;
pub mod outcome;
pub mod problem;
#[cfg(feature = "authoring")]
pub mod reference;
pub mod release;
pub mod shipped;
pub mod value;
mod written;
