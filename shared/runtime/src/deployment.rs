//! What a function on AWS is told by its environment: where it is, who it is, and the names of what
//! it uses. Never a secret of a vendor's.

use thiserror::Error;

use crate::config::Secret;

/// Everything a deployed function starts from.
#[derive(Clone)]
pub struct Deployment {
    /// `dev`, `qa`, `prod`: a dimension of every metric.
    pub environment: String,
    pub ledger_table: String,
    pub documents_table: String,
    pub hints_url: String,
    pub effects_ready_url: String,
    /// Directives as in the configuration's `log.level`.
    pub log: String,
    /// Names this execution environment: one runs one invocation at a time.
    pub instance: String,
    pub aws: Aws,
}

/// Who calls AWS, and where; set by Lambda itself.
#[derive(Clone)]
pub struct Aws {
    pub region: String,
    pub access_key_id: String,
    pub secret_access_key: Secret,
    pub session_token: Option<Secret>,
    /// Another address than AWS's own, for an emulator.
    pub endpoint: Option<String>,
}

/// The template did not set what the function needs.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("set these environment variables: {}", .0.join(", "))]
pub struct Unset(Vec<&'static str>);

impl Deployment {
    /// Reads the environment of this process.
    ///
    /// # Errors
    /// All variables that are missing, at once.
    pub fn read() -> Result<Self, Unset> {
        Self::from(&environment)
    }

    fn from(environment: &dyn Fn(&str) -> Option<String>) -> Result<Self, Unset> {
        let mut unset = Vec::new();
        let mut needed = |name: &'static str| {
            let value = environment(name).filter(|value| !value.is_empty());
            value.unwrap_or_else(|| {
                unset.push(name);
                String::new()
            })
        };
        let deployment = Self {
            environment: needed("PAYSAGE_ENVIRONMENT"),
            ledger_table: needed("PAYSAGE_LEDGER_TABLE"),
            documents_table: needed("PAYSAGE_DOCUMENTS_TABLE"),
            hints_url: needed("PAYSAGE_HINTS_URL"),
            effects_ready_url: needed("PAYSAGE_EFFECTS_READY_URL"),
            log: environment("PAYSAGE_LOG").unwrap_or_else(|| "info".to_owned()),
            instance: environment("AWS_LAMBDA_LOG_STREAM_NAME").unwrap_or_default(),
            aws: Aws::from(environment, &mut needed),
        };
        if unset.is_empty() { Ok(deployment) } else { Err(Unset(unset)) }
    }
}

impl Aws {
    /// Reads the environment of this process, as for any program that calls AWS.
    ///
    /// # Errors
    /// All variables that are missing, at once.
    pub fn read() -> Result<Self, Unset> {
        let mut unset = Vec::new();
        let mut needed = |name: &'static str| {
            environment(name).unwrap_or_else(|| {
                unset.push(name);
                String::new()
            })
        };
        let aws = Self::from(&environment, &mut needed);
        if unset.is_empty() { Ok(aws) } else { Err(Unset(unset)) }
    }

    fn from(
        environment: &dyn Fn(&str) -> Option<String>,
        needed: &mut dyn FnMut(&'static str) -> String,
    ) -> Self {
        Self {
            region: needed("AWS_REGION"),
            access_key_id: needed("AWS_ACCESS_KEY_ID"),
            secret_access_key: Secret::new(needed("AWS_SECRET_ACCESS_KEY")),
            session_token: environment("AWS_SESSION_TOKEN").map(Secret::new),
            endpoint: environment("AWS_ENDPOINT_URL").filter(|url| !url.is_empty()),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "where functions on AWS learn who they are")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &str) -> Option<String> {
        let value = match name {
            "PAYSAGE_ENVIRONMENT" => "qa",
            "AWS_REGION" => "us-east-1",
            "PAYSAGE_HINTS_URL" | "AWS_ENDPOINT_URL" => "",
            "PAYSAGE_LOG" => return None,
            _ => "set",
        };
        Some(value.to_owned())
    }

    #[test]
    fn what_is_missing_or_empty_is_named_at_once() {
        let unset = Deployment::from(&|name| {
            told(name).filter(|_| name != "PAYSAGE_LEDGER_TABLE" && name != "AWS_SESSION_TOKEN")
        });
        let said = unset.err().unwrap().to_string();
        assert_eq!(
            said,
            "set these environment variables: PAYSAGE_LEDGER_TABLE, PAYSAGE_HINTS_URL"
        );
    }

    #[test]
    fn the_rest_has_defaults() {
        let all = |name: &str| match name {
            "PAYSAGE_HINTS_URL" => Some("https://queue".to_owned()),
            "AWS_SESSION_TOKEN" => None,
            _ => told(name),
        };
        let Ok(deployment) = Deployment::from(&all) else { panic!("all is there") };
        assert_eq!((deployment.log.as_str(), deployment.environment.as_str()), ("info", "qa"));
        assert!(deployment.aws.session_token.is_none() && deployment.aws.endpoint.is_none());
    }
}
