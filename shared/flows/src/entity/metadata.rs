//! Fields of an entity that one company has besides: read from its `$metadata` (EDMX 4.0), which
//! partners' modules may have widened. The text comes from a server: it is limited in size, depth and
//! count, and may hold no document type.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use thiserror::Error;

use super::{FieldOf, Type};

/// Why the text is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MetadataError {
    #[error("the metadata is larger than {BYTES_MAX} bytes")]
    TooLarge,
    #[error("the metadata is nested deeper than {DEPTH_MAX} elements")]
    TooDeep,
    #[error("the metadata has more than {ELEMENTS_MAX} elements")]
    TooMany,
    #[error("the metadata has a document type, which no server sends")]
    DocumentType,
    #[error("the metadata is no XML at byte {at}: {message}")]
    NotXml { at: u64, message: String },
    #[error("`{0}` is no entity that Sage keeps")]
    NoEntity(String),
    #[error("the metadata does not say `{0}`: is it of another module?")]
    Absent(String),
}

const BYTES_MAX: usize = 16 * 1024 * 1024;
const DEPTH_MAX: usize = 32;
const ELEMENTS_MAX: usize = 500_000;
/// Longest name taken over.
const NAME_MAX: usize = 64;

/// The fields the company has and the entity does not list. None is required; lists are left out.
///
/// # Errors
/// When the text is not the metadata of the entity's module.
pub fn optional_fields(
    xml: &str,
    entity: &str,
) -> Result<BTreeMap<String, FieldOf>, MetadataError> {
    let text = super::texts().iter().find(|text| text.entity == entity);
    let resource = text.and_then(|text| text.resource.as_deref());
    let resource = resource.ok_or_else(|| MetadataError::NoEntity(entity.to_owned()))?;
    let known = text.map(|text| &text.fields);
    let model = Model::read(xml)?;
    let properties = model.properties_of(resource)?;
    let further = properties.iter().filter(|property| {
        known.is_none_or(|known| !known.contains_key(&property.name)) && is_name(&property.name)
    });
    Ok(further
        .filter_map(|property| {
            let of = model.type_of(property)?;
            Some((property.name.clone(), FieldOf { of, required: false, role: None }))
        })
        .collect())
}

#[derive(Default)]
struct Model {
    /// Entity and complex types, without their namespace.
    types: BTreeMap<String, Vec<Property>>,
    enums: BTreeMap<String, Vec<String>>,
    sets: BTreeMap<String, String>,
}

struct Property {
    name: String,
    /// `Edm.String`, `Collection(Sage...Invoice)`, ...
    of: String,
    len_max: Option<u32>,
    places: Option<u32>,
}

impl Model {
    fn read(xml: &str) -> Result<Self, MetadataError> {
        if xml.len() > BYTES_MAX {
            return Err(MetadataError::TooLarge);
        }
        let mut reader = Reader::from_str(xml);
        let (mut model, mut within) = (Self::default(), Vec::new());
        for _ in 0..ELEMENTS_MAX {
            let event = reader.read_event().map_err(|error| MetadataError::NotXml {
                at: reader.error_position(),
                message: error.to_string(),
            })?;
            match event {
                Event::Start(element) => {
                    within.push(model.element(&element, within.last()));
                    if within.len() > DEPTH_MAX {
                        return Err(MetadataError::TooDeep);
                    }
                }
                Event::Empty(element) => drop(model.element(&element, within.last())),
                Event::End(_) => drop(within.pop()),
                Event::DocType(_) => return Err(MetadataError::DocumentType),
                Event::Eof if within.is_empty() => return Ok(model),
                Event::Eof => {
                    let message = "it ends too early".to_owned();
                    return Err(MetadataError::NotXml { at: reader.buffer_position(), message });
                }
                _ => {}
            }
        }
        Err(MetadataError::TooMany)
    }

    /// Takes the element in; what it is the parts of is answered.
    fn element(&mut self, element: &BytesStart<'_>, within: Option<&Within>) -> Within {
        let local = element.local_name();
        let name = || attribute(element, "Name");
        match (local.as_ref(), within) {
            ("EntityType" | "ComplexType", _) => name().map_or(Within::Other, |name| {
                self.types.entry(name.clone()).or_default();
                Within::Type(name)
            }),
            ("EnumType", _) => name().map_or(Within::Other, Within::Enum),
            ("Property", Some(Within::Type(of))) => {
                if let (Some(name), Some(typed)) = (name(), attribute(element, "Type")) {
                    let number = |key| attribute(element, key).and_then(|text| text.parse().ok());
                    let (len_max, places) = (number("MaxLength"), number("Scale"));
                    let property = Property { name, of: typed, len_max, places };
                    self.types.entry(of.clone()).or_default().push(property);
                }
                Within::Other
            }
            ("Member", Some(Within::Enum(of))) => {
                self.enums.entry(of.clone()).or_default().extend(name());
                Within::Other
            }
            ("EntitySet", _) => {
                if let (Some(name), Some(of)) = (name(), attribute(element, "EntityType")) {
                    self.sets.insert(name, local_name(&of).to_owned());
                }
                Within::Other
            }
            _ => Within::Other,
        }
    }

