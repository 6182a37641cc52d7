//! One Sage company with customers, documents and receipt batches. Posting draws documents down;
//! what it will not post moves to an error batch. Faults are scripted by operation.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::account::{Customer, OpenDocument};
use domain::effect::Content;
use domain::id::{BatchNumber, CompanyId, CustomerNumber, DocumentNumber, ManifestId};
use domain::manifest::{Entry, Manifest};
use domain::money::{Currency, Money};
use jiff::civil::Date;
use ledger::posting::{BatchHead, BatchStatus, BatchView, EntryView};
use tokio::sync::Notify;

use super::super::fakes::{Fate, Weather};
use crate::port::{CallError, Called, Cause, Erp, NewCustomer, Period, Phase};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Well,
    NotSent,
    Throttled,
    Denied,
    /// Nothing happens, and the caller cannot know.
    LostBefore,
    /// It happens, and the caller cannot know.
    LostAfter,
    /// It happens when `land` is called; the caller cannot know.
    Late,
    /// It happens now and again when `land` is called; the caller cannot know.
    Double,
}

#[derive(Default)]
pub struct Books {
    pub customers: BTreeMap<String, Customer>,
    pub documents: BTreeMap<String, OpenDocument>,
    pub orders: BTreeMap<String, CustomerNumber>,
    pub banks: BTreeSet<String>,
    pub codes: BTreeSet<String>,
    /// Dates that are locked, and the first open day after them.
    pub locked: BTreeMap<Date, Option<Date>>,
    /// References Sage refuses in a batch to be created, and in one to be posted.
    pub refused: BTreeSet<String>,
    pub unpostable: BTreeSet<String>,
    pub batches: BTreeMap<i64, BatchView>,
    pub calls: BTreeMap<&'static str, u64>,
    contents: BTreeMap<(i64, i64), Content>,
    faults: BTreeMap<&'static str, VecDeque<Fault>>,
    pub late: Vec<(Manifest, u64)>,
    /// Entries that would have applied more than is due.
    pub over_applied: u64,
    /// Entries moved to error batches.
    pub errors: u64,
    /// Manifests somebody tried to create a batch for.
    pub manifests: BTreeSet<ManifestId>,
    gate: Option<&'static str>,
    stands: bool,
}

pub struct FakeCompany {
    books: Mutex<Books>,
    weather: Arc<Weather>,
    opened: Notify,
}

impl Books {
    fn next_number(&self) -> i64 {
        self.batches.last_key_value().map_or(101, |(number, _)| number + 1)
    }

    fn add_batch(&mut self, description: String, bank: String) -> i64 {
        let number = BatchNumber(self.next_number());
        let head = BatchHead { number, status: BatchStatus::Open, description, entries: 0 };
        let view = BatchView { head, bank, currency: Currency::USD, entries: Vec::new() };
        self.batches.insert(number.0, view);
        number.0
    }

    fn add_entry(&mut self, batch: i64, content: Content) -> i64 {
        let view = self.batches.get_mut(&batch).unwrap();
        let number = view.entries.last().map_or(1, |entry| entry.number + 1);
        view.entries.push(EntryView {
            number,
            reference: content.reference.clone(),
            customer: content.customer.clone(),
            amount: content.amount,
            document: format!("PY{batch}-{number}"),
            error: None,
        });
        view.head.entries += 1;
        self.contents.insert((batch, number), content);
        number
    }

    fn create(&mut self, manifest: &Manifest, epoch: u64) -> BatchNumber {
        let bank = manifest.group.bank.clone();
        let batch = self.add_batch(manifest.description(epoch), bank);
        for entry in &manifest.entries {
            self.add_entry(batch, entry.content.clone());
        }
        BatchNumber(batch)
    }

    fn accepts(&self, entry: &Entry) -> bool {
        !self.refused.contains(&entry.content.reference)
            && !self.locked.contains_key(&entry.content.posting_date)
    }

