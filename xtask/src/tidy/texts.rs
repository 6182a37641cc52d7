//! Rules over every text file: nothing of a machine, nothing secret, nothing stale.

use std::collections::BTreeSet;

use super::Finding;
use super::facts::{Facts, TextFile};
use crate::docs;

/// Where a developer's own folders begin.
const MACHINE_PATHS: &[&str] =
    &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/Use", "rs/")];

/// How well-known secrets begin, and how many characters follow at least.
const SECRET_SHAPES: &[(&str, usize)] = &[
    (concat!("AK", "IA"), 16),
    (concat!("gh", "p_"), 36),
    (concat!("xo", "xb-"), 20),
    (concat!("sk_", "live_"), 16),
    (concat!("-----BEGIN ", "PRIVATE KEY"), 0),
    (concat!("-----BEGIN RSA ", "PRIVATE KEY"), 0),
];

/// Card numbers that processors publish for tests; no others may stand in the repository.
const TEST_CARDS: &[&str] = &[
    "4111111111111111",
    "4012888818888",
    "4012888888881881",
    "4012881888818888",
    "4012000098765439",
    "4242424242424242",
    "4222222222222",
    "5105105105105100",
    "5454545454545454",
    "5499740000000057",
    "5555555555554444",
    "2223000048400011",
    "2223003122003222",
    "341111111111111",
    "371449635398431",
    "371449635392376",
    "378282246310005",
    "30569309025904",
    "38520000023237",
    "3530111333300000",
    "3566002020360505",
    "6011000990139424",
    "6011000993026909",
    "6011111111111117",
    "6200000000000005",
];

pub(super) fn machine_paths(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in &facts.files {
        for (number, line) in file.lines() {
            let begins = |path: &&&str| starts_a_path(line, path);
            if let Some(path) = MACHINE_PATHS.iter().find(begins) {
                let advice = format!("leave paths of a machine out: {path}");
                found.push(Finding::new(&file.path, number, "machine-path", advice));
            }
        }
    }
    found
}

/// The path stands by itself: `shop.example/home/x` is none.
fn starts_a_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        before.is_none_or(|ch| !ch.is_alphanumeric() && !"./-_}$~*<>".contains(ch))
    })
}

pub(super) fn secrets(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in &facts.files {
        for (number, line) in file.lines() {
            if SECRET_SHAPES.iter().any(|(start, more)| has_secret(line, start, *more)) {
                let advice = "remove the secret, and revoke it: the history keeps it";
                found.push(Finding::new(&file.path, number, "secret", advice));
            }
        }
    }
    found
}

fn has_secret(line: &str, start: &str, more: usize) -> bool {
    line.match_indices(start).any(|(at, _)| {
        let rest = line.get(at + start.len()..).unwrap_or_default();
        rest.chars().take_while(|ch| ch.is_ascii_alphanumeric() || *ch == '-').count() >= more
    })
}

pub(super) fn card_numbers(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in &facts.files {
        for (number, line) in file.lines() {
            if runtime::card::find(without_test_cards(line).as_bytes()).is_some() {
                let advice = "use a published test number instead of this card number";
                found.push(Finding::new(&file.path, number, "card-number", advice));
            }
        }
    }
    found
}

/// The line with published test numbers, however they are parted, turned into letters.
fn without_test_cards(line: &str) -> String {
    let mut text: Vec<char> = line.chars().collect();
    let digits: Vec<usize> = positions(&text, |ch| ch.is_ascii_digit());
    let plain: String = digits.iter().filter_map(|at| text.get(*at)).collect();
    for card in TEST_CARDS {
        for (start, _) in plain.match_indices(card) {
            for at in digits.iter().skip(start).take(card.len()) {
                if let Some(ch) = text.get_mut(*at) {
                    *ch = 'x';
                }
            }
        }
    }
    text.into_iter().collect()
}

fn positions(text: &[char], fits: impl Fn(char) -> bool) -> Vec<usize> {
    text.iter().enumerate().filter(|(_, ch)| fits(**ch)).map(|(at, _)| at).collect()
}

pub(super) fn documents_fresh(facts: &Facts) -> Vec<Finding> {
    let stale = |document: &docs::Document| {
        facts.file(&document.path).is_none_or(|file| file.text != document.text)
    };
    let stale = docs::documents().into_iter().filter(stale);
    stale.map(|d| Finding::new(&d.path, 0, "fresh", "run `cargo xtask docs`")).collect()
}

/// What the README has a reader type exists: tasks of `cargo xtask`, and the files it names.
pub(super) fn readme_commands(facts: &Facts) -> Vec<Finding> {
    let tasks: BTreeSet<&str> = ["demo", "test", "tidy", "bench", "docs"].into();
    let mut found = Vec::new();
    let pages = facts.files.iter().filter(|file| file.path.ends_with(".md"));
    for file in pages {
        for (number, line) in file.lines() {
            for task in words_after(line, "cargo xtask ").filter(|task| !tasks.contains(task)) {
                let advice = format!("`cargo xtask {task}` does not exist");
                found.push(Finding::new(&file.path, number, "commands", advice));
            }
            for link in links(line).filter(|link| !exists(facts, file, link)) {
                let advice = format!("the link leads nowhere: {link}");
                found.push(Finding::new(&file.path, number, "links", advice));
            }
        }
    }
    found
}

fn words_after<'a>(line: &'a str, start: &'a str) -> impl Iterator<Item = &'a str> {
    let rests = line.match_indices(start).filter_map(|(at, _)| line.get(at + start.len()..));
    let word = |rest: &'a str| rest.split(|ch: char| !ch.is_ascii_lowercase()).next();
    rests.filter_map(word).filter(|word| !word.is_empty())
}

/// Relative links to files, without their anchors.
fn links(line: &str) -> impl Iterator<Item = &str> {
    let targets = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let plain = targets.filter_map(|target| target.split('#').next());
    plain.filter(|target| !target.is_empty() && !target.contains(':'))
}

fn exists(facts: &Facts, page: &TextFile, link: &str) -> bool {
    let folder = page.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    facts.metadata.workspace_root.as_std_path().join(folder).join(link).exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machine_paths_stand_alone() {
        let path = MACHINE_PATHS[2];
        assert!(starts_a_path(&format!("open(\"{path}me/x\")"), path));
        assert!(!starts_a_path(&format!("https://shop.example{path}x"), path));
    }

    #[test]
    fn secrets_are_known_by_their_shape() {
        let key = format!("key = {}{}", SECRET_SHAPES[0].0, "A".repeat(16));
        assert!(has_secret(&key, SECRET_SHAPES[0].0, 16));
        assert!(!has_secret("AKIA is how they begin", SECRET_SHAPES[0].0, 16));
    }

    #[test]
    fn published_card_numbers_are_let_through_and_others_are_not() {
        let found = |line: &str| runtime::card::find(without_test_cards(line).as_bytes()).is_some();
        assert!(!found("card 4111 1111 1111 1111 and 5454-5454-5454-5454"));
        let other = format!("card {}{}", "45391488", "03436467");
        assert!(found(&other));
    }

    #[test]
    fn commands_and_links_are_taken_from_a_line() {
        let line = "run `cargo xtask test` or cargo xtask bench --json x";
        assert_eq!(words_after(line, "cargo xtask ").collect::<Vec<_>>(), ["test", "bench"]);
        let line = "see [a](docs/a.md#b), [c](https://c.example) and [d](#e)";
        assert_eq!(links(line).collect::<Vec<_>>(), ["docs/a.md"]);
    }
}
