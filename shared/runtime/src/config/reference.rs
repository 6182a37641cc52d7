//! `docs/configuration.md`, made from the types: `cargo xtask docs` writes it, and a test fails
//! when it is stale.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::Config;

/// Deeper than this nothing nests; it ends a schema that refers to itself.
const DEPTH_MAX: usize = 8;

const HEAD: &str = "\
# Configuration

`paysage serve --config FILE` reads one YAML file. This page is made from the program's own types:
change them and run `cargo xtask docs`. A whole example is in
[paysage.example.yaml](paysage.example.yaml).

- `<name>` in a key stands for a name of your choice, `[]` for each entry of a list.
- Units are the last word of a key: `_ms` milliseconds, `_seconds`, `_hours`, `_days`; `_max` is the
  most that is allowed.
- Secrets are referred to (`{file: PATH}` with mode 0600, or `{env: NAME}`), never written into the
  file.
- Unknown keys and keys given twice are refused, with line and column. Contradictions are listed all
  at once.

| key | type | default | unit | meaning |
|---|---|---|---|---|
";

/// The text of `docs/configuration.md`.
#[must_use]
pub fn markdown() -> String {
    let root = schema();
    let definitions = root.get("$defs").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut page = HEAD.to_owned();
    let mut walk = Walk { definitions, rows: Vec::new() };
    walk.properties("", &root, 0);
    for row in &walk.rows {
        // Writing to a String cannot fail.
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {} | {} |",
            row.key, row.kind, row.default, row.unit, row.meaning
        );
    }
    page
}

/// The JSON Schema of `paysage.yaml`, for editors.
#[must_use]
pub fn schema() -> Value {
    schemars::schema_for!(Config).to_value()
}

struct Row {
    key: String,
    kind: String,
    default: String,
    unit: &'static str,
    meaning: String,
}

struct Walk {
    definitions: Map<String, Value>,
    rows: Vec<Row>,
}

impl Walk {
    fn properties(&mut self, prefix: &str, schema: &Value, depth: usize) {
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        for (name, property) in properties {
            let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            self.property(key, property, required.contains(&name.as_str()), depth + 1);
        }
    }

    fn property(&mut self, key: String, property: &Value, required: bool, depth: usize) {
        if depth > DEPTH_MAX {
            return;
        }
        let target = self.resolve(property);
        let described = text(property, "description").or_else(|| text(&target, "description"));
        let unit = unit_of(&key);
        self.rows.push(Row {
            kind: self.kind(&target),
            default: default_of(property, required, &target),
            unit,
            meaning: described.unwrap_or_default().replace('\n', " ").replace('|', "\\|"),
            key: key.clone(),
        });
        self.nested(&key, &target, depth);
    }

    fn nested(&mut self, key: &str, target: &Value, depth: usize) {
        self.properties(key, target, depth);
        if let Some(values) = target.get("additionalProperties").filter(|v| v.is_object()) {
            let values = self.resolve(values);
            self.properties(&format!("{key}.<name>"), &values, depth);
        }
        if let Some(items) = target.get("items") {
            let items = self.resolve(items);
            if items.get("oneOf").is_none() {
                self.properties(&format!("{key}[]"), &items, depth);
            }
        }
        let is_secret = self.is_secret(target);
        for variant in variants(target).iter().filter(|_| !is_secret) {
            for (name, inner) in
                variant.get("properties").and_then(Value::as_object).into_iter().flatten()
            {
                let inner = self.resolve(inner);
                self.properties(&format!("{key}.{name}"), &inner, depth);
            }
        }
    }

    /// The schema itself, followed to its definition; of one that may be left out, the one it is.
    fn resolve(&self, schema: &Value) -> Value {
        let optional = schema.get("anyOf").and_then(Value::as_array);
        let schema = optional.and_then(|one| one.first()).unwrap_or(schema);
        let reference = text(schema, "$ref");
        let name = reference.as_deref().and_then(|path| path.rsplit('/').next());
        match name.and_then(|name| self.definitions.get(name)) {
            Some(definition) => definition.clone(),
            None => schema.clone(),
        }
    }

    fn is_secret(&self, target: &Value) -> bool {
        self.definitions.get("SecretRef").is_some_and(|secret| secret == target)
    }

