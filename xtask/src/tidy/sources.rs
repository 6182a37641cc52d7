//! Rules over Rust sources. Function length is clippy's.

use super::Finding;
use super::facts::{Facts, TextFile};

const FILE_LINES_MAX: usize = 600;
/// For code, and the widest that words may run over it: rustfmt breaks neither comments nor texts.
const LINE_COLUMNS_MAX: usize = 100;
const WORDS_COLUMNS_MAX: usize = 120;
const PROGRAM_LINES_MAX: usize = 20;
const BANNED_MODULES: &[&str] =
    &["utils", "util", "common", "helpers", "helper", "manager", "types"];

pub(super) fn file_length(facts: &Facts) -> Vec<Finding> {
    let long = |file: &&TextFile| file.text.lines().count() > FILE_LINES_MAX;
    let advice = format!("split the file by what it knows: at most {FILE_LINES_MAX} lines");
    let finding = |file: &TextFile| Finding::new(&file.path, 0, "file-length", advice.clone());
    facts.rust().filter(long).map(finding).collect()
}

pub(super) fn line_length(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in facts.rust() {
        for (number, line) in file.lines() {
            let words = line.trim_start().starts_with("//") || line.contains('"');
            let most = if words { WORDS_COLUMNS_MAX } else { LINE_COLUMNS_MAX };
            if line.chars().count() > most {
                let advice = format!("break the line: at most {most} columns");
                found.push(Finding::new(&file.path, number, "line-length", advice));
            }
        }
    }
    found
}

/// What is in `main.rs` cannot be tested: it stays thin.
pub(super) fn thin_programs(facts: &Facts) -> Vec<Finding> {
    let program = |file: &&TextFile| {
        file.path.starts_with("functions/") && file.path.ends_with("/src/main.rs")
    };
    let mut found = Vec::new();
    for file in facts.rust().filter(program) {
        let lines = file.text.lines().filter(|line| !line.trim().is_empty()).count();
        if lines > PROGRAM_LINES_MAX {
            let advice = format!("move it into the library: {lines} of {PROGRAM_LINES_MAX} lines");
            found.push(Finding::new(&file.path, 0, "thin-program", advice));
        }
    }
    found
}

pub(super) fn module_names(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in facts.rust() {
        let parts = file.path.trim_end_matches(".rs").split('/');
        for part in parts.filter(|part| BANNED_MODULES.contains(part)) {
            let advice = format!("name the module for what it knows, not `{part}`");
            found.push(Finding::new(&file.path, 0, "module-name", advice));
        }
        for (number, line) in file.lines() {
            let rest = line.trim_start().trim_start_matches("pub ").strip_prefix("mod ");
            let name = rest.and_then(|rest| rest.split([' ', ';', '{']).next());
            if let Some(name) = name.filter(|name| BANNED_MODULES.contains(name)) {
                let advice = format!("name the module for what it knows, not `{name}`");
                found.push(Finding::new(&file.path, number, "module-name", advice));
            }
        }
    }
    found
}

/// Every exception from a lint is an `#[expect]` with its reason.
pub(super) fn reasons(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in facts.rust() {
        for (position, (number, line)) in file.lines().enumerate() {
            let line = line.trim_start();
            let opens = |what: &str| {
                line.starts_with(&format!("#[{what}(")) || line.starts_with(&format!("#![{what}("))
            };
            if opens("allow") {
                let advice = "use #[expect(…, reason = \"…\")] instead of #[allow]";
                found.push(Finding::new(&file.path, number, "reasons", advice));
            }
            if opens("expect") && !attribute(file, position).contains("reason =") {
                let advice = "give the #[expect] a reason";
                found.push(Finding::new(&file.path, number, "reasons", advice));
            }
        }
    }
    found
}

/// The attribute that begins on this line, as far as its closing bracket.
fn attribute(file: &TextFile, position: usize) -> String {
    let mut text = String::new();
    for line in file.text.lines().skip(position).take(10) {
        text.push_str(line);
        if line.trim_end().ends_with(")]") {
            break;
        }
    }
    text
}

/// Nothing is left for later in what is merged.
pub(super) fn unfinished(facts: &Facts) -> Vec<Finding> {
    let marks = [concat!("todo", "!("), concat!("unimplemented", "!("), concat!("FIX", "ME")];
    let mut found = Vec::new();
    for file in facts.rust() {
        for (number, line) in file.lines() {
            if let Some(mark) = marks.iter().find(|mark| line.contains(*mark)) {
                let advice = format!("finish it: `{mark}` is not merged");
                found.push(Finding::new(&file.path, number, "unfinished", advice));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::LazyLock;

    use cargo_metadata::Metadata;

    use super::*;
    use crate::shell;

    static METADATA: LazyLock<Metadata> =
        LazyLock::new(|| Facts::read(&shell::root()).unwrap().metadata);

    fn facts(path: &str, text: &str) -> Facts {
        let files = vec![TextFile { path: path.to_owned(), text: text.to_owned() }];
        Facts { files, metadata: METADATA.clone(), compiled: BTreeSet::new() }
    }

    #[test]
    fn each_rule_finds_what_it_is_for() {
        let long = "//! x\n".repeat(601);
        assert_eq!(file_length(&facts("a.rs", &long)).len(), 1);
        assert_eq!(line_length(&facts("a.rs", &"é".repeat(101)))[0].line, 1);
        assert!(line_length(&facts("a.rs", &"é".repeat(100))).is_empty());
        assert!(line_length(&facts("a.rs", &format!("// {}", "é".repeat(117)))).is_empty());
        assert_eq!(line_length(&facts("a.rs", &format!("// {}", "é".repeat(118)))).len(), 1);
        let main = "use a;\n".repeat(21);
        assert_eq!(thin_programs(&facts("functions/x/src/main.rs", &main)).len(), 1);
        assert!(thin_programs(&facts("xtask/src/main.rs", &main)).is_empty());
        assert_eq!(module_names(&facts("shared/utils.rs", "")).len(), 1);
        assert_eq!(module_names(&facts("a.rs", "x\npub mod helpers;"))[0].line, 2);
        assert!(module_names(&facts("a.rs", "mod manager_of_none;")).is_empty());
    }

    #[test]
    fn exceptions_need_reasons() {
        let attribute = |text: &str| reasons(&facts("a.rs", text)).len();
        assert_eq!(attribute("#[expect(clippy::x)]"), 1);
        assert_eq!(attribute("#[allow(clippy::x)]"), 1);
        assert_eq!(attribute("#[expect(clippy::x, reason = \"y\")]"), 0);
        assert_eq!(attribute("#[expect(\n    clippy::x,\n    reason = \"y\"\n)]"), 0);
        assert_eq!(unfinished(&facts("a.rs", concat!("fn f() { todo", "!() }"))).len(), 1);
    }
}
