//! A client of the Sage 300 Web API (`v1.0`). It knows Sage's shapes and nothing of its caller.
//!
//! Source tags: \[O\] official, \[C\] seen in working third-party clients, \[I\] inferred.
//!
//! - Amounts are exact decimals in the company's currency units; dates are business dates without
//!   a time of day \[O\]; keys and filter values are escaped by [`Key`] and [`Filter`].
//! - Bodies are serialised in declaration order, which is the order Sage applies them in \[O\]: put
//!   keys and drivers first, and leave out what is not meant.
//! - Lists are paged by `$top`/`$skip` with the caller's whole query on every page; of a
//!   `nextLink` only `$skip` is read, because it may lack the rest \[C\].
//! - No call can post other people's batches: the post services take one batch and always send
//!   `Donotpostallbatches`, and [`Sage300Client::create`] declines a body with a batch status.
//!
//! | answer | [`Phase`](paysage_http::Phase) |
//! |---|---|
//! | no connection, host not allowed | `NotSent` |
//! | 429 or `TooManyRequests` | `Throttled` |
//! | other 4xx (`RecordInvalid`, `RecordDuplicate`, `Forbidden`, …) | `Refused` |
//! | 5xx, `DBLinkError`, `SessionError`, not JSON, cut off, time-out | `Unclear` |
//! | 409 of a post service (it may have posted in part) | `Unclear` |
//! | `RecordNotFound` of a read by key | `Ok(None)` |
//!
//! A batch that posted with errors answers like one that posted: read it back.
#![forbid(unsafe_code)]

mod client;
mod error;
mod key;
mod process;
mod query;

pub use client::{Sage300Client, Sage300Config};
pub use error::Sage300Error;
pub use key::Key;
pub use process::CreateGlBatch;
pub use query::{Direction, Filter, Literal, Query};
