//! Whether a record is what its schema says.

use serde_json::Value;

use super::super::resource::Row;
use super::shape::{Field, Kind, Shape};

impl Shape {
    /// The first property, with its path, that the schema does not know or whose value is not in
    /// stored form.
    #[must_use]
    pub fn misfit(&self, row: &Row) -> Option<String> {
        row.iter().find_map(|(name, value)| match self.field(name) {
            None => Some(format!("{}.{name} is unknown", self.name)),
            Some(field) => {
                field.misfit(value).map(|why| format!("{}.{name} {why}: {value}", self.name))
            }
        })
    }
}

impl Field {
    fn misfit(&self, value: &Value) -> Option<String> {
        let (fits, expected) = match (&self.kind, value) {
            (Kind::Text { length, upper }, Value::String(text)) => {
                let stored = !*upper || *text == text.to_uppercase();
                (text.chars().count() <= *length && stored, "is too long or in lower case")
            }
            (Kind::Decimal { places }, Value::Number(number)) => {
                let decimals = number.as_str().split_once('.').map_or("", |(_, after)| after);
                let decimals = u32::try_from(decimals.len()).unwrap_or(u32::MAX);
                let plain = !number.as_str().contains(['e', 'E']);
                (plain && decimals <= *places, "has too many decimals")
            }
            (Kind::Int | Kind::Long, Value::Number(number)) => {
                (number.as_i64().is_some(), "is no integer")
            }
            (Kind::Bool, Value::Bool(_)) | (Kind::Date, Value::Null) => (true, ""),
            (Kind::Date, Value::String(date)) => {
                (date.len() == 20 && date.ends_with("T00:00:00Z"), "is no stored date")
            }
            (Kind::Enum(list), Value::String(name)) => {
                (list.members.iter().any(|member| member.name == *name), "is no member")
            }
            (Kind::Many(shape), Value::Array(lines)) => {
                return lines.iter().find_map(|line| match line {
                    Value::Object(row) => shape.misfit(row),
                    _ => Some("has a line that is no record".into()),
                });
            }
            _ => (false, "has another type"),
        };
        (!fits).then(|| expected.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::catalogue;
    use super::*;

    fn misfit(resource: &str, row: Value) -> Option<String> {
        let Value::Object(row) = row else { panic!("a row is an object") };
        catalogue().resource(resource).unwrap().shape.misfit(&row)
    }

    #[test]
    fn every_template_fits_its_own_schema() {
        for resource in catalogue().all() {
            assert_eq!(resource.shape.misfit(&resource.shape.default_row()), None);
        }
    }

    #[test]
    fn what_is_not_in_stored_form_is_found_at_any_depth() {
        let line = json!({"LineNumber": 20, "ExtendedAmountWithTIP": 200.000});
        let row = json!({"BatchNumber": 75, "BatchDate": "2026-02-01T00:00:00Z",
            "Invoices": [{"InvoiceDetails": [line], "DocumentType": "Invoice"}]});
        assert_eq!(misfit("ARInvoiceBatches", row), None);
        for (row, expected) in [
            (json!({"BatchNumber": "75"}), "InvoiceBatch.BatchNumber has another type"),
            (json!({"BatchDate": "2026-02-01"}), "InvoiceBatch.BatchDate is no stored date"),
            (json!({"Nonsense": 1}), "InvoiceBatch.Nonsense is unknown"),
            (json!({"BatchTotal": 0.0001}), "InvoiceBatch.BatchTotal has too many decimals"),
            (json!({"BatchStatus": "1"}), "InvoiceBatch.BatchStatus is no member"),
            (json!({"Invoices": [{"CustomerNumber": "barmart"}]}), "CustomerNumber is too long or"),
        ] {
            let found = misfit("ARInvoiceBatches", row).unwrap();
            assert!(found.contains(expected), "{found}");
        }
    }
}
