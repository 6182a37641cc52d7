//! A small PayTrace: transactions that change as card payments do.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use domain::id::{MerchantId, PaymentKey, ProfileId, TransactionId};
use domain::money::{Currency, Money};
use domain::transaction::{Kind, Payer, Status, Transaction};
use jiff::civil::Date;

use crate::port::{CallError, Called, Cause, Gateway, Phase};

#[derive(Default)]
pub struct FakePayTrace {
    transactions: Mutex<BTreeMap<TransactionId, Transaction>>,
    denied: Mutex<bool>,
}

/// A sale over that many cents, paid by e-mail `ada@example.test`.
pub fn sale(id: &str, minor: i64, invoice: &str) -> Transaction {
    Transaction {
        key: PaymentKey { merchant: "main".into(), transaction: id.into() },
        kind: Kind::Sale,
        status: Status::Pending,
        amount: Money::new(minor, Currency::USD),
        created: "2026-03-02T17:00:00Z".parse().unwrap(),
        settled: None,
        settlement_batch: None,
        invoice_id: invoice.into(),
        purchase_order: String::new(),
        description: String::new(),
        last4: "5439".into(),
        brand: "visa".into(),
        approval_code: String::new(),
        payer: Payer {
            name: "Ada Example".into(),
            email: "ada@example.test".into(),
            ..Payer::default()
        },
    }
}

impl FakePayTrace {
    pub fn put(&self, transaction: Transaction) {
        let id = transaction.key.transaction.clone();
        self.transactions.lock().unwrap().insert(id, transaction);
    }

    pub fn change(&self, id: &str, status: Status) {
        self.transactions.lock().unwrap().get_mut(&id.into()).unwrap().status = status;
    }

    pub fn read(&self, id: &str) -> Transaction {
        self.transactions.lock().unwrap()[&TransactionId::from(id)].clone()
    }

    pub fn deny(&self, denied: bool) {
        *self.denied.lock().unwrap() = denied;
    }

    fn admitted(&self) -> Called<()> {
        if !*self.denied.lock().unwrap() {
            return Ok(());
        }
        Err(CallError {
            operation: "fake PayTrace",
            phase: Phase::Refused,
            cause: Some(Cause::Denied),
            message: "invalid_grant".into(),
            retry_after_ms: None,
        })
    }
}

#[async_trait]
impl Gateway for FakePayTrace {
    async fn transaction(&self, _: &MerchantId, id: &TransactionId) -> Called<Option<Transaction>> {
        self.admitted()?;
        Ok(self.transactions.lock().unwrap().get(id).cloned())
    }

    async fn created_between(&self, _: &MerchantId, _: Date, _: Date) -> Called<Vec<Transaction>> {
        self.admitted()?;
        Ok(self.transactions.lock().unwrap().values().cloned().collect())
    }

    async fn profile_email(&self, _: &MerchantId, _: &ProfileId) -> Called<Option<String>> {
        self.admitted()?;
        Ok(None)
    }
}
