//! Steps on text.

use super::Plan;
use crate::value::Value;

pub(super) fn apply(plan: &Plan, text: &str) -> Result<Value, String> {
    let made = match plan {
        Plan::Trim => text.trim().to_owned(),
        Plan::Upper => text.to_uppercase(),
        Plan::Lower => text.to_lowercase(),
        Plan::Cut { len, error } => cut(text, *len, *error)?,
        Plan::Pad { len, with, left } => pad(text, *len, *with, *left),
        Plan::Replace { find, with } => text.replace(find, with),
        Plan::KeepDigits => text.chars().filter(char::is_ascii_digit).collect(),
        Plan::SplitPick { with, at } => {
            let parts = text.split(with.as_str());
            parts.map(str::trim).nth(at.saturating_sub(1)).unwrap_or_default().to_owned()
        }
        Plan::Mask { len } => mask(text, *len),
        other => return Err(format!("`{text}` is no value for the step `{}`", other.name())),
    };
    Ok(Value::Text(made))
}

pub(super) fn joined(items: &[Value], with: &str) -> Value {
    let texts: Vec<String> = items.iter().map(ToString::to_string).collect();
    Value::Text(texts.join(with))
}

fn cut(text: &str, len: usize, error: bool) -> Result<String, String> {
    let count = text.chars().count();
    if error && count > len {
        return Err(format!("`{text}` is {count} characters long, {len} are possible"));
    }
    Ok(text.chars().take(len).collect())
}

fn pad(text: &str, len: usize, with: char, left: bool) -> String {
    let missing = len.saturating_sub(text.chars().count());
    let filling: String = std::iter::repeat_n(with, missing).collect();
    if left { filling + text } else { text.to_owned() + &filling }
}

fn mask(text: &str, shown: usize) -> String {
    let hidden = text.chars().count().saturating_sub(shown);
    text.chars().enumerate().map(|(at, c)| if at < hidden { '*' } else { c }).collect()
}
