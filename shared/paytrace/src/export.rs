use std::collections::BTreeMap;

use jiff::civil::Date;
use paysage_http::Phase;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::amount;
use crate::client::Answer;
use crate::{Customer, PayTraceClient, PayTraceError, Record};

/// Which days of transactions to export; the days are PayTrace's, both ends included \[O\].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateRange {
    /// First day.
    pub start: Date,
    /// Last day.
    pub end: Date,
    /// Free-text filter, such as an invoice number.
    pub including_text: Option<String>,
    /// `SALE`, `REFUND`, `SETTLED`, `PENDING`, …
    pub transaction_type: Option<String>,
    /// One vault profile.
    pub customer_id: Option<String>,
    /// Asks for the first digits of the card.
    pub include_bin: bool,
}

impl DateRange {
    /// Everything of some days.
    pub fn days(start: Date, end: Date) -> Self {
        let (including_text, transaction_type, customer_id) = (None, None, None);
        Self { start, end, including_text, transaction_type, customer_id, include_bin: false }
    }
}

impl PayTraceClient {
    /// One transaction; `None` when PayTrace does not know the id.
    pub async fn export_by_id(
        &self,
        transaction_id: i64,
        include_bin: bool,
    ) -> Result<Option<Record>, PayTraceError> {
        const OPERATION: &str = "paytrace.export_by_id";
        let body = ById { transaction_id, include_bin };
        let answer = self.read(OPERATION, "transactions/export/by_id", &body).await?;
        let found: Option<Vec<Record>> = rows(OPERATION, answer, "transactions", Some("58"))?;
        let mut found = found.unwrap_or_default().into_iter();
        match (found.next(), found.next()) {
            (None, _) => Ok(None),
            (Some(record), None) if record.transaction_id == transaction_id => Ok(Some(record)),
            _ => {
                let told = "the answer is about another transaction";
                Err(PayTraceError::new(OPERATION, Phase::Unclear, told))
            }
        }
    }

    /// All transactions of some days.
    pub async fn export_by_date_range(
        &self,
        range: &DateRange,
    ) -> Result<Vec<Record>, PayTraceError> {
        const OPERATION: &str = "paytrace.export_by_date_range";
        let body = ByDates {
            start_date: month_day_year(range.start),
            end_date: month_day_year(range.end),
            transaction_type: range.transaction_type.as_deref(),
            customer_id: range.customer_id.as_deref(),
            include_bin: range.include_bin,
            including_text: range.including_text.as_deref(),
        };
        let answer = self.read(OPERATION, "transactions/export/by_date_range", &body).await?;
        Ok(rows(OPERATION, answer, "transactions", None)?.unwrap_or_default())
    }

    /// One vault profile; `None` when there is none of that id.
    pub async fn export_customer(
        &self,
        customer_id: &str,
        include_bin: bool,
    ) -> Result<Option<Customer>, PayTraceError> {
        const OPERATION: &str = "paytrace.export_customer";
        let body = ByCustomer { customer_id, include_bin };
        let answer = self.read(OPERATION, "customer/export", &body).await?;
        let found: Option<Vec<Customer>> = rows(OPERATION, answer, "customers", Some("30"))?;
        Ok(found.unwrap_or_default().into_iter().find(|c| c.customer_id == customer_id))
    }
}

#[derive(Serialize)]
struct ById {
    transaction_id: i64,
    include_bin: bool,
}

#[derive(Serialize)]
struct ByCustomer<'a> {
    customer_id: &'a str,
    include_bin: bool,
}

#[derive(Serialize)]
struct ByDates<'a> {
    start_date: String,
    end_date: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<&'a str>,
    include_bin: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    including_text: Option<&'a str>,
}

#[derive(Deserialize)]
struct Envelope {
    success: bool,
    #[serde(default, deserialize_with = "amount::id")]
    response_code: Option<i64>,
    #[serde(default)]
    errors: BTreeMap<String, Vec<String>>,
}

fn month_day_year(day: Date) -> String {
    format!("{:02}/{:02}/{:04}", day.month(), day.day(), day.year())
}

/// The rows of an export. Success is `success` with code 1 \[O\]; the code alone also means errors.
/// `Ok(None)` is the one error key that says "unknown id".
fn rows<T: DeserializeOwned>(
    operation: &'static str,
    mut answer: Answer,
    name: &str,
    unknown: Option<&str>,
) -> Result<Option<Vec<T>>, PayTraceError> {
    let unclear = |told| PayTraceError::unclear(operation, answer.status, told);
    let list = answer.body.get_mut(name).map(Value::take);
    let envelope: Envelope = serde_json::from_value(answer.body)
        .map_err(|_| PayTraceError::unclear(operation, answer.status, "unexpected answer"))?;
    if !envelope.errors.is_empty() {
        let keys: Vec<&String> = envelope.errors.keys().collect();
        if unknown.is_some_and(|u| keys == [u]) {
            return Ok(None);
        }
        let mut error = unclear("the export was rejected");
        error.phase = Phase::Refused;
        error.code = keys.first().map(|k| (*k).clone());
        *error.errors = envelope.errors;
        return Err(error);
    }
    if !envelope.success || envelope.response_code != Some(1) {
        return Err(unclear("the export did not succeed"));
    }
    let list = list.ok_or_else(|| unclear("the export has no list"))?;
    serde_json::from_value(list).map(Some).map_err(|_| unclear("unexpected record"))
}
