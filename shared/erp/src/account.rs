//! Customers and their documents.

use domain::account::{Customer, OpenDocument};
use domain::id::{CustomerNumber, DocumentNumber};
use domain::money::{Currency, Money, MoneyError};
use engine::port::NewCustomer;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::calendar::day;

/// Properties of a customer that [`StoredCustomer`] reads.
pub const CUSTOMER_FIELDS: [&str; 7] = [
    "CustomerNumber",
    "CustomerName",
    "Email",
    "AddressLine1",
    "ZipPostalCode",
    "CurrencyCode",
    "Status",
];

/// Properties of a posted document that [`StoredDocument`] reads.
pub const DOCUMENT_FIELDS: [&str; 10] = [
    "CustomerNumber",
    "DocumentNumber",
    "DocumentType",
    "DocumentDate",
    "DueDate",
    "CurrencyCode",
    "CustomerCurrencyAmountDue",
    "FullyPaid",
    "OrderNumber",
    "PONumber",
];

/// What of `ARCustomers` matters.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StoredCustomer {
    pub customer_number: String,
    #[serde(default)]
    pub customer_name: Option<String>,
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub address_line1: Option<String>,
    #[serde(default)]
    pub zip_postal_code: Option<String>,
    #[serde(default)]
    pub currency_code: Option<String>,
    #[serde(default)]
    pub status: Option<String>,
}

impl From<StoredCustomer> for Customer {
    fn from(stored: StoredCustomer) -> Self {
        Self {
            number: CustomerNumber(stored.customer_number.trim().to_owned()),
            name: text(stored.customer_name),
            email: text(stored.email),
            street: text(stored.address_line1),
            zip: text(stored.zip_postal_code),
            currency: text(stored.currency_code),
            active: text(stored.status) == "Active",
        }
    }
}

/// A new `ARCustomers` record; its group supplies what is not said here. [O]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CustomerBody {
    pub customer_number: String,
    pub short_name: String,
    pub group_code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tax_group: Option<String>,
    pub customer_name: String,
    pub address_line1: String,
    pub city: String,
    pub state_province: String,
    pub zip_postal_code: String,
    pub country: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub email: String,
}

/// Why a customer cannot be created as asked. Nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{field} `{value}` must have 1 to {length_max} characters")]
pub struct Misfit {
    field: &'static str,
    value: String,
    length_max: usize,
}

impl CustomerBody {
    /// Codes are sent whole or refused; names and addresses are cut to what Sage holds. An e-mail
    /// address too long for Sage is left out: part of one is another address.
    ///
    /// # Errors
    /// When a code does not fit.
    pub fn of(draft: &NewCustomer) -> Result<Self, Misfit> {
        let number = code("CustomerNumber", draft.number.as_str(), 12)?;
        let tax_group = draft.tax_group.as_deref().map(|group| code("TaxGroup", group, 12));
        let email = draft.email.trim();
        Ok(Self {
            short_name: cut(&number, 10),
            customer_number: number,
            group_code: code("GroupCode", &draft.group, 6)?,
            tax_group: tax_group.transpose()?,
            customer_name: cut(&draft.name, 60),
            address_line1: cut(&draft.street, 60),
            city: cut(&draft.city, 30),
            state_province: cut(&draft.state, 30),
            zip_postal_code: cut(&draft.zip, 20),
            country: cut(&draft.country, 30),
            email: if email.chars().count() > 50 { String::new() } else { email.to_owned() },
        })
    }
}

/// What of `ARPostedDocuments` matters.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StoredDocument {
    pub customer_number: String,
    pub document_number: String,
    #[serde(default)]
    pub document_type: Option<String>,
    #[serde(default)]
    pub document_date: Option<String>,
    #[serde(default)]
    pub due_date: Option<String>,
    #[serde(default)]
    pub currency_code: Option<String>,
    #[serde(with = "rust_decimal::serde::arbitrary_precision")]
    pub customer_currency_amount_due: Decimal,
    #[serde(default)]
    pub fully_paid: Option<String>,
    #[serde(default)]
    pub order_number: Option<String>,
    #[serde(rename = "PONumber", default)]
    pub po_number: Option<String>,
}

