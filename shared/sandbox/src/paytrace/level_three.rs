//! Level 3 data: one extra call for an approved, unsettled Visa or MasterCard sale [C][O].

use serde_json::Value;

use super::card::brand;
use super::dispatch::{Answered, Call, PaytraceSim, missing};
use super::record::{Kind, Standing};
use super::reply::{self, Errors, head, ok};

impl PaytraceSim {
    pub(super) fn level_three(&self, call: &Call<'_>, path: &str) -> Answered {
        let (code, wanted) = match path {
            "visa" => (170, "visa"),
            "mastercard" => (171, "mastercard"),
            _ => return Ok(reply::page_not_found()),
        };
        let record = self.named(call)?;
        let sold = record.kind != Kind::Refund && record.standing == Standing::Pending;
        if !sold || brand(&record.card) != wanted {
            return Err(Errors::one(58, "The transaction does not take this enhanced data."));
        }
        let lines = call.body.get("line_items").and_then(Value::as_array);
        let lines = lines.ok_or_else(|| missing("line_items"))?.len();
        Ok(ok(head(
            true,
            code,
            &format!(
                "Visa/MasterCard enhanced data was successfully added to Transaction ID {}. \
                 {lines} line item records were created.",
                record.id
            ),
        )))
    }
}
