//! A stored receipt batch as the protocol looks at it.

use domain::id::{BatchNumber, CustomerNumber};
use domain::money::{Currency, Money, MoneyError};
use ledger::posting::{BatchHead, BatchStatus, BatchView, EntryView};
use rust_decimal::Decimal;
use serde::Deserialize;
use thiserror::Error;

/// Properties of a header that [`StoredBatch::head`] needs.
pub const HEAD_FIELDS: [&str; 4] = ["BatchNumber", "BatchStatus", "Description", "NumberOfEntries"];

/// Why a stored batch cannot be looked at. It is never looked at in part.
#[derive(Debug, Error)]
pub enum Unreadable {
    #[error("batch {batch}: `{code}` is not a currency")]
    NotACurrency { batch: i64, code: String },
    #[error("batch {batch} entry {entry}: {source}")]
    Amount { batch: i64, entry: i64, source: MoneyError },
    #[error("batch {batch} entry {entry}: {bank} was received and {customer} credited")]
    TwoAmounts { batch: i64, entry: i64, bank: Money, customer: Money },
}

/// What of `ARReceiptAndAdjustmentBatches` matters; header-only when listed with a `$select`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StoredBatch {
    pub batch_number: i64,
    /// Member name, or the value stored for it.
    #[serde(default)]
    pub batch_status: serde_json::Value,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub number_of_entries: i64,
    #[serde(default)]
    pub bank_code: Option<String>,
    #[serde(default)]
    pub default_bank_currency: Option<String>,
    #[serde(default)]
    pub receipts_adjustments: Vec<StoredEntry>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StoredEntry {
    pub entry_number: i64,
    #[serde(default)]
    pub check_receipt_number: Option<String>,
    #[serde(default)]
    pub customer_number: Option<String>,
    #[serde(default)]
    pub customer_currency_code: Option<String>,
    #[serde(default, with = "rust_decimal::serde::arbitrary_precision_option")]
    pub bank_receipt_amount: Option<Decimal>,
    #[serde(with = "rust_decimal::serde::arbitrary_precision")]
    pub customer_receipt_amount: Decimal,
    #[serde(default)]
    pub document_number: Option<String>,
    #[serde(default)]
    pub error_batch: i64,
    #[serde(default)]
    pub error_entry: i64,
}

impl StoredBatch {
    #[must_use]
    pub fn head(&self) -> BatchHead {
        BatchHead {
            number: BatchNumber(self.batch_number),
            status: status(&self.batch_status),
            description: text(self.description.as_ref()),
            entries: u32::try_from(self.number_of_entries).unwrap_or_default(),
        }
    }

    /// # Errors
    /// When an amount or a currency cannot be said exactly.
    pub fn view(&self) -> Result<BatchView, Unreadable> {
        let currency = self.currency(self.default_bank_currency.as_ref())?;
        let entries = self.receipts_adjustments.iter().map(|entry| self.entry(entry, currency));
        Ok(BatchView {
            head: self.head(),
            bank: text(self.bank_code.as_ref()),
            currency,
            entries: entries.collect::<Result<_, _>>()?,
        })
    }

    fn entry(&self, stored: &StoredEntry, batch: Currency) -> Result<EntryView, Unreadable> {
        let code = stored.customer_currency_code.as_ref().filter(|code| !code.trim().is_empty());
        let currency = if code.is_some() { self.currency(code)? } else { batch };
        let (batch_number, entry) = (self.batch_number, stored.entry_number);
        let money = |amount, currency| {
            Money::from_decimal(amount, currency).map_err(|source| Unreadable::Amount {
                batch: batch_number,
                entry,
                source,
            })
        };
        let amount = money(stored.customer_receipt_amount, currency)?;
        if let (Some(bank), true) = (stored.bank_receipt_amount, currency == batch) {
            let bank = money(bank, batch)?;
            if bank != amount {
                let batch = batch_number;
                return Err(Unreadable::TwoAmounts { batch, entry, bank, customer: amount });
            }
        }
        Ok(EntryView {
            number: entry,
            reference: text(stored.check_receipt_number.as_ref()),
            customer: CustomerNumber(text(stored.customer_number.as_ref())),
            amount,
            document: text(stored.document_number.as_ref()),
            error: (stored.error_batch != 0)
                .then_some((BatchNumber(stored.error_batch), stored.error_entry)),
        })
    }

    fn currency(&self, code: Option<&String>) -> Result<Currency, Unreadable> {
        let code = text(code);
        let parsed = code.parse();
        parsed.map_err(|_| Unreadable::NotACurrency { batch: self.batch_number, code })
    }
}

/// Sage's own words; a status without a rule is `Other`. [O]
fn status(value: &serde_json::Value) -> BatchStatus {
    let text = value.as_str().map_or_else(|| value.to_string(), |text| text.trim().to_owned());
    match text.as_str() {
        "Open" | "1" => BatchStatus::Open,
        "Posted" | "3" => BatchStatus::Posted,
        "Deleted" | "4" => BatchStatus::Deleted,
        "PostInProgress" | "5" => BatchStatus::PostInProgress,
        "ReadyToPost" | "7" => BatchStatus::ReadyToPost,
        _ => BatchStatus::Other,
    }
}

