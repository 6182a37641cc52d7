//! What the books say: set-up that hardly changes, open periods, and the documents a payment means.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use domain::account::OpenDocument;
use domain::effect::Hold;
use domain::exception::ReasonCode;
use domain::id::{CompanyId, CustomerNumber};
use domain::merchant::Merchant;
use domain::money::Money;
use domain::transaction::Transaction;
use jiff::Timestamp;
use jiff::civil::Date;

use super::{Transform, TransformError};
use crate::port::Period;

/// Set-up of a company that hardly changes, remembered for a while.
#[derive(Default)]
pub struct SetupCache {
    found: Mutex<BTreeMap<(CompanyId, String), Timestamp>>,
    periods: Mutex<BTreeMap<(CompanyId, Date), (Timestamp, Period)>>,
    /// Companies whose Sage let us in since it last did not.
    open: Mutex<BTreeSet<CompanyId>>,
}

impl SetupCache {
    pub(super) fn denied(&self, company: &CompanyId) {
        if let Ok(mut open) = self.open.lock() {
            open.remove(company);
        }
    }

    /// True once after each denial, and once in the life of a process, which may have been started
    /// to end one.
    pub(super) fn is_news_to_be_let_in(&self, company: &CompanyId) -> bool {
        self.open.lock().is_ok_and(|mut open| open.insert(company.clone()))
    }
}

/// Found is remembered this long; not found is asked again each time, so that mending it shows.
const FOUND_MS: i64 = 300_000;

impl Transform {
    /// An order of the customer's among the names.
    pub(super) async fn order(
        &self,
        merchant: &Merchant,
        names: &[String],
        customer: &CustomerNumber,
    ) -> Result<Option<String>, TransformError> {
        for name in names {
            let owner = self.erp.order_customer(&merchant.company, name).await?;
            if owner.as_ref() == Some(customer) {
                return Ok(Some(name.clone()));
            }
        }
        Ok(None)
    }

    /// A bank or payment code that Sage does not have.
    pub(super) async fn setup_problem(
        &self,
        company: &CompanyId,
        bank: Option<&str>,
        code: Option<&str>,
    ) -> Result<Option<Hold>, TransformError> {
        if let Some(bank) = bank.filter(|bank| !self.recall(company, &format!("bank {bank}"))) {
            if !self.erp.bank_exists(company, bank).await? {
                let evidence = format!("bank `{bank}` is not in Sage");
                return Ok(Some(Hold { reason: ReasonCode::BankUnknown, evidence }));
            }
            self.remember(company, format!("bank {bank}"));
        }
        if let Some(code) = code.filter(|code| !self.recall(company, &format!("code {code}"))) {
            if !self.erp.payment_code_exists(company, code).await? {
                let evidence = format!("payment code `{code}` is not active in Sage");
                return Ok(Some(Hold { reason: ReasonCode::PaymentCodeUnknown, evidence }));
            }
            self.remember(company, format!("code {code}"));
        }
        Ok(None)
    }

    /// That day, or when it may roll the first open day after it.
    pub(super) async fn open_day(
        &self,
        company: &CompanyId,
        day: Date,
        roll: bool,
    ) -> Result<Result<Date, Hold>, TransformError> {
        let evidence = format!("A/R may not post to {day}");
        let hold = Hold { reason: ReasonCode::PeriodLocked, evidence };
        Ok(match self.period(company, day).await? {
            Period::Open => Ok(day),
            Period::Locked { next_open: Some(next) } if roll => Ok(next),
            Period::Locked { .. } => Err(hold),
        })
    }

    async fn period(&self, company: &CompanyId, date: Date) -> Result<Period, TransformError> {
        let key = (company.clone(), date);
        let known = self.setup.periods.lock().ok().and_then(|map| map.get(&key).cloned());
        if let Some((_, period)) = known.filter(|(at, _)| self.fresh(*at)) {
            return Ok(period);
        }
        let period = self.erp.period(company, date).await?;
        if let (Period::Open, Ok(mut map)) = (&period, self.setup.periods.lock()) {
            map.insert(key, (self.clock.now(), period.clone()));
        }
        Ok(period)
    }

    fn recall(&self, company: &CompanyId, what: &str) -> bool {
        let key = (company.clone(), what.to_owned());
        let known = self.setup.found.lock().ok().and_then(|map| map.get(&key).copied());
        known.is_some_and(|at| self.fresh(at))
    }

    fn remember(&self, company: &CompanyId, what: String) {
        if let Ok(mut map) = self.setup.found.lock() {
            map.insert((company.clone(), what), self.clock.now());
        }
    }

    fn fresh(&self, at: Timestamp) -> bool {
        self.clock.now().as_millisecond().saturating_sub(at.as_millisecond()) < FOUND_MS
    }
}

