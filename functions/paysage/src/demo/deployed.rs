//! A product that runs on AWS, or on an emulator of it: configured here, and looked at from here.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use assembly::SystemClock;
use assembly::deployed::{CONFIGURATION, connection};
use async_trait::async_trait;
use aws::connection::Connection;
use aws::documents::Documents;
use aws::queue::{QueueUrls, SqsQueue};
use aws::store::DynamoStore;
use domain::id::CompanyId;
use engine::port::QueueName;
use paysage_http::Url;
use runtime::deployment::Aws;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::world::Keys;
use crate::say;
use crate::status::{self, Depth, Queues};

/// The stack's outputs, as `sam list stack-outputs` and the secrets made for it name them.
#[derive(Deserialize)]
struct Outputs {
    webhook_url: String,
    ledger_table: String,
    documents_table: String,
    hints_url: String,
    effects_url: String,
    sage_secret: String,
    paytrace_secret: String,
    webhook_secret: String,
}

pub struct Stack {
    outputs: Outputs,
    connection: Connection,
}

/// The status page over the stack's table, served from here.
pub struct Shown(JoinHandle<()>);

impl Stack {
    /// # Errors
    /// In words, when the outputs or the environment cannot be used.
    pub fn read(outputs: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(outputs)
            .map_err(|error| format!("cannot read {}: {error}", outputs.display()))?;
        let outputs = serde_json::from_str(&text)
            .map_err(|error| format!("{}: {error}", outputs.display()))?;
        let aws = Aws::read().map_err(|error| error.to_string())?;
        let connection = connection(aws).map_err(|error| error.to_string())?;
        Ok(Self { outputs, connection })
    }

    /// The address of the API, without `webhooks/`.
    ///
    /// # Errors
    /// When it is none.
    pub fn webhooks(&self) -> Result<Url, String> {
        let url = self.outputs.webhook_url.trim_end_matches("webhooks/");
        Url::parse(url).map_err(|error| format!("{url}: {error}"))
    }

    #[must_use]
    pub fn keys(&self) -> Keys {
        let managed = |id: &str| format!("{{secrets_manager: \"{id}\"}}");
        Keys {
            store: String::new(),
            sage: managed(&self.outputs.sage_secret),
            paytrace: managed(&self.outputs.paytrace_secret),
            relay: managed(&self.outputs.webhook_secret),
        }
    }

    /// Replaces the configuration; functions that run already take it up within minutes.
    ///
    /// # Errors
    /// In words, when the table does not take it.
    pub async fn configure(&self, text: &str) -> Result<(), String> {
        let table = &self.outputs.documents_table;
        let documents = Documents::new(self.connection.dynamodb(), table);
        documents.put(CONFIGURATION, text).await.map_err(|error| say::chain(&error))
    }

    /// Serves the status page.
    ///
    /// # Errors
    /// In words, when the port is taken.
    pub async fn show(&self, port: u16) -> Result<Shown, String> {
        let urls = QueueUrls {
            hints: self.outputs.hints_url.clone(),
            effects_ready: self.outputs.effects_url.clone(),
        };
        let table = &self.outputs.ledger_table;
        let router = status::router(status::Deps {
            store: Arc::new(DynamoStore::new(self.connection.dynamodb(), table)),
            queues: Arc::new(Sqs(SqsQueue::new(self.connection.sqs(), urls))),
            clock: Arc::new(SystemClock),
            companies: vec![CompanyId::from("SAMLTD")],
        });
        let listener = TcpListener::bind(("127.0.0.1", port)).await;
        let listener = listener.map_err(|error| format!("cannot listen at {port}: {error}"))?;
        Ok(Shown(tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                say::problem(format!("the status page ended: {error}"));
            }
        })))
    }
}

impl Shown {
    pub async fn stop(self) {
        self.0.abort();
        // Aborted is how it ends.
        drop(self.0.await);
    }
}

struct Sqs(SqsQueue);

#[async_trait]
impl Queues for Sqs {
    async fn depths(&self) -> Result<Vec<Depth>, String> {
        let mut depths = Vec::new();
        for (queue, name) in
            [(QueueName::Hints, "hints"), (QueueName::EffectsReady, "effects ready")]
        {
            let depth = self.0.depth(queue).await.map_err(|error| say::chain(&error))?;
            depths.push(Depth {
                queue: name,
                waiting: depth.waiting,
                in_flight: depth.in_flight,
                // SQS tells the age to CloudWatch only.
                oldest_age_ms: 0,
            });
        }
        Ok(depths)
    }
}
