use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::key::encoded;

/// A typed `$filter`. Field names are program text; values are literals that cannot leave their
/// place (quotes doubled, then the whole expression percent-encoded).
///
/// ```
/// use sage300::Filter;
/// let filter = Filter::eq("CustomerNumber", "' or 1 eq 1").and(Filter::gt("BatchNumber", 7));
/// assert_eq!(filter.to_string(), "(CustomerNumber eq ''' or 1 eq 1') and (BatchNumber gt 7)");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    text: String,
}

/// A value in a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literal {
    text: String,
}

/// The options of a list call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    filter: Option<Filter>,
    select: Vec<&'static str>,
    order_by: Option<(&'static str, Direction)>,
    top: Option<usize>,
}

/// The order of `$orderby`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

impl Filter {
    /// `field eq value`; an enum is compared by its quoted member name.
    pub fn eq(field: &'static str, value: impl Into<Literal>) -> Self {
        Self::compare(field, "eq", value.into())
    }

    /// `field ne value`.
    pub fn ne(field: &'static str, value: impl Into<Literal>) -> Self {
        Self::compare(field, "ne", value.into())
    }

    /// `field gt value`.
    pub fn gt(field: &'static str, value: impl Into<Literal>) -> Self {
        Self::compare(field, "gt", value.into())
    }

    /// `field ge value`.
    pub fn ge(field: &'static str, value: impl Into<Literal>) -> Self {
        Self::compare(field, "ge", value.into())
    }

    /// `field lt value`.
    pub fn lt(field: &'static str, value: impl Into<Literal>) -> Self {
        Self::compare(field, "lt", value.into())
    }

    /// `field le value`.
    pub fn le(field: &'static str, value: impl Into<Literal>) -> Self {
        Self::compare(field, "le", value.into())
    }

    /// `startswith(field, text)`.
    pub fn starts_with(field: &'static str, text: &str) -> Self {
        Self { text: format!("startswith({field},{})", Literal::from(text).text) }
    }

    /// Both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { text: format!("({}) and ({})", self.text, other.text) }
    }

    /// Either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self { text: format!("({}) or ({})", self.text, other.text) }
    }

    fn compare(field: &str, operator: &str, value: Literal) -> Self {
        Self { text: format!("{field} {operator} {}", value.text) }
    }
}

impl std::fmt::Display for Filter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl Query {
    /// Everything, in key order.
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps the rows that match.
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filter = Some(filter);
        self
    }

    /// Fetches these properties only.
    #[must_use]
    pub fn select<const N: usize>(mut self, fields: [&'static str; N]) -> Self {
        self.select = fields.to_vec();
        self
    }

    /// Orders the rows.
    #[must_use]
    pub fn order_by(mut self, field: &'static str, direction: Direction) -> Self {
        self.order_by = Some((field, direction));
        self
    }

    /// Stops after this many rows.
    #[must_use]
    pub fn top(mut self, rows: usize) -> Self {
        self.top = Some(rows);
        self
    }

    pub(crate) fn rows_wanted(&self) -> Option<usize> {
        self.top
    }

    /// The query string of one page.
    pub(crate) fn page(&self, top: usize, skip: usize) -> String {
        let mut options = Vec::new();
        if let Some(filter) = &self.filter {
            options.push(format!("$filter={}", encoded(&filter.text)));
        }
        if !self.select.is_empty() {
            options.push(format!("$select={}", self.select.join(",")));
        }
        if let Some((field, direction)) = self.order_by {
            let suffix = if direction == Direction::Descending { "%20desc" } else { "" };
            options.push(format!("$orderby={field}{suffix}"));
        }
        options.push(format!("$top={top}"));
        if skip > 0 {
            options.push(format!("$skip={skip}"));
        }
        options.join("&")
    }
}

impl From<&str> for Literal {
    fn from(value: &str) -> Self {
        Self { text: format!("'{}'", value.replace('\'', "''")) }
    }
}

impl From<&String> for Literal {
    fn from(value: &String) -> Self {
        Self::from(value.as_str())
    }
}

impl From<i64> for Literal {
    fn from(value: i64) -> Self {
        Self { text: value.to_string() }
    }
}

impl From<Decimal> for Literal {
    fn from(value: Decimal) -> Self {
        Self { text: value.to_string() }
    }
}

impl From<Date> for Literal {
    fn from(value: Date) -> Self {
        Self { text: format!("{value}T00:00:00Z") }
    }
}

impl From<bool> for Literal {
    fn from(value: bool) -> Self {
        Self { text: value.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_take_the_forms_odata_asks_for() {
        let day = jiff::civil::date(2026, 12, 31);
        let filter = Filter::ge("A", day).or(Filter::lt("B", Decimal::new(10050, 2)));
        assert_eq!(filter.to_string(), "(A ge 2026-12-31T00:00:00Z) or (B lt 100.50)");
        assert_eq!(Filter::ne("C", true).to_string(), "C ne true");
        assert_eq!(Filter::starts_with("D", "O'B").to_string(), "startswith(D,'O''B')");
    }

    #[test]
    fn a_value_can_add_neither_a_condition_nor_an_option() {
        let query = Query::new().filter(Filter::eq("X", "' or 1 eq 1&$top=9"));
        assert_eq!(
            query.page(100, 0),
            "$filter=X%20eq%20%27%27%27%20or%201%20eq%201%26%24top%3D9%27&$top=100"
        );
    }

    #[test]
    fn every_page_repeats_the_whole_query() {
        let query = Query::new()
            .filter(Filter::eq("X", 1))
            .select(["A", "B"])
            .order_by("A", Direction::Descending);
        let expected = "$filter=X%20eq%201&$select=A,B&$orderby=A%20desc&$top=50&$skip=100";
        assert_eq!(query.page(50, 100), expected);
    }
}
