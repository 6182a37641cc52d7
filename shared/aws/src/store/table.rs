//! Calls to the one table. What a failed condition found comes back with the failure, so that no
//! second reading is needed to tell why.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    CancellationReason, KeysAndAttributes, Put as PutPart, ReturnValue,
    ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update as UpdatePart,
};
use ledger::memory::tables::Fallible;
use thiserror::Error;

use super::expression::{Change, Put, Write};
use super::gather::Gather;
use super::item::{Item, text};
use super::key::{Key, PK, SK};

/// Items in one transaction, at most. [DynamoDB]
pub(super) const TRANSACTION_ITEMS_MAX: usize = 100;
/// Keys in one batch of reads, at most. [DynamoDB]
const BATCH_KEYS_MAX: usize = 100;

/// How often something that only another writer or a limit stood in the way of is tried.
pub(super) const TRIES_MAX: u32 = 14;
const PAUSE_MS_FIRST: u64 = 4;
const PAUSE_MS_MAX: u64 = 400;

#[derive(Debug, Error)]
enum Failure {
    #[error("other writers were in the way each time it was tried")]
    Contended,
    #[error("a transaction of {0} items is too large")]
    TooManyItems(usize),
    #[error("the table did not give {0} of the items asked for in time")]
    Unprocessed(usize),
    #[error("the transaction was cancelled: {0}")]
    Cancelled(String),
}

/// What became of one conditional write.
#[derive(Debug)]
pub(super) enum Written {
    /// The item as it was before a put (always empty) or as it is after a change.
    Done(Item),
    /// The condition failed; the item as it is, if there is one.
    Refused(Option<Item>),
}

/// What became of a transaction.
#[derive(Debug)]
pub(super) enum Transacted {
    Done,
    /// Nothing was written. For each write: `None` when its own condition held, else the item.
    Refused(Vec<Option<Option<Item>>>),
}

impl Transacted {
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done)
    }
}

/// Keys of an index, one page.
#[derive(Debug)]
pub(super) struct Page {
    pub items: Vec<Item>,
    pub next: Option<Item>,
}

