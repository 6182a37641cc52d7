//! The webhook function: an event comes in, authenticated, free of card data, durable; or not at all.
//!
//! 1. the size, method and content type are checked before anything is read into
//! 2. the sender is authenticated over the raw bytes ([`scheme`])
//! 3. the body is scanned once: grammar, limits, card data, the ids that are wanted
//! 4. the event is recorded and its hint queued ([`accept::Accept`])
//! 5. the sender is answered 202
//!
//! Interrupted before 4 is done, the sender gets no 2xx and repeats; repeated after it, the event is
//! a duplicate. Nothing of a refused body is kept: of card data, a person is told its last four
//! digits. The amount is never taken from here: PayTrace is asked for it.

pub mod accept;
pub mod code;
pub mod configured;
mod deps;
pub mod endpoint;
mod form;
mod handler;
pub mod lambda;
pub mod scheme;
#[cfg(test)]
mod tests;
pub mod verify;

pub use deps::Deps;
pub use handler::router;
