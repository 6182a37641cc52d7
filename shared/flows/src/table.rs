//! Tables ready to be asked: the first row that fits answers.

use std::collections::{BTreeMap, BTreeSet};

use crate::document::{OnMiss, OnNoMatch, Row, Table};
use crate::entity::Type;
use crate::expr::{ExprError, Expression, Scope};
use crate::value::Value;

/// A table as one field asks it: with its own key, for one of its outputs.
#[derive(Debug)]
pub(crate) struct Asked {
    id: String,
    key: Option<Expression>,
    rows: Vec<Compiled>,
    on_no_match: OnNoMatch,
    uses: BTreeSet<String>,
}

#[derive(Debug)]
struct Compiled {
    id: String,
    tests: Vec<Expression>,
    then: Expression,
}

/// The name the key of a lookup has in the rows' tests.
const KEY: &str = "key";

impl Asked {
    /// # Errors
    /// The first thing that is wrong with the table, as it is asked here.
    pub(crate) fn compile(
        table: &Table,
        output: Option<&str>,
        key: Option<&str>,
        (scope, wanted): (&Scope, Option<&Type>),
    ) -> Result<Self, ExprError> {
        let output = output_of(table, output)?;
        let mut inner = scope.clone();
        let key = match key {
            None => None,
            Some(path) => {
                let (key, of) = Expression::infer(path, scope)?;
                inner.define(KEY, of);
                Some(key)
            }
        };
        let mut rows = Vec::new();
        for row in &table.rows {
            let compiled = Compiled {
                id: row.id.clone(),
                tests: tests(table, row, key.is_some(), &inner)
                    .map_err(|e| within(table, row, e))?,
                then: then(row, output, &inner, wanted).map_err(|e| within(table, row, e))?,
            };
            rows.push(compiled);
        }
        let mut uses: BTreeSet<String> = BTreeSet::new();
        let expressions = rows.iter().flat_map(|row| row.tests.iter().chain([&row.then]));
        for expression in expressions.chain(&key) {
            uses.extend(expression.uses().map(str::to_owned));
        }
        uses.remove(KEY);
        let (id, on_no_match) = (table.document.id.clone(), table.on_no_match);
        Ok(Self { id, key, rows, on_no_match, uses })
    }

    /// Names it looks at.
    pub(crate) fn uses(&self) -> impl Iterator<Item = &str> {
        self.uses.iter().map(String::as_str)
    }

    /// # Errors
    /// In words, when no row fits and none stands for that.
    pub(crate) fn answer(
        &self,
        input: &BTreeMap<String, Value>,
        on_miss: OnMiss,
    ) -> Result<Value, String> {
        let mut own;
        let mut values = input;
        if let Some(key) = &self.key {
            let found = key.evaluate(input).map_err(|error| error.to_string())?;
            own = input.clone();
            own.insert(KEY.to_owned(), found);
            values = &own;
        }
        for row in &self.rows {
            let default = row.tests.is_empty();
            if default && on_miss != OnMiss::Default {
                continue;
            }
            if row.fits(values)? {
                return self.given(row, values);
            }
        }
        let asked = values.get(KEY).map(|key| format!(" for `{key}`")).unwrap_or_default();
        match self.on_no_match {
            OnNoMatch::Empty => Ok(Value::Null),
            OnNoMatch::Hold => Err(format!("the table `{}` has no row{asked}", self.id)),
        }
    }
}

impl Asked {
    /// What a decision table leaves empty is no decision; a lookup may find nothing.
    fn given(&self, row: &Compiled, values: &BTreeMap<String, Value>) -> Result<Value, String> {
        let value = row.then.evaluate(values).map_err(|error| error.to_string())?;
        if value.is_null() && self.key.is_none() && self.on_no_match == OnNoMatch::Hold {
            let (id, row, text) = (&self.id, &row.id, row.then.text());
            return Err(format!(
                "the table `{id}` gives nothing in row `{row}`: `{text}` is not bound"
            ));
        }
        Ok(value)
    }
}