    /// Posts a batch that is ready; each entry it will not post moves to a new error batch.
    pub fn post(&mut self, number: i64) {
        let Some(batch) = self.batches.get_mut(&number) else { return };
        if batch.head.status != BatchStatus::ReadyToPost {
            return;
        }
        batch.head.status = BatchStatus::Posted;
        let (bank, entries) = (batch.bank.clone(), batch.entries.clone());
        for entry in entries {
            let content = self.contents.get(&(number, entry.number)).unwrap().clone();
            if self.draw_down(&content) {
                continue;
            }
            self.errors += 1;
            let error = self.add_batch("Posting errors".into(), bank.clone());
            let moved = self.add_entry(error, content);
            let stored = self.batches.get_mut(&number).unwrap().entries.iter_mut();
            let mut stored = stored.filter(|other| other.number == entry.number);
            stored.next().unwrap().error = Some((BatchNumber(error), moved));
        }
    }

    fn draw_down(&mut self, content: &Content) -> bool {
        let fits = content.lines().iter().all(|line| {
            let document = self.documents.get(line.document.as_str());
            document.is_some_and(|document| document.due.minor >= line.amount.minor)
        });
        self.over_applied += u64::from(!fits);
        if !fits || self.unpostable.contains(&content.reference) {
            return false;
        }
        for line in content.lines() {
            let document = self.documents.get_mut(line.document.as_str()).unwrap();
            document.due = document.due.minus(line.amount).unwrap();
        }
        true
    }

    /// Entries posted under a reference: batch, customer, amount.
    pub fn posted(&self, reference: &str) -> Vec<(i64, String, i64)> {
        let posted = self.batches.values().filter(|b| b.head.status == BatchStatus::Posted);
        posted
            .flat_map(|batch| batch.entries.iter().map(|entry| (batch.head.number.0, entry)))
            .filter(|(_, entry)| entry.reference == reference && entry.error.is_none())
            .map(|(number, e)| (number, e.customer.to_string(), e.amount.minor))
            .collect()
    }

    pub fn in_status(&self, status: BatchStatus) -> Vec<i64> {
        let found = self.batches.values().filter(|b| b.head.status == status);
        found.filter(|b| !b.entries.is_empty()).map(|b| b.head.number.0).collect()
    }

    pub fn set_status(&mut self, number: i64, status: BatchStatus) {
        self.batches.get_mut(&number).unwrap().head.status = status;
    }

    pub fn due(&self, document: &str) -> i64 {
        self.documents.get(document).unwrap().due.minor
    }

    /// What was on its way lands now.
    pub fn land(&mut self) {
        for (manifest, epoch) in std::mem::take(&mut self.late) {
            self.create(&manifest, epoch);
        }
    }

    pub fn script(&mut self, operation: &'static str, faults: &[Fault]) {
        self.faults.entry(operation).or_default().extend(faults);
    }

    pub fn count(&self, operation: &str) -> u64 {
        self.calls.get(operation).copied().unwrap_or_default()
    }
}

impl FakeCompany {
    pub fn new(weather: Arc<Weather>) -> Self {
        Self { books: Mutex::default(), weather, opened: Notify::new() }
    }

    pub fn with<T>(&self, act: impl FnOnce(&mut Books) -> T) -> T {
        act(&mut self.books.lock().unwrap())
    }

    /// The next call of this operation waits until `open_gate`.
    pub fn close_gate(&self, operation: &'static str) {
        self.with(|books| books.gate = Some(operation));
    }

