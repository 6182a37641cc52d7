//! Where the pointer of a refused entry leads.

use super::*;

const TEN: BatchNumber = BatchNumber(10);

/// The batch is posted; its only entry was moved to entry 1 of batch 10, which is read next.
fn moved() -> Told {
    let mut told = Told::with(Manifest { state: ManifestState::Frozen, ..committed(1) });
    told.hears(Heard::Leased);
    told.hears(Heard::Done);
    let mut view = batch(&told.manifest, 9, BatchStatus::Posted);
    view.entries[0].error = Some((TEN, 1));
    assert_eq!(told.hears(Heard::Batch(Some(Box::new(view)))), Command::Read(TEN));
    told
}

/// What follows when batch 10 is found so.
fn finds(told: &mut Told, status: BatchStatus, change: impl FnOnce(&mut EntryView)) -> Command {
    let mut view = batch(&told.manifest, 10, status);
    view.head.description = "Error batch".into();
    change(&mut view.entries[0]);
    told.hears(Heard::Batch(Some(Box::new(view))))
}

fn finds_none(told: &mut Told, status: BatchStatus) -> Command {
    finds(told, status, |entry| entry.reference = "somebody else's".into())
}

fn waits(command: &Command) -> bool {
    matches!(command, Command::Stop(Stop::Later { .. }))
}

fn held_with(command: Command) -> String {
    let Command::Hold(hold) = command else { panic!("{command:?}") };
    assert_eq!(hold.reason, ReasonCode::BatchChanged);
    hold.evidence
}

fn released(command: &Command) -> bool {
    matches!(command, Command::Finish(NINE, outcomes)
        if matches!(&outcomes[..], [EntryOutcome::Released(_)]))
}

#[test]
fn an_entry_that_is_gone_is_given_back_however_it_went() {
    for status in [BatchStatus::Open, BatchStatus::Posted, BatchStatus::Deleted] {
        assert!(released(&finds_none(&mut moved(), status)), "{status:?}");
    }
    assert!(released(&finds(&mut moved(), BatchStatus::Deleted, |_| {})), "with its batch");
}

#[test]
fn an_entry_a_person_is_posting_is_waited_for() {
    for status in [BatchStatus::ReadyToPost, BatchStatus::PostInProgress] {
        assert!(waits(&finds(&mut moved(), status, |_| {})), "{status:?}");
        assert!(waits(&finds_none(&mut moved(), status)), "{status:?}");
    }
}

#[test]
fn an_error_batch_that_cannot_be_explained_is_put_before_a_person() {
    assert_eq!(held_with(moved().hears(Heard::Batch(None))), "error batch 10 is gone");
    let other = finds(&mut moved(), BatchStatus::Other, |_| {});
    assert_eq!(held_with(other), "error batch 10 has no known status");
}

#[test]
fn a_deletion_is_tried_once_a_pass_and_then_read() {
    let mut told = moved();
    let delete = Command::DeleteEntry(TEN, 1);
    assert_eq!(finds(&mut told, BatchStatus::Open, |_| {}), delete);
    assert_eq!(told.hears(Heard::Done), Command::Read(TEN));
    assert!(waits(&finds(&mut told, BatchStatus::Open, |_| {})), "it is still there");
    for refusal in [Refusal::Unclear, Refusal::Refused("no".into())] {
        let mut told = moved();
        finds(&mut told, BatchStatus::Open, |_| {});
        assert_eq!(told.hears(Heard::Failed(refusal)), Command::Read(TEN));
        assert!(released(&finds_none(&mut told, BatchStatus::Open)));
    }
}

#[test]
fn a_deletion_that_was_not_sent_is_for_the_next_pass() {
    let mut told = moved();
    finds(&mut told, BatchStatus::Open, |_| {});
    assert!(waits(&told.hears(Heard::Failed(Refusal::NotSent))));
    let mut told = moved();
    finds(&mut told, BatchStatus::Open, |_| {});
    let denied = told.hears(Heard::Failed(Refusal::Denied("401".into())));
    assert_eq!(denied, Command::Stop(Stop::Denied("401".into())));
}

