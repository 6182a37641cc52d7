//! How a simulated account is set up.

use serde::Deserialize;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PaytraceConfig {
    pub users: Vec<User>,
    pub integrator_id: String,
    /// Life of a token, seconds. 7200 recorded [R].
    pub token_seconds: i64,
    /// IANA zone of every time PayTrace prints; Pacific presumably [I].
    pub zone: String,
    /// Local hour at which the day's transactions settle; 20 [O].
    pub cut_off_hour: i8,
    pub auto_settle: bool,
    /// "Duplicate Transaction Time" in minutes; 0 is off [O].
    pub duplicate_minutes: i64,
    /// Void what the bank approved when neither address nor zip matches (code 103) [O].
    pub void_on_avs_mismatch: bool,
    /// Batch numbers go from 1 to this, and then from 1 again [I].
    pub batch_number_max: u32,
    pub first_transaction_id: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    pub username: String,
    pub password: String,
    /// Whether the user may refund; without it error 981 [C].
    #[serde(default = "yes")]
    pub may_refund: bool,
}

impl Default for PaytraceConfig {
    fn default() -> Self {
        let user = User {
            username: "api@example.test".into(),
            password: "demo-password".into(),
            may_refund: true,
        };
        Self {
            users: vec![user],
            integrator_id: "90123Example".into(),
            token_seconds: 7_200,
            zone: "America/Los_Angeles".into(),
            cut_off_hour: 20,
            auto_settle: true,
            duplicate_minutes: 0,
            void_on_avs_mismatch: false,
            batch_number_max: 999,
            first_transaction_id: 512_300_001,
        }
    }
}

fn yes() -> bool {
    true
}
