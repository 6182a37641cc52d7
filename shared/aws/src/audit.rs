//! The audit trail, in the table of the ledger: items `AUDIT` / its sequence, twenty digits.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use ledger::audit::{Appended, Kept, Line, Trail, appended};
use ledger::store::{Result, StoreError};

const PARTITION: &str = "AUDIT";
const BODY: &str = "body";

#[derive(Debug, Clone)]
pub struct TableTrail {
    client: Client,
    table: String,
}

impl TableTrail {
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    async fn page(&self, after: u64, latest_first: bool, limit: usize) -> Result<Vec<Kept>> {
        let limit = i32::try_from(limit).unwrap_or(i32::MAX);
        let request = self.client.query().table_name(&self.table).consistent_read(true);
        let request = request
            .key_condition_expression("pk = :pk AND sk > :sk")
            .expression_attribute_values(":pk", text(PARTITION))
            .expression_attribute_values(":sk", text(&sort(after)))
            .scan_index_forward(!latest_first)
            .limit(limit);
        let answer = request.send().await.map_err(failed)?;
        let items = answer.items.unwrap_or_default();
        items.iter().map(|item| kept(item.get("sk"), item.get(BODY))).collect()
    }
}

#[async_trait]
impl Trail for TableTrail {
    async fn append(&self, line: &Line) -> Result<Appended> {
        let body = serde_json::to_string(line).map_err(failed)?;
        let request = self.client.put_item().table_name(&self.table);
        let request = request
            .item("pk", text(PARTITION))
            .item("sk", text(&sort(line.sequence)))
            .item(BODY, text(&body))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let Err(error) = request.send().await else { return Ok(Appended::Done) };
        match error.into_service_error() {
            PutItemError::ConditionalCheckFailedException(refused) => {
                let stands = refused.item.and_then(|item| read(item.get(BODY)));
                Ok(appended(line, stands.as_ref()))
            }
            other => Err(failed(other)),
        }
    }

    async fn last(&self) -> Result<Option<Kept>> {
        Ok(self.page(0, true, 1).await?.pop())
    }

    /// A page of `DynamoDB` may end early; fewer than asked for must mean that there are no more.
    async fn after(&self, sequence: u64, limit: usize) -> Result<Vec<Kept>> {
        let (mut found, mut after) = (Vec::new(), sequence);
        while found.len() < limit {
            let page = self.page(after, false, limit.saturating_sub(found.len())).await?;
            let Some(last) = page.last() else { break };
            after = last.sequence;
            found.extend(page);
        }
        Ok(found)
    }
}

fn sort(sequence: u64) -> String {
    format!("{sequence:020}")
}

fn kept(sort: Option<&AttributeValue>, body: Option<&AttributeValue>) -> Result<Kept> {
    let sequence = sort.and_then(|key| key.as_s().ok()).and_then(|key| key.parse().ok());
    let unnumbered = || failed(std::io::Error::other("a line without a number"));
    Ok(Kept { sequence: sequence.ok_or_else(unnumbered)?, line: read(body) })
}

fn read(body: Option<&AttributeValue>) -> Option<Line> {
    serde_json::from_str(body?.as_s().ok()?).ok()
}

fn failed(source: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError { operation: "audit", source: Box::new(source) }
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator;
    use ledger::audit::{Verified, conforms, verify};

    #[tokio::test]
    async fn the_table_conforms_and_shows_tampering() {
        let Some(endpoint) = emulator::endpoint("the_table_conforms_and_shows_tampering") else {
            return;
        };
        let client = emulator::connection(&endpoint).dynamodb();
        let trail = TableTrail::new(client.clone(), emulator::table(&client).await);
        conforms(&trail).await.unwrap();

        let mut line = trail.after(4, 1).await.unwrap().pop().unwrap().line.unwrap();
        line.actor = "eve".to_owned();
        let change = client.update_item().table_name(&trail.table);
        let change = change.key("pk", text(PARTITION)).key("sk", text(&sort(5)));
        let body = serde_json::to_string(&line).unwrap();
        let change = change.update_expression("SET body = :body");
        change.expression_attribute_values(":body", text(&body)).send().await.unwrap();
        let found = verify(&trail, None).await.unwrap();
        assert!(matches!(found, Verified::Broken { sequence: 5, .. }), "{found:?}");

        let removal = client.delete_item().table_name(&trail.table);
        removal.key("pk", text(PARTITION)).key("sk", text(&sort(2))).send().await.unwrap();
        let found = verify(&trail, None).await.unwrap();
        assert!(matches!(found, Verified::Broken { sequence: 2, .. }), "{found:?}");
    }
}
