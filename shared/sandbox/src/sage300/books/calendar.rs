//! The fiscal calendar: years of twelve calendar months, and which periods are locked for whom.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde_json::Value;

use super::super::resource::Row;
use super::cell::{day, put};

/// Fiscal year and period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period {
    pub year: i16,
    pub number: i8,
}

#[derive(Debug, Clone)]
pub struct Calendar {
    years: std::ops::RangeInclusive<i16>,
    locks: BTreeSet<(String, Period)>,
}

/// The module name under which a period is locked for all modules.
const ALL: &str = "ALL";

impl Calendar {
    #[must_use]
    pub fn of_years(years: std::ops::RangeInclusive<i16>) -> Self {
        Self { years, locks: BTreeSet::new() }
    }

    #[must_use]
    pub fn period(&self, date: Date) -> Option<Period> {
        let period = Period { year: date.year(), number: date.month() };
        self.years.contains(&period.year).then_some(period)
    }

    #[must_use]
    pub fn has(&self, period: Period) -> bool {
        self.years.contains(&period.year) && (1..=12).contains(&period.number)
    }

    #[must_use]
    pub fn is_locked(&self, module: &str, period: Period) -> bool {
        let locked = |module: &str| self.locks.contains(&(module.to_owned(), period));
        locked(module) || locked(ALL)
    }

    pub fn lock(&mut self, module: &str, period: Period) {
        self.locks.insert((module.to_uppercase(), period));
    }

    pub fn unlock(&mut self, module: &str, period: Period) {
        self.locks.remove(&(module.to_uppercase(), period));
    }

    /// `CSFiscalCalendars`: a period shows as locked when it is for any module. [I]
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        self.years.clone().map(|year| self.row(year)).collect()
    }

    fn row(&self, year: i16) -> Row {
        let mut row = Row::new();
        put(&mut row, "FiscalYear", year.to_string());
        put(&mut row, "NumberOfFiscalPeriods", 12);
        put(&mut row, "YearActive", true);
        for number in 1..=12_i8 {
            let Ok(start) = Date::new(year, number, 1) else { continue };
            put(&mut row, &format!("FiscalPeriod{number}StartDate"), day(start));
            put(&mut row, &format!("FiscalPeriod{number}EndDate"), day(start.last_of_month()));
            let period = Period { year, number };
            let locked = self.locks.iter().any(|(_, locked)| *locked == period);
            let status = if locked { "Locked" } else { "Unlocked" };
            put(&mut row, &format!("FiscalPeriod{number}Status"), status);
        }
        row
    }
}

impl Period {
    /// Writes `FiscalYear` and `FiscalPeriod` as A/R and G/L have them.
    pub fn write(self, row: &mut Row) {
        put(row, "FiscalYear", self.year.to_string());
        put(row, "FiscalPeriod", format!("{:02}", self.number));
    }

    /// The period as Order Entry's pick-list has it.
    #[must_use]
    pub fn member(self) -> Value {
        Value::from(format!("Num{}", self.number))
    }
}
