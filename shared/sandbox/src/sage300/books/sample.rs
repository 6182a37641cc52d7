//! Sample Company Limited, as far as its parts are known from official samples. [O][I]

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::super::resource::Row;
use super::calendar::Calendar;
use super::masters::Masters;
use super::{Books, Options};

const RECORDS: &str = include_str!("samltd.json");

impl Books {
    /// The sample company SAMLTD (functional currency CAD), with no transactions.
    #[must_use]
    pub fn samltd(options: Options) -> Self {
        Self {
            options,
            today: Date::ZERO,
            masters: masters(),
            calendar: Calendar::of_years(2019..=2030),
            counters: super::Counters::default(),
            shelves: super::Shelves::default(),
            pending: BTreeMap::new(),
            held_numbers: BTreeMap::new(),
            documents: super::Documents::default(),
            receipts: super::PostedReceipts::default(),
            standings: BTreeMap::new(),
            bank_balances: BTreeMap::new(),
            ledger: super::GeneralLedger::default(),
            sequences: super::Sequences::default(),
            failures: Vec::new(),
            snapshots: BTreeMap::new(),
        }
    }
}

#[expect(clippy::expect_used, reason = "the records are compiled in, and tests read them all")]
fn masters() -> Masters {
    let tables: BTreeMap<String, Vec<Row>> =
        serde_json::from_str(RECORDS).expect("the sample company's records are well-formed");
    let mut masters = Masters::default();
    for (resource, rows) in tables {
        rows.into_iter().for_each(|row| masters.store(&resource, row));
    }
    masters
}
