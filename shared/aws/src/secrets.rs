//! Secrets in Secrets Manager: kept in memory for at most five minutes, and read anew once when a
//! vendor refuses one, so that a rotation needs no deployment.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
use engine::port::Clock;
use jiff::Timestamp;
use runtime::config::Secret;
use thiserror::Error;

/// How long a secret is used without asking again.
pub const KEPT_MS_MAX: i64 = 300_000;

/// A secret could not be had. Its value is never part of this.
#[derive(Debug, Error)]
pub enum SecretError {
    #[error("the secret {id} cannot be read ({code})")]
    Unread {
        id: String,
        code: String,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("the secret {id} is empty or is not text")]
    NotText { id: String },
}

/// Reads secrets by ARN or name.
pub struct SecretsManager {
    client: Client,
    clock: Arc<dyn Clock>,
    kept: Mutex<BTreeMap<String, Kept>>,
}

#[derive(Clone)]
struct Kept {
    secret: Secret,
    read: Timestamp,
}

impl SecretsManager {
    #[must_use]
    pub fn new(client: Client, clock: Arc<dyn Clock>) -> Self {
        Self { client, clock, kept: Mutex::default() }
    }

    /// The secret's current value, at most five minutes old.
    ///
    /// # Errors
    /// When it cannot be read and none is kept that is young enough.
    pub async fn secret(&self, id: &str) -> Result<Secret, SecretError> {
        let now = self.clock.now();
        match self.kept(id).filter(|kept| age_ms(kept, now) < KEPT_MS_MAX) {
            Some(kept) => Ok(kept.secret),
            None => self.read(id, now).await,
        }
    }

    /// After a vendor refused `refused`: the value that replaced it, or `None` when it is still
    /// current, and asking the vendor again is of no use. A value that was read meanwhile by another
    /// caller is answered without reading once more.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn after_refusal(
        &self,
        id: &str,
        refused: &Secret,
    ) -> Result<Option<Secret>, SecretError> {
        let newer = |secret: &Secret| secret.expose() != refused.expose();
        if let Some(kept) = self.kept(id).filter(|kept| newer(&kept.secret)) {
            return Ok(Some(kept.secret));
        }
        let secret = self.read(id, self.clock.now()).await?;
        Ok(Some(secret).filter(newer))
    }

    fn kept(&self, id: &str) -> Option<Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    async fn read(&self, id: &str, now: Timestamp) -> Result<Secret, SecretError> {
        let answer = self.client.get_secret_value().secret_id(id).send().await;
        let answer = answer.map_err(|error| SecretError::Unread {
            id: id.to_owned(),
            code: error.code().unwrap_or("no answer").to_owned(),
            source: Box::new(error),
        })?;
        let text = answer.secret_string.filter(|text| !text.trim().is_empty());
        let text = text.ok_or_else(|| SecretError::NotText { id: id.to_owned() })?;
        let secret = Secret::new(text);
        let kept = Kept { secret: secret.clone(), read: now };
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned(), kept);
        Ok(secret)
    }
}

/// A clock that was set back makes what is kept old, not young.
fn age_ms(kept: &Kept, now: Timestamp) -> i64 {
    let age = now.as_millisecond().saturating_sub(kept.read.as_millisecond());
    if age < 0 { KEPT_MS_MAX } else { age }
}
