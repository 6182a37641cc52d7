//! The closed list of steps a field may take, each a function from value to value. An empty value stays
//! empty, but for the steps that give one.

mod number;
mod text;
mod time;

use rust_decimal::RoundingStrategy;

use crate::action::nearest;
use crate::document::StepOfField;
use crate::normal::{Doubt, Hints, Meaning, normalize};
use crate::value::Value;

/// A step, ready to be taken.
#[derive(Debug, Clone, PartialEq)]
pub enum Plan {
    Copy,
    Constant(String),
    DefaultIfEmpty(String),
    Trim,
    Upper,
    Lower,
    Cut { len: usize, error: bool },
    Pad { len: usize, with: char, left: bool },
    Replace { find: String, with: String },
    KeepDigits,
    Join { with: String },
    SplitPick { with: String, at: usize },
    DateFormat(String),
    DateInZone(String),
    NumberFromText,
    Round { scale: u32, mode: RoundingStrategy },
    Negate,
    Abs,
    Allocate { weights: Vec<u32>, scale: u32 },
    YesNo { yes: String, no: String },
    Template(String),
    Mask { len: usize },
    Normalize { meaning: Meaning, country: Option<String> },
}

/// Every step: its name, the keys it takes, and what it does.
pub const STEPS: &[(&str, &[&str], &str)] = &[
    ("copy", &[], "the value as it is"),
    ("constant", &["with"], "this text, whatever came in"),
    ("default_if_empty", &["with"], "this text when nothing came in"),
    ("trim", &[], "without blanks at both ends"),
    ("upper", &[], "in capitals"),
    ("lower", &[], "in small letters"),
    (
        "cut",
        &["len", "on_overflow"],
        "at most `len` characters; `on_overflow: error` refuses instead",
    ),
    (
        "pad",
        &["len", "with", "side"],
        "at least `len` characters, filled with `with` at the `left` or `right`",
    ),
    ("replace", &["find", "with"], "each `find` replaced by `with`"),
    ("keep_digits", &[], "only the digits"),
    ("join", &["with"], "a list of texts as one, `with` between them"),
    ("split_pick", &["with", "at"], "parted at `with`, the part number `at`, from 1"),
    ("date_format", &["format"], "a date or time as text: `%Y-%m-%d`"),
    ("date_in_zone", &["zone"], "the day of a time in an IANA time zone"),
    ("number_from_text", &[], "a number as people write it; refused when it can be read two ways"),
    ("round", &["scale", "mode"], "to `scale` places, `half_up`, `half_even`, `up` or `down`"),
    ("negate", &[], "with the other sign"),
    ("abs", &[], "without its sign"),
    (
        "allocate",
        &["weights", "scale"],
        "parted by `weights` (`1,1,2`), adding up to the whole: the largest remainder first",
    ),
    ("yes_no", &["yes", "no"], "one text for yes and one for no"),
    ("template", &["format"], "a text with the value at `{}`"),
    ("mask", &["len"], "all but the last `len` characters as `*`"),
    (
        "normalize",
        &["with", "zone"],
        "in one form; `with` is date, region, country, phone, amount or text, `zone` the country",
    ),
];

impl Plan {
    /// # Errors
    /// In words: an unknown step, a key it does not take, or one it lacks.
    pub fn compile(step: &StepOfField) -> Result<Self, String> {
        let name = step.step.as_str();
        let known = STEPS.iter().find(|(known, ..)| *known == name);
        let Some((_, keys, _)) = known else {
            return Err(match nearest(name, STEPS.iter().map(|(known, ..)| *known)) {
                Some(near) => format!("there is no step `{name}`; did you mean `{near}`?"),
                None => format!("there is no step `{name}`: see docs/FLOWS.md for all of them"),
            });
        };
        for (key, there) in given(step) {
            if there && !keys.contains(&key) {
                return Err(format!("the step `{name}` takes no `{key}`"));
            }
        }
        Self::typed(name, step)
    }

