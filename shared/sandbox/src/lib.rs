//! Faithful simulators of PayTrace and Sage 300, with seeded faults and a controllable clock.

pub mod clock;
pub mod fault;
pub mod paytrace;
pub mod sage300;
pub mod server;
pub mod sim;
