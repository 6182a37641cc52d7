//! What the books say of a customer: who may be meant, and what is open.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::id::{CustomerNumber, DocumentNumber};
use crate::money::Money;

/// A customer of the company, as far as matching needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    pub number: CustomerNumber,
    pub name: String,
    pub email: String,
    pub street: String,
    pub zip: String,
    /// Three-letter code as Sage gives it.
    pub currency: String,
    pub active: bool,
}

/// An open document of a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenDocument {
    pub number: DocumentNumber,
    pub customer: CustomerNumber,
    /// What is still due in Sage, receipts not yet posted not deducted.
    pub due: Money,
    pub due_date: Date,
    pub order_number: String,
    pub purchase_order: String,
}
