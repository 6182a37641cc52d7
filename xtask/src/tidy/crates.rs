//! Which crate may depend on which, and what each crate must have.

use std::collections::BTreeSet;

use cargo_metadata::{DependencyKind, Package};

use super::Finding;
use super::facts::Facts;

/// Our crates and what each may depend on, of ours. Tests may use more; shipped code may not.
const ALLOWED: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("flows", &["domain"]),
    ("ledger", &["domain"]),
    ("reconcile", &["domain"]),
    ("risk", &["domain"]),
    ("billing", &["domain"]),
    ("runtime", &["domain"]),
    ("paysage-http", &[]),
    ("paytrace", &["paysage-http"]),
    ("sage300", &["paysage-http"]),
    ("sandbox", &[]),
    ("engine", &["domain", "flows", "ledger", "reconcile", "risk", "billing"]),
    ("gateway", &["domain", "engine", "paytrace", "paysage-http"]),
    ("erp", &["domain", "engine", "ledger", "sage300", "paysage-http"]),
    ("embedded", &["domain", "engine", "ledger"]),
    ("advisor", &["engine", "paysage-http"]),
    ("aws", &["domain", "engine", "ledger", "runtime"]),
    ("assembly", ASSEMBLED),
    ("webhook", FUNCTION),
    ("poller", FUNCTION),
    ("poster", FUNCTION),
    ("transformer", FUNCTION),
    ("xtask", &["domain", "flows", "runtime"]),
];

/// What a function is made of; it knows every implementation but the embedded ones.
const ASSEMBLED: &[&str] = &[
    "advisor",
    "aws",
    "domain",
    "engine",
    "erp",
    "gateway",
    "ledger",
    "paysage-http",
    "paytrace",
    "runtime",
    "sage300",
];

/// A function touches its implementations through what assembles it.
const FUNCTION: &[&str] = &["assembly", "domain", "engine", "ledger", "runtime"];

/// The program that hosts everything, and the tests of it: they may use any of ours.
const UNRESTRICTED: &[&str] = &["paysage", "tests"];

/// Crates of others that one of ours wraps, and nobody else touches.
const OWNED: &[(&str, &[&str])] =
    &[("reqwest", &["paysage-http"]), ("rusqlite", &["embedded"]), ("aws-sdk-", &["aws"])];

pub(super) fn direction(facts: &Facts) -> Vec<Finding> {
    let packages = facts.metadata.workspace_packages();
    let ours: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let mut found = Vec::new();
    for package in packages.iter().filter(|p| !UNRESTRICTED.contains(&p.name.as_str())) {
        let path = manifest(facts, package);
        let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == package.name.as_str())
        else {
            let advice = "add the crate to the table in xtask/src/tidy/crates.rs";
            found.push(Finding::new(&path, 0, "direction", advice));
            continue;
        };
        let used = package.dependencies.iter().filter(|d| d.kind != DependencyKind::Development);
        for name in used.map(|dependency| dependency.name.as_str()) {
            if ours.contains(name) && !allowed.contains(&name) {
                let advice = format!("{} may not depend on {name}", package.name);
                found.push(Finding::new(&path, 0, "direction", advice));
            }
        }
    }
    found
}

pub(super) fn single_owner(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    for package in facts.metadata.workspace_packages() {
        let path = manifest(facts, package);
        for dependency in &package.dependencies {
            let owned = OWNED.iter().find(|(name, _)| {
                dependency.name == *name || name.ends_with('-') && dependency.name.starts_with(name)
            });
            let Some((_, owners)) = owned else { continue };
            if !owners.contains(&package.name.as_str()) {
                let owner = owners.join(", ");
                let advice = format!("use {} through {owner} only", dependency.name);
                found.push(Finding::new(&path, 0, "single-owner", advice));
            }
        }
    }
    found
}

pub(super) fn lints_inherited(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    for package in facts.metadata.workspace_packages() {
        let path = manifest(facts, package);
        let text = facts.file(&path).map(|file| file.text.as_str()).unwrap_or_default();
        if !text.replace(' ', "").contains("[lints]\nworkspace=true") {
            let advice = "add `[lints]` with `workspace = true`";
            found.push(Finding::new(&path, 0, "lints", advice));
        }
    }
    found
}

/// Every crate says in its first line what it is, in more than its own name.
pub(super) fn described(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    for package in facts.metadata.workspace_packages() {
        for target in &package.targets {
            let path = below_root(facts, target.src_path.as_str());
            let Some(file) = facts.file(&path) else { continue };
            let first = file.text.lines().next().unwrap_or_default();
            let words = first.strip_prefix("//!").map_or(0, |doc| doc.split_whitespace().count());
            if words < 3 && !first.starts_with("#![doc") {
                let advice = "begin the crate with `//!` and what it is";
                found.push(Finding::new(&path, 1, "described", advice));
            }
        }
    }
    found
}

fn manifest(facts: &Facts, package: &Package) -> String {
    below_root(facts, package.manifest_path.as_str())
}

fn below_root(facts: &Facts, path: &str) -> String {
    let root = facts.metadata.workspace_root.as_str();
    path.strip_prefix(root).unwrap_or(path).trim_start_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell;

    #[test]
    fn a_dependency_against_the_direction_is_found() {
        let mut facts = Facts::read(&shell::root()).unwrap();
        let before = (direction(&facts).len(), single_owner(&facts).len());
        let dependency = |facts: &Facts, of: &str, on: &str| {
            let package = facts.metadata.packages.iter().find(|p| p.name.as_str() == of).unwrap();
            package.dependencies.iter().find(|d| d.name == on).unwrap().clone()
        };
        let wrong =
            [dependency(&facts, "engine", "ledger"), dependency(&facts, "paysage-http", "reqwest")];
        let sandbox = facts.metadata.packages.iter_mut().find(|p| p.name.as_str() == "sandbox");
        sandbox.unwrap().dependencies.extend(wrong);
        assert_eq!(
            (direction(&facts).len(), single_owner(&facts).len()),
            (before.0 + 1, before.1 + 1)
        );
        let said: Vec<String> = direction(&facts).iter().map(Finding::to_string).collect();
        let expected = "shared/sandbox/Cargo.toml:0: direction: sandbox may not depend on ledger";
        assert!(said.iter().any(|line| line == expected), "{said:?}");
    }

    /// The table itself keeps the promises of the architecture.
    #[test]
    fn the_table_has_no_way_between_spokes() {
        let may = |from: &str, to: &str| {
            let row = ALLOWED.iter().find(|(name, _)| *name == from).unwrap();
            row.1.contains(&to)
        };
        let spokes = ["gateway", "erp", "embedded", "aws"];
        for from in spokes {
            assert!(may(from, "engine"));
            assert!(!may("engine", from));
            assert!(spokes.iter().all(|to| !may(from, to)));
        }
        for vendor in ["paytrace", "sage300"] {
            assert!(!may(vendor, "domain") && !may(vendor, "engine"));
            assert!(!may("sandbox", vendor), "the simulators share no code with the clients");
        }
        assert!(!may("sandbox", "engine"));
        assert!(ALLOWED.iter().all(|(_, to)| to.iter().all(|name| !UNRESTRICTED.contains(name))));
    }
}
