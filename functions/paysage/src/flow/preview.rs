//! `paysage flow preview`: what a sample makes, shown as finance reads it.

use clap::Args;
use flows::outcome::{Done, Made, Outcome};
use flows::trial::Tried;
use flows::value::Value;

use super::trial::Whole;
use super::{Folder, folder};
use crate::say;

#[derive(Args)]
#[command(after_help = "Example:\n  paysage flow preview books --sample two-invoices")]
pub struct Options {
    #[command(flatten)]
    folder: Folder,
    /// The sample
    #[arg(long, value_name = "ID")]
    sample: String,
    /// As JSON, for programs; amounts are texts
    #[arg(long)]
    json: bool,
}

/// # Errors
/// In words, when a document is not in order or there is no such sample.
pub fn perform(options: &Options) -> Result<(), String> {
    let whole = Whole::read(&folder::read(&options.folder.dir)?)?;
    match whole.trial().run(&options.sample)? {
        Tried::Flow(outcome) if options.json => {
            let made: Vec<serde_json::Value> = outcome.made.iter().map(as_json).collect();
            let held: Vec<serde_json::Value> = outcome
                .held
                .iter()
                .map(|held| {
                    serde_json::json!({"step": held.step, "reason": held.reason,
                        "evidence": held.evidence,
                        "effect": held.name.as_ref().map(|name| &name.kind)})
                })
                .collect();
            let shown = serde_json::json!({"made": made, "held": held});
            say::line(serde_json::to_string_pretty(&shown).map_err(|error| error.to_string())?);
        }
        Tried::Flow(outcome) => shown(&outcome).iter().for_each(say::line),
        Tried::Map(Ok(value)) => fields("", &value).iter().for_each(say::line),
        Tried::Map(Err((field, message))) => say::line(format!("{field} is refused: {message}")),
    }
    Ok(())
}

fn as_json(made: &Made) -> serde_json::Value {
    let lines: Vec<serde_json::Value> = entries(made)
        .into_iter()
        .map(|(account, debit, credit)| {
            serde_json::json!({"account": account, "debit": debit, "credit": credit})
        })
        .collect();
    serde_json::json!({"effect": made.name.kind, "number": made.name.ordinal,
        "fields": made.entity, "entries": lines})
}

fn shown(outcome: &Outcome) -> Vec<String> {
    let mut lines = vec!["Steps".to_owned()];
    for traced in &outcome.trace {
        lines.push(format!("  {:<12} {}", traced.step, done(&traced.what)));
    }
    for made in &outcome.made {
        lines.push(format!("{} {}", made.name.kind, made.name.ordinal));
        lines.extend(fields("  ", &made.entity));
        let entries = entries(made);
        if !entries.is_empty() {
            lines.push(format!("  {:<34} {:>14} {:>14}", "Books", "debit", "credit"));
        }
        for (account, debit, credit) in entries {
            lines.push(format!("  {account:<34} {debit:>14} {credit:>14}"));
        }
    }
    for held in &outcome.held {
        lines.push(format!("held at {}: {}: {}", held.step, held.reason, held.evidence));
        lines.push(format!("  to do: {}", held.reason.fix()));
    }
    for name in &outcome.cancelled {
        lines.push(format!("cancelled: {} {}", name.kind, name.ordinal));
    }
    if let Some(waiting) = &outcome.waiting {
        lines.push(format!("waits: {waiting:?}"));
    }
    lines
}

fn done(what: &Done) -> String {
    match what {
        Done::Skipped => "left out".to_owned(),
        Done::Answered(value) => format!("gives {value}"),
        Done::Failed { reason, evidence } => format!("fails, {reason}: {evidence}"),
        Done::Made(name) => format!("makes {}", name.kind),
        Done::Cancelled(name) => format!("cancels {}", name.kind),
        Done::Told(what) => format!("tells {what}"),
        Done::Held(reason) => format!("holds, {reason}"),
        Done::Waits => "waits".to_owned(),
    }
}

fn fields(indent: &str, value: &Value) -> Vec<String> {
    let Value::Object(fields) = value else { return vec![format!("{indent}{value}")] };
    let filled = fields.iter().filter(|(_, value)| !value.is_null());
    filled.map(|(name, value)| format!("{indent}{name:<28} {value}")).collect()
}

/// Account, debit, credit: what the document does to the books once it is posted.
fn entries(made: &Made) -> Vec<(String, String, String)> {
    let entity = &made.entity;
    let text = |name: &str| entity.at(name).to_string();
    match made.name.kind.as_str() {
        "sage300.receipt" | "sage300.prepayment" | "sage300.unapplied" => {
            let mut entries = vec![(
                format!("bank {}", text("BankCode")),
                text("BankReceiptAmount"),
                String::new(),
            )];
            let customer = text("CustomerNumber");
            let mut left = entity.at("BankReceiptAmount").number().unwrap_or_default();
            for line in entity.at("AppliedReceiptsAdjustments").list() {
                let amount = line.at("CustomerReceiptAmount");
                left -= amount.number().unwrap_or_default();
                let account = format!("receivable {customer} {}", line.at("DocumentNumber"));
                entries.push((account, String::new(), amount.to_string()));
            }
            if !left.is_zero() {
                let account = format!("receivable {customer}, unapplied");
                entries.push((account, String::new(), left.to_string()));
            }
            entries
        }
        "sage300.journal" => entity.at("JournalDetails").list().iter().map(journal_line).collect(),
        _ => Vec::new(),
    }
}

/// Debits are positive in Sage's journals, credits negative.
fn journal_line(line: &Value) -> (String, String, String) {
    let account = line.at("AccountNumber").to_string();
    match line.at("Amount").number() {
        Some(amount) if amount.is_sign_negative() => {
            (account, String::new(), amount.abs().to_string())
        }
        Some(amount) => (account, amount.to_string(), String::new()),
        None => (account, String::new(), String::new()),
    }
}
