//! The engine's `Gateway` over one PayTrace client per merchant.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::id::{MerchantId, ProfileId, TransactionId};
use domain::money::Currency;
use domain::transaction::Transaction;
use engine::port::{Called, Cause, Gateway};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use paytrace::{DateRange, PayTraceClient, Record};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::failure::{failed, refused};
use crate::record::Reading;
use crate::status::StatusTable;

/// How a merchant's PayTrace account is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MerchantSettings {
    /// PayTrace names none: what the account is kept in.
    pub currency: Currency,
    /// IANA zone of PayTrace's times, which name none [I].
    #[serde(default = "pacific")]
    pub zone: String,
    #[serde(default)]
    pub status_table: StatusTable,
    /// Ask for the first digits of the card, which tell its brand.
    #[serde(default = "yes")]
    pub include_bin: bool,
}

/// The zone a merchant names is in no table.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("merchant {merchant}: `{zone}` is not a time zone: give one such as America/Los_Angeles")]
pub struct UnknownZone {
    pub merchant: MerchantId,
    pub zone: String,
}

/// PayTrace, read side, of every configured merchant.
pub struct PayTraceGateway(BTreeMap<MerchantId, Account>);

struct Account {
    client: PayTraceClient,
    reading: Reading,
    include_bin: bool,
}

impl PayTraceGateway {
    /// # Errors
    /// When a merchant's zone is unknown.
    pub fn new(
        clients: BTreeMap<MerchantId, (PayTraceClient, MerchantSettings)>,
    ) -> Result<Self, UnknownZone> {
        let mut accounts = BTreeMap::new();
        for (merchant, (client, settings)) in clients {
            let reading = Reading::of(&merchant, &settings)?;
            let account = Account { client, reading, include_bin: settings.include_bin };
            accounts.insert(merchant, account);
        }
        Ok(Self(accounts))
    }

    fn of(&self, merchant: &MerchantId) -> Called<&Account> {
        self.0.get(merchant).ok_or_else(|| {
            let message = format!("merchant {merchant} is not configured");
            refused("choose merchant", Cause::Denied, &message)
        })
    }
}

#[async_trait]
impl Gateway for PayTraceGateway {
    async fn transaction(
        &self,
        merchant: &MerchantId,
        id: &TransactionId,
    ) -> Called<Option<Transaction>> {
        self.of(merchant)?.transaction(id).await
    }

    async fn created_between(
        &self,
        merchant: &MerchantId,
        first: Date,
        last: Date,
    ) -> Called<Vec<Transaction>> {
        self.of(merchant)?.created_between(first, last).await
    }

    async fn profile_email(
        &self,
        merchant: &MerchantId,
        profile: &ProfileId,
    ) -> Called<Option<String>> {
        self.of(merchant)?.profile_email(profile).await
    }
}

impl Account {
    /// A text that is no number names no transaction of PayTrace's. That the answer is about the
    /// one asked for is seen to by the client.
    async fn transaction(&self, id: &TransactionId) -> Called<Option<Transaction>> {
        const OPERATION: &str = "read transaction";
        let Ok(number) = id.as_str().trim().parse::<i64>() else { return Ok(None) };
        let answer = self.client.export_by_id(number, self.include_bin).await;
        let Some(record) = none_if_missing(answer.map_err(failed(OPERATION)))? else {
            return Ok(None);
        };
        self.read(OPERATION, &record).map(Some)
    }

    /// Day by day: v1 has no paging. A record seen twice counts as read last.
    async fn created_between(&self, first: Date, last: Date) -> Called<Vec<Transaction>> {
        const OPERATION: &str = "list transactions";
        let mut found = BTreeMap::new();
        for day in first.series(jiff::Span::new().days(1)).take_while(|day| *day <= last) {
            let range = DateRange { include_bin: self.include_bin, ..DateRange::days(day, day) };
            let records =
                self.client.export_by_date_range(&range).await.map_err(failed(OPERATION))?;
            for record in records {
                found.insert(record.transaction_id, self.read(OPERATION, &record)?);
            }
        }
        Ok(found.into_values().collect())
    }

    async fn profile_email(&self, profile: &ProfileId) -> Called<Option<String>> {
        let answer = self.client.export_customer(profile.as_str(), false).await;
        let customer = none_if_missing(answer.map_err(failed("read profile")))?;
        let email = customer.map(|customer| customer.email.trim().to_owned());
        Ok(email.filter(|email| !email.is_empty()))
    }

    fn read(&self, operation: &'static str, record: &Record) -> Called<Transaction> {
        let read = self.reading.transaction(record);
        read.map_err(|unreadable| refused(operation, Cause::Rule, &unreadable))
    }
}

impl Reading {
    fn of(merchant: &MerchantId, settings: &MerchantSettings) -> Result<Self, UnknownZone> {
        let zone = TimeZone::get(&settings.zone)
            .map_err(|_| UnknownZone { merchant: merchant.clone(), zone: settings.zone.clone() })?;
        Ok(Self {
            merchant: merchant.clone(),
            currency: settings.currency,
            zone,
            table: settings.status_table.clone(),
        })
    }
}

fn none_if_missing<T>(answer: Called<Option<T>>) -> Called<Option<T>> {
    match answer {
        Err(error) if error.cause == Some(Cause::Missing) => Ok(None),
        other => other,
    }
}

fn pacific() -> String {
    "America/Los_Angeles".to_owned()
}

fn yes() -> bool {
    true
}

#[cfg(test)]
#[path = "adapter_tests.rs"]
mod tests;
