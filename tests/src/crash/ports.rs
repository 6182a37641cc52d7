//! Every port of the engine, with the bomb around each call.

use std::sync::Arc;

use async_trait::async_trait;
use domain::account::{Customer, OpenDocument};
use domain::id::{
    BatchNumber, CompanyId, CustomerNumber, DocumentNumber, MerchantId, ProfileId, TransactionId,
};
use domain::manifest::Manifest;
use domain::transaction::Transaction;
use embedded::{Delivery, SqliteQueue, SqliteStore};
use engine::port::{Called, Erp, Gateway, NewCustomer, Period, Queue, QueueError, QueueName};
use jiff::Timestamp;
use jiff::civil::Date;
use ledger::memory::serial::Serial;
use ledger::memory::tables::{Fallible, Tables};
use ledger::posting::{BatchHead, BatchView};

use super::bomb::Bomb;

/// A port whose calls may be the last.
#[derive(Clone)]
pub struct Mortal<T> {
    pub port: T,
    pub bomb: Arc<Bomb>,
}

impl Serial for Mortal<SqliteStore> {
    async fn run<R, F>(&self, operation: &'static str, work: F) -> ledger::store::Result<R>
    where
        R: Send + 'static,
        F: FnOnce(&mut dyn Tables) -> Fallible<R> + Send + 'static,
    {
        self.bomb.around(operation, self.port.run(operation, work)).await
    }
}

#[async_trait]
impl Queue for Mortal<SqliteQueue> {
    async fn send(
        &self,
        queue: QueueName,
        body: String,
        delay_seconds: u32,
    ) -> Result<(), QueueError> {
        self.bomb.around("queue.send", self.port.send(queue, body, delay_seconds)).await
    }
}

/// The receiving side, which is the host's.
impl Mortal<SqliteQueue> {
    pub async fn receive(&self, queue: QueueName, now: Timestamp) -> Vec<Delivery> {
        const HIDDEN_MS: i64 = 180_000;
        let received = self.port.receive(queue, 10, now, HIDDEN_MS);
        self.bomb.around("queue.receive", received).await.unwrap()
    }

    pub async fn ack(&self, ids: &[i64]) {
        self.bomb.around("queue.ack", self.port.ack(ids)).await.unwrap();
    }

    pub async fn retry(&self, id: i64, now: Timestamp) {
        const DELAY_MS: i64 = 1_000;
        self.bomb.around("queue.retry", self.port.retry(id, now, DELAY_MS)).await.unwrap();
    }
}

#[async_trait]
impl Gateway for Mortal<Arc<dyn Gateway>> {
    async fn transaction(
        &self,
        merchant: &MerchantId,
        id: &TransactionId,
    ) -> Called<Option<Transaction>> {
        self.bomb.around("gateway.transaction", self.port.transaction(merchant, id)).await
    }

    async fn created_between(
        &self,
        merchant: &MerchantId,
        first: Date,
        last: Date,
    ) -> Called<Vec<Transaction>> {
        let read = self.port.created_between(merchant, first, last);
        self.bomb.around("gateway.created_between", read).await
    }

    async fn profile_email(
        &self,
        merchant: &MerchantId,
        profile: &ProfileId,
    ) -> Called<Option<String>> {
        self.bomb.around("gateway.profile_email", self.port.profile_email(merchant, profile)).await
    }
}

#[async_trait]
impl Erp for Mortal<Arc<dyn Erp>> {
    async fn customer(
        &self,
        company: &CompanyId,
        number: &CustomerNumber,
    ) -> Called<Option<Customer>> {
        self.bomb.around("erp.customer", self.port.customer(company, number)).await
    }

    async fn customers_by_email(&self, company: &CompanyId, email: &str) -> Called<Vec<Customer>> {
        let read = self.port.customers_by_email(company, email);
        self.bomb.around("erp.customers_by_email", read).await
    }

    async fn customers_like(&self, company: &CompanyId, name: &str) -> Called<Vec<Customer>> {
        self.bomb.around("erp.customers_like", self.port.customers_like(company, name)).await
    }

    async fn create_customer(&self, company: &CompanyId, draft: &NewCustomer) -> Called<Customer> {
        self.bomb.around("erp.create_customer", self.port.create_customer(company, draft)).await
    }

    async fn open_documents(
        &self,
        company: &CompanyId,
        customer: &CustomerNumber,
    ) -> Called<Vec<OpenDocument>> {
        self.bomb.around("erp.open_documents", self.port.open_documents(company, customer)).await
    }

    async fn document(
        &self,
        company: &CompanyId,
        number: &DocumentNumber,
    ) -> Called<Vec<OpenDocument>> {
        self.bomb.around("erp.document", self.port.document(company, number)).await
    }

    async fn order_customer(
        &self,
        company: &CompanyId,
        order: &str,
    ) -> Called<Option<CustomerNumber>> {
        self.bomb.around("erp.order_customer", self.port.order_customer(company, order)).await
    }

    async fn bank_exists(&self, company: &CompanyId, bank: &str) -> Called<bool> {
        self.bomb.around("erp.bank_exists", self.port.bank_exists(company, bank)).await
    }

    async fn payment_code_exists(&self, company: &CompanyId, code: &str) -> Called<bool> {
        let read = self.port.payment_code_exists(company, code);
        self.bomb.around("erp.payment_code_exists", read).await
    }

    async fn period(&self, company: &CompanyId, date: Date) -> Called<Period> {
        self.bomb.around("erp.period", self.port.period(company, date)).await
    }

    async fn create_batch(&self, manifest: &Manifest, epoch: u64) -> Called<BatchNumber> {
        self.bomb.around("erp.create_batch", self.port.create_batch(manifest, epoch)).await
    }

    async fn find_batches(&self, company: &CompanyId, token: &str) -> Called<Vec<BatchHead>> {
        self.bomb.around("erp.find_batches", self.port.find_batches(company, token)).await
    }

    async fn open_batches(&self, company: &CompanyId) -> Called<Vec<BatchHead>> {
        self.bomb.around("erp.open_batches", self.port.open_batches(company)).await
    }

    async fn read_batch(
        &self,
        company: &CompanyId,
        number: BatchNumber,
    ) -> Called<Option<BatchView>> {
        self.bomb.around("erp.read_batch", self.port.read_batch(company, number)).await
    }

    async fn freeze_batch(&self, company: &CompanyId, number: BatchNumber) -> Called<()> {
        self.bomb.around("erp.freeze_batch", self.port.freeze_batch(company, number)).await
    }

    async fn post_batch(&self, company: &CompanyId, number: BatchNumber) -> Called<()> {
        self.bomb.around("erp.post_batch", self.port.post_batch(company, number)).await
    }

    async fn delete_entries(
        &self,
        company: &CompanyId,
        number: BatchNumber,
        entries: &[i64],
    ) -> Called<()> {
        let deleted = self.port.delete_entries(company, number, entries);
        self.bomb.around("erp.delete_entries", deleted).await
    }
}
