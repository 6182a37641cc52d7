//! Everything the store knows of one payment, in order of time.

use domain::effect::Effect;
use domain::exception::Exception;
use domain::fact::Facts;
use domain::id::PaymentKey;
use domain::manifest::{AttemptOutcome, Manifest};
use embedded::Sighting;
use engine::hint::Hint;
use jiff::Timestamp;

use super::desk::Desk;
use super::words;
use crate::say;

/// Open exceptions looked through for those about the payment.
const EXCEPTIONS_MAX: usize = 100_000;

pub(super) struct Story {
    pub key: PaymentKey,
    pub arrivals: Vec<Sighting>,
    pub facts: Facts,
    pub effects: Vec<Effect>,
    /// Those its effects are in.
    pub manifests: Vec<Manifest>,
    /// Open ones about the payment, its events or its manifests.
    pub exceptions: Vec<Exception>,
    /// Messages about it that the product has not worked off.
    pub queued: usize,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moment {
    pub at: Timestamp,
    pub what: String,
}

impl Story {
    /// `None` when nothing at all is known.
    ///
    /// # Errors
    /// In words, when the store fails.
    pub async fn gather(desk: &Desk, key: &PaymentKey) -> Result<Option<Self>, String> {
        let store = &desk.store;
        let failed = |error| say::chain(&error);
        let arrivals = desk.sightings(key).await?;
        let payment = store.payment(key).await.map_err(failed)?;
        let (facts, effects) = payment.map(|p| (p.facts, p.effects)).unwrap_or_default();
        let mut manifests = Vec::new();
        for id in effects.iter().filter_map(|effect| effect.manifest.as_ref()) {
            manifests.extend(store.manifest(id).await.map_err(failed)?);
        }
        let mut exceptions = store.exceptions(EXCEPTIONS_MAX).await.map_err(failed)?;
        let subjects = subjects(key, &arrivals, &manifests);
        exceptions.retain(|exception| subjects.contains(&exception.subject));
        let queued = queued(desk, key).await?;
        let story =
            Self { key: key.clone(), arrivals, facts, effects, manifests, exceptions, queued };
        Ok(story.is_known().then_some(story))
    }

    pub fn manifest_of(&self, effect: &Effect) -> Option<&Manifest> {
        let id = effect.manifest.as_ref()?;
        self.manifests.iter().find(|manifest| manifest.id == *id)
    }

    /// Oldest first; what has one time stands in the order it is done in.
    pub fn moments(&self) -> Vec<Moment> {
        let mut moments = Vec::new();
        moments.extend(self.arrivals.iter().map(arrival));
        moments.extend(self.facts.iter().map(|(name, value)| {
            let detail = match value.detail.as_str() {
                "" => String::new(),
                detail => format!(" (batch {detail})"),
            };
            let fact = words::fact(*name);
            Moment { at: value.at, what: format!("PayTrace: {fact}, {}{detail}", value.amount) }
        }));
        moments.extend(self.effects.iter().map(|effect| Moment {
            at: effect.since,
            what: format!("taken up as a {} of {}", words::kind(effect.key.kind), effect.amount),
        }));
        moments.extend(self.manifests.iter().flat_map(batch));
        moments.extend(self.effects.iter().filter_map(posted));
        moments.extend(self.exceptions.iter().map(|exception| Moment {
            at: exception.raised,
            what: format!("put before a person: {}", exception.reason),
        }));
        moments.sort_by_key(|moment| moment.at);
        moments
    }

    fn is_known(&self) -> bool {
        let recorded = !self.facts.is_empty() || !self.effects.is_empty();
        recorded || !self.arrivals.is_empty() || !self.exceptions.is_empty() || self.queued > 0
    }
}

async fn queued(desk: &Desk, key: &PaymentKey) -> Result<usize, String> {
    let about = |hint: &&Hint| hint.merchant == key.merchant && hint.transaction == key.transaction;
    Ok(desk.hints().await?.iter().filter(about).count())
}

/// What an exception about this payment may name as its subject.
fn subjects(key: &PaymentKey, arrivals: &[Sighting], manifests: &[Manifest]) -> Vec<String> {
    let mut subjects = vec![key.to_string()];
    subjects.extend(arrivals.iter().map(|seen| format!("{}/{}", key.merchant, seen.event.id)));
    subjects.extend(manifests.iter().map(|manifest| manifest.id.to_string()));
    subjects
}

fn arrival(seen: &Sighting) -> Moment {
    let mut what = format!("told of it by {}, event {}", seen.event.source, seen.event.id);
    if seen.times > 1 {
        what.push_str(&format!(", {} times", seen.times));
    }
    if seen.variants > 0 {
        what.push_str(&format!(", {} of them with another content", seen.variants));
    }
    what.push_str(if seen.handled { "; worked off" } else { "; NOT worked off yet" });
    Moment { at: seen.event.received, what }
}

fn batch(manifest: &Manifest) -> Vec<Moment> {
    let mut moments = vec![Moment {
        at: manifest.sealed_at,
        what: format!(
            "sealed for one Sage batch with {} in all, {} (manifest {})",
            count(manifest.entries.len(), "entry", "entries"),
            manifest.total,
            manifest.id
        ),
    }];
    moments.extend(manifest.attempts.iter().map(|(epoch, attempt)| {
        let outcome = match attempt.outcome {
            AttemptOutcome::Open => "no answer is known",
            AttemptOutcome::Closed => "it is known what became of it",
        };
        let what = format!("attempt {epoch} to create the batch in Sage; {outcome}");
        Moment { at: attempt.at, what }
    }));
    moments.extend(manifest.posting_since.map(|at| Moment {
        at,
        what: match manifest.committed_batch() {
            Some(number) => format!("Sage began posting batch {number}"),
            None => "Sage began posting".to_owned(),
        },
    }));
    moments
}

fn posted(effect: &Effect) -> Option<Moment> {
    let posted = effect.posted.as_ref()?;
    let what = format!(
        "posted in Sage as {}, batch {}, entry {}",
        posted.document, posted.batch, posted.entry
    );
    Some(Moment { at: effect.posted_at?, what })
}

pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
