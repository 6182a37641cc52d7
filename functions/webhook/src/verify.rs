//! From a delivery to what it says, or why it is refused. Pure: no I/O, no clock.

use std::borrow::Cow;
use std::fmt;

use runtime::card;
use runtime::json::{self, Found, Problem, Refused, Scalar};

use crate::code::Code;
use crate::endpoint::Endpoint;
use crate::form;
use crate::scheme::{Delivery, Written};

/// What an authenticated delivery says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<'r> {
    /// The sender's id of the event, if it has one.
    pub event: Option<Cow<'r, str>>,
    /// PayTrace's id of the transaction.
    pub transaction: Cow<'r, str>,
    /// The scheme's name.
    pub source: &'static str,
}

/// Why a delivery is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    pub code: Code,
    /// What and where in the body, when it is about the body. Never more of a card than four digits.
    pub detail: Option<Refused>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.detail {
            Some(refused) => write!(f, "{} Found: {refused}.", self.code.todo()),
            None => f.write_str(self.code.todo()),
        }
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self { code, detail: None }
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let code = match refused.problem {
            Problem::TooLarge => Code::BodyTooLarge,
            Problem::NotUtf8 => Code::NotUtf8,
            Problem::Malformed => Code::Malformed,
            Problem::TooDeep => Code::TooDeep,
            Problem::TooManyKeys => Code::TooManyKeys,
            Problem::DuplicateKey => Code::DuplicateKey,
            Problem::NumberOutOfRange => Code::NumberOutOfRange,
            Problem::LoneSurrogate => Code::LoneSurrogate,
            Problem::ForbiddenName(_) | Problem::CardNumber(_) => Code::CardDataBlocked,
        };
        Self { code, detail: Some(refused) }
    }
}

/// Authenticates the sender, scans the body and picks out the ids.
///
/// # Errors
/// When the sender is not known or the body may not come in.
pub fn verify_and_scan<'r>(
    endpoint: &Endpoint,
    delivery: &Delivery<'r>,
) -> Result<Verified<'r>, Refusal> {
    if delivery.body.len() > json::BODY_BYTES_MAX {
        return Err(Code::BodyTooLarge.into());
    }
    let scheme = endpoint.scheme.as_ref();
    let authentic = scheme.verify(delivery).map_err(|_| Refusal::from(Code::NotAuthenticated))?;
    let (in_body, transaction) = match scheme.written() {
        Written::Json => in_json(endpoint, delivery.body)?,
        Written::ParmList => (None, form::transaction(delivery.body)?.map(Cow::Owned)),
    };
    let event = authentic.event.map(Cow::Borrowed).or(in_body);
    if let Some(id) = &event {
        check_event_id(id)?;
    }
    let transaction = transaction.ok_or(Code::TransactionIdMissing)?;
    let digits = transaction.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || !(1..=TRANSACTION_DIGITS_MAX).contains(&transaction.len()) {
        return Err(Code::TransactionIdInvalid.into());
    }
    Ok(Verified { event, transaction, source: scheme.name() })
}

const TRANSACTION_DIGITS_MAX: usize = 18;
const EVENT_ID_CHARS_MAX: usize = 128;

type Ids<'r> = (Option<Cow<'r, str>>, Option<Cow<'r, str>>);

fn in_json<'r>(endpoint: &Endpoint, body: &'r [u8]) -> Result<Ids<'r>, Refusal> {
    let mut found = json::scan(body, &endpoint.pointers)?;
    let event = first(&mut found, 0, endpoint.event_pointers);
    let transaction = first(&mut found, endpoint.event_pointers, endpoint.transaction_pointers);
    Ok((event, transaction))
}

/// The first value present at `count` pointers from `from` on.
fn first<'r>(found: &mut Found<'r>, from: usize, count: usize) -> Option<Cow<'r, str>> {
    (from..from + count).find_map(|index| found.take(index)).map(|scalar| match scalar {
        Scalar::Text(text) => text,
        Scalar::Number(written) => Cow::Borrowed(written),
    })
}

fn check_event_id(id: &str) -> Result<(), Refusal> {
    let visible = id.bytes().all(|byte| byte.is_ascii_graphic());
    if id.is_empty() || id.len() > EVENT_ID_CHARS_MAX || !visible {
        return Err(Code::EventIdInvalid.into());
    }
    match card::find(id.as_bytes()) {
        Some(found) => {
            Err(Refused { problem: Problem::CardNumber(found.last4), position: 0 }.into())
        }
        None => Ok(()),
    }
}
