//! States and reasons in words a finance person reads.

use domain::effect::{Content, Document, Effect, EffectKind, EffectState, Hold};
use domain::exception::ReasonCode;
use domain::fact::FactName;
use domain::manifest::ManifestState;
use jiff::Timestamp;

/// Evidence of a hold a person asked for starts with this.
const BY_PERSON: &str = "held by a person: ";

/// The code such a hold is stored under.
const CODE: ReasonCode = ReasonCode::HeldByPerson;

/// Evidence of an item a person released starts with this.
const RELEASED: &str = "released by a person, to be decided again";

/// Longest reason kept, in characters.
const REASON_CHARS_MAX: usize = 500;

/// What a person gave as a reason, without card numbers.
pub(super) fn reason(text: &str) -> Result<String, String> {
    let text = runtime::card::redact(text.trim());
    if text.is_empty() {
        return Err("--reason: say why, for whoever looks at it".to_owned());
    }
    if text.chars().count() > REASON_CHARS_MAX {
        return Err(format!("--reason: use at most {REASON_CHARS_MAX} characters"));
    }
    Ok(text)
}

pub(super) fn person_hold(words: &str) -> Hold {
    Hold { reason: CODE, evidence: format!("{BY_PERSON}{words}") }
}

/// Taken up by itself; a new decision replaces it at once when the product runs.
pub(super) fn released_hold(was: &str) -> Hold {
    Hold { reason: ReasonCode::Unexpected, evidence: format!("{RELEASED} (was {was})") }
}

/// What the person said, when a person holds it.
pub(super) fn said_by_person(hold: &Hold) -> Option<&str> {
    hold.evidence.strip_prefix(BY_PERSON).filter(|_| hold.reason == CODE)
}

/// Why it is held, in one line.
pub(super) fn why(hold: &Hold) -> String {
    if said_by_person(hold).is_some() || is_released(hold) {
        return hold.evidence.clone();
    }
    format!("{}: {}", hold.reason, hold.evidence)
}

/// What a person can do about it.
pub(super) fn remedy(effect: &Effect) -> Option<String> {
    let hold = effect.hold.as_ref()?;
    Some(if said_by_person(hold).is_some() {
        format!("`paysage release {}` lets it go on.", effect.key)
    } else if is_released(hold) {
        "Nothing: it is decided anew when the product runs.".to_owned()
    } else {
        hold.reason.fix().to_owned()
    })
}

fn is_released(hold: &Hold) -> bool {
    hold.reason == ReasonCode::Unexpected && hold.evidence.starts_with(RELEASED)
}

pub(super) fn state(effect: &Effect) -> &'static str {
    match effect.state {
        EffectState::Ready => "READY: goes to Sage with the next batch",
        EffectState::Assigned => "ASSIGNED: in a batch on its way to Sage",
        EffectState::Posted => "POSTED: in Sage",
        EffectState::Cancelled => "CANCELLED: nothing of it is in Sage, and nothing will be",
        EffectState::Held => "HELD: nothing of it is in Sage until this is settled",
    }
}

pub(super) fn kind(kind: EffectKind) -> &'static str {
    match kind {
        EffectKind::Receipt => "receipt",
        EffectKind::Refund => "refund",
    }
}

pub(super) fn fact(name: FactName) -> &'static str {
    match name {
        FactName::Captured => "the money was taken",
        FactName::Authorized => "authorized, not taken yet",
        FactName::Settled => "settled",
        FactName::Refunded => "refunded",
        FactName::Voided => "voided",
        FactName::Declined => "declined",
    }
}

pub(super) fn manifest(state: ManifestState) -> &'static str {
    match state {
        ManifestState::Sealed => "sealed; no batch in Sage is chosen yet",
        ManifestState::Committed => "its batch in Sage is chosen, and still Open",
        ManifestState::Frozen => "its batch is ready to post",
        ManifestState::Posting => "its batch is being posted",
        ManifestState::Posted => "posted",
        ManifestState::Partial => "posted, but for entries Sage refused",
        ManifestState::Aborted => "given up before any batch was chosen",
    }
}

/// What the entry in Sage is made from.
pub(super) fn content(content: &Content) -> String {
    let target = match &content.document {
        Document::Receipt { lines } if lines.is_empty() => "applied to nothing".to_owned(),
        Document::Receipt { lines } => {
            let applied: Vec<String> =
                lines.iter().map(|line| format!("{} {}", line.document, line.amount)).collect();
            format!("applied to {}", applied.join(", "))
        }
        Document::Prepayment { order: Some(order) } => format!("prepayment on order {order}"),
        Document::Prepayment { order: None } => "prepayment".to_owned(),
        Document::UnappliedCash => "unapplied cash".to_owned(),
    };
    format!(
        "{} for customer {} in {}, bank {}, posting date {}, {target}",
        content.amount, content.customer, content.company, content.bank, content.posting_date
    )
}

pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::sample;
    use ledger::decide::may_heal;

    #[test]
    fn what_a_person_holds_is_never_taken_up_by_itself() {
        let hold = person_hold("the customer disputes it");
        assert_eq!(said_by_person(&hold), Some("the customer disputes it"));
        assert!(!may_heal(&Effect { hold: Some(hold.clone()), ..sample::held(1) }));
        assert_eq!(why(&hold), "held by a person: the customer disputes it");
    }

    #[test]
    fn what_a_person_released_is_taken_up_by_itself() {
        let hold = released_hold(&why(&person_hold("disputed")));
        let effect = Effect { hold: Some(hold.clone()), ..sample::held(1) };
        assert!(may_heal(&effect));
        assert_eq!(said_by_person(&hold), None);
        assert!(why(&hold).starts_with("released by a person"), "{}", why(&hold));
        assert!(remedy(&effect).unwrap().starts_with("Nothing"));
    }

    #[test]
    fn what_a_program_holds_is_not_taken_for_a_persons() {
        let other = Hold { reason: ReasonCode::BankUnknown, ..person_hold("x") };
        assert_eq!(said_by_person(&other), None);
        assert!(why(&other).starts_with("bank_unknown: "));
    }
}
