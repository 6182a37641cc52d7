use paysage_http::Secret;
use serde::Serialize;

use crate::{Outcome, PayTraceClient, PayTraceError};

impl PayTraceClient {
    /// Makes a vault profile of a hosted-field token \[R\]; PayTrace requires the billing name.
    pub async fn customer_pt_protect_create(
        &self,
        customer_id: &str,
        hpf_token: &str,
        enc_key: &str,
        billing_name: &str,
    ) -> Result<Outcome, PayTraceError> {
        const OPERATION: &str = "paytrace.customer_pt_protect_create";
        let billing_address = BillingName { name: billing_name };
        let body = NewCustomer { customer_id, hpf_token, enc_key, billing_address };
        let answer = self.pay(OPERATION, "customer/pt_protect_create", &body).await?;
        Outcome::of(OPERATION, answer, &[160])
    }

    /// Deletes a vault profile \[C\].
    pub async fn customer_delete(&self, customer_id: &str) -> Result<Outcome, PayTraceError> {
        const OPERATION: &str = "paytrace.customer_delete";
        let body = OneCustomer { customer_id };
        Outcome::of(OPERATION, self.pay(OPERATION, "customer/delete", &body).await?, &[162])
    }

    /// Sends a receipt by e-mail \[C\].
    pub async fn email_receipt(
        &self,
        transaction_id: i64,
        email: &str,
    ) -> Result<Outcome, PayTraceError> {
        const OPERATION: &str = "paytrace.email_receipt";
        let body = Receipt { transaction_id, email };
        Outcome::of(
            OPERATION,
            self.pay(OPERATION, "transactions/email_receipt", &body).await?,
            &[149],
        )
    }

    /// The key that lets one page view of the hosted fields make a token \[O\].
    pub async fn payment_fields_token(&self) -> Result<Secret, PayTraceError> {
        const OPERATION: &str = "paytrace.payment_fields_token";
        let body = serde_json::json!({});
        let answer = self.read(OPERATION, "payment_fields/token/create", &body).await?;
        let key = answer.body.get("clientKey").and_then(serde_json::Value::as_str);
        let told = "no client key in the answer";
        key.map(Secret::new).ok_or_else(|| PayTraceError::unclear(OPERATION, answer.status, told))
    }
}

#[derive(Serialize)]
struct NewCustomer<'a> {
    customer_id: &'a str,
    hpf_token: &'a str,
    enc_key: &'a str,
    billing_address: BillingName<'a>,
}

#[derive(Serialize)]
struct BillingName<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct OneCustomer<'a> {
    customer_id: &'a str,
}

#[derive(Serialize)]
struct Receipt<'a> {
    transaction_id: i64,
    email: &'a str,
}
