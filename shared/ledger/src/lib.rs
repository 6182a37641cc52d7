//! Facts to effects to manifests, and the posting protocol as a state machine without I/O.
//!
//! * [`apply`]: applying an amount to documents.
//! * [`audit`]: what people did, in a chain of lines.
//! * [`decide`]: what a payment's facts lead to, given what the books say.
//! * [`posting`]: `step`, the protocol itself; it decides, somebody else performs.
//! * [`store`]: the operations the protocol needs of a store, each with its condition.
//! * [`releases`]: published documents, and which release is active.
//! * [`memory`]: those operations in memory; [`conformance`] is the suite every store passes.

pub mod apply;
pub mod audit;
pub mod conformance;
pub mod decide;
pub mod matching;
pub mod memory;
pub mod posting;
pub mod releases;
pub mod store;

#[cfg(test)]
mod model;