    /// Lets others work until one of them waits at the gate.
    pub async fn until_somebody_waits(&self) {
        for _ in 0..10_000 {
            if self.with(|books| books.stands) {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("nobody came to the gate");
    }

    pub fn open_gate(&self) {
        self.opened.notify_one();
    }

    async fn call<T>(
        &self,
        operation: &'static str,
        act: impl FnOnce(&mut Books) -> Called<T>,
    ) -> Called<T> {
        self.call_or_late(operation, None, act).await
    }

    /// `late`: what may land once more, or not until later.
    async fn call_or_late<T>(
        &self,
        operation: &'static str,
        late: Option<(Manifest, u64)>,
        act: impl FnOnce(&mut Books) -> Called<T>,
    ) -> Called<T> {
        let waits = self.with(|books| {
            books.stands = books.gate.take_if(|gate| *gate == operation).is_some();
            books.stands
        });
        if waits {
            self.opened.notified().await;
        }
        let called = |fate| {
            let mut books = self.books.lock().unwrap();
            *books.calls.entry(operation).or_default() += 1;
            let scripted = books.faults.get_mut(operation).and_then(VecDeque::pop_front);
            let fault = scripted.unwrap_or(Fault::from(fate));
            if matches!(fault, Fault::Late | Fault::Double) {
                books.late.extend(late);
            }
            answered(fault, &mut books, act)
        };
        self.weather.around(called).await
    }
}

fn answered<T>(
    fault: Fault,
    books: &mut Books,
    act: impl FnOnce(&mut Books) -> Called<T>,
) -> Called<T> {
    match fault {
        Fault::Well => act(books),
        Fault::NotSent => Err(failed(Phase::NotSent, None)),
        Fault::Throttled => Err(failed(Phase::Throttled, None)),
        Fault::Denied => Err(failed(Phase::Refused, Some(Cause::Denied))),
        Fault::LostBefore | Fault::Late => Err(failed(Phase::Unclear, None)),
        Fault::LostAfter | Fault::Double => {
            act(books)?;
            Err(failed(Phase::Unclear, None))
        }
    }
}

impl From<Fate> for Fault {
    fn from(fate: Fate) -> Self {
        match fate {
            Fate::Well => Self::Well,
            Fate::NotSent => Self::NotSent,
            Fate::Throttled => Self::Throttled,
            Fate::LostBefore => Self::LostBefore,
            Fate::LostAfter => Self::LostAfter,
            Fate::Late => Self::Late,
            Fate::Double => Self::Double,
        }
    }
}

fn failed(phase: Phase, cause: Option<Cause>) -> CallError {
    let message = "scripted".to_owned();
    CallError { operation: "fake Sage", phase, cause, message, retry_after_ms: None }
}

#[async_trait]
impl Erp for FakeCompany {
    async fn customer(&self, _: &CompanyId, number: &CustomerNumber) -> Called<Option<Customer>> {
        self.call("customer", |books| Ok(books.customers.get(number.as_str()).cloned())).await
    }

    async fn customers_by_email(&self, _: &CompanyId, email: &str) -> Called<Vec<Customer>> {
        self.call("customers_by_email", |books| {
            let all = books.customers.values().filter(|customer| customer.email == email);
            Ok(all.cloned().collect())
        })
        .await
    }

    async fn customers_like(&self, _: &CompanyId, name: &str) -> Called<Vec<Customer>> {
        self.call("customers_like", |books| {
            let all = books.customers.values().filter(|customer| customer.name == name);
            Ok(all.cloned().collect())
        })
        .await
    }

    async fn create_customer(&self, _: &CompanyId, draft: &NewCustomer) -> Called<Customer> {
        self.call("create_customer", |books| {
            let fresh = super::customer(draft.number.as_str(), &draft.name, &draft.email);
            let number = draft.number.to_string();
            Ok(books.customers.entry(number).or_insert(fresh).clone())
        })
        .await
    }

    async fn open_documents(
        &self,
        _: &CompanyId,
        customer: &CustomerNumber,
    ) -> Called<Vec<OpenDocument>> {
        self.call("open_documents", |books| {
            let own = books.documents.values().filter(|d| d.customer == *customer);
            Ok(own.filter(|document| document.due.minor > 0).cloned().collect())
        })
        .await
    }

    async fn document(&self, _: &CompanyId, number: &DocumentNumber) -> Called<Vec<OpenDocument>> {
        self.call("document", |books| {
            Ok(books.documents.get(number.as_str()).cloned().into_iter().collect())
        })
        .await
    }

    async fn order_customer(&self, _: &CompanyId, order: &str) -> Called<Option<CustomerNumber>> {
        self.call("order_customer", |books| Ok(books.orders.get(order).cloned())).await
    }

    async fn bank_exists(&self, _: &CompanyId, bank: &str) -> Called<bool> {
        self.call("bank_exists", |books| Ok(books.banks.contains(bank))).await
    }

    async fn payment_code_exists(&self, _: &CompanyId, code: &str) -> Called<bool> {
        self.call("payment_code_exists", |books| Ok(books.codes.contains(code))).await
    }

    async fn period(&self, _: &CompanyId, date: Date) -> Called<Period> {
        self.call("period", |books| {
            Ok(match books.locked.get(&date) {
                None => Period::Open,
                Some(next_open) => Period::Locked { next_open: *next_open },
            })
        })
        .await
    }

    async fn create_batch(&self, manifest: &Manifest, epoch: u64) -> Called<BatchNumber> {
        let late = manifest.entries.iter().all(|entry| self.with(|books| books.accepts(entry)));
        let late = late.then(|| (manifest.clone(), epoch));
        self.with(|books| books.manifests.insert(manifest.id.clone()));
        self.call_or_late("create_batch", late, |books| {
            if manifest.entries.iter().all(|entry| books.accepts(entry)) {
                Ok(books.create(manifest, epoch))
            } else {
                Err(failed(Phase::Refused, Some(Cause::Rule)))
            }
        })
        .await
    }

    async fn find_batches(&self, _: &CompanyId, token: &str) -> Called<Vec<BatchHead>> {
        self.call("find_batches", |books| {
            let all = books.batches.values().map(|batch| batch.head.clone());
            Ok(all.filter(|head| head.description.starts_with(token)).collect())
        })
        .await
    }

    async fn open_batches(&self, _: &CompanyId) -> Called<Vec<BatchHead>> {
        self.call("open_batches", |books| {
            let all = books.batches.values().map(|batch| batch.head.clone());
            let ours = all.filter(|head| head.description.starts_with("PTS1:"));
            Ok(ours.filter(|h| h.status == BatchStatus::Open && h.entries > 0).collect())
        })
        .await
    }

    async fn read_batch(&self, _: &CompanyId, number: BatchNumber) -> Called<Option<BatchView>> {
        self.call("read_batch", |books| Ok(books.batches.get(&number.0).cloned())).await
    }

    async fn freeze_batch(&self, _: &CompanyId, number: BatchNumber) -> Called<()> {
        self.call("freeze_batch", |books| {
            let batch = books.batches.get_mut(&number.0).unwrap();
            if batch.head.status == BatchStatus::Open {
                batch.head.status = BatchStatus::ReadyToPost;
            }
            Ok(())
        })
        .await
    }

    async fn post_batch(&self, _: &CompanyId, number: BatchNumber) -> Called<()> {
        self.call("post_batch", |books| {
            books.post(number.0);
            Ok(())
        })
        .await
    }

    async fn delete_entries(
        &self,
        _: &CompanyId,
        number: BatchNumber,
        entries: &[i64],
    ) -> Called<()> {
        self.call("delete_entries", |books| {
            let batch = books.batches.get_mut(&number.0).unwrap();
            if batch.head.status == BatchStatus::Open {
                batch.entries.retain(|entry| !entries.contains(&entry.number));
                batch.head.entries = u32::try_from(batch.entries.len()).unwrap();
            }
            Ok(())
        })
        .await
    }
}

/// What is due on a document.
pub fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::USD)
}
