//! Releases of documents: how one comes into force, how it is gone back from, and which one is in force
//! now.
//!
//! 1. [`promote`]: everything is checked; then objects, then the lock, then the activation. What is
//!    interrupted has changed nothing: only the activation counts.
//! 2. [`roll_back`]: an earlier release is activated again.
//! 3. [`Published`]: what a running function decides with; it looks again from time to time.

mod promote;
mod published;

pub use promote::{PromoteError, Promoted, Promotion, Release, load, promote, roll_back};
pub use published::{Active, Published};

#[cfg(test)]
mod tests;