/// The names a payment gives in its invoice field: several may be separated by blanks or commas.
pub(super) fn names_in(invoice_id: &str) -> Vec<String> {
    const NAMES_MAX: usize = 20;
    const LENGTH_MAX: usize = 22;
    let mut names: Vec<String> = Vec::new();
    for part in invoice_id.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|')) {
        let name = part.trim().to_uppercase();
        let fits = !name.is_empty() && name.len() <= LENGTH_MAX && names.len() < NAMES_MAX;
        if fits && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The customer's documents the payment names: by number, else by order or purchase order.
pub(super) fn meant(
    names: &[String],
    transaction: &Transaction,
    named: &[OpenDocument],
    customer: &CustomerNumber,
    open: &[OpenDocument],
) -> Vec<OpenDocument> {
    // What is due is taken from `open`, which was read after the guard; not in it means paid.
    let own: Vec<OpenDocument> = named
        .iter()
        .filter(|document| document.customer == *customer)
        .map(|document| {
            let fresh = open.iter().find(|other| other.number == document.number).cloned();
            fresh.unwrap_or_else(|| OpenDocument {
                due: Money::zero(document.due.currency),
                ..document.clone()
            })
        })
        .collect();
    if !own.is_empty() {
        return own;
    }
    let reference = transaction.purchase_order.trim().to_uppercase();
    let refers = |document: &&OpenDocument| {
        let given = [&document.order_number, &document.purchase_order];
        given.iter().any(|value| {
            let value = value.trim().to_uppercase();
            !value.is_empty() && (names.contains(&value) || value == reference)
        })
    };
    open.iter().filter(refers).cloned().collect()
}

#[cfg(test)]
mod tests {
    use domain::id::PaymentKey;
    use domain::money::Currency;
    use domain::transaction::{Kind, Payer, Status};

    use super::*;

    fn document(number: &str, customer: &str, minor: i64) -> OpenDocument {
        OpenDocument {
            number: number.into(),
            customer: customer.into(),
            due: Money::new(minor, Currency::USD),
            due_date: "2026-03-01".parse().unwrap(),
            order_number: String::new(),
            purchase_order: String::new(),
        }
    }

    fn transaction(purchase_order: &str) -> Transaction {
        Transaction {
            key: PaymentKey { merchant: "main".into(), transaction: "1".into() },
            kind: Kind::Sale,
            status: Status::Pending,
            amount: Money::new(100, Currency::USD),
            created: "2026-03-02T17:00:00Z".parse().unwrap(),
            settled: None,
            settlement_batch: None,
            invoice_id: String::new(),
            purchase_order: purchase_order.into(),
            description: String::new(),
            last4: String::new(),
            brand: String::new(),
            approval_code: String::new(),
            payer: Payer::default(),
        }
    }

    /// The documents meant: number and what is due.
    fn found(names: &[&str], order: &str, open: &[OpenDocument]) -> Vec<(String, i64)> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let named = [document("IN1", "1200", 500), document("IN9", "1300", 500)];
        let named: Vec<OpenDocument> =
            named.into_iter().filter(|d| names.contains(&d.number.to_string())).collect();
        let meant = meant(&names, &transaction(order), &named, &"1200".into(), open);
        meant.into_iter().map(|d| (d.number.to_string(), d.due.minor)).collect()
    }

    #[test]
    fn being_let_in_is_news_once_and_again_after_each_denial() {
        let cache = SetupCache::default();
        let (ours, other) = ("SAMLTD".into(), "OTHER".into());
        assert!(cache.is_news_to_be_let_in(&ours));
        assert!(!cache.is_news_to_be_let_in(&ours));
        cache.denied(&other);
        assert!(!cache.is_news_to_be_let_in(&ours));
        cache.denied(&ours);
        assert!(cache.is_news_to_be_let_in(&ours));
        assert!(cache.is_news_to_be_let_in(&other), "companies are apart");
    }

    #[test]
    fn several_names_once_each() {
        assert_eq!(names_in(" in1, IN2;in1|IN3\tIN4"), ["IN1", "IN2", "IN3", "IN4"]);
        assert!(names_in("").is_empty());
        assert!(names_in(&"9".repeat(23)).is_empty(), "no document number is that long");
        assert_eq!(names_in(&"9".repeat(22)), ["9".repeat(22)]);
        let many: Vec<String> = (0..30).map(|n| format!("IN{n}")).collect();
        assert_eq!(names_in(&many.join(",")), many[..20], "so many and no more");
    }

    #[test]
    fn a_document_named_is_meant_with_what_is_due_now() {
        let open = [document("IN1", "1200", 300), document("IN2", "1200", 200)];
        assert_eq!(found(&["IN1"], "", &open), [("IN1".into(), 300)]);
        assert_eq!(found(&["IN1"], "", &open[1..]), [("IN1".into(), 0)], "paid meanwhile");
        assert_eq!(found(&["IN9"], "", &open), [], "it is somebody else's");
    }

    #[test]
    fn else_the_documents_of_the_order_or_purchase_order_named() {
        let mut open = [document("IN1", "1200", 300), document("IN2", "1200", 200)];
        assert_eq!(found(&[], "", &open), [], "no order is no order of theirs");
        open[0].order_number = " ord7".into();
        open[1].purchase_order = "PO8 ".into();
        assert_eq!(found(&["ORD7"], "", &open), [("IN1".into(), 300)]);
        assert_eq!(found(&["PO8"], "", &open), [("IN2".into(), 200)]);
        assert_eq!(found(&[], " po8", &open), [("IN2".into(), 200)]);
        assert_eq!(found(&["ORD7"], "po8", &open).len(), 2);
        assert_eq!(found(&["IN3"], "PO9", &open), []);
        assert_eq!(found(&["IN1", "PO8"], "", &open), [("IN1".into(), 300)], "a number goes first");
    }
}
