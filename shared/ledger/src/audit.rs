//! The audit trail: what people did, in lines that are only ever added, each carrying the hash of
//! the one before it. Whoever changes, adds or takes out a line breaks the chain there; whoever cuts
//! the end off is found by a [`Head`] kept elsewhere.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use domain::canon::Canon;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::conformance::Verdict;
use crate::conformance::samples::{at, ensure, same};
use crate::store::{Result, StoreError};

/// What is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    pub at: Timestamp,
    /// Who did it.
    pub actor: String,
    /// What was done: `hold`, `close`, ...
    pub action: String,
    /// To what: an effect, an exception, a manifest.
    pub subject: String,
    /// Parameters, what was before and what is after.
    pub details: BTreeMap<String, String>,
}

/// A line of the trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// 1 for the first, then one more each time.
    pub sequence: u64,
    pub at: Timestamp,
    pub actor: String,
    pub action: String,
    pub subject: String,
    pub details: BTreeMap<String, String>,
    /// [`Line::hash`] of the line before; [`START`] in the first.
    pub previous: String,
}

/// Stands in the first line for the hash of the one before.
pub const START: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A line as it was found. What cannot be read any more is a broken line, not a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The one it is kept under.
    pub sequence: u64,
    pub line: Option<Line>,
}

/// The last line: kept elsewhere, it proves that none was cut off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// 0 when there is no line.
    pub sequence: u64,
    pub hash: String,
}

/// Answer to [`Trail::append`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// Now or before.
    Done,
    /// Another line has that sequence.
    Taken,
}

#[async_trait]
pub trait Trail: Send + Sync {
    /// Puts a line IF none has its sequence. Nothing changes or takes out a line.
    async fn append(&self, line: &Line) -> Result<Appended>;

    async fn last(&self) -> Result<Option<Kept>>;

    /// Lines of a later sequence, in order. Fewer than `limit` only when there are no more.
    async fn after(&self, sequence: u64, limit: usize) -> Result<Vec<Kept>>;
}

impl Line {
    /// The line that tells it, after the last one.
    #[must_use]
    pub fn telling(deed: &Deed, after: &Head) -> Self {
        Self {
            sequence: after.sequence.saturating_add(1),
            at: deed.at,
            actor: deed.actor.clone(),
            action: deed.action.clone(),
            subject: deed.subject.clone(),
            details: deed.details.clone(),
            previous: after.hash.clone(),
        }
    }

    /// SHA-256 of everything the line says, lower-case hexadecimal.
    #[must_use]
    pub fn hash(&self) -> String {
        let canon = Canon::default().text(&self.sequence.to_string()).text(&self.at.to_string());
        let canon = canon.text(&self.actor).text(&self.action).text(&self.subject);
        let count = self.details.len().to_string();
        let details = self.details.iter();
        let canon =
            details.fold(canon.text(&count), |canon, (name, value)| canon.text(name).text(value));
        canon.text(&self.previous).hex()
    }

    fn head(&self) -> Head {
        Head { sequence: self.sequence, hash: self.hash() }
    }
}

impl Head {
    /// Of a trail without lines.
    #[must_use]
    pub fn start() -> Self {
        Self { sequence: 0, hash: START.to_owned() }
    }
}

/// Others may append at the same time: so often the next place is tried.
const TRIES: usize = 100;

/// Appends what was done after the last line.
///
/// # Errors
/// When the store fails, or the last line cannot be read: the trail must be looked at first.
pub async fn record(trail: &dyn Trail, deed: &Deed) -> Result<Line> {
    for _ in 0..TRIES {
        let head = match trail.last().await? {
            None => Head::start(),
            Some(Kept { line: Some(line), .. }) => line.head(),
            Some(Kept { sequence, line: None }) => {
                return Err(refused(format!("line {sequence} of the audit trail is unreadable")));
            }
        };
        let line = Line::telling(deed, &head);
        if trail.append(&line).await? == Appended::Done {
            return Ok(line);
        }
    }
    Err(refused("others appended to the audit trail each time it was tried".to_owned()))
}

/// What the chain says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verified {
    Whole(Head),
    /// The first line that is not what was written, and how that shows.
    Broken {
        sequence: u64,
        how: String,
    },
}

