//! Who is connected: Sage 300 companies, PayTrace accounts, and the senders of webhooks.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::secret::SecretRef;

/// One Sage 300 company database, reached over its Web API.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Company {
    /// The Web API's address up to and without the company, such as
    /// `https://sage.example.com/Sage300WebApi/v1.0/-`.
    pub url: String,
    /// Sage 300 user with Web API rights, in capitals.
    pub user: String,
    /// Where that user's password is.
    pub password: SecretRef,
    /// Resources that have another name on this server, by their usual name.
    #[serde(default)]
    pub resource_map: BTreeMap<String, String>,
    /// How long an answer may take, posting excepted.
    #[serde(default = "request_timeout_ms")]
    pub request_timeout_ms: u32,
    /// How long the answer to a post may take: Sage answers when it is through.
    #[serde(default = "post_timeout_ms")]
    pub post_timeout_ms: u32,
    /// Requests under way to this company at the same time.
    #[serde(default = "sage_requests_in_flight_max")]
    pub requests_in_flight_max: u16,
    /// Records asked for at once; the server's own `PageSize` is the limit.
    #[serde(default = "page_size")]
    pub page_size: u16,
    /// Several merchants post to this company. Refused unless said here.
    #[serde(default)]
    pub shared_by_merchants: bool,
    /// What is taken for granted about this server; the contract test proves it.
    #[serde(default)]
    pub assumptions: Assumptions,
}

/// What is taken for granted about a Sage 300 server. The defaults are the safe variants.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Assumptions {
    /// A prepayment may name its order (`DocumentType` OrderNumber, `MatchingDocumentNumber`);
    /// otherwise the order number stands in the entry's reference.
    pub prepayment_matches_order: bool,
    /// How batches of ours are found again: `description`, or the `recent` ones by number.
    pub batch_lookup: BatchLookup,
    /// Property names of the fiscal calendar.
    pub calendar: Calendar,
}

/// How a batch is found again after an answer was lost.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BatchLookup {
    /// The server filters batches by the beginning of their description.
    #[default]
    Description,
    /// All receipt batches above a number are listed, and compared here.
    Recent(RecentBatches),
}

/// Which batches are looked through.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecentBatches {
    /// The last batch number before Paysage was put to use.
    pub since: i64,
}

/// Property names of `CSFiscalCalendars`; `{n}` stands for the period, from 1.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Calendar {
    /// First day of a period.
    pub start: String,
    /// Last day of a period.
    pub end: String,
    /// Whether a period is locked.
    pub status: String,
    /// Whether the year is active; one that is not is locked as a whole.
    pub active: String,
    /// Values of `status` that mean locked, in any case.
    pub locked: Vec<String>,
}

impl Default for Calendar {
    fn default() -> Self {
        Self {
            start: "FiscalPeriod{n}StartDate".to_owned(),
            end: "FiscalPeriod{n}EndDate".to_owned(),
            status: "FiscalPeriod{n}Status".to_owned(),
            active: "YearActive".to_owned(),
            locked: ["Locked", "Yes", "true", "1"].map(str::to_owned).to_vec(),
        }
    }
}

/// One PayTrace account, where its money goes in Sage 300, and its policies.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Merchant {
    /// The company its payments are posted to, one of `companies`.
    pub company: String,
    /// How PayTrace is reached.
    pub paytrace: PayTrace,
    /// Currency of the account, three capital letters.
    pub currency: String,
    /// Sage bank code the money is deposited to.
    pub bank: String,
    /// Sage payment code by card brand in lower case; `default` for the others.
    pub payment_codes: BTreeMap<String, String>,
    /// What to do with a payment whose customer is not found: `hold`, or `create` one.
    #[serde(default)]
    pub new_customer: NewCustomer,
    /// What to do when the posting date is in a locked period: `roll` forward or `hold`.
    #[serde(default)]
    pub closed_period: ClosedPeriod,
    /// What a payment that names no document pays: `oldest_due` first, or nothing (`on_account`).
    #[serde(default)]
    pub unnamed: Unnamed,
    /// Customer used for payments of walk-in buyers, when that is wanted.
    #[serde(default)]
    pub fallback_customer: Option<String>,
}

