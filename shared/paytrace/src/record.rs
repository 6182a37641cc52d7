use rust_decimal::Decimal;
use serde::Deserialize;

use crate::amount;

/// One transaction of an export \[O\]. Absent text is empty; unknown fields are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Record {
    /// PayTrace's id.
    #[serde(deserialize_with = "amount::id_required")]
    pub transaction_id: i64,
    /// SALE, AUTHORIZATION, STR/FWD, REFUND, VOID.
    #[serde(default, deserialize_with = "amount::text")]
    pub transaction_type: String,
    /// US dollars.
    #[serde(deserialize_with = "amount::exact")]
    pub amount: Decimal,
    /// US dollars as text, as exported.
    #[serde(default, deserialize_with = "amount::text")]
    pub tax_amount: String,
    /// Free text.
    #[serde(default, deserialize_with = "amount::text")]
    pub description: String,
    /// Invoice number.
    #[serde(default, deserialize_with = "amount::text")]
    pub invoice_id: String,
    /// Purchase order.
    #[serde(default, deserialize_with = "amount::text")]
    pub customer_reference_id: String,
    /// Vault profile.
    #[serde(default, deserialize_with = "amount::text")]
    pub customer_id: String,
    /// The bank's approval.
    #[serde(default, deserialize_with = "amount::text")]
    pub approval_code: String,
    /// The bank's words, trimmed.
    #[serde(default, deserialize_with = "amount::text")]
    pub approval_message: String,
    /// Address check.
    #[serde(default, deserialize_with = "amount::text")]
    pub avs_response: String,
    /// Security-code check.
    #[serde(default, deserialize_with = "amount::text")]
    pub csc_response: String,
    /// `GB118`, `Y`, `N`.
    #[serde(default, deserialize_with = "amount::text")]
    pub status_code: String,
    /// Words next to it.
    #[serde(default, deserialize_with = "amount::text")]
    pub status_message: String,
    /// Local time of the settlement, raw; empty before.
    #[serde(default, deserialize_with = "amount::text")]
    pub settled: String,
    /// Where a receipt went.
    #[serde(default, deserialize_with = "amount::text")]
    pub receipt_emailed_to: String,
    /// The card, masked.
    #[serde(default)]
    pub credit_card: Option<Card>,
    /// Billing address.
    #[serde(default)]
    pub billing_address: Option<Address>,
    /// Shipping address.
    #[serde(default)]
    pub shipping_address: Option<Address>,
    /// When and by whom.
    #[serde(default)]
    pub created: Option<Created>,
}

/// A masked card.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Card {
    /// `************5439`.
    #[serde(deserialize_with = "amount::text")]
    pub masked_number: String,
    /// 1–12.
    #[serde(deserialize_with = "amount::id")]
    pub expiration_month: Option<i64>,
    /// Two digits in exports \[O\].
    #[serde(deserialize_with = "amount::id")]
    pub expiration_year: Option<i64>,
    /// First digits, when asked for; the field's name is assumed \[I\].
    #[serde(deserialize_with = "amount::text")]
    pub bin: String,
}

/// A postal address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Address {
    /// Name.
    #[serde(deserialize_with = "amount::text")]
    pub name: String,
    /// First line.
    #[serde(deserialize_with = "amount::text")]
    pub street_address: String,
    /// Second line.
    #[serde(deserialize_with = "amount::text")]
    pub street_address2: String,
    /// City.
    #[serde(deserialize_with = "amount::text")]
    pub city: String,
    /// County.
    #[serde(deserialize_with = "amount::text")]
    pub county: String,
    /// State.
    #[serde(deserialize_with = "amount::text")]
    pub state: String,
    /// Postal code.
    #[serde(deserialize_with = "amount::text")]
    pub zip: String,
    /// Country.
    #[serde(deserialize_with = "amount::text")]
    pub country: String,
}

/// How a record came to be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Created {
    /// `API`, …
    #[serde(deserialize_with = "amount::text")]
    pub through: String,
    /// Local time, raw.
    #[serde(deserialize_with = "amount::text")]
    pub at: String,
    /// User.
    #[serde(deserialize_with = "amount::text")]
    pub by: String,
    /// Address.
    #[serde(deserialize_with = "amount::text")]
    pub from_ip: String,
}

/// One vault profile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Customer {
    /// The merchant's id.
    #[serde(deserialize_with = "amount::text")]
    pub customer_id: String,
    /// The card, masked.
    pub credit_card: Option<Card>,
    /// Billing address.
    pub billing_address: Option<Address>,
    /// Shipping address.
    pub shipping_address: Option<Address>,
    /// E-mail.
    #[serde(deserialize_with = "amount::text")]
    pub email: String,
    /// Phone.
    #[serde(deserialize_with = "amount::text")]
    pub phone: String,
    /// When and by whom.
    pub created: Option<Created>,
}

/// What `status_code` says \[O\].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// `GB<n>`.
    SettledInBatch(i64),
    /// Text that says settled without a number.
    SettledUnnumbered,
    /// `Y`.
    Pending,
    /// `N`.
    NotSettling(NotSettling),
    /// Anything else, as it came.
    Unknown(String),
}

/// Why a record will not settle, from `status_message`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotSettling {
    /// Authorised only.
    Auth,
    /// Voided.
    Void,
    /// Declined.
    Decl,
    /// Anything else, as it came.
    Other(String),
}

impl Record {
    /// Reads `status_code`, with `status_message` where the code alone does not say.
    pub fn settlement(&self) -> Settlement {
        let number = self.status_code.strip_prefix("GB").and_then(|n| n.parse().ok());
        match (self.status_code.as_str(), number) {
            (_, Some(number)) => Settlement::SettledInBatch(number),
            ("Y", _) => Settlement::Pending,
            ("N", _) => Settlement::NotSettling(not_settling(&self.status_message)),
            (code, _) if code.contains("Settled") => Settlement::SettledUnnumbered,
            (code, _) => Settlement::Unknown(code.to_owned()),
        }
    }
}

fn not_settling(message: &str) -> NotSettling {
    let upper = message.to_ascii_uppercase();
    match () {
        () if upper.contains("VOID") => NotSettling::Void,
        () if upper.contains("DECL") => NotSettling::Decl,
        () if upper.contains("AUTH") => NotSettling::Auth,
        () => NotSettling::Other(message.to_owned()),
    }
}
