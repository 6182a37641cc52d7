//! Entities: the records maps read and make. Their fields stand in `entities/*.yaml`, each with where it
//! is known from.

#[cfg(feature = "authoring")]
pub mod metadata;
mod text;
mod values;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

pub(crate) use text::fields;
pub use text::{EntityText, FieldText};
pub use values::Mismatch;

use crate::action;

/// A record of PayTrace, of Sage 300, or of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    /// `sage300.receipt`.
    pub name: String,
    pub fields: BTreeMap<String, FieldOf>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldOf {
    pub of: Type,
    /// A map that makes this entity must fill it; what reads the entity finds it.
    pub required: bool,
    /// What the field is to the money rules, if anything.
    pub role: Option<Role>,
}

/// The four things no map may change, compared with the facts after every mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Amount,
    Currency,
    Customer,
    Reference,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    Null,
    Bool,
    Text {
        len_max: Option<u32>,
    },
    Whole,
    Decimal {
        places_max: u32,
    },
    /// Money. The tag says whose currency it is (`payment`, `bank`, or a code such as `USD`): amounts
    /// of two tags are never added or compared.
    Amount {
        currency: String,
    },
    Date,
    Time,
    Choice(Vec<String>),
    List(Box<Type>),
    Object(BTreeMap<String, FieldOf>),
}

/// The entity of that name; what a call answers is an entity under the action's name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Entity> {
    ENTITIES.get(name).or_else(|| {
        let action = action::find(name)?;
        match &action.makes {
            Some(made) => ENTITIES.get(made),
            None => action.answers.as_ref(),
        }
    })
}

/// All entities by name, without what calls answer.
pub fn all() -> impl Iterator<Item = &'static Entity> {
    ENTITIES.values()
}

/// The entities as they are written, with what is said of each field.
#[must_use]
pub fn texts() -> &'static [EntityText] {
    &TEXTS
}

/// What to answer when there is no such entity.
#[must_use]
pub fn unknown(name: &str) -> String {
    let nearest = crate::action::nearest(name, ENTITIES.keys().map(String::as_str));
    match nearest {
        Some(nearest) => format!("there is no entity `{name}`; did you mean `{nearest}`?"),
        None => format!("there is no entity `{name}`: see docs/FLOWS.md for all of them"),
    }
}

/// The files of this crate's folder `entities`, which a test keeps complete.
pub(crate) const FILES: &[(&str, &str)] = &[
    ("autopay", include_str!("../../entities/autopay.yaml")),
    ("chargeback", include_str!("../../entities/chargeback.yaml")),
    ("company", include_str!("../../entities/company.yaml")),
    ("facts", include_str!("../../entities/facts.yaml")),
    ("merchant", include_str!("../../entities/merchant.yaml")),
    ("paytrace.batch", include_str!("../../entities/paytrace.batch.yaml")),
    ("paytrace.capture", include_str!("../../entities/paytrace.capture.yaml")),
    ("paytrace.customer", include_str!("../../entities/paytrace.customer.yaml")),
    ("paytrace.recurrence", include_str!("../../entities/paytrace.recurrence.yaml")),
    ("paytrace.refund", include_str!("../../entities/paytrace.refund.yaml")),
    ("paytrace.sale", include_str!("../../entities/paytrace.sale.yaml")),
    ("paytrace.transaction", include_str!("../../entities/paytrace.transaction.yaml")),
    ("paytrace.void", include_str!("../../entities/paytrace.void.yaml")),
    ("place", include_str!("../../entities/place.yaml")),
    ("profile", include_str!("../../entities/profile.yaml")),
    ("run", include_str!("../../entities/run.yaml")),
    ("sage300.credit_note", include_str!("../../entities/sage300.credit_note.yaml")),
    ("sage300.customer", include_str!("../../entities/sage300.customer.yaml")),
    ("sage300.debit_note", include_str!("../../entities/sage300.debit_note.yaml")),
    ("sage300.invoice", include_str!("../../entities/sage300.invoice.yaml")),
    ("sage300.item", include_str!("../../entities/sage300.item.yaml")),
    ("sage300.journal", include_str!("../../entities/sage300.journal.yaml")),
    ("sage300.misc_receipt", include_str!("../../entities/sage300.misc_receipt.yaml")),
    ("sage300.order", include_str!("../../entities/sage300.order.yaml")),
    ("sage300.prepayment", include_str!("../../entities/sage300.prepayment.yaml")),
    ("sage300.receipt", include_str!("../../entities/sage300.receipt.yaml")),
    ("sage300.refund", include_str!("../../entities/sage300.refund.yaml")),
    ("sage300.unapplied", include_str!("../../entities/sage300.unapplied.yaml")),
    ("shipment", include_str!("../../entities/shipment.yaml")),
    ("storefront.order", include_str!("../../entities/storefront.order.yaml")),
    ("storefront.status", include_str!("../../entities/storefront.status.yaml")),
];

