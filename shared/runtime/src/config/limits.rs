//! How fast, how often and how long: every number the program may be tuned with, and its default.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Sealing receipts into Sage batches and posting them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Posting {
    /// How long a receipt waits for company before its batch is sealed.
    pub linger_ms: u32,
    /// The most receipts in one batch; Sage allows 99 in the posting protocol.
    pub seal_max: u16,
    /// How long an unanswered create may take to show up before another one is sent.
    pub settle_ms: u32,
    /// How long one worker keeps a company or a manifest without renewing its lease.
    pub lease_ms: u32,
    /// A batch not posted after this long is put before a person.
    pub post_alarm_ms: u32,
    /// How long a late create is looked for after an unclear attempt.
    pub strays_days: u16,
    /// How often stray batches are looked for while there may be any.
    pub sweep_interval_ms: u32,
    /// How often stray batches are looked for when none is expected.
    pub sweep_idle_ms: u32,
}

impl Default for Posting {
    fn default() -> Self {
        Self {
            linger_ms: 2_000,
            seal_max: 99,
            settle_ms: 90_000,
            lease_ms: 60_000,
            post_alarm_ms: 1_800_000,
            strays_days: 7,
            sweep_interval_ms: 60_000,
            sweep_idle_ms: 3_600_000,
        }
    }
}

/// Reading PayTrace for payments no webhook told of.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Polling {
    /// How often each merchant is polled.
    pub interval_ms: u32,
    /// How far each window reaches back behind what was read before.
    pub overlap_hours: u16,
    /// How far the very first window reaches back.
    pub first_days: u16,
    /// An event recorded this long ago and not worked off is queued again.
    pub stale_event_ms: u32,
    /// How often a held payment is looked at again, in case its cause was put right in Sage.
    pub recheck_held_ms: u32,
}

impl Default for Polling {
    fn default() -> Self {
        Self {
            interval_ms: 300_000,
            overlap_hours: 36,
            first_days: 3,
            stale_event_ms: 600_000,
            recheck_held_ms: 900_000,
        }
    }
}

/// Delays between attempts: the first one, doubling up to the cap.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Retry {
    /// The first delay.
    pub base_ms: u32,
    /// The longest delay.
    pub cap_ms: u32,
}

impl Default for Retry {
    fn default() -> Self {
        Self { base_ms: 1_000, cap_ms: 300_000 }
    }
}

/// Turning hints into effects.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Transform {
    /// Hints worked on at the same time.
    pub concurrency: u16,
}

impl Default for Transform {
    fn default() -> Self {
        Self { concurrency: 8 }
    }
}

/// Flow, map, table and check documents.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Documents {
    /// Whose activations count: the NAME of `paysage flow promote --env NAME` and of `env/NAME.yaml`.
    pub environment: String,
    /// How long a release is believed to be in force before it is looked for again.
    pub look_again_ms: u32,
}

impl Default for Documents {
    fn default() -> Self {
        Self { environment: "prod".to_owned(), look_again_ms: 60_000 }
    }
}

/// What the program writes about itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// What is written: a level, or `tracing` directives such as `info,engine=debug`.
    pub level: String,
    /// `json` (one object per line) or `human`.
    pub format: LogFormat,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    #[default]
    Json,
    Human,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: LogFormat::Json }
    }
}
