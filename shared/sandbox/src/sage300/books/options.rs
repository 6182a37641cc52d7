//! What a company has set up, and what is not known of the vendor and may be chosen.

use serde::{Deserialize, Serialize};

/// Set-up of one company. Absent properties keep their defaults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// A/R option "Check for Duplicate Checks". [O]
    pub duplicate_checks: DuplicateChecks,
    /// Among whose receipts a check number must be new. [?]
    pub duplicate_checks_scope: Scope,
    /// How much an entry may apply to a document; posting always compares with the amount due. [?]
    pub applied_limit: AppliedLimit,
    /// Whether a date in a locked period is refused on entry already, not only on posting. [?]
    pub locked_period_at_entry: bool,
    /// Whether `BatchStatus: "Deleted"` by PATCH deletes a batch. [?]
    pub delete_batch_by_patch: bool,
    /// Whether an error batch is named like the batch its entries come from. [?]
    pub error_batch_keeps_description: bool,
    /// A/R option "Force Listing of All Batches". [O]
    pub force_batch_listing: bool,
    /// A/R option "Force Printing of Deposit Slips". [O]
    pub force_deposit_slips: bool,
    /// How long a batch stays in `PostInProgress`; 0 posts within the call.
    pub post_duration_ms: u64,
    /// When subledger postings reach the general ledger. [O]
    pub gl_batches: GlBatches,
    /// Whether day end posts the A/R invoice batch it makes. [O: depends on options]
    pub day_end_posts_invoices: bool,
    /// Whether a positive adjustment lowers what is owed; by default a negative one does. [?]
    pub positive_adjustment_credits: bool,
    /// Whether posting an invoice uses up prepayments matched to its order or number. [V]
    pub matched_prepayments_apply: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DuplicateChecks {
    None,
    Warning,
    Error,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    Customer,
    Company,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AppliedLimit {
    /// Up to the amount due, whatever other unposted receipts apply.
    Due,
    /// Up to the amount due less what other unposted receipts apply.
    NetOfPending,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum GlBatches {
    /// Made and posted at once.
    Posted,
    /// Made at once, posted by `GLPostJournal`.
    Created,
    /// Made by `ARCreateGLBatch`.
    OnRequest,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            duplicate_checks: DuplicateChecks::None,
            duplicate_checks_scope: Scope::Customer,
            applied_limit: AppliedLimit::Due,
            locked_period_at_entry: false,
            delete_batch_by_patch: true,
            error_batch_keeps_description: false,
            force_batch_listing: false,
            force_deposit_slips: false,
            post_duration_ms: 0,
            gl_batches: GlBatches::Posted,
            day_end_posts_invoices: false,
            positive_adjustment_credits: false,
            matched_prepayments_apply: true,
        }
    }
}
