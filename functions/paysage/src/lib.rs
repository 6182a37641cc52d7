//! The program `paysage`: hosts every function in one process, plays demonstrations against the
//! simulators, and serves the simulators alone.

pub mod cli;
pub mod demo;
pub mod flow;
pub mod host;
mod mailbox;
pub mod operator;
pub mod page;
pub mod sandboxes;
pub mod say;
pub mod serve;
pub mod simulate;
pub mod status;
pub mod wire;
