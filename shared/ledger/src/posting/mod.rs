//! The posting protocol: exactly one A/R entry per effect.
//!
//! Sage 300 has no idempotency key, but a batch has two phases: it is created `Open` (no effect on
//! any customer), frozen (`ReadyToPost`), then posted by number. **Only a batch whose number was
//! written once, by a conditional write, into its manifest may ever be frozen.** A late or repeated
//! create leaves an extra Open batch, never money.
//!
//! | step | recorded state after it | recovery when it is interrupted |
//! |---|---|---|
//! | seal | SEALED, effects ASSIGNED | any worker leases it and looks up |
//! | intent | `attempts[epoch]` | look up by token; nothing found: wait `settle`, then again |
//! | create | none (Sage: Open batch) | the look-up finds it; extra ones are swept after commit |
//! | verify | none | repeated |
//! | commit | COMMITTED, `commit` | any worker freezes that batch and no other |
//! | freeze | FROZEN | repeated: freezing a frozen batch changes nothing |
//! | post | POSTING when Sage is still at it | repeated: only a ReadyToPost batch posts |
//! | finish | POSTED or PARTIAL, effects POSTED or HELD | repeated from the batch as read |

pub mod error_batch;
pub mod step;
pub mod view;

pub use step::{Command, Heard, Limits, Refusal, Site, Stop, Work, step};
pub use view::{BatchHead, BatchStatus, BatchView, EntryView};