/// Which part of an index is asked for.
#[derive(Debug, Clone)]
pub(super) struct IndexQuery {
    pub index: &'static str,
    /// Name and value of the partition attribute.
    pub partition: (&'static str, String),
    /// Name, comparison and value of the sort attribute.
    pub sort: Option<(&'static str, &'static str, String)>,
    /// An attribute of the index that must have this value.
    pub filter: Option<(&'static str, String)>,
}

#[derive(Debug)]
pub(super) struct Table {
    client: Client,
    name: String,
    pauses: AtomicU64,
    readings: Gather<Key, Option<Item>>,
    pub handled: Gather<Key, ()>,
}

impl Table {
    pub fn new(client: Client, name: String) -> Self {
        Self {
            client,
            name,
            pauses: AtomicU64::new(0),
            readings: Gather::default(),
            handled: Gather::default(),
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Reads an item as the last write left it.
    pub async fn get(&self, key: &Key) -> Fallible<Option<Item>> {
        let request = self.client.get_item().table_name(&self.name).consistent_read(true);
        let request = request.key(PK, text(&key.pk)).key(SK, text(&key.sk));
        let found = request.send().await?;
        Ok(found.item.map(Item::from_iter))
    }

    /// As [`Self::get`], together with what other tasks read so at the moment.
    pub async fn get_gathered(&self, key: &Key) -> Fallible<Option<Item>> {
        self.readings.ask(key, |keys| self.get_each(keys)).await
    }

    /// All items of a partition as the last writes left them, in the order of their sort keys.
    pub async fn partition(&self, pk: &str) -> Fallible<Vec<Item>> {
        let mut items = Vec::new();
        let mut start: Option<Item> = None;
        loop {
            let request = self.client.query().table_name(&self.name).consistent_read(true);
            let request = request.key_condition_expression("#pk = :pk");
            let request = request.expression_attribute_names("#pk", PK);
            let request = request.expression_attribute_values(":pk", text(pk));
            let start_key = start.take().map(|key| key.into_iter().collect());
            let page = request.set_exclusive_start_key(start_key).send().await?;
            items.extend(page.items.unwrap_or_default().into_iter().map(Item::from_iter));
            match page.last_evaluated_key {
                Some(key) => start = Some(Item::from_iter(key)),
                None => return Ok(items),
            }
        }
    }

    /// One page of an index, in the order of its sort key. It follows the table a little later.
    pub async fn page(
        &self,
        query: &IndexQuery,
        start: Option<Item>,
        limit: usize,
    ) -> Fallible<Page> {
        let (name, value) = &query.partition;
        let mut condition = "#p = :p".to_owned();
        let request = self.client.query().table_name(&self.name).index_name(query.index);
        let mut request = request
            .expression_attribute_names("#p", *name)
            .expression_attribute_values(":p", text(value))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX));
        if let Some((name, comparison, value)) = &query.sort {
            condition = format!("{condition} AND #s {comparison} :s");
            request = request.expression_attribute_names("#s", *name);
            request = request.expression_attribute_values(":s", text(value));
        }
        if let Some((name, value)) = &query.filter {
            request = request.filter_expression("#f = :f");
            request = request.expression_attribute_names("#f", *name);
            request = request.expression_attribute_values(":f", text(value));
        }
        let request = request.key_condition_expression(condition);
        let start = start.map(|key| key.into_iter().collect());
        let page = request.set_exclusive_start_key(start).send().await?;
        let items = page.items.unwrap_or_default().into_iter().map(Item::from_iter).collect();
        Ok(Page { items, next: page.last_evaluated_key.map(Item::from_iter) })
    }

    /// The items of these keys as the last writes left them, in the order of the keys. A key
    /// without an item is left out.
    pub async fn get_all(&self, keys: &[Key]) -> Fallible<Vec<Item>> {
        let mut found = std::collections::BTreeMap::new();
        for keys in keys.chunks(BATCH_KEYS_MAX) {
            for item in self.batch(keys).await? {
                found.insert(item.key()?, item);
            }
        }
        Ok(keys.iter().filter_map(|key| found.remove(key)).collect())
    }

    async fn get_each(&self, keys: Vec<Key>) -> Fallible<Vec<Option<Item>>> {
        let mut found = std::collections::BTreeMap::new();
        for item in self.get_all(&keys).await? {
            found.insert(item.key()?, item);
        }
        Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
    }

    /// Puts an item under its condition.
    pub async fn put(&self, put: &Put) -> Fallible<Written> {
        let rendered = put.rendered();
        for tried in 0..TRIES_MAX {
            let request = self.client.put_item().table_name(&self.name);
            let request = request
                .set_item(Some(put.item.clone().into_iter().collect()))
                .set_condition_expression(rendered.condition.clone())
                .set_expression_attribute_names(some_of(rendered.names()))
                .set_expression_attribute_values(some_of(rendered.values()))
                .return_values_on_condition_check_failure(
                    ReturnValuesOnConditionCheckFailure::AllOld,
                );
            let Err(error) = request.send().await else {
                return Ok(Written::Done(Item::default()));
            };
            if let Some(PutItemError::ConditionalCheckFailedException(refused)) =
                error.as_service_error()
            {
                return Ok(Written::Refused(refused.item.clone().map(Item::from_iter)));
            }
            if !is_contention(&error) {
                return Err(error.into());
            }
            self.pause(tried).await;
        }
        Err(Failure::Contended.into())
    }

    /// Changes an item under its condition and answers it as it then is.
    pub async fn change(&self, change: &Change) -> Fallible<Written> {
        self.update(change, ReturnValue::AllNew).await
    }

    /// Changes an item under its condition and answers it as it was.
    pub async fn change_from(&self, change: &Change) -> Fallible<Written> {
        self.update(change, ReturnValue::AllOld).await
    }

    /// All of the writes or none. A `token` makes the very same transaction sent twice one.
    pub async fn transact(&self, writes: &[Write], token: Option<String>) -> Fallible<Transacted> {
        if writes.len() > TRANSACTION_ITEMS_MAX {
            return Err(Failure::TooManyItems(writes.len()).into());
        }
        let items: Fallible<Vec<TransactWriteItem>> =
            writes.iter().map(|write| self.part(write)).collect();
        let items = items?;
        for tried in 0..TRIES_MAX {
            let request =
                self.client.transact_write_items().set_transact_items(Some(items.clone()));
            let Err(error) = request.set_client_request_token(token.clone()).send().await else {
                return Ok(Transacted::Done);
            };
            match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    let reasons = cancelled.cancellation_reasons.as_deref().unwrap_or_default();
                    if let Some(refused) = refusals(reasons)? {
                        return Ok(Transacted::Refused(refused));
                    }
                }
                Some(TransactWriteItemsError::TransactionInProgressException(_)) => {}
                _ => return Err(error.into()),
            }
            self.pause(tried).await;
        }
        Err(Failure::Contended.into())
    }

