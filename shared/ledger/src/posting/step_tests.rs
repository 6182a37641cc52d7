use super::*;
use crate::posting::view::EntryView;
use domain::effect::{Content, Document, EffectKey, EffectKind, Extra, PostedAs};
use domain::id::PaymentKey;
use domain::manifest::{Attempt, Commit, Entry, Group};
use domain::money::{Currency, Money};

#[path = "error_batch_tests.rs"]
mod error_batches;
#[path = "pass_tests.rs"]
mod passes;
#[path = "view_tests.rs"]
mod views;

const NINE: BatchNumber = BatchNumber(9);

fn limits() -> Limits {
    Limits { settle_ms: 90_000, base_ms: 1_000, cap_ms: 60_000 }
}

fn entry(n: u32) -> Entry {
    let payment =
        PaymentKey { merchant: "main".into(), transaction: format!("51230041{n}").as_str().into() };
    let effect = EffectKey { payment, kind: EffectKind::Receipt, ordinal: 1 };
    let content = Content {
        company: "SAMLTD".into(),
        bank: "SEATAC".into(),
        customer: "1200".into(),
        amount: Money::new(i64::from(n) * 100, Currency::USD),
        reference: effect.reference(),
        posting_date: "2026-03-02".parse().unwrap(),
        receipt_date: "2026-03-02".parse().unwrap(),
        payment_code: "CCARD".into(),
        description: String::new(),
        document: Document::UnappliedCash,
        extra: Extra::default(),
    };
    Entry { effect, generation: 1, content }
}

fn sealed(n: u32) -> Manifest {
    let entries: Vec<Entry> = (1..=n).map(entry).collect();
    let group = Group::of(&entries[0].content);
    let mut manifest = Manifest::seal(group, entries, Timestamp::UNIX_EPOCH).unwrap();
    manifest.epoch = 1;
    manifest
}

fn batch(manifest: &Manifest, number: i64, status: BatchStatus) -> BatchView {
    let entries = manifest.entries.iter().enumerate().map(|(k, entry)| EntryView {
        number: i64::try_from(k).unwrap() + 1,
        reference: entry.content.reference.to_lowercase(),
        customer: entry.content.customer.clone(),
        amount: entry.content.amount,
        document: format!("UC{k}"),
        error: None,
    });
    BatchView {
        head: BatchHead {
            number: BatchNumber(number),
            status,
            description: manifest.description(1),
            entries: u32::try_from(manifest.entries.len()).unwrap(),
        },
        bank: "SEATAC".into(),
        currency: Currency::USD,
        entries: entries.collect(),
    }
}

/// One worker's pass, told what it hears and asked what it does.
struct Told {
    manifest: Manifest,
    work: Work,
    now_ms: i64,
}

impl Told {
    fn with(manifest: Manifest) -> Self {
        Self { work: Work::begin(manifest.epoch), manifest, now_ms: 0 }
    }

    fn hears(&mut self, heard: Heard) -> Command {
        let now = Timestamp::from_millisecond(self.now_ms).unwrap();
        let site = Site { manifest: &self.manifest, now, limits: &limits() };
        let (work, command) = step(self.work.clone(), &site, heard);
        self.work = work;
        command
    }

    fn stored(&mut self, change: impl FnOnce(&mut Manifest)) -> Command {
        change(&mut self.manifest);
        self.hears(Heard::Stored { holds: true })
    }

    fn reads(&mut self, number: i64, status: BatchStatus) -> Command {
        let view = batch(&self.manifest, number, status);
        self.hears(Heard::Batch(Some(Box::new(view))))
    }
}

fn attempted(outcome: AttemptOutcome) -> Manifest {
    let mut manifest = sealed(2);
    manifest.attempts.insert(1, Attempt { at: Timestamp::UNIX_EPOCH, outcome });
    manifest.epoch = 2;
    manifest
}

fn committed(n: u32) -> Manifest {
    let mut manifest = sealed(n);
    manifest.commit = Some(Commit::Batch(NINE));
    manifest.state = ManifestState::Committed;
    manifest
}

#[test]
fn the_straight_way_takes_six_sage_calls() {
    let mut told = Told::with(sealed(2));
    let mut sage_calls = 0;
    let mut count = |command: Command| {
        let sage = matches!(
            command,
            Command::Create | Command::Read(_) | Command::Freeze(_) | Command::Post(_)
        );
        sage_calls += usize::from(sage);
        command
    };
    assert_eq!(count(told.hears(Heard::Leased)), Command::Intend);
    assert_eq!(count(told.stored(|_| {})), Command::Create);
    assert_eq!(count(told.hears(Heard::Created(NINE))), Command::CloseAttempt);
    assert_eq!(count(told.stored(|_| {})), Command::Read(NINE));
    assert_eq!(count(told.reads(9, BatchStatus::Open)), Command::Commit(NINE));
    let commit = |m: &mut Manifest| {
        m.commit = Some(Commit::Batch(NINE));
        m.state = ManifestState::Committed;
    };
    assert_eq!(count(told.stored(commit)), Command::Freeze(NINE));
    assert_eq!(count(told.hears(Heard::Done)), Command::Read(NINE));
    assert_eq!(count(told.reads(9, BatchStatus::ReadyToPost)), Command::MarkFrozen(NINE));
    assert_eq!(count(told.stored(|m| m.state = ManifestState::Frozen)), Command::Post(NINE));
    assert_eq!(count(told.hears(Heard::Done)), Command::Read(NINE));
    let Command::Finish(NINE, outcomes) = count(told.reads(9, BatchStatus::Posted)) else {
        panic!("not finished")
    };
    let first = PostedAs { batch: NINE, entry: 1, document: "UC0".into() };
    assert_eq!(outcomes[0], EntryOutcome::Posted(first));
    assert_eq!(outcomes.len(), 2);
    assert_eq!(told.stored(|m| m.state = ManifestState::Posted), Command::Stop(Stop::Done));
    assert_eq!(sage_calls, 6);
}