// The text is part of the program: a test reads all of it, so that nothing is left out here.
static TEXTS: LazyLock<Vec<EntityText>> =
    LazyLock::new(|| FILES.iter().filter_map(|(_, text)| EntityText::read(text).ok()).collect());

static ENTITIES: LazyLock<BTreeMap<String, Entity>> = LazyLock::new(|| {
    let entities = TEXTS.iter().filter_map(|text| text.entity().ok());
    entities.map(|entity| (entity.name.clone(), entity)).collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_embedded_and_says_an_entity_of_its_name() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("entities");
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .map(|file| file.strip_suffix(".yaml").unwrap().to_owned())
            .collect();
        names.sort();
        let embedded: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, embedded);
        for (name, text) in FILES {
            let read = EntityText::read(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            let entity = read.entity().unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(entity.name, *name);
            assert!(!entity.fields.is_empty(), "{name}");
        }
        assert_eq!(all().count(), FILES.len());
    }

    #[test]
    fn every_fact_and_every_effect_has_its_fields() {
        let facts = find("facts").unwrap();
        let named: Vec<&str> = domain::fact::FactName::ALL.iter().map(|fact| fact.name()).collect();
        assert_eq!(facts.fields.len(), named.len());
        assert!(named.iter().all(|name| facts.fields.contains_key(*name)));
        for effect in action::all().filter(|action| action.kind == action::Kind::Effect) {
            let entity = find(&effect.name).unwrap_or_else(|| panic!("{}", effect.name));
            let roles: Vec<Role> = entity.fields.values().filter_map(|field| field.role).collect();
            assert!(
                roles.contains(&Role::Reference) || entity.name.ends_with("customer"),
                "{}: what is it found by?",
                effect.name
            );
        }
    }

    #[test]
    fn a_receipt_is_as_long_as_sage_takes_it() {
        let receipt = find("sage300.receipt").unwrap();
        let of = |name: &str| receipt.fields[name].of.clone();
        assert_eq!(of("CheckReceiptNumber"), Type::Text { len_max: Some(24) });
        assert_eq!(of("EntryDescription"), Type::Text { len_max: Some(60) });
        assert_eq!(receipt.fields["BankReceiptAmount"].role, Some(Role::Amount));
        let Type::List(line) = of("AppliedReceiptsAdjustments") else { panic!() };
        let Type::Object(line) = *line else { panic!() };
        assert!(line["DocumentNumber"].required);
    }

    #[test]
    fn an_answer_is_an_entity_and_a_wrong_name_has_a_near_one() {
        assert!(find("sage300.customer.match").unwrap().fields.contains_key("number"));
        assert_eq!(find("paytrace.profile.update").unwrap().name, "paytrace.customer");
        assert!(find("sage300.receit").is_none());
        assert!(unknown("sage300.receit").contains("did you mean `sage300.receipt`?"));
        assert!(unknown("zzz").contains("docs/FLOWS.md"));
    }
}
