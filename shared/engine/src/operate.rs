//! What a person does by hand, whatever they do it with: a command line, a console.
//!
//! 1. a line of the audit trail says what is about to be done; without it nothing is done
//! 2. one conditional operation of the store
//! 3. a line says how that ended, with what was before and what is after
//!
//! A death after 1 or 2 leaves an intention without an end; doing it again is safe, since every
//! operation that took effect before answers as if it had just succeeded.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::effect::{Effect, EffectKey, EffectState, Hold};
use domain::exception::Exception;
use domain::id::ManifestId;
use domain::manifest::Manifest;
use ledger::audit::{Deed, Trail, record};
use ledger::store::{Changed, Store, StoreError};
use thiserror::Error;

use crate::port::Clock;

/// Somebody, at a store.
#[derive(Clone)]
pub struct Operator {
    pub store: Arc<dyn Store>,
    pub trail: Arc<dyn Trail>,
    pub clock: Arc<dyn Clock>,
    /// Who it is, as the trail names them.
    pub name: String,
}

/// Why it was not done.
#[derive(Debug, Error)]
pub enum Refusal {
    /// It cannot be done as things stand; says why and what to do instead.
    #[error("{0}")]
    No(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It was done, and may be done again to have that written down.
    #[error("{outcome}; but the audit trail does not tell so")]
    Untold {
        outcome: String,
        #[source]
        source: StoreError,
    },
}

pub type Done<T> = Result<T, Refusal>;

/// An effect before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    pub before: Effect,
    pub after: Effect,
}

/// Open exceptions looked through for one.
const EXCEPTIONS_MAX: usize = 100_000;

impl Operator {
    /// Ends an exception whose cause is settled. One about a batch that still waits for a person is
    /// refused, unless it is said to stay so: its payments then stay where they are.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub async fn close(&self, id: &str, reason: &str, leave_held: bool) -> Done<Exception> {
        let open = self.store.exceptions(EXCEPTIONS_MAX).await?;
        let found = open.into_iter().find(|exception| exception.id == id);
        let exception = found.ok_or_else(|| {
            Refusal::No(format!("no open exception is called {id}; see `paysage exceptions`"))
        })?;
        let manifest = self.store.manifest(&ManifestId::from(exception.subject.as_str())).await?;
        if !leave_held && manifest.is_some_and(|manifest| is_waiting(&manifest)) {
            let subject = &exception.subject;
            return Err(Refusal::No(format!(
                "{id} is about a batch that still waits for a person: put it right in Sage, then \
                 `paysage release-batch {subject}`, which closes this, too; or close it with \
                 --leave-held when its payments were dealt with by hand"
            )));
        }
        let details = details([("reason", reason), ("evidence", &exception.evidence)]);
        self.audited("close", id, details, async || {
            self.store.close_exception(id, self.clock.now()).await?;
            Ok((exception, details_of_state("open", "closed")))
        })
        .await
    }

    /// Ends a held effect that was done by hand in Sage, or must not be done: CANCELLED, so that
    /// nothing waits for it, and nothing of it is ever posted by the program.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub async fn settle(&self, effect: &Effect, document: &str, reason: &str) -> Done<Move> {
        let key = &effect.key;
        match effect.state {
            EffectState::Held if effect.manifest.is_none() => {}
            EffectState::Cancelled => {
                return Ok(Move { before: effect.clone(), after: effect.clone() });
            }
            _ => {
                return Err(Refusal::No(format!(
                    "{key} is not held: only what the program leaves to a person is settled by \
                     hand; `paysage hold` it first if it must not be posted"
                )));
            }
        }
        let why = effect.hold.as_ref().map(told).unwrap_or_default();
        let details = details([("document", document), ("reason", reason), ("held for", &why)]);
        self.audited("settle", &key.to_string(), details, async || {
            match self.store.cancel_effect(key).await? {
                Changed::Done => {}
                Changed::Refused(_) | Changed::Stale | Changed::Missing => {
                    return Err(Refusal::No(format!("{key} changed meanwhile; look at it again")));
                }
            }
            let after = self.stored(key).await?;
            let states = details_of_state(state(effect), state(&after));
            Ok((Move { before: effect.clone(), after }, states))
        })
        .await
    }

    /// Has a held batch looked at again, from where it was: the next pass reads it in Sage and
    /// compares it before anything is done, and holds it again when it is still not right.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub async fn release_batch(&self, id: &ManifestId, reason: &str) -> Done<Manifest> {
        let found = self.store.manifest(id).await?;
        let manifest = found.ok_or_else(|| Refusal::No(format!("there is no manifest {id}")))?;
        let Some(hold) = &manifest.hold else {
            return Err(Refusal::No(format!("manifest {id} does not wait for a person")));
        };
        let details = details([("reason", reason), ("held for", &told(hold))]);
        self.audited("release-batch", id.as_str(), details, async || {
            // In this order: a pass that holds it again at once must find its exception closed.
            let exception = Exception::new(hold.reason, id.as_str(), "", self.clock.now()).id;
            self.store.close_exception(&exception, self.clock.now()).await?;
            self.store.hold_manifest(id, None).await?;
            Ok((manifest.clone(), details_of_state("held", "open")))
        })
        .await
    }

    /// Between two lines of the trail. `work` answers what it did, and what to tell of it.
    ///
    /// # Errors
    /// Those of `work`; and when the trail cannot be written.
    pub async fn audited<T>(
        &self,
        action: &str,
        subject: &str,
        details: BTreeMap<String, String>,
        work: impl AsyncFnOnce() -> Done<(T, BTreeMap<String, String>)>,
    ) -> Done<T> {
        let line = |phase: &str, mut details: BTreeMap<String, String>| {
            details.insert("phase".to_owned(), phase.to_owned());
            Deed {
                at: self.clock.now(),
                actor: self.name.clone(),
                action: action.to_owned(),
                subject: subject.to_owned(),
                details,
            }
        };
        record(&*self.trail, &line("begun", details)).await?;
        let (done, ended) = match work().await {
            Ok((done, told)) => (Ok(done), line("done", told)),
            Err(refusal) => {
                let why = [("why".to_owned(), refusal.to_string())].into();
                (Err(refusal), line("not done", why))
            }
        };
        let recorded = record(&*self.trail, &ended).await;
        let done = done?;
        match recorded {
            Ok(_) => Ok(done),
            Err(source) => {
                Err(Refusal::Untold { outcome: format!("{action} {subject} is done"), source })
            }
        }
    }

    async fn stored(&self, key: &EffectKey) -> Done<Effect> {
        let payment = self.store.payment(&key.payment).await?;
        let effects = payment.into_iter().flat_map(|payment| payment.effects);
        let found = effects.into_iter().find(|effect| effect.key == *key);
        found.ok_or_else(|| Refusal::No(format!("{key} is not in the store")))
    }
}

