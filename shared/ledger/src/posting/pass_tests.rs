//! Where a pass takes a manifest up, and when it waits, gives way or asks a person.

use super::*;

fn stands(state: ManifestState) -> Manifest {
    Manifest { state, ..committed(1) }
}

fn later(ms: u64) -> Command {
    Command::Stop(Stop::Later { ms })
}

fn held_for(command: &Command) -> ReasonCode {
    let Command::Hold(hold) = command else { panic!("{command:?}") };
    hold.reason
}

/// A pass over a frozen manifest whose batch was just asked to post.
fn asked_to_post() -> Told {
    let mut told = Told::with(stands(ManifestState::Frozen));
    assert_eq!(told.hears(Heard::Leased), Command::Post(NINE));
    assert_eq!(told.hears(Heard::Done), Command::Read(NINE));
    told
}

fn asked_to_freeze() -> Told {
    let mut told = Told::with(committed(1));
    assert_eq!(told.hears(Heard::Leased), Command::Freeze(NINE));
    assert_eq!(told.hears(Heard::Done), Command::Read(NINE));
    told
}

fn asked_to_create(n: u32) -> Told {
    let mut told = Told::with(sealed(n));
    told.hears(Heard::Leased);
    assert_eq!(told.stored(|_| {}), Command::Create);
    told
}

fn looked_up(manifest: Manifest) -> Told {
    let mut told = Told::with(manifest);
    assert_eq!(told.hears(Heard::Leased), Command::LookUp);
    told
}

#[test]
fn a_manifest_is_taken_up_where_it_stands() {
    for (manifest, command) in [
        (sealed(1), Command::Intend),
        (attempted(AttemptOutcome::Closed), Command::LookUp),
        (stands(ManifestState::Committed), Command::Freeze(NINE)),
        (stands(ManifestState::Frozen), Command::Post(NINE)),
        (stands(ManifestState::Posting), Command::Read(NINE)),
        (stands(ManifestState::Posted), Command::Stop(Stop::Done)),
        (stands(ManifestState::Partial), Command::Stop(Stop::Done)),
        (Manifest { state: ManifestState::Aborted, ..sealed(1) }, Command::Stop(Stop::Done)),
    ] {
        let told = &mut Told::with(manifest);
        assert_eq!(told.hears(Heard::Leased), command, "{:?}", told.manifest.state);
    }
}

#[test]
fn a_manifest_that_is_held_or_leased_to_another_is_left_alone() {
    let hold = Hold { reason: ReasonCode::BatchChanged, evidence: String::new() };
    let mut held = Told::with(Manifest { hold: Some(hold), ..committed(1) });
    assert_eq!(held.hears(Heard::Leased), Command::Stop(Stop::Done));
    let mut lost = Told::with(committed(1));
    lost.manifest.epoch = 2;
    assert_eq!(lost.hears(Heard::Leased), Command::Stop(Stop::LostLease));
}

#[test]
fn an_intent_another_worker_overtook_creates_nothing() {
    let mut told = Told::with(sealed(1));
    told.hears(Heard::Leased);
    told.manifest.epoch = 2;
    assert_eq!(told.hears(Heard::Stored { holds: false }), Command::Stop(Stop::LostLease));
}

#[test]
fn batches_furthest_along_are_read_first_and_those_that_cannot_carry_it_never() {
    let mut told = looked_up(attempted(AttemptOutcome::Open));
    let head = |number, status| batch(&sealed(2), number, status).head;
    let empty = BatchHead { entries: 0, ..head(1, BatchStatus::Open) };
    let found = vec![
        head(4, BatchStatus::Open),
        empty,
        head(3, BatchStatus::Open),
        head(5, BatchStatus::Deleted),
        head(6, BatchStatus::ReadyToPost),
        head(2, BatchStatus::Other),
        head(8, BatchStatus::Posted),
        head(7, BatchStatus::PostInProgress),
    ];
    let mut command = told.hears(Heard::Found(found));
    let mut read = Vec::new();
    while let Command::Read(number) = command {
        read.push(number.0);
        command = told.hears(Heard::Batch(None));
    }
    assert_eq!(read, [8, 7, 6, 3, 4]);
    assert_eq!(command, later(90_000), "none carries it");
}