#[test]
fn a_lost_answer_is_looked_up_before_anything_else_is_created() {
    let mut told = Told::with(sealed(1));
    told.hears(Heard::Leased);
    told.stored(|m| {
        let at = Timestamp::UNIX_EPOCH;
        m.attempts.insert(1, Attempt { at, outcome: AttemptOutcome::Open });
    });
    assert_eq!(told.hears(Heard::Failed(Refusal::Unclear)), Command::LookUp);
    let wait = told.hears(Heard::Found(Vec::new()));
    assert_eq!(wait, Command::Stop(Stop::Later { ms: 90_000 }));
}

#[test]
fn a_later_pass_finds_the_batch_or_waits_or_creates() {
    let mut told = Told::with(attempted(AttemptOutcome::Open));
    assert_eq!(told.hears(Heard::Leased), Command::LookUp);
    let head = batch(&told.manifest, 7, BatchStatus::Open).head;
    assert_eq!(told.hears(Heard::Found(vec![head])), Command::Read(BatchNumber(7)));
    assert_eq!(told.reads(7, BatchStatus::Open), Command::Commit(BatchNumber(7)));

    let mut late = Told::with(attempted(AttemptOutcome::Open));
    late.now_ms = 90_001;
    late.hears(Heard::Leased);
    assert_eq!(late.hears(Heard::Found(Vec::new())), Command::Intend);

    let mut closed = Told::with(attempted(AttemptOutcome::Closed));
    closed.hears(Heard::Leased);
    assert_eq!(
        closed.hears(Heard::Found(Vec::new())),
        Command::Intend,
        "nothing can land any more"
    );
}

#[test]
fn a_batch_with_other_content_is_no_candidate() {
    let mut told = Told::with(attempted(AttemptOutcome::Open));
    told.hears(Heard::Leased);
    let mut view = batch(&told.manifest, 7, BatchStatus::Open);
    view.entries.pop();
    told.hears(Heard::Found(vec![view.head.clone()]));
    let command = told.hears(Heard::Batch(Some(Box::new(view))));
    assert_eq!(command, Command::Stop(Stop::Later { ms: 90_000 }));
}

#[test]
fn a_batch_a_person_posted_already_is_preferred_and_two_of_them_are_held() {
    let mut told = Told::with(attempted(AttemptOutcome::Open));
    told.hears(Heard::Leased);
    let open = batch(&told.manifest, 7, BatchStatus::Open).head;
    let posted = batch(&told.manifest, 8, BatchStatus::Posted).head;
    let heads = vec![open, posted.clone()];
    assert_eq!(told.hears(Heard::Found(heads)), Command::Read(BatchNumber(8)));
    assert_eq!(told.reads(8, BatchStatus::Posted), Command::Commit(BatchNumber(8)));

    let mut twice = Told::with(attempted(AttemptOutcome::Open));
    twice.hears(Heard::Leased);
    let other = BatchHead { number: BatchNumber(6), ..posted.clone() };
    assert_eq!(twice.hears(Heard::Found(vec![posted, other])), Command::Read(BatchNumber(6)));
    assert_eq!(twice.reads(6, BatchStatus::Posted), Command::Read(BatchNumber(8)));
    let Command::Hold(hold) = twice.reads(8, BatchStatus::Posted) else { panic!("not held") };
    assert_eq!(hold.reason, ReasonCode::PostedOutside);
}

#[test]
fn a_refused_batch_is_halved_until_the_entry_stands_alone() {
    for (n, release) in [
        (99, Release::Ready { seal_max: 49 }),
        (2, Release::Ready { seal_max: 1 }),
        (1, Release::Held(Hold { reason: ReasonCode::SageRefused, evidence: "no".into() })),
    ] {
        let mut told = Told::with(sealed(n));
        told.hears(Heard::Leased);
        told.stored(|_| {});
        let closing = told.hears(Heard::Failed(Refusal::Refused("no".into())));
        assert_eq!(closing, Command::CloseAttempt);
        assert_eq!(told.stored(|_| {}), Command::Abort(release));
        assert_eq!(told.stored(|m| m.state = ManifestState::Aborted), Command::Stop(Stop::Done));
    }
}

