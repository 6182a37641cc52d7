//! What an operator does by hand on the embedded store.
//!
//! * [`explain`]: everything known about one payment
//! * [`hold`]: keep a payment from being posted, and let it go again
//! * [`redrive`]: queue again what was not worked off
//!
//! They open the product's own file, which admits one process at a time: the product is stopped
//! first. Nothing here decides or posts; what is queued or released is taken up by the product.

use std::path::PathBuf;

use clap::Args;

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
pub struct Place {
    /// The product's configuration; the product must be stopped
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}