    fn kind(&self, target: &Value) -> String {
        if self.is_secret(target) {
            return "`{file: PATH}`, `{env: NAME}` or `{secrets_manager: ARN}`".to_owned();
        }
        let choices = choices(target);
        if !choices.is_empty() {
            return choices.join(", ");
        }
        let kind = match target.get("type") {
            Some(Value::String(kind)) => kind.clone(),
            Some(Value::Array(kinds)) => {
                kinds.iter().filter_map(Value::as_str).find(|k| *k != "null").unwrap_or("").into()
            }
            _ => String::new(),
        };
        match kind.as_str() {
            "string" => "text".to_owned(),
            "integer" => "whole number".to_owned(),
            "boolean" => "true or false".to_owned(),
            "array" => {
                let items = target.get("items").map(|items| self.resolve(items));
                format!("list of {}", items.map_or_else(String::new, |items| self.kind(&items)))
            }
            "object" if target.get("properties").is_none() => {
                let values = target.get("additionalProperties").map(|v| self.resolve(v));
                match values.filter(|values| values.get("properties").is_none()) {
                    Some(values) => format!("names to {}", self.kind(&values)),
                    None => "names to sections".to_owned(),
                }
            }
            "object" => "section".to_owned(),
            other => other.to_owned(),
        }
    }
}

fn variants(target: &Value) -> &[Value] {
    target.get("oneOf").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// What an enumeration may be: plain names, and `name: {…}` for those that carry more.
fn choices(target: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let named = |schema: &Value| -> Vec<String> {
        let listed = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
        let all = listed.chain(schema.get("const"));
        all.filter_map(Value::as_str).map(|name| format!("`{name}`")).collect()
    };
    found.extend(named(target));
    for variant in variants(target) {
        found.extend(named(variant));
        let carried = variant.get("properties").and_then(Value::as_object);
        found
            .extend(carried.into_iter().flat_map(Map::keys).map(|name| format!("`{name}: {{…}}`")));
    }
    found
}

fn default_of(property: &Value, required: bool, target: &Value) -> String {
    if required {
        return "required".to_owned();
    }
    match property.get("default") {
        Some(Value::Null) => "none".to_owned(),
        Some(Value::String(empty)) if empty.is_empty() => "empty".to_owned(),
        Some(Value::String(value)) => format!("`{value}`"),
        Some(Value::Array(list)) if list.is_empty() => "none".to_owned(),
        Some(Value::Object(map)) if map.is_empty() => "none".to_owned(),
        Some(Value::Object(_)) | None if target.get("properties").is_some() => {
            "see below".to_owned()
        }
        Some(value) => format!("`{value}`"),
        None => "none".to_owned(),
    }
}

fn unit_of(key: &str) -> &'static str {
    const UNITS: [(&str, &str); 4] =
        [("_ms", "ms"), ("_seconds", "s"), ("_hours", "h"), ("_days", "days")];
    let fits = |(ending, _): &&(&str, &str)| key.ends_with(ending);
    UNITS.iter().find(fits).map_or("", |(_, unit)| *unit)
}

fn text(schema: &Value, name: &str) -> Option<String> {
    schema.get(name).and_then(Value::as_str).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_is_fresh() {
        let kept = include_str!("../../../../docs/configuration.md");
        assert!(kept == markdown(), "docs/configuration.md is stale: run `cargo xtask docs`");
    }

    #[test]
    fn keys_carry_type_default_unit_and_meaning() {
        let page = markdown();
        let row = |key: &str| {
            let start = format!("| `{key}` |");
            page.lines().find(|line| line.starts_with(&start)).map(str::to_owned)
        };
        let linger = row("posting.linger_ms").unwrap();
        assert!(linger.contains("| whole number | `2000` | ms | How long a receipt"), "{linger}");
        assert!(row("store.path").unwrap().contains("| text | required |"));
        let password = row("companies.<name>.password").unwrap();
        assert!(
            password.contains("`{env: NAME}` or `{secrets_manager: ARN}` | required"),
            "{password}"
        );
        let policy = row("merchants.<name>.new_customer").unwrap();
        assert!(policy.contains("| `hold`, `create: {…}` | `hold` |"), "{policy}");
        assert!(row("merchants.<name>.new_customer.create.group").is_some());
        assert!(row("webhooks.<name>.secrets").unwrap().contains("list of `{file: PATH}`"));
        assert!(page.lines().skip_while(|l| !l.starts_with("|---")).skip(1).all(|line| {
            let meaning = line.trim_end_matches(" |").rsplit(" | ").next();
            meaning.is_some_and(|text| text.len() > 5)
        }));
    }
}