    /// `ARInvoiceBatches/Invoices`: the set's type, and from there through collections.
    fn properties_of(&self, resource: &str) -> Result<&[Property], MetadataError> {
        let absent = || MetadataError::Absent(resource.to_owned());
        let mut parts = resource.split('/');
        let set = parts.next().unwrap_or_default();
        let of = self.sets.get(set).ok_or_else(absent)?;
        let mut properties = self.types.get(of).ok_or_else(absent)?;
        for part in parts {
            let property = properties.iter().find(|property| property.name == part);
            let of = property.and_then(|property| collection_of(&property.of));
            properties = of.and_then(|of| self.types.get(of)).ok_or_else(absent)?;
        }
        Ok(properties)
    }

    fn type_of(&self, property: &Property) -> Option<Type> {
        Some(match property.of.as_str() {
            "Edm.String" => Type::Text { len_max: property.len_max },
            "Edm.Int16" | "Edm.Int32" | "Edm.Int64" | "Edm.Byte" => Type::Whole,
            "Edm.Decimal" => Type::Decimal { places_max: property.places.unwrap_or(0).min(28) },
            "Edm.Boolean" => Type::Bool,
            "Edm.Date" | "Edm.DateTimeOffset" => Type::Date,
            other => {
                let members = self.enums.get(local_name(other))?;
                Type::Choice(members.iter().filter(|name| is_name(name)).cloned().collect())
            }
        })
    }
}

/// What an element's parts belong to.
enum Within {
    Type(String),
    Enum(String),
    Other,
}

/// The attribute's text; one that is written with references is no name and is left out.
fn attribute(element: &BytesStart<'_>, key: &str) -> Option<String> {
    let found = element.try_get_attribute(key).ok().flatten()?;
    let text = &found.value;
    (!text.contains('&')).then(|| text.to_string())
}

fn local_name(of: &str) -> &str {
    of.rsplit('.').next().unwrap_or(of)
}

fn collection_of(of: &str) -> Option<&str> {
    of.strip_prefix("Collection(")?.strip_suffix(')').map(local_name)
}

fn is_name(name: &str) -> bool {
    let mut letters = name.chars();
    let first = letters.next().is_some_and(|letter| letter.is_ascii_alphabetic());
    first && name.len() <= NAME_MAX && letters.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPANY: &str = include_str!("../../metadata/company.xml");

    fn of(entity: &str) -> BTreeMap<String, String> {
        let fields = optional_fields(COMPANY, entity).unwrap();
        fields.into_iter().map(|(name, field)| (name, field.of.to_string())).collect()
    }

    #[test]
    fn what_a_company_has_besides_is_read_with_its_type() {
        let receipt = of("sage300.receipt");
        assert_eq!(receipt["XPLoyaltyNumber"], "text 20");
        assert_eq!(receipt["XPPoints"], "decimal 3");
        assert_eq!(receipt["XPGold"], "bool");
        assert_eq!(receipt["XPSince"], "date");
        assert_eq!(receipt["XPVisits"], "whole");
        assert_eq!(receipt["XPTier"], "choice None|Silver|Gold");
        assert!(!receipt.contains_key("CheckReceiptNumber"), "it is no news");
        assert!(!receipt.contains_key("AdvanceCredits"), "a list");
        assert_eq!(receipt.len(), 6);
        assert_eq!(of("sage300.customer"), [("XPRegion".into(), "text 6".into())].into());
    }

    #[test]
    fn an_entity_the_text_does_not_say_is_told() {
        let absent = |entity: &str| optional_fields(COMPANY, entity).unwrap_err().to_string();
        assert!(absent("sage300.order").contains("`OEOrders`"), "{}", absent("sage300.order"));
        assert!(absent("paytrace.sale").contains("no entity that Sage keeps"));
        assert!(absent("sage300.invoice").contains("ARInvoiceBatches/Invoices"));
    }

    #[test]
    fn hostile_texts_are_refused() {
        let refused = |xml: &str| optional_fields(xml, "sage300.customer").unwrap_err();
        let bomb = "<!DOCTYPE a [<!ENTITY b \"bb\"><!ENTITY c \"&b;&b;\">]><a>&c;</a>";
        assert_eq!(refused(bomb), MetadataError::DocumentType);
        assert_eq!(refused(&"<a>".repeat(100)), MetadataError::TooDeep);
        assert_eq!(refused(&" ".repeat(BYTES_MAX + 1)), MetadataError::TooLarge);
        assert_eq!(refused(&"<a/>".repeat(ELEMENTS_MAX)), MetadataError::TooMany);
        for broken in ["<a><b></a>", "<a", "<a>", "<a></b>", "no XML & more <"] {
            assert!(matches!(refused(broken), MetadataError::NotXml { .. }), "{broken}");
        }
        assert!(matches!(refused("<a/>"), MetadataError::Absent(_)));
    }

    #[test]
    fn names_that_are_none_are_left_out() {
        let odd = COMPANY.replace("XPRegion", "XP Region; drop");
        assert!(optional_fields(&odd, "sage300.customer").unwrap().is_empty());
        let referred = COMPANY.replace("XPRegion", "XP&#82;egion");
        assert!(optional_fields(&referred, "sage300.customer").unwrap().is_empty());
    }
}
