//! The total status table: what a transaction record's type, status and message mean to us.
//!
//! A record no row fits, or that rows disagree about, is `Unknown`: its items are held, never
//! guessed.

use domain::transaction::{Kind, Status};
use serde::{Deserialize, Serialize};

/// What a transaction record says of itself, as PayTrace spells it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Said<'a> {
    pub transaction_type: &'a str,
    pub status_code: &'a str,
    pub status_message: &'a str,
    /// Of the transaction itself, where a record carries one; never the export's own code.
    pub response_code: Option<i64>,
}

/// The three states `status_code` tells apart. [O]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// `GB<n>`, or a text with `Settled` in it.
    Settled,
    /// `Y`: approved, and in the next settlement.
    Pending,
    /// `N`: will not settle. The message says why.
    NotSettling,
}

/// One row: all that is given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Compared without regard to case.
    pub transaction_type: String,
    pub code: Code,
    /// The message contains this, without regard to case.
    #[serde(default)]
    pub message_has: Option<String>,
    /// The message contains none of these.
    #[serde(default)]
    pub message_lacks: Vec<String>,
    pub kind: Kind,
    pub status: Status,
}

/// The table of a merchant; the default one is the reference's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StatusTable(pub Vec<Row>);

impl StatusTable {
    /// What the record is and where it stands. Total: there is an answer for every text.
    #[must_use]
    pub fn read(&self, said: &Said<'_>) -> (Kind, Status) {
        let kind = self.kind(said);
        let status = match (self.row_status(said), said.response_code.and_then(verdict)) {
            (row, None) => row,
            (row, Some(verdict)) => verdict.bind(row),
        };
        (kind, status)
    }

    fn row_status(&self, said: &Said<'_>) -> Status {
        let Some(code) = code(said.status_code) else { return Status::Unknown };
        let message = said.status_message.to_uppercase();
        let mut found = None;
        for row in self.rows_of(said) {
            if row.code == code && row.fits(&message) {
                match found {
                    Some(other) if other != row.status => return Status::Unknown,
                    _ => found = Some(row.status),
                }
            }
        }
        found.unwrap_or(Status::Unknown)
    }

    fn kind(&self, said: &Said<'_>) -> Kind {
        let mut kinds = self.rows_of(said).map(|row| row.kind);
        let Some(first) = kinds.next() else { return Kind::Other };
        if kinds.all(|kind| kind == first) { first } else { Kind::Other }
    }

    fn rows_of<'t>(&'t self, said: &'t Said<'_>) -> impl Iterator<Item = &'t Row> {
        let wanted = said.transaction_type.trim();
        self.0.iter().filter(move |row| row.transaction_type.eq_ignore_ascii_case(wanted))
    }
}

impl Default for StatusTable {
    fn default() -> Self {
        let mut rows = Vec::new();
        for (name, kind) in MONEY {
            rows.push(row(name, Code::Settled, None, &["VOID", "DECL"], (kind, Status::Settled)));
            rows.push(row(name, Code::Pending, None, &["VOID", "DECL"], (kind, Status::Pending)));
            rows.push(row(name, N, Some("VOID"), &["DECL"], (kind, Status::Voided)));
            rows.push(row(name, N, Some("DECL"), &["VOID"], (kind, Status::Declined)));
        }
        let authorized = (Kind::Authorization, Status::Authorized);
        let not = ["VOID", "DECL", "NOT ", "UNAUTH"];
        rows.push(row("AUTHORIZATION", N, Some("AUTH"), &not, authorized));
        rows.push(row("VOID", N, None, &["DECL", "AUTH"], (Kind::Other, Status::Voided)));
        Self(rows)
    }
}

const N: Code = Code::NotSettling;

/// Types that move money. An authorization that settles, or is about to, was captured.
const MONEY: [(&str, Kind); 4] = [
    ("SALE", Kind::Sale),
    ("STR/FWD", Kind::Sale),
    ("AUTHORIZATION", Kind::Authorization),
    ("REFUND", Kind::Refund),
];

