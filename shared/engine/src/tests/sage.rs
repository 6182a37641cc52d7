//! A small Sage: batches are opened, frozen and posted; numbers are never used twice; a create may
//! land late, or twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::account::{Customer, OpenDocument};
use domain::id::{BatchNumber, CompanyId, CustomerNumber, DocumentNumber, ManifestId};
use domain::manifest::Manifest;
use domain::money::Currency;
use jiff::civil::Date;
use ledger::posting::{BatchHead, BatchStatus, BatchView, EntryView};

use super::fakes::{Fate, Weather, failed, read};
use crate::port::{Called, Erp, NewCustomer, Period, Phase};

pub struct FakeSage {
    weather: Arc<Weather>,
    /// Several workers are at it: another one's look-up is not this one's.
    crowded: bool,
    books: Mutex<Books>,
}

#[derive(Default)]
struct Books {
    batches: BTreeMap<i64, BatchView>,
    /// Creates on their way, with how many rounds they still take.
    late: Vec<(u32, Manifest, u64)>,
    posting_calls: u64,
    /// Manifests with a create nobody knows the outcome of, and no look-up since.
    unclear: BTreeSet<ManifestId>,
}

impl Books {
    fn create(&mut self, manifest: &Manifest, epoch: u64) -> BatchNumber {
        let last = self.batches.last_key_value().map_or(100, |(number, _)| *number);
        let number = BatchNumber(last + 1);
        let entries = manifest.entries.iter().enumerate().map(|(k, entry)| EntryView {
            number: i64::try_from(k).unwrap() + 1,
            reference: entry.content.reference.clone(),
            customer: entry.content.customer.clone(),
            amount: entry.content.amount,
            document: format!("UC{}-{k}", number.0),
            error: None,
        });
        let head = BatchHead {
            number,
            status: BatchStatus::Open,
            description: manifest.description(epoch),
            entries: u32::try_from(manifest.entries.len()).unwrap(),
        };
        let entries = entries.collect();
        let bank = manifest.group.bank.clone();
        let view = BatchView { head, bank, currency: Currency::USD, entries };
        self.batches.insert(number.0, view);
        number
    }

    fn advance(&mut self, number: BatchNumber, from: BatchStatus, to: BatchStatus) {
        if let Some(batch) = self.batches.get_mut(&number.0).filter(|b| b.head.status == from) {
            batch.head.status = to;
        }
    }
}

impl FakeSage {
    pub fn new(weather: Arc<Weather>, crowded: bool) -> Self {
        Self { weather, crowded, books: Mutex::default() }
    }

    /// Time passes: what was late may land now.
    pub fn let_land(&self) {
        let mut books = self.books.lock().unwrap();
        for (rounds, manifest, epoch) in std::mem::take(&mut books.late) {
            match rounds {
                0 => {
                    books.create(&manifest, epoch);
                }
                left => books.late.push((left - 1, manifest, epoch)),
            }
        }
    }

    /// At most one posted entry carries a reference.
    pub fn check(&self, told: &str) {
        let books = self.books.lock().unwrap();
        let mut seen = BTreeMap::new();
        let posted = books.batches.values().filter(|b| b.head.status == BatchStatus::Posted);
        for entry in posted.flat_map(|batch| &batch.entries) {
            let other = seen.insert(entry.reference.clone(), entry.document.clone());
            assert_eq!(other, None, "{told}: {} was posted twice", entry.reference);
        }
    }

    /// Batches somebody froze or posted: number and description.
    pub fn acted_on(&self) -> Vec<(i64, String)> {
        let books = self.books.lock().unwrap();
        let acted = books.batches.values().filter(|b| b.head.status != BatchStatus::Open);
        acted.map(|batch| (batch.head.number.0, batch.head.description.clone())).collect()
    }

    pub fn posted_references(&self) -> usize {
        let books = self.books.lock().unwrap();
        let posted = books.batches.values().filter(|b| b.head.status == BatchStatus::Posted);
        posted.map(|batch| batch.entries.len()).sum()
    }

    pub fn entries_left_over(&self) -> usize {
        let books = self.books.lock().unwrap();
        let open = books.batches.values().filter(|b| b.head.status != BatchStatus::Posted);
        let coming: usize = books.late.iter().map(|(_, manifest, _)| manifest.entries.len()).sum();
        open.map(|batch| batch.entries.len()).sum::<usize>() + coming
    }

    pub fn posting_calls(&self) -> u64 {
        self.books.lock().unwrap().posting_calls
    }

    async fn posting<T>(&self, act: impl FnOnce(&mut Books, Fate) -> Called<T>) -> Called<T> {
        self.weather
            .around(|fate| {
                let mut books = self.books.lock().unwrap();
                books.posting_calls += 1;
                act(&mut books, fate)
            })
            .await
    }

