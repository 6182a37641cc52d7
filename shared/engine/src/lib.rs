//! The application: one module per use case, and the outbound ports they need.

pub mod hint;
pub mod intake;
pub mod operate;
pub mod poll;
pub mod port;
pub mod post;
pub mod releases;
pub mod transform;

#[cfg(test)]
mod tests;