    /// # Errors
    /// In words, when the value is not one for this step.
    pub fn apply(&self, value: Value) -> Result<Value, Refusal> {
        match (self, value) {
            (Self::Copy, value) => Ok(value),
            (Self::Constant(text), _) => Ok(Value::Text(text.clone())),
            (Self::DefaultIfEmpty(text), value) if is_empty(&value) => {
                Ok(Value::Text(text.clone()))
            }
            (Self::DefaultIfEmpty(_), value) => Ok(value),
            (_, Value::Null) => Ok(Value::Null),
            (Self::YesNo { yes, no }, Value::Bool(flag)) => {
                Ok(Value::Text(if flag { yes } else { no }.clone()))
            }
            (Self::Join { with }, Value::List(items)) => Ok(text::joined(&items, with)),
            (Self::Template(format), value) => {
                Ok(Value::Text(format.replacen("{}", &value.to_string(), 1)))
            }
            (Self::DateFormat(_) | Self::DateInZone(_), value) => Ok(time::apply(self, &value)?),
            (
                Self::Round { .. } | Self::Negate | Self::Abs | Self::Allocate { .. },
                Value::Number(number),
            ) => Ok(number::apply(self, number)?),
            (Self::NumberFromText, value @ Value::Number(_)) => Ok(value),
            (Self::NumberFromText, Value::Text(text)) => Ok(number::read(&text)?),
            (Self::Normalize { meaning, country }, Value::Text(text)) => {
                normal(*meaning, country.as_deref(), &text)
            }
            (_, Value::Text(text)) => Ok(text::apply(self, &text)?),
            // Texts of numbers and dates may be cut, padded and so on.
            (_, value @ (Value::Number(_) | Value::Date(_) | Value::Time(_)))
                if self.is_of_text() =>
            {
                Ok(text::apply(self, &value.to_string())?)
            }
            (plan, value) => {
                Err(format!("`{value}` is no value for the step `{}`", plan.name()).into())
            }
        }
    }

    fn typed(name: &str, step: &StepOfField) -> Result<Self, String> {
        let need = |key: &str, text: &Option<String>| {
            text.clone().ok_or_else(|| format!("the step `{name}` needs `{key}`"))
        };
        let len = || {
            let len = step.len.and_then(|len| usize::try_from(len).ok());
            len.ok_or_else(|| format!("the step `{name}` needs `len`"))
        };
        Ok(match name {
            "copy" => Self::Copy,
            "constant" => Self::Constant(need("with", &step.with)?),
            "default_if_empty" => Self::DefaultIfEmpty(need("with", &step.with)?),
            "trim" => Self::Trim,
            "upper" => Self::Upper,
            "lower" => Self::Lower,
            "cut" => Self::Cut { len: len()?, error: overflow(step)? },
            "pad" => Self::pad(len()?, step)?,
            "replace" => {
                let find = need("find", &step.find)?;
                if find.is_empty() {
                    return Err("the step `replace` needs a `find` that is not empty".to_owned());
                }
                Self::Replace { find, with: step.with.clone().unwrap_or_default() }
            }
            "keep_digits" => Self::KeepDigits,
            "join" => Self::Join { with: step.with.clone().unwrap_or_default() },
            "split_pick" => {
                let at = step.at.and_then(|at| usize::try_from(at).ok()).filter(|at| *at > 0);
                let at = at.ok_or("the step `split_pick` needs `at`, from 1")?;
                Self::SplitPick { with: need("with", &step.with)?, at }
            }
            "date_format" => Self::DateFormat(time::format(&need("format", &step.format)?)?),
            "date_in_zone" => Self::DateInZone(time::zone(&need("zone", &step.zone)?)?),
            "number_from_text" => Self::NumberFromText,
            "round" => number::round(step)?,
            "negate" => Self::Negate,
            "abs" => Self::Abs,
            "allocate" => number::allocate(step)?,
            "yes_no" => Self::YesNo { yes: need("yes", &step.yes)?, no: need("no", &step.no)? },
            "template" => Self::Template(need("format", &step.format)?),
            "mask" => Self::Mask { len: len()? },
            _ => {
                let meaning = need("with", &step.with)?;
                let meaning = Meaning::named(&meaning)
                    .ok_or_else(|| format!("`{meaning}` is nothing values are brought into"))?;
                Self::Normalize { meaning, country: step.zone.clone() }
            }
        })
    }

