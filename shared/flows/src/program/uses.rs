//! Which documents a flow decides with.

use std::collections::BTreeSet;

use super::Documents;
use crate::document::{Document, Field, Kind, Map, Step};

/// The paths of the flow and of everything it uses: other flows, maps, their tables, checks.
#[must_use]
pub fn uses(documents: &Documents, flow: &str) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    let mut next = vec![(Kind::Flow, flow.to_owned())];
    while let Some(key) = next.pop() {
        let path = format!("{}/{}.yaml", key.0.folder(), key.1);
        let Some(document) = documents.get(&key) else { continue };
        if !used.insert(path) {
            continue;
        }
        match document {
            Document::Flow(flow) => steps(&flow.steps, &mut next),
            Document::Map(map) => next.extend(tables(map)),
            Document::Table(_) | Document::Check(_) => {}
        }
    }
    used
}

fn steps(all: &[Step], found: &mut Vec<(Kind, String)>) {
    for step in all {
        let named =
            [(Kind::Map, &step.map), (Kind::Check, &step.validate), (Kind::Flow, &step.run)];
        let named = named.into_iter().filter_map(|(kind, id)| Some((kind, id.clone()?)));
        found.extend(named);
        let cases = step.switch.iter().flat_map(|case| &case.steps);
        let looped = step.for_each.iter().flat_map(|each| &each.steps);
        for inner in cases.chain(looped).chain(&step.attempt).chain(&step.catch) {
            steps(std::slice::from_ref(inner), found);
        }
    }
}

fn tables(map: &Map) -> impl Iterator<Item = (Kind, String)> {
    let listed = map.each.values().flat_map(|each| each.fields.values());
    let table = |field: &Field| {
        let name = field.decide.as_ref().or(field.lookup.as_ref().map(|lookup| &lookup.table))?;
        let id = name.split('.').next().unwrap_or(name);
        Some((Kind::Table, id.to_owned()))
    };
    map.fields.values().chain(listed).filter_map(table)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_flow_uses_its_maps_their_tables_and_its_checks() {
        let documents = super::super::read(&crate::shipped::files()).unwrap();
        let used = super::uses(&documents, "payment-posting");
        for path in [
            "checks/customer-payable.yaml",
            "flows/payment-posting.yaml",
            "maps/payment-to-place.yaml",
            "maps/payment-to-receipt.yaml",
            "tables/payment-codes.yaml",
        ] {
            assert!(used.contains(path), "{used:?}");
        }
        assert!(!used.contains("flows/refund.yaml"));
    }
}