    async fn update(&self, change: &Change, returned: ReturnValue) -> Fallible<Written> {
        let rendered = change.rendered();
        for tried in 0..TRIES_MAX {
            let request = self.client.update_item().table_name(&self.name);
            let request = request
                .key(PK, text(&change.key.pk))
                .key(SK, text(&change.key.sk))
                .update_expression(&rendered.update)
                .set_condition_expression(rendered.condition.clone())
                .set_expression_attribute_names(some_of(rendered.names()))
                .set_expression_attribute_values(some_of(rendered.values()))
                .return_values(returned.clone())
                .return_values_on_condition_check_failure(
                    ReturnValuesOnConditionCheckFailure::AllOld,
                );
            let error = match request.send().await {
                Ok(done) => {
                    let item = done.attributes.map(Item::from_iter).unwrap_or_default();
                    return Ok(Written::Done(item));
                }
                Err(error) => error,
            };
            if let Some(UpdateItemError::ConditionalCheckFailedException(refused)) =
                error.as_service_error()
            {
                return Ok(Written::Refused(refused.item.clone().map(Item::from_iter)));
            }
            if !is_contention(&error) {
                return Err(error.into());
            }
            self.pause(tried).await;
        }
        Err(Failure::Contended.into())
    }

    fn part(&self, write: &Write) -> Fallible<TransactWriteItem> {
        let item = TransactWriteItem::builder();
        let all_old = ReturnValuesOnConditionCheckFailure::AllOld;
        Ok(match write {
            Write::Put(put) => {
                let rendered = put.rendered();
                let part = PutPart::builder()
                    .table_name(&self.name)
                    .set_item(Some(put.item.clone().into_iter().collect()))
                    .set_condition_expression(rendered.condition.clone())
                    .set_expression_attribute_names(some_of(rendered.names()))
                    .set_expression_attribute_values(some_of(rendered.values()))
                    .return_values_on_condition_check_failure(all_old);
                item.put(part.build()?).build()
            }
            Write::Change(change) => {
                let rendered = change.rendered();
                let part = UpdatePart::builder()
                    .table_name(&self.name)
                    .key(PK, text(&change.key.pk))
                    .key(SK, text(&change.key.sk))
                    .update_expression(&rendered.update)
                    .set_condition_expression(rendered.condition.clone())
                    .set_expression_attribute_names(some_of(rendered.names()))
                    .set_expression_attribute_values(some_of(rendered.values()))
                    .return_values_on_condition_check_failure(all_old);
                item.update(part.build()?).build()
            }
        })
    }

