//! Many claimants at once, of whom exactly one may win.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::effect::Effect;
use domain::id::{BatchNumber, ManifestId};
use domain::manifest::{Commit, Manifest};
use futures::future::{BoxFuture, join_all};

use super::manifests::sealed;
use super::samples::{ensure, event, guard, lease, manifest, ready, same};
use super::{Verdict, Violation};
use crate::store::{Arrival, Inserted, Leased, Release, Sealed, Store, Transition};

/// What a claimant found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub won: bool,
    /// The winner as this claimant was told; empty where nobody is told.
    pub saw: String,
}

/// A claimant: not yet started, or to be waited for.
pub type Started = BoxFuture<'static, Result<Claim, Violation>>;

/// Starts a claimant so that it runs beside the others, and answers with the wait for it.
pub type Start<'a> = &'a (dyn Fn(Started) -> Started + Sync);

/// Runs every race `rounds` times with so many claimants.
///
/// # Errors
/// The first race that more or fewer than one claimant won, or whose losers were told of different
/// winners.
pub async fn races<M>(make: M, start: Start<'_>, claimants: u32, rounds: u32) -> Verdict
where
    M: AsyncFn() -> Arc<dyn Store>,
{
    let store = make().await;
    for round in 0..rounds {
        let race = Race { store: &store, start, claimants, round };
        race.inbox().await?;
        race.effect().await?;
        race.guard().await?;
        race.seal().await?;
        race.lease().await?;
        race.company().await?;
        race.commit().await?;
        race.abort().await?;
    }
    Ok(())
}

struct Race<'a> {
    store: &'a Arc<dyn Store>,
    start: Start<'a>,
    claimants: u32,
    round: u32,
}

