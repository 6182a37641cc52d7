//! Batches Sage refuses, entries it will not post, strays, and people at work in Sage.

use domain::effect::EffectState;
use domain::exception::ReasonCode;
use domain::manifest::{Commit, named_in};
use ledger::posting::BatchStatus;
use ledger::store::Store;

use super::Story;
use super::company::{Books, Fault, usd};
use super::paytrace::sale;

async fn paid(story: &Story, payments: usize) {
    for n in 1..=payments {
        story.pays(sale(&n.to_string(), 100 + i64::try_from(n).unwrap(), ""));
    }
    assert!(story.takes_in().await);
}

#[tokio::test]
async fn a_refused_batch_is_halved_down_to_the_bad_entry() {
    let story = Story::new();
    paid(&story, 9).await;
    story.sage.with(|books| books.refused.insert("6".into()));
    story.settles().await;
    for n in (1..=9).filter(|n| *n != 6) {
        story.is_posted(&n.to_string()).await;
    }
    assert_eq!(story.held_for("6").await, ReasonCode::SageRefused);
    story.is_tidy();
}

#[tokio::test]
async fn a_period_locked_after_the_decision_rolls_every_payment_of_a_large_batch() {
    let story = Story::with(|m| m.closed_period = domain::merchant::ClosedPeriod::Roll);
    paid(&story, 99).await;
    let (today, next) = ("2026-03-02".parse().unwrap(), "2026-04-01".parse().unwrap());
    story.clock.advance_ms(301_000);
    story.sage.with(|books| books.locked.insert(today, Some(next)));
    story.settles().await;
    for n in 1..=99 {
        story.is_posted(&n.to_string()).await;
    }
}

#[tokio::test]
async fn an_entry_sage_will_not_post_is_removed_and_decided_again() {
    let story = Story::new();
    story.owes("IN1", 1_000, "2026-03-01");
    story.pays(sale("1", 800, "IN1"));
    story.pays(sale("2", 300, ""));
    assert!(story.takes_in().await);
    // Somebody else is paid meanwhile: the decision no longer fits.
    story.sage.with(|books| books.documents.get_mut("IN1").unwrap().due = usd(100));
    story.posts().await;
    assert_eq!(story.held_for("1").await, ReasonCode::PostingRefused);
    story.clock.advance_ms(2_000);
    assert!(story.takes_in().await);
    assert_eq!(story.effect("1").await.state, EffectState::Ready, "at once, without a poll");
    story.settles().await;
    story.is_posted("1").await;
    story.is_posted("2").await;
    let content = story.effect("1").await.content.unwrap();
    assert_eq!(content.lines()[0].amount, usd(100));
    assert_eq!(story.sage.with(|books| books.due("IN1")), 0);
    story.is_tidy();
}

#[tokio::test]
async fn an_entry_sage_never_posts_is_held_after_three_tries() {
    let story = Story::new();
    story.sage.with(|books| books.unpostable.insert("1".into()));
    paid(&story, 2).await;
    story.settles().await;
    story.settles().await;
    assert_eq!(story.held_for("1").await, ReasonCode::PostingRefused);
    assert_eq!(story.sage.with(|books| books.count("delete_entries")), 3);
    story.is_posted("2").await;
    story.is_tidy();
}

/// Posts up to the answer of the posting call, which is lost.
async fn posted_unseen(story: &Story) {
    story.sage.with(|books| books.script("post_batch", &[Fault::LostAfter]));
    story.sage.close_gate("delete_entries");
    story.clock.advance_ms(2_000);
}

#[tokio::test]
async fn an_error_batch_a_person_put_right_and_posted_is_adopted() {
    let story = Story::new();
    story.sage.with(|books| books.unpostable.insert("1".into()));
    paid(&story, 1).await;
    posted_unseen(&story).await;
    let company = super::company();
    let (ran, ()) = tokio::join!(story.post.run(&company), async {
        story.sage.until_somebody_waits().await;
        story.sage.with(|books| {
            let error = books.in_status(BatchStatus::Open)[0];
            books.unpostable.clear();
            books.set_status(error, BatchStatus::ReadyToPost);
            books.post(error);
        });
        story.sage.open_gate();
    });
    ran.unwrap();
    story.settles().await;
    story.is_posted("1").await;
    assert_eq!(story.sage.with(|books| books.count("create_batch")), 1, "it was not entered again");
}

