//! `paysage flow promote`, `rollback`, `log` and `show`.

use clap::Args;
use engine::releases::Promotion;
use flows::release::short;

use super::place::{Place, Publisher};
use super::trial::Whole;
use super::{Folder, folder, words};
use crate::say;

#[derive(Args)]
#[command(after_help = "Example:\n  paysage flow promote books --env prod --by ada \
                        --config paysage.yaml")]
pub struct PromoteOptions {
    #[command(flatten)]
    folder: Folder,
    #[command(flatten)]
    environment: Environment,
    /// Who brings it into force
    #[arg(long, value_name = "NAME")]
    by: String,
    /// Another who looked at it; several may be named
    #[arg(long, value_name = "NAME")]
    approved_by: Vec<String>,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
}

#[derive(Args)]
#[command(after_help = "Example:\n  paysage flow rollback --env prod --by ada \
                        --config paysage.yaml")]
pub struct RollbackOptions {
    #[command(flatten)]
    environment: Environment,
    /// The number of the activation to go back to; the release before the one in force when absent
    #[arg(long, value_name = "NUMBER")]
    to: Option<u64>,
    /// Who goes back
    #[arg(long, value_name = "NAME")]
    by: String,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
}

#[derive(Args)]
pub struct LogOptions {
    #[command(flatten)]
    environment: Environment,
    /// How many are listed
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
}

#[derive(Args)]
#[command(after_help = "Example:\n  paysage flow show 3f2a9c71d0b4 --to then \
                        --env prod --config paysage.yaml")]
pub struct ShowOptions {
    /// The release, or the beginning of it, as it stands with what it decided
    #[arg(value_name = "RELEASE")]
    release: String,
    /// The folder it is written to
    #[arg(long, value_name = "DIR")]
    to: std::path::PathBuf,
    #[command(flatten)]
    environment: Environment,
}

#[derive(Args)]
#[command(after_help = "Example:\n  paysage flow diff books --env prod --config paysage.yaml")]
pub struct DiffOptions {
    #[command(flatten)]
    folder: Folder,
    /// Another folder, instead of what is in force
    #[arg(long, value_name = "DIR", conflicts_with = "config")]
    against: Option<std::path::PathBuf>,
    /// The environment whose release in force is compared
    #[arg(long, value_name = "NAME", default_value = "prod")]
    env: String,
    /// The product's configuration; the product may run
    #[arg(long, value_name = "FILE", required_unless_present = "against")]
    config: Option<std::path::PathBuf>,
}

#[derive(Args)]
#[command(after_help = "Example:\n  paysage flow explain 3f2a9c71d0b4/payment-posting \
                        --config paysage.yaml")]
pub struct ExplainOptions {
    /// What decided, as `paysage explain` shows it for a payment: RELEASE/FLOW
    #[arg(value_name = "DECIDED_BY")]
    decided_by: String,
    #[command(flatten)]
    environment: Environment,
}

#[derive(Args)]
struct Environment {
    /// The environment: `documents.environment` in the product's configuration
    #[arg(long, value_name = "NAME", default_value = "prod")]
    env: String,
    #[command(flatten)]
    place: Place,
}

/// Activations that are looked through for a release.
const LOOKED_AT: usize = 1_000;

/// # Errors
/// In words; nothing is in force then that was not before.
pub async fn promote(options: &PromoteOptions) -> Result<(), String> {
    let files = folder::read(&options.folder.dir)?;
    tried(&files)?;
    let promotion = Promotion {
        environment: options.environment.env.clone(),
        files,
        by: options.by.clone(),
        approved_by: options.approved_by.clone(),
        note: runtime::card::redact(&options.note),
        at: runtime::clock::now(),
    };
    let publisher = options.environment.place.open()?;
    let (activation, unchanged) = publisher.promote(promotion).await?;
    let done = if unchanged { "in force already" } else { "in force now" };
    say::line(format!("{done}: {}", words::activation(&activation)));
    Ok(())
}

/// The gate: every sample decides as it should.
fn tried(files: &std::collections::BTreeMap<String, String>) -> Result<(), String> {
    let whole = Whole::read(files)?;
    let trial = whole.trial();
    for id in whole.samples.keys() {
        let differences = trial.check(id).unwrap_or_else(|problem| vec![problem]);
        if let Some(first) = differences.first() {
            return Err(format!(
                "the sample {id} decides something else ({first}): `paysage flow test` tells all; \
                 nothing was changed"
            ));
        }
    }
    Ok(())
}