#[test]
fn an_entry_renumbered_in_its_error_batch_is_found_by_its_reference() {
    let renumbered = finds(&mut moved(), BatchStatus::Open, |entry| entry.number = 7);
    assert_eq!(renumbered, Command::DeleteEntry(TEN, 7));
    let mut told = moved();
    let mut view = batch(&told.manifest, 10, BatchStatus::Open);
    view.entries.push(EntryView { number: 4, ..view.entries[0].clone() });
    view.entries.rotate_right(1);
    let command = told.hears(Heard::Batch(Some(Box::new(view))));
    assert_eq!(command, Command::DeleteEntry(TEN, 1), "the one pointed to, if it is there");
}

#[test]
fn an_entry_posted_for_somebody_else_is_put_before_a_person() {
    let evidence = held_with(finds(&mut moved(), BatchStatus::Posted, |entry| {
        entry.customer = "1300".into();
    }));
    assert!(evidence.ends_with("posted as 1.00 USD for 1300 instead of 1.00 USD for 1200"));
    let padded = finds(&mut moved(), BatchStatus::Posted, |entry| entry.customer = "1200 ".into());
    assert!(matches!(padded, Command::Finish(NINE, _)), "Sage pads");
}

#[test]
fn error_batches_that_lead_on_are_followed_but_not_for_ever() {
    let mut told = moved();
    for next in 11..27 {
        let leads_on = finds(&mut told, BatchStatus::Posted, |entry| {
            entry.error = Some((BatchNumber(next), 1));
        });
        assert_eq!(leads_on, Command::Read(BatchNumber(next)));
    }
    let last = finds(&mut told, BatchStatus::Posted, |entry| entry.error = Some((TEN, 1)));
    assert_eq!(held_with(last), "error batches lead on from 26");
}

#[test]
fn an_entry_refused_twice_is_deleted_from_where_it_is_now() {
    let mut told = moved();
    finds(&mut told, BatchStatus::Open, |_| {});
    told.hears(Heard::Done);
    let eleven = BatchNumber(11);
    let leads_on = finds(&mut told, BatchStatus::Posted, |entry| entry.error = Some((eleven, 2)));
    assert_eq!(leads_on, Command::Read(eleven), "a person posted it first, and Sage refused");
    let there = finds(&mut told, BatchStatus::Open, |entry| entry.number = 2);
    assert_eq!(there, Command::DeleteEntry(eleven, 2), "tried in the other batch only");
}

#[test]
fn every_refused_entry_is_followed_to_its_own_batch() {
    let mut told = Told::with(Manifest { state: ManifestState::Frozen, ..committed(3) });
    told.hears(Heard::Leased);
    told.hears(Heard::Done);
    let mut view = batch(&told.manifest, 9, BatchStatus::Posted);
    view.entries[0].error = Some((TEN, 1));
    view.entries[2].error = Some((BatchNumber(11), 1));
    view.entries.reverse();
    assert_eq!(told.hears(Heard::Batch(Some(Box::new(view)))), Command::Read(TEN));
    let mut gone = batch(&told.manifest, 10, BatchStatus::Open);
    gone.entries.clear();
    let next = told.hears(Heard::Batch(Some(Box::new(gone))));
    assert_eq!(next, Command::Read(BatchNumber(11)));
    let mut fixed = batch(&told.manifest, 11, BatchStatus::Posted);
    fixed.entries.drain(..2);
    let Command::Finish(NINE, outcomes) = told.hears(Heard::Batch(Some(Box::new(fixed)))) else {
        panic!("not finished")
    };
    let place = |outcome: &EntryOutcome| match outcome {
        EntryOutcome::Posted(posted) => Some((posted.batch, posted.entry)),
        EntryOutcome::Released(_) => None,
    };
    let places: Vec<_> = outcomes.iter().map(place).collect();
    assert_eq!(places, [None, Some((NINE, 2)), Some((BatchNumber(11), 3))]);
}