/// Lines read at once.
const PAGE: usize = 500;

/// Recomputes the chain from its first line; with a head kept elsewhere, its line must be there.
///
/// # Errors
/// When the store fails.
pub async fn verify(trail: &dyn Trail, kept: Option<&Head>) -> Result<Verified> {
    let mut head = Head::start();
    let mut met = kept.is_none_or(|kept| *kept == head);
    loop {
        let lines = trail.after(head.sequence, PAGE).await?;
        let more = lines.len() >= PAGE;
        for found in lines {
            head = match follows(&head, found) {
                Ok(head) => head,
                Err(broken) => return Ok(broken),
            };
            if let Some(kept) = kept.filter(|kept| kept.sequence == head.sequence) {
                if *kept != head {
                    let how = "it is not the line the kept head was taken of".to_owned();
                    return Ok(Verified::Broken { sequence: head.sequence, how });
                }
                met = true;
            }
        }
        if !more {
            break;
        }
    }
    let missing = Verified::Broken {
        sequence: head.sequence.saturating_add(1),
        how: "it is missing: the kept head is of a later line".to_owned(),
    };
    Ok(if met { Verified::Whole(head) } else { missing })
}

fn follows(head: &Head, found: Kept) -> std::result::Result<Head, Verified> {
    let sequence = head.sequence.saturating_add(1);
    let broken = |how: &str| Verified::Broken { sequence, how: how.to_owned() };
    if found.sequence != sequence {
        return Err(broken("it is missing, and later ones are there"));
    }
    let Some(line) = found.line else { return Err(broken("it cannot be read")) };
    if line.sequence != sequence {
        return Err(broken("it carries the number of another line"));
    }
    if line.previous != head.hash {
        return Err(match sequence {
            1 => broken("it does not say that it is the first"),
            _ => Verified::Broken {
                sequence: head.sequence,
                how: format!("line {sequence} was written after another text of it"),
            },
        });
    }
    Ok(line.head())
}

fn refused(why: String) -> StoreError {
    StoreError { operation: "audit", source: why.into() }
}

/// Forgets everything when dropped.
#[derive(Debug, Default)]
pub struct MemoryTrail(Mutex<BTreeMap<u64, Line>>);

#[async_trait]
impl Trail for MemoryTrail {
    async fn append(&self, line: &Line) -> Result<Appended> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let stands = lines.entry(line.sequence).or_insert_with(|| line.clone());
        Ok(appended(line, Some(stands)))
    }

    async fn last(&self) -> Result<Option<Kept>> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(lines.last_key_value().map(kept))
    }

    async fn after(&self, sequence: u64, limit: usize) -> Result<Vec<Kept>> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(lines.range(sequence.saturating_add(1)..).take(limit).map(kept).collect())
    }
}

fn kept((sequence, line): (&u64, &Line)) -> Kept {
    Kept { sequence: *sequence, line: Some(line.clone()) }
}

/// What the line that stands means for the one asked for.
#[must_use]
pub fn appended(asked: &Line, stands: Option<&Line>) -> Appended {
    if stands == Some(asked) { Appended::Done } else { Appended::Taken }
}

