//! What the processor makes of a card.

use serde_json::Value;

use super::record::Address;
use super::reply::Errors;

/// A card as given with a call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Card {
    pub number: String,
    pub month: u32,
    pub year: u32,
}

/// What came of asking the bank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub approved: bool,
    pub message: String,
    pub avs: String,
    pub csc: String,
}

/// Reads `credit_card`; every fault is named at once.
pub fn read(body: &Value) -> Result<Card, Errors> {
    let card = body.get("credit_card").cloned().unwrap_or(Value::Null);
    let text = |name: &str| plain(card.get(name));
    let number = match text("encrypted_number") {
        encrypted if encrypted.is_empty() => text("number"),
        encrypted => encrypted,
    };
    let mut errors = Errors::default();
    if !valid_number(&number) {
        errors.add(35, "Please provide a valid Credit Card Number.");
    }
    let month = text("expiration_month").parse::<u32>().unwrap_or(0);
    let year = text("expiration_year").parse::<u32>().unwrap_or(0);
    let year = if year < 100 { year.saturating_add(2_000) } else { year };
    if !(1..=12).contains(&month) {
        errors.add(43, "Please provide a valid Expiration Month.");
    } else if !(2_000..=2_099).contains(&year) {
        errors.add(44, "Please provide a valid Expiration Year.");
    }
    if errors.is_empty() { Ok(Card { number, month, year }) } else { Err(errors) }
}

/// The bank's answer. Amounts and cards that decline are PayTrace's own test values [O][C].
pub fn ask(card: &Card, cents: i64, address: &Address, csc: &str, sale: bool) -> Answer {
    let declined = match (cents, brand(&card.number), sale) {
        (112, _, _) => Some("    DECLINE - Insufficient funds"),
        (29, "amex", true) => Some("    DECLINE - Do not honor"),
        (29, "mastercard", false) => Some("  EXPIRED CARD - Expired card"),
        _ => None,
    };
    let avs = if declined.is_some() { "0" } else { avs(address) };
    let message = declined.map_or_else(
        || match avs {
            "Full Exact Match" => "EXACT MATCH - Approved and completed".to_owned(),
            _ => "  NO  MATCH - Approved and completed".to_owned(),
        },
        str::to_owned,
    );
    Answer {
        approved: declined.is_none(),
        message,
        avs: avs.to_owned(),
        csc: match csc {
            "" => String::new(),
            given if given == expected_csc(&card.number) => "Match".into(),
            _ => "No Match".into(),
        },
    }
}

pub fn brand(number: &str) -> &'static str {
    match number.as_bytes() {
        [b'4', ..] => "visa",
        [b'5', b'1'..=b'5', ..] | [b'2', b'2'..=b'7', ..] => "mastercard",
        [b'3', b'4' | b'7', ..] => "amex",
        [b'6', ..] => "discover",
        _ => "other",
    }
}

/// A JSON string or number as text.
pub fn plain(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// Cents of `"2.50"`, `51.88` or `110`; `None` when it is not a plain amount of dollars.
pub fn cents(value: Option<&Value>) -> Option<i64> {
    let text = plain(value);
    let amount: rust_decimal::Decimal = text.parse().ok()?;
    let cents = amount.checked_mul(rust_decimal::Decimal::ONE_HUNDRED)?;
    if !cents.fract().is_zero() || cents.is_sign_negative() {
        return None;
    }
    i64::try_from(cents.trunc().mantissa() / 10_i128.pow(cents.trunc().scale())).ok()
}

fn valid_number(number: &str) -> bool {
    let digits: Vec<u32> = number.chars().filter_map(|c| c.to_digit(10)).collect();
    let length_fits = match brand(number) {
        "amex" => digits.len() == 15,
        _ => digits.len() == 16 || digits.len() == 13,
    };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(n, digit)| match n % 2 {
            1 if digit * 2 > 9 => digit * 2 - 9,
            1 => digit * 2,
            _ => *digit,
        })
        .sum();
    digits.len() == number.chars().count() && length_fits && sum.is_multiple_of(10)
}

fn avs(address: &Address) -> &'static str {
    match (address.street.trim_start().starts_with("8320"), address.zip.starts_with("85284")) {
        (true, true) => "Full Exact Match",
        (true, false) => "Address Match Only",
        (false, true) => "Zip Match Only",
        (false, false) => "No Match",
    }
}

fn expected_csc(number: &str) -> &'static str {
    match brand(number) {
        "visa" => "999",
        "mastercard" => "998",
        "discover" => "996",
        _ => "9997",
    }
}
