//! Names of things. Each is its own type so that one can never stand where another belongs.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

text_id! {
    /// One PayTrace account, as named in the configuration; also the tenant of every stored item.
    MerchantId;
    /// One Sage 300 company database, such as `SAMLTD`.
    CompanyId;
    /// PayTrace's id of a transaction, in its decimal form.
    TransactionId;
    /// PayTrace's id of a vault customer.
    ProfileId;
    /// Sage 300 customer number (at most 12 characters, upper case).
    CustomerNumber;
    /// Sage 300 document number (at most 22 characters).
    DocumentNumber;
    /// A sealed manifest: derived from its content, so that the same seal has the same name.
    ManifestId;
    /// The sender's id of a webhook delivery, unique per merchant.
    EventId;
}

/// A Sage 300 A/R batch number. Never reused by Sage (assumption A1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BatchNumber(pub i64);

impl fmt::Display for BatchNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A transaction of a merchant: the unit facts and effects hang on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PaymentKey {
    pub merchant: MerchantId,
    pub transaction: TransactionId,
}

impl fmt::Display for PaymentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.merchant, self.transaction)
    }
}