    async fn batch(&self, keys: &[Key]) -> Fallible<Vec<Item>> {
        let mut wanted = KeysAndAttributes::builder().consistent_read(true);
        let distinct: std::collections::BTreeSet<&Key> = keys.iter().collect();
        for key in &distinct {
            let attributes = Item::at(key).into_iter().collect();
            wanted = wanted.keys(attributes);
        }
        let mut wanted = Some(wanted.build()?);
        let mut found = Vec::new();
        for tried in 0..TRIES_MAX {
            let Some(some) = wanted.take().filter(|some| !some.keys.is_empty()) else {
                return Ok(found);
            };
            let answer =
                self.client.batch_get_item().request_items(&self.name, some).send().await?;
            for items in answer.responses.unwrap_or_default().into_values() {
                found.extend(items.into_iter().map(Item::from_iter));
            }
            let mut left = answer.unprocessed_keys.unwrap_or_default();
            wanted = left.remove(&self.name);
            if wanted.is_some() {
                self.pause(tried).await;
            }
        }
        match wanted {
            Some(left) if !left.keys.is_empty() => {
                Err(Failure::Unprocessed(left.keys.len()).into())
            }
            Some(_) | None => Ok(found),
        }
    }

    /// Waits longer each time, and not as long as others do.
    pub async fn pause(&self, tried: u32) {
        let most = PAUSE_MS_FIRST.saturating_mul(2_u64.saturating_pow(tried)).min(PAUSE_MS_MAX);
        let turn = self.pauses.fetch_add(1, Ordering::Relaxed);
        let spread = turn.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(24) % most;
        tokio::time::sleep(Duration::from_millis(most.saturating_add(spread) / 2)).await;
    }
}

/// `None` when the transaction is to be tried again: another one was on the same items, or a limit
/// was reached, and nothing can be said of the conditions.
fn refusals(reasons: &[CancellationReason]) -> Fallible<Option<Vec<Option<Option<Item>>>>> {
    let codes: Vec<&str> = reasons.iter().filter_map(CancellationReason::code).collect();
    let passing = [
        "TransactionConflict",
        "ThrottlingError",
        "ProvisionedThroughputExceeded",
        "RequestLimitExceeded",
    ];
    if codes.iter().any(|code| passing.contains(code)) {
        return Ok(None);
    }
    if !codes.contains(&"ConditionalCheckFailed") {
        let told = reasons.iter().filter_map(CancellationReason::message);
        return Err(Failure::Cancelled(told.collect::<Vec<_>>().join("; ")).into());
    }
    let refused = reasons.iter().map(|reason| {
        let failed = reason.code() == Some("ConditionalCheckFailed");
        failed.then(|| reason.item.clone().map(Item::from_iter))
    });
    Ok(Some(refused.collect()))
}

/// Another transaction was on the item.
fn is_contention<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
    code == Some("TransactionConflictException")
}

/// Placeholders as the client takes them: none at all rather than an empty map.
fn some_of<V, C: FromIterator<(String, V)>>(pairs: impl Iterator<Item = (String, V)>) -> Option<C> {
    let mut pairs = pairs.peekable();
    pairs.peek()?;
    Some(pairs.collect())
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::{AttributeValue, CancellationReason};

    use super::super::item::text;
    use super::refusals;

    fn reason(code: &str) -> CancellationReason {
        CancellationReason::builder().code(code).item("st", text("HELD")).build()
    }

    #[test]
    fn a_failed_condition_is_told_with_its_item() {
        let found = refusals(&[reason("None"), reason("ConditionalCheckFailed")]).unwrap().unwrap();
        assert!(found[0].is_none());
        let item = found[1].clone().unwrap().unwrap();
        let attributes: Vec<(String, AttributeValue)> = item.into_iter().collect();
        assert_eq!(attributes, [("st".to_owned(), text("HELD"))]);
    }

    #[test]
    fn a_conflict_says_nothing_of_the_conditions() {
        let both = [reason("ConditionalCheckFailed"), reason("TransactionConflict")];
        assert!(refusals(&both).unwrap().is_none());
        assert!(refusals(&[reason("ThrottlingError")]).unwrap().is_none());
    }

    #[test]
    fn what_can_never_succeed_is_an_error() {
        assert!(refusals(&[reason("ValidationError")]).is_err());
        assert!(refusals(&[]).is_err());
    }
}
