//! Published documents, in the table of documents.
//!
//! | item | `pk` | `sk` |
//! |---|---|---|
//! | an object | `OBJECT#hash` | `text` |
//! | an activation | `ACTIVATION#environment` | its number, twenty digits |

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use ledger::releases::{Activated, Activation, Releases, activated};
use ledger::store::{Result, StoreError};

const BODY: &str = "body";
const ABSENT: &str = "attribute_not_exists(pk)";

#[derive(Debug, Clone)]
pub struct TableReleases {
    client: Client,
    table: String,
}

impl TableReleases {
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// Puts IF absent; otherwise the body that is there.
    async fn put(
        &self,
        operation: &'static str,
        (pk, sk): (String, String),
        body: &str,
    ) -> Result<Option<String>> {
        let request = self.client.put_item().table_name(&self.table).item("pk", text(&pk));
        let request = request.item("sk", text(&sk)).item(BODY, text(body));
        let request = request
            .condition_expression(ABSENT)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let Err(error) = request.send().await else { return Ok(None) };
        match error.into_service_error() {
            PutItemError::ConditionalCheckFailedException(failed) => {
                let body = failed.item.and_then(|mut item| item.remove(BODY));
                written(operation, body).map(Some)
            }
            other => Err(failed(operation, other)),
        }
    }
}

#[async_trait]
impl Releases for TableReleases {
    async fn put_object(&self, hash: &str, body: &str) -> Result<()> {
        self.put("put_object", object(hash), body).await.map(|_| ())
    }

    async fn object(&self, hash: &str) -> Result<Option<String>> {
        let (pk, sk) = object(hash);
        let request = self.client.get_item().table_name(&self.table);
        let request = request.key("pk", text(&pk)).key("sk", text(&sk)).consistent_read(true);
        let answer = request.send().await.map_err(|error| failed("object", error))?;
        let found = answer.item.map(|mut item| item.remove(BODY));
        found.map(|body| written("object", body)).transpose()
    }

    async fn activate(&self, environment: &str, activation: &Activation) -> Result<Activated> {
        const OPERATION: &str = "activate";
        let body = serde_json::to_string(activation).map_err(|error| failed(OPERATION, error))?;
        let key = (environment_key(environment), format!("{:020}", activation.number));
        match self.put(OPERATION, key, &body).await? {
            None => Ok(Activated::Done),
            Some(stands) => Ok(activated(activation, &read(OPERATION, &stands)?)),
        }
    }

    async fn activations(&self, environment: &str, limit: usize) -> Result<Vec<Activation>> {
        const OPERATION: &str = "activations";
        let limit = i32::try_from(limit).unwrap_or(i32::MAX);
        let request = self.client.query().table_name(&self.table).consistent_read(true);
        let request = request
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(&environment_key(environment)))
            .scan_index_forward(false)
            .limit(limit);
        let answer = request.send().await.map_err(|error| failed(OPERATION, error))?;
        let items = answer.items.unwrap_or_default().into_iter();
        let bodies = items.map(|mut item| written(OPERATION, item.remove(BODY)));
        bodies.map(|body| read(OPERATION, &body?)).collect()
    }
}

fn object(hash: &str) -> (String, String) {
    (format!("OBJECT#{hash}"), "text".to_owned())
}

fn environment_key(environment: &str) -> String {
    format!("ACTIVATION#{environment}")
}

fn written(operation: &'static str, body: Option<AttributeValue>) -> Result<String> {
    match body {
        Some(AttributeValue::S(text)) => Ok(text),
        _ => Err(StoreError { operation, source: "an item without a body".into() }),
    }
}

fn read(operation: &'static str, body: &str) -> Result<Activation> {
    serde_json::from_str(body).map_err(|error| failed(operation, error))
}

fn failed(
    operation: &'static str,
    source: impl std::error::Error + Send + Sync + 'static,
) -> StoreError {
    StoreError { operation, source: Box::new(source) }
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::TableReleases;
    use crate::emulator;

    #[tokio::test]
    async fn the_table_conforms() {
        let Some(endpoint) = emulator::endpoint("the_table_conforms") else { return };
        let client = emulator::connection(&endpoint).dynamodb();
        let releases = TableReleases::new(client.clone(), emulator::table(&client).await);
        ledger::releases::conforms(&releases).await.unwrap();
    }
}
