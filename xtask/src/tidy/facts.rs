//! What the rules look at: the repository's text files, and what cargo says of the crates.

use std::collections::BTreeSet;
use std::path::Path;

use cargo_metadata::{Metadata, MetadataCommand};

use crate::shell;

/// Folders that hold nothing of ours.
const SKIPPED: &[&str] = &["target", "node_modules"];

pub(super) struct Facts {
    /// By path below the root, in order.
    pub files: Vec<TextFile>,
    pub metadata: Metadata,
    /// What is really compiled, for any target: `name version`. Cargo's metadata names more.
    pub compiled: BTreeSet<String>,
}

pub(super) struct TextFile {
    pub path: String,
    pub text: String,
}

impl TextFile {
    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Lines with their number from 1.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }
}

impl Facts {
    pub fn read(root: &Path) -> Result<Self, String> {
        let mut files = Vec::new();
        collect(root, root, &mut files)
            .map_err(|error| format!("cannot read the repository: {error}"))?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let metadata = MetadataCommand::new()
            .manifest_path(root.join("Cargo.toml"))
            .other_options(vec!["--locked".to_owned()])
            .exec()
            .map_err(|error| format!("cargo metadata failed: {error}"))?;
        Ok(Self { files, metadata, compiled: compiled()? })
    }

    pub fn rust(&self) -> impl Iterator<Item = &TextFile> {
        self.files.iter().filter(|file| file.is_rust())
    }

    pub fn file(&self, path: &str) -> Option<&TextFile> {
        self.files.iter().find(|file| file.path == path)
    }
}

fn compiled() -> Result<BTreeSet<String>, String> {
    let arguments = ["tree", "--workspace", "--locked", "--target", "all", "--prefix", "none"];
    let mut command = shell::cargo(arguments);
    let text = shell::output_of(command.args(["--edges", "all", "--format", "{p}"]));
    let text = text.ok_or("cargo tree failed")?;
    // Features stand between the packages, as `name feature "x"`.
    let package = |line: &str| {
        let mut words = line.split_whitespace();
        let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
        Some(format!("{name} {version}"))
    };
    Ok(text.lines().filter_map(package).collect())
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<TextFile>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type()?;
        if kind.is_dir() {
            let hidden = name.starts_with('.') && name != ".ci" && name != ".cargo";
            if !hidden && !SKIPPED.contains(&name.as_str()) {
                collect(root, &path, files)?;
            }
        } else if kind.is_file() && name != "Cargo.lock" {
            // What is not UTF-8 is no text, and no rule speaks of it.
            if let Ok(text) = String::from_utf8(std::fs::read(&path)?) {
                let below = path.strip_prefix(root).unwrap_or(&path);
                let path = below.to_string_lossy().replace('\\', "/");
                files.push(TextFile { path, text });
            }
        }
    }
    Ok(())
}
