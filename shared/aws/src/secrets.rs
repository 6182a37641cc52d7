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
    /// current, and asking the vendor again is of no use. A value that was read meanwhile by
    /// another caller is answered without reading once more.
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use engine::port::Clock;
    use jiff::Timestamp;

    use super::{KEPT_MS_MAX, SecretsManager};
    use crate::emulator;

    #[derive(Default)]
    struct Hand(AtomicI64);

    impl Clock for Hand {
        fn now(&self) -> Timestamp {
            Timestamp::from_millisecond(self.0.load(Ordering::SeqCst)).unwrap()
        }
    }

    struct Rig {
        client: aws_sdk_secretsmanager::Client,
        hand: Arc<Hand>,
        secrets: SecretsManager,
        name: String,
    }

    impl Rig {
        async fn new(endpoint: &str, value: &str) -> Self {
            let client = emulator::connection(endpoint).secrets_manager();
            let name = emulator::fresh_name("secret");
            client.create_secret().name(&name).secret_string(value).send().await.unwrap();
            let hand = Arc::new(Hand::default());
            let secrets = SecretsManager::new(client.clone(), Arc::<Hand>::clone(&hand));
            Self { client, hand, secrets, name }
        }

        async fn rotate(&self, value: &str) {
            let put = self.client.put_secret_value().secret_id(&self.name).secret_string(value);
            put.send().await.unwrap();
        }

        async fn read(&self) -> String {
            self.secrets.secret(&self.name).await.unwrap().expose().to_owned()
        }

        fn pass_ms(&self, ms: i64) {
            self.hand.0.fetch_add(ms, Ordering::SeqCst);
        }
    }

    #[tokio::test]
    async fn a_rotated_secret_is_seen_within_five_minutes() {
        let Some(endpoint) = emulator::endpoint("a_rotated_secret_is_seen") else { return };
        let rig = Rig::new(&endpoint, "first").await;
        assert_eq!(rig.read().await, "first");
        rig.rotate("second").await;
        rig.pass_ms(KEPT_MS_MAX - 1);
        assert_eq!(rig.read().await, "first", "it is kept");
        rig.pass_ms(1);
        assert_eq!(rig.read().await, "second", "and not a moment longer");
        rig.rotate("third").await;
        rig.pass_ms(-1_000_000);
        assert_eq!(rig.read().await, "third", "a clock set back keeps nothing");
    }

    #[tokio::test]
    async fn a_refused_secret_is_read_once_more() {
        let Some(endpoint) = emulator::endpoint("a_refused_secret_is_read_once_more") else {
            return;
        };
        let rig = Rig::new(&endpoint, "first").await;
        let refused = rig.secrets.secret(&rig.name).await.unwrap();
        let same = rig.secrets.after_refusal(&rig.name, &refused).await.unwrap();
        assert!(same.is_none(), "it is still current");
        rig.rotate("second").await;
        let newer = rig.secrets.after_refusal(&rig.name, &refused).await.unwrap().unwrap();
        assert_eq!(newer.expose(), "second");
        assert_eq!(rig.read().await, "second", "and kept");
        rig.rotate("third").await;
        let kept = rig.secrets.after_refusal(&rig.name, &refused).await.unwrap().unwrap();
        assert_eq!(
            kept.expose(),
            "second",
            "another caller's reading does for all who had the old one"
        );
    }

    #[tokio::test]
    async fn a_secret_that_cannot_be_had_is_named_and_not_shown() {
        let Some(endpoint) = emulator::endpoint("a_secret_that_cannot_be_had") else { return };
        let rig = Rig::new(&endpoint, " \n").await;
        let blank = rig.secrets.secret(&rig.name).await.err().unwrap().to_string();
        assert_eq!(blank, format!("the secret {} is empty or is not text", rig.name));
        let absent = rig.secrets.secret("no/such").await.err().unwrap().to_string();
        assert_eq!(absent, "the secret no/such cannot be read (ResourceNotFoundException)");
    }
}