#[test]
fn a_batch_that_carries_it_is_taken_without_reading_further_open_ones() {
    let mut told = looked_up(attempted(AttemptOutcome::Open));
    let head = |number, status| batch(&sealed(2), number, status).head;
    let found = vec![
        head(5, BatchStatus::Open),
        head(6, BatchStatus::ReadyToPost),
        head(7, BatchStatus::PostInProgress),
    ];
    assert_eq!(told.hears(Heard::Found(found)), Command::Read(BatchNumber(7)));
    let next = told.reads(7, BatchStatus::PostInProgress);
    assert_eq!(next, Command::Read(BatchNumber(6)), "it was acted on too");
    let commit = told.hears(Heard::Batch(None));
    assert_eq!(commit, Command::Commit(BatchNumber(7)));

    let mut told = looked_up(attempted(AttemptOutcome::Open));
    let found = vec![head(5, BatchStatus::Open), head(6, BatchStatus::Open)];
    assert_eq!(told.hears(Heard::Found(found)), Command::Read(BatchNumber(5)));
    assert_eq!(told.reads(5, BatchStatus::Open), Command::Commit(BatchNumber(5)));
}

#[test]
fn two_batches_acted_on_are_named_to_a_person() {
    let mut told = looked_up(attempted(AttemptOutcome::Open));
    let head = |number, status| batch(&sealed(2), number, status).head;
    let found = vec![head(6, BatchStatus::ReadyToPost), head(8, BatchStatus::Posted)];
    told.hears(Heard::Found(found));
    told.reads(8, BatchStatus::Posted);
    let evidence = "batches 8, 6".to_owned();
    let hold = Hold { reason: ReasonCode::PostedOutside, evidence };
    assert_eq!(told.reads(6, BatchStatus::ReadyToPost), Command::Hold(hold));
}

#[test]
fn a_create_is_given_time_to_land_from_the_last_open_attempt() {
    let mut manifest = attempted(AttemptOutcome::Open);
    for (epoch, ms, outcome) in
        [(2, 30_000, AttemptOutcome::Open), (3, 80_000, AttemptOutcome::Closed)]
    {
        let at = Timestamp::from_millisecond(ms).unwrap();
        manifest.attempts.insert(epoch, Attempt { at, outcome });
    }
    manifest.epoch = 4;
    for (now_ms, command) in [
        (50_000, later(70_000)),
        (119_999, later(1)),
        (120_000, Command::Intend),
        (120_001, Command::Intend),
        (20_000, later(90_000)),
    ] {
        let mut told = looked_up(manifest.clone());
        told.now_ms = now_ms;
        assert_eq!(told.hears(Heard::Found(Vec::new())), command, "at {now_ms} ms");
    }
}

#[test]
fn a_pass_that_has_made_its_attempt_leaves_the_next_one_to_the_next_pass() {
    let mut told = Told::with(sealed(1));
    told.hears(Heard::Leased);
    told.stored(|m| {
        let at = Timestamp::UNIX_EPOCH;
        m.attempts.insert(1, Attempt { at, outcome: AttemptOutcome::Open });
    });
    assert_eq!(told.hears(Heard::Failed(Refusal::Unclear)), Command::LookUp);
    told.now_ms = 90_000;
    assert_eq!(told.hears(Heard::Found(Vec::new())), later(1_000));
    let mut next = looked_up(Manifest { epoch: 2, ..told.manifest });
    next.now_ms = 90_000;
    assert_eq!(next.hears(Heard::Found(Vec::new())), Command::Intend);
}

