//! The file as a whole: the store's conformance, reopening, a killed process, the queues.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use domain::effect::{Content, Document, Effect, EffectKey, EffectKind, EffectState, Extra};
use domain::id::{PaymentKey, TransactionId};
use domain::manifest::{Entry, Group, Manifest};
use domain::money::{Currency, Money};
use engine::port::{Clock, Queue, QueueName};
use jiff::Timestamp;
use ledger::conformance::{Started, Violation, races, run};
use ledger::store::{Arrival, EffectQuery, InboxEvent, Inserted, Sealed, Store};

use super::{Delivery, Depth, Embedded, OpenError};

/// A time set by hand, in milliseconds.
#[derive(Default)]
struct Hand(AtomicI64);

impl Hand {
    fn set(&self, ms: i64) {
        self.0.store(ms, Ordering::SeqCst);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        at(self.0.load(Ordering::SeqCst))
    }
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap()
}

/// A folder of its own, removed with what is in it.
struct Folder(PathBuf);

impl Folder {
    #[expect(clippy::disallowed_methods, reason = "a folder name no other test process has")]
    fn new(name: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let next = NEXT.fetch_add(1, Ordering::SeqCst);
        let nanos = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let nanos = nanos.unwrap().as_nanos();
        let process = std::process::id();
        let folder = std::env::temp_dir().join(format!("{name}-{process}-{nanos}-{next}"));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

fn open(path: &Path) -> Embedded {
    Embedded::open(path, Arc::new(Hand::default())).unwrap()
}

fn in_memory() -> (Embedded, Arc<Hand>) {
    let hand = Arc::new(Hand::default());
    (Embedded::in_memory(Arc::<Hand>::clone(&hand)).unwrap(), hand)
}

async fn store_in_memory() -> Arc<dyn Store> {
    Arc::new(in_memory().0.store)
}

fn start(claimant: Started) -> Started {
    let task = tokio::spawn(claimant);
    Box::pin(async move { task.await.map_err(|error| Violation(error.to_string()))? })
}

fn event(id: &str) -> InboxEvent {
    InboxEvent {
        merchant: "m1".into(),
        id: id.into(),
        body_hash: "aa".to_owned(),
        transaction: None,
        source: "poll".to_owned(),
        received: at(5),
    }
}

fn ready(transaction: u32) -> Effect {
    let transaction_id = TransactionId(transaction.to_string());
    let payment = PaymentKey { merchant: "m1".into(), transaction: transaction_id };
    let key = EffectKey { payment, kind: EffectKind::Receipt, ordinal: 1 };
    let day = jiff::civil::date(2024, 2, 29);
    let content = Content {
        company: "SAMLTD".into(),
        bank: "CCB".to_owned(),
        customer: "1200".into(),
        amount: Money::new(1, Currency::USD),
        reference: key.reference(),
        posting_date: day,
        receipt_date: day,
        payment_code: "VISA".to_owned(),
        description: String::new(),
        document: Document::UnappliedCash,
        extra: Extra::default(),
    };
    Effect::ready(key, content, at(i64::from(transaction)))
}

#[tokio::test]
async fn published_documents_are_kept_as_the_contract_says() {
    let embedded = Embedded::in_memory(Arc::new(Hand::default())).unwrap();
    ledger::releases::conforms(&embedded.releases).await.unwrap();
}

#[tokio::test]
async fn the_store_in_memory_conforms() {
    run(store_in_memory).await.unwrap();
}

#[tokio::test]
async fn the_store_on_disk_conforms() {
    let folder = Folder::new("conformance");
    let next = AtomicU32::new(0);
    let make = async || {
        let name = format!("{}.db", next.fetch_add(1, Ordering::SeqCst));
        let store: Arc<dyn Store> = Arc::new(open(&folder.file(&name)).store);
        store
    };
    run(make).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_wins_in_memory() {
    races(store_in_memory, &start, 50, 200).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_wins_on_disk() {
    let folder = Folder::new("races");
    let store: Arc<dyn Store> = Arc::new(open(&folder.file("races.db")).store);
    let make = async || Arc::clone(&store);
    races(make, &start, 50, 200).await.unwrap();
}

#[tokio::test]
async fn what_was_stored_is_there_after_reopening() {
    let folder = Folder::new("reopen");
    let path = folder.file("paysage.db");
    let effect = ready(1);
    let manifest = {
        let db = open(&path);
        db.store.insert_inbox(&event("e1")).await.unwrap();
        assert_eq!(db.store.insert_effect(&effect, None).await.unwrap(), Inserted::New);
        let content = effect.content.clone().unwrap();
        let group = Group::of(&content);
        let entry = Entry { effect: effect.key.clone(), generation: 1, content };
        let manifest = Manifest::seal(group, vec![entry], at(9)).unwrap();
        assert_eq!(db.store.seal_manifest(&manifest).await.unwrap(), Sealed::Stored);
        db.queue.send(QueueName::Hints, "one".to_owned(), 0).await.unwrap();
        manifest
    };
    let db = open(&path);
    let again = db.store.insert_inbox(&event("e1")).await.unwrap();
    assert_eq!(again, Arrival::Duplicate { handled: false });
    assert_eq!(db.store.manifest(&manifest.id).await.unwrap(), Some(manifest.clone()));
    let query = EffectQuery { company: None, state: EffectState::Assigned, limit: 9 };
    let assigned = db.store.effects_by_state(&query).await.unwrap();
    assert_eq!(assigned[0].manifest.as_ref(), Some(&manifest.id));
    let received = db.queue.receive(QueueName::Hints, 9, at(0), 10).await.unwrap();
    assert_eq!(received.len(), 1);
    db.check().await.unwrap();
}

#[tokio::test]
async fn work_given_up_half_way_does_no_harm() {
    let folder = Folder::new("given-up");
    let path = folder.file("paysage.db");
    {
        let db = open(&path);
        for number in 0..100 {
            let effect = ready(number);
            let mut insert = std::pin::pin!(db.store.insert_effect(&effect, None));
            // Polled once, so that the work is handed over; then nobody waits for it any more.
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            drop(insert.as_mut().poll(&mut context));
        }
    }
    let db = open(&path);
    let query = EffectQuery { company: None, state: EffectState::Ready, limit: 1_000 };
    let stored = db.store.effects_by_state(&query).await.unwrap();
    assert_eq!(stored.len(), 100, "what was handed over before the drop was stored");
    assert_eq!(db.store.totals().await.unwrap().rows[0].count, 100);
    db.check().await.unwrap();
}

#[test]
#[ignore = "the process that a_killed_process_loses_nothing kills"]
#[expect(clippy::disallowed_methods, reason = "the killing test names the file this way")]
fn process_to_be_killed() {
    let path = PathBuf::from(std::env::var_os("EMBEDDED_KILL_FILE").unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let db = open(&path);
    runtime.block_on(async {
        for number in 0..20 {
            let body = format!("message {number}");
            db.queue.send(QueueName::Hints, body, 0).await.unwrap();
            db.store.insert_effect(&ready(number), None).await.unwrap();
        }
        db.queue.receive(QueueName::Hints, 5, at(0), 60_000).await.unwrap();
    });
    println!("STORED");
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

#[tokio::test]
async fn a_killed_process_loses_nothing() {
    let folder = Folder::new("killed");
    let path = folder.file("paysage.db");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tests::process_to_be_killed", "--ignored", "--nocapture"])
        .env("EMBEDDED_KILL_FILE", &path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let stored = lines.map(Result::unwrap).any(|line| line.contains("STORED"));
    assert!(stored, "the other process stored its work");

    let refused = Embedded::open(&path, Arc::new(Hand::default())).err().unwrap();
    assert!(matches!(refused, OpenError::InUse { .. }), "while it runs: {refused}");
    child.kill().unwrap();
    child.wait().unwrap();

    let hand = Arc::new(Hand::default());
    let db = Embedded::open(&path, Arc::<Hand>::clone(&hand)).unwrap();
    db.check().await.unwrap();
    assert_eq!(db.store.totals().await.unwrap().rows[0].count, 20);
    let depth = db.queue.depth(QueueName::Hints).await.unwrap();
    assert_eq!(depth, Depth { visible: 15, in_flight: 5, oldest_age_ms: Some(0) });
    hand.set(60_000);
    let received = db.queue.receive(QueueName::Hints, 99, at(60_000), 1_000).await.unwrap();
    assert_eq!(received.len(), 20, "what was in flight comes again");
    let again = received.iter().filter(|delivery| delivery.receives == 2).count();
    assert_eq!(again, 5);
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let folder = Folder::new("foreign");
    let path = folder.file("paysage.db");
    std::fs::write(&path, "this is no database, and it is long enough to be looked at").unwrap();
    let refused = Embedded::open(&path, Arc::new(Hand::default())).err().unwrap();
    assert!(matches!(refused, OpenError::Sqlite { .. }), "{refused}");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("this is no database"), "and left as it is");
}

#[tokio::test]
async fn a_message_is_hidden_until_acknowledged_or_due_again() {
    let (db, hand) = in_memory();
    hand.set(1_000);
    db.queue.send(QueueName::Hints, "a".to_owned(), 0).await.unwrap();
    hand.set(2_000);
    db.queue.send(QueueName::Hints, "b".to_owned(), 0).await.unwrap();
    let none = db.queue.receive(QueueName::EffectsReady, 9, at(2_000), 500).await.unwrap();
    assert!(none.is_empty(), "queues are apart");

    let first = db.queue.receive(QueueName::Hints, 1, at(2_000), 500).await.unwrap();
    let expected =
        Delivery { id: first[0].id, body: "a".to_owned(), receives: 1, first_sent: at(1_000) };
    assert_eq!(first, std::slice::from_ref(&expected));
    let depth = db.queue.depth(QueueName::Hints).await.unwrap();
    assert_eq!(depth, Depth { visible: 1, in_flight: 1, oldest_age_ms: Some(1_000) });
    let second = db.queue.receive(QueueName::Hints, 9, at(2_499), 500).await.unwrap();
    assert_eq!(second.len(), 1, "a is hidden");
    assert_eq!(second[0].body, "b");
    let due = db.queue.next_due(QueueName::Hints).await.unwrap();
    assert_eq!(due, Some(at(2_500)));
    let again = db.queue.receive(QueueName::Hints, 9, at(2_500), 500).await.unwrap();
    assert_eq!(again, [Delivery { receives: 2, ..expected }]);
    db.queue.ack(&[first[0].id, second[0].id, 999]).await.unwrap();
    let later = db.queue.receive(QueueName::Hints, 9, at(99_000), 500).await.unwrap();
    assert!(later.is_empty(), "acknowledged messages are gone");
    assert_eq!(db.queue.depth(QueueName::Hints).await.unwrap(), Depth::default());
    assert_eq!(db.queue.next_due(QueueName::Hints).await.unwrap(), None);
}

#[tokio::test]
async fn a_message_is_delayed_and_given_back() {
    let (db, _) = in_memory();
    db.queue.send(QueueName::EffectsReady, "a".to_owned(), 2).await.unwrap();
    let early = db.queue.receive(QueueName::EffectsReady, 9, at(1_999), 500).await.unwrap();
    assert!(early.is_empty(), "a delayed message waits");
    let depth = db.queue.depth(QueueName::EffectsReady).await.unwrap();
    assert_eq!(depth, Depth { visible: 0, in_flight: 0, oldest_age_ms: Some(0) });
    let due = db.queue.receive(QueueName::EffectsReady, 9, at(2_000), 500).await.unwrap();
    db.queue.retry(due[0].id, at(2_100), 300).await.unwrap();
    db.queue.retry(999, at(2_100), 300).await.unwrap();
    let depth = db.queue.depth(QueueName::EffectsReady).await.unwrap();
    assert_eq!((depth.visible, depth.in_flight), (0, 0), "given back, it is not in flight");
    let early = db.queue.receive(QueueName::EffectsReady, 9, at(2_399), 500).await.unwrap();
    assert!(early.is_empty());
    let due = db.queue.receive(QueueName::EffectsReady, 9, at(2_400), 500).await.unwrap();
    assert_eq!((due.len(), due[0].receives), (1, 2));
}

#[tokio::test]
async fn a_waiter_is_told_of_a_message_sent_before_it_waited() {
    let (db, _) = in_memory();
    let waiting = db.queue.clone();
    let waiter = tokio::spawn(async move {
        waiting.changed(QueueName::Hints).await;
        waiting.receive(QueueName::Hints, 9, at(0), 500).await.unwrap()
    });
    db.queue.send(QueueName::Hints, "a".to_owned(), 0).await.unwrap();
    assert_eq!(waiter.await.unwrap().len(), 1);
    db.queue.send(QueueName::Hints, "b".to_owned(), 0).await.unwrap();
    db.queue.changed(QueueName::Hints).await;
    assert_eq!(db.queue.receive(QueueName::Hints, 9, at(0), 500).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_message_is_received_by_one() {
    let (db, _) = in_memory();
    let sends = (0..200).map(|number| {
        let queue = db.queue.clone();
        tokio::spawn(async move { queue.send(QueueName::Hints, number.to_string(), 0).await })
    });
    for send in sends.collect::<Vec<_>>() {
        send.await.unwrap().unwrap();
    }
    let receives = (0..50).map(|_| {
        let queue = db.queue.clone();
        tokio::spawn(async move { queue.receive(QueueName::Hints, 7, at(0), 500).await })
    });
    let mut bodies = Vec::new();
    for receive in receives.collect::<Vec<_>>() {
        bodies.extend(receive.await.unwrap().unwrap().into_iter().map(|delivery| delivery.body));
    }
    bodies.sort();
    bodies.dedup();
    assert_eq!(bodies.len(), 200, "each message once");
}
