//! A client of the PayTrace v1 JSON API. It knows PayTrace's shapes and nothing of its caller.
//!
//! Source tags: \[O\] official, \[R\] recorded exchange, \[C\] third-party client, \[I\] inferred.
//!
//! - Amounts are exact decimals in US dollars, sent as text (`"2.50"`), read from the raw digits.
//! - There is no call that takes a card number: only vault profiles, earlier transactions and
//!   hosted-field tokens.
//! - Times are local text without a zone \[O\]; [`parse_local`] reads them in the zone given \[I\].
//! - A money call is decided from the body, never from the status or `success` alone, and
//!   code 103 (approved, then voided by the account's own rules) is not paid \[O\].
//! - There is no idempotency key: after `Unclear`, look the transaction up by invoice number.
//!
//! | answer | result |
//! |---|---|
//! | the operation's success code with `success:true` | `Outcome::Approved` |
//! | 102, 107, 110, 113, 125, 167 | `Outcome::Declined` |
//! | 103 | `Outcome::AutoVoided` |
//! | an `errors` map | `Outcome::Rejected` |
//! | any other code | `Outcome::Unrecognised`: treat as unclear |
//! | no connection, or no token could be fetched | `NotSent` |
//! | 429 | `Throttled` |
//! | wrong credentials, a read that is rejected | `Refused` |
//! | not JSON, cut off, 5xx without a code, time-out | `Unclear` |
#![forbid(unsafe_code)]

mod amount;
mod check;
mod client;
mod error;
mod export;
mod local_time;
mod money;
mod outcome;
mod record;
mod vault;

pub use client::{PayTraceClient, PayTraceConfig};
pub use error::PayTraceError;
pub use export::DateRange;
pub use local_time::{TimeError, parse_local};
pub use money::{Details, Payer};
pub use outcome::{Outcome, Rejection, Reply};
pub use record::{Address, Card, Created, Customer, NotSettling, Record, Settlement};
