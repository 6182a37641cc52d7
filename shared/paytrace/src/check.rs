use rust_decimal::Decimal;
use serde::Serialize;

use crate::{Details, Outcome, PayTraceClient, PayTraceError, Payer, amount};

impl PayTraceClient {
    /// Debits the bank account of a vault profile \[C\]. Approved means accepted, not funded.
    pub async fn check_sale_by_customer(
        &self,
        customer_id: &str,
        details: &Details,
    ) -> Result<Outcome, PayTraceError> {
        const OPERATION: &str = "paytrace.check_sale_by_customer";
        let body = Payer::Customer(customer_id.to_owned()).body(OPERATION, details)?;
        Outcome::of(OPERATION, self.pay(OPERATION, "checks/sale/by_customer", &body).await?, &[120])
    }

    /// Gives a check back \[C\].
    pub async fn check_refund_by_transaction(
        &self,
        check_transaction_id: i64,
        amount: Decimal,
    ) -> Result<Outcome, PayTraceError> {
        const OPERATION: &str = "paytrace.check_refund_by_transaction";
        let body = CheckRefund { check_transaction_id, amount };
        let path = "checks/refund/by_transaction";
        Outcome::of(OPERATION, self.pay(OPERATION, path, &body).await?, &[122])
    }

    /// Cancels a check before it settles \[C\].
    pub async fn check_void(&self, check_transaction_id: i64) -> Result<Outcome, PayTraceError> {
        const OPERATION: &str = "paytrace.check_void";
        let body = OneCheck { check_transaction_id };
        Outcome::of(OPERATION, self.pay(OPERATION, "checks/manage/void", &body).await?, &[124])
    }

    /// Funds a held check \[C\].
    pub async fn check_fund(&self, check_transaction_id: i64) -> Result<Outcome, PayTraceError> {
        const OPERATION: &str = "paytrace.check_fund";
        let body = OneCheck { check_transaction_id };
        Outcome::of(OPERATION, self.pay(OPERATION, "checks/manage/fund", &body).await?, &[124])
    }
}

#[derive(Serialize)]
struct CheckRefund {
    check_transaction_id: i64,
    #[serde(serialize_with = "amount::as_text")]
    amount: Decimal,
}

#[derive(Serialize)]
struct OneCheck {
    check_transaction_id: i64,
}
