//! Faithful simulators of PayTrace and Sage 300, with seeded faults and a controllable clock.

pub mod paytrace;
pub mod sage300;
pub mod sim;
