//! A function on AWS: from its environment to its `Deps`, and its invocations.
//!
//! Nothing is called at the start. With the first invocation the configuration is read from the
//! table of documents and the secrets from Secrets Manager; both are looked at again every few
//! minutes, and the function is made anew when one of them changed. So neither a rotated secret
//! nor a new merchant needs a deployment.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;

use aws::connection::{Access, Connection};
use aws::documents::Documents;
use aws::queue::{Postponed, QueueUrls, SqsQueue};
use aws::releases::TableReleases;
use aws::secrets::SecretsManager;
use aws::store::DynamoStore;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use axum::Router;
use axum::body::Body;
use axum::http::StatusCode;
use engine::port::Clock;
use jiff::Timestamp;
use lambda_runtime::{LambdaEvent, service_fn};
use runtime::config::{
    Config, Log, LogFormat, Purpose, Retry, Secret, Secrets, managed_ids, resolve_managed,
};
use runtime::deployment::{Aws, Deployment};
use runtime::metrics::{self, Figure};
use runtime::records::receives;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::Mutex;
use tower::ServiceExt;

use crate::{Parts, SystemClock};

pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The name of the configuration in the table of documents.
pub const CONFIGURATION: &str = "paysage.yaml";

/// Counts requests whose sender is not who they say, such as webhooks with a wrong signature.
pub const NOT_AUTHENTICATED: &str = "NotAuthenticated";

/// How long configuration and secrets are used without looking again; below the age a secret may
/// reach, five minutes.
const LOOK_AGAIN_MS: i64 = 120_000;

/// What one function needs, and how it is made of it.
pub struct Making<D> {
    /// The secrets it may read.
    pub purposes: &'static [Purpose],
    pub make: fn(&Parts, &Secrets) -> Result<D, BoxError>,
}

/// One call of a function.
pub struct Invocation {
    event: Value,
    deadline_ms: u64,
    queue: Arc<SqsQueue>,
    environment: String,
}

impl Invocation {
    /// Writes figures of this environment.
    pub fn figures(&self, figures: &[Figure]) {
        metrics::write(&self.environment, figures);
    }

    /// Milliseconds until Lambda ends it.
    #[must_use]
    pub fn remaining_ms(&self) -> u64 {
        let now = u64::try_from(runtime::clock::now().as_millisecond()).unwrap_or_default();
        self.deadline_ms.saturating_sub(now)
    }

    /// What the queue is answered. What failed comes again after a delay of its own, longer each
    /// time; where that cannot be said, after the queue's visibility time-out.
    ///
    /// # Errors
    /// When the reply cannot be written, which no reply is.
    pub async fn reply(&self, reply: SqsBatchResponse, retry: &Retry) -> Result<Value, BoxError> {
        let event: SqsEvent = self.event()?;
        let failed = |message: &&SqsMessage| {
            let mut items = reply.batch_item_failures.iter();
            items.any(|item| Some(&item.item_identifier) == message.message_id.as_ref())
        };
        let failures: Vec<&SqsMessage> = event.records.iter().filter(failed).collect();
        if let Some(arn) = failures.first().and_then(|first| first.event_source_arn.as_deref()) {
            let postponed: Vec<Postponed> =
                failures.iter().filter_map(|message| postponed(message, retry)).collect();
            if let Err(error) = self.queue.postpone(arn, &postponed).await {
                let error = chain(&error);
                tracing::warn!(error, "what failed comes again later than it should");
            }
        }
        Ok(serde_json::to_value(reply)?)
    }

    /// The event as the type the function is fed with.
    ///
    /// # Errors
    /// When it is something else: the function's trigger is wired wrongly.
    pub fn event<T: DeserializeOwned>(&self) -> Result<T, BoxError> {
        Ok(T::deserialize(&self.event)?)
    }
}

fn postponed(message: &SqsMessage, retry: &Retry) -> Option<Postponed> {
    let doublings = receives(message).saturating_sub(1).min(16);
    let delay_ms = u64::from(retry.base_ms).saturating_mul(2_u64.saturating_pow(doublings));
    let seconds = delay_ms.min(u64::from(retry.cap_ms)).div_ceil(1_000);
    Some(Postponed {
        receipt_handle: message.receipt_handle.clone()?,
        seconds: u32::try_from(seconds).ok()?,
    })
}

/// Answers invocations until Lambda ends the process.
pub fn run<D, H>(making: Making<D>, handle: H) -> ExitCode
where
    D: Send + Sync + 'static,
    H: AsyncFn(&D, Invocation) -> Result<Value, BoxError>,
{
    started(async move |deployment: Deployment| {
        let deployed = Deployed::new(deployment, making)?;
        let (deployed, handle) = (&deployed, &handle);
        lambda_runtime::run(service_fn(async move |event: LambdaEvent<Value>| {
            let invocation = Invocation {
                event: event.payload,
                deadline_ms: event.context.deadline,
                queue: Arc::clone(&deployed.queue),
                environment: deployed.deployment.environment.clone(),
            };
            let deps = deployed.deps().await.map_err(told)?;
            handle(&deps, invocation).await.map_err(told)
        }))
        .await
    })
}

