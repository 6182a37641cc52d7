//! What an operator does by hand, on the embedded store or on AWS.
//!
//! * [`explain`]: everything known about one payment
//! * [`hold`]: keep a payment from being posted, and let it go again
//! * [`close`]: end what a person settled: exceptions, held documents, held batches
//! * [`redrive`]: queue again what was not worked off
//! * [`audit`]: who did what of this, and that nobody changed the record
//!
//! The product's own file admits one process at a time: there the product is stopped first. On AWS
//! it goes on. Nothing here decides or posts; what is queued or released is taken up by the product.

use std::path::PathBuf;

use clap::Args;

pub mod audit;
pub mod close;
mod desk;
pub mod explain;
mod find;
pub mod hold;
pub mod redrive;
#[cfg(test)]
mod sample;
mod story;
mod words;

/// Which store.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct Place {
    /// The product's configuration; the product must be stopped
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// An environment on AWS (dev, qa, prod), with the credentials in your environment variables
    #[arg(long, value_name = "ENVIRONMENT")]
    aws: Option<String>,
}

/// Who acts.
#[derive(Args)]
pub struct Signed {
    /// Your name, for the audit trail
    #[arg(long, value_name = "NAME")]
    by: String,
}
