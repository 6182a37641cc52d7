//! Releases in memory: what comes into force, and what does not.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use ledger::releases::{MemoryReleases, Releases};

use super::*;
use crate::port::Clock;

#[derive(Default)]
struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

fn promotion(files: BTreeMap<String, String>, by: &str) -> Promotion {
    Promotion {
        environment: "prod".to_owned(),
        files,
        by: by.to_owned(),
        approved_by: Vec::new(),
        note: String::new(),
        at: Timestamp::UNIX_EPOCH,
    }
}

fn titled(title: &str) -> BTreeMap<String, String> {
    let mut files = flows::shipped::files();
    let text = files["flows/void.yaml"].replace("title: Voided payments and refunds", title);
    files.insert("flows/void.yaml".to_owned(), text);
    files
}

#[tokio::test]
async fn documents_come_into_force_once_and_are_gone_back_from() {
    let releases = MemoryReleases::default();
    let one = promote(&releases, &promotion(titled("title: One"), "ada")).await.unwrap();
    assert_eq!((one.activation.number, one.unchanged), (1, false));
    let again = promote(&releases, &promotion(titled("title: One"), "grace")).await.unwrap();
    assert_eq!((again.activation.by.as_str(), again.unchanged), ("ada", true));
    let two = promote(&releases, &promotion(titled("title: Two"), "ada")).await.unwrap();
    assert_eq!(two.activation.number, 2);

    let said = ("grace", "it was wrong", Timestamp::UNIX_EPOCH);
    let back = roll_back(&releases, "prod", None, said).await.unwrap();
    assert_eq!((back.number, &back.release), (3, &one.activation.release));
    let to = roll_back(&releases, "prod", Some(2), said).await.unwrap();
    assert_eq!((to.number, &to.release), (4, &two.activation.release));
    let none = roll_back(&releases, "prod", Some(9), said).await.unwrap_err();
    assert!(matches!(none, PromoteError::NoActivation { number: 9, .. }), "{none}");
    let elsewhere = roll_back(&releases, "dev", None, said).await.unwrap_err();
    assert!(matches!(elsewhere, PromoteError::NothingBefore { .. }), "{elsewhere}");

    let then = load(&releases, &one.activation.release).await.unwrap();
    assert!(then.files["flows/void.yaml"].contains("title: One"), "kept as it was");
    assert_eq!(then.lock.approvals.len(), 1);
}

#[tokio::test]
async fn what_is_not_in_order_or_not_agreed_to_changes_nothing() {
    let releases = MemoryReleases::default();
    let mut wrong = flows::shipped::files();
    let text = wrong["flows/void.yaml"].replace("cancel: sage300.receipt", "hold: nothing_known");
    wrong.insert("flows/void.yaml".to_owned(), text);
    let refused = promote(&releases, &promotion(wrong, "ada")).await.unwrap_err();
    assert!(matches!(refused, PromoteError::Problems(_)), "{refused}");

    let mut two = flows::shipped::files();
    two.insert("env/prod.yaml".to_owned(), "approvals: 2\n".to_owned());
    let alone = promotion(two, "ada");
    let refused = promote(&releases, &alone).await.unwrap_err();
    assert!(matches!(refused, PromoteError::Approvals { needed: 2, given: 1, .. }), "{refused}");
    let same = Promotion { approved_by: vec!["ada".to_owned()], ..alone.clone() };
    assert!(promote(&releases, &same).await.is_err(), "one person twice is one person");
    assert!(releases.activations("prod", 9).await.unwrap().is_empty());
    let both = Promotion { approved_by: vec!["grace".to_owned()], ..alone };
    assert_eq!(promote(&releases, &both).await.unwrap().activation.number, 1);
}

#[tokio::test]
async fn a_running_function_sees_a_release_when_it_looks_again_and_never_a_damaged_one() {
    let releases = Arc::new(MemoryReleases::default());
    let clock = Arc::new(Hand::default());
    let published = Published::new(releases.clone(), clock.clone(), "prod", 1_000);
    assert_eq!(published.current().await.unwrap().release, "shipped");
    let one = promote(releases.as_ref(), &promotion(titled("title: One"), "ada")).await.unwrap();
    assert_eq!(published.current().await.unwrap().release, "shipped", "not looked again yet");
    clock.0.store(1_000, Ordering::SeqCst);
    let current = published.current().await.unwrap();
    assert_eq!(current.release, one.activation.release);
    let short = &one.activation.release[..12];
    assert_eq!(current.decides("void"), format!("{short}/void"));

    let nowhere = ledger::releases::Activation {
        number: 2,
        release: "0".repeat(64),
        ..one.activation.clone()
    };
    releases.activate("prod", &nowhere).await.unwrap();
    clock.0.store(2_000, Ordering::SeqCst);
    assert_eq!(published.current().await.unwrap().release, one.activation.release);
    let fresh = Published::new(releases, clock, "prod", 1_000);
    assert!(fresh.current().await.is_err(), "better nothing than something else");
}
