//! What functions are made of: the ports, whatever is behind them, and the configuration.
//!
//! * [`Parts`]: what every function shares, in one process as on AWS; each makes its `Deps` of it.
//! * [`vendors`]: clients of PayTrace and Sage 300, as configured.
//! * [`deployed`]: the same on AWS, and running a function there.

pub mod deployed;
mod parts;
pub mod vendors;

pub use parts::{Parts, SystemClock};
