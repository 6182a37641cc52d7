//! A folder of documents: `flows/ maps/ tables/ checks/ samples/ env/`, one YAML file each.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The folders that are read; anything beside them is somebody else's.
const FOLDERS: [&str; 6] = ["flows", "maps", "tables", "checks", "samples", "env"];

/// More files than this are no set of documents.
const FILES_MAX: usize = 2_000;

/// The texts by their path below the folder, such as `flows/refund.yaml`.
///
/// # Errors
/// In words, when there are none or one cannot be read.
pub fn read(folder: &Path) -> Result<BTreeMap<String, String>, String> {
    let mut files = BTreeMap::new();
    for name in FOLDERS {
        let below = folder.join(name);
        if !below.is_dir() {
            continue;
        }
        for path in listed(&below)? {
            let Some(file) = path.file_name().and_then(|file| file.to_str()) else { continue };
            if path.extension().is_none_or(|end| end != "yaml") {
                continue;
            }
            let text = fs::read_to_string(&path)
                .map_err(|error| format!("{}: {error}", path.display()))?;
            files.insert(format!("{name}/{file}"), text);
        }
    }
    if files.is_empty() {
        return Err(format!(
            "{}: no documents below it; `paysage flow init DIR` writes those that come with the \
             program",
            folder.display()
        ));
    }
    if files.len() > FILES_MAX {
        return Err(format!("{}: more than {FILES_MAX} documents", folder.display()));
    }
    Ok(files)
}

/// Writes the texts below the folder. What is there already is left, and named.
///
/// # Errors
/// In words, when something cannot be written.
pub fn write(folder: &Path, files: &BTreeMap<String, String>) -> Result<Vec<String>, String> {
    let mut left = Vec::new();
    for (path, text) in files {
        let whole = folder.join(path);
        if whole.exists() {
            left.push(path.clone());
            continue;
        }
        replace(&whole, text)?;
    }
    Ok(left)
}

/// Writes one text, whole or not at all.
///
/// # Errors
/// In words.
pub fn replace(path: &Path, text: &str) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    fs::write(&part, text).and_then(|()| fs::rename(&part, path)).map_err(failed)
}

fn listed(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        paths.push(entry.map_err(failed)?.path());
    }
    paths.sort();
    Ok(paths)
}
