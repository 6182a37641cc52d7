//! The table of documents: the configuration of an environment, as text by name.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use thiserror::Error;

/// The partition all texts are in.
const TEXTS: &str = "TEXT";
const TEXT: &str = "text";

#[derive(Debug, Error)]
pub enum DocumentError {
    #[error("the document {name} cannot be read or written in the table {table}")]
    Failed {
        name: String,
        table: String,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("there is no document {name} in the table {table}: see docs/deploy.md")]
    Absent { name: String, table: String },
}

/// Texts by name, read consistently.
#[derive(Debug, Clone)]
pub struct Documents {
    client: Client,
    table: String,
}

impl Documents {
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// # Errors
    /// When it is absent or the table cannot be read.
    pub async fn text(&self, name: &str) -> Result<String, DocumentError> {
        let request = self.client.get_item().table_name(&self.table).consistent_read(true);
        let request = request.key("pk", text(TEXTS)).key("sk", text(name));
        let answer = request.send().await.map_err(|error| self.failed(name, error))?;
        let found = answer.item.and_then(|mut item| item.remove(TEXT));
        match found {
            Some(AttributeValue::S(text)) => Ok(text),
            _ => Err(DocumentError::Absent { name: name.to_owned(), table: self.table.clone() }),
        }
    }

    /// Replaces a text.
    ///
    /// # Errors
    /// When the table does not take it.
    pub async fn put(&self, name: &str, body: &str) -> Result<(), DocumentError> {
        let request = self.client.put_item().table_name(&self.table);
        let request = request.item("pk", text(TEXTS)).item("sk", text(name));
        let answer = request.item(TEXT, text(body)).send().await;
        answer.map(|_| ()).map_err(|error| self.failed(name, error))
    }

    fn failed(
        &self,
        name: &str,
        error: impl std::error::Error + Send + Sync + 'static,
    ) -> DocumentError {
        DocumentError::Failed {
            name: name.to_owned(),
            table: self.table.clone(),
            source: Box::new(error),
        }
    }
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{DocumentError, Documents};
    use crate::emulator;

    #[tokio::test]
    async fn a_text_is_replaced_and_an_absent_one_named() {
        let Some(endpoint) = emulator::endpoint("a_text_is_replaced") else { return };
        let client = emulator::connection(&endpoint).dynamodb();
        let documents = Documents::new(client.clone(), emulator::table(&client).await);
        let absent = documents.text("paysage.yaml").await.unwrap_err();
        assert!(matches!(absent, DocumentError::Absent { .. }), "{absent}");
        documents.put("paysage.yaml", "listen: here").await.unwrap();
        documents.put("paysage.yaml", "listen: there").await.unwrap();
        assert_eq!(documents.text("paysage.yaml").await.unwrap(), "listen: there");
    }
}
