//! The posting protocol, model-checked: every interleaving of a small world in which the workers call
//! production's `posting::step` as it is.
//!
//! **What is in it.** Two or three workers. A worker takes up any open manifest at any time: there are no
//! leases, only the epoch that beginning raises. Each command `step` asks for is performed as one event,
//! with the conditions of [`crate::store::Store`] (the conformance suite holds the real stores to the same).
//! A request to Sage may get no answer and land at once, at any later time, or never; a create may be
//! answered and land once more. Its sender may be gone. A sweeper empties strays; a create may be refused;
//! posting may move an entry to an error batch; a person posts everything that is ready, posts an error
//! batch, deletes from it, or mends what a refused effect was refused for, at any time.
//!
//! **What makes it small, and why nothing is lost by it.** A worker that never acts again is as good as
//! dead, so that a death is an event only when its place is needed. A request that got no answer is one
//! that stays on its way: landing is a later event. The settling time has always passed: before it has, a
//! pass only ends earlier. What is READY is sealed at once, and a stray is emptied as soon as that is
//! decided: nothing can come between that matters, because a commit never changes (I4).
//!
//! **What is not in it.** Content other than who it is about; holds a person lifts; restores from backup (see
//! `paysage simulate`).
//!
//! Each must hold: I1 at most one posted entry per effect, I3 what is frozen or posted is committed, I4 a
//! commit never changes, I5 a committed batch keeps its entries, I6 an effect is in at most one live
//! manifest; and from every state one undisturbed worker brings everything to POSTED or HELD. The bounds
//! are in [`bounds`]. Those that take a second run with the other tests; the whole ones with
//! `cargo test --release -p ledger model -- --include-ignored --nocapture`.

mod bounds;
mod ledger;
mod sage;
mod tests;
mod variant;
mod world;
