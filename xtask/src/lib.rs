//! The tasks behind `cargo xtask`: tests by parts, house rules, benches, generated documents.

mod aws;
pub mod bench;
pub mod demo;
pub mod docs;
pub mod parts;
pub mod scenarios;
pub mod tidy;

mod shell;