impl Row {
    /// `message` is in upper case.
    fn fits(&self, message: &str) -> bool {
        let contains = |word: &String| message.contains(&word.to_uppercase());
        self.message_has.as_ref().is_none_or(contains) && !self.message_lacks.iter().any(contains)
    }
}

fn row(name: &str, code: Code, has: Option<&str>, lacks: &[&str], to: (Kind, Status)) -> Row {
    Row {
        transaction_type: name.to_owned(),
        code,
        message_has: has.map(str::to_owned),
        message_lacks: lacks.iter().map(|&word| word.to_owned()).collect(),
        kind: to.0,
        status: to.1,
    }
}

fn code(text: &str) -> Option<Code> {
    let text = text.trim().to_uppercase();
    match text.as_str() {
        "Y" => Some(Code::Pending),
        "N" => Some(Code::NotSettling),
        _ if settlement_batch(&text).is_some() => Some(Code::Settled),
        _ if text.contains("SETTLED") && !text.contains("NOT") && !text.contains("UNSETTLED") => {
            Some(Code::Settled)
        }
        _ => None,
    }
}

/// The number in `GB<n>`. [O]
#[must_use]
pub fn settlement_batch(status_code: &str) -> Option<String> {
    let text = status_code.trim().to_uppercase();
    let digits = text.strip_prefix("GB")?.trim();
    let all = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit());
    all.then(|| digits.to_owned())
}

/// What a transaction's own response code allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// Approved once; it may have been voided since.
    Approved,
    Declined,
    Voided,
    /// A test, a stored transaction nobody authorized yet, or a code of another kind of request.
    Nothing,
}

impl Verdict {
    fn bind(self, row: Status) -> Status {
        match (self, row) {
            (Self::Approved, Status::Declined) | (Self::Nothing, _) => Status::Unknown,
            (Self::Approved, row) => row,
            (Self::Declined, Status::Declined | Status::Unknown) => Status::Declined,
            (Self::Voided, Status::Voided | Status::Unknown) => Status::Voided,
            (Self::Declined | Self::Voided, _) => Status::Unknown,
        }
    }
}

