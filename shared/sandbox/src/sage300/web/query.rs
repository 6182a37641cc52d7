//! The query options, each at most once. [O]

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::percent_decode_str;

use super::super::schema::{Field, Kind, Shape};
use super::filter::{Filter, filter};
use super::refusal::{self, Outcome};

/// What the options ask of a collection.
#[derive(Debug, Default)]
pub struct Query<'s> {
    pub top: Option<usize>,
    pub skip: usize,
    pub count: bool,
    pub filter: Option<Filter<'s>>,
    /// In the order asked for.
    pub select: Option<Vec<&'s Field>>,
    /// With `true` for descending.
    pub order: Vec<(&'s Field, bool)>,
}

impl<'s> Query<'s> {
    /// # Errors
    /// `InvalidParameters`: an unknown or repeated option, or a value that is none.
    pub fn read(raw: &str, shape: &'s Shape, type_name: &str) -> Outcome<Self> {
        let options = options(raw)?;
        let mut query = Self::default();
        for (name, value) in &options {
            match name.as_str() {
                "$top" => query.top = Some(whole(name, value)?),
                "$skip" => query.skip = whole(name, value)?,
                "$count" => query.count = value.parse().map_err(|_| not_valid(name, value))?,
                "$filter" => query.filter = Some(filter(value, shape, type_name)?),
                "$select" => query.select = Some(select(value, shape, type_name)?),
                "$orderby" => query.order = order(value, shape, type_name)?,
                _ => {
                    let text = format!("The query option '{name}' is not supported.");
                    return Err(refusal::invalid_parameters(text));
                }
            }
        }
        Ok(query)
    }

    /// The properties needed to find and order the rows.
    #[must_use]
    pub fn deciding(&self) -> BTreeSet<&'s str> {
        let mut names: BTreeSet<&str> =
            self.order.iter().map(|(field, _)| field.name.as_str()).collect();
        if let Some(filter) = &self.filter {
            filter.properties(&mut names);
        }
        names
    }
}

/// The only option of a read by key.
///
/// # Errors
/// `InvalidParameters` for any other option.
pub fn select_alone<'s>(
    raw: &str,
    shape: &'s Shape,
    type_name: &str,
) -> Outcome<Option<Vec<&'s Field>>> {
    let options = options(raw)?;
    if let Some(other) = options.keys().find(|name| *name != "$select") {
        let text = format!("The query option '{other}' cannot be applied to a single record.");
        return Err(refusal::invalid_parameters(text));
    }
    options.get("$select").map(|value| select(value, shape, type_name)).transpose()
}

fn options(raw: &str) -> Outcome<BTreeMap<String, String>> {
    let mut options = BTreeMap::new();
    for pair in raw.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decoded(name)?, decoded(value)?);
        if options.insert(name.clone(), value).is_some() {
            let text = format!("Query option '{name}' was specified more than once.");
            return Err(refusal::invalid_parameters(text));
        }
    }
    Ok(options)
}

fn decoded(raw: &str) -> Outcome<String> {
    let spaced = raw.replace('+', " ");
    let text = percent_decode_str(&spaced).decode_utf8();
    text.map(|text| text.into_owned())
        .map_err(|_| refusal::invalid_parameters("The query is not valid UTF-8."))
}

fn whole(name: &str, value: &str) -> Outcome<usize> {
    value.parse().map_err(|_| not_valid(name, value))
}

fn not_valid(name: &str, value: &str) -> super::super::resource::SageError {
    refusal::invalid_parameters(format!("Invalid value '{value}' for {name} query option found."))
}

fn select<'s>(value: &str, shape: &'s Shape, type_name: &str) -> Outcome<Vec<&'s Field>> {
    let mut fields: Vec<&Field> = Vec::new();
    for name in value.split(',').map(str::trim) {
        let field = property(name, shape, type_name)?;
        if !fields.iter().any(|seen| seen.name == field.name) {
            fields.push(field);
        }
    }
    Ok(fields)
}

fn order<'s>(value: &str, shape: &'s Shape, type_name: &str) -> Outcome<Vec<(&'s Field, bool)>> {
    let mut order = Vec::new();
    for part in value.split(',') {
        let mut words = part.split_whitespace();
        let field = property(words.next().unwrap_or_default(), shape, type_name)?;
        let descending = match (words.next(), words.next()) {
            (None | Some("asc"), None) => false,
            (Some("desc"), None) => true,
            _ => return Err(not_valid("$orderby", value)),
        };
        if matches!(field.kind, Kind::Many(_)) {
            return Err(not_valid("$orderby", value));
        }
        order.push((field, descending));
    }
    Ok(order)
}

fn property<'s>(name: &str, shape: &'s Shape, type_name: &str) -> Outcome<&'s Field> {
    shape.field(name).ok_or_else(|| refusal::unknown_property(name, type_name))
}
