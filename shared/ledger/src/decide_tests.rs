use super::*;
use domain::fact::{FactValue, stated_by};
use domain::id::PaymentKey;
use domain::merchant::{ClosedPeriod, NewCustomer};
use domain::money::Currency;
use domain::transaction::{Kind, Payer, Status};
use proptest::prelude::*;

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::USD)
}

fn transaction(minor: i64) -> Transaction {
    Transaction {
        key: PaymentKey { merchant: "main".into(), transaction: "512300417".into() },
        kind: Kind::Sale,
        status: Status::Pending,
        amount: usd(minor),
        created: "2026-03-03T03:10:00Z".parse().unwrap(),
        settled: None,
        settlement_batch: None,
        invoice_id: "IN1".into(),
        purchase_order: String::new(),
        description: String::new(),
        last4: "5439".into(),
        brand: "visa".into(),
        approval_code: "TAS411".into(),
        payer: Payer::default(),
    }
}

fn merchant() -> Merchant {
    Merchant {
        id: "main".into(),
        company: "SAMLTD".into(),
        currency: Currency::USD,
        bank: "SEATAC".into(),
        payment_codes: [("default".to_owned(), "CCARD".to_owned())].into(),
        new_customer: NewCustomer::Hold,
        closed_period: ClosedPeriod::Hold,
        unnamed: Unnamed::OldestDue,
        zone: "America/Los_Angeles".into(),
        fallback_customer: None,
    }
}

fn document(number: &str, due: i64, due_date: &str) -> OpenDocument {
    OpenDocument {
        number: number.into(),
        customer: "1200".into(),
        due: usd(due),
        due_date: due_date.parse().unwrap(),
        order_number: String::new(),
        purchase_order: String::new(),
    }
}

fn books() -> Books {
    Books {
        party: Party::Known(Box::new(Customer {
            number: "1200".into(),
            name: "Example".into(),
            email: String::new(),
            street: String::new(),
            zip: String::new(),
            currency: "USD".into(),
            active: true,
        })),
        named: Vec::new(),
        order: None,
        open: Vec::new(),
        pending: BTreeMap::new(),
        posting_date: Ok("2026-03-02".parse().unwrap()),
        setup: None,
    }
}

fn content(minor: i64, books: &Books) -> Content {
    let paid = transaction(minor);
    match decide(&paid, &stated_by(&paid), &merchant(), books).pop().unwrap() {
        Desired::Document(_, content) => *content,
        other => panic!("{other:?}"),
    }
}

fn lines(content: &Content) -> Vec<(&str, i64)> {
    content.lines().iter().map(|l| (l.document.as_str(), l.amount.minor)).collect()
}

#[test]
fn named_documents_first_then_the_rest_stays_unapplied() {
    let mut books = books();
    books.named = vec![document("IN2", 500, "2026-03-01"), document("IN1", 300, "2026-01-01")];
    books.open = vec![document("IN0", 900, "2025-01-01")];
    let content = content(1000, &books);
    assert_eq!(lines(&content), [("IN2", 500), ("IN1", 300)]);
    assert_eq!(content.reference, "512300417");
    assert_eq!(content.receipt_date, "2026-03-02".parse().unwrap(), "the evening before, Pacific");
}

#[test]
fn oldest_due_first_less_what_is_pending() {
    let mut books = books();
    books.open = vec![document("B", 700, "2026-02-01"), document("A", 500, "2026-01-01")];
    books.pending.insert("A".into(), usd(450));
    assert_eq!(lines(&content(100, &books)), [("A", 50), ("B", 50)]);
}

#[test]
fn nothing_to_apply_to_is_unapplied_cash_and_an_order_is_a_prepayment() {
    let mut books = books();
    assert_eq!(content(100, &books).document, Document::UnappliedCash);
    books.order = Some("ORD7".into());
    assert_eq!(content(100, &books).document, Document::Prepayment { order: Some("ORD7".into()) });
}

