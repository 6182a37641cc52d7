//! What is wrong with a configuration, each in one sentence that says what to do.

use std::fmt;

use serde_saphyr::Error as YamlError;
use thiserror::Error;

/// Why a configuration was refused.
#[derive(Debug, Error)]
pub enum ConfigError {
    #[error("cannot read the configuration {path}: check that it exists and may be read")]
    Unreadable {
        path: String,
        #[source]
        source: std::io::Error,
    },
    #[error("save the configuration as UTF-8 text: it is something else")]
    NotText,
    #[error("keep the configuration under {bytes_max} bytes")]
    TooLarge { bytes_max: usize },
    /// It is not YAML of this shape. Line and column count from 1; 0 when unknown.
    #[error("line {line}, column {column}: {message}")]
    Syntax { line: u64, column: u64, message: String },
    /// It contradicts itself; every problem is listed.
    #[error("{0}")]
    Problems(#[from] Problems),
}

/// One thing to correct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key, with full stops between levels.
    pub key: String,
    /// What to do about it, and why.
    pub message: String,
}

impl Problem {
    #[must_use]
    pub fn new(key: &str, message: impl Into<String>) -> Self {
        Self { key: key.to_owned(), message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.message)
    }
}

/// Everything to correct, one line each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Error)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// Notes a problem.
    pub fn add(&mut self, key: &str, message: impl Into<String>) {
        self.0.push(Problem::new(key, message));
    }

    /// The value, or its problem noted.
    pub fn keep<T>(&mut self, result: Result<T, Problem>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(problem) => {
                self.0.push(problem);
                None
            }
        }
    }

    /// # Errors
    /// When there is any problem.
    pub fn into_result<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(Problem::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

/// A YAML reader's complaint in our words.
pub(super) fn of_yaml(error: YamlError) -> ConfigError {
    let (line, column) = error.location().map_or((0, 0), |at| (at.line(), at.column()));
    ConfigError::Syntax { line, column, message: sentence(error.without_snippet()) }
}

fn sentence(error: &YamlError) -> String {
    match error {
        YamlError::SerdeUnknownField { field, expected, .. } => {
            unknown("unknown key", field, expected)
        }
        YamlError::SerdeUnknownVariant { variant, expected, .. } => {
            unknown("unknown value", variant, expected)
        }
        YamlError::SerdeMissingField { field, .. } => format!("add the key `{field}`"),
        YamlError::DuplicateMappingKey { key: Some(key), .. } => {
            format!("`{key}` is given twice: remove one of them")
        }
        YamlError::DuplicateMappingKey { key: None, .. } => {
            "a key is given twice: remove one of them".to_owned()
        }
        YamlError::SerdeInvalidType { unexpected, expected, .. }
        | YamlError::SerdeInvalidValue { unexpected, expected, .. } => {
            format!("give {expected} here, not {unexpected}")
        }
        YamlError::InvalidScalar { ty, .. } => format!("give a value of type {ty} here"),
        YamlError::NullIntoString { .. } => "give a text here: the value is empty".to_owned(),
        YamlError::Budget { .. } => {
            "simplify the file: it nests too deeply or repeats too much".to_owned()
        }
        other => format!("correct the YAML here: {}", first_line(other)),
    }
}

fn unknown(what: &str, given: &str, known: &[&str]) -> String {
    match nearest(given, known) {
        Some(name) => format!("{what} `{given}`: did you mean `{name}`?"),
        None => format!("{what} `{given}`: use one of {}", known.join(", ")),
    }
}

/// The known name most like the given one, when any is much like it.
pub(super) fn nearest<'a>(given: &str, known: &[&'a str]) -> Option<&'a str> {
    let given = given.to_lowercase();
    let scored = known.iter().map(|name| (strsim::damerau_levenshtein(&given, name), *name));
    let (distance, name) = scored.min_by_key(|(distance, _)| *distance)?;
    let limit = given.chars().count().max(name.chars().count()).div_ceil(3);
    (distance <= limit).then_some(name)
}

fn first_line(error: &YamlError) -> String {
    let options = serde_saphyr::render_options! { snippets: serde_saphyr::SnippetMode::Off };
    let text = error.render_with_options(options);
    text.lines().next().unwrap_or_default().to_owned()
}
