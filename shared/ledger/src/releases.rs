//! Published documents: objects by the hash of their text, and which release is active where.
//! Nothing is ever changed or taken away; going back is one more activation.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::conformance::Verdict;
use crate::conformance::samples::{ensure, same};
use crate::store::Result;

/// "From now on this environment runs that release."
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activation {
    /// 1 for the first of an environment, then one more each time.
    pub number: u64,
    /// The object that lists the release's objects: its lock.
    pub release: String,
    pub at: Timestamp,
    /// Who did it.
    pub by: String,
    /// Why, in their words.
    pub note: String,
}

/// Answer to [`Releases::activate`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Activated {
    /// Now or before.
    Done,
    /// Another activation has that number: look at it first.
    Other(Box<Activation>),
}

#[async_trait]
pub trait Releases: Send + Sync {
    /// Puts a text under the hash of its bytes (SHA-256, hexadecimal). One that is there stays.
    async fn put_object(&self, hash: &str, text: &str) -> Result<()>;

    async fn object(&self, hash: &str) -> Result<Option<String>>;

    /// Put IF the environment has no activation of that number.
    async fn activate(&self, environment: &str, activation: &Activation) -> Result<Activated>;

    /// The environment's activations, latest first; the first is what is active.
    async fn activations(&self, environment: &str, limit: usize) -> Result<Vec<Activation>>;
}

/// Forgets everything when dropped.
#[derive(Debug, Default)]
pub struct MemoryReleases(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    objects: BTreeMap<String, String>,
    activations: BTreeMap<(String, u64), Activation>,
}

#[async_trait]
impl Releases for MemoryReleases {
    async fn put_object(&self, hash: &str, text: &str) -> Result<()> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.objects.entry(hash.to_owned()).or_insert_with(|| text.to_owned());
        Ok(())
    }

    async fn object(&self, hash: &str) -> Result<Option<String>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(kept.objects.get(hash).cloned())
    }

    async fn activate(&self, environment: &str, activation: &Activation) -> Result<Activated> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (environment.to_owned(), activation.number);
        let stands = kept.activations.entry(key).or_insert_with(|| activation.clone());
        Ok(activated(activation, stands))
    }

    async fn activations(&self, environment: &str, limit: usize) -> Result<Vec<Activation>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of = kept.activations.range((environment.to_owned(), 0)..);
        let mut found: Vec<Activation> = of
            .take_while(|((name, _), _)| name == environment)
            .map(|(_, activation)| activation.clone())
            .collect();
        found.reverse();
        found.truncate(limit);
        Ok(found)
    }
}

/// What the activation that stands means for the one asked for.
#[must_use]
pub fn activated(asked: &Activation, stands: &Activation) -> Activated {
    if asked == stands { Activated::Done } else { Activated::Other(Box::new(stands.clone())) }
}

/// What every [`Releases`] must do; `releases` is fresh and empty.
///
/// # Errors
/// The first rule that does not hold.
pub async fn conforms(releases: &dyn Releases) -> Verdict {
    same(&releases.object("a1").await?, &None, "an unknown object is absent")?;
    releases.put_object("a1", "text: 1\n").await?;
    releases.put_object("a1", "text: 2\n").await?;
    same(&releases.object("a1").await?, &Some("text: 1\n".to_owned()), "an object stays")?;

    let activation = |number, release: &str| Activation {
        number,
        release: release.to_owned(),
        at: Timestamp::UNIX_EPOCH,
        by: "ada".to_owned(),
        note: "first".to_owned(),
    };
    same(&releases.activations("prod", 9).await?, &Vec::new(), "nothing is active at first")?;
    let first = activation(1, "r1");
    same(&releases.activate("prod", &first).await?, &Activated::Done, "the first is taken")?;
    same(&releases.activate("prod", &first).await?, &Activated::Done, "repeated, it holds")?;
    let race = releases.activate("prod", &activation(1, "r2")).await?;
    same(&race, &Activated::Other(Box::new(first.clone())), "a number is given once")?;
    for number in 2..=11 {
        let done = releases.activate("prod", &activation(number, "r2")).await?;
        same(&done, &Activated::Done, "the next numbers are free")?;
    }
    let newest = releases.activations("prod", 2).await?;
    let numbers: Vec<u64> = newest.iter().map(|activation| activation.number).collect();
    same(&numbers, &vec![11, 10], "latest first, by number")?;
    let all = releases.activations("prod", 99).await?;
    ensure(all.len() == 11 && all.last() == Some(&first), "and nothing is forgotten")?;
    same(&releases.activations("pro", 9).await?, &Vec::new(), "environments are apart")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn memory_conforms() {
        conforms(&MemoryReleases::default()).await.unwrap();
    }
}
