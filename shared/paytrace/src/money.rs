use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value;

use crate::{Outcome, PayTraceClient, PayTraceError, amount};

/// Whose card pays; never a card number.
#[derive(Clone)]
pub enum Payer {
    /// A vault profile.
    Customer(String),
    /// The card of an earlier transaction.
    Transaction(i64),
    /// A single-use hosted-field token.
    PtProtect {
        /// First half.
        hpf_token: String,
        /// Second half.
        enc_key: String,
    },
    /// The same, and a vault profile is made of it \[C\]; sales only.
    PtProtectCustomer {
        /// First half.
        hpf_token: String,
        /// Second half.
        enc_key: String,
        /// Id of the new profile.
        customer_id: String,
    },
}

/// What a payment is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Details {
    /// US dollars.
    #[serde(serialize_with = "amount::as_text")]
    pub amount: Decimal,
    /// Unique invoice number: the way to find the transaction again.
    pub invoice_id: String,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Purchase order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_reference_id: Option<String>,
}

impl PayTraceClient {
    /// Charges.
    pub async fn sale(&self, payer: &Payer, details: &Details) -> Result<Outcome, PayTraceError> {
        const OPERATION: &str = "paytrace.sale";
        let success: &[i64] = match payer {
            Payer::PtProtectCustomer { .. } => &[101, 165],
            _ => &[101],
        };
        let path = format!("transactions/sale/{}", payer.path());
        let body = payer.body(OPERATION, details)?;
        Outcome::of(OPERATION, self.pay(OPERATION, &path, &body).await?, success)
    }

    /// Reserves.
    pub async fn authorize(
        &self,
        payer: &Payer,
        details: &Details,
    ) -> Result<Outcome, PayTraceError> {
        const OPERATION: &str = "paytrace.authorize";
        let path = format!("transactions/authorization/{}", payer.path());
        let body = payer.body(OPERATION, details)?;
        Outcome::of(OPERATION, self.pay(OPERATION, &path, &body).await?, &[101])
    }

    /// Takes a reservation, in part when an amount is given; the id stays.
    pub async fn capture(
        &self,
        transaction_id: i64,
        amount: Option<Decimal>,
    ) -> Result<Outcome, PayTraceError> {
        let body = OnTransaction { transaction_id, amount: amount.map(|a| a.to_string()) };
        let path = "transactions/authorization/capture";
        self.judged("paytrace.capture", path, &body, 112).await
    }

    /// Gives a settled payment back, in part when an amount is given; the refund has a new id.
    pub async fn refund_for_transaction(
        &self,
        transaction_id: i64,
        amount: Option<Decimal>,
    ) -> Result<Outcome, PayTraceError> {
        let body = OnTransaction { transaction_id, amount: amount.map(|a| a.to_string()) };
        let path = "transactions/refund/for_transaction";
        self.judged("paytrace.refund_for_transaction", path, &body, 106).await
    }

    /// Gives money to a vault profile.
    pub async fn refund_to_customer(
        &self,
        customer_id: &str,
        details: &Details,
    ) -> Result<Outcome, PayTraceError> {
        const OPERATION: &str = "paytrace.refund_to_customer";
        let body = Payer::Customer(customer_id.to_owned()).body(OPERATION, details)?;
        self.judged(OPERATION, "transactions/refund/to_customer", &body, 106).await
    }

    /// Cancels before settlement.
    pub async fn void(&self, transaction_id: i64) -> Result<Outcome, PayTraceError> {
        let body = OnTransaction { transaction_id, amount: None };
        self.judged("paytrace.void", "transactions/void", &body, 109).await
    }

    /// Closes the open batch now.
    pub async fn settle(&self) -> Result<Outcome, PayTraceError> {
        let body = serde_json::json!({});
        self.judged("paytrace.settle", "transactions/settle", &body, 175).await
    }

    async fn judged<B: Serialize>(
        &self,
        operation: &'static str,
        path: &str,
        body: &B,
        success_code: i64,
    ) -> Result<Outcome, PayTraceError> {
        Outcome::of(operation, self.pay(operation, path, body).await?, &[success_code])
    }
}

#[derive(Serialize)]
struct OnTransaction {
    transaction_id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<String>,
}

impl Payer {
    fn path(&self) -> &'static str {
        match self {
            Self::Customer(_) => "by_customer",
            Self::Transaction(_) => "by_transaction",
            Self::PtProtect { .. } => "pt_protect",
            Self::PtProtectCustomer { .. } => "pt_protect_customer",
        }
    }

    pub(crate) fn body(
        &self,
        operation: &'static str,
        details: &Details,
    ) -> Result<Value, PayTraceError> {
        let unwritable =
            || PayTraceError::new(operation, paysage_http::Phase::NotSent, "unwritable body");
        let mut body = serde_json::to_value(details).map_err(|_| unwritable())?;
        let fields = body.as_object_mut().ok_or_else(unwritable)?;
        let mut set = |name: &str, value: Value| {
            fields.insert(name.to_owned(), value);
        };
        match self {
            Self::Customer(id) => set("customer_id", id.as_str().into()),
            Self::Transaction(id) => set("transaction_id", (*id).into()),
            Self::PtProtect { hpf_token, enc_key } => {
                set("hpf_token", hpf_token.as_str().into());
                set("enc_key", enc_key.as_str().into());
            }
            Self::PtProtectCustomer { hpf_token, enc_key, customer_id } => {
                set("hpf_token", hpf_token.as_str().into());
                set("enc_key", enc_key.as_str().into());
                set("customer_id", customer_id.as_str().into());
            }
        }
        Ok(body)
    }
}
