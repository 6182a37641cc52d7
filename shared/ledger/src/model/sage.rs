//! Sage's side of the model: batches with numbers given once, and what posting does.

use domain::id::BatchNumber;
use domain::money::{Currency, Money};

use super::ledger::reference;
use crate::posting::{BatchHead, BatchStatus, BatchView, EntryView};

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Batch {
    /// The manifest and epoch its description names; `None` for an error batch.
    pub token: Option<(u8, u8)>,
    pub status: BatchStatus,
    pub entries: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Line {
    pub number: i64,
    pub effect: u8,
    /// Where posting moved it: batch number, entry.
    pub error: Option<(i64, i64)>,
}

/// A request on its way, or one that is to land once more.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Request {
    Create {
        manifest: u8,
        epoch: u8,
        effects: Vec<u8>,
        ready: bool,
    },
    Freeze(i64),
    /// Posting; the entry of that place is refused.
    Post(i64, Option<usize>),
    Delete(i64, i64),
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Sage {
    pub batches: Vec<Batch>,
    /// Postings that may still refuse an entry.
    pub refusals: u8,
}

impl Sage {
    pub fn batch(&self, number: i64) -> Option<&Batch> {
        self.batches.get(usize::try_from(number - 1).ok()?)
    }

    fn batch_mut(&mut self, number: i64) -> Option<&mut Batch> {
        self.batches.get_mut(usize::try_from(number - 1).ok()?)
    }

    pub fn numbered(&self) -> impl Iterator<Item = (i64, &Batch)> {
        self.batches.iter().enumerate().map(|(n, b)| (i64::try_from(n).unwrap() + 1, b))
    }

    /// Does what the request asks; the number of a batch it made.
    pub fn land(&mut self, request: &Request) -> Option<i64> {
        match request {
            Request::Create { manifest, epoch, effects, ready } => {
                let status = if *ready { BatchStatus::ReadyToPost } else { BatchStatus::Open };
                Some(self.add(Some((*manifest, *epoch)), effects, status))
            }
            Request::Freeze(number) => {
                let batch = self.batch_mut(*number)?;
                if batch.status == BatchStatus::Open {
                    batch.status = BatchStatus::ReadyToPost;
                }
                None
            }
            Request::Post(number, refused) => {
                self.post(*number, *refused);
                None
            }
            Request::Delete(number, entry) => {
                let batch = self.batch_mut(*number)?;
                if batch.status == BatchStatus::Open {
                    batch.entries.retain(|line| line.number != *entry);
                }
                None
            }
        }
    }

    fn add(&mut self, token: Option<(u8, u8)>, effects: &[u8], status: BatchStatus) -> i64 {
        let lines = effects.iter().zip(1..);
        let entries =
            lines.map(|(effect, number)| Line { number, effect: *effect, error: None }).collect();
        self.batches.push(Batch { token, status, entries });
        i64::try_from(self.batches.len()).unwrap()
    }

    /// Posts what is ready, and nothing else; a refused entry moves to an error batch of its own.
    fn post(&mut self, number: i64, refused: Option<usize>) {
        let Some(batch) = self.batch_mut(number) else { return };
        if batch.status != BatchStatus::ReadyToPost {
            return;
        }
        batch.status = BatchStatus::Posted;
        let refused = refused.and_then(|place| batch.entries.get(place).cloned());
        let Some(line) = refused.filter(|_| self.refusals > 0) else { return };
        self.refusals -= 1;
        let error = self.add(None, &[line.effect], BatchStatus::Open);
        let batch = self.batch_mut(number).unwrap();
        let stored = batch.entries.iter_mut().find(|one| one.number == line.number).unwrap();
        stored.error = Some((error, 1));
    }

    /// A person at Sage's own screens.
    pub fn post_all(&mut self) {
        let ready: Vec<i64> = self
            .numbered()
            .filter(|(_, batch)| batch.status == BatchStatus::ReadyToPost)
            .map(|(number, _)| number)
            .collect();
        ready.into_iter().for_each(|number| self.post(number, None));
    }

    pub fn mend(&mut self, number: i64) {
        if let Some(batch) = self.batch_mut(number) {
            batch.status = BatchStatus::ReadyToPost;
        }
        self.post(number, None);
    }

    pub fn empty(&mut self, number: i64) {
        if let Some(batch) = self.batch_mut(number) {
            batch.entries.clear();
        }
    }

    pub fn heads(&self, manifest: u8) -> Vec<BatchHead> {
        let ours =
            self.numbered().filter(|(_, batch)| batch.token.is_some_and(|(of, _)| of == manifest));
        ours.map(|(number, batch)| head(number, batch)).collect()
    }

    pub fn view(&self, number: BatchNumber) -> Option<BatchView> {
        let batch = self.batch(number.0)?;
        let entries = batch.entries.iter().map(|line| EntryView {
            number: line.number,
            reference: reference(line.effect),
            customer: "P".into(),
            amount: Money::new(100, Currency::USD),
            document: String::new(),
            error: line.error.map(|(batch, entry)| (BatchNumber(batch), entry)),
        });
        Some(BatchView {
            head: head(number.0, batch),
            bank: "B".into(),
            currency: Currency::USD,
            entries: entries.collect(),
        })
    }

    /// Posted entries of an effect, by batch.
    pub fn posted(&self, effect: u8) -> usize {
        let posted = self.batches.iter().filter(|batch| batch.status == BatchStatus::Posted);
        let lines = posted.flat_map(|batch| &batch.entries);
        lines.filter(|line| line.effect == effect && line.error.is_none()).count()
    }
}

fn head(number: i64, batch: &Batch) -> BatchHead {
    let description = match batch.token {
        Some((manifest, epoch)) => format!("PTS1:M{manifest}:{epoch}"),
        None => "Error batch".to_owned(),
    };
    BatchHead {
        number: BatchNumber(number),
        status: batch.status,
        description,
        entries: u32::try_from(batch.entries.len()).unwrap(),
    }
}