/// Parameters for the trail.
pub fn details<'a>(
    pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> BTreeMap<String, String> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn details_of_state(before: &str, after: &str) -> BTreeMap<String, String> {
    details([("before", before), ("after", after)])
}

fn is_waiting(manifest: &Manifest) -> bool {
    manifest.hold.is_some() && !manifest.state.is_final()
}

fn told(hold: &Hold) -> String {
    format!("{}: {}", hold.reason, hold.evidence)
}

fn state(effect: &Effect) -> &'static str {
    match effect.state {
        EffectState::Ready => "READY",
        EffectState::Assigned => "ASSIGNED",
        EffectState::Posted => "POSTED",
        EffectState::Cancelled => "CANCELLED",
        EffectState::Held => "HELD",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::effect::{Content, Document, EffectKind, Extra};
    use domain::exception::ReasonCode;
    use domain::id::{PaymentKey, TransactionId};
    use domain::manifest::{Entry, Group};
    use domain::money::{Currency, Money};
    use jiff::civil::date;
    use jiff::{SignedDuration, Timestamp};
    use ledger::audit::{MemoryTrail, Verified, verify};
    use ledger::memory::MemoryStore;
    use ledger::store::{Decision, Sealed};

    struct Still;

    impl Clock for Still {
        fn now(&self) -> Timestamp {
            at(77)
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
    }

    fn key() -> EffectKey {
        let transaction = TransactionId("512300417".to_owned());
        let payment = PaymentKey { merchant: "main".into(), transaction };
        EffectKey { payment, kind: EffectKind::Receipt, ordinal: 1 }
    }

    fn content() -> Content {
        Content {
            company: "SAMLTD".into(),
            bank: "SEATAC".to_owned(),
            customer: "1200".into(),
            amount: Money::new(1_000, Currency::USD),
            reference: key().reference(),
            posting_date: date(2026, 3, 2),
            receipt_date: date(2026, 3, 2),
            payment_code: "CCARD".to_owned(),
            description: "Card payment".to_owned(),
            document: Document::UnappliedCash,
            extra: Extra::default(),
        }
    }

    fn ready() -> Effect {
        Effect::ready(key(), content(), at(20))
    }

    fn sealed() -> Manifest {
        let content = content();
        let group = Group::of(&content);
        let entry = Entry { effect: key(), generation: ready().generation, content };
        Manifest::seal(group, vec![entry], at(30)).unwrap()
    }

    fn hold(evidence: &str) -> Hold {
        Hold { reason: ReasonCode::HeldByPerson, evidence: evidence.to_owned() }
    }

    fn operator() -> Operator {
        Operator {
            store: Arc::new(MemoryStore::new()),
            trail: Arc::new(MemoryTrail::default()),
            clock: Arc::new(Still),
            name: "ada".to_owned(),
        }
    }

    /// Phases and details of all lines.
    async fn told_of(operator: &Operator) -> Vec<String> {
        assert!(matches!(verify(&*operator.trail, None).await.unwrap(), Verified::Whole(_)));
        let lines = operator.trail.after(0, 99).await.unwrap();
        let lines = lines.into_iter().filter_map(|kept| kept.line);
        lines.map(|line| format!("{} {} {:?}", line.actor, line.action, line.details)).collect()
    }

    async fn held_batch(operator: &Operator) -> ManifestId {
        operator.store.insert_effect(&ready(), None).await.unwrap();
        let manifest = sealed();
        assert_eq!(operator.store.seal_manifest(&manifest).await.unwrap(), Sealed::Stored);
        let changed = Hold { reason: ReasonCode::BatchChanged, evidence: "deleted".to_owned() };
        operator.store.hold_manifest(&manifest.id, Some(&changed)).await.unwrap();
        let id = manifest.id.as_str();
        let raised = Exception::new(ReasonCode::BatchChanged, id, "deleted", at(50));
        operator.store.raise(&raised).await.unwrap();
        manifest.id
    }

    #[tokio::test]
    async fn an_exception_is_closed_once_by_somebody_for_a_reason() {
        let operator = operator();
        let raised = Exception::new(ReasonCode::FactChanged, "main/512", "148.20 or 148", at(1));
        operator.store.raise(&raised).await.unwrap();
        let closed = operator.close(&raised.id, "PayTrace was right", false).await.unwrap();
        assert_eq!(closed.id, raised.id);
        assert_eq!(operator.store.exceptions(9).await.unwrap(), []);
        let told = told_of(&operator).await;
        assert_eq!(told.len(), 2);
        assert!(
            told[0].contains("ada close") && told[0].contains("PayTrace was right"),
            "{told:?}"
        );
        assert!(told[1].contains("\"phase\": \"done\""), "{told:?}");
        let again = operator.close(&raised.id, "x", false).await.unwrap_err();
        assert!(again.to_string().contains("no open exception"), "{again}");
        assert_eq!(told_of(&operator).await.len(), 2, "what was not begun is not told");
    }

    #[tokio::test]
    async fn a_held_batch_is_released_before_its_exception_may_be_closed() {
        let operator = operator();
        let id = held_batch(&operator).await;
        let exception = operator.store.exceptions(9).await.unwrap().remove(0).id;
        let refused = operator.close(&exception, "x", false).await.unwrap_err().to_string();
        assert!(refused.contains(&format!("release-batch {id}")), "{refused}");
        operator.close(&exception, "entered by hand", true).await.unwrap();
        let stored = operator.store.manifest(&id).await.unwrap().unwrap();
        assert!(stored.hold.is_some(), "its batch stays held");
        operator.release_batch(&id, "put back").await.unwrap();
        let stored = operator.store.manifest(&id).await.unwrap().unwrap();
        assert_eq!((stored.hold, stored.commit), (None, None), "nothing but the hold is changed");
        let open = operator.store.open_manifests(&stored.group.company, 9).await.unwrap();
        assert_eq!(open, std::slice::from_ref(&id));
        assert_eq!(operator.store.exceptions(9).await.unwrap(), []);
        let again = operator.release_batch(&id, "x").await.unwrap_err();
        assert!(again.to_string().contains("does not wait"), "{again}");
    }

    #[tokio::test]
    async fn what_was_done_by_hand_is_never_posted_and_waits_no_more() {
        let operator = operator();
        operator.store.insert_effect(&ready(), None).await.unwrap();
        let refused = operator.settle(&ready(), "PY1", "x").await.unwrap_err();
        assert!(refused.to_string().contains("is not held"), "{refused}");
        operator.store.hold_effect(&key(), &hold("disputed")).await.unwrap();
        let held = operator.stored(&key()).await.unwrap();
        let moved = operator.settle(&held, "PY1", "entered on Monday").await.unwrap();
        assert_eq!(moved.after.state, EffectState::Cancelled);
        let again = operator.settle(&moved.after, "PY1", "entered on Monday").await.unwrap();
        assert_eq!(again.after, moved.after);
        let decision = Decision::Ready(Box::new(content()));
        let generation = moved.after.generation;
        let decided = operator.store.decide_effect(&key(), generation, &decision, None).await;
        assert!(matches!(decided.unwrap(), Changed::Refused(_)), "it is not taken up again");
        let told = told_of(&operator).await;
        assert!(told[0].contains("PY1") && told[1].contains("CANCELLED"), "{told:?}");
    }

    #[tokio::test]
    async fn one_that_went_on_meanwhile_is_left_alone_and_told_so() {
        let operator = operator();
        let held = Effect { state: EffectState::Held, hold: Some(hold("x")), ..ready() };
        operator.store.insert_effect(&ready(), None).await.unwrap();
        operator.store.seal_manifest(&sealed()).await.unwrap();
        let refused = operator.settle(&held, "PY1", "x").await.unwrap_err();
        assert!(refused.to_string().contains("changed meanwhile"), "{refused}");
        assert_eq!(operator.stored(&key()).await.unwrap().state, EffectState::Assigned);
        let told = told_of(&operator).await;
        assert!(told[1].contains("not done"), "{told:?}");
    }
}
