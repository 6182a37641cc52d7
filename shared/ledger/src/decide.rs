//! What was decided about a payment: what must be so in the store, and when a held effect may be
//! decided again.

use domain::account::Customer;
use domain::effect::{Content, Effect, EffectKey, EffectKind, HeldFor, Hold, SEAL_MAX};
use domain::exception::ReasonCode;
use domain::fact::{FactName, Facts};
use domain::transaction::Transaction;

/// Who the payer is in the company, or why that is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Party {
    Known(Box<Customer>),
    Undecided(Hold),
}

/// What must be so in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Desired {
    /// This effect, with this content.
    Document(EffectKey, Box<Content>),
    /// This effect, held.
    Held(EffectKey, HeldFor, Hold),
    /// This effect, if it is there, cancelled; when it is too late for that, a person compensates.
    Cancelled(EffectKey),
}

/// The receipt's key: one per transaction.
#[must_use]
pub fn receipt_key(transaction: &Transaction) -> EffectKey {
    EffectKey { payment: transaction.key.clone(), kind: EffectKind::Receipt, ordinal: 1 }
}

/// Which effects need the books at all: when none does, the caller need not read Sage.
#[must_use]
pub fn needs_books(facts: &Facts) -> bool {
    facts.contains_key(&FactName::Captured) && !facts.contains_key(&FactName::Voided)
}

/// True when a held effect may be decided again without being told to: what held it may have been
/// put right in Sage. What Sage itself refused is tried a few times only, since nobody knows why.
#[must_use]
pub fn may_heal(effect: &Effect) -> bool {
    match effect.hold.as_ref().map(|hold| hold.reason) {
        Some(ReasonCode::PostingRefused | ReasonCode::SageRefused) => {
            effect.generation < refused_generations(effect.seal_max)
        }
        Some(ReasonCode::RefundByHand | ReasonCode::AmountInvalid | ReasonCode::HeldByPerson)
        | None => false,
        Some(_) => true,
    }
}

/// A try takes two generations, one when it is decided and one when it is refused. Being halved out
/// of a full batch takes one each time and is no try.
fn refused_generations(seal_max: u32) -> u32 {
    const TRIES: u32 = 3;
    let halvings = SEAL_MAX.checked_div(seal_max).and_then(u32::checked_ilog2).unwrap_or(0);
    halvings.saturating_add(2 * TRIES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::id::PaymentKey;
    use domain::money::{Currency, Money};
    use jiff::Timestamp;

    fn held_effect(reason: ReasonCode, generation: u32, seal_max: u32) -> Effect {
        let payment = PaymentKey { merchant: "main".into(), transaction: "512300417".into() };
        let key = EffectKey { payment, kind: EffectKind::Receipt, ordinal: 1 };
        let what = HeldFor { company: "SAMLTD".into(), amount: Money::new(100, Currency::USD) };
        let hold = Hold { reason, evidence: String::new() };
        let effect = Effect::held(key, what, hold, Timestamp::UNIX_EPOCH);
        Effect { generation, seal_max, ..effect }
    }

    #[test]
    fn what_sage_refuses_is_tried_three_times_and_being_halved_is_no_try() {
        for reason in [ReasonCode::PostingRefused, ReasonCode::SageRefused] {
            for (seal_max, last) in [(99, 5), (49, 6), (24, 7), (12, 8), (1, 11), (0, 5)] {
                let again = |generation| may_heal(&held_effect(reason, generation, seal_max));
                assert!(again(last), "{reason:?}, halved to {seal_max}: generation {last}");
                assert!(!again(last + 1), "{reason:?}, halved to {seal_max}: after {last}");
            }
        }
    }

    #[test]
    fn what_a_person_may_put_right_heals_and_what_only_they_can_do_does_not() {
        assert!(may_heal(&held_effect(ReasonCode::CustomerNotFound, 1_000, 99)));
        assert!(!may_heal(&held_effect(ReasonCode::RefundByHand, 1, 99)));
        assert!(!may_heal(&held_effect(ReasonCode::AmountInvalid, 1, 99)));
        let without = Effect { hold: None, ..held_effect(ReasonCode::CustomerNotFound, 1, 99) };
        assert!(!may_heal(&without), "it is not held");
    }
}
