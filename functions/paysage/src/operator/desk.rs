//! The product's store, opened for a person: its file, or an environment on AWS.

use std::path::Path;
use std::sync::Arc;

use assembly::SystemClock;
use assembly::deployed::CONFIGURATION;
use aws::audit::TableTrail;
use aws::connection::{Access, Connection};
use aws::documents::Documents;
use aws::environment;
use aws::queue::SqsQueue;
use aws::store::DynamoStore;
use domain::id::{MerchantId, PaymentKey};
use embedded::{Embedded, OpenError, Sighting};
use engine::hint::Hint;
use engine::operate::Operator;
use engine::port::{Clock, Queue, QueueName};
use ledger::audit::Trail;
use ledger::store::Store;
use runtime::config::Config;
use runtime::deployment::Aws;

use super::Place;
use crate::say;

pub(super) struct Desk {
    pub store: Arc<dyn Store>,
    pub trail: Arc<dyn Trail>,
    pub queue: Arc<dyn Queue>,
    pub clock: Arc<dyn Clock>,
    /// The configured ones.
    pub merchants: Vec<MerchantId>,
    /// On one file more can be looked up than the ports offer.
    pub file: Option<Embedded>,
}

impl Desk {
    /// # Errors
    /// In words.
    pub async fn open(place: &Place) -> Result<Self, String> {
        match (&place.aws, &place.config) {
            (Some(environment), _) => Self::deployed(environment).await,
            (None, Some(config)) => Self::on_file(config),
            (None, None) => Err("give --config FILE or --aws ENVIRONMENT".to_owned()),
        }
    }

    /// The file the configuration names. Never makes one: an empty store would answer that nothing
    /// is known. Secrets are not read.
    fn on_file(config: &Path) -> Result<Self, String> {
        let config = Config::read(config).map_err(|error| say::chain(&error))?;
        let Some(store) = &config.store else {
            return Err("the configuration names no store.path: use --aws ENVIRONMENT for a \
                        store on AWS"
                .to_owned());
        };
        let path = Path::new(&store.path);
        if !path.is_file() {
            return Err(format!(
                "there is no database at {} (store.path, taken from the folder you are in): run \
                 this where the product runs",
                path.display()
            ));
        }
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let embedded = Embedded::open(path, Arc::clone(&clock))
            .map_err(|error| not_opened(&error, &config.listen))?;
        Ok(Self::over(embedded, clock, merchants(&config)))
    }

    /// An environment, with the caller's own credentials. The product goes on meanwhile.
    async fn deployed(environment: &str) -> Result<Self, String> {
        let aws = Aws::read().map_err(|error| say::chain(&error))?;
        let access = Access {
            region: aws.region,
            access_key_id: aws.access_key_id,
            secret_access_key: aws.secret_access_key,
            session_token: aws.session_token,
            endpoint: aws.endpoint,
        };
        let connection = Connection::new(access).map_err(|error| say::chain(&error))?;
        let documents =
            Documents::new(connection.dynamodb(), environment::documents_table(environment));
        let text = documents.text(CONFIGURATION).await.map_err(|error| say::chain(&error))?;
        let config = Config::parse(&text).map_err(|error| say::chain(&error))?;
        let urls = environment::queue_urls(&connection, environment).await;
        let urls = urls.map_err(|error| say::chain(&error))?;
        let table = environment::ledger_table(environment);
        Ok(Self {
            store: Arc::new(DynamoStore::new(connection.dynamodb(), table.as_str())),
            trail: Arc::new(TableTrail::new(connection.dynamodb(), table)),
            queue: Arc::new(SqsQueue::new(connection.sqs(), urls)),
            clock: Arc::new(SystemClock),
            merchants: merchants(&config),
            file: None,
        })
    }

    pub(super) fn over(
        embedded: Embedded,
        clock: Arc<dyn Clock>,
        merchants: Vec<MerchantId>,
    ) -> Self {
        Self {
            store: Arc::new(embedded.store.clone()),
            trail: Arc::new(embedded.trail.clone()),
            queue: Arc::new(embedded.queue.clone()),
            clock,
            merchants,
            file: Some(embedded),
        }
    }

    /// Whoever acts, as the audit trail names them.
    ///
    /// # Errors
    /// In words, when the name is none.
    pub fn operator(&self, by: &str) -> Result<Operator, String> {
        let name = by.trim();
        if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
            return Err(format!("--by: say who you are, in at most {NAME_CHARS_MAX} characters"));
        }
        Ok(Operator {
            store: Arc::clone(&self.store),
            trail: Arc::clone(&self.trail),
            clock: Arc::clone(&self.clock),
            name: runtime::card::redact(name),
        })
    }

    /// Events recorded for the payment, oldest first; on AWS they are not found by payment.
    ///
    /// # Errors
    /// In words, when the store fails.
    pub async fn sightings(&self, key: &PaymentKey) -> Result<Vec<Sighting>, String> {
        let Some(file) = &self.file else { return Ok(Vec::new()) };
        file.sightings(key).await.map_err(|error| say::chain(&error))
    }

    /// The hints that wait in the queue, or are being worked on. SQS cannot be looked through:
    /// there it is as if there were none, and one more is worked off to the same end.
    ///
    /// # Errors
    /// In words, when the store fails.
    pub async fn hints(&self) -> Result<Vec<Hint>, String> {
        let Some(file) = &self.file else { return Ok(Vec::new()) };
        let queued = file.queued(QueueName::Hints).await;
        let bodies = queued.map_err(|error| say::chain(&error))?;
        // One that cannot be read is put before a person by the product, and is no hint.
        Ok(bodies.iter().filter_map(|body| serde_json::from_str(body).ok()).collect())
    }
}

/// Longest name of a person, in characters.
const NAME_CHARS_MAX: usize = 100;

fn merchants(config: &Config) -> Vec<MerchantId> {
    config.merchants.keys().map(|name| MerchantId::from(name.as_str())).collect()
}

fn not_opened(error: &OpenError, listen: &str) -> String {
    match error {
        OpenError::InUse { path } => format!(
            "{} is in use by another process: stop the product (`paysage serve`) first and start \
             it again afterwards; it goes on where it stopped. While it runs, \
             http://{listen}/ shows what is held and why",
            path.display()
        ),
        other => format!("the database cannot be used: {}", say::chain(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn a_file_in_use_is_told_with_what_to_do() {
        let error = OpenError::InUse { path: PathBuf::from("paysage.sqlite") };
        let told = not_opened(&error, "127.0.0.1:4300");
        assert!(told.contains("stop the product"), "{told}");
        assert!(told.contains("http://127.0.0.1:4300/"), "{told}");
    }

    #[tokio::test]
    async fn a_configuration_that_is_not_there_is_told() {
        let config = Some(PathBuf::from("/nowhere/paysage.yaml"));
        let told = Desk::open(&Place { config, aws: None }).await.err().unwrap();
        assert!(told.contains("/nowhere/paysage.yaml"), "{told}");
    }
}
