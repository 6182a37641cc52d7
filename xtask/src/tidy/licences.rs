//! What we depend on: licences, banned crates and sources. The lists are those of `deny.toml`, so
//! that `cargo deny check` and this say the same.

use std::collections::BTreeMap;

use cargo_metadata::{Package, PackageId};
use toml_edit::{DocumentMut, Item, Value};

use super::Finding;
use super::facts::Facts;

const DENY: &str = "deny.toml";

pub(super) fn licences(facts: &Facts) -> Vec<Finding> {
    let lists = match Lists::read(facts) {
        Ok(lists) => lists,
        Err(finding) => return vec![finding],
    };
    let mut found = Vec::new();
    for package in &facts.metadata.packages {
        let own = package.license.clone().unwrap_or_default();
        let licence = lists.clarified(package).unwrap_or(own);
        if !permits(&licence, &lists.allowed) {
            let advice = format!(
                "{} {}: the licence `{licence}` is not allowed",
                package.name, package.version
            );
            found.push(Finding::new(DENY, 0, "licence", advice));
        }
    }
    found
}

pub(super) fn banned(facts: &Facts) -> Vec<Finding> {
    let lists = match Lists::read(facts) {
        Ok(lists) => lists,
        Err(finding) => return vec![finding],
    };
    let mut versions: BTreeMap<&str, usize> = BTreeMap::new();
    for package in &facts.compiled {
        let name = package.split(' ').next().unwrap_or_default();
        *versions.entry(name).or_default() += 1;
    }
    let mut found = Vec::new();
    for ban in &lists.banned {
        let count = versions.get(ban.name.as_str()).copied().unwrap_or_default();
        if count > usize::from(ban.once_allowed) && !ban.is_wrapped(facts) {
            let advice = format!("remove {}: {}", ban.name, ban.reason);
            found.push(Finding::new(DENY, 0, "banned", advice));
        }
    }
    found
}

pub(super) fn sources(facts: &Facts) -> Vec<Finding> {
    let lists = match Lists::read(facts) {
        Ok(lists) => lists,
        Err(finding) => return vec![finding],
    };
    let mut found = Vec::new();
    for package in &facts.metadata.packages {
        let Some(source) = &package.source else { continue };
        let place = source.repr.trim_start_matches("registry+");
        if !lists.registries.iter().any(|registry| registry == place) {
            let advice = format!("{}: take it from crates.io, not {}", package.name, source.repr);
            found.push(Finding::new(DENY, 0, "source", advice));
        }
    }
    found
}

/// The lists of `deny.toml`.
struct Lists {
    allowed: Vec<String>,
    /// Licences a person has read and named, by crate.
    clarify: BTreeMap<String, String>,
    banned: Vec<Ban>,
    registries: Vec<String>,
}

struct Ban {
    name: String,
    /// One version may be there; two may not.
    once_allowed: bool,
    reason: String,
    /// Crates that may use it all the same.
    wrappers: Vec<String>,
}

impl Lists {
    fn read(facts: &Facts) -> Result<Self, Finding> {
        let wrong = |advice: &str| Finding::new(DENY, 0, "deny", advice);
        let file = facts.file(DENY).ok_or_else(|| wrong("the file is missing"))?;
        let document: DocumentMut =
            file.text.parse().map_err(|_| wrong("correct the TOML: it cannot be read"))?;
        let allowed = texts(document.get("licenses").and_then(|table| table.get("allow")));
        let registries =
            texts(document.get("sources").and_then(|table| table.get("allow-registry")));
        let banned: Vec<Ban> = document
            .get("bans")
            .and_then(|table| table.get("deny"))
            .and_then(Item::as_array)
            .into_iter()
            .flatten()
            .filter_map(Ban::read)
            .collect();
        if allowed.is_empty() || registries.is_empty() || banned.is_empty() {
            return Err(wrong("give licenses.allow, bans.deny and sources.allow-registry"));
        }
        Ok(Self { allowed, clarify: clarifications(&document), banned, registries })
    }

    fn clarified(&self, package: &Package) -> Option<String> {
        self.clarify.get(package.name.as_str()).cloned()
    }
}

impl Ban {
    /// Nothing uses it but the crates that may.
    fn is_wrapped(&self, facts: &Facts) -> bool {
        let Some(resolved) = &facts.metadata.resolve else { return false };
        let name_of = |id: &PackageId| {
            let package = facts.metadata.packages.iter().find(|package| package.id == *id);
            package.map(|package| package.name.as_str()).unwrap_or_default()
        };
        let users = resolved.nodes.iter().filter(|node| {
            node.dependencies.iter().any(|dependency| name_of(dependency) == self.name)
        });
        let mut others = users.filter(|node| {
            let user = name_of(&node.id);
            user != self.name && !self.wrappers.iter().any(|wrapper| wrapper == user)
        });
        !self.wrappers.is_empty() && others.next().is_none()
    }