fn text(field: Option<&String>) -> String {
    field.map(|text| text.trim().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::effect::Document;

    const POSTED: &str = r#"{"@odata.context": "x", "BatchRecordType": "CA", "BatchNumber": 148,
        "BatchDate": "2026-03-02T00:00:00Z", "Description": "PTS1:abc:1 ", "NumberOfEntries": 2,
        "BatchTotal": 145.5, "BatchStatus": "Posted", "BankCode": "SEATAC",
        "DefaultBankCurrency": "USD", "ReceiptsAdjustments": [
        {"EntryNumber": 1, "CheckReceiptNumber": "9000001", "CustomerNumber": "1200",
         "CustomerCurrencyCode": "USD", "BankReceiptAmount": 125.5,
         "CustomerReceiptAmount": 125.500, "DocumentNumber": "PY0000000000000000021",
         "ErrorBatch": 0, "ErrorEntry": 0},
        {"EntryNumber": 2, "CheckReceiptNumber": "9000002", "CustomerNumber": "1400 ",
         "CustomerCurrencyCode": "", "BankReceiptAmount": 20, "CustomerReceiptAmount": 20,
         "DocumentNumber": "", "ErrorBatch": 149, "ErrorEntry": 1}]}"#;

    fn read(text: &str) -> StoredBatch {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_posted_batch_with_an_entry_moved_away() {
        let view = read(POSTED).view().unwrap();
        assert_eq!(view.head.number, BatchNumber(148));
        assert_eq!(view.head.status, BatchStatus::Posted);
        assert_eq!(view.head.description, "PTS1:abc:1");
        assert_eq!(view.head.entries, 2);
        assert_eq!((view.bank.as_str(), view.currency), ("SEATAC", Currency::USD));
        let [first, second] = view.entries.as_slice() else { panic!("{view:?}") };
        assert_eq!(first.amount, Money::new(12550, Currency::USD));
        assert_eq!(first.document, "PY0000000000000000021");
        assert_eq!(first.error, None);
        assert_eq!(second.customer.as_str(), "1400");
        assert_eq!(second.amount, Money::new(2000, Currency::USD));
        assert_eq!(second.error, Some((BatchNumber(149), 1)));
    }

    #[test]
    fn what_we_send_reads_as_what_the_manifest_says() {
        let manifest =
            crate::sample::manifest(vec![crate::sample::content(Document::UnappliedCash)]);
        let settings = crate::settings::Settings::default();
        let body = crate::receipt::NewBatch::of(&manifest, 7, &settings).unwrap();
        let mut stored = serde_json::to_value(body).unwrap();
        stored["BatchNumber"] = 150.into();
        stored["BatchStatus"] = "Open".into();
        stored["NumberOfEntries"] = 1.into();
        stored["ReceiptsAdjustments"][0]["EntryNumber"] = 1.into();
        let view = read(&stored.to_string()).view().unwrap();
        assert!(view.carries(&manifest));
    }

    #[test]
    fn the_customers_currency_is_the_entrys() {
        let text = POSTED.replacen("\"USD\", \"BankReceiptAmount\"", "\"CAD\", \"X\"", 1);
        let view = read(&text).view().unwrap();
        assert_eq!(view.entries[0].amount, Money::new(12550, Currency::CAD));
    }

    #[test]
    fn statuses_by_name_and_by_value() {
        for (value, expected) in [
            (serde_json::json!("Open"), BatchStatus::Open),
            (serde_json::json!("ReadyToPost"), BatchStatus::ReadyToPost),
            (serde_json::json!(5), BatchStatus::PostInProgress),
            (serde_json::json!("4"), BatchStatus::Deleted),
            (serde_json::json!("CheckCreationInProgress"), BatchStatus::Other),
            (serde_json::json!("open"), BatchStatus::Other),
            (serde_json::Value::Null, BatchStatus::Other),
        ] {
            assert_eq!(status(&value), expected, "{value}");
        }
    }

    #[test]
    fn what_cannot_be_said_exactly_is_unreadable() {
        let inexact = POSTED.replace("125.5,", "125.505,").replace("125.500", "125.505");
        assert!(matches!(read(&inexact).view(), Err(Unreadable::Amount { entry: 1, .. })));
        let two = POSTED.replace("125.500", "125.51");
        assert!(matches!(read(&two).view(), Err(Unreadable::TwoAmounts { entry: 1, .. })));
        let none = POSTED.replacen("\"DefaultBankCurrency\": \"USD\"", "\"Y\": 1", 1);
        assert!(matches!(read(&none).view(), Err(Unreadable::NotACurrency { batch: 148, .. })));
    }
}