/// Why a document cannot be looked at.
#[derive(Debug, Error)]
pub enum Obscure {
    #[error("document {document}: {source}")]
    Amount { document: String, source: MoneyError },
    #[error("document {0} has neither a due date nor a date")]
    NoDate(String),
}

impl StoredDocument {
    /// Whether a receipt may be applied to documents of this type.
    #[must_use]
    pub fn is_payable(&self) -> bool {
        let known = self.document_type.as_deref().map(str::trim);
        matches!(known, Some("Invoice" | "DebitNote" | "Interest"))
    }

    /// # Errors
    /// When its amount cannot be said exactly, or it has no date at all.
    pub fn into_open(self) -> Result<OpenDocument, Obscure> {
        let number = self.document_number.trim().to_owned();
        let obscure = |source| Obscure::Amount { document: number.clone(), source };
        let currency: Currency = text(self.currency_code).parse().map_err(obscure)?;
        let due = if text(self.fully_paid) == "Yes" {
            Money::zero(currency)
        } else {
            Money::from_decimal(self.customer_currency_amount_due, currency).map_err(obscure)?
        };
        let dates = [self.due_date, self.document_date];
        let due_date = dates.into_iter().flatten().find_map(|text| day(&text));
        Ok(OpenDocument {
            customer: CustomerNumber(self.customer_number.trim().to_owned()),
            due,
            due_date: due_date.ok_or_else(|| Obscure::NoDate(number.clone()))?,
            order_number: text(self.order_number),
            purchase_order: text(self.po_number),
            number: DocumentNumber(number),
        })
    }
}

/// Beginnings of names to look for: the first word as it is written, in capitals, and capitalised.
#[must_use]
pub fn beginnings(name: &str) -> Vec<String> {
    let word = name.split_whitespace().map(bare).find(|word| !word.is_empty());
    let Some(word) = word else { return Vec::new() };
    let lower = word.to_lowercase();
    let mut letters = lower.chars();
    let first: String = letters.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    let capitalised = first + letters.as_str();
    let mut all = vec![word.to_owned()];
    for spelling in [word.to_uppercase(), capitalised] {
        if !all.contains(&spelling) {
            all.push(spelling);
        }
    }
    all
}

/// An e-mail address as written, and in small letters.
#[must_use]
pub fn spellings(email: &str) -> Vec<String> {
    let written = email.trim();
    let small = written.to_lowercase();
    let mut all = vec![written.to_owned()];
    if small != written {
        all.push(small);
    }
    all.retain(|email| !email.is_empty());
    all
}

fn bare(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric())
}

fn code(field: &'static str, text: &str, length_max: usize) -> Result<String, Misfit> {
    let value = text.trim().to_owned();
    if value.is_empty() || value.chars().count() > length_max {
        return Err(Misfit { field, value, length_max });
    }
    Ok(value)
}

fn cut(text: &str, length_max: usize) -> String {
    text.trim().chars().take(length_max).collect::<String>().trim_end().to_owned()
}