    fn pad(len: usize, step: &StepOfField) -> Result<Self, String> {
        let mut with = step.with.as_deref().unwrap_or(" ").chars();
        let (Some(with), None) = (with.next(), with.next()) else {
            return Err("the step `pad` fills `with` one character".to_owned());
        };
        let left = match step.side.as_deref() {
            Some("left") | None => true,
            Some("right") => false,
            Some(other) => return Err(format!("`side` is `left` or `right`, not `{other}`")),
        };
        Ok(Self::Pad { len, with, left })
    }

    fn is_of_text(&self) -> bool {
        matches!(
            self,
            Self::Trim
                | Self::Upper
                | Self::Lower
                | Self::Cut { .. }
                | Self::Pad { .. }
                | Self::Replace { .. }
                | Self::KeepDigits
                | Self::SplitPick { .. }
                | Self::Mask { .. }
        )
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Copy => "copy",
            Self::Constant(_) => "constant",
            Self::DefaultIfEmpty(_) => "default_if_empty",
            Self::Trim => "trim",
            Self::Upper => "upper",
            Self::Lower => "lower",
            Self::Cut { .. } => "cut",
            Self::Pad { .. } => "pad",
            Self::Replace { .. } => "replace",
            Self::KeepDigits => "keep_digits",
            Self::Join { .. } => "join",
            Self::SplitPick { .. } => "split_pick",
            Self::DateFormat(_) => "date_format",
            Self::DateInZone(_) => "date_in_zone",
            Self::NumberFromText => "number_from_text",
            Self::Round { .. } => "round",
            Self::Negate => "negate",
            Self::Abs => "abs",
            Self::Allocate { .. } => "allocate",
            Self::YesNo { .. } => "yes_no",
            Self::Template(_) => "template",
            Self::Mask { .. } => "mask",
            Self::Normalize { .. } => "normalize",
        }
    }
}

/// The keys of a step in a document, and whether they are there.
fn given(step: &StepOfField) -> [(&'static str, bool); 13] {
    [
        ("len", step.len.is_some()),
        ("with", step.with.is_some()),
        ("find", step.find.is_some()),
        ("at", step.at.is_some()),
        ("side", step.side.is_some()),
        ("format", step.format.is_some()),
        ("zone", step.zone.is_some()),
        ("scale", step.scale.is_some()),
        ("mode", step.mode.is_some()),
        ("yes", step.yes.is_some()),
        ("no", step.no.is_some()),
        ("weights", step.weights.is_some()),
        ("on_overflow", step.on_overflow.is_some()),
    ]
}

fn overflow(step: &StepOfField) -> Result<bool, String> {
    match step.on_overflow.as_deref() {
        None | Some("cut") => Ok(false),
        Some("error") => Ok(true),
        Some(other) => Err(format!("`on_overflow` is `cut` or `error`, not `{other}`")),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Text(text) => text.trim().is_empty(),
        Value::List(items) => items.is_empty(),
        _ => false,
    }
}

/// Why a step gave nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// In words.
    Wrong(String),
    /// It can be read in several ways, or in none: a person looks.
    Doubtful(Doubt),
}

impl From<String> for Refusal {
    fn from(message: String) -> Self {
        Self::Wrong(message)
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Wrong(message) => f.write_str(message),
            Self::Doubtful(doubt) => write!(f, "{doubt}"),
        }
    }
}

/// What is not certain is put before a person, with the rule and the proposal.
fn normal(meaning: Meaning, country: Option<&str>, text: &str) -> Result<Value, Refusal> {
    let hints = Hints { country: country.map(str::to_owned) };
    match normalize(meaning, text, &hints) {
        Some(normal) if normal.is_certain() => Ok(Value::Text(normal.value)),
        proposal => Err(Refusal::Doubtful(Doubt { meaning, value: text.to_owned(), proposal })),
    }
}

#[cfg(test)]
mod tests;
