//! The engine's `Erp` over one Sage 300 client per company.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::account::{Customer, OpenDocument};
use domain::id::{BatchNumber, CompanyId, CustomerNumber, DocumentNumber};
use domain::manifest::Manifest;
use engine::port::{Called, Cause, Erp, NewCustomer, Period};
use jiff::civil::Date;
use ledger::posting::{BatchHead, BatchView};
use sage300::Sage300Client;

use crate::company::Company;
use crate::failure::refused;
use crate::settings::Settings;

/// Sage 300, both sides, of every configured company.
pub struct SageErp(BTreeMap<CompanyId, Company>);

impl SageErp {
    #[must_use]
    pub fn new(clients: BTreeMap<CompanyId, (Sage300Client, Settings)>) -> Self {
        let company = |(client, settings)| Company { client, settings };
        Self(clients.into_iter().map(|(id, parts)| (id, company(parts))).collect())
    }

    fn of(&self, company: &CompanyId) -> Called<&Company> {
        self.0.get(company).ok_or_else(|| {
            let message = format!("company {company} is not configured");
            refused("choose company", Cause::Denied, &message)
        })
    }
}

#[async_trait]
impl Erp for SageErp {
    async fn customer(
        &self,
        company: &CompanyId,
        number: &CustomerNumber,
    ) -> Called<Option<Customer>> {
        self.of(company)?.customer(number).await
    }

    async fn customers_by_email(&self, company: &CompanyId, email: &str) -> Called<Vec<Customer>> {
        self.of(company)?.customers_by_email(email).await
    }

    async fn customers_like(&self, company: &CompanyId, name: &str) -> Called<Vec<Customer>> {
        self.of(company)?.customers_like(name).await
    }

    async fn create_customer(&self, company: &CompanyId, draft: &NewCustomer) -> Called<Customer> {
        self.of(company)?.create_customer(draft).await
    }

    async fn open_documents(
        &self,
        company: &CompanyId,
        customer: &CustomerNumber,
    ) -> Called<Vec<OpenDocument>> {
        self.of(company)?.open_documents(customer).await
    }

    async fn document(
        &self,
        company: &CompanyId,
        number: &DocumentNumber,
    ) -> Called<Vec<OpenDocument>> {
        self.of(company)?.document(number).await
    }

    async fn order_customer(
        &self,
        company: &CompanyId,
        order: &str,
    ) -> Called<Option<CustomerNumber>> {
        self.of(company)?.order_customer(order).await
    }

    async fn bank_exists(&self, company: &CompanyId, bank: &str) -> Called<bool> {
        self.of(company)?.bank_exists(bank).await
    }

    async fn payment_code_exists(&self, company: &CompanyId, code: &str) -> Called<bool> {
        self.of(company)?.payment_code_exists(code).await
    }

    async fn period(&self, company: &CompanyId, date: Date) -> Called<Period> {
        self.of(company)?.period(date).await
    }

    async fn create_batch(&self, manifest: &Manifest, epoch: u64) -> Called<BatchNumber> {
        self.of(&manifest.group.company)?.create_batch(manifest, epoch).await
    }

    async fn find_batches(&self, company: &CompanyId, token: &str) -> Called<Vec<BatchHead>> {
        self.of(company)?.find_batches(token).await
    }

    async fn open_batches(&self, company: &CompanyId) -> Called<Vec<BatchHead>> {
        self.of(company)?.open_batches().await
    }

    async fn read_batch(
        &self,
        company: &CompanyId,
        number: BatchNumber,
    ) -> Called<Option<BatchView>> {
        self.of(company)?.read_batch(number).await
    }

    async fn freeze_batch(&self, company: &CompanyId, number: BatchNumber) -> Called<()> {
        self.of(company)?.freeze_batch(number).await
    }

    async fn post_batch(&self, company: &CompanyId, number: BatchNumber) -> Called<()> {
        self.of(company)?.post_batch(number).await
    }

    async fn delete_entries(
        &self,
        company: &CompanyId,
        number: BatchNumber,
        entries: &[i64],
    ) -> Called<()> {
        self.of(company)?.delete_entries(number, entries).await
    }
}

#[cfg(test)]
#[path = "adapter_tests.rs"]
mod tests;
