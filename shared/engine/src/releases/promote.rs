//! Bringing documents into force, and going back.

use std::collections::BTreeMap;

use flows::problem::Problem;
use flows::release::{Approval, Lock, LockError, hash, objects, short};
use jiff::Timestamp;
use ledger::releases::{Activated, Activation, Releases};
use ledger::store::StoreError;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::published::Active;

/// What is to come into force, where, and who says so.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Promotion {
    pub environment: String,
    /// The documents by path, their bindings (`env/NAME.yaml`) among them.
    pub files: BTreeMap<String, String>,
    pub by: String,
    /// Others who looked at it.
    pub approved_by: Vec<String>,
    pub note: String,
    pub at: Timestamp,
}

#[derive(Debug)]
pub struct Promoted {
    pub activation: Activation,
    pub lock: Lock,
    /// Nothing was to be done: this very release is in force.
    pub unchanged: bool,
}

/// A release as it was stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Release {
    pub lock: Lock,
    pub files: BTreeMap<String, String>,
}

#[derive(Debug, Error)]
pub enum PromoteError {
    #[error("the documents are not in order")]
    Problems(Vec<Problem>),
    #[error("`{environment}` needs {needed} people: name {} more with --approved-by", needed - given)]
    Approvals { environment: String, needed: u64, given: u64 },
    #[error("{by} activated {release} in `{environment}` meanwhile: look at that first")]
    Overtaken { environment: String, by: String, release: String },
    #[error("`{environment}` has no activation {number}")]
    NoActivation { environment: String, number: u64 },
    #[error("`{environment}` has no earlier release to go back to")]
    NothingBefore { environment: String },
    #[error("the release {release} is not whole: {what} is missing or damaged")]
    Damaged { release: String, what: String },
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Version of this program, kept in every lock.
const ENGINE: &str = env!("CARGO_PKG_VERSION");

/// Checks the documents and activates them.
///
/// # Errors
/// When they are not in order, or the store fails; nothing is in force then that was not before.
pub async fn promote(
    releases: &dyn Releases,
    promotion: &Promotion,
) -> Result<Promoted, PromoteError> {
    let active = Active::compile("", &promotion.environment, &promotion.files)
        .map_err(PromoteError::Problems)?;
    let documents = flows::program::read(&promotion.files).map_err(PromoteError::Problems)?;
    let mut shape = flows::lint::problems(&documents);
    shape.extend(active.bindings.unscheduled(&documents));
    if !shape.is_empty() {
        return Err(PromoteError::Problems(shape));
    }
    enough_people(promotion, active.bindings.approvals())?;
    let environment = &promotion.environment;
    let latest = releases.activations(environment, 1).await?.into_iter().next();
    let lock = lock_of(promotion);
    if let Some(latest) = &latest
        && let Ok(now) = load(releases, &latest.release).await
        && now.lock.objects == lock.objects
    {
        return Ok(Promoted { activation: latest.clone(), lock: now.lock, unchanged: true });
    }
    for text in promotion.files.values() {
        releases.put_object(&hash(text), text).await?;
    }
    let text = lock.text();
    releases.put_object(&hash(&text), &text).await?;
    let activation = Activation {
        number: latest.map_or(0, |latest| latest.number).saturating_add(1),
        release: hash(&text),
        at: promotion.at,
        by: promotion.by.clone(),
        note: promotion.note.clone(),
    };
    activate(releases, environment, &activation).await?;
    Ok(Promoted { activation, lock, unchanged: false })
}

/// Activates what an earlier activation had: the one before the latest when none is named.
///
/// # Errors
/// When there is none, it is not whole, or the store fails.
pub async fn roll_back(
    releases: &dyn Releases,
    environment: &str,
    to: Option<u64>,
    (by, note, at): (&str, &str, Timestamp),
) -> Result<Activation, PromoteError> {
    const LOOKED_AT: usize = 1_000;
    let all = releases.activations(environment, LOOKED_AT).await?;
    let named = environment.to_owned();
    let latest = all.first().ok_or(PromoteError::NothingBefore { environment: named.clone() })?;
    let target = match to {
        Some(number) => all
            .iter()
            .find(|activation| activation.number == number)
            .ok_or(PromoteError::NoActivation { environment: named, number })?,
        None => all
            .iter()
            .find(|activation| activation.release != latest.release)
            .ok_or(PromoteError::NothingBefore { environment: named })?,
    };
    let whole = load(releases, &target.release).await?;
    Active::compile(&target.release, environment, &whole.files).map_err(PromoteError::Problems)?;
    let activation = Activation {
        number: latest.number.saturating_add(1),
        release: target.release.clone(),
        at,
        by: by.to_owned(),
        note: note.to_owned(),
    };
    activate(releases, environment, &activation).await?;
    Ok(activation)
}

/// A release with all its documents, each proven against its hash.
///
/// # Errors
/// When something of it is missing, is not what its hash says, or the store fails.
pub async fn load(releases: &dyn Releases, release: &str) -> Result<Release, PromoteError> {
    let damaged = |what: &str| PromoteError::Damaged {
        release: short(release).to_owned(),
        what: what.to_owned(),
    };
    let object = async |key: &str, what: &str| {
        let text = releases.object(key).await?;
        text.filter(|text| hash(text) == key).ok_or_else(|| damaged(what))
    };
    let lock = Lock::read(&object(release, "its lock").await?)?;
    let mut files = BTreeMap::new();
    for (path, key) in &lock.objects {
        files.insert(path.clone(), object(key, path).await?);
    }
    Ok(Release { lock, files })
}

async fn activate(
    releases: &dyn Releases,
    environment: &str,
    activation: &Activation,
) -> Result<(), PromoteError> {
    match releases.activate(environment, activation).await? {
        Activated::Done => Ok(()),
        Activated::Other(other) => Err(PromoteError::Overtaken {
            environment: environment.to_owned(),
            by: other.by.clone(),
            release: short(&other.release).to_owned(),
        }),
    }
}

fn lock_of(promotion: &Promotion) -> Lock {
    let people = std::iter::once(&promotion.by).chain(&promotion.approved_by);
    let approvals = people.map(|by| Approval { by: by.clone(), at: promotion.at }).collect();
    Lock {
        release: promotion.at.strftime("%Y-%m-%d-%H%M%S").to_string(),
        engine: ENGINE.to_owned(),
        catalogue: flows::shipped::catalogue_hash(),
        objects: objects(&promotion.files),
        approvals,
    }
}

/// The one who promotes is one of them.
fn enough_people(promotion: &Promotion, needed: u64) -> Result<(), PromoteError> {
    let mut people: Vec<&String> = promotion.approved_by.iter().collect();
    people.push(&promotion.by);
    people.sort();
    people.dedup();
    let given = u64::try_from(people.len()).unwrap_or(u64::MAX);
    if given >= needed {
        return Ok(());
    }
    let environment = promotion.environment.clone();
    Err(PromoteError::Approvals { environment, needed, given })
}
