//! JSON Schemas of the documents, for editors: `shared/flows/schemas/*.schema.json`.

use schemars::{Schema, schema_for};

use crate::document::{Check, Flow, Map, Table};

/// The schemas by the name of their file.
#[must_use]
pub fn files() -> Vec<(&'static str, String)> {
    let text = |schema: Schema| {
        // A schema is JSON already: nothing in it can fail to be written.
        serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
    };
    vec![
        ("flow.schema.json", text(schema_for!(Flow))),
        ("map.schema.json", text(schema_for!(Map))),
        ("table.schema.json", text(schema_for!(Table))),
        ("check.schema.json", text(schema_for!(Check))),
    ]
}

#[cfg(test)]
mod tests {
    use super::files;

    #[test]
    fn the_files_are_fresh() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
        for (name, text) in files() {
            let kept = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
            assert_eq!(kept, text, "{name} is stale: run `cargo xtask docs`");
        }
    }

    #[test]
    fn what_documents_refuse_their_schemas_refuse() {
        for (name, text) in files() {
            let schema: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(schema["additionalProperties"], false, "{name}");
            assert!(schema["properties"]["document"].is_object(), "{name}");
        }
    }
}
