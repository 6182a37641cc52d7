//! Sage 300 Web API, simulated.

pub mod books;
pub mod resource;
pub mod schema;
pub mod web;

pub use books::samltd;
pub use web::{Sage300Config, Sage300Sim};