impl Compiled {
    fn fits(&self, values: &BTreeMap<String, Value>) -> Result<bool, String> {
        for test in &self.tests {
            let holds = test.evaluate(values).map_err(|error| error.to_string())?;
            if holds != Value::Bool(true) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn output_of<'a>(table: &'a Table, output: Option<&'a str>) -> Result<&'a str, ExprError> {
    let mut outputs = table.outputs.keys().map(String::as_str);
    let wrong = |message: String| ExprError { code: "OUTPUT_UNKNOWN", message };
    let id = &table.document.id;
    match (output, outputs.next(), outputs.next()) {
        (Some(output), _, _) if table.outputs.contains_key(output) => Ok(output),
        (Some(output), _, _) => Err(wrong(format!("the table `{id}` gives no `{output}`"))),
        (None, Some(only), None) => Ok(only),
        (None, Some(_), Some(_)) => {
            Err(wrong(format!("the table `{id}` gives several: say which, as in `{id}.NAME`")))
        }
        (None, None, _) => Err(wrong(format!("the table `{id}` gives nothing"))),
    }
}

fn tests(
    table: &Table,
    row: &Row,
    keyed: bool,
    scope: &Scope,
) -> Result<Vec<Expression>, ExprError> {
    let mut tests = Vec::new();
    for (name, cell) in &row.when {
        let Some(input) = table.inputs.get(name) else {
            let message = format!("the table has no input `{name}`");
            return Err(ExprError { code: "INPUT_UNKNOWN", message });
        };
        let path = match &input.from {
            Some(path) => path.as_str(),
            None if keyed => KEY,
            None => {
                let message = format!("the input `{name}` says no `from`, and no key is asked for");
                return Err(ExprError { code: "INPUT_UNKNOWN", message });
            }
        };
        if let Some(text) = test(path, cell.trim()) {
            tests.push(Expression::compile(&text, scope, &Type::Bool)?);
        }
    }
    Ok(tests)
}

/// A cell as a condition on the value at the path; an empty one fits everything.
fn test(path: &str, cell: &str) -> Option<String> {
    const OPERATORS: [&str; 8] = ["==", "!=", "<", ">", "in ", "in[", "not in ", "not in["];
    match cell {
        "" | "-" => None,
        _ if OPERATORS.iter().any(|operator| cell.starts_with(operator)) => {
            Some(format!("({path}) {cell}"))
        }
        _ => Some(format!("({path}) == {cell}")),
    }
}

fn then(
    row: &Row,
    output: &str,
    scope: &Scope,
    wanted: Option<&Type>,
) -> Result<Expression, ExprError> {
    let Some(text) = row.then.get(output) else {
        let message = format!("the row gives no `{output}`");
        return Err(ExprError { code: "OUTPUT_UNKNOWN", message });
    };
    match wanted {
        Some(wanted) => Expression::compile_optional(text, scope, wanted),
        None => Expression::infer(text, scope).map(|(found, _)| found),
    }
}

fn within(table: &Table, row: &Row, error: ExprError) -> ExprError {
    let message = format!("table `{}`, row `{}`: {}", table.document.id, row.id, error.message);
    ExprError { message, ..error }
}

/// Rows that are never reached: an earlier one asks nothing else, and no more.
pub(crate) fn never_reached(table: &Table) -> Vec<&str> {
    let cells = |row: &Row| -> BTreeSet<(String, String)> {
        let asked = row.when.iter().map(|(name, cell)| (name.clone(), cell.trim().to_owned()));
        asked.filter(|(_, cell)| !["", "-"].contains(&cell.as_str())).collect()
    };
    let mut earlier: Vec<BTreeSet<(String, String)>> = Vec::new();
    let mut never = Vec::new();
    for row in &table.rows {
        let asks = cells(row);
        if earlier.iter().any(|before| before.is_subset(&asks)) {
            never.push(row.id.as_str());
        }
        earlier.push(asks);
    }
    never
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &str) -> Table {
        let text = format!(
            "document: {{kind: table/v1, id: banks, title: Banks}}\n\
             inputs: {{currency: {{type: text}}, brand: {{type: text}}}}\n\
             outputs: {{bank: {{type: text}}}}\nrows:\n{rows}"
        );
        serde_saphyr::from_str(&text).unwrap()
    }

    #[test]
    fn a_row_behind_a_wider_one_is_never_reached() {
        let table = table(
            r#"
  - {id: usd, when: {currency: "'USD'"}, then: {bank: "'A'"}}
  - {id: usd-visa, when: {currency: " 'USD' ", brand: "'visa'"}, then: {bank: "'B'"}}
  - {id: visa, when: {currency: "-", brand: "'visa'"}, then: {bank: "'C'"}}
  - {id: visa-again, when: {brand: "'visa'"}, then: {bank: "'D'"}}
  - {id: all, when: {}, then: {bank: "'E'"}}
  - {id: late, when: {currency: "'CAD'"}, then: {bank: "'F'"}}
"#,
        );
        assert_eq!(never_reached(&table), ["usd-visa", "visa-again", "late"]);
    }
}
