//! Exceptions: what a person must decide, with the reason, the evidence and the fix.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::MerchantId;

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal: $fix:literal;)*) => {
        /// Why an item is held. The codes are stable; `docs/ERRORS.md` lists them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum ReasonCode {
            $($(#[$doc])* #[serde(rename = $code)] $name,)*
        }

        impl ReasonCode {
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// What a person can do about it.
            #[must_use]
            pub fn fix(self) -> &'static str {
                match self { $(Self::$name => $fix,)* }
            }
        }
    };
}

reasons! {
    /// Two or more customers fit equally well.
    CustomerAmbiguous = "customer_ambiguous":
        "Give one of these Sage customers the payer's e-mail; the item is then taken up by itself.";
    CustomerNotFound = "customer_not_found":
        "Create the customer in Sage with the payer's e-mail or name; the item is then taken up.";
    CustomerInactive = "customer_inactive":
        "Set the Sage customer active; the item is then taken up by itself.";
    CustomerCurrency = "customer_currency_differs":
        "The customer is kept in another currency: enter the receipt by hand for the right one.";
    DocumentNotOpen = "document_not_open":
        "The payment names a document that is paid or unknown: apply it by hand in Sage.";
    BankUnknown = "bank_unknown":
        "Correct the merchant's bank code in the configuration; the item is then taken up.";
    PaymentCodeUnknown = "payment_code_unknown":
        "Add the payment code in Sage or correct it in the configuration; the item is then taken up.";
    PeriodLocked = "period_locked":
        "Unlock the fiscal period or let the merchant roll forward; the item is then taken up.";
    PostingRefused = "posting_refused":
        "Sage would not post the entry: correct the cause. It is tried again a few times by itself.";
    SageRefused = "sage_refused":
        "Sage refused the entry: correct what it names. It is tried again a few times by itself.";
    SageDenied = "sage_credentials_refused":
        "Check the Sage user, its password and its Web API rights; posting resumes by itself.";
    PayTraceDenied = "paytrace_credentials_refused":
        "Check the PayTrace API user and password; polling resumes by itself.";
    BatchChanged = "committed_batch_changed":
        "A batch of ours was changed in Sage: put it back, then `paysage release-batch` it.";
    PostedOutside = "posted_outside_protocol":
        "More than one batch with this content was posted in Sage: reverse the extra ones there.";
    PostStuck = "post_in_progress_too_long":
        "Sage has been posting this batch too long: restart the post in Sage, never re-enter it.";
    RefundByHand = "refund_needs_entry":
        "Enter the refund in Sage for the original receipt, then `paysage settle` it.";
    VoidedAfterPosting = "voided_after_posting":
        "Reverse the receipt in Bank Services: the books show money that will not arrive.";
    FactChanged = "fact_changed":
        "PayTrace now states something else than before: compare both, correct Sage by hand.";
    PayloadChanged = "changed_payload_duplicate":
        "One event id came with two different contents: check the sender; PayTrace was re-read.";
    TransactionUnknown = "transaction_unknown":
        "PayTrace does not know this transaction id: check the sender of the event.";
    StatusUnknown = "status_unknown":
        "PayTrace reported a status outside the table: add it to the table; it is then taken up.";
    CardDataBlocked = "card_data_blocked":
        "A message contained a card number and was refused: have the sender stop sending it.";
    MessageUndecodable = "message_undecodable":
        "A queued message could not be read: see its text, correct the sender, then send again.";
    AmountInvalid = "amount_invalid":
        "The amount is zero, negative or not exact in its currency: check it in PayTrace.";
    AccountUnknown = "account_unknown":
        "Bind the G/L account for this merchant in env/NAME.yaml and promote; it is then taken up.";
    FormatUncertain = "format_uncertain":
        "A value can be read in several ways: write it as proposed, if that is meant, at its source.";
    FlowFailed = "flow_failed":
        "A flow could not decide: see step and field; correct the document or what it binds.";
    HeldByPerson = "held_by_person":
        "A person keeps it from being posted: see why; `paysage release` lets it go on.";
    Unexpected = "unexpected_failure":
        "Processing failed repeatedly in a way nobody foresaw: report it with the evidence.";
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An item put before a person that is not (or not only) a held effect. `id` is deterministic, so
/// that raising it twice is raising it once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    pub id: String,
    pub merchant: Option<MerchantId>,
    pub reason: ReasonCode,
    /// What it is about: a transaction, event, batch or company.
    pub subject: String,
    pub evidence: String,
    pub raised: Timestamp,
    pub closed: Option<Timestamp>,
}

impl Exception {
    #[must_use]
    pub fn new(reason: ReasonCode, subject: &str, evidence: &str, raised: Timestamp) -> Self {
        Self {
            id: format!("{reason}:{subject}"),
            merchant: None,
            reason,
            subject: subject.to_owned(),
            evidence: evidence.to_owned(),
            raised,
            closed: None,
        }
    }

    #[must_use]
    pub fn of(mut self, merchant: &MerchantId) -> Self {
        self.merchant = Some(merchant.clone());
        self
    }
}