#[test]
fn a_create_that_was_not_sent_is_closed_and_put_off() {
    for (refusal, ms) in [
        (Refusal::NotSent, 1_000),
        (Refusal::Throttled { retry_after_ms: 400 }, 1_000),
        (Refusal::Throttled { retry_after_ms: 7_000 }, 7_000),
    ] {
        let mut told = asked_to_create(1);
        assert_eq!(told.hears(Heard::Failed(refusal)), Command::CloseAttempt);
        assert_eq!(told.stored(|_| {}), later(ms));
    }
}

#[test]
fn a_created_batch_is_checked_even_when_its_attempt_could_not_be_closed() {
    let mut told = asked_to_create(1);
    told.hears(Heard::Created(NINE));
    assert_eq!(told.hears(Heard::Stored { holds: false }), Command::Read(NINE));
}

#[test]
fn a_created_batch_that_is_not_as_asked_is_given_up_and_one_not_found_looked_for_again() {
    let mut told = asked_to_create(3);
    told.hears(Heard::Created(NINE));
    told.stored(|_| {});
    let mut view = batch(&told.manifest, 9, BatchStatus::Open);
    view.entries.pop();
    let abort = told.hears(Heard::Batch(Some(Box::new(view))));
    assert_eq!(abort, Command::Abort(Release::Ready { seal_max: 1 }));

    let mut told = asked_to_create(1);
    told.hears(Heard::Created(NINE));
    told.stored(|_| {});
    assert_eq!(told.hears(Heard::Batch(None)), later(1_000));
}

#[test]
fn whatever_is_answered_to_freezing_and_posting_the_batch_is_read() {
    for refusal in [Refusal::Unclear, Refusal::Refused("no".into())] {
        for state in [ManifestState::Committed, ManifestState::Frozen] {
            let mut told = Told::with(stands(state));
            told.hears(Heard::Leased);
            assert_eq!(told.hears(Heard::Failed(refusal.clone())), Command::Read(NINE));
        }
    }
}

#[test]
fn what_was_certainly_not_done_is_put_off() {
    let denied = Command::Stop(Stop::Denied("401".into()));
    for state in [ManifestState::Committed, ManifestState::Frozen, ManifestState::Posting] {
        for (refusal, command) in [
            (Refusal::NotSent, later(1_000)),
            (Refusal::Throttled { retry_after_ms: 400 }, later(1_000)),
            (Refusal::Throttled { retry_after_ms: 7_000 }, later(7_000)),
            (Refusal::Denied("401".into()), denied.clone()),
        ] {
            let mut told = Told::with(stands(state));
            told.hears(Heard::Leased);
            assert_eq!(told.hears(Heard::Failed(refusal)), command, "{state:?}");
        }
    }
}

#[test]
fn reading_that_fails_is_put_off() {
    for mut told in [asked_to_freeze(), asked_to_post(), looked_up(attempted(AttemptOutcome::Open))]
    {
        let ms = if told.manifest.epoch == 1 { 1_000 } else { 2_000 };
        assert_eq!(told.hears(Heard::Failed(Refusal::Unclear)), later(ms));
    }
}

#[test]
fn the_delay_doubles_with_each_epoch_up_to_its_cap() {
    for (epoch, ms) in [
        (0, 1_000),
        (1, 1_000),
        (2, 2_000),
        (3, 4_000),
        (6, 32_000),
        (7, 60_000),
        (17, 60_000),
        (u64::MAX, 60_000),
    ] {
        let mut told = Told::with(Manifest { epoch, ..committed(1) });
        told.hears(Heard::Leased);
        assert_eq!(told.hears(Heard::Failed(Refusal::NotSent)), later(ms), "epoch {epoch}");
    }
}

