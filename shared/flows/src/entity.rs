//! Entities: the records maps read and make. Their fields stand in `entities/*.yaml`.

use std::collections::BTreeMap;

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
    /// A map that makes this entity must fill it.
    pub required: bool,
    /// What the field is to the money rules, if anything.
    pub role: Option<Role>,
}

/// The four things no map may change, compared with the facts after every mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
