//! What a payment is applied to, and when it waits for a person.

use domain::effect::{AppliedLine, Document, EffectState};
use domain::exception::ReasonCode;
use domain::merchant::{ClosedPeriod, NewCustomer, Unnamed};
use ledger::store::Store;

use super::company::{Fault, usd};
use super::paytrace::sale;
use super::{Story, customer};

async fn applied(story: &Story, id: &str) -> Vec<(String, i64)> {
    let content = story.effect(id).await.content.unwrap();
    let line = |line: &AppliedLine| (line.document.to_string(), line.amount.minor);
    content.lines().iter().map(line).collect()
}

#[tokio::test]
async fn an_exact_payment_clears_its_invoice() {
    let story = Story::new();
    story.owes("IN1", 14_820, "2026-03-01");
    story.pays(sale("1", 14_820, "IN1"));
    story.settles().await;
    story.is_posted("1").await;
    assert_eq!(story.sage.with(|books| books.due("IN1")), 0);
    story.is_tidy();
}

#[tokio::test]
async fn a_partial_payment_leaves_the_rest_due() {
    let story = Story::new();
    story.owes("IN1", 10_000, "2026-03-01");
    story.pays(sale("1", 2_500, "IN1"));
    story.settles().await;
    story.is_posted("1").await;
    assert_eq!(story.sage.with(|books| books.due("IN1")), 7_500);
}

#[tokio::test]
async fn several_named_invoices_are_paid_in_the_order_named() {
    let story = Story::new();
    story.owes("IN1", 1_000, "2026-03-01");
    story.owes("IN2", 2_000, "2026-02-01");
    story.pays(sale("1", 2_500, "IN2, IN1"));
    story.settles().await;
    assert_eq!(applied(&story, "1").await, [("IN2".into(), 2_000), ("IN1".into(), 500)]);
    story.is_posted("1").await;
}

#[tokio::test]
async fn what_pays_more_than_is_due_stays_on_account() {
    let story = Story::with(|merchant| merchant.unnamed = Unnamed::OnAccount);
    story.owes("IN1", 1_000, "2026-03-01");
    story.pays(sale("1", 2_500, "IN1"));
    story.pays(sale("2", 700, ""));
    story.settles().await;
    assert_eq!(applied(&story, "1").await, [("IN1".into(), 1_000)]);
    let document = story.effect("2").await.content.unwrap().document;
    assert_eq!(document, Document::UnappliedCash);
    story.is_posted("2").await;
}

#[tokio::test]
async fn a_payment_naming_an_order_not_yet_invoiced_is_a_prepayment() {
    let story = Story::new();
    story.owes("IN1", 1_000, "2026-03-01");
    story.sage.with(|books| books.orders.insert("ORD7".into(), "1200".into()));
    story.pays(sale("1", 2_500, "ORD7"));
    story.settles().await;
    let document = story.effect("1").await.content.unwrap().document;
    assert_eq!(document, Document::Prepayment { order: Some("ORD7".into()) });
    story.is_posted("1").await;
    assert_eq!(story.sage.with(|books| books.due("IN1")), 1_000);
}

#[tokio::test]
async fn two_payments_of_one_invoice_do_not_apply_more_than_is_due() {
    let story = Story::new();
    story.owes("IN1", 1_000, "2026-03-01");
    story.pays(sale("1", 800, "IN1"));
    story.pays(sale("2", 800, "IN1"));
    story.settles().await;
    let (first, second) = (applied(&story, "1").await, applied(&story, "2").await);
    assert_eq!(first, [("IN1".into(), 800)]);
    assert_eq!(second, [("IN1".into(), 200)]);
    assert_eq!(story.sage.with(|books| books.count("create_batch")), 1, "one batch for both");
    assert_eq!(story.sage.with(|books| books.due("IN1")), 0);
}

#[tokio::test]
async fn two_decisions_at_a_time_for_one_customer_see_each_other() {
    let story = Story::new();
    story.owes("IN1", 1_000, "2026-03-01");
    story.paytrace.put(sale("1", 800, "IN1"));
    story.paytrace.put(sale("2", 800, "IN1"));
    story.sage.close_gate("open_documents");
    let (first, second) = tokio::join!(story.works("1", false), async {
        story.sage.until_somebody_waits().await;
        let done = story.works("2", false).await;
        story.sage.open_gate();
        done
    });
    first.unwrap();
    second.unwrap();
    assert_eq!(applied(&story, "2").await, [("IN1".into(), 800)]);
    assert_eq!(applied(&story, "1").await, [("IN1".into(), 200)]);
}

