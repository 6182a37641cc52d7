//! What goes wrong, by kind. The numbers of the list in `docs/SIMULATION.md` are in the comments.

use std::collections::BTreeMap;

use serde::Serialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// 1: no connection, or a request that never arrives.
    TimeoutBeforeSend,
    /// 2: done, and the answer never comes.
    TimeoutAfterCommit,
    /// 3: arrives seconds to days later.
    LateLanding,
    /// 4: arrives now and again later.
    DoubleLanding,
    /// 5: a 5xx page, before or after it was done.
    ServerError,
    /// 6: 429 with `Retry-After`.
    Throttled,
    /// 7: done; the connection breaks in the middle of the answer.
    ResetMidBody,
    /// 8: a 200 that is HTML or cut off.
    UnreadableAnswer,
    /// 9: a webhook or a queue message delivered twice.
    DuplicateDelivery,
    /// 10: a later event delivered before an earlier one.
    Reordered,
    /// 11: a webhook hours or days late.
    DelayedDelivery,
    /// 12: a process dies at a call.
    Crash,
    /// 13: a process stands still in the middle of its work, and goes on later.
    Freeze,
    /// 14: the store declines to work for now.
    StoreThrottled,
    /// 15: the store did it, and says it failed.
    StoreAmbiguous,
    /// 16: a vendor's or a webhook's secret is replaced.
    SecretRotated,
    /// 17: some records of a queue batch fail, others do not; or an acknowledgement is lost.
    PartialBatch,
    /// 18: a process's clock is off by up to ten minutes.
    ClockSkew,
    /// 19: an entry that Sage refuses when it posts.
    EntryError,
    /// 20: a person posts all, edits, reopens, locks, keys a duplicate, mends an error batch.
    Person,
    /// 21: the fiscal period is locked for a while.
    PeriodLocked,
    /// 22: Sage is restored from a backup.
    SageRestored,
    /// 23: a settlement is reported late, or in another batch than before.
    SettlementCorrected,
    /// 24: a message that cannot be processed: malformed, forged, with card data, of another form.
    PoisonPayload,
    /// 25: processes of different settings and message forms at the same time.
    MixedVersions,
}

impl Fault {
    pub const ALL: &[Self] = &[
        Self::TimeoutBeforeSend,
        Self::TimeoutAfterCommit,
        Self::LateLanding,
        Self::DoubleLanding,
        Self::ServerError,
        Self::Throttled,
        Self::ResetMidBody,
        Self::UnreadableAnswer,
        Self::DuplicateDelivery,
        Self::Reordered,
        Self::DelayedDelivery,
        Self::Crash,
        Self::Freeze,
        Self::StoreThrottled,
        Self::StoreAmbiguous,
        Self::SecretRotated,
        Self::PartialBatch,
        Self::ClockSkew,
        Self::EntryError,
        Self::Person,
        Self::PeriodLocked,
        Self::SageRestored,
        Self::SettlementCorrected,
        Self::PoisonPayload,
        Self::MixedVersions,
    ];

    /// Those a call to a vendor may meet.
    pub const OF_A_CALL: &[Self] = &[
        Self::TimeoutBeforeSend,
        Self::TimeoutAfterCommit,
        Self::LateLanding,
        Self::DoubleLanding,
        Self::ServerError,
        Self::Throttled,
        Self::ResetMidBody,
        Self::UnreadableAnswer,
    ];
}

pub type Counts = BTreeMap<Fault, u64>;

/// How often what may happen at any call does, in a thousand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Weather {
    /// A call to a vendor meets one of `kinds`.
    pub calls: u32,
    pub kinds: Vec<Fault>,
    pub store: u32,
    pub queue: u32,
    /// The longest a request may be on its way and still be answered, milliseconds.
    pub slow_ms_max: i64,
    pub crash: u32,
    pub freeze: u32,
    /// The longest a landing may be late, milliseconds.
    pub late_ms_max: i64,
    /// The longest a process stands still, milliseconds.
    pub freeze_ms_max: i64,
    /// What becomes of the so-manieth create of a batch, whatever else goes on.
    pub script: Vec<(u64, Scripted)>,
}

/// The fate of one create.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scripted {
    /// Its sender hears nothing; it lands so many milliseconds later.
    Late(i64),
    /// Its sender stands still for so many milliseconds between the intent and sending it.
    SentAfter(i64),
}
