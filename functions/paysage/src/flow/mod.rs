//! `paysage flow`: documents checked, tried, brought into force and gone back from.
//!
//! A folder holds them: `flows/ maps/ tables/ checks/ samples/ env/`. Nothing in it is in force until it is
//! promoted; what is in force is kept by the product, whatever becomes of the folder.

mod folder;
mod place;
mod preview;
mod publish;
mod trial;
pub mod words;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::say;

#[derive(Subcommand)]
pub enum Flow {
    /// Write the documents that come with the program into a folder
    Init(Folder),
    /// Tell everything that is wrong with a folder's documents
    Check(Checked),
    /// Write a folder's documents the one way they are written
    Fmt(Formatted),
    /// Try every sample of a folder
    Test(trial::Options),
    /// Show what a sample makes: fields, lines of the books, and each step
    Preview(preview::Options),
    /// Tell what a folder's documents would change, part by part
    Diff(publish::DiffOptions),
    /// Tell what decided about a payment, by the documents of then
    Explain(publish::ExplainOptions),
    /// Bring a folder's documents into force
    Promote(publish::PromoteOptions),
    /// Go back to an earlier release
    Rollback(publish::RollbackOptions),
    /// List what was in force, and since when
    Log(publish::LogOptions),
    /// Write the documents of a release into a folder, as they were
    Show(publish::ShowOptions),
}

#[derive(Args)]
pub struct Folder {
    /// The folder of the documents
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

#[derive(Args)]
pub struct Checked {
    #[command(flatten)]
    folder: Folder,
    /// With the bindings of this environment (`env/NAME.yaml`)
    #[arg(long, value_name = "NAME", default_value = "prod")]
    env: String,
}

#[derive(Args)]
pub struct Formatted {
    #[command(flatten)]
    folder: Folder,
    /// Only tell which would change; the exit code is 1 when some would
    #[arg(long)]
    check: bool,
}

/// # Errors
/// In words.
pub async fn perform(command: &Flow) -> Result<(), String> {
    match command {
        Flow::Init(folder) => init(folder),
        Flow::Check(checked) => check(checked),
        Flow::Fmt(formatted) => format(formatted),
        Flow::Test(options) => trial::perform(options),
        Flow::Preview(options) => preview::perform(options),
        Flow::Diff(options) => publish::diff(options).await,
        Flow::Explain(options) => publish::explain(options).await,
        Flow::Promote(options) => publish::promote(options).await,
        Flow::Rollback(options) => publish::roll_back(options).await,
        Flow::Log(options) => publish::log(options).await,
        Flow::Show(options) => publish::show(options).await,
    }
}

fn init(Folder { dir }: &Folder) -> Result<(), String> {
    let files = flows::shipped::files();
    let left = folder::write(dir, &files)?;
    let written = files.len().saturating_sub(left.len());
    say::line(format!("{written} documents written below {}", dir.display()));
    for path in left {
        say::line(format!("left as it is: {path}"));
    }
    Ok(())
}

fn check(Checked { folder: Folder { dir }, env }: &Checked) -> Result<(), String> {
    let files = folder::read(dir)?;
    let active = engine::releases::Active::compile("", env, &files);
    let active = active.map_err(|problems| words::placed(problems, &files))?;
    let documents = flows::program::read(&files);
    let documents = documents.map_err(|problems| words::placed(problems, &files))?;
    let mut shape = flows::lint::problems(&documents);
    shape.extend(active.bindings.unscheduled(&documents));
    if !shape.is_empty() {
        return Err(words::placed(shape, &files));
    }
    trial::samples(&files)?;
    for unbound in active.bindings.unbound(&documents) {
        say::line(unbound.to_string());
    }
    say::line(format!("{} files are in order", files.len()));
    Ok(())
}

fn format(Formatted { folder: Folder { dir }, check }: &Formatted) -> Result<(), String> {
    let files = folder::read(dir)?;
    let changed = flows::format::changed(&files);
    let changed = changed.map_err(|problems| words::placed(problems, &files))?;
    for (path, text) in &changed {
        if *check {
            say::line(format!("{path} is written differently"));
            continue;
        }
        let before = files.get(path).map(String::as_str).unwrap_or_default();
        if before.lines().any(|line| line.trim_start().starts_with('#')) {
            say::problem(format!("{path}: comments are gone; what is to stay belongs in `notes`"));
        }
        folder::replace(&dir.join(path), text)?;
        say::line(format!("{path} written"));
    }
    match (changed.len(), *check) {
        (0, _) => say::line("nothing to do"),
        (count, true) => return Err(format!("{count} files are not as `paysage flow fmt` writes")),
        _ => {}
    }
    Ok(())
}
