//! The reference page `docs/FLOWS.md`: prose, and tables made from the catalogue.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::action::{self, Action, Kind};
use crate::entity::{self, EntityText, FieldOf, FieldText, Role};

/// The page.
#[must_use]
pub fn markdown() -> String {
    include_str!("reference.in")
        .replace("{{given}}\n", &given())
        .replace("{{events}}\n", &events())
        .replace("{{steps}}\n", &steps())
        .replace("{{actions}}\n", &actions())
        .replace("{{entities}}\n", &entities())
}

fn given() -> String {
    let mut table = "| name | entity | what it is |\n|---|---|---|\n".to_owned();
    for (name, entity) in action::GIVEN {
        let text = entity::texts().iter().find(|text| text.entity == *entity);
        let about = text.map(|text| text.about.as_str()).unwrap_or_default();
        row(&mut table, &[&code(name), &code(entity), about]);
    }
    table
}

fn events() -> String {
    let mut table = "| event | found as | entity | when |\n|---|---|---|---|\n".to_owned();
    for event in action::events() {
        let cells = [&event.name, &event.called, &event.carries].map(|name| code(name));
        row(&mut table, &[&cells[0], &cells[1], &cells[2], &event.about]);
    }
    table
}

fn steps() -> String {
    let mut table = "| step | keys | gives |\n|---|---|---|\n".to_owned();
    for (name, keys, about) in crate::steps::STEPS {
        let keys: Vec<String> = keys.iter().map(|key| code(key)).collect();
        row(&mut table, &[&code(name), &keys.join(", "), about]);
    }
    table
}

fn actions() -> String {
    let mut text = String::new();
    let kinds = [
        (Kind::Read, "Calls that change nothing"),
        (Kind::Write, "Calls that change something"),
        (Kind::Effect, "Effects"),
        (Kind::Tell, "Told to others"),
        (Kind::Person, "People"),
        (Kind::Time, "Time"),
    ];
    for (kind, title) in kinds {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "### {title}\n");
        if kind == Kind::Effect {
            text.push_str(
                "| effect | entity | | once for | says no with |\n|---|---|---|---|---|\n",
            );
        } else {
            text.push_str("| action | | takes | answers | says no with |\n|---|---|---|---|---|\n");
        }
        for action in action::all().filter(|action| action.kind == kind) {
            described(&mut text, action);
        }
        text.push('\n');
    }
    text.trim_end().to_owned() + "\n"
}

fn described(text: &mut String, action: &Action) {
    let later = if action.available { "" } else { "*later* " };
    let failures: Vec<String> = action.failures.iter().map(|code| format!("`{code}`")).collect();
    let about = format!("{later}{}", action.about);
    if action.kind == Kind::Effect {
        let entity = entity::find(&action.name).map(|entity| code(&entity.name));
        let entity = entity.unwrap_or_default();
        row(text, &[&code(&action.name), &entity, &about, &action.key, &failures.join(", ")]);
        return;
    }
    let answers = action.answers.as_ref().map(|entity| names(&entity.fields)).unwrap_or_default();
    let takes = names(&action.input);
    row(text, &[&code(&action.name), &about, &takes, &answers, &failures.join(", ")]);
}

/// `name`, and `name?` for what may be absent.
fn names(fields: &BTreeMap<String, FieldOf>) -> String {
    let name = |(name, field): (&String, &FieldOf)| match field.required {
        true => code(name),
        false => code(&format!("{name}?")),
    };
    fields.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn entities() -> String {
    let mut text = String::new();
    for entity in entity::texts() {
        let EntityText { entity: name, title, about, source, tag, fields, .. } = entity;
        let _ = writeln!(text, "### `{name}`: {title}\n\n{about}");
        if !source.is_empty() {
            let _ = writeln!(text, "Source: {source}.");
        }
        text.push_str("\n| field | type | | known | |\n|---|---|---|---|---|\n");
        rows_of(&mut text, "", fields, tag);
        text.push('\n');
    }
    text.trim_end().to_owned() + "\n"
}

fn rows_of(text: &mut String, within: &str, fields: &BTreeMap<String, FieldText>, tag: &str) {
    for (name, field) in fields {
        let path = format!("{within}{name}");
        let required = if field.required { "required" } else { "" };
        let role = match field.role {
            Some(Role::Amount) => "**amount**",
            Some(Role::Currency) => "**currency**",
            Some(Role::Customer) => "**customer**",
            Some(Role::Reference) => "**reference**",
            None => "",
        };
        let must = [required, role].join(" ");
        let known = field.tag.as_deref().unwrap_or(tag);
        let of = field.of.replace('|', ", ");
        row(text, &[&code(&path), &of, must.trim(), known, &field.about]);
        let inner = if field.of == "list" { format!("{path}[].") } else { format!("{path}.") };
        rows_of(text, &inner, &field.fields, known);
    }
}

fn row(text: &mut String, cells: &[&str]) {
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}

fn code(name: &str) -> String {
    format!("`{name}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_fresh() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/FLOWS.md");
        let kept = std::fs::read_to_string(page).unwrap();
        assert!(kept == markdown(), "docs/FLOWS.md is stale: run `cargo xtask docs`");
    }

    #[test]
    fn the_page_names_everything() {
        let page = markdown();
        assert!(!page.contains("{{"));
        for action in action::all() {
            assert!(page.contains(&code(&action.name)), "{}", action.name);
        }
        for entity in entity::all() {
            assert!(page.contains(&format!("### `{}`", entity.name)), "{}", entity.name);
        }
    }
}