#[tokio::test]
async fn a_stranger_becomes_one_customer_though_the_answer_was_lost() {
    let story = Story::with(|merchant| {
        let group = "RETAIL".to_owned();
        merchant.new_customer = NewCustomer::Create { group, tax_group: None };
    });
    story.sage.with(|books| {
        books.customers.clear();
        books.script("create_customer", &[Fault::LostBefore, Fault::LostAfter]);
    });
    story.pays(sale("1", 500, ""));
    story.pays(sale("2", 600, ""));
    story.settles().await;
    story.is_posted("1").await;
    story.is_posted("2").await;
    assert_eq!(story.sage.with(|books| books.customers.len()), 1);
}

#[tokio::test]
async fn a_payer_who_may_be_two_customers_waits_until_linked() {
    let story = Story::new();
    let twin = customer("1300", "Ada Example", "ada@example.test");
    story.sage.with(|books| books.customers.insert("1300".into(), twin));
    let mut payment = sale("1", 500, "");
    payment.payer.profile = Some("V1".into());
    story.pays(payment);
    story.settles().await;
    assert_eq!(story.held_for("1").await, ReasonCode::CustomerAmbiguous);
    story.store.put_link(&"main".into(), &"V1".into(), &"1300".into()).await.unwrap();
    story.settles().await;
    story.is_posted("1").await;
    assert_eq!(story.sage.with(|books| books.posted("1"))[0].1, "1300");
}

#[tokio::test]
async fn an_unknown_bank_or_payment_code_holds_until_it_is_there() {
    let story = Story::new();
    story.sage.with(|books| books.banks.clear());
    story.pays(sale("1", 500, ""));
    story.settles().await;
    assert_eq!(story.held_for("1").await, ReasonCode::BankUnknown);
    story.sage.with(|books| {
        books.banks.insert("SEATAC".into());
        books.codes.clear();
    });
    story.settles().await;
    assert_eq!(story.held_for("1").await, ReasonCode::PaymentCodeUnknown);
    story.sage.with(|books| books.codes.insert("CCARD".into()));
    story.settles().await;
    story.is_posted("1").await;
}

#[tokio::test]
async fn an_inactive_customer_or_one_of_another_currency_is_not_posted_to() {
    let story = Story::new();
    story.sage.with(|books| books.customers.get_mut("1200").unwrap().active = false);
    story.pays(sale("1", 500, ""));
    story.settles().await;
    assert_eq!(story.held_for("1").await, ReasonCode::CustomerInactive);
    story.sage.with(|books| {
        let ada = books.customers.get_mut("1200").unwrap();
        ada.active = true;
        ada.currency = "CAD".into();
    });
    story.settles().await;
    assert_eq!(story.held_for("1").await, ReasonCode::CustomerCurrency);
    assert!(story.sage.with(|books| books.batches.is_empty()));
}

#[tokio::test]
async fn a_locked_period_holds_or_rolls_by_policy() {
    let today = "2026-03-02".parse().unwrap();
    let open = "2026-04-01".parse().unwrap();
    for (policy, next_open) in [(ClosedPeriod::Hold, Some(open)), (ClosedPeriod::Roll, None)] {
        let story = Story::with(|merchant| merchant.closed_period = policy);
        story.sage.with(|books| books.locked.insert(today, next_open));
        story.pays(sale("1", 500, ""));
        story.settles().await;
        assert_eq!(story.held_for("1").await, ReasonCode::PeriodLocked);
        story.sage.with(|books| books.locked.clear());
        story.settles().await;
        story.is_posted("1").await;
    }
    let story = Story::with(|merchant| merchant.closed_period = ClosedPeriod::Roll);
    story.sage.with(|books| books.locked.insert(today, Some(open)));
    story.pays(sale("1", 500, ""));
    story.settles().await;
    story.is_posted("1").await;
    assert_eq!(story.effect("1").await.content.unwrap().posting_date, open);
}

#[tokio::test]
async fn nothing_is_held_again_and_again_for_the_same_reason() {
    let story = Story::new();
    story.sage.with(|books| books.customers.clear());
    story.pays(sale("1", 500, ""));
    story.settles().await;
    let once = story.effect("1").await;
    assert_eq!((once.state, once.amount), (EffectState::Held, usd(500)));
    story.settles().await;
    assert_eq!(story.effect("1").await, once);
}
