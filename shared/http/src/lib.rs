//! One way to make an HTTP client.
//!
//! A [`Http`] keeps one connection pool with fixed rules:
//!
//! - rustls with the ring provider, TLS 1.2 or newer, the embedded Mozilla roots and, where
//!   declared, one private CA. Nothing here can switch certificate checks off.
//! - An egress allow-list ([`EgressRule`]): a host that is not declared is never contacted;
//!   `https` only, except loopback declared plain; redirects and proxies off; private, link-local
//!   and metadata addresses refused after resolution unless the rule says `private`.
//! - Bounds on everything: connect and total time in milliseconds, response bytes, calls in flight.
//!
//! Errors say how far the request came, which is what decides about repeating it:
//!
//! | [`Phase`] | meaning | repeat blindly? |
//! |---|---|---|
//! | `NotSent` | no byte of the request was written | yes |
//! | `Throttled` | the server declined to look at it now (429) | yes, after the wait |
//! | `Refused` | the server looked and said no | no |
//! | `Unclear` | it may have been carried out | read first |
//!
//! A pooled connection that the server closed is `Unclear` unless the connection layer itself
//! knows that nothing was written (it then repeats on a fresh connection by itself).
#![forbid(unsafe_code)]

mod backoff;
mod client;
mod config;
mod egress;
mod error;
mod network;
mod secret;
mod tls;
mod transport;

pub use backoff::Backoff;
pub use client::{Http, Request, Response};
pub use config::HttpConfig;
pub use egress::EgressRule;
pub use error::{BuildError, HttpError, Phase, Reason};
pub use reqwest::header::{HeaderMap, HeaderName};
pub use reqwest::{Method, Url};
pub use secret::Secret;
pub use transport::{Incident, Transport};