#[test]
fn a_wrong_credential_stops_the_company_and_keeps_the_manifest() {
    let mut told = Told::with(sealed(3));
    told.hears(Heard::Leased);
    told.stored(|_| {});
    told.hears(Heard::Failed(Refusal::Denied("401".into())));
    assert_eq!(told.stored(|_| {}), Command::Stop(Stop::Denied("401".into())));
}

#[test]
fn only_the_committed_batch_is_ever_frozen() {
    let mut told = Told::with(sealed(1));
    told.hears(Heard::Leased);
    told.stored(|_| {});
    told.hears(Heard::Created(BatchNumber(12)));
    told.stored(|_| {});
    assert_eq!(told.reads(12, BatchStatus::Open), Command::Commit(BatchNumber(12)));
    told.manifest = committed(1);
    assert_eq!(told.hears(Heard::Stored { holds: false }), Command::Freeze(NINE), "the winner's");
    told.manifest.epoch = 5;
    assert_eq!(told.hears(Heard::Stored { holds: false }), Command::Stop(Stop::LostLease));
}

#[test]
fn a_changed_or_missing_committed_batch_is_held() {
    let mut gone = Told::with(committed(1));
    assert_eq!(gone.hears(Heard::Leased), Command::Freeze(NINE));
    gone.hears(Heard::Done);
    assert!(matches!(gone.hears(Heard::Batch(None)), Command::Hold(h)
        if h.reason == ReasonCode::BatchChanged));

    let mut edited = Told::with(committed(1));
    edited.hears(Heard::Leased);
    edited.hears(Heard::Done);
    let mut view = batch(&edited.manifest, 9, BatchStatus::ReadyToPost);
    view.entries[0].amount = Money::new(101, Currency::USD);
    assert!(matches!(edited.hears(Heard::Batch(Some(Box::new(view)))), Command::Hold(_)));
}

#[test]
fn a_refused_entry_is_removed_from_its_error_batch_before_it_is_given_back() {
    let mut manifest = committed(2);
    manifest.state = ManifestState::Frozen;
    let mut told = Told::with(manifest);
    assert_eq!(told.hears(Heard::Leased), Command::Post(NINE));
    told.hears(Heard::Failed(Refusal::Unclear));
    let mut view = batch(&told.manifest, 9, BatchStatus::Posted);
    view.entries[1].error = Some((BatchNumber(10), 1));
    let mut error = batch(&told.manifest, 10, BatchStatus::Open);
    error.head.description = "Error batch".into();
    error.entries.remove(0);
    error.entries[0].number = 1;
    let found = told.hears(Heard::Batch(Some(Box::new(view))));
    assert_eq!(found, Command::Read(BatchNumber(10)));
    let delete = told.hears(Heard::Batch(Some(Box::new(error.clone()))));
    assert_eq!(delete, Command::DeleteEntry(BatchNumber(10), 1));
    assert_eq!(told.hears(Heard::Failed(Refusal::Unclear)), Command::Read(BatchNumber(10)));
    error.entries.clear();
    let Command::Finish(NINE, outcomes) = told.hears(Heard::Batch(Some(Box::new(error)))) else {
        panic!("not finished")
    };
    assert!(matches!(outcomes[0], EntryOutcome::Posted(_)));
    assert!(matches!(&outcomes[1], EntryOutcome::Released(h)
        if h.reason == ReasonCode::PostingRefused));
}

#[test]
fn an_error_batch_a_person_posted_is_adopted_if_it_is_the_same_money() {
    let trace = |amount: i64| {
        let manifest = committed(1);
        let mut told = Told::with(Manifest { state: ManifestState::Frozen, ..manifest });
        told.hears(Heard::Leased);
        told.hears(Heard::Done);
        let mut view = batch(&told.manifest, 9, BatchStatus::Posted);
        view.entries[0].error = Some((BatchNumber(10), 1));
        told.hears(Heard::Batch(Some(Box::new(view))));
        let mut fixed = batch(&told.manifest, 10, BatchStatus::Posted);
        fixed.entries[0].amount = Money::new(amount, Currency::USD);
        told.hears(Heard::Batch(Some(Box::new(fixed))))
    };
    let adopted = PostedAs { batch: BatchNumber(10), entry: 1, document: "UC0".into() };
    assert_eq!(trace(100), Command::Finish(NINE, vec![EntryOutcome::Posted(adopted)]));
    assert!(matches!(trace(99), Command::Hold(_)));
}

#[test]
fn a_post_in_progress_is_waited_for_never_created_again() {
    let mut manifest = committed(1);
    manifest.state = ManifestState::Posting;
    let mut told = Told::with(manifest);
    assert_eq!(told.hears(Heard::Leased), Command::Read(NINE));
    assert_eq!(told.reads(9, BatchStatus::PostInProgress), Command::MarkPosting(NINE));
    assert!(matches!(told.stored(|_| {}), Command::Stop(Stop::Later { .. })));
}
