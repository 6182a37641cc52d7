//! What an environment adds to the documents: accounts, limits, schedules, by merchant. Kept beside
//! them as `env/NAME.yaml`; no secret, host or company is in it.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::problem::Problem;
use crate::value::Value;

/// `env/NAME.yaml`. An environment without such a file binds nothing.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bindings {
    /// How many people it takes to activate a release; one when not said.
    pub approvals: Option<u64>,
    /// Values by merchant, and there by name (`accounts.clearing`). Decimals stand in quotes.
    pub merchants: BTreeMap<String, BTreeMap<String, Value>>,
    /// Schedules by the name triggers use.
    pub schedules: BTreeMap<String, String>,
}

impl Bindings {
    /// Those of the environment.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn read(environment: &str, files: &BTreeMap<String, String>) -> Result<Self, Vec<Problem>> {
        let path = format!("env/{environment}.yaml");
        let Some(text) = files.get(&path) else { return Ok(Self::default()) };
        serde_saphyr::from_str(text).map_err(|error| {
            let problem = Problem {
                document: path,
                path: String::new(),
                position: None,
                code: "YAML_WRONG",
                message: error.to_string(),
            };
            vec![problem]
        })
    }

    #[must_use]
    pub fn approvals(&self) -> u64 {
        self.approvals.unwrap_or(1)
    }

    /// What is bound for the merchant.
    #[must_use]
    pub fn of(&self, merchant: &str) -> BTreeMap<String, Value> {
        self.merchants.get(merchant).cloned().unwrap_or_default()
    }
}
