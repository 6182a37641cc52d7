//! What of Sage 300 is unproven, and may therefore be set otherwise per company.

use serde::{Deserialize, Serialize};

/// Choices about one company's Web API. The defaults are the safe variants.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Send a prepayment's order as `DocumentType: OrderNumber` and `MatchingDocumentNumber` [I];
    /// otherwise the order number stands in `EntryReference`.
    pub prepayment_matches_order: bool,
    pub lookup: Lookup,
    pub calendar: CalendarFields,
}

/// How our own batches are found again (assumption A4).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lookup {
    /// Sage filters by `startswith(Description, ...)`.
    #[default]
    Description,
    /// All receipt batches with a number above `since` are listed, and compared here.
    Recent { since: i64 },
}

/// Property names of `CSFiscalCalendars`, none of them proven [I]. `{n}` is the period, from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CalendarFields {
    pub start: String,
    pub end: String,
    pub status: String,
    /// A year whose property says no is locked as a whole.
    pub active: String,
    /// Values of `status` that mean locked, compared without regard to case.
    pub locked: Vec<String>,
}

impl Default for CalendarFields {
    fn default() -> Self {
        Self {
            start: "FiscalPeriod{n}StartDate".to_owned(),
            end: "FiscalPeriod{n}EndDate".to_owned(),
            status: "FiscalPeriod{n}Status".to_owned(),
            active: "YearActive".to_owned(),
            locked: ["Locked", "Yes", "true", "1"].map(str::to_owned).to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_and_unknown_ones_refused() {
        let text = r#"{"prepayment_matches_order": true, "lookup": {"recent": {"since": 1200}}}"#;
        let settings: Settings = serde_json::from_str(text).unwrap();
        assert!(settings.prepayment_matches_order);
        assert_eq!(settings.lookup, Lookup::Recent { since: 1200 });
        assert_eq!(settings.calendar, CalendarFields::default());
        assert_eq!(serde_json::from_str::<Settings>("{}").unwrap(), Settings::default());
        assert!(serde_json::from_str::<Settings>(r#"{"lookups": "description"}"#).is_err());
    }
}
