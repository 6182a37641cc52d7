//! Entities as they are written: what each field is, how it is known, and what to know about it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Entity, FieldOf, Role, Type};

/// `entities/NAME.yaml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntityText {
    /// Its name.
    pub entity: String,
    pub title: String,
    pub about: String,
    /// Resource and view, or call.
    pub source: String,
    /// The entity set of a company's `$metadata`, and the collection within.
    #[serde(default)]
    pub resource: Option<String>,
    /// How its fields are known: `O` official, `R` recorded, `C` other clients, `I` inferred, `ours`.
    pub tag: String,
    pub fields: BTreeMap<String, FieldText>,
}

/// One field, or one field of a list's elements.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldText {
    /// `text 24`, `amount payment`, `choice a|b`, `list`, ...
    #[serde(rename = "type")]
    pub of: String,
    #[serde(default)]
    pub required: bool,
    #[serde(default)]
    pub role: Option<Role>,
    /// When it is known otherwise than the entity.
    #[serde(default)]
    pub tag: Option<String>,
    #[serde(default)]
    pub about: String,
    /// Of an object, or of a list's elements.
    #[serde(default)]
    pub fields: BTreeMap<String, FieldText>,
}

impl EntityText {
    /// # Errors
    /// In words.
    pub fn read(text: &str) -> Result<Self, String> {
        serde_saphyr::from_str(text).map_err(|error| error.to_string())
    }

    /// # Errors
    /// A field whose type is not one.
    pub fn entity(&self) -> Result<Entity, String> {
        Ok(Entity { name: self.entity.clone(), fields: fields(&self.fields)? })
    }
}

impl FieldText {
    /// # Errors
    /// In words, when its type is not one.
    pub fn field(&self) -> Result<FieldOf, String> {
        Ok(FieldOf { of: self.typed()?, required: self.required, role: self.role })
    }

    fn typed(&self) -> Result<Type, String> {
        let (name, rest) = self.of.split_once(' ').unwrap_or((&self.of, ""));
        let number = || rest.parse().map_err(|_| format!("`{}`: `{rest}` is no number", self.of));
        Ok(match (name, rest) {
            ("bool", "") => Type::Bool,
            ("text", "") => Type::Text { len_max: None },
            ("text", _) => Type::Text { len_max: Some(number()?) },
            ("whole", "") => Type::Whole,
            ("decimal", _) => Type::Decimal { places_max: number()? },
            ("amount", currency) if !currency.is_empty() => {
                Type::Amount { currency: currency.to_owned() }
            }
            ("date", "") => Type::Date,
            ("time", "") => Type::Time,
            ("choice", _) => Type::Choice(rest.split('|').map(str::to_owned).collect()),
            ("object", "") => Type::Object(fields(&self.fields)?),
            ("list", "") => Type::List(Box::new(Type::Object(fields(&self.fields)?))),
            _ => return Err(format!("`{}` is no type", self.of)),
        })
    }
}

/// # Errors
/// The first whose type is not one, by name.
pub(crate) fn fields(
    texts: &BTreeMap<String, FieldText>,
) -> Result<BTreeMap<String, FieldOf>, String> {
    let field = |(name, text): (&String, &FieldText)| {
        let field = text.field().map_err(|error| format!("{name}: {error}"))?;
        Ok((name.clone(), field))
    };
    texts.iter().map(field).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(of: &str) -> Result<Type, String> {
        let text = format!(
            "entity: x\ntitle: X\nabout: X\nsource: X\ntag: O\nfields:\n  a: {{type: {of}}}\n"
        );
        let entity = EntityText::read(&text)?.entity()?;
        Ok(entity.fields["a"].of.clone())
    }

    #[test]
    fn types_are_read_as_they_are_written() {
        let written = [
            "text",
            "text 24",
            "whole",
            "decimal 4",
            "amount payment",
            "date",
            "time",
            "bool",
            "choice a|b",
        ];
        for of in written {
            assert_eq!(typed(of).unwrap().to_string(), of);
        }
        for of in ["number", "text many", "amount", "date 4"] {
            assert!(typed(of).unwrap_err().contains(of), "{of}");
        }
    }
}
