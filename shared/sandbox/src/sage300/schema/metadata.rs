//! `$metadata`: the schemas of one module as EDMX 4.0.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::shape::{Enumeration, Field, Kind, Shape};
use super::{Resource, namespace};

/// The document for these resources of one module, under the names they are served by.
#[must_use]
pub fn metadata(module: &str, resources: &BTreeMap<String, &Resource>) -> String {
    let namespace = namespace(module);
    let mut used = Used::default();
    for resource in resources.values() {
        used.collect(&resource.shape);
    }
    let mut xml = String::from(HEAD);
    let _infallible = writeln!(xml, "<Schema Namespace=\"{namespace}\" xmlns=\"{EDM}\">");
    let mut written = std::collections::BTreeSet::new();
    for resource in resources.values() {
        if written.insert(resource.shape.name.as_str()) {
            entity_type(&mut xml, &namespace, &resource.shape);
        }
    }
    for shape in used.shapes.values() {
        let _infallible = writeln!(xml, "<ComplexType Name=\"{}\">", shape.name);
        properties(&mut xml, &namespace, shape);
        xml.push_str("</ComplexType>\n");
    }
    for list in used.enums.values() {
        enum_type(&mut xml, list);
    }
    xml.push_str("</Schema>\n");
    container(&mut xml, &namespace, resources);
    xml.push_str(TAIL);
    xml
}

const EDM: &str = "http://docs.oasis-open.org/odata/ns/edm";
const HEAD: &str = concat!(
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n",
    "<edmx:Edmx Version=\"4.0\" xmlns:edmx=\"http://docs.oasis-open.org/odata/ns/edmx\">\n",
    "<edmx:DataServices>\n"
);
const TAIL: &str = "</edmx:DataServices>\n</edmx:Edmx>\n";

/// What the entity types refer to.
#[derive(Default)]
struct Used<'a> {
    shapes: BTreeMap<&'a str, &'a Shape>,
    enums: BTreeMap<&'a str, &'a Enumeration>,
}

impl<'a> Used<'a> {
    fn collect(&mut self, shape: &'a Shape) {
        for field in &shape.fields {
            match &field.kind {
                Kind::Enum(list) => {
                    self.enums.insert(&list.name, list);
                }
                Kind::Many(nested) => {
                    self.shapes.insert(&nested.name, nested);
                    self.collect(nested);
                }
                _ => {}
            }
        }
    }
}

fn entity_type(xml: &mut String, namespace: &str, shape: &Shape) {
    let _infallible = writeln!(xml, "<EntityType Name=\"{}\">\n<Key>", shape.name);
    for key in shape.keys() {
        let _infallible = writeln!(xml, "<PropertyRef Name=\"{}\" />", key.name);
    }
    xml.push_str("</Key>\n");
    properties(xml, namespace, shape);
    xml.push_str("</EntityType>\n");
}

fn properties(xml: &mut String, namespace: &str, shape: &Shape) {
    for field in &shape.fields {
        let _infallible =
            writeln!(xml, "<Property Name=\"{}\" {} />", field.name, attributes(namespace, field));
    }
}

fn attributes(namespace: &str, field: &Field) -> String {
    match &field.kind {
        Kind::Text { length, .. } => {
            let nullable = if field.key { " Nullable=\"false\"" } else { "" };
            format!("Type=\"Edm.String\"{nullable} MaxLength=\"{length}\"")
        }
        Kind::Decimal { places } => {
            format!("Type=\"Edm.Decimal\" Nullable=\"false\" Scale=\"{places}\"")
        }
        Kind::Int => "Type=\"Edm.Int32\" Nullable=\"false\"".into(),
        Kind::Long => "Type=\"Edm.Int64\" Nullable=\"false\"".into(),
        Kind::Bool => "Type=\"Edm.Boolean\" Nullable=\"false\"".into(),
        Kind::Date if field.key => "Type=\"Edm.DateTimeOffset\" Nullable=\"false\"".into(),
        Kind::Date => "Type=\"Edm.DateTimeOffset\"".into(),
        Kind::Enum(list) => format!("Type=\"{namespace}.{}\" Nullable=\"false\"", list.name),
        Kind::Many(shape) => format!("Type=\"Collection({namespace}.{})\"", shape.name),
    }
}

/// A stored value that is no number (such as `A`) has no place in EDMX: its rank stands for it.
fn enum_type(xml: &mut String, list: &Enumeration) {
    let _infallible = writeln!(xml, "<EnumType Name=\"{}\">", list.name);
    let numeric = list.members.iter().all(|member| member.stored.parse::<i64>().is_ok());
    for (rank, member) in list.members.iter().enumerate() {
        let value = if numeric { member.stored.clone() } else { rank.to_string() };
        let _infallible = writeln!(xml, "<Member Name=\"{}\" Value=\"{value}\" />", member.name);
    }
    xml.push_str("</EnumType>\n");
}

fn container(xml: &mut String, namespace: &str, resources: &BTreeMap<String, &Resource>) {
    let _infallible = writeln!(
        xml,
        "<Schema Namespace=\"Default\" xmlns=\"{EDM}\">\n<EntityContainer Name=\"Container\">"
    );
    for (name, resource) in resources {
        let _infallible = writeln!(
            xml,
            "<EntitySet Name=\"{name}\" EntityType=\"{namespace}.{}\" />",
            resource.shape.name
        );
    }
    xml.push_str("</EntityContainer>\n</Schema>\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ar_document_names_entities_details_enums_and_keys() {
        let resources =
            super::super::catalogue().of_module("AR").map(|r| (r.name.clone(), r)).collect();
        let xml = metadata("AR", &resources);
        for part in [
            "<Schema Namespace=\"Sage.CA.SBS.ERP.Sage300.AR.WebApi.Models\"",
            "<EntityType Name=\"PostedDocument\">\n<Key>\n<PropertyRef Name=\"CustomerNumber\" />",
            "<Property Name=\"CustomerNumber\" Type=\"Edm.String\" Nullable=\"false\" \
             MaxLength=\"12\" />",
            "<ComplexType Name=\"AppliedReceiptAdjustment\">",
            "Collection(Sage.CA.SBS.ERP.Sage300.AR.WebApi.Models.ReceiptAdjustment)",
            "<Member Name=\"ReadyToPost\" Value=\"7\" />",
            "<EntitySet Name=\"ARCustomers\" EntityType=\"Sage.CA.SBS.ERP.Sage300.AR.WebApi.",
        ] {
            assert!(xml.contains(part), "{part}");
        }
        let count = |tag: &str| xml.matches(tag).count();
        assert_eq!(count("<EntityType "), count("</EntityType>"));
        assert_eq!(count("<ComplexType "), count("</ComplexType>"));
        assert_eq!(count("<ComplexType Name=\"InvoiceDetail\">"), 1);
    }
}