/// How PayTrace is reached for one account.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PayTrace {
    /// Address of the API.
    #[serde(default = "paytrace_url")]
    pub url: String,
    /// API user.
    pub username: String,
    /// Where that user's password is.
    pub password: SecretRef,
    /// Integrator id that PayTrace issued.
    pub integrator_id: String,
    /// How long an answer may take.
    #[serde(default = "request_timeout_ms")]
    pub request_timeout_ms: u32,
    /// IANA zone of the dates PayTrace states, as proven by the contract test.
    #[serde(default = "zone")]
    pub zone: String,
    /// Requests under way to this account at the same time.
    #[serde(default = "paytrace_requests_in_flight_max")]
    pub requests_in_flight_max: u16,
}

/// What to do with a payment whose customer is not found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NewCustomer {
    /// Put it before a person.
    #[default]
    Hold,
    /// Create one, with a number chosen by Paysage.
    Create(NewCustomerDraft),
}

/// Where a created customer belongs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCustomerDraft {
    /// Sage customer group.
    pub group: String,
    /// Sage tax group; the customer group's own when absent.
    #[serde(default)]
    pub tax_group: Option<String>,
}

/// What to do when the posting date falls in a locked period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClosedPeriod {
    #[default]
    Roll,
    Hold,
}

/// What a payment that names no document pays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unnamed {
    #[default]
    OldestDue,
    OnAccount,
}

/// One address webhooks are taken at, `/webhooks/<name>`, and how their sender is known.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// The merchant whose payments it tells of, one of `merchants`.
    pub merchant: String,
    /// How the sender proves who it is.
    pub scheme: Scheme,
    /// Where the live secrets are; several during a rotation, each is tried.
    pub secrets: Vec<SecretRef>,
    /// How old or new a signed timestamp may be.
    #[serde(default = "tolerance_seconds")]
    pub tolerance_seconds: u32,
    /// Header that carries the signature (`timestamped_hmac` and `body_hmac`).
    #[serde(default)]
    pub signature_header: Option<String>,
    /// Header that carries the timestamp in seconds since 1970 (`timestamped_hmac`).
    #[serde(default)]
    pub timestamp_header: Option<String>,
    /// Text before the signature in its header, such as `sha256=`.
    #[serde(default)]
    pub signature_prefix: String,
    /// How the signature is written.
    #[serde(default)]
    pub signature_encoding: SignatureEncoding,
    /// JSON pointers to the event id, tried in order.
    #[serde(default)]
    pub event_id_pointers: Vec<String>,
    /// JSON pointers to the PayTrace transaction id, tried in order.
    #[serde(default)]
    pub transaction_pointers: Vec<String>,
}

/// How the sender of a webhook proves who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`.
    StandardWebhooks,
    /// HMAC-SHA-256 over timestamp, a full stop and the body.
    TimestampedHmac,
    /// HMAC-SHA-256 over the body.
    BodyHmac,
    /// A fixed token: `Authorization: Bearer`.
    StaticBearer,
    /// PayTrace silent post: a token in the address, `/webhooks/<name>/<token>`; a hint only.
    SilentPost,
}

/// How a signature is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignatureEncoding {
    #[default]
    Hex,
    Base64,
}

/// A model that may propose how a doubtful value is meant. What it proposes is shown to a person.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Advisor {
    /// Address of Amazon Bedrock's runtime, such as
    /// `https://bedrock-runtime.us-east-1.amazonaws.com`.
    pub url: String,
    /// Id of the model, or of an inference profile.
    pub model: String,
    /// Where the Bedrock API key is.
    pub key: SecretRef,
}

fn request_timeout_ms() -> u32 {
    30_000
}

fn post_timeout_ms() -> u32 {
    300_000
}

fn sage_requests_in_flight_max() -> u16 {
    4
}

fn paytrace_requests_in_flight_max() -> u16 {
    8
}

fn page_size() -> u16 {
    100
}

fn tolerance_seconds() -> u32 {
    300
}

fn paytrace_url() -> String {
    "https://api.paytrace.com".to_owned()
}

fn zone() -> String {
    "America/Los_Angeles".to_owned()
}