#[tokio::test]
async fn an_error_batch_a_person_is_about_to_post_is_waited_for() {
    let story = Story::new();
    story.sage.with(|books| books.unpostable.insert("1".into()));
    paid(&story, 1).await;
    posted_unseen(&story).await;
    let company = super::company();
    let (ran, error) = tokio::join!(story.post.run(&company), async {
        story.sage.until_somebody_waits().await;
        let error = story.sage.with(|books| {
            let error = books.in_status(BatchStatus::Open)[0];
            books.set_status(error, BatchStatus::ReadyToPost);
            error
        });
        story.sage.open_gate();
        error
    });
    ran.unwrap();
    story.settles().await;
    assert_eq!(story.effect("1").await.state, EffectState::Assigned);
    story.sage.with(|books| {
        books.unpostable.clear();
        books.post(error);
    });
    story.settles().await;
    story.is_posted("1").await;
}

#[tokio::test]
async fn a_committed_batch_a_person_edits_is_held_and_never_posted() {
    let story = Story::new();
    paid(&story, 2).await;
    story.sage.with(|books| books.script("freeze_batch", &[Fault::LostBefore]));
    story.posts().await;
    story.sage.with(|books| {
        let number = books.in_status(BatchStatus::Open)[0];
        books.batches.get_mut(&number).unwrap().entries[0].amount = usd(1);
    });
    story.settles().await;
    assert_eq!(story.exceptions().await, [ReasonCode::BatchChanged]);
    assert_eq!(story.sage.with(|books| books.count("post_batch")), 0);
    assert_eq!(story.effect("1").await.state, EffectState::Assigned, "nothing is entered again");
}

#[tokio::test]
async fn a_frozen_batch_a_person_reopens_is_frozen_again_or_held_when_edited() {
    for edited in [false, true] {
        let story = Story::new();
        paid(&story, 2).await;
        story.sage.with(|books| books.script("post_batch", &[Fault::LostBefore]));
        story.posts().await;
        story.sage.with(|books| {
            let number = books.in_status(BatchStatus::ReadyToPost)[0];
            books.set_status(number, BatchStatus::Open);
            if edited {
                books.batches.get_mut(&number).unwrap().entries[0].customer = "1300".into();
            }
        });
        story.settles().await;
        if edited {
            assert_eq!(story.exceptions().await, [ReasonCode::BatchChanged]);
            assert!(story.sage.with(|books| books.posted("1")).is_empty());
        } else {
            story.is_posted("1").await;
        }
    }
}

#[tokio::test]
async fn a_batch_a_person_posts_first_is_taken_as_posted() {
    let story = Story::new();
    paid(&story, 2).await;
    story.sage.with(|books| books.script("freeze_batch", &[Fault::LostBefore]));
    story.posts().await;
    story.sage.with(|books| {
        let number = books.in_status(BatchStatus::Open)[0];
        books.set_status(number, BatchStatus::ReadyToPost);
        books.post(number);
    });
    story.settles().await;
    story.is_posted("1").await;
    assert!(story.exceptions().await.is_empty());
}

#[tokio::test]
async fn a_batch_a_person_deletes_is_held_and_not_entered_again() {
    let story = Story::new();
    paid(&story, 1).await;
    story.sage.with(|books| books.script("freeze_batch", &[Fault::LostBefore]));
    story.posts().await;
    story.sage.with(|books| {
        let number = books.in_status(BatchStatus::Open)[0];
        books.set_status(number, BatchStatus::Deleted);
    });
    story.settles().await;
    assert_eq!(story.exceptions().await, [ReasonCode::BatchChanged]);
    assert_eq!(story.sage.with(|books| books.count("create_batch")), 1);
}