/// # Errors
/// In words.
pub async fn roll_back(options: &RollbackOptions) -> Result<(), String> {
    let publisher = options.environment.place.open()?;
    let (env, note) = (&options.environment.env, runtime::card::redact(&options.note));
    let activation = publisher.roll_back(env, options.to, &options.by, &note).await?;
    say::line(format!("in force now: {}", words::activation(&activation)));
    Ok(())
}

/// # Errors
/// In words.
pub async fn log(options: &LogOptions) -> Result<(), String> {
    let publisher = options.environment.place.open()?;
    let found = publisher.activations(&options.environment.env, options.limit).await?;
    if found.is_empty() {
        say::line("In force are the documents that come with the program.");
    }
    for activation in found {
        say::line(words::activation(&activation));
    }
    Ok(())
}

/// # Errors
/// In words.
pub async fn diff(options: &DiffOptions) -> Result<(), String> {
    let files = folder::read(&options.folder.dir)?;
    let before = match (&options.against, &options.config) {
        (Some(against), _) => folder::read(against)?,
        (None, Some(config)) => in_force(&Place::at(config).open()?, &options.env).await?,
        (None, None) => return Err("give --against DIR or --config FILE".to_owned()),
    };
    let read = |files: &Files| {
        flows::program::read(files).map_err(|problems| words::placed(problems, files))
    };
    let mut changes = flows::diff::changes(&read(&before)?, &read(&files)?);
    let bindings = |files: &Files| files.get(&format!("env/{}.yaml", options.env)).cloned();
    if bindings(&before) != bindings(&files) {
        changes.push(flows::diff::Change {
            document: format!("env/{}", options.env),
            part: String::new(),
            what: "changed".to_owned(),
        });
    }
    if changes.is_empty() {
        say::line("nothing would be decided otherwise");
    }
    changes.iter().for_each(|change| say::line(change.to_string()));
    Ok(())
}

type Files = std::collections::BTreeMap<String, String>;

async fn in_force(publisher: &Publisher, env: &str) -> Result<Files, String> {
    match publisher.activations(env, 1).await?.first() {
        Some(latest) => Ok(publisher.load(&latest.release).await?.files),
        None => Ok(flows::shipped::files()),
    }
}

/// The files of a release by the beginning of its hash, and that hash.
async fn release(
    publisher: &Publisher,
    env: &str,
    wanted: &str,
) -> Result<(String, Files), String> {
    if wanted == "shipped" {
        return Ok((wanted.to_owned(), flows::shipped::files()));
    }
    let all = publisher.activations(env, LOOKED_AT).await?;
    let meant = all.iter().find(|activation| activation.release.starts_with(wanted));
    let meant = meant
        .filter(|_| wanted.len() >= 6)
        .ok_or_else(|| format!("no activation of `{env}` has the release {wanted}"))?;
    Ok((meant.release.clone(), publisher.load(&meant.release).await?.files))
}

/// # Errors
/// In words.
pub async fn explain(options: &ExplainOptions) -> Result<(), String> {
    let publisher = options.environment.place.open()?;
    let (wanted, flow) = options.decided_by.split_once('/').ok_or(
        "give what decided, RELEASE/FLOW: `paysage explain TRANSACTION` shows it for a payment",
    )?;
    let (hash, files) = release(&publisher, &options.environment.env, wanted).await?;
    let path = format!("flows/{flow}.yaml");
    let text = files.get(&path).ok_or_else(|| format!("that release has no flow `{flow}`"))?;
    say::line(format!("release {hash}"));
    let documents =
        flows::program::read(&files).map_err(|problems| words::placed(problems, &files))?;
    for path in flows::program::uses(&documents, flow) {
        let hash = files.get(&path).map(|text| flows::release::hash(text)).unwrap_or_default();
        say::line(format!("  {hash}  {path}"));
    }
    say::line("");
    say::line(text);
    Ok(())
}

/// # Errors
/// In words.
pub async fn show(options: &ShowOptions) -> Result<(), String> {
    let publisher = options.environment.place.open()?;
    let wanted = options.release.split('/').next().unwrap_or_default();
    let (hash, files) = release(&publisher, &options.environment.env, wanted).await?;
    say::line(format!("release {}", short(&hash)));
    let left = folder::write(&options.to, &files)?;
    say::line(format!("{} documents below {}", files.len(), options.to.display()));
    for path in left {
        say::line(format!("left as it is: {path}"));
    }
    Ok(())
}
