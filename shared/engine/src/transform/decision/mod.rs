//! What a payment's facts lead to: the flows in force decide, the books answer what they ask.
//!
//! 1. which flows the facts start
//! 2. a flow whose documents all stand is left alone
//! 3. each other flow is run; a call of its is performed at the books, or at PayTrace
//! 4. what it made, held and cancelled is what must be so in the store

mod content;
mod given;
mod perform;

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::effect::{Effect, EffectKey, EffectKind, EffectState, HeldFor, Hold};
use domain::exception::ReasonCode;
use domain::fact::{FactName, Facts};
use domain::merchant::Merchant;
use domain::money::Money;
use domain::transaction::Transaction;
use flows::outcome::{EffectName, Outcome};
use flows::program::Flow;
use flows::run::{Next, Run};
use ledger::decide::{Desired, may_heal};
use ledger::store::Guard;

use super::{Transform, TransformError};
use crate::hint::Hint;
use crate::port::{Proposal, Question};
use perform::Desk;

/// What must be so, and the guard under which it was decided.
pub(super) type Decided = (Vec<Desired>, Option<Guard>);

/// A payment as it is decided about.
pub(super) struct Case<'a> {
    pub merchant: &'a Merchant,
    pub transaction: &'a Transaction,
    pub facts: &'a Facts,
    /// As they stand in the store.
    pub effects: &'a [Effect],
    pub hint: &'a Hint,
}

impl Transform {
    pub(super) async fn desired(&self, case: &Case<'_>) -> Result<Decided, TransformError> {
        let active = self.published.current().await?;
        let now = self.clock.now();
        let bound = active.bindings.of(case.merchant.id.as_str());
        let run = (now, case.hint.redecide);
        let values = given::given(case.transaction, case.facts, case.merchant, &bound, run);
        let names = case.facts.keys().map(|fact| fact.name().to_owned()).collect();
        let started = match active.program.started_by(&names, &values) {
            Ok(started) => started,
            Err(problem) => return Err(TransformError::Flow(problem)),
        };
        let mut desired = Vec::new();
        let mut guard = None;
        for index in started {
            let Some(flow) = active.program.flow(index) else { continue };
            if case.stands(flow) {
                continue;
            }
            let Some(amount) = case.amount_of(flow) else { continue };
            let begin = given::begin(&values, case.transaction, amount);
            let mut run = Run::new(Arc::clone(&active.program), index, begin);
            let mut desk = Desk::new(self, case);
            let outcome = loop {
                match run.advance() {
                    Next::Done(outcome) => break outcome,
                    Next::Call(call) => run.answer(desk.perform(&call).await?),
                }
            };
            if desk.asked_sage() {
                self.let_in(case.merchant).await?;
            }
            guard = desk.guard().or(guard);
            let mut outcome = outcome;
            self.advised(&mut outcome).await;
            desired.extend(case.want(&outcome, amount, &active.decides(&flow.id)));
        }
        Ok((desired, guard))
    }

    /// What a model proposes for a doubtful value stands beside it, for the person who looks; nothing
    /// is decided by that. One that does not answer is no reason to wait.
    async fn advised(&self, outcome: &mut Outcome) {
        let Some(advisor) = &self.advisor else { return };
        for held in &mut outcome.held {
            let Some(doubt) = &held.doubt else { continue };
            let question = Question {
                meaning: doubt.meaning.name().to_owned(),
                form: doubt.meaning.form().to_owned(),
                value: doubt.value.clone(),
            };
            match advisor.propose(&question).await {
                Ok(Some(Proposal { value, why, model })) => {
                    let told = format!("; {model} proposes `{value}`: {why}");
                    held.evidence.push_str(&told);
                }
                Ok(None) => {}
                Err(error) => tracing::warn!(error = %error, "the advisor proposes nothing"),
            }
        }
    }

    /// Sage answered: an alarm that it does not let us in is over.
    async fn let_in(&self, merchant: &Merchant) -> Result<(), TransformError> {
        if self.setup.is_news_to_be_let_in(&merchant.company) {
            let id = format!("{}:{}", ReasonCode::SageDenied, merchant.company);
            self.store.close_exception(&id, self.clock.now()).await?;
        }
        Ok(())
    }
}

impl Case<'_> {
    /// Everything the flow makes is there, and nothing of it is to be decided anew.
    fn stands(&self, flow: &Flow) -> bool {
        let kinds: Vec<EffectKey> = flow.effects.iter().filter_map(|name| self.key(name)).collect();
        !kinds.is_empty()
            && kinds.iter().all(|key| {
                let effect = self.effects.iter().find(|effect| effect.key == *key);
                effect.is_some_and(|effect| {
                    let again = self.hint.redecide && effect.state == EffectState::Held;
                    !(again && may_heal(effect))
                })
            })
    }

    /// The amount of the fact that started the flow.
    fn amount_of(&self, flow: &Flow) -> Option<Money> {
        let stated: BTreeSet<&str> = flow.facts.iter().map(String::as_str).collect();
        let starting = FactName::ALL.into_iter().filter(|fact| stated.contains(fact.name()));
        starting.filter_map(|fact| self.facts.get(&fact)).map(|value| value.amount).next()
    }

    fn key(&self, name: &EffectName) -> Option<EffectKey> {
        let payment = self.transaction.key.clone();
        Some(EffectKey { payment, kind: kind_of(&name.kind)?, ordinal: name.ordinal })
    }

    fn want(&self, outcome: &Outcome, amount: Money, decided_by: &str) -> Vec<Desired> {
        let held = || HeldFor { company: self.merchant.company.clone(), amount };
        let cancelled = outcome.cancelled.iter().filter_map(|name| self.key(name));
        let mut desired: Vec<Desired> = cancelled.map(Desired::Cancelled).collect();
        for hold in &outcome.held {
            let why = Hold { reason: hold.reason, evidence: hold.evidence.clone() };
            let key = hold.name.as_ref().and_then(|name| self.key(name));
            desired.extend(key.map(|key| Desired::Held(key, held(), why)));
        }
        for made in &outcome.made {
            let Some(key) = self.key(&made.name) else { continue };
            let content = match key.kind {
                EffectKind::Receipt => {
                    let by = decided_by.to_owned();
                    content::content(&made.entity, self.merchant, amount.currency, by)
                }
                EffectKind::Refund => Err(by_hand(amount)),
            };
            desired.push(match content {
                Ok(content) => Desired::Document(key, Box::new(content)),
                Err(hold) => Desired::Held(key, held(), hold),
            });
        }
        desired
    }
}

/// What posts a document of this kind; `None` where nothing does yet.
fn kind_of(kind: &str) -> Option<EffectKind> {
    match kind {
        "sage300.receipt" | "sage300.prepayment" | "sage300.unapplied" => Some(EffectKind::Receipt),
        "sage300.credit_note" | "sage300.refund" => Some(EffectKind::Refund),
        _ => None,
    }
}

/// A refund is decided, and entered by a person.
fn by_hand(amount: Money) -> Hold {
    let evidence = format!("PayTrace refunded {amount}");
    Hold { reason: ReasonCode::RefundByHand, evidence }
}
