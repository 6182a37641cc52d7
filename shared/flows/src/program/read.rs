//! The texts of a release as documents, by their folders. Samples and bindings are no documents that
//! decide, and are left to others.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

use super::Documents;
use crate::action::instead;
use crate::document::{Document, Head, Kind};
use crate::problem::{Position, Problem};

/// Longer than this is no document.
const BYTES_MAX: usize = 256 * 1024;

/// # Errors
/// Everything that cannot be read.
pub fn read(files: &BTreeMap<String, String>) -> Result<Documents, Vec<Problem>> {
    let (mut documents, mut problems) = (Documents::new(), Vec::new());
    for (path, text) in files {
        let Some(kind) = kind_of(path) else { continue };
        match document(path, kind, text) {
            Ok(document) => {
                documents.insert((kind, document.head().id.clone()), document);
            }
            Err(problem) => problems.push(*problem),
        }
    }
    if problems.is_empty() { Ok(documents) } else { Err(problems) }
}

fn kind_of(path: &str) -> Option<Kind> {
    match path.split_once('/')?.0 {
        "flows" => Some(Kind::Flow),
        "maps" => Some(Kind::Map),
        "tables" => Some(Kind::Table),
        "checks" => Some(Kind::Check),
        _ => None,
    }
}

fn document(path: &str, kind: Kind, text: &str) -> Result<Document, Box<Problem>> {
    let read = match kind {
        Kind::Flow => typed(path, text).map(Document::Flow),
        Kind::Map => typed(path, text).map(Document::Map),
        Kind::Table => typed(path, text).map(Document::Table),
        Kind::Check => typed(path, text).map(Document::Check),
    }?;
    let Head { kind: said, id, .. } = read.head();
    let named = path.split_once('/').and_then(|(_, file)| file.strip_suffix(".yaml"));
    if *said != kind {
        let message = format!("a document of another kind is kept in another folder than {path}");
        return Err(problem(path, "KIND_WRONG", message));
    }
    if named != Some(id.as_str()) {
        let message = format!("the file is named for its id: `{id}.yaml`");
        return Err(problem(path, "ID_WRONG", message));
    }
    Ok(read)
}

fn typed<T: DeserializeOwned>(path: &str, text: &str) -> Result<T, Box<Problem>> {
    if text.len() > BYTES_MAX {
        let message = format!("a document has at most {BYTES_MAX} bytes");
        return Err(problem(path, "DOCUMENT_TOO_LONG", message));
    }
    let options = serde_saphyr::options! {
        with_snippet: false,
        strict_booleans: true,
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::Error,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let position = error.location().map(|at| Position { line: at.line(), column: at.column() });
        let problem = problem(path, "YAML_WRONG", in_words(&error));
        Box::new(Problem { position, ..*problem })
    })
}

/// What the parser says, with the key that is probably meant.
fn in_words(error: &serde_saphyr::Error) -> String {
    match error.without_snippet() {
        serde_saphyr::Error::SerdeUnknownField { field, expected, .. } => {
            format!("there is no key `{field}`{}", instead(field, expected.iter().copied()))
        }
        serde_saphyr::Error::SerdeUnknownVariant { variant, expected, .. } => {
            format!("`{variant}` is not known here{}", instead(variant, expected.iter().copied()))
        }
        serde_saphyr::Error::SerdeMissingField { field, .. } => {
            format!("the key `{field}` is missing")
        }
        other => other.to_string(),
    }
}

fn problem(path: &str, code: &'static str, message: String) -> Box<Problem> {
    let document = path.strip_suffix(".yaml").unwrap_or(path).to_owned();
    Box::new(Problem { document, path: String::new(), position: None, code, message })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_documents_are_read_and_what_is_wrong_has_its_place() {
        let files = crate::shipped::files();
        let documents = read(&files).unwrap();
        assert!(documents.contains_key(&(Kind::Flow, "payment-posting".to_owned())));

        let mut wrong = files.clone();
        let text = files["flows/void.yaml"].replace("  - id: receipt", "  - di: receipt");
        wrong.insert("flows/void.yaml".to_owned(), text);
        wrong.insert("maps/other.yaml".to_owned(), files["maps/payment-to-place.yaml"].clone());
        wrong.insert("tables/long.yaml".to_owned(), " ".repeat(BYTES_MAX + 1));
        let problems = read(&wrong).unwrap_err();
        let codes: Vec<&str> = problems.iter().map(|problem| problem.code).collect();
        assert_eq!(codes, ["YAML_WRONG", "ID_WRONG", "DOCUMENT_TOO_LONG"]);
        assert!(problems[0].position.is_some(), "{}", problems[0]);
        assert_eq!(problems[0].message, "there is no key `di`; did you mean `id`?");
    }
}
