//! `$filter`: its words, its grammar, and its meaning over one record type.

mod bind;
mod datum;
mod parse;
mod word;

use super::super::schema::Shape;
use super::refusal::Outcome;

pub use self::bind::Filter;
pub use self::datum::{compare, read};

/// Reads a filter over records of that type. `type_name` is the qualified name for messages.
///
/// # Errors
/// `InvalidParameters`: syntax, an unknown property, or operands of different types.
pub fn filter<'s>(text: &str, shape: &'s Shape, type_name: &str) -> Outcome<Filter<'s>> {
    let node = parse::parse(&word::words(text)?)?;
    bind::bind(&node, shape, type_name)
}
