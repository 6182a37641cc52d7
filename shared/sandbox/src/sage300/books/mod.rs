//! The bookkeeping of a simulated company: what its records mean, and what posting does.
//!
//! Amounts are exact decimals throughout. Batches of every kind live by one mechanism (`batch`,
//! `entry`, `posting`); `receipt`, `invoice`, `refund` and `general_ledger` say what their entries
//! mean. Every posting hands a balanced journal to the general ledger.

mod bank_entry;
mod batch;
mod calendar;
mod cell;
mod commands;
mod counters;
mod customers;
mod day_end;
mod document;
mod entry;
mod general_ledger;
mod invoice;
mod invoice_post;
mod masters;
mod merge;
mod note;
mod observe;
mod options;
mod order;
mod people;
mod posted_receipt;
mod posting;
mod receipt;
mod receipt_entry;
mod receipt_post;
mod records;
mod refund;
mod refusal;
mod sale;
mod sample;
mod seed;
mod sequenced;
mod state;
mod stock;
mod tax;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;

use self::batch::Shelves;
pub use self::batch::Status as BatchStatus;
use self::calendar::Calendar;
use self::counters::Counters;
use self::customers::Standing;
use self::day_end::Unsent;
use self::document::{Documents, Name};
use self::general_ledger::GeneralLedger;
use self::masters::Masters;
pub use self::observe::{BatchSeen, EntrySeen};
pub use self::options::{AppliedLimit, DuplicateChecks, GlBatches, Options, Scope};
use self::posted_receipt::PostedReceipts;
use self::posting::Failure;
pub use self::sample::samltd;
use self::sequenced::Sequences;
use self::stock::Stock;

/// The payment code of a receipt whose entry and customer name none.
const DEFAULT_PAYMENT_CODE: &str = "CHECK";

/// A/R items: number, distribution code, price. They have no resource of their own. [O]
const AR_ITEMS: [(&str, &str, Decimal); 1] =
    [("BK-360", "ITEM", Decimal::from_parts(3600, 0, 0, false, 2))];

/// All books of one company.
#[derive(Debug, Clone)]
pub struct Books {
    options: Options,
    /// The day of the latest request, in UTC.
    today: Date,
    masters: Masters,
    calendar: Calendar,
    counters: Counters,
    shelves: Shelves,
    /// What unposted entries take off documents.
    pending: BTreeMap<Name, Decimal>,
    /// Document numbers that unposted invoices have.
    held_numbers: BTreeMap<Name, u32>,
    documents: Documents,
    receipts: PostedReceipts,
    standings: BTreeMap<String, Standing>,
    /// In each bank's statement currency.
    bank_balances: BTreeMap<String, Decimal>,
    ledger: GeneralLedger,
    sequences: Sequences,
    stock: Stock,
    /// Order Entry documents since the last day end.
    unsent: Vec<Unsent>,
    failures: Vec<Failure>,
    /// Backups, by name.
    snapshots: BTreeMap<String, Books>,
}