#[tokio::test]
async fn posting_that_takes_too_long_is_told_and_then_taken_as_posted() {
    let story = Story::new();
    paid(&story, 1).await;
    story.sage.with(|books| books.script("post_batch", &[Fault::LostBefore]));
    story.posts().await;
    let number = story.sage.with(|books| books.in_status(BatchStatus::ReadyToPost)[0]);
    story.sage.with(|books| books.set_status(number, BatchStatus::PostInProgress));
    story.settles().await;
    assert!(story.exceptions().await.is_empty());
    story.clock.advance_ms(3_600_000);
    story.settles().await;
    assert_eq!(story.exceptions().await, [ReasonCode::PostStuck]);
    story.sage.with(|books| {
        books.set_status(number, BatchStatus::ReadyToPost);
        books.post(number);
    });
    story.settles().await;
    story.is_posted("1").await;
    assert!(story.exceptions().await.is_empty(), "the alarm is over");
}

#[tokio::test]
async fn a_lost_answer_to_a_create_is_looked_up_and_no_second_batch_made() {
    let story = Story::new();
    paid(&story, 3).await;
    story.sage.with(|books| books.script("create_batch", &[Fault::LostAfter]));
    story.settles().await;
    story.is_posted("1").await;
    assert_eq!(story.sage.with(|books| books.batches.len()), 1);
}

#[tokio::test]
async fn a_create_that_lands_late_is_emptied_but_never_before_the_commit() {
    let story = Story::new();
    paid(&story, 1).await;
    story.sage.with(|books| {
        books.script("create_batch", &[Fault::Late, Fault::LostAfter]);
        // Seen: nothing, twice. What the second create made is not seen for a while.
        let (well, lost) = (Fault::Well, Fault::LostBefore);
        books.script("find_batches", &[well, well, lost, lost]);
    });
    story.posts().await;
    assert_eq!(story.sage.with(|books| books.batches.len()), 0);
    story.clock.advance_ms(91_000);
    story.posts().await;
    story.sage.with(Books::land);
    story.clock.advance_ms(100_000);
    let swept = story.sage.with(|books| books.count("open_batches"));
    story.posts().await;
    assert!(story.sage.with(|books| books.count("open_batches")) > swept, "it was looked for");
    let open = story.sage.with(|books| books.in_status(BatchStatus::Open));
    assert_eq!(open.len(), 2, "either may still be committed");
    story.settles().await;
    story.is_posted("1").await;
    assert_eq!(story.sage.with(|books| books.count("delete_entries")), 1);
    story.is_tidy();
}

#[tokio::test]
async fn a_create_that_lands_twice_is_posted_once_and_the_other_emptied() {
    let story = Story::new();
    paid(&story, 2).await;
    story.sage.with(|books| books.script("create_batch", &[Fault::Double]));
    story.posts().await;
    story.is_posted("1").await;
    story.sage.with(Books::land);
    let stray = story.sage.with(|books| books.in_status(BatchStatus::Open)[0]);
    let description = story.sage.with(|books| books.batches[&stray].head.description.clone());
    let id = named_in(&description).unwrap();
    let manifest = story.store.inner().manifest(&id).await.unwrap().unwrap();
    assert_ne!(manifest.commit, Some(Commit::Batch(domain::id::BatchNumber(stray))));
    story.settles().await;
    story.is_posted("1").await;
    story.is_tidy();
}

#[tokio::test]
async fn a_batch_sage_stored_with_other_content_is_given_up_and_emptied() {
    let story = Story::new();
    paid(&story, 1).await;
    story.sage.close_gate("read_batch");
    story.clock.advance_ms(2_000);
    let company = super::company();
    let (ran, ()) = tokio::join!(story.post.run(&company), async {
        story.sage.until_somebody_waits().await;
        story.sage.with(|books| {
            let number = books.in_status(BatchStatus::Open)[0];
            books.batches.get_mut(&number).unwrap().entries[0].amount = usd(7);
        });
        story.sage.open_gate();
    });
    ran.unwrap();
    story.settles().await;
    story.is_posted("1").await;
    story.is_tidy();
}