/// `None`: the code says nothing of the transaction (1 is an export's own success). [O]
fn verdict(response_code: i64) -> Option<Verdict> {
    match response_code {
        1 => None,
        101 | 106 | 112 | 115 | 180 => Some(Verdict::Approved),
        102 | 107 | 113 | 116 => Some(Verdict::Declined),
        103 | 109 => Some(Verdict::Voided),
        _ => Some(Verdict::Nothing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(transaction_type: &str, status_code: &str, status_message: &str) -> (Kind, Status) {
        let said = Said { transaction_type, status_code, status_message, response_code: None };
        StatusTable::default().read(&said)
    }

    fn coded(status_code: &str, status_message: &str, response_code: i64) -> Status {
        let response_code = Some(response_code);
        let said = Said { transaction_type: "SALE", status_code, status_message, response_code };
        StatusTable::default().read(&said).1
    }

    #[test]
    fn every_row_of_the_reference() {
        let rows = [
            ("SALE", "GB118", "GB118", Kind::Sale, Status::Settled),
            ("SALE", "Settled", "", Kind::Sale, Status::Settled),
            ("SALE", "Y", "Pending Settlement", Kind::Sale, Status::Pending),
            ("SALE", "Y", "", Kind::Sale, Status::Pending),
            ("SALE", "N", " VOIDED ", Kind::Sale, Status::Voided),
            ("SALE", "N", "Declined", Kind::Sale, Status::Declined),
            ("AUTHORIZATION", "N", "AUTHORIZED", Kind::Authorization, Status::Authorized),
            ("AUTHORIZATION", "N", "Auth Voided", Kind::Authorization, Status::Voided),
            ("AUTHORIZATION", "N", "AUTH DECLINED", Kind::Authorization, Status::Declined),
            ("AUTHORIZATION", "Y", "Pending Settlement", Kind::Authorization, Status::Pending),
            ("AUTHORIZATION", "GB9", "GB9", Kind::Authorization, Status::Settled),
            ("REFUND", "Y", "Pending Settlement", Kind::Refund, Status::Pending),
            ("REFUND", "GB120", "GB120", Kind::Refund, Status::Settled),
            ("REFUND", "N", "VOID", Kind::Refund, Status::Voided),
            ("STR/FWD", "GB7", "GB7", Kind::Sale, Status::Settled),
            ("STR/FWD", "Y", "Pending Settlement", Kind::Sale, Status::Pending),
            ("STR/FWD", "N", "DECLINED", Kind::Sale, Status::Declined),
            ("VOID", "N", "VOID", Kind::Other, Status::Voided),
        ];
        for (name, code, message, kind, status) in rows {
            assert_eq!(read(name, code, message), (kind, status), "{name} {code} {message}");
        }
        assert_eq!(read(" sale ", " gb118 ", ""), (Kind::Sale, Status::Settled));
    }

    #[test]
    fn what_no_row_says_is_unknown() {
        for (name, code, message) in [
            ("SALE", "N", ""),
            ("SALE", "N", "AUTH"),
            ("SALE", "", ""),
            ("SALE", "X", "Pending Settlement"),
            ("SALE", "GB", "GB"),
            ("SALE", "GB1x", ""),
            ("SALE", "Not Settled", ""),
            ("SALE", "Unsettled", ""),
            ("SALE", "Y", "VOIDED"),
            ("SALE", "N", "VOID AFTER DECLINE"),
            ("AUTHORIZATION", "N", "Not Authorized"),
            ("AUTHORIZATION", "N", "Unauthorized"),
            ("STR/FWD", "N", "Stored"),
            ("VOID", "Y", ""),
            ("VOID", "GB12", ""),
        ] {
            assert_eq!(read(name, code, message).1, Status::Unknown, "{name} {code} {message}");
        }
        for name in ["", "CHECK SALE", "SETTLED", "DECLINED", "SALES"] {
            assert_eq!(read(name, "Y", ""), (Kind::Other, Status::Unknown), "{name}");
        }
    }

    #[test]
    fn a_response_code_may_refuse_or_complete_a_row_but_not_overturn_it() {
        assert_eq!(coded("Y", "", 101), Status::Pending);
        assert_eq!(coded("GB3", "", 112), Status::Settled);
        assert_eq!(coded("N", "VOIDED", 101), Status::Voided);
        assert_eq!(coded("N", "DECLINED", 101), Status::Unknown);
        assert_eq!(coded("N", "", 102), Status::Declined);
        assert_eq!(coded("Y", "", 102), Status::Unknown);
        assert_eq!(coded("N", "", 103), Status::Voided);
        assert_eq!(coded("Y", "Pending Settlement", 103), Status::Unknown);
        assert_eq!(coded("Y", "", 1), Status::Pending);
        for test_or_stored in [104, 105, 108, 111, 114, 117, 118, 4711] {
            assert_eq!(coded("Y", "", test_or_stored), Status::Unknown, "{test_or_stored}");
        }
    }

    #[test]
    fn rows_that_disagree_say_nothing() {
        let mut table = StatusTable::default();
        table.0.push(row("SALE", Code::Pending, None, &[], (Kind::Sale, Status::Settled)));
        let said = Said { transaction_type: "SALE", status_code: "Y", ..Said::default() };
        assert_eq!(table.read(&said), (Kind::Sale, Status::Unknown));
    }

    #[test]
    fn the_table_is_written_and_read() {
        let table = StatusTable::default();
        let text = serde_json::to_string(&table).unwrap();
        assert_eq!(serde_json::from_str::<StatusTable>(&text).unwrap(), table);
    }

    #[test]
    fn batch_numbers() {
        assert_eq!(settlement_batch("GB118").as_deref(), Some("118"));
        assert_eq!(settlement_batch("GB007").as_deref(), Some("007"));
        assert_eq!(settlement_batch("Settled"), None);
        assert_eq!(settlement_batch("GB"), None);
    }
}
