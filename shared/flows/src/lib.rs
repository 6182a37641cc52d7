//! Flow, map, table and check documents: what they say, whether they may be used, and what they
//! decide. Pure: no I/O, no clock, no thread.

pub mod action;
pub mod bindings;
#[cfg(feature = "authoring")]
pub mod codes;
#[cfg(feature = "authoring")]
pub mod diff;
pub mod document;
pub mod entity;
pub mod expr;
#[cfg(feature = "authoring")]
pub mod format;
pub mod lint;
pub mod mapping;
mod money;
pub mod normal;
pub mod outcome;
#[cfg(feature = "authoring")]
pub mod positions;
pub mod problem;
pub mod program;
#[cfg(feature = "authoring")]
pub mod reference;
pub mod release;
pub mod run;
#[cfg(feature = "authoring")]
pub mod schema;
pub mod shipped;
pub mod steps;
mod table;
#[cfg(feature = "authoring")]
pub mod trial;
pub mod value;
pub mod verify;
mod written;

#[cfg(test)]
mod hostile;
