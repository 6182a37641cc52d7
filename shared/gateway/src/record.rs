//! One exported transaction record as a [`Transaction`].

use domain::id::{MerchantId, PaymentKey, ProfileId, TransactionId};
use domain::money::{Currency, Money, MoneyError};
use domain::transaction::{Payer, Status, Transaction};
use jiff::tz::TimeZone;
use paytrace::{Record, parse_local};
use thiserror::Error;

use crate::card;
use crate::status::{Said, StatusTable, settlement_batch};

/// How one merchant's records are read.
#[derive(Debug, Clone)]
pub struct Reading {
    pub merchant: MerchantId,
    pub currency: Currency,
    pub zone: TimeZone,
    pub table: StatusTable,
}

/// Why a record cannot be taken as a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unreadable {
    #[error("transaction {id}: {source}")]
    Amount { id: i64, source: MoneyError },
    #[error("transaction {id}: `{text}` is not a time")]
    Time { id: i64, text: String },
}

impl Reading {
    /// # Errors
    /// When the amount or a time cannot be said exactly.
    pub fn transaction(&self, record: &Record) -> Result<Transaction, Unreadable> {
        let id = record.transaction_id;
        let amount = Money::from_decimal(record.amount, self.currency)
            .map_err(|source| Unreadable::Amount { id, source })?;
        let said = said(record);
        let (kind, mut status) = self.table.read(&said);
        if amount.minor < 0 {
            status = Status::Unknown;
        }
        let batch = settlement_batch(said.status_code)
            .or_else(|| settlement_batch(said.status_message))
            .filter(|_| status == Status::Settled);
        let settled = match &batch {
            Some(_) if !record.settled.trim().is_empty() => Some(self.time(id, &record.settled)?),
            _ => None,
        };
        let created = record.created.as_ref().map_or("", |created| created.at.as_str());
        let card = record.credit_card.clone().unwrap_or_default();
        let transaction = TransactionId(id.to_string());
        Ok(Transaction {
            key: PaymentKey { merchant: self.merchant.clone(), transaction },
            kind,
            status,
            amount,
            created: self.time(id, created)?,
            settled,
            settlement_batch: batch,
            invoice_id: text(&record.invoice_id),
            purchase_order: text(&record.customer_reference_id),
            description: text(&record.description),
            last4: card::last4(&card.masked_number),
            brand: card::brand(&card.bin).to_owned(),
            approval_code: text(&record.approval_code),
            payer: payer(record),
        })
    }

    fn time(&self, id: i64, text: &str) -> Result<jiff::Timestamp, Unreadable> {
        let none = |_| Unreadable::Time { id, text: text.to_owned() };
        parse_local(text, &self.zone).map_err(none)
    }
}

/// An exported record carries no response code of its own. [O]
fn said(record: &Record) -> Said<'_> {
    Said {
        transaction_type: &record.transaction_type,
        status_code: &record.status_code,
        status_message: &record.status_message,
        response_code: None,
    }
}

fn payer(record: &Record) -> Payer {
    let profile = text(&record.customer_id);
    let address = record.billing_address.clone().unwrap_or_default();
    Payer {
        profile: (!profile.is_empty()).then_some(ProfileId(profile)),
        name: text(&address.name),
        email: text(&record.receipt_emailed_to),
        street: text(&address.street_address),
        city: text(&address.city),
        state: text(&address.state),
        zip: text(&address.zip),
        country: text(&address.country),
    }
}

