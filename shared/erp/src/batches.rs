//! Receipt batches: created, found, read, frozen, posted, emptied.

use domain::id::BatchNumber;
use domain::manifest::{Manifest, TOKEN};
use engine::port::{CallError, Called};
use ledger::posting::{BatchHead, BatchStatus, BatchView};
use sage300::{Filter, Key, Query};
use serde::Serialize;

use crate::company::Company;
use crate::failure::{failed, rule, unclear};
use crate::receipt::{NewBatch, RECEIPTS};
use crate::settings::Lookup;
use crate::stored::{HEAD_FIELDS, StoredBatch};

const BATCHES: &str = "AR/ARReceiptAndAdjustmentBatches";

impl Company {
    /// Never repeated from here: an answer that is lost leaves the looking-up to the protocol.
    pub(crate) async fn create_batch(
        &self,
        manifest: &Manifest,
        epoch: u64,
    ) -> Called<BatchNumber> {
        const OPERATION: &str = "create batch";
        let body = NewBatch::of(manifest, epoch, &self.settings)
            .map_err(|unsayable| rule(OPERATION, &unsayable))?;
        let stored: StoredBatch =
            self.client.create(BATCHES, &body).await.map_err(failed(OPERATION))?;
        born(&stored, body.receipts_adjustments.len())
    }

    pub(crate) async fn find_batches(&self, token: &str) -> Called<Vec<BatchHead>> {
        self.heads("find batches", token, None).await
    }

    pub(crate) async fn open_batches(&self) -> Called<Vec<BatchHead>> {
        let mut heads = self.heads("list open batches", TOKEN, Some("Open")).await?;
        heads.retain(|head| head.status == BatchStatus::Open && head.entries > 0);
        Ok(heads)
    }

    pub(crate) async fn read_batch(&self, number: BatchNumber) -> Called<Option<BatchView>> {
        const OPERATION: &str = "read batch";
        let stored: Option<StoredBatch> =
            self.client.get(BATCHES, &key(number)).await.map_err(failed(OPERATION))?;
        let Some(stored) = stored else { return Ok(None) };
        if stored.batch_number != number.0 {
            return Err(other(OPERATION, number, &stored));
        }
        stored.view().map(Some).map_err(|unreadable| rule(OPERATION, &unreadable))
    }

    /// The only place that sets a batch to be posted.
    pub(crate) async fn freeze_batch(&self, number: BatchNumber) -> Called<()> {
        let body = Freeze { batch_status: "ReadyToPost" };
        self.client.patch(BATCHES, &key(number), &body).await.map_err(failed("freeze batch"))
    }

    /// That batch and no other: from and to are the same number.
    pub(crate) async fn post_batch(&self, number: BatchNumber) -> Called<()> {
        self.client.post_receipts(number.0).await.map_err(failed("post batch"))
    }

    pub(crate) async fn delete_entries(&self, number: BatchNumber, entries: &[i64]) -> Called<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let gone = |&entry_number| GoneEntry {
            batch_type: RECEIPTS,
            batch_number: number.0,
            entry_number,
            update_operation: "Delete",
        };
        let body = Gone { receipts_adjustments: entries.iter().map(gone).collect() };
        self.client.patch(BATCHES, &key(number), &body).await.map_err(failed("delete entries"))
    }

    async fn heads(
        &self,
        operation: &'static str,
        token: &str,
        status: Option<&str>,
    ) -> Called<Vec<BatchHead>> {
        let mut filter = Filter::eq("BatchRecordType", RECEIPTS).and(match self.settings.lookup {
            Lookup::Description => Filter::starts_with("Description", token),
            Lookup::Recent { since } => Filter::gt("BatchNumber", since),
        });
        if let Some(status) = status {
            filter = filter.and(Filter::eq("BatchStatus", status));
        }
        let query = Query::new().filter(filter).select(HEAD_FIELDS);
        let stored: Vec<StoredBatch> =
            self.client.list(BATCHES, &query).await.map_err(failed(operation))?;
        let mut heads: Vec<BatchHead> = stored.iter().map(StoredBatch::head).collect();
        heads.retain(|head| head.description.starts_with(token));
        heads.sort_by_key(|head| head.number);
        heads.dedup();
        Ok(heads)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Freeze {
    batch_status: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Gone {
    receipts_adjustments: Vec<GoneEntry>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct GoneEntry {
    batch_type: &'static str,
    batch_number: i64,
    entry_number: i64,
    update_operation: &'static str,
}

fn key(number: BatchNumber) -> Key {
    Key::named().text("BatchRecordType", RECEIPTS).number("BatchNumber", number.0)
}

/// The stored batch has a number and as many entries as were sent; the rest is compared when it is
/// read back. Anything else means that something was stored, but not what.
fn born(stored: &StoredBatch, sent: usize) -> Called<BatchNumber> {
    let counted = match stored.number_of_entries {
        0 => i64::try_from(stored.receipts_adjustments.len()).unwrap_or(i64::MAX),
        counted => counted,
    };
    if stored.batch_number <= 0 || i64::try_from(sent).ok() != Some(counted) {
        let number = stored.batch_number;
        let message = format!("{sent} entries sent, batch {number} stored with {counted}");
        return Err(unclear("create batch", message));
    }
    Ok(BatchNumber(stored.batch_number))
}

fn other(operation: &'static str, asked: BatchNumber, stored: &StoredBatch) -> CallError {
    let answered = stored.batch_number;
    unclear(operation, format!("batch {asked} was asked for, batch {answered} answered"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::port::Phase;

    #[test]
    fn entries_are_deleted_by_their_numbers() {
        let entry = GoneEntry {
            batch_type: RECEIPTS,
            batch_number: 148,
            entry_number: 2,
            update_operation: "Delete",
        };
        assert_eq!(
            serde_json::to_string(&Gone { receipts_adjustments: vec![entry] }).unwrap(),
            concat!(
                r#"{"ReceiptsAdjustments":[{"BatchType":"CA","BatchNumber":148,"#,
                r#""EntryNumber":2,"UpdateOperation":"Delete"}]}"#
            )
        );
    }

    #[test]
    fn a_created_batch_has_a_number_and_all_entries() {
        let stored = |text: &str| serde_json::from_str::<StoredBatch>(text).unwrap();
        let whole = stored(r#"{"BatchNumber": 148, "NumberOfEntries": 2}"#);
        assert_eq!(born(&whole, 2).unwrap(), BatchNumber(148));
        for text in [
            r#"{"BatchNumber": 148, "NumberOfEntries": 1}"#,
            r#"{"BatchNumber": 0, "NumberOfEntries": 2}"#,
            r#"{"BatchNumber": 148}"#,
        ] {
            assert_eq!(born(&stored(text), 2).unwrap_err().phase, Phase::Unclear, "{text}");
        }
    }
}
