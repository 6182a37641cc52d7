//! What every program of Paysage needs around its work: configuration, logs, the clock, and reading
//! what comes from outside with limits.

pub mod card;
pub mod clock;
pub mod config;
pub mod deployment;
pub mod json;
pub mod metrics;
pub mod records;
pub mod telemetry;
