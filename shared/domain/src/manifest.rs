//! Manifests: sealed sets of effects that go to Sage 300 as one batch.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::canon::Canon;
use crate::effect::{Content, EffectKey, Hold};
use crate::id::{BatchNumber, CompanyId, ManifestId};
use crate::money::{Currency, Money, MoneyError};

/// What all entries of one Sage batch share.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Group {
    pub company: CompanyId,
    pub bank: String,
    pub currency: Currency,
    pub posting_date: Date,
}

impl Group {
    #[must_use]
    pub fn of(content: &Content) -> Self {
        Self {
            company: content.company.clone(),
            bank: content.bank.clone(),
            currency: content.amount.currency,
            posting_date: content.posting_date,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub effect: EffectKey,
    pub generation: u32,
    pub content: Content,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ManifestState {
    Sealed,
    Committed,
    Frozen,
    Posting,
    Posted,
    /// Posted, with at least one entry that Sage moved to an error batch and that was released.
    Partial,
    Aborted,
}

impl ManifestState {
    /// Every change of state there is; `None` is a manifest that is not sealed yet.
    pub const EDGES: &[(Option<Self>, Self)] = &[
        (None, Self::Sealed),
        (Some(Self::Sealed), Self::Committed),
        (Some(Self::Sealed), Self::Aborted),
        (Some(Self::Committed), Self::Frozen),
        (Some(Self::Frozen), Self::Posting),
        (Some(Self::Frozen), Self::Posted),
        (Some(Self::Frozen), Self::Partial),
        (Some(Self::Posting), Self::Posted),
        (Some(Self::Posting), Self::Partial),
    ];

    /// No further step will be taken on it.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Posted | Self::Partial | Self::Aborted)
    }
}

/// The single decision about which batch carries the manifest. Written once, never changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Commit {
    Batch(BatchNumber),
    /// The manifest was aborted: no batch of it may ever be frozen.
    Nothing,
}

/// What became of an attempt to create the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// Sent, or about to be: a batch may exist or may still land.
    Open,
    /// Sage answered, or the request certainly never left.
    Closed,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Attempt {
    pub at: Timestamp,
    pub outcome: AttemptOutcome,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub id: ManifestId,
    pub group: Group,
    pub state: ManifestState,
    pub entries: Vec<Entry>,
    pub total: Money,
    pub content_hash: String,
    pub commit: Option<Commit>,
    pub epoch: u64,
    pub owner: Option<String>,
    pub lease_until: Option<Timestamp>,
    /// By epoch. Written before the call it stands for.
    pub attempts: BTreeMap<u64, Attempt>,
    /// Set when a person must look; no step is taken until it is cleared.
    pub hold: Option<Hold>,
    pub sealed_at: Timestamp,
    pub posting_since: Option<Timestamp>,
    /// Until when a late create may still turn up as a stray batch; absent when none can.
    pub strays_until: Option<Timestamp>,
}

/// The prefix of every batch description of ours; `PTS1:<manifest>:<epoch>` is at most 60 characters.
pub const TOKEN: &str = "PTS1:";

impl Manifest {
    /// Seals entries of one group. The id follows from the entries and their generations, so sealing
    /// the same again is the same manifest.
    ///
    /// # Errors
    /// When the amounts cannot be added: several currencies, or too large a sum.
    pub fn seal(group: Group, entries: Vec<Entry>, now: Timestamp) -> Result<Self, MoneyError> {
        let total = Money::sum(entries.iter().map(|e| e.content.amount), group.currency)?;
        let content_hash = content_hash(&group, &entries);
        let id = ManifestId(
            entries
                .iter()
                .fold(Canon::default().text(&content_hash), |c, e| {
                    c.text(&e.effect.to_string()).number(i64::from(e.generation))
                })
                .short(),
        );
        Ok(Self {
            id,
            group,
            state: ManifestState::Sealed,
            entries,
            total,
            content_hash,
            commit: None,
            epoch: 0,
            owner: None,
            lease_until: None,
            attempts: BTreeMap::new(),
            hold: None,
            sealed_at: now,
            posting_since: None,
            strays_until: None,
        })
    }

    /// What the batch description starts with; the epoch of the attempt follows.
    #[must_use]
    pub fn token(&self) -> String {
        format!("{TOKEN}{}", self.id)
    }

    #[must_use]
    pub fn description(&self, epoch: u64) -> String {
        format!("{}:{epoch}", self.token())
    }

    #[must_use]
    pub fn committed_batch(&self) -> Option<BatchNumber> {
        match self.commit {
            Some(Commit::Batch(number)) => Some(number),
            Some(Commit::Nothing) | None => None,
        }
    }
}

/// The manifest a batch description of ours names.
#[must_use]
pub fn named_in(description: &str) -> Option<ManifestId> {
    let rest = description.trim().strip_prefix(TOKEN)?;
    let id = rest.split(':').next()?;
    (!id.is_empty()).then(|| ManifestId(id.to_owned()))
}

fn content_hash(group: &Group, entries: &[Entry]) -> String {
    let canon = Canon::default()
        .text(group.company.as_str())
        .text(&group.bank)
        .text(group.currency.code())
        .text(&group.posting_date.to_string());
    entries.iter().fold(canon, |c, e| c.text(&e.content.hash())).hex()
}
