//! What the table must look like. All keys are strings.

/// Partition and sort key of the table.
pub const TABLE: (&str, &str) = ("pk", "sk");

/// Lists by state, oldest first: name, keys, and what it carries beside the keys.
pub const BY_STATE_NAME: &str = "by_state";
pub const BY_STATE: (&str, &str) = ("ix", "ixs");
pub const BY_STATE_CARRIES: [&str; 4] = ["merchant", "company", "minor", "ccy"];

/// Manifests whose stray batches are still looked for: name and keys; it carries the keys only.
pub const STRAYS_NAME: &str = "strays";
pub const STRAYS: (&str, &str) = ("sx", "sxs");
