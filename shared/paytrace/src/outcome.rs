use std::collections::BTreeMap;

use serde::Deserialize;

use crate::amount;
use crate::client::Answer;
use crate::error::PayTraceError;

/// What became of a money call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Approved(Reply),
    /// Looked at and declined; a transaction record may exist.
    Declined(Reply),
    /// 103: approved by the bank, then voided by PayTrace. Not paid.
    AutoVoided(Reply),
    /// Rejected before processing.
    Rejected(Rejection),
    /// A code this client cannot judge: treat as unclear.
    Unrecognised(Reply),
}

/// The fields of a reply; absent text is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Reply {
    /// PayTrace's own flag; never decisive alone.
    pub success: bool,
    /// The numeric code.
    #[serde(deserialize_with = "amount::id")]
    pub response_code: Option<i64>,
    /// For people.
    #[serde(deserialize_with = "amount::text")]
    pub status_message: String,
    /// The card transaction.
    #[serde(deserialize_with = "amount::id")]
    pub transaction_id: Option<i64>,
    /// The check transaction.
    #[serde(deserialize_with = "amount::id")]
    pub check_transaction_id: Option<i64>,
    /// The vault profile.
    #[serde(deserialize_with = "amount::text")]
    pub customer_id: String,
    /// The bank's approval.
    #[serde(deserialize_with = "amount::text")]
    pub approval_code: String,
    /// The bank's words, trimmed.
    #[serde(deserialize_with = "amount::text")]
    pub approval_message: String,
    /// Address check.
    #[serde(deserialize_with = "amount::text")]
    pub avs_response: String,
    /// Security-code check.
    #[serde(deserialize_with = "amount::text")]
    pub csc_response: String,
    /// `xxxxxxxxxxxx5439`, in some replies.
    #[serde(deserialize_with = "amount::text")]
    pub masked_card_number: String,
    /// Echo.
    #[serde(deserialize_with = "amount::text")]
    pub external_transaction_id: String,
    /// Code to texts, when rejected.
    pub errors: BTreeMap<String, Vec<String>>,
}

/// Why a call was rejected before processing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The numeric code, usually 1.
    pub response_code: Option<i64>,
    /// For people.
    pub status_message: String,
    /// Code to texts; unknown codes pass through.
    pub errors: BTreeMap<String, Vec<String>>,
}

/// Codes that say "looked at and not done" \[O\], 167 \[C\].
const DECLINES: [i64; 6] = [102, 107, 110, 113, 125, 167];

impl Outcome {
    /// Judges an answer; `success_codes` are the ones of the operation asked for.
    pub(crate) fn of(
        operation: &'static str,
        answer: Answer,
        success_codes: &[i64],
    ) -> Result<Self, PayTraceError> {
        let status = answer.status;
        let unclear = |told| PayTraceError::unclear(operation, status, told);
        let reply: Reply =
            serde_json::from_value(answer.body).map_err(|_| unclear("unexpected reply"))?;
        let Some(code) = reply.response_code else {
            return Err(unclear("no response code"));
        };
        if !reply.success && !reply.errors.is_empty() {
            return Ok(Self::Rejected(Rejection {
                response_code: reply.response_code,
                status_message: reply.status_message,
                errors: reply.errors,
            }));
        }
        let done = reply.success && reply.errors.is_empty() && success_codes.contains(&code);
        Ok(match code {
            103 => Self::AutoVoided(reply),
            _ if done => Self::Approved(reply),
            _ if !reply.success && DECLINES.contains(&code) => Self::Declined(reply),
            _ => Self::Unrecognised(reply),
        })
    }
}