/// Answers HTTP requests until Lambda ends the process.
pub fn serve(making: Making<Router>) -> ExitCode {
    started(async move |deployment: Deployment| {
        let deployed = Deployed::new(deployment, making)?;
        let deployed = &deployed;
        lambda_http::run(lambda_http::service_fn(async move |request: lambda_http::Request| {
            let router = deployed.deps().await.map_err(told)?;
            let response = Router::clone(&router).oneshot(request.map(Body::new)).await?;
            if response.status() == StatusCode::UNAUTHORIZED {
                let figure = Figure::count(NOT_AUTHENTICATED, 1);
                metrics::write(&deployed.deployment.environment, &[figure]);
            }
            Ok::<_, BoxError>(response)
        }))
        .await
    })
}

/// Reads the environment and blocks on the work; a function that cannot start says why.
fn started(work: impl AsyncFnOnce(Deployment) -> Result<(), BoxError>) -> ExitCode {
    let ended = Deployment::read().map_err(BoxError::from).and_then(|deployment| {
        let log = Log { level: deployment.log.clone(), format: LogFormat::Json };
        runtime::telemetry::install(&log, runtime::card::redact)?;
        let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        tokio.block_on(work(deployment))
    });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            runtime::telemetry::last_words(&format!("the function cannot start: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Logged here, because Lambda shows only the outermost words of an error.
fn told(error: BoxError) -> BoxError {
    let words = chain(error.as_ref());
    tracing::error!(error = words, "the invocation failed");
    words.into()
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        words = format!("{words}: {cause}");
        source = cause.source();
    }
    words
}

/// Reaches AWS as the environment says.
///
/// # Errors
/// When the roots of trust cannot be used.
pub fn connection(aws: Aws) -> Result<Connection, BoxError> {
    Ok(Connection::new(Access {
        region: aws.region,
        access_key_id: aws.access_key_id,
        secret_access_key: aws.secret_access_key,
        session_token: aws.session_token,
        endpoint: aws.endpoint,
    })?)
}

/// A function's environment and what was last made of it.
struct Deployed<D> {
    connection: Connection,
    deployment: Deployment,
    queue: Arc<SqsQueue>,
    documents: Documents,
    secrets: SecretsManager,
    clock: Arc<dyn Clock>,
    making: Making<D>,
    kept: Mutex<Option<Kept<D>>>,
}

struct Kept<D> {
    deps: Arc<D>,
    text: String,
    managed: BTreeMap<String, Secret>,
    looked: Timestamp,
}

impl<D> Deployed<D> {
    fn new(deployment: Deployment, making: Making<D>) -> Result<Self, BoxError> {
        let connection = connection(deployment.aws.clone())?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let urls = QueueUrls {
            hints: deployment.hints_url.clone(),
            effects_ready: deployment.effects_ready_url.clone(),
        };
        Ok(Self {
            documents: Documents::new(connection.dynamodb(), &deployment.documents_table),
            secrets: SecretsManager::new(connection.secrets_manager(), Arc::clone(&clock)),
            queue: Arc::new(SqsQueue::new(connection.sqs(), urls)),
            connection,
            deployment,
            clock,
            making,
            kept: Mutex::new(None),
        })
    }

    /// The function, made of the configuration and the secrets as they now are.
    async fn deps(&self) -> Result<Arc<D>, BoxError> {
        let mut kept = self.kept.lock().await;
        let now = self.clock.now();
        if let Some(kept) = kept.as_ref().filter(|kept| !is_old(kept.looked, now)) {
            return Ok(Arc::clone(&kept.deps));
        }
        let text = self.documents.text(CONFIGURATION).await?;
        let config = Config::parse(&text)?;
        let managed = self.managed(&config).await?;
        if let Some(kept) = kept.as_mut().filter(|kept| kept.is_of(&text, &managed)) {
            kept.looked = now;
            return Ok(Arc::clone(&kept.deps));
        }
        let secrets = resolve_managed(&config, self.making.purposes, &managed)?;
        let deps = Arc::new((self.making.make)(&self.parts(config), &secrets)?);
        tracing::info!("the function was made of its configuration");
        *kept = Some(Kept { deps: Arc::clone(&deps), text, managed, looked: now });
        Ok(deps)
    }

    async fn managed(&self, config: &Config) -> Result<BTreeMap<String, Secret>, BoxError> {
        let mut managed = BTreeMap::new();
        for id in managed_ids(config, self.making.purposes) {
            managed.insert(id.to_owned(), self.secrets.secret(id).await?);
        }
        Ok(managed)
    }

    fn parts(&self, config: Config) -> Parts {
        let started = self.clock.now().as_nanosecond();
        Parts {
            store: Arc::new(DynamoStore::new(
                self.connection.dynamodb(),
                &self.deployment.ledger_table,
            )),
            releases: Arc::new(TableReleases::new(
                self.connection.dynamodb(),
                &self.deployment.documents_table,
            )),
            queue: self.queue.clone(),
            clock: Arc::clone(&self.clock),
            config: Arc::new(config),
            owner: format!("{}-{started}", self.deployment.instance),
        }
    }
}

impl<D> Kept<D> {
    fn is_of(&self, text: &str, managed: &BTreeMap<String, Secret>) -> bool {
        let same = |(mine, theirs): ((&String, &Secret), (&String, &Secret))| {
            mine.0 == theirs.0 && mine.1.expose() == theirs.1.expose()
        };
        self.text == text
            && self.managed.len() == managed.len()
            && self.managed.iter().zip(managed).all(same)
    }
}

/// A clock that was set back makes what is kept old, not young.
fn is_old(looked: Timestamp, now: Timestamp) -> bool {
    let age = now.as_millisecond().saturating_sub(looked.as_millisecond());
    !(0..LOOK_AGAIN_MS).contains(&age)
}