#[test]
fn a_batch_found_beyond_ready_is_marked_frozen_and_goes_on_from_there() {
    let frozen = |m: &mut Manifest| m.state = ManifestState::Frozen;
    for (status, command) in [
        (BatchStatus::ReadyToPost, Command::Post(NINE)),
        (BatchStatus::PostInProgress, Command::MarkPosting(NINE)),
    ] {
        let mut told = asked_to_freeze();
        assert_eq!(told.reads(9, status), Command::MarkFrozen(NINE));
        assert_eq!(told.stored(frozen), command);
    }
    let mut told = asked_to_freeze();
    assert_eq!(told.reads(9, BatchStatus::Posted), Command::MarkFrozen(NINE));
    assert!(matches!(told.stored(frozen), Command::Finish(NINE, outcomes) if outcomes.len() == 1));
}

#[test]
fn a_batch_somebody_has_open_is_waited_for_and_one_deleted_is_held() {
    assert_eq!(asked_to_freeze().reads(9, BatchStatus::Open), later(1_000));
    for status in [BatchStatus::Deleted, BatchStatus::Other] {
        let held = asked_to_freeze().reads(9, status);
        assert_eq!(held_for(&held), ReasonCode::BatchChanged, "{status:?}, before posting");
        let held = asked_to_post().reads(9, status);
        assert_eq!(held_for(&held), ReasonCode::BatchChanged, "{status:?}, while posting");
    }
}

#[test]
fn a_batch_changed_while_posting_is_held() {
    let held = asked_to_post().hears(Heard::Batch(None));
    assert_eq!(held_for(&held), ReasonCode::BatchChanged);
    let mut told = asked_to_post();
    let mut view = batch(&told.manifest, 9, BatchStatus::Posted);
    view.entries[0].amount = Money::new(101, Currency::USD);
    let held = told.hears(Heard::Batch(Some(Box::new(view))));
    assert_eq!(held_for(&held), ReasonCode::BatchChanged);
}

#[test]
fn a_batch_that_did_not_post_is_posted_by_the_next_pass() {
    assert_eq!(asked_to_post().reads(9, BatchStatus::ReadyToPost), later(1_000));
}

#[test]
fn posting_that_came_to_nothing_is_asked_for_once_more_a_pass() {
    let mut told = Told::with(stands(ManifestState::Posting));
    told.hears(Heard::Leased);
    assert_eq!(told.reads(9, BatchStatus::ReadyToPost), Command::Post(NINE));
    assert_eq!(told.hears(Heard::Done), Command::Read(NINE));
    assert_eq!(told.reads(9, BatchStatus::ReadyToPost), later(1_000));
}

#[test]
fn a_batch_reopened_while_posting_is_frozen_once_more_a_pass() {
    let mut told = asked_to_post();
    assert_eq!(told.reads(9, BatchStatus::Open), Command::Freeze(NINE));
    told.hears(Heard::Done);
    assert_eq!(told.reads(9, BatchStatus::ReadyToPost), Command::MarkFrozen(NINE));
    assert_eq!(told.stored(|_| {}), Command::Post(NINE));
    told.hears(Heard::Done);
    assert_eq!(told.reads(9, BatchStatus::Open), later(1_000));
}

#[test]
fn a_batch_at_its_posting_is_noted_and_looked_at_later() {
    let mut told = asked_to_post();
    assert_eq!(told.reads(9, BatchStatus::PostInProgress), Command::MarkPosting(NINE));
    assert_eq!(told.hears(Heard::Stored { holds: false }), later(1_000));
}

#[test]
fn the_end_is_taken_from_the_store_and_a_lost_end_from_the_manifest() {
    let mut told = asked_to_post();
    assert!(matches!(told.reads(9, BatchStatus::Posted), Command::Finish(NINE, _)));
    told.manifest.state = ManifestState::Posted;
    assert_eq!(told.hears(Heard::Stored { holds: false }), Command::Stop(Stop::Done));
    let mut told = asked_to_post();
    told.hears(Heard::Batch(None));
    assert_eq!(told.hears(Heard::Stored { holds: true }), Command::Stop(Stop::Done), "held");
}
