//! When strays are looked for, and what is never taken for one.

use domain::exception::{Exception, ReasonCode};
use ledger::posting::BatchStatus;
use ledger::store::{Release, Store};

use super::Story;
use super::company::{Books, Fault};
use super::sealing::{at, ready, runs};

fn looked(story: &Story) -> u64 {
    story.sage.with(|books| books.count("open_batches"))
}

fn emptied(story: &Story) -> u64 {
    story.sage.with(|books| books.count("delete_entries"))
}

/// A receipt is posted; a second batch of it landed late.
async fn with_a_stray() -> (Story, i64) {
    let mut story = Story::new();
    ready(&story, "1", "SEATAC", at(0)).await;
    story.sage.with(|books| books.script("create_batch", &[Fault::Double]));
    runs(&mut story, 2_000).await;
    story.is_posted("1").await;
    story.sage.with(Books::land);
    let stray = story.sage.with(|books| books.in_status(BatchStatus::Open)[0]);
    (story, stray)
}

#[tokio::test]
async fn without_cause_strays_are_looked_for_now_and_then() {
    let mut story = Story::new();
    for (ms, times) in [(0, 1), (59_999, 1), (60_000, 1), (599_999, 1), (600_000, 2)] {
        runs(&mut story, ms).await;
        assert_eq!(looked(&story), times, "after {ms} ms");
    }
}

#[tokio::test]
async fn after_an_unclear_create_strays_are_looked_for_often_for_a_week() {
    let mut story = Story::new();
    ready(&story, "1", "SEATAC", at(0)).await;
    story.sage.with(|books| books.script("create_batch", &[Fault::LostAfter]));
    runs(&mut story, 2_000).await;
    story.is_posted("1").await;
    assert_eq!(looked(&story), 1);
    runs(&mut story, 61_999).await;
    assert_eq!(looked(&story), 1);
    runs(&mut story, 62_000).await;
    assert_eq!(looked(&story), 2);
    let week = 7 * 86_400_000;
    runs(&mut story, 2_000 + week - 60_000).await;
    runs(&mut story, 2_000 + week).await;
    assert_eq!(looked(&story), 4);
    runs(&mut story, 2_000 + week + 60_000).await;
    assert_eq!(looked(&story), 4, "nothing lands as late as that");
}

#[tokio::test]
async fn a_stray_is_emptied_once_and_then_left_alone() {
    let (mut story, stray) = with_a_stray().await;
    runs(&mut story, 62_000).await;
    assert_eq!(emptied(&story), 1);
    assert!(story.sage.with(|books| books.batches[&stray].entries.is_empty()));
    runs(&mut story, 122_000).await;
    assert_eq!(emptied(&story), 1);
}

#[tokio::test]
async fn a_stray_that_changed_since_it_was_listed_is_left_alone() {
    for (status, entries) in [(BatchStatus::ReadyToPost, true), (BatchStatus::Open, false)] {
        let (mut story, stray) = with_a_stray().await;
        story.sage.close_gate("read_batch");
        let sage = std::sync::Arc::clone(&story.sage);
        tokio::join!(runs(&mut story, 62_000), async {
            sage.until_somebody_waits().await;
            sage.with(|books| {
                books.set_status(stray, status);
                if !entries {
                    books.batches.get_mut(&stray).unwrap().entries.clear();
                }
            });
            sage.open_gate();
        });
        assert_eq!(emptied(&story), 0, "{status:?}");
    }
}

#[tokio::test]
async fn a_batch_of_a_manifest_nobody_knows_is_nobodys_stray() {
    let (mut story, stray) = with_a_stray().await;
    story.sage.with(|books| {
        let head = &mut books.batches.get_mut(&stray).unwrap().head;
        head.description = "PTS1:unknown:1".into();
    });
    runs(&mut story, 62_000).await;
    assert_eq!((looked(&story), emptied(&story)), (2, 0));
}

#[tokio::test]
async fn a_batch_committed_and_still_open_is_no_stray() {
    let mut story = Story::new();
    ready(&story, "1", "SEATAC", at(0)).await;
    story.sage.with(|books| {
        books.script("create_batch", &[Fault::LostAfter]);
        books.script("freeze_batch", &[Fault::NotSent; 3]);
    });
    for ms in [2_000, 62_000, 122_000] {
        runs(&mut story, ms).await;
    }
    assert_eq!((looked(&story), emptied(&story)), (3, 0));
    runs(&mut story, 182_000).await;
    story.is_posted("1").await;
}

#[tokio::test]
async fn a_sweep_sage_did_not_answer_is_made_up_for_soon() {
    let mut story = Story::new();
    story.sage.with(|books| books.script("open_batches", &[Fault::LostBefore]));
    for (ms, times) in [(0, 1), (59_999, 1), (60_000, 2), (120_000, 2), (660_000, 3)] {
        runs(&mut story, ms).await;
        assert_eq!(looked(&story), times, "after {ms} ms");
    }
    assert!(story.exceptions().await.is_empty());
}

/// Its worker died between its end and the end of the alarm.
#[tokio::test]
async fn an_alarm_about_a_manifest_that_is_at_its_end_is_over() {
    let mut story = Story::new();
    ready(&story, "1", "SEATAC", at(0)).await;
    story.sage.with(|books| books.script("create_batch", &[Fault::NotSent; 2]));
    runs(&mut story, 2_000).await;
    let open = story.store.inner().open_manifests(&super::company(), 9).await.unwrap();
    let other = Exception::new(ReasonCode::BatchChanged, open[0].as_str(), "look", at(0));
    story.store.inner().raise(&other).await.unwrap();
    runs(&mut story, 3_700_000).await;
    let told = [ReasonCode::BatchChanged, ReasonCode::PostStuck];
    assert_eq!(story.exceptions().await, told, "it is still to be posted");
    let release = Release::Ready { seal_max: 99 };
    story.store.inner().abort_manifest(&open[0], &release).await.unwrap();
    runs(&mut story, 4_300_000).await;
    assert_eq!(story.exceptions().await, [ReasonCode::BatchChanged]);
    story.is_posted("1").await;
}