impl Race<'_> {
    async fn inbox(&self) -> Verdict {
        let id = format!("race{}", self.round);
        let claims = self.run(|store, _| {
            let event = event(&id, "aa", 1);
            Box::pin(async move {
                let arrival = store.insert_inbox(&event).await?;
                Ok(Claim { won: arrival == Arrival::New, saw: String::new() })
            })
        });
        one("an event is new once", &claims.await?)
    }

    async fn effect(&self) -> Verdict {
        let transaction = self.transaction(1);
        let claims = self.run(move |store, _| {
            Box::pin(async move {
                let inserted = store.insert_effect(&ready(transaction), None).await?;
                Ok(Claim { won: inserted == Inserted::New, saw: String::new() })
            })
        });
        one("an effect is put once", &claims.await?)
    }

    /// Different effects, decided on the same reading of the customer's documents.
    async fn guard(&self) -> Verdict {
        let version = self.store.pending(&"SAMLTD".into(), &"1200".into()).await?.version;
        let first = self.transaction(1_000);
        let claims = self.run(move |store, claimant| {
            Box::pin(async move {
                let effect = Effect {
                    state: domain::effect::EffectState::Cancelled,
                    ..ready(first + claimant)
                };
                let inserted = store.insert_effect(&effect, Some(&guard(version))).await?;
                Ok(Claim { won: inserted == Inserted::New, saw: String::new() })
            })
        });
        one("one decision is made on one reading", &claims.await?)
    }

    /// Every manifest wants effect 0 and one of its own.
    async fn seal(&self) -> Verdict {
        let wanted = self.transaction(3_000);
        let mut manifests: Vec<Manifest> = Vec::new();
        self.store.insert_effect(&ready(wanted), None).await?;
        for claimant in 1..=self.claimants {
            let own = ready(wanted + claimant);
            self.store.insert_effect(&own, None).await?;
            manifests.push(manifest(&[&own, &ready(wanted)], 1)?);
        }
        let names: Vec<ManifestId> = manifests.iter().map(|m| m.id.clone()).collect();
        let mut manifests = manifests.into_iter();
        let claims = self.run(|store, _| {
            let manifest = manifests.next();
            Box::pin(async move {
                let manifest = manifest.ok_or("a manifest for each claimant")?;
                let sealed = store.seal_manifest(&manifest).await?;
                Ok(Claim { won: sealed == Sealed::Stored, saw: String::new() })
            })
        });
        one("an effect is sealed into one manifest", &claims.await?)?;
        let owner = super::effects::stored(&**self.store, wanted).await?.manifest;
        ensure(owner.is_some_and(|id| names.contains(&id)), "the effect is with the winner")?;
        let mut kept = 0;
        for name in &names {
            if let Some(manifest) = self.store.manifest(name).await? {
                kept += 1;
                let release = Release::Held(super::samples::hold("race over"));
                self.store.abort_manifest(&manifest.id, &release).await?;
            }
        }
        same(&kept, &1, "only the winner is stored")
    }

    async fn lease(&self) -> Verdict {
        let id = self.sealed(5_000).await?;
        let claims = self.run(move |store, claimant| {
            let id = id.clone();
            Box::pin(async move {
                let leased = store.acquire_lease(&id, &by(claimant)).await?;
                Ok(Claim { won: matches!(leased, Leased::Ours(_)), saw: String::new() })
            })
        });
        one("a manifest is leased to one", &claims.await?)
    }

    async fn company(&self) -> Verdict {
        let company = format!("RACE{}", self.round);
        let claims = self.run(move |store, claimant| {
            let company = company.as_str().into();
            Box::pin(async move {
                let won = store.lease_company(&company, &by(claimant)).await?;
                Ok(Claim { won, saw: String::new() })
            })
        });
        one("a company is leased to one", &claims.await?)
    }

    async fn commit(&self) -> Verdict {
        let id = self.sealed(6_000).await?;
        let claims = self.run(move |store, claimant| {
            let id = id.clone();
            Box::pin(async move {
                let number = BatchNumber(i64::from(claimant) + 1);
                Ok(claim(&store.commit_batch(&id, number).await?))
            })
        });
        one("one batch is committed", &claims.await?)
    }

    /// Odd claimants abort, even ones commit, each another batch: the aborts count as one claim.
    async fn abort(&self) -> Verdict {
        let id = self.sealed(7_000).await?;
        let named = id.clone();
        let claims = self.run(move |store, claimant| {
            let id = named.clone();
            Box::pin(async move {
                let done = if claimant % 2 == 1 {
                    store.abort_manifest(&id, &Release::Ready { seal_max: 1 }).await?
                } else {
                    let number = BatchNumber(i64::from(claimant) + 1);
                    store.commit_batch(&id, number).await?
                };
                Ok(claim(&done))
            })
        });
        let claims = claims.await?;
        agreed("an abort or a commit", &claims)?;
        let winners = u32::try_from(claims.iter().filter(|claim| claim.won).count());
        let aborts = self.claimants / 2;
        let stands = self.store.manifest(&id).await?.and_then(|manifest| manifest.commit);
        let expected = if stands == Some(Commit::Nothing) { aborts } else { 1 };
        same(&winners.ok(), &Some(expected), "an abort or a commit holds, never both")
    }

    async fn run<F>(&self, mut claimant: F) -> Result<Vec<Claim>, Violation>
    where
        F: FnMut(Arc<dyn Store>, u32) -> Started,
    {
        let started: Vec<Started> = (0..self.claimants)
            .map(|number| (self.start)(claimant(Arc::clone(self.store), number)))
            .collect();
        join_all(started).await.into_iter().collect()
    }

    async fn sealed(&self, offset: u32) -> Result<ManifestId, Violation> {
        Ok(sealed(&**self.store, &[self.transaction(offset)]).await?.id)
    }

    /// A transaction number no other race and no other round uses.
    fn transaction(&self, offset: u32) -> u32 {
        self.round * 10_000 + offset
    }
}

fn by(claimant: u32) -> crate::store::Lease {
    lease(&format!("claimant {claimant}"), 10, 70)
}

fn claim(transition: &Transition) -> Claim {
    Claim { won: transition.holds, saw: format!("{:?}", transition.manifest.commit) }
}

fn one(rule: &str, claims: &[Claim]) -> Verdict {
    agreed(rule, claims)?;
    let winners = claims.iter().filter(|claim| claim.won).count();
    same(&winners, &1, rule)
}

fn agreed(rule: &str, claims: &[Claim]) -> Verdict {
    let seen: BTreeSet<&str> = claims.iter().map(|claim| claim.saw.as_str()).collect();
    ensure(seen.len() == 1, &format!("{rule}: all are told of the same winner, not {seen:?}"))
}