    fn read(value: &Value) -> Option<Self> {
        let table = value.as_inline_table()?;
        let text = |key: &str| table.get(key).and_then(Value::as_str).map(str::to_owned);
        let several = table.get("deny-multiple-versions").and_then(Value::as_bool);
        Some(Self {
            name: text("crate")?,
            once_allowed: several.unwrap_or(false),
            reason: text("reason").unwrap_or_default(),
            wrappers: names(table.get("wrappers")),
        })
    }
}

fn names(value: Option<&Value>) -> Vec<String> {
    let names = value.and_then(Value::as_array).into_iter().flatten();
    names.filter_map(|name| name.as_str().map(str::to_owned)).collect()
}

fn clarifications(document: &DocumentMut) -> BTreeMap<String, String> {
    let tables = document.get("licenses").and_then(|table| table.get("clarify"));
    let tables = tables.and_then(Item::as_array_of_tables).into_iter().flatten();
    let entry = |table: &toml_edit::Table| {
        let text = |key: &str| table.get(key).and_then(Item::as_str).map(str::to_owned);
        Some((text("crate")?, text("expression")?))
    };
    tables.filter_map(entry).collect()
}

fn texts(item: Option<&Item>) -> Vec<String> {
    let values = item.and_then(Item::as_array).into_iter().flatten();
    values.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Whether an SPDX expression can be satisfied by allowed licences alone. `A/B` is the older way to
/// write `A OR B`.
fn permits(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    any_of(&mut rest, allowed) == Some(true) && rest.is_empty()
}

fn any_of(words: &mut &[&str], allowed: &[String]) -> Option<bool> {
    let mut permitted = all_of(words, allowed)?;
    while let Some(("OR", rest)) = first(words) {
        *words = rest;
        permitted |= all_of(words, allowed)?;
    }
    Some(permitted)
}

fn all_of(words: &mut &[&str], allowed: &[String]) -> Option<bool> {
    let mut permitted = one(words, allowed)?;
    while let Some(("AND", rest)) = first(words) {
        *words = rest;
        permitted &= one(words, allowed)?;
    }
    Some(permitted)
}

fn one(words: &mut &[&str], allowed: &[String]) -> Option<bool> {
    let (word, rest) = first(words)?;
    *words = rest;
    if word == "(" {
        let permitted = any_of(words, allowed)?;
        let (closing, rest) = first(words)?;
        *words = rest;
        return (closing == ")").then_some(permitted);
    }
    let mut name = word.to_owned();
    if let Some(("WITH", rest)) = first(words) {
        let (exception, rest) = first(rest)?;
        *words = rest;
        name = format!("{name} WITH {exception}");
    }
    Some(allowed.contains(&name))
}

fn first<'a, 'b>(words: &'b [&'a str]) -> Option<(&'a str, &'b [&'a str])> {
    words.split_first().map(|(word, rest)| (*word, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell;

    #[test]
    fn banned_licences_and_sources_are_found() {
        let mut facts = Facts::read(&shell::root()).unwrap();
        for package in ["openssl 0.10.1", "ring 0.18.0"] {
            facts.compiled.insert(package.to_owned());
        }
        let advice: Vec<String> = banned(&facts).into_iter().map(|f| f.advice).collect();
        assert_eq!(
            advice,
            ["remove openssl: TLS is rustls", "remove ring: one TLS provider, once"]
        );
        let package = facts.metadata.packages.iter_mut().find(|p| p.name.as_str() == "serde");
        let package = package.unwrap();
        package.license = Some("GPL-3.0".to_owned());
        package.source.as_mut().unwrap().repr = "git+https://example.com/serde".to_owned();
        assert!(licences(&facts)[0].advice.contains("`GPL-3.0` is not allowed"));
        assert!(sources(&facts)[0].advice.starts_with("serde: take it from crates.io"));
    }

    #[test]
    fn expressions_are_evaluated() {
        let allowed: Vec<String> =
            ["MIT", "Apache-2.0", "BSD-3-Clause"].map(str::to_owned).to_vec();
        for (expression, permitted) in [
            ("MIT", true),
            ("GPL-3.0", false),
            ("MIT OR GPL-3.0", true),
            ("MIT AND GPL-3.0", false),
            ("GPL-3.0/MIT", true),
            ("(Apache-2.0 OR GPL-3.0) AND BSD-3-Clause", true),
            ("GPL-3.0 AND (MIT OR Apache-2.0)", false),
            ("Apache-2.0 WITH LLVM-exception", false),
            ("Apache-2.0 WITH LLVM-exception OR MIT", true),
            ("", false),
            ("(MIT", false),
            ("MIT MIT", false),
        ] {
            assert_eq!(permits(expression, &allowed), permitted, "{expression}");
        }
    }
}
