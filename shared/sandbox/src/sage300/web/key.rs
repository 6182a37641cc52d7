//! The key in the parentheses: `('1200')`, `(65)`, `(BatchRecordType='CA', BatchNumber=65)`. [O]

use rust_decimal::Decimal;
use serde_json::Value;

use super::super::resource::Key;
use super::super::schema::{Field, Kind, Shape};
use super::refusal::{self, Outcome};
use super::stored;

/// Reads a key: named parts in any order, or unnamed parts in the metadata's order; all of them.
///
/// # Errors
/// `InvalidEntityKey`.
pub fn read(text: &str, shape: &Shape) -> Outcome<Key> {
    let malformed =
        || refusal::invalid_entity_key(format!("The entity key ({text}) is malformed."));
    let parts = parts(text).ok_or_else(malformed)?;
    let expected: Vec<&Field> = shape.keys().collect();
    if parts.len() != expected.len() {
        let text = "The number of key parts is not that of the resource.";
        return Err(refusal::invalid_entity_key(text));
    }
    let mut key = Key::new();
    for (position, part) in parts.iter().enumerate() {
        let field = match &part.name {
            Some(name) => expected.iter().find(|field| field.name == *name),
            None => expected.get(position),
        };
        let field = field.ok_or_else(malformed)?;
        let value = part.value(&field.kind).ok_or_else(malformed)?;
        if key.insert(field.name.clone(), value).is_some() {
            return Err(malformed());
        }
    }
    Ok(key)
}

struct Part {
    name: Option<String>,
    text: String,
    quoted: bool,
}

impl Part {
    fn value(&self, kind: &Kind) -> Option<Value> {
        match kind {
            Kind::Text { upper, .. } => Some(Value::from(stored::text(&self.text, *upper))),
            Kind::Int | Kind::Long if !self.quoted => {
                self.text.parse::<i64>().ok().map(Value::from)
            }
            Kind::Decimal { .. } if !self.quoted => {
                Decimal::from_str_exact(&self.text).ok().map(stored::number)
            }
            Kind::Bool if !self.quoted => self.text.parse::<bool>().ok().map(Value::from),
            Kind::Date => stored::date(&self.text).map(Value::from),
            Kind::Enum(list) => list.find(&self.text).map(|m| Value::from(m.name.as_str())),
            _ => None,
        }
    }
}

/// The parts between the commas; `None` when they are malformed or some are named and others not.
fn parts(text: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        let (part, after) = part(rest)?;
        parts.push(part);
        match after {
            Some(after) => rest = after,
            None => break,
        }
    }
    let named = parts.iter().filter(|part| part.name.is_some()).count();
    (named == 0 || named == parts.len()).then_some(parts)
}

/// The first part, and what follows its comma.
fn part(text: &str) -> Option<(Part, Option<&str>)> {
    let text = text.trim_start();
    let named = text.split_once('=').filter(|(name, _)| !name.contains(['\'', ',']));
    let (name, value) = match named {
        Some((name, value)) => (Some(name.trim().to_owned()), value.trim_start()),
        None => (None, text),
    };
    let (text, quoted, after) = match value.strip_prefix('\'') {
        Some(open) => {
            let (text, after) = quoted(open)?;
            (text, true, after.trim_start())
        }
        None => {
            let end = value.find(',').unwrap_or(value.len());
            let (bare, after) = value.split_at_checked(end)?;
            let bare = bare.trim_end();
            if bare.is_empty() || bare.contains([' ', '\'', '(', ')', '=']) {
                return None;
            }
            (bare.to_owned(), false, after)
        }
    };
    let after = match after.strip_prefix(',') {
        Some(after) => Some(after),
        None if after.is_empty() => None,
        None => return None,
    };
    Some((Part { name, text, quoted }, after))
}

/// The text up to the closing quote, doubled quotes undone, and what follows the quote.
pub fn quoted(open: &str) -> Option<(String, &str)> {
    let mut text = String::new();
    let mut rest = open;
    loop {
        let (before, after) = rest.split_once('\'')?;
        text.push_str(before);
        match after.strip_prefix('\'') {
            Some(more) => {
                text.push('\'');
                rest = more;
            }
            None => return Some((text, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::schema::catalogue;
    use super::*;

    fn key(resource: &str, text: &str) -> Result<String, &'static str> {
        let shape = &catalogue().resource(resource).unwrap().shape;
        read(text, shape)
            .map(|key| serde_json::to_string(&key).unwrap())
            .map_err(|refusal| refusal.code)
    }

    #[test]
    fn all_documented_forms_are_read() {
        let batch = r#"{"BatchNumber":65,"BatchRecordType":"CA"}"#;
        for (resource, text, expected) in [
            ("ARCustomers", "'1200'", r#"{"CustomerNumber":"1200"}"#),
            ("ARCustomers", "1200", r#"{"CustomerNumber":"1200"}"#),
            ("ARCustomers", "CustomerNumber='barmart  '", r#"{"CustomerNumber":"BARMART"}"#),
            ("ARCustomers", "'O''BRIEN, (A)'", r#"{"CustomerNumber":"O'BRIEN, (A)"}"#),
            ("ARCustomers", "'A=B'", r#"{"CustomerNumber":"A=B"}"#),
            ("ARInvoiceBatches", "65", r#"{"BatchNumber":65}"#),
            ("ARInvoiceBatches", " BatchNumber = 65 ", r#"{"BatchNumber":65}"#),
            ("GLJournalBatches", "'000490'", r#"{"BatchNumber":"000490"}"#),
            ("ARReceiptAndAdjustmentBatches", "BatchRecordType='CA',BatchNumber=65", batch),
            ("ARReceiptAndAdjustmentBatches", "BatchNumber = 65 , BatchRecordType = CA", batch),
            ("ARReceiptAndAdjustmentBatches", "'CA',65", batch),
            (
                "TXTaxGroups",
                "TaxGroupKey='CALIF',TransactionType='1'",
                r#"{"TaxGroupKey":"CALIF","TransactionType":"Sales"}"#,
            ),
        ] {
            assert_eq!(key(resource, text).as_deref(), Ok(expected), "{resource}({text})");
        }
    }

    #[test]
    fn malformed_or_incomplete_keys_are_refused() {
        for (resource, text) in [
            ("ARCustomers", ""),
            ("ARCustomers", "'1200"),
            ("ARCustomers", "'1200'x"),
            ("ARCustomers", "12 00"),
            ("ARCustomers", "'1200','1300'"),
            ("ARCustomers", "Customer='1200'"),
            ("ARCustomers", "ShortName='BLACK'"),
            ("ARInvoiceBatches", "'65'"),
            ("ARInvoiceBatches", "sixty"),
            ("ARInvoiceBatches", "1,000"),
            ("ARReceiptAndAdjustmentBatches", "BatchNumber=65"),
            ("ARReceiptAndAdjustmentBatches", "65,'CA'"),
            ("ARReceiptAndAdjustmentBatches", "BatchRecordType='CA',65"),
            ("ARReceiptAndAdjustmentBatches", "BatchNumber=65,BatchNumber=66"),
        ] {
            assert_eq!(key(resource, text), Err("InvalidEntityKey"), "{resource}({text})");
        }
    }
}