    /// A change that may be repeated: it happens, or not, or once more than wanted.
    async fn change(&self, act: impl Fn(&mut Books)) -> Called<()> {
        self.posting(|books, fate| {
            if !matches!(fate, Fate::NotSent | Fate::Throttled | Fate::LostBefore) {
                act(books);
            }
            if fate == Fate::Double {
                act(books);
            }
            read(fate, ())
        })
        .await
    }

    async fn look<T>(&self, value: T) -> Called<T> {
        self.weather.around(|fate| read(fate, value)).await
    }
}

#[async_trait]
impl Erp for FakeSage {
    async fn customer(&self, _: &CompanyId, number: &CustomerNumber) -> Called<Option<Customer>> {
        self.look(Some(Customer {
            number: number.clone(),
            name: "Walk-in".into(),
            email: String::new(),
            street: String::new(),
            zip: String::new(),
            currency: "USD".into(),
            active: true,
        }))
        .await
    }

    async fn customers_by_email(&self, _: &CompanyId, _: &str) -> Called<Vec<Customer>> {
        self.look(Vec::new()).await
    }

    async fn customers_like(&self, _: &CompanyId, _: &str) -> Called<Vec<Customer>> {
        self.look(Vec::new()).await
    }

    async fn create_customer(&self, _: &CompanyId, _: &NewCustomer) -> Called<Customer> {
        Err(failed(Phase::Refused))
    }

    async fn open_documents(&self, _: &CompanyId, _: &CustomerNumber) -> Called<Vec<OpenDocument>> {
        self.look(Vec::new()).await
    }

    async fn document(&self, _: &CompanyId, _: &DocumentNumber) -> Called<Vec<OpenDocument>> {
        self.look(Vec::new()).await
    }

    async fn order_customer(&self, _: &CompanyId, _: &str) -> Called<Option<CustomerNumber>> {
        self.look(None).await
    }

    async fn bank_exists(&self, _: &CompanyId, _: &str) -> Called<bool> {
        self.look(true).await
    }

    async fn payment_code_exists(&self, _: &CompanyId, _: &str) -> Called<bool> {
        self.look(true).await
    }

    async fn period(&self, _: &CompanyId, _: Date) -> Called<Period> {
        self.look(Period::Open).await
    }

    async fn create_batch(&self, manifest: &Manifest, epoch: u64) -> Called<BatchNumber> {
        self.posting(|books, fate| {
            let unclear = books.unclear.contains(&manifest.id);
            assert!(!unclear || self.crowded, "created again without looking first");
            let number = match fate {
                Fate::Well | Fate::Double | Fate::LostAfter => books.create(manifest, epoch),
                _ => BatchNumber(0),
            };
            if matches!(fate, Fate::Late | Fate::Double) {
                let rounds = u32::try_from(epoch % 40).unwrap();
                books.late.push((rounds, manifest.clone(), epoch));
            }
            let answer = read(fate, number);
            if answer.as_ref().is_err_and(|error| error.phase == Phase::Unclear) {
                books.unclear.insert(manifest.id.clone());
            }
            answer
        })
        .await
    }

    async fn find_batches(&self, _: &CompanyId, token: &str) -> Called<Vec<BatchHead>> {
        self.posting(|books, fate| {
            books.unclear.retain(|id| !token.ends_with(id.as_str()));
            let all = books.batches.values().map(|batch| batch.head.clone());
            read(fate, all.filter(|head| head.description.starts_with(token)).collect())
        })
        .await
    }

    async fn open_batches(&self, _: &CompanyId) -> Called<Vec<BatchHead>> {
        self.weather
            .around(|fate| {
                let books = self.books.lock().unwrap();
                let all = books.batches.values().map(|batch| batch.head.clone());
                let open = all.filter(|h| h.status == BatchStatus::Open && h.entries > 0);
                read(fate, open.collect())
            })
            .await
    }

    async fn read_batch(&self, _: &CompanyId, number: BatchNumber) -> Called<Option<BatchView>> {
        self.posting(|books, fate| read(fate, books.batches.get(&number.0).cloned())).await
    }

    async fn freeze_batch(&self, _: &CompanyId, number: BatchNumber) -> Called<()> {
        self.change(|books| books.advance(number, BatchStatus::Open, BatchStatus::ReadyToPost))
            .await
    }

    async fn post_batch(&self, _: &CompanyId, number: BatchNumber) -> Called<()> {
        self.change(|books| books.advance(number, BatchStatus::ReadyToPost, BatchStatus::Posted))
            .await
    }

    async fn delete_entries(
        &self,
        _: &CompanyId,
        number: BatchNumber,
        entries: &[i64],
    ) -> Called<()> {
        self.change(|books| {
            let batch = books.batches.get_mut(&number.0);
            if let Some(batch) = batch.filter(|b| b.head.status == BatchStatus::Open) {
                batch.entries.retain(|entry| !entries.contains(&entry.number));
                batch.head.entries = u32::try_from(batch.entries.len()).unwrap();
            }
        })
        .await
    }
}