/// What every [`Trail`] must do; `trail` is fresh and empty.
///
/// # Errors
/// The first rule that does not hold.
pub async fn conforms(trail: &dyn Trail) -> Verdict {
    same(&trail.last().await?, &None, "an empty trail has no last line")?;
    same(&trail.after(0, 9).await?, &Vec::new(), "nor any other")?;
    same(&verify(trail, None).await?, &Verified::Whole(Head::start()), "an empty trail is whole")?;

    let first = record(trail, &deed("ada", 1)).await?;
    same(&(first.sequence, first.previous.as_str()), &(1, START), "the first line starts")?;
    same(&trail.append(&first).await?, &Appended::Done, "repeated, it stands")?;
    let rival = Line::telling(&deed("eve", 1), &Head::start());
    same(&trail.append(&rival).await?, &Appended::Taken, "a sequence is given once")?;

    let racing = (2..=11).map(|number| async move { record(trail, &deed("bob", number)).await });
    for done in futures::future::join_all(racing).await {
        done?;
    }
    let all = trail.after(0, 99).await?;
    let numbers: Vec<u64> = all.iter().map(|kept| kept.sequence).collect();
    same(&numbers, &(1..=11).collect(), "each has a place of its own, in order")?;
    same(&all.first().and_then(|kept| kept.line.as_ref()), &Some(&first), "lines stay")?;
    same(&trail.after(9, 1).await?.first(), &all.get(9), "pages follow one another")?;
    same(&trail.last().await?.as_ref(), &all.last(), "the last is the latest")?;

    let Verified::Whole(head) = verify(trail, None).await? else {
        return ensure(false, "an untouched trail is whole");
    };
    same(&head.sequence, &11, "its head is its last line")?;
    same(&verify(trail, Some(&head)).await?, &Verified::Whole(head.clone()), "and proves it")?;
    let later = Head { sequence: 12, hash: START.to_owned() };
    let cut = verify(trail, Some(&later)).await?;
    ensure(matches!(cut, Verified::Broken { sequence: 12, .. }), "a missing end is noticed")?;
    let other = Head { hash: START.to_owned(), ..head };
    let changed = verify(trail, Some(&other)).await?;
    ensure(matches!(changed, Verified::Broken { sequence: 11, .. }), "another end is noticed")
}

fn deed(actor: &str, second: i64) -> Deed {
    Deed {
        at: at(second),
        actor: actor.to_owned(),
        action: "hold".to_owned(),
        subject: "main/512300417/Receipt/1".to_owned(),
        details: [("reason".to_owned(), "disputed \u{2014} \"so far\"".to_owned())].into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn trail_of(lines: u64) -> MemoryTrail {
        let trail = MemoryTrail::default();
        for _ in 0..lines {
            record(&trail, &deed("ada", 1)).await.unwrap();
        }
        trail
    }

    async fn broken_at(trail: &MemoryTrail, kept: Option<&Head>) -> Option<u64> {
        match verify(trail, kept).await.unwrap() {
            Verified::Whole(_) => None,
            Verified::Broken { sequence, .. } => Some(sequence),
        }
    }

    #[tokio::test]
    async fn memory_conforms() {
        conforms(&MemoryTrail::default()).await.unwrap();
    }

    #[tokio::test]
    async fn every_change_of_every_field_is_found_at_its_line() {
        let changes: [fn(&mut Line); 7] = [
            |line| line.sequence = 7,
            |line| line.at = at(99),
            |line| line.actor = "eve".to_owned(),
            |line| line.action = "release".to_owned(),
            |line| line.subject.push('1'),
            |line| line.details.clear(),
            |line| line.previous = START.to_owned(),
        ];
        for (index, change) in changes.iter().enumerate() {
            let trail = trail_of(5).await;
            trail.0.lock().unwrap().entry(3).and_modify(change);
            let found = broken_at(&trail, None).await.unwrap();
            // Another `previous` reads as another text of the line before.
            assert_eq!(found, if index == 6 { 2 } else { 3 }, "change {index}");
        }
    }

    #[tokio::test]
    async fn lines_taken_out_added_or_cut_off_are_found() {
        let trail = trail_of(5).await;
        let Verified::Whole(head) = verify(&trail, None).await.unwrap() else { panic!() };
        trail.0.lock().unwrap().remove(&3);
        assert_eq!(broken_at(&trail, None).await, Some(3));

        let trail = trail_of(5).await;
        trail.0.lock().unwrap().remove(&5);
        assert_eq!(broken_at(&trail, None).await, None, "the chain alone does not tell");
        assert_eq!(broken_at(&trail, Some(&head)).await, Some(5), "the head does");
        record(&trail, &deed("eve", 9)).await.unwrap();
        assert_eq!(broken_at(&trail, Some(&head)).await, Some(5), "also when written anew");
    }

    #[tokio::test]
    async fn more_lines_than_a_page_are_verified() {
        let trail = trail_of(1_001).await;
        assert_eq!(broken_at(&trail, None).await, None);
        trail.0.lock().unwrap().entry(700).and_modify(|line| line.actor.clear());
        assert_eq!(broken_at(&trail, None).await, Some(700));
    }
}