fn text(field: &str) -> String {
    field.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::transaction::Kind;

    const SETTLED: &str = r#"{"transaction_id":512300417,
        "credit_card":{"masked_number":"************5439","expiration_month":11,
        "expiration_year":28,"bin":"401200"},
        "transaction_type":"SALE","description":" Rent ","amount":148.2,"invoice_id":"IN0004521 ",
        "billing_address":{"name":"Ada Example","street_address":"8320 Test Rd",
        "street_address2":"","city":"Mesa","state":"AZ","zip":"85284","country":"US"},
        "receipt_emailed_to":"ada@example.test","tax_amount":"11.20",
        "customer_reference_id":"PO-7781","approval_code":"TAS411",
        "approval_message":"EXACT MATCH - Approved and completed","status_code":"GB118",
        "status_message":"GB118","created":{"through":"API","at":"1/9/2026 4:06:30 PM",
        "by":"apiuser","from_ip":"203.0.113.4"},"settled":"1/9/2026 8:13:45 PM",
        "customer_id":"CUST1200","something_new":[1]}"#;

    fn read(text: &str) -> Result<Transaction, Unreadable> {
        let reading = Reading {
            merchant: "main".into(),
            currency: Currency::USD,
            zone: TimeZone::get("America/Los_Angeles").unwrap(),
            table: StatusTable::default(),
        };
        reading.transaction(&serde_json::from_str(text).unwrap())
    }

    #[test]
    fn a_settled_sale() {
        let read = read(SETTLED).unwrap();
        assert_eq!(read.key.transaction.as_str(), "512300417");
        assert_eq!((read.kind, read.status), (Kind::Sale, Status::Settled));
        assert_eq!(read.amount, Money::new(14820, Currency::USD));
        assert_eq!(read.created.to_string(), "2026-01-10T00:06:30Z");
        assert_eq!(read.settled.unwrap().to_string(), "2026-01-10T04:13:45Z");
        assert_eq!(read.settlement_batch.as_deref(), Some("118"));
        assert_eq!((read.last4.as_str(), read.brand.as_str()), ("5439", "visa"));
        assert_eq!((read.invoice_id.as_str(), read.description.as_str()), ("IN0004521", "Rent"));
        assert_eq!(read.payer.profile, Some("CUST1200".into()));
        assert_eq!(read.payer.email, "ada@example.test");
        assert_eq!(read.payer.zip, "85284");
    }

    #[test]
    fn a_pending_one_states_no_settlement() {
        let text = SETTLED
            .replace(r#""status_code":"GB118""#, r#""status_code":"Y""#)
            .replace(r#""customer_id":"CUST1200""#, r#""customer_id":"""#)
            .replace("148.2", "110");
        let read = read(&text).unwrap();
        assert_eq!(read.status, Status::Pending);
        assert_eq!((read.settled, read.settlement_batch), (None, None));
        assert_eq!(read.payer.profile, None);
        assert_eq!(read.amount.minor, 11000);
    }

    #[test]
    fn a_settlement_without_its_batch_number_is_not_stated_yet() {
        let text = SETTLED.replace("GB118", "Settled");
        let read = read(&text).unwrap();
        assert_eq!(read.status, Status::Settled);
        assert_eq!((read.settled, read.settlement_batch), (None, None));
    }

    #[test]
    fn amounts_are_exact_or_refused() {
        let refused = read(&SETTLED.replace("148.2", "148.205")).unwrap_err();
        assert!(refused.to_string().contains("512300417"), "{refused}");
        assert!(matches!(refused, Unreadable::Amount { .. }));
        assert_eq!(read(&SETTLED.replace("148.2", "148.2000")).unwrap().amount.minor, 14820);
        assert_eq!(read(&SETTLED.replace("148.2", "-1")).unwrap().status, Status::Unknown);
    }

    #[test]
    fn times_are_read_or_refused() {
        let refused = read(&SETTLED.replace("1/9/2026 4:06:30 PM", "yesterday")).unwrap_err();
        let text = "yesterday".to_owned();
        assert_eq!(refused, Unreadable::Time { id: 512_300_417, text });
        assert!(read(&SETTLED.replace("1/9/2026 8:13:45 PM", "soon")).is_err());
    }

    #[test]
    fn the_least_a_record_may_say() {
        let read = read(
            r#"{"transaction_id":"7","amount":1,"customer_id":42,
            "created":{"at":"12/31/2026 11:59:59 PM"}}"#,
        )
        .unwrap();
        assert_eq!((read.kind, read.status), (Kind::Other, Status::Unknown));
        assert_eq!(read.brand, "unknown");
        assert_eq!(read.payer.profile, Some("42".into()));
    }
}
