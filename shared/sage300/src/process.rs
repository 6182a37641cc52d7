use paysage_http::{Method, Phase};
use serde::Serialize;
use serde_json::Value;

use crate::{Sage300Client, Sage300Error};

/// Which posted subledger transactions `ARCreateGLBatch` turns into a GL batch \[O\].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CreateGlBatch {
    /// Posted invoices.
    pub invoices: bool,
    /// Posted receipts.
    pub receipts: bool,
    /// Posted adjustments.
    pub adjustments: bool,
    /// Posted refunds.
    pub refunds: bool,
}

impl Sage300Client {
    /// Posts one receipt batch. `Ok` says the service ended, not that every entry posted.
    pub async fn post_receipts(&self, batch: i64) -> Result<(), Sage300Error> {
        let body = PostOne { batch_type: Some("CA"), ..PostOne::of(batch) };
        self.process("sage300.post_receipts", "AR/ARPostReceiptsAndAdjustments", &body).await
    }

    /// Posts one adjustment batch.
    pub async fn post_adjustments(&self, batch: i64) -> Result<(), Sage300Error> {
        let body = PostOne { batch_type: Some("AD"), ..PostOne::of(batch) };
        self.process("sage300.post_adjustments", "AR/ARPostReceiptsAndAdjustments", &body).await
    }

    /// Posts one invoice batch.
    pub async fn post_invoices(&self, batch: i64) -> Result<(), Sage300Error> {
        self.process("sage300.post_invoices", "AR/ARPostInvoices", &PostOne::of(batch)).await
    }

    /// Posts one refund batch.
    pub async fn post_refunds(&self, batch: i64) -> Result<(), Sage300Error> {
        self.process("sage300.post_refunds", "AR/ARPostRefunds", &PostOne::of(batch)).await
    }

    /// Turns what is posted in the subledger into a GL batch.
    pub async fn create_gl_batch(&self, what: &CreateGlBatch) -> Result<(), Sage300Error> {
        self.process("sage300.create_gl_batch", "AR/ARCreateGLBatch", &GlBody::of(what)).await
    }

    /// The default body of a resource or service, as Sage proposes it.
    pub async fn template(&self, resource: &str) -> Result<Value, Sage300Error> {
        const OPERATION: &str = "sage300.template";
        let url = self.url(OPERATION, resource, "('$template')", None)?;
        let request = self.request(OPERATION, Method::POST, url).body("{}");
        let response = self.send(OPERATION, request).await?;
        serde_json::from_slice(&response.body)
            .map_err(|e| Sage300Error::unclear(OPERATION, response.status, e.to_string()))
    }

    async fn process<B: Serialize>(
        &self,
        operation: &'static str,
        resource: &str,
        body: &B,
    ) -> Result<(), Sage300Error> {
        let url = self.url(operation, resource, "('$process')", None)?;
        let body = serde_json::to_vec(body)
            .map_err(|e| Sage300Error::not_sent(operation, e.to_string()))?;
        let request = self
            .request(operation, Method::POST, url)
            .timeout_ms(self.config().timeout_ms_post)
            .body(body);
        let response = self.send(operation, request).await.map_err(|mut error| {
            if error.status == Some(409) {
                error.phase = Phase::Unclear;
            }
            error
        })?;
        Self::expect_done(operation, &response)
    }
}

/// One batch and never all of them: no field of this type can say otherwise.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PostOne {
    #[serde(skip_serializing_if = "Option::is_none")]
    batch_type: Option<&'static str>,
    post_all_batches: &'static str,
    post_batch_from: i64,
    post_batch_to: i64,
}

impl PostOne {
    fn of(batch: i64) -> Self {
        Self {
            batch_type: None,
            post_all_batches: "Donotpostallbatches",
            post_batch_from: batch,
            post_batch_to: batch,
        }
    }
}

/// "Everything posted so far" as Sage's own sample spells it \[O\].
const THROUGH: i64 = 999_999;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct GlBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    process_invoice_batch: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invoice_through_posting_sequence_number: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    process_receipt_batch: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt_through_posting_sequence_number: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    process_adjustment_batch: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    adjustment_through_posting_sequence_number: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    process_refund_batch: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refund_through_posting_sequence_number: Option<i64>,
}

impl GlBody {
    fn of(what: &CreateGlBatch) -> Self {
        Self {
            process_invoice_batch: what.invoices.then_some("PostInvoicebatches"),
            invoice_through_posting_sequence_number: what.invoices.then_some(THROUGH),
            process_receipt_batch: what.receipts.then_some("PostCashbatches"),
            receipt_through_posting_sequence_number: what.receipts.then_some(THROUGH),
            process_adjustment_batch: what.adjustments.then_some("PostAdjustmentbatches"),
            adjustment_through_posting_sequence_number: what.adjustments.then_some(THROUGH),
            process_refund_batch: what.refunds.then_some("PostRefundbatches"),
            refund_through_posting_sequence_number: what.refunds.then_some(THROUGH),
        }
    }
}
