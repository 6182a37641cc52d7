//! `paysage exceptions`, `close`, `settle` and `release-batch`: what a person settled, ended.

use clap::Args;
use domain::exception::Exception;
use domain::id::ManifestId;
use serde_json::json;

use super::desk::Desk;
use super::find::Named;
use super::{Place, Signed, words};
use crate::say;

#[derive(Args)]
#[command(after_help = "Example:\n  paysage exceptions --config paysage.yaml")]
pub struct ListOptions {
    /// At most so many, oldest first
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    limit: usize,
    /// As JSON, for programs
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Args)]
#[command(after_help = "Example:\n  paysage close fact_changed:main/512300417 --by ada \
                        --reason 'PayTrace was right, Sage is corrected' --aws prod")]
pub struct CloseOptions {
    /// As `paysage exceptions` prints it
    #[arg(value_name = "EXCEPTION")]
    exception: String,
    /// Though it is about a batch that stays held: its payments were dealt with by hand
    #[arg(long)]
    leave_held: bool,
    #[command(flatten)]
    said: Said,
}

#[derive(Args)]
#[command(after_help = "Example:\n  paysage settle 512300417-R1 --document PY0004711 --by ada \
                        --reason 'refund entered by hand' --aws prod")]
pub struct SettleOptions {
    /// The held document, as `paysage explain` prints it
    #[arg(value_name = "EFFECT|TRANSACTION")]
    name: String,
    /// Which PayTrace account, where several have that id
    #[arg(long, value_name = "NAME")]
    merchant: Option<String>,
    /// What stands for it in Sage, or `none` when nothing must
    #[arg(long, value_name = "NUMBER")]
    document: String,
    #[command(flatten)]
    said: Said,
}

#[derive(Args)]
#[command(after_help = "Example:\n  paysage release-batch 1f0c5d2e9a7b4c3d8e6f0a1b --by ada \
                        --reason 'the entry was put back' --aws prod")]
pub struct BatchOptions {
    /// The manifest, as the exception or `paysage explain` names it
    #[arg(value_name = "MANIFEST")]
    manifest: String,
    #[command(flatten)]
    said: Said,
}

#[derive(Args)]
struct Said {
    /// Why; kept in the audit trail
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// As JSON, for programs
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    signed: Signed,
    #[command(flatten)]
    place: Place,
}

/// # Errors
/// In words, when the store fails.
pub async fn list(options: &ListOptions) -> Result<(), String> {
    let desk = Desk::open(&options.place).await?;
    let open = desk.store.exceptions(options.limit).await.map_err(|error| say::chain(&error))?;
    if options.json {
        let text = serde_json::to_string_pretty(&open).map_err(|error| error.to_string())?;
        say::line(text);
    } else if open.is_empty() {
        say::line("No exception is open.");
    } else {
        open.iter().flat_map(lines).for_each(say::line);
    }
    Ok(())
}

/// # Errors
/// In words, when it is not open, is about a batch that still waits, or the store fails.
pub async fn close(options: &CloseOptions) -> Result<(), String> {
    let said = &options.said;
    let reason = words::reason(&said.reason)?;
    let desk = Desk::open(&said.place).await?;
    let operator = desk.operator(&said.signed.by)?;
    let done = operator.close(&options.exception, &reason, options.leave_held).await;
    let closed = done.map_err(|refusal| say::chain(&refusal))?;
    tell(said, &closed.id, "closed: its alarm ends, unless it is raised again")
}

/// # Errors
/// In words, when it is not held, or the store fails.
pub async fn settle(options: &SettleOptions) -> Result<(), String> {
    let said = &options.said;
    let reason = words::reason(&said.reason)?;
    let document = runtime::card::redact(options.document.trim());
    if document.is_empty() || document.chars().count() > DOCUMENT_CHARS_MAX {
        return Err("--document: name what stands for it in Sage, or say none".to_owned());
    }
    let named = Named::parse(&options.name)?;
    let desk = Desk::open(&said.place).await?;
    let operator = desk.operator(&said.signed.by)?;
    let story = named.story(&desk, options.merchant.as_deref()).await?;
    let effect = named.effect(&story)?;
    let done = operator.settle(effect, &document, &reason).await;
    let moved = done.map_err(|refusal| say::chain(&refusal))?;
    tell(said, &moved.after.key.to_string(), "settled by hand: the program posts nothing of it")
}

/// # Errors
/// In words, when it is not held, or the store fails.
pub async fn release_batch(options: &BatchOptions) -> Result<(), String> {
    let said = &options.said;
    let reason = words::reason(&said.reason)?;
    let desk = Desk::open(&said.place).await?;
    let operator = desk.operator(&said.signed.by)?;
    let id = ManifestId::from(options.manifest.trim());
    let done = operator.release_batch(&id, &reason).await;
    done.map_err(|refusal| say::chain(&refusal))?;
    tell(said, id.as_str(), "released: it is read in Sage and compared before it goes on")
}

/// Longest document number, in characters.
const DOCUMENT_CHARS_MAX: usize = 60;

fn tell(said: &Said, subject: &str, told: &str) -> Result<(), String> {
    if said.json {
        let text = serde_json::to_string(&json!({"subject": subject, "done": told}));
        say::line(text.map_err(|error| error.to_string())?);
    } else {
        say::line(format!("{subject} is {told}."));
    }
    Ok(())
}

fn lines(exception: &Exception) -> [String; 3] {
    [
        format!("{}  since {} (UTC)", exception.id, words::time(exception.raised)),
        format!("  {}", exception.evidence),
        format!("  to do: {}", exception.reason.fix()),
    ]
}
