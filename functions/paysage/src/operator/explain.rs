//! `paysage explain`: everything known about one payment.

use clap::Args;
use domain::effect::Effect;
use domain::manifest::Manifest;
use serde_json::{Value, json};

use super::Place;
use super::desk::Desk;
use super::find::Named;
use super::story::{Story, count};
use super::words;
use crate::say;

#[derive(Args)]
#[command(after_help = "Example:\n  paysage explain 512300417 --config paysage.yaml")]
pub struct Options {
    /// PayTrace's transaction id, or the reference in Sage
    #[arg(value_name = "TRANSACTION")]
    payment: String,
    /// Which PayTrace account, where several have that id
    #[arg(long, value_name = "NAME")]
    merchant: Option<String>,
    /// As JSON, for programs
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

/// # Errors
/// In words, when nothing is known or the store cannot be read.
pub async fn perform(options: &Options) -> Result<(), String> {
    let named = Named::parse(&options.payment)?;
    let desk = Desk::open(&options.place).await?;
    let story = named.story(&desk, options.merchant.as_deref()).await?;
    if options.json {
        let text = serde_json::to_string_pretty(&as_json(&story)).map_err(|e| e.to_string())?;
        say::line(text);
    } else {
        as_text(&story).iter().for_each(say::line);
    }
    Ok(())
}

fn as_text(story: &Story) -> Vec<String> {
    let key = &story.key;
    let mut lines = vec![format!("Payment {} of {}", key.transaction, key.merchant), String::new()];
    lines.push("What happened (times in UTC)".to_owned());
    let moments = story.moments();
    lines.extend(moments.iter().map(|m| format!("  {}  {}", words::time(m.at), m.what)));
    lines.push(String::new());
    lines.push("How it stands".to_owned());
    if story.effects.is_empty() {
        lines.push("  No document of it is due in Sage so far.".to_owned());
    }
    for effect in &story.effects {
        lines.extend(standing(story, effect));
    }
    if story.queued > 0 {
        let messages = count(story.queued, "message", "messages");
        lines.push(format!("  {messages} about it will be worked off when the product runs."));
    }
    lines.push(String::new());
    if story.exceptions.is_empty() {
        lines.push("No open exception names it.".to_owned());
    } else {
        lines.push("Open exceptions".to_owned());
    }
    for exception in &story.exceptions {
        lines.push(format!("  {}: {}", exception.reason, exception.evidence));
        lines.push(format!("    to do: {}", exception.reason.fix()));
    }
    lines
}

fn standing(story: &Story, effect: &Effect) -> Vec<String> {
    let mut lines = vec![format!("  {}, {}", effect.key, effect.amount)];
    lines.push(format!("    {}", words::state(effect)));
    if let Some(hold) = &effect.hold {
        lines.push(format!("    why: {}", words::why(hold)));
    }
    if let Some(remedy) = words::remedy(effect) {
        lines.push(format!("    to do: {remedy}"));
    }
    if let Some(content) = &effect.content {
        lines.push(format!("    decided: {}", words::content(content)));
        if !content.extra.decided_by.is_empty() {
            lines.push(format!("    decided by: {}", content.extra.decided_by));
        }
    }
    if let Some(manifest) = story.manifest_of(effect) {
        lines.push(format!("    batch: {}", of_manifest(manifest)));
        if let Some(hold) = &manifest.hold {
            lines.push(format!("    the batch waits for a person: {}", words::why(hold)));
            lines.push(format!("    to do: {}", hold.reason.fix()));
        }
    }
    if let Some(posted) = &effect.posted {
        lines.push(format!(
            "    in Sage: document {}, batch {}, entry {}",
            posted.document, posted.batch, posted.entry
        ));
    }
    lines
}

fn of_manifest(manifest: &Manifest) -> String {
    let number = match manifest.committed_batch() {
        Some(number) => format!("Sage batch {number}, "),
        None => String::new(),
    };
    format!("{number}manifest {}, {}", manifest.id, words::manifest(manifest.state))
}

fn as_json(story: &Story) -> Value {
    let happened: Vec<Value> =
        story.moments().iter().map(|m| json!({"at": m.at, "what": m.what})).collect();
    let arrivals: Vec<Value> = story
        .arrivals
        .iter()
        .map(|seen| {
            json!({"event": seen.event.id, "source": seen.event.source,
                   "received": seen.event.received, "handled": seen.handled,
                   "times": seen.times, "variants": seen.variants})
        })
        .collect();
    let facts: Vec<Value> = story
        .facts
        .iter()
        .map(|(name, value)| {
            json!({"fact": name, "amount": value.amount.to_decimal().to_string(),
                   "currency": value.amount.currency.code(), "detail": value.detail,
                   "at": value.at})
        })
        .collect();
    let effects: Vec<Value> = story.effects.iter().map(|effect| json_of(story, effect)).collect();
    let exceptions: Vec<Value> = story
        .exceptions
        .iter()
        .map(|item| {
            json!({"id": item.id, "reason": item.reason, "subject": item.subject,
                   "evidence": item.evidence, "fix": item.reason.fix(), "raised": item.raised})
        })
        .collect();
    json!({"merchant": story.key.merchant, "transaction": story.key.transaction,
           "happened": happened, "events": arrivals, "facts": facts, "effects": effects,
           "exceptions": exceptions, "queued": story.queued})
}

fn json_of(story: &Story, effect: &Effect) -> Value {
    let hold = effect.hold.as_ref();
    let posted = effect.posted.as_ref();
    let manifest = story.manifest_of(effect).map(|manifest| {
        json!({"id": manifest.id, "state": manifest.state, "batch": manifest.committed_batch(),
               "entries": manifest.entries.len(), "attempts": manifest.attempts.len(),
               "held": manifest.hold.as_ref().map(|hold| hold.reason),
               "evidence": manifest.hold.as_ref().map(|hold| &hold.evidence)})
    });
    json!({"effect": effect.key.to_string(), "state": effect.state,
           "amount": effect.amount.to_decimal().to_string(),
           "currency": effect.amount.currency.code(), "generation": effect.generation,
           "reason": hold.map(|h| h.reason), "evidence": hold.map(|h| &h.evidence),
           "by_person": hold.is_some_and(|h| words::said_by_person(h).is_some()),
           "fix": words::remedy(effect),
           "customer": effect.content.as_ref().map(|c| &c.customer),
           "decided_by": effect.content.as_ref().map(|c| &c.extra.decided_by), "manifest": manifest,
           "batch": posted.map(|p| p.batch), "entry": posted.map(|p| p.entry),
           "document": posted.map(|p| &p.document), "posted_at": effect.posted_at})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::sample::Books;

    async fn story(books: &Books, transaction: u32) -> Story {
        let named = Named::parse(&transaction.to_string()).unwrap();
        named.story(&books.desk, None).await.unwrap()
    }

    fn at(text: &str, words: &str) -> usize {
        text.find(words).unwrap_or_else(|| panic!("`{words}` is missing:\n{text}"))
    }

    #[tokio::test]
    async fn a_posted_payment_is_told_from_its_event_to_its_document() {
        let books = Books::empty();
        books.event("main", "msg-1", 512).await;
        books.event("main", "msg-1", 512).await;
        books.captured(512).await;
        books.ready(512).await;
        books.posted(512, 148).await;
        let text = as_text(&story(&books, 512).await).join("\n");
        let order = [
            "told of it by standard_webhooks, event msg-1, 2 times; NOT worked off yet",
            "PayTrace: the money was taken, 10.00 USD",
            "taken up as a receipt of 10.00 USD",
            "sealed for one Sage batch with 1 entry in all, 10.00 USD",
            "attempt 1 to create the batch in Sage",
            "Sage began posting batch 148",
            "posted in Sage as PY512, batch 148, entry 1",
            "How it stands",
            "POSTED: in Sage",
            "customer 1200 in SAMLTD, bank SEATAC",
            "applied to IN1 10.00 USD",
            "in Sage: document PY512, batch 148, entry 1",
            "No open exception names it.",
        ];
        let places: Vec<usize> = order.iter().map(|words| at(&text, words)).collect();
        assert!(places.is_sorted(), "{text}");
    }

    #[tokio::test]
    async fn a_held_payment_is_told_with_its_reason_and_what_to_do() {
        let books = Books::empty();
        books.held(513).await;
        books.exception(513).await;
        let story = story(&books, 513).await;
        let text = as_text(&story).join("\n");
        at(&text, "HELD: nothing of it is in Sage");
        at(&text, "why: customer_not_found: who is it?");
        at(&text, "to do: Create the customer in Sage");
        at(&text, "fact_changed: changed: [Captured]");
        let json = as_json(&story);
        assert_eq!(json["effects"][0]["reason"], "customer_not_found");
        assert_eq!(json["effects"][0]["state"], "HELD");
        assert_eq!(json["effects"][0]["amount"], "10.00");
        assert_eq!(json["exceptions"][0]["reason"], "fact_changed");
        assert_eq!(json["happened"].as_array().unwrap().len(), 2);
    }

    #[tokio::test]
    async fn an_event_alone_is_known_and_others_exceptions_are_not_shown() {
        let books = Books::empty();
        books.event("main", "msg-2", 514).await;
        books.held(513).await;
        books.exception(513).await;
        let text = as_text(&story(&books, 514).await).join("\n");
        at(&text, "event msg-2; NOT worked off yet");
        at(&text, "No document of it is due in Sage so far.");
        at(&text, "No open exception names it.");
    }
}