fn text(field: Option<String>) -> String {
    field.map(|text| text.trim().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const INVOICE: &str = r#"{"CustomerNumber":"1200","DocumentNumber":"IN0000000000118",
        "DocumentType":"Invoice","DocumentDate":"2026-02-01T00:00:00Z",
        "DueDate":"2026-03-03T00:00:00Z","CurrencyCode":"USD",
        "CustomerCurrencyAmountDue":125.5,"FullyPaid":"No",
        "OrderNumber":"ORD000000000207","PONumber":" PO-7 ","BatchNumber":75}"#;

    fn document(text: &str) -> StoredDocument {
        serde_json::from_str(text).unwrap()
    }

    fn draft() -> NewCustomer {
        NewCustomer {
            number: "WEB000000017".into(),
            group: "WHL".into(),
            tax_group: Some("CALIF".into()),
            name: "Example Buyer Inc.".into(),
            email: "ap@example.test".into(),
            street: "8320 Test Rd".into(),
            city: "Mesa".into(),
            state: "AZ".into(),
            zip: "85284".into(),
            country: "US".into(),
        }
    }

    #[test]
    fn a_customer_is_read() {
        let stored: StoredCustomer = serde_json::from_str(
            r#"{"CustomerNumber":"1200 ","CustomerName":"Example Retail Ltd.","Status":"Active",
            "Email":"ap@example.test","AddressLine1":"1 Main St","ZipPostalCode":null,
            "CurrencyCode":"USD","OnHold":"No"}"#,
        )
        .unwrap();
        let customer = Customer::from(stored);
        assert_eq!(customer.number.as_str(), "1200");
        assert_eq!(customer.street, "1 Main St");
        assert_eq!(customer.zip, "");
        assert!(customer.active);
    }

    #[test]
    fn a_new_customer_fits_what_sage_holds() {
        let body = CustomerBody::of(&draft()).unwrap();
        assert_eq!(body.short_name, "WEB0000000");
        assert_eq!(
            serde_json::to_string(&body).unwrap(),
            concat!(
                r#"{"CustomerNumber":"WEB000000017","ShortName":"WEB0000000","#,
                r#""GroupCode":"WHL","TaxGroup":"CALIF","CustomerName":"Example Buyer Inc.","#,
                r#""AddressLine1":"8320 Test Rd","City":"Mesa","StateProvince":"AZ","#,
                r#""ZipPostalCode":"85284","Country":"US","Email":"ap@example.test"}"#
            )
        );
        let long = NewCustomer {
            name: "ü".repeat(61),
            email: format!("{}@example.test", "a".repeat(50)),
            ..draft()
        };
        let body = CustomerBody::of(&long).unwrap();
        assert_eq!(body.customer_name, "ü".repeat(60));
        assert_eq!(body.email, "");
        let wrong = NewCustomer { number: "WEB0000000017".into(), ..draft() };
        assert_eq!(CustomerBody::of(&wrong).unwrap_err().field, "CustomerNumber");
    }

    #[test]
    fn documents_are_read_exactly() {
        let stored = document(INVOICE);
        assert!(stored.is_payable());
        let open = stored.into_open().unwrap();
        assert_eq!(open.due, Money::new(12550, Currency::USD));
        assert_eq!(open.due_date, "2026-03-03".parse().unwrap());
        assert_eq!(open.purchase_order, "PO-7");
        let paid = document(&INVOICE.replace("\"No\"", "\"Yes\"")).into_open().unwrap();
        assert_eq!(paid.due, Money::zero(Currency::USD));
        let undated = INVOICE.replace("\"2026-03-03T00:00:00Z\"", "null");
        let undated = document(&undated).into_open().unwrap();
        assert_eq!(undated.due_date, "2026-02-01".parse().unwrap());
    }

    #[test]
    fn what_cannot_be_paid_or_said_is_told() {
        for other in ["CreditNote", "Receipt", "Prepayment", "UnappliedCash", "Refund", ""] {
            assert!(
                !document(&INVOICE.replace("\"Invoice\"", &format!("\"{other}\""))).is_payable()
            );
        }
        let inexact = document(&INVOICE.replace("125.5", "125.505"));
        assert!(matches!(inexact.into_open(), Err(Obscure::Amount { .. })));
    }

    #[test]
    fn beginnings_of_names() {
        assert_eq!(beginnings("acme Tools"), ["acme", "ACME", "Acme"]);
        assert_eq!(beginnings(" \"ACME\" Tools"), ["ACME", "Acme"]);
        assert_eq!(beginnings("& élan"), ["élan", "ÉLAN", "Élan"]);
        assert_eq!(beginnings("O'Brien"), ["O'Brien", "O'BRIEN", "O'brien"]);
        assert!(beginnings(" - ").is_empty());
    }

    #[test]
    fn spellings_of_addresses() {
        assert_eq!(spellings(" AP@Example.test "), ["AP@Example.test", "ap@example.test"]);
        assert_eq!(spellings("ap@example.test"), ["ap@example.test"]);
        assert!(spellings(" ").is_empty());
    }
}
