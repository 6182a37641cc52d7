//! Values that can be read in several ways: a person looks, and a model may propose.

use std::sync::Arc;

use async_trait::async_trait;
use domain::exception::ReasonCode;
use jiff::Timestamp;
use ledger::releases::MemoryReleases;

use super::super::fakes::FakeClock;
use super::Story;
use super::paytrace::sale;
use crate::port::{Advisor, Called, Proposal, Question};
use crate::releases::{Promotion, Published, promote};

/// Knows one answer.
struct Model;

#[async_trait]
impl Advisor for Model {
    async fn propose(&self, question: &Question) -> Called<Option<Proposal>> {
        let text = |text: &str| text.to_owned();
        assert_eq!(
            (question.meaning.as_str(), question.value.as_str()),
            ("country", "Untied States")
        );
        Ok(Some(Proposal { value: text("US"), why: text("a typing mistake"), model: text("m-1") }))
    }
}

/// The documents in force bring the payer's country into one form.
async fn normalizing() -> Published {
    let mut files = flows::shipped::files();
    let path = "maps/payment-to-receipt.yaml";
    let payer =
        "  Payer: {from: transaction.payer.country, steps: [{step: normalize, with: country}]}";
    let text = files[path].replace("  BankCode:", &format!("{payer}\n  BankCode:"));
    files.insert(path.to_owned(), text);
    let releases = Arc::new(MemoryReleases::default());
    let promotion = Promotion {
        environment: "test".to_owned(),
        files,
        by: "ada".to_owned(),
        approved_by: Vec::new(),
        note: String::new(),
        at: Timestamp::UNIX_EPOCH,
    };
    promote(releases.as_ref(), &promotion).await.unwrap();
    Published::new(releases, Arc::new(FakeClock::default()), "test", i64::MAX)
}

#[tokio::test]
async fn a_doubtful_value_is_held_with_what_a_model_proposes_and_a_certain_one_is_taken() {
    let mut story = Story::new();
    story.transform.published = normalizing().await;
    story.transform.advisor = Some(Arc::new(Model));
    for (id, country) in [("1", "Untied States"), ("2", "United States")] {
        let mut paid = sale(id, 500, "");
        paid.payer.country = country.to_owned();
        story.paytrace.put(paid);
        story.works(id, false).await.unwrap();
    }
    let held = story.effect("1").await.hold.unwrap();
    assert_eq!(held.reason, ReasonCode::FormatUncertain);
    let expected = "Payer: `Untied States` cannot be read as a country; m-1 proposes `US`: a typing \
                    mistake";
    assert_eq!(held.evidence, expected);
    let certain = story.effect("2").await.content.unwrap();
    assert_eq!(certain.extra.fields["Payer"], "US");
}
