//! A mapped receipt as the effect's content. What the posting protocol needs is taken by name; anything
//! else goes along as it is.

use std::collections::BTreeMap;

use domain::effect::Hold;
use domain::effect::{AppliedLine, Content, Document, Extra};
use domain::exception::ReasonCode;
use domain::id::{CompanyId, CustomerNumber, DocumentNumber};
use domain::merchant::Merchant;
use domain::money::{Currency, Money};
use flows::value::Value;
use jiff::civil::Date;

/// Fields of `sage300.receipt` that have a place of their own in the content.
const PLACED: [&str; 13] = [
    "AppliedReceiptsAdjustments",
    "BankCode",
    "BankReceiptAmount",
    "CheckReceiptNumber",
    "CustomerCurrencyCode",
    "CustomerNumber",
    "CustomerReceiptAmount",
    "EntryDescription",
    "MatchingDocumentNumber",
    "PaymentCode",
    "PostingDate",
    "ReceiptDateAdjustmentDate",
    "ReceiptTransactionType",
];

/// The list of optional fields of a receipt entry, under Sage's own name.
const OPTIONAL_FIELDS: &str = "ReceiptAdjustmentOptionalFiel";

/// # Errors
/// A hold, when a field the protocol needs is missing or of another form.
pub(super) fn content(
    entity: &Value,
    merchant: &Merchant,
    currency: Currency,
    decided_by: String,
) -> Result<Content, Hold> {
    let receipt = Receipt { entity, currency };
    Ok(Content {
        company: CompanyId(merchant.company.to_string()),
        bank: receipt.text("BankCode")?,
        customer: CustomerNumber(receipt.text("CustomerNumber")?),
        amount: receipt.amount(entity, "BankReceiptAmount")?,
        reference: receipt.text("CheckReceiptNumber")?,
        posting_date: receipt.date("PostingDate")?,
        receipt_date: receipt.date("ReceiptDateAdjustmentDate")?,
        payment_code: receipt.text("PaymentCode")?,
        description: entity.at("EntryDescription").to_string(),
        document: receipt.document()?,
        extra: Extra { decided_by, ..receipt.extra()? },
    })
}

struct Receipt<'a> {
    entity: &'a Value,
    currency: Currency,
}

impl Receipt<'_> {
    fn document(&self) -> Result<Document, Hold> {
        let kind = self.entity.at("ReceiptTransactionType").text().unwrap_or("Receipt");
        let order = self.entity.at("MatchingDocumentNumber").text();
        match kind {
            "Receipt" => {
                let lines = self.lines()?;
                Ok(if lines.is_empty() {
                    Document::UnappliedCash
                } else {
                    Document::Receipt { lines }
                })
            }
            "Prepayment" => Ok(Document::Prepayment { order: order.map(str::to_owned) }),
            "UnappliedCash" => Ok(Document::UnappliedCash),
            other => Err(wrong(format!("ReceiptTransactionType: `{other}` cannot be posted"))),
        }
    }

    fn lines(&self) -> Result<Vec<AppliedLine>, Hold> {
        let rows = self.entity.at("AppliedReceiptsAdjustments").list().iter();
        let line = |row: &Value| {
            let document = row.at("DocumentNumber").text();
            let document = document.ok_or_else(|| wrong("a line names no document".to_owned()))?;
            let amount = self.amount(row, "CustomerReceiptAmount")?;
            Ok(AppliedLine { document: DocumentNumber(document.to_owned()), amount })
        };
        rows.map(line).collect()
    }

    fn extra(&self) -> Result<Extra, Hold> {
        let Value::Object(fields) = self.entity else {
            return Err(wrong("the map made no record".to_owned()));
        };
        let mut extra = Extra::default();
        for (name, value) in fields {
            if name == OPTIONAL_FIELDS {
                extra.optional_fields = optional(value);
            } else if !PLACED.contains(&name.as_str()) && !value.is_null() {
                extra.fields.insert(name.clone(), value.to_string());
            }
        }
        Ok(extra)
    }

    fn text(&self, name: &str) -> Result<String, Hold> {
        let text = self.entity.at(name).text().filter(|text| !text.trim().is_empty());
        text.map(str::to_owned).ok_or_else(|| wrong(format!("{name} is empty")))
    }

    fn date(&self, name: &str) -> Result<Date, Hold> {
        match self.entity.at(name) {
            Value::Date(date) => Ok(*date),
            other => Err(wrong(format!("{name}: `{other}` is no date"))),
        }
    }

    fn amount(&self, of: &Value, name: &str) -> Result<Money, Hold> {
        let number = of.at(name).number();
        let number = number.ok_or_else(|| wrong(format!("{name} is no amount")))?;
        Money::from_decimal(number, self.currency)
            .map_err(|error| wrong(format!("{name}: {error}")))
    }
}

/// `[{OptionalField, Value}]`.
fn optional(value: &Value) -> BTreeMap<String, String> {
    let rows = value.list().iter();
    rows.filter_map(|row| {
        let name = row.at("OptionalField").text()?;
        Some((name.to_owned(), row.at("Value").to_string()))
    })
    .collect()
}

fn wrong(evidence: String) -> Hold {
    Hold { reason: ReasonCode::AmountInvalid, evidence }
}
