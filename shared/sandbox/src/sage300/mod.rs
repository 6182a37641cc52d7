//! Sage 300 Web API, simulated.

pub mod resource;
pub mod schema;
