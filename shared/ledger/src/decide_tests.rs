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
    let mut inactive = books();
    if let Party::Known(customer) = &mut inactive.party {
        customer.active = false;
    }
    assert_eq!(held_for(&inactive), ReasonCode::CustomerInactive);
    let mut incomplete = books();
    incomplete.setup = Some(held(ReasonCode::BankUnknown, "SEATAC".to_owned()));
    assert_eq!(held_for(&incomplete), ReasonCode::BankUnknown);
}

#[test]
fn nothing_paid_or_no_code_to_pay_it_with_is_held() {
    let reason = |paid: &Transaction, merchant: &Merchant| {
        let desired = decide(paid, &stated_by(paid), merchant, &books());
        let [Desired::Held(key, _, hold)] = desired.as_slice() else { panic!("{desired:?}") };
        assert_eq!(*key, receipt_key(paid));
        hold.reason
    };
    assert_eq!(reason(&transaction(0), &merchant()), ReasonCode::AmountInvalid);
    let codeless = Merchant { payment_codes: BTreeMap::new(), ..merchant() };
    assert_eq!(reason(&transaction(100), &codeless), ReasonCode::PaymentCodeUnknown);
}

#[test]
fn declines_and_authorizations_lead_to_no_document() {
    for status in [Status::Declined, Status::Authorized, Status::Unknown] {
        let other = Transaction { status, ..transaction(100) };
        assert_eq!(decide(&other, &stated_by(&other), &merchant(), &books()), []);
    }
}

#[test]
fn a_document_named_twice_is_drawn_down_once_and_one_of_another_currency_not_at_all() {
    let mut books = books();
    books.named = vec![document("IN1", 500, "2026-01-01"), document("IN1", 500, "2026-01-01")];
    assert_eq!(lines(&content(800, &books)), [("IN1", 500)]);
    books.named = vec![document("IN1", 500, "2026-01-01"), document("IN2", 500, "2026-01-01")];
    books.named[0].due = Money::new(500, Currency::CAD);
    assert_eq!(lines(&content(800, &books)), [("IN2", 500)]);
}

#[test]
fn documents_due_on_one_day_are_drawn_down_by_number() {
    let mut books = books();
    books.open = vec![document("IN2", 500, "2026-01-01"), document("IN1", 500, "2026-01-01")];
    assert_eq!(lines(&content(700, &books)), [("IN1", 500), ("IN2", 200)]);
}

#[test]
fn a_payment_that_names_nothing_stays_on_account_where_the_merchant_wants_that() {
    let mut books = books();
    books.open = vec![document("IN1", 500, "2026-01-01")];
    let on_account = Merchant { unnamed: Unnamed::OnAccount, ..merchant() };
    let paid = transaction(700);
    let desired = decide(&paid, &stated_by(&paid), &on_account, &books);
    assert!(matches!(&desired[..], [Desired::Document(_, content)]
        if content.document == Document::UnappliedCash));
}

#[test]
fn an_order_counts_only_where_no_document_is_named() {
    let mut books = books();
    books.order = Some("ORD7".into());
    books.named = vec![document("IN1", 500, "2026-01-01")];
    assert_eq!(lines(&content(500, &books)), [("IN1", 500)]);
}

#[test]
fn an_entry_is_described_by_card_and_invoice() {
    let described = |last4: &str, invoice: &str| {
        description(&Transaction {
            last4: last4.into(),
            invoice_id: invoice.into(),
            ..transaction(100)
        })
    };
    assert_eq!(described("5439", " IN1 "), "Card 5439 IN1");
    assert_eq!(described("5439", ""), "Card 5439");
    assert_eq!(described("", "IN1"), "Card payment IN1");
    assert_eq!(described("5439", &"9".repeat(99)).len(), 60, "no longer than Sage takes");
}

#[test]
fn a_zone_nobody_knows_is_utc() {
    let nowhere = Merchant { zone: "Nowhere/Atall".into(), ..merchant() };
    let date = |merchant| local_date(&transaction(100), merchant).to_string();
    assert_eq!([date(&merchant()), date(&nowhere)], ["2026-03-02", "2026-03-03"]);
}

fn held_effect(reason: ReasonCode, generation: u32, seal_max: u32) -> Effect {
    let paid = transaction(100);
    let what = HeldFor { company: "SAMLTD".into(), amount: usd(100) };
    let effect = Effect::held(receipt_key(&paid), what, held(reason, String::new()), paid.created);
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
