//! The one way a document is written: keys in a fixed order, block style, nothing that is left at its
//! default. Formatting what is formatted changes nothing.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::document::{Document, Sample};
use crate::problem::Problem;

/// The canonical text. Comments are no part of a document: what is to be kept stands in `notes`.
///
/// # Errors
/// In words, when it cannot be written.
pub fn text(document: &Document) -> Result<String, String> {
    match document {
        Document::Flow(flow) => written(flow),
        Document::Map(map) => written(map),
        Document::Table(table) => written(table),
        Document::Check(check) => written(check),
    }
}

/// The canonical text of a sample.
///
/// # Errors
/// In words, when it cannot be written.
pub fn sample(sample: &Sample) -> Result<String, String> {
    written(sample)
}

/// The files whose text is not canonical, with what it should be. Bindings are left as they are.
///
/// # Errors
/// Everything that cannot be read.
pub fn changed(files: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Vec<Problem>> {
    let documents = crate::program::read(files)?;
    let mut canonical = BTreeMap::new();
    for ((kind, id), document) in &documents {
        let path = format!("{}/{id}.yaml", kind.folder());
        let text = text(document).map_err(|message| vec![unwritable(&path, message)])?;
        canonical.insert(path, text);
    }
    for (path, text) in files.iter().filter(|(path, _)| path.starts_with("samples/")) {
        let read = Sample::read(text).and_then(|read| sample(&read));
        let text = read.map_err(|message| vec![unwritable(path, message)])?;
        canonical.insert(path.clone(), text);
    }
    canonical.retain(|path, text| files.get(path).is_none_or(|there| there != text));
    Ok(canonical)
}

fn written<T: Serialize>(document: &T) -> Result<String, String> {
    let options = serde_saphyr::ser_options! {
        indent_step: 2,
        compact_list_indent: false,
        prefer_block_scalars: false,
    };
    serde_saphyr::to_string_with_options(document, options).map_err(|error| error.to_string())
}

fn unwritable(path: &str, message: String) -> Problem {
    Problem {
        document: path.strip_suffix(".yaml").unwrap_or(path).to_owned(),
        path: String::new(),
        position: None,
        code: "YAML_WRONG",
        message,
    }
}

#[cfg(test)]
mod tests;
