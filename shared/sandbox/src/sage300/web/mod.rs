//! The protocol of the Web API: addresses, credentials, rights, keys, OData options, payloads and
//! errors. What a record means is for the company's books to say.

mod access;
mod address;
mod config;
mod filter;
mod key;
mod payload;
mod query;
mod refusal;
mod reply;
mod server;
mod stored;

#[cfg(test)]
mod fake;
#[cfg(test)]
mod tests;

pub use self::config::{Sage300Config, User};
pub use self::server::Sage300Sim;
