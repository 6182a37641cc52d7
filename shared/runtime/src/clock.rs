//! The wall clock, read in one place. Everything else is given the time.

use jiff::Timestamp;

/// What the machine's clock says now.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one reading of the wall clock")]
pub fn now() -> Timestamp {
    Timestamp::now()
}
