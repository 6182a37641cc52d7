//! `paysage audit list`, `verify` and `export`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use ledger::audit::{Head, Kept, Line, Verified, verify};

use super::desk::Desk;
use super::{Place, words};
use crate::say;

/// Who did what by hand, and that nobody changed the record
#[derive(Subcommand)]
pub enum Audit {
    /// Print the lines for people
    List(Options),
    /// Print the lines for programs, one JSON object a line
    Export(Options),
    /// Recompute the chain; the first broken line is named
    Verify(VerifyOptions),
}

#[derive(Args)]
pub struct Options {
    /// Only lines after this one
    #[arg(long, value_name = "SEQUENCE", default_value_t = 0)]
    after: u64,
    #[command(flatten)]
    place: Place,
}

#[derive(Args)]
#[command(after_help = "Example:\n  paysage audit verify --json --aws prod > head.json\n  \
                        paysage audit verify --head head.json --aws prod")]
pub struct VerifyOptions {
    /// What an earlier `verify --json` printed, kept elsewhere: shows whether lines were cut off
    #[arg(long, value_name = "FILE")]
    head: Option<PathBuf>,
    /// Print the last line's number and hash as JSON, to be kept elsewhere
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

/// # Errors
/// In words, when the store fails or the chain is broken.
pub async fn perform(audit: &Audit) -> Result<(), String> {
    match audit {
        Audit::List(options) => each(options, |kept| Ok(shown(kept))).await,
        Audit::Export(options) => each(options, exported).await,
        Audit::Verify(options) => verified(options).await,
    }
}

/// Lines read at once.
const PAGE: usize = 500;

async fn each(
    options: &Options,
    text: impl Fn(&Kept) -> Result<String, String>,
) -> Result<(), String> {
    let desk = Desk::open(&options.place).await?;
    let mut after = options.after;
    loop {
        let lines = desk.trail.after(after, PAGE).await.map_err(|error| say::chain(&error))?;
        for kept in &lines {
            say::line(text(kept)?);
        }
        match lines.last() {
            Some(last) if lines.len() >= PAGE => after = last.sequence,
            _ => return Ok(()),
        }
    }
}

async fn verified(options: &VerifyOptions) -> Result<(), String> {
    let head = options.head.as_deref().map(|path| {
        let text = std::fs::read_to_string(path).map_err(|error| error.to_string());
        let head = text.and_then(|text| {
            serde_json::from_str::<Head>(&text).map_err(|error| error.to_string())
        });
        head.map_err(|why| format!("{} is no head: {why}", path.display()))
    });
    let head = head.transpose()?;
    let desk = Desk::open(&options.place).await?;
    let found = verify(&*desk.trail, head.as_ref()).await.map_err(|error| say::chain(&error))?;
    let head = whole(found)?;
    if options.json {
        say::line(serde_json::to_string(&head).map_err(|error| error.to_string())?);
    } else {
        say::line(format!("The audit trail is whole: {} lines, {}.", head.sequence, head.hash));
    }
    Ok(())
}

fn whole(found: Verified) -> Result<Head, String> {
    match found {
        Verified::Whole(head) => Ok(head),
        Verified::Broken { sequence, how } => {
            Err(format!("the audit trail is broken at line {sequence}: {how}"))
        }
    }
}

fn shown(kept: &Kept) -> String {
    let Some(line) = &kept.line else {
        return format!("{:>6}  cannot be read", kept.sequence);
    };
    format!("{:>6}  {}  {}", line.sequence, words::time(line.at), told(line))
}

/// Without number and time.
pub(super) fn told(line: &Line) -> String {
    let details = line.details.iter().map(|(name, value)| format!("{name}: {value}"));
    let details: Vec<String> = details.collect();
    format!("{} {} {} ({})", line.actor, line.action, line.subject, details.join("; "))
}

fn exported(kept: &Kept) -> Result<String, String> {
    serde_json::to_string(&kept.line).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::sample::Books;

    #[tokio::test]
    async fn what_an_operator_did_is_told_and_proven() {
        let books = Books::empty();
        books.exception(512).await;
        let id = books.store().exceptions(9).await.unwrap().remove(0).id;
        let operator = books.desk.operator(" ada ").unwrap();
        operator.close(&id, "compared", false).await.unwrap();
        let lines = books.desk.trail.after(0, 9).await.unwrap();
        let text: Vec<String> = lines.iter().map(shown).collect();
        assert_eq!(text.len(), 2);
        assert!(text[0].contains("ada close fact_changed:main/512 (evidence: changed"), "{text:?}");
        assert!(text[0].contains("reason: compared"), "{text:?}");
        let head = whole(verify(&*books.desk.trail, None).await.unwrap()).unwrap();
        assert_eq!(head.sequence, 2);
        let later = Head { sequence: 3, ..head };
        let told = whole(verify(&*books.desk.trail, Some(&later)).await.unwrap()).unwrap_err();
        assert!(told.contains("broken at line 3"), "{told}");
    }

    #[test]
    fn nobody_acts_without_a_name() {
        let books = Books::empty();
        assert!(books.desk.operator("  ").is_err());
        assert!(books.desk.operator(&"x".repeat(101)).is_err());
    }
}
