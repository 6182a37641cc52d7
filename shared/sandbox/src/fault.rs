//! What goes wrong between a client and a vendor: chosen by seed, by script, or both. The choice is
//! pure; `server` performs it.

use std::collections::{BTreeMap, BTreeSet};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::sim::SimRequest;

/// The kinds of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Answered late.
    Latency,
    /// Never reaches the vendor; the connection is held, then dropped.
    TimeoutBefore,
    /// Processed; the answer never comes.
    TimeoutAfter,
    /// Dropped now, processed later.
    LateLanding,
    /// Processed and answered now, and processed once more later.
    DoubleLanding,
    /// 503, not processed.
    ErrorBefore,
    /// 500, processed.
    ErrorAfter,
    /// 429 with `Retry-After`, not processed.
    Throttled,
    /// Processed; the connection breaks in the middle of the answer.
    ResetMidBody,
    /// An HTML page with status 200; not processed.
    HtmlBefore,
    /// An HTML page with status 200; processed.
    HtmlAfter,
    /// Processed; the JSON answer ends in the middle.
    Truncated,
}

impl Kind {
    pub const ALL: &[Self] = &[
        Self::Latency,
        Self::TimeoutBefore,
        Self::TimeoutAfter,
        Self::LateLanding,
        Self::DoubleLanding,
        Self::ErrorBefore,
        Self::ErrorAfter,
        Self::Throttled,
        Self::ResetMidBody,
        Self::HtmlBefore,
        Self::HtmlAfter,
        Self::Truncated,
    ];
}

/// A fault to perform, with its times in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    pub kind: Kind,
    /// How long a latency lasts, or how much later a landing happens.
    pub delay_ms: u64,
    /// How long a connection without an answer is held before it is dropped.
    pub hold_ms: u64,
}

/// Which requests a plan or a script line is about. An absent member matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Only {
    /// Upper-case verb.
    pub method: Option<String>,
    pub path_contains: Option<String>,
}

/// One scripted fault: the `nth` matching request (from 1) meets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scripted {
    pub nth: u64,
    #[serde(default)]
    pub method: Option<String>,
    #[serde(default)]
    pub path_contains: Option<String>,
    pub fault: Kind,
}

/// A plan as given in a file or by `POST /_sandbox/faults`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FaultPlan {
    pub seed: u64,
    /// Requests of a thousand that meet a fault.
    pub permille: u32,
    /// The kinds drawn from; all when absent.
    pub kinds: Option<Vec<Kind>>,
    /// Shortest and longest latency, milliseconds.
    pub latency_ms: (u64, u64),
    /// How long a connection without an answer is held, milliseconds.
    pub hold_ms: u64,
    /// Shortest and longest delay of a late or second landing, milliseconds.
    pub late_ms: (u64, u64),
    pub only: Only,
    pub script: Vec<Scripted>,
    /// No drawn fault after this many requests; none of that limit when absent.
    pub until_requests: Option<u64>,
}

impl Default for FaultPlan {
    fn default() -> Self {
        Self {
            seed: 0,
            permille: 0,
            kinds: None,
            latency_ms: (5, 50),
            hold_ms: 300,
            late_ms: (100, 2_000),
            only: Only::default(),
            script: Vec::new(),
            until_requests: None,
        }
    }
}

/// A plan being followed.
pub struct Faults {
    plan: FaultPlan,
    rng: ChaCha8Rng,
    requests: u64,
    matched: Vec<u64>,
    injected: BTreeMap<Kind, u64>,
}

impl Faults {
    #[must_use]
    pub fn new(plan: FaultPlan) -> Self {
        let rng = ChaCha8Rng::seed_from_u64(plan.seed);
        let matched = vec![0; plan.script.len()];
        Self { plan, rng, requests: 0, matched, injected: BTreeMap::new() }
    }

    /// Another plan from here on; what was injected so far stays counted.
    pub fn replace(&mut self, plan: FaultPlan) {
        let injected = std::mem::take(&mut self.injected);
        *self = Self { injected, ..Self::new(plan) };
    }

