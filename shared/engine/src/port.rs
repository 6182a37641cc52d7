//! Outbound ports. Each has a real implementation and one with semantics for tests; the engine sees
//! only these, so that it runs unchanged under a virtual clock and seeded faults.

use async_trait::async_trait;
use domain::account::{Customer, OpenDocument};
use domain::id::{
    BatchNumber, CompanyId, CustomerNumber, DocumentNumber, MerchantId, ProfileId, TransactionId,
};
use domain::manifest::Manifest;
use domain::transaction::Transaction;
use jiff::Timestamp;
use jiff::civil::Date;
use ledger::posting::{BatchHead, BatchView};
use thiserror::Error;

/// Was money, or a document, possibly moved? Only `NotSent` and `Throttled` may be repeated blindly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The request certainly never reached the vendor.
    NotSent,
    /// The vendor answered, and did nothing.
    Refused,
    /// The vendor asked for fewer requests, and did nothing.
    Throttled,
    /// Nobody knows. Read before doing anything else.
    Unclear,
}

/// What a `Refused` refers to, as far as the vendor's codes tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The credential or a right: nothing of this company or merchant will work until it is mended.
    Denied,
    /// The record is not there.
    Missing,
    /// A record of that key is there already.
    Duplicate,
    /// A record is locked by somebody; it may be free later.
    Locked,
    /// What was sent breaks a rule.
    Rule,
}

/// A call to a vendor that did not succeed.
#[derive(Debug, Error)]
#[error("{operation}: {message}")]
pub struct CallError {
    pub operation: &'static str,
    pub phase: Phase,
    /// Only with `Refused`.
    pub cause: Option<Cause>,
    /// The vendor's own code and words, or the transport's.
    pub message: String,
    pub retry_after_ms: Option<u64>,
}

pub type Called<T> = Result<T, CallError>;

/// PayTrace, read side.
#[async_trait]
pub trait Gateway: Send + Sync {
    /// The transaction as PayTrace states it now; `None` when it does not know the id.
    async fn transaction(
        &self,
        merchant: &MerchantId,
        id: &TransactionId,
    ) -> Called<Option<Transaction>>;

    /// All transactions created on the given days (PayTrace's zone, both inclusive).
    async fn created_between(
        &self,
        merchant: &MerchantId,
        first: Date,
        last: Date,
    ) -> Called<Vec<Transaction>>;

    /// E-mail of a vault profile, when the transaction itself has none.
    async fn profile_email(
        &self,
        merchant: &MerchantId,
        profile: &ProfileId,
    ) -> Called<Option<String>>;
}

/// A customer to be created under a number chosen by us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCustomer {
    pub number: CustomerNumber,
    pub group: String,
    pub tax_group: Option<String>,
    pub name: String,
    pub email: String,
    pub street: String,
    pub city: String,
    pub state: String,
    pub zip: String,
    pub country: String,
}

/// Whether a date may be posted to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Period {
    Open,
    /// Locked or outside the calendar; the first day of the next open period, if there is one.
    Locked {
        next_open: Option<Date>,
    },
}

/// Sage 300, both sides.
#[async_trait]
pub trait Erp: Send + Sync {
    async fn customer(
        &self,
        company: &CompanyId,
        number: &CustomerNumber,
    ) -> Called<Option<Customer>>;

    async fn customers_by_email(&self, company: &CompanyId, email: &str) -> Called<Vec<Customer>>;

    /// Customers whose name may be meant by `name`: a superset, to be compared after normalization.
    async fn customers_like(&self, company: &CompanyId, name: &str) -> Called<Vec<Customer>>;

    /// Creates, or finds it there already under that number (then reads it and answers that).
    async fn create_customer(&self, company: &CompanyId, draft: &NewCustomer) -> Called<Customer>;

    /// Open invoices, debit notes and interest of the customer.
    async fn open_documents(
        &self,
        company: &CompanyId,
        customer: &CustomerNumber,
    ) -> Called<Vec<OpenDocument>>;

    /// Documents of any customer by number, open or paid (a paid one has nothing due).
    async fn document(
        &self,
        company: &CompanyId,
        number: &DocumentNumber,
    ) -> Called<Vec<OpenDocument>>;

    /// The customer of an order that exists under this number (O/E `OrderNumber`).
    async fn order_customer(
        &self,
        company: &CompanyId,
        order: &str,
    ) -> Called<Option<CustomerNumber>>;

    async fn bank_exists(&self, company: &CompanyId, bank: &str) -> Called<bool>;

    async fn payment_code_exists(&self, company: &CompanyId, code: &str) -> Called<bool>;

    /// Whether A/R may post on that date.
    async fn period(&self, company: &CompanyId, date: Date) -> Called<Period>;

    /// T7. Creates the manifest's batch, Open, described by its token and this epoch.
    async fn create_batch(&self, manifest: &Manifest, epoch: u64) -> Called<BatchNumber>;

    /// Receipt batches of any status whose description starts with `token`, by number.
    async fn find_batches(&self, company: &CompanyId, token: &str) -> Called<Vec<BatchHead>>;

    /// Receipt batches of ours (description starting with `PTS1:`) that are still Open and have
    /// entries: the committed ones not yet frozen, and the strays a late create left behind.
    async fn open_batches(&self, company: &CompanyId) -> Called<Vec<BatchHead>>;

    async fn read_batch(
        &self,
        company: &CompanyId,
        number: BatchNumber,
    ) -> Called<Option<BatchView>>;

    /// T10. Sets ReadyToPost.
    async fn freeze_batch(&self, company: &CompanyId, number: BatchNumber) -> Called<()>;

    /// T11. Posts exactly that batch.
    async fn post_batch(&self, company: &CompanyId, number: BatchNumber) -> Called<()>;

    /// Deletes entries of an Open batch, in one request.
    async fn delete_entries(
        &self,
        company: &CompanyId,
        number: BatchNumber,
        entries: &[i64],
    ) -> Called<()>;
}

/// The queues between functions. Standard queues: at least once, in any order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum QueueName {
    /// To the transformer.
    Hints,
    /// To the poster: effects of a company are READY.
    EffectsReady,
}

/// The queue could not take the message. Nothing is known to be queued; send again.
#[derive(Debug, Error)]
#[error("the queue did not take the message")]
pub struct QueueError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

#[async_trait]
pub trait Queue: Send + Sync {
    /// Returns once the message is durable. It is delivered no earlier than `delay_seconds` from now.
    async fn send(
        &self,
        queue: QueueName,
        body: String,
        delay_seconds: u32,
    ) -> Result<(), QueueError>;
}

pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// A doubtful value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// What it is meant to be: `country`, `region`, ...
    pub meaning: String,
    /// The form it is wanted in, in words.
    pub form: String,
    pub value: String,
}

/// What a model thinks is meant. Shown to a person, never taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    pub value: String,
    pub why: String,
    pub model: String,
}

/// A model that may be asked.
#[async_trait]
pub trait Advisor: Send + Sync {
    async fn propose(&self, question: &Question) -> Called<Option<Proposal>>;
}
