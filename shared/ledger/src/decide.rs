//! `decide`: from a payment's facts and what the books say, the effects that must exist. Pure and
//! free of order: any permutation of the same facts decides the same.

use std::collections::BTreeMap;

use domain::account::{Customer, OpenDocument};
use domain::effect::{
    AppliedLine, Content, Document, Effect, EffectKey, EffectKind, Extra, HeldFor, Hold, SEAL_MAX,
};
use domain::exception::ReasonCode;
use domain::fact::{FactName, Facts};
use domain::id::DocumentNumber;
use domain::merchant::{Merchant, Unnamed};
use domain::money::{Money, MoneyError};
use domain::transaction::Transaction;
use jiff::civil::Date;

/// Who the payer is in the company, or why that is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Party {
    Known(Box<Customer>),
    Undecided(Hold),
}

/// What the books said when the decision was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Books {
    pub party: Party,
    /// Documents the payment names, in its order; paid ones have nothing due.
    pub named: Vec<OpenDocument>,
    /// An order the payment names that is the customer's and not yet invoiced.
    pub order: Option<String>,
    /// The customer's open documents.
    pub open: Vec<OpenDocument>,
    /// What decided but not yet posted receipts draw down.
    pub pending: BTreeMap<DocumentNumber, Money>,
    /// The date to post on, or why there is none.
    pub posting_date: Result<Date, Hold>,
    /// A bank or payment code that Sage does not have.
    pub setup: Option<Hold>,
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

/// What the facts lead to when Sage need not be asked.
#[must_use]
pub fn decide_without_books(
    transaction: &Transaction,
    facts: &Facts,
    merchant: &Merchant,
) -> Vec<Desired> {
    let mut desired = Vec::new();
    let voided = facts.contains_key(&FactName::Voided);
    if voided {
        desired.push(Desired::Cancelled(receipt_key(transaction)));
    }
    if let Some(refunded) = facts.get(&FactName::Refunded) {
        let key =
            EffectKey { payment: transaction.key.clone(), kind: EffectKind::Refund, ordinal: 1 };
        let what = HeldFor { company: merchant.company.clone(), amount: refunded.amount };
        let evidence = format!("PayTrace refunded {}", refunded.amount);
        let hold = Hold { reason: ReasonCode::RefundByHand, evidence };
        desired.push(match voided {
            true => Desired::Cancelled(key),
            false => Desired::Held(key, what, hold),
        });
    }
    desired
}

/// The whole decision.
#[must_use]
pub fn decide(
    transaction: &Transaction,
    facts: &Facts,
    merchant: &Merchant,
    books: &Books,
) -> Vec<Desired> {
    let mut desired = decide_without_books(transaction, facts, merchant);
    if let Some(captured) = facts.get(&FactName::Captured).filter(|_| needs_books(facts)) {
        let key = receipt_key(transaction);
        desired.push(match receipt(transaction, captured.amount, merchant, books) {
            Ok(content) => Desired::Document(key, Box::new(content)),
            Err(hold) => {
                let what = HeldFor { company: merchant.company.clone(), amount: captured.amount };
                Desired::Held(key, what, hold)
            }
        });
    }
    desired
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

fn receipt(
    transaction: &Transaction,
    amount: Money,
    merchant: &Merchant,
    books: &Books,
) -> Result<Content, Hold> {
    if !amount.is_positive() {
        return Err(held(ReasonCode::AmountInvalid, format!("the captured amount is {amount}")));
    }
    if let Some(hold) = &books.setup {
        return Err(hold.clone());
    }
    let customer = usable(&books.party, amount)?;
    let posting_date = books.posting_date.clone()?;
    let payment_code = merchant.payment_code(&transaction.brand).ok_or_else(|| {
        let brand = &transaction.brand;
        held(ReasonCode::PaymentCodeUnknown, format!("no payment code for brand `{brand}`"))
    })?;
    let receipt_date = local_date(transaction, merchant);
    let document = apply(amount, merchant, books)
        .map_err(|error| held(ReasonCode::AmountInvalid, error.to_string()))?;
    Ok(Content {
        company: merchant.company.clone(),
        bank: merchant.bank.clone(),
        customer: customer.number.clone(),
        amount,
        reference: receipt_key(transaction).reference(),
        posting_date,
        receipt_date,
        payment_code: payment_code.to_owned(),
        description: description(transaction),
        document,
        extra: Extra::default(),
    })
}

fn usable(party: &Party, amount: Money) -> Result<&Customer, Hold> {
    let customer = match party {
        Party::Undecided(hold) => return Err(hold.clone()),
        Party::Known(customer) => customer,
    };
    let number = &customer.number;
    if !customer.active {
        let evidence = format!("customer {number} is inactive");
        return Err(held(ReasonCode::CustomerInactive, evidence));
    }
    if customer.currency != amount.currency.code() {
        let evidence = format!("customer {number} is kept in {}, paid {amount}", customer.currency);
        return Err(held(ReasonCode::CustomerCurrency, evidence));
    }
    Ok(customer)
}

/// Named documents first, in the payment's order; otherwise an order, then oldest due first, by the
/// merchant's policy. What is left over stays unapplied on the receipt.
fn apply(amount: Money, merchant: &Merchant, books: &Books) -> Result<Document, MoneyError> {
    if let Some(order) = books.order.as_ref().filter(|_| books.named.is_empty()) {
        return Ok(Document::Prepayment { order: Some(order.clone()) });
    }
    let mut oldest: Vec<&OpenDocument> = books.open.iter().collect();
    oldest.sort_by(|a, b| (a.due_date, &a.number).cmp(&(b.due_date, &b.number)));
    let chosen: Vec<&OpenDocument> = match merchant.unnamed {
        _ if !books.named.is_empty() => books.named.iter().collect(),
        Unnamed::OldestDue => oldest,
        Unnamed::OnAccount => Vec::new(),
    };
    let lines = draw_down(amount, &chosen, &books.pending)?;
    Ok(if lines.is_empty() { Document::UnappliedCash } else { Document::Receipt { lines } })
}

fn draw_down(
    amount: Money,
    documents: &[&OpenDocument],
    pending: &BTreeMap<DocumentNumber, Money>,
) -> Result<Vec<AppliedLine>, MoneyError> {
    let mut left = amount;
    let mut lines: Vec<AppliedLine> = Vec::new();
    for document in documents {
        let taken = lines.iter().any(|line| line.document == document.number);
        if !left.is_positive() || taken || document.due.currency != amount.currency {
            continue;
        }
        let reserved = pending.get(&document.number).copied();
        let free = document.due.minus(reserved.unwrap_or(Money::zero(amount.currency)))?;
        let part = if free.minor < left.minor { free } else { left };
        if part.is_positive() {
            lines.push(AppliedLine { document: document.number.clone(), amount: part });
            left = left.minus(part)?;
        }
    }
    Ok(lines)
}

fn local_date(transaction: &Transaction, merchant: &Merchant) -> Date {
    let zone = jiff::tz::TimeZone::get(&merchant.zone).unwrap_or(jiff::tz::TimeZone::UTC);
    transaction.created.to_zoned(zone).date()
}

/// At most 60 characters, for people: which card paid what.
fn description(transaction: &Transaction) -> String {
    let card = match transaction.last4.as_str() {
        "" => "Card payment".to_owned(),
        last4 => format!("Card {last4}"),
    };
    format!("{card} {}", transaction.invoice_id.trim()).trim().chars().take(60).collect()
}

fn held(reason: ReasonCode, evidence: String) -> Hold {
    Hold { reason, evidence }
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