    /// The fault this request meets, if any.
    pub fn choose(&mut self, request: &SimRequest) -> Option<Fault> {
        self.requests = self.requests.saturating_add(1);
        let kind = self.scripted(request).or_else(|| self.drawn(request))?;
        let (least, most) = match kind {
            Kind::Latency => self.plan.latency_ms,
            _ => self.plan.late_ms,
        };
        let delay_ms = self.rng.random_range(least..=most.max(least));
        let count = self.injected.entry(kind).or_default();
        *count = count.saturating_add(1);
        Some(Fault { kind, delay_ms, hold_ms: self.plan.hold_ms })
    }

    /// How many of each kind were chosen so far.
    #[must_use]
    pub fn injected(&self) -> &BTreeMap<Kind, u64> {
        &self.injected
    }

    fn scripted(&mut self, request: &SimRequest) -> Option<Kind> {
        let mut met = None;
        for (line, seen) in self.plan.script.iter().zip(&mut self.matched) {
            if matches(line.method.as_ref(), line.path_contains.as_ref(), request) {
                *seen = seen.saturating_add(1);
                if *seen == line.nth {
                    met = met.or(Some(line.fault));
                }
            }
        }
        met
    }

    fn drawn(&mut self, request: &SimRequest) -> Option<Kind> {
        let only = &self.plan.only;
        let over = self.plan.until_requests.is_some_and(|until| self.requests > until);
        if over || !matches(only.method.as_ref(), only.path_contains.as_ref(), request) {
            return None;
        }
        if self.rng.random_range(0..1_000) >= self.plan.permille {
            return None;
        }
        let kinds = self.plan.kinds.as_deref().unwrap_or(Kind::ALL);
        let index = self.rng.random_range(0..kinds.len().max(1));
        kinds.get(index).copied()
    }
}

/// The kinds a plan can produce at all.
#[must_use]
pub fn kinds_of(plan: &FaultPlan) -> BTreeSet<Kind> {
    let drawn = plan.kinds.as_deref().unwrap_or(Kind::ALL);
    let drawn = drawn.iter().copied().filter(|_| plan.permille > 0);
    drawn.chain(plan.script.iter().map(|line| line.fault)).collect()
}

fn matches(method: Option<&String>, path: Option<&String>, request: &SimRequest) -> bool {
    method.is_none_or(|method| *method == request.method)
        && path.is_none_or(|part| request.path.contains(part.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, path: &str) -> SimRequest {
        SimRequest { method: method.into(), path: path.into(), ..SimRequest::default() }
    }

    #[test]
    fn the_same_seed_chooses_the_same_faults() {
        let plan = FaultPlan { seed: 7, permille: 300, ..FaultPlan::default() };
        let run = |plan: &FaultPlan| {
            let mut faults = Faults::new(plan.clone());
            let chosen: Vec<_> = (0..500).map(|_| faults.choose(&request("GET", "/x"))).collect();
            chosen
        };
        assert_eq!(run(&plan), run(&plan));
        let met = run(&plan).into_iter().flatten().count();
        assert!((100..200).contains(&met), "{met} of 500 at 300 per mille");
        assert_eq!(kinds_of(&plan).len(), Kind::ALL.len());
    }

    #[test]
    fn a_script_names_the_nth_matching_request() {
        let text = r#"{"script": [{"nth": 2, "method": "POST", "path_contains": "Receipt",
                                   "fault": "timeout_after"}], "hold_ms": 10}"#;
        let mut faults = Faults::new(serde_json::from_str(text).unwrap());
        assert_eq!(faults.choose(&request("POST", "/ARReceipt")), None);
        assert_eq!(faults.choose(&request("GET", "/ARReceipt")), None);
        let met = faults.choose(&request("POST", "/ARReceipt")).unwrap();
        assert_eq!((met.kind, met.hold_ms), (Kind::TimeoutAfter, 10));
        assert_eq!(faults.injected()[&Kind::TimeoutAfter], 1);
    }

    #[test]
    fn only_and_until_limit_what_is_drawn_and_unknown_keys_are_refused() {
        let plan = FaultPlan {
            permille: 1_000,
            only: Only { method: None, path_contains: Some("export".into()) },
            until_requests: Some(2),
            ..FaultPlan::default()
        };
        let mut faults = Faults::new(plan);
        assert!(faults.choose(&request("POST", "/sale")).is_none());
        assert!(faults.choose(&request("POST", "/export")).is_some());
        assert!(faults.choose(&request("POST", "/export")).is_none());
        assert!(serde_json::from_str::<FaultPlan>(r#"{"rate": 3}"#).is_err());
    }
}
