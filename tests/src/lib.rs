//! End-to-end tests: the whole product against the simulated vendors, over loopback.
//!
//! One rig ([`rig`]) with a method per thing a person or a vendor does, and `drain()`; the scenarios
//! read as sentences.

#[cfg(test)]
mod crash;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod flows;
#[cfg(test)]
mod operator;
#[cfg(test)]
mod rig;
#[cfg(test)]
mod stock_client;
#[cfg(test)]
mod storm;
#[cfg(test)]
mod trouble;
#[cfg(test)]
mod webhooks;