#[test]
fn a_paid_document_named_does_not_draw_down_others() {
    let mut books = books();
    books.named = vec![document("IN1", 0, "2026-01-01")];
    books.open = vec![document("IN9", 900, "2025-01-01")];
    assert_eq!(content(100, &books).document, Document::UnappliedCash);
}

#[test]
fn a_void_cancels_whatever_else_is_known() {
    let paid = transaction(100);
    let mut facts = stated_by(&paid);
    let at = paid.created;
    facts.insert(FactName::Voided, FactValue { amount: usd(100), detail: String::new(), at });
    assert!(!needs_books(&facts));
    let desired = decide(&paid, &facts, &merchant(), &books());
    assert_eq!(desired, [Desired::Cancelled(receipt_key(&paid))]);
}

#[test]
fn a_voided_refund_is_not_to_be_entered() {
    let refund = Transaction { kind: Kind::Refund, ..transaction(100) };
    let mut facts = stated_by(&refund);
    let held = decide(&refund, &facts, &merchant(), &books());
    let [Desired::Held(key, _, hold)] = held.as_slice() else { panic!("{held:?}") };
    assert_eq!(hold.reason, ReasonCode::RefundByHand);
    let at = refund.created;
    facts.insert(FactName::Voided, FactValue { amount: usd(100), detail: String::new(), at });
    let desired = decide(&refund, &facts, &merchant(), &books());
    assert_eq!(
        desired,
        [Desired::Cancelled(receipt_key(&refund)), Desired::Cancelled(key.clone())]
    );
}

#[test]
fn what_cannot_be_decided_is_held_with_its_reason() {
    let held_for = |books: &Books| {
        let paid = transaction(100);
        match decide(&paid, &stated_by(&paid), &merchant(), books).pop().unwrap() {
            Desired::Held(_, what, hold) => {
                assert_eq!(what.amount, usd(100), "a held effect still counts");
                hold.reason
            }
            other => panic!("{other:?}"),
        }
    };
    let mut ambiguous = books();
    ambiguous.party =
        Party::Undecided(held(ReasonCode::CustomerAmbiguous, "1100, 1105".to_owned()));
    assert_eq!(held_for(&ambiguous), ReasonCode::CustomerAmbiguous);
    let mut locked = books();
    locked.posting_date = Err(held(ReasonCode::PeriodLocked, "2026-03".to_owned()));
    assert_eq!(held_for(&locked), ReasonCode::PeriodLocked);
    let mut foreign = books();
    if let Party::Known(customer) = &mut foreign.party {
        customer.currency = "CAD".into();
    }
    assert_eq!(held_for(&foreign), ReasonCode::CustomerCurrency);
}

#[test]
fn declines_and_authorizations_lead_to_no_document() {
    for status in [Status::Declined, Status::Authorized, Status::Unknown] {
        let other = Transaction { status, ..transaction(100) };
        assert_eq!(decide(&other, &stated_by(&other), &merchant(), &books()), []);
    }
}

proptest! {
    #[test]
    fn never_applies_more_than_paid_or_due(
        paid in 1_i64..10_000,
        due in proptest::collection::vec((0_i64..3_000, 0_i64..3_000), 0..6),
    ) {
        let mut books = books();
        for (n, (amount, reserved)) in due.iter().enumerate() {
            let number = format!("IN{n}");
            books.open.push(document(&number, *amount, "2026-01-01"));
            books.pending.insert(number.as_str().into(), usd(*reserved));
        }
        let content = content(paid, &books);
        let applied: i64 = content.lines().iter().map(|l| l.amount.minor).sum();
        prop_assert!(applied <= paid);
        for line in content.lines() {
            let document = books.open.iter().find(|d| d.number == line.document).unwrap();
            let reserved = books.pending.get(&line.document).unwrap();
            prop_assert!(line.amount.minor > 0);
            prop_assert!(line.amount.minor <= document.due.minor - reserved.minor);
        }
    }
}
