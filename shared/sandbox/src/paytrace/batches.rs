//! Settlement batches. No recorded reply is known: the members are the legacy API's, in snake case.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::card::{brand, plain};
use super::dispatch::{Answered, Call, PaytraceSim};
use super::export::{day, dollars, listed};
use super::record::{Batch, Kind, Record};
use super::reply::{self, Errors, head, ok};

impl PaytraceSim {
    pub(super) fn batches(&self, call: &Call<'_>, path: &str) -> Answered {
        match path {
            "export_one" => {
                let (number, when, records) = self.batch(call)?;
                let mut body = done();
                body.insert("batch".into(), self.by_brand(number, when, &records));
                Ok(ok(body))
            }
            "export" => {
                let (first, last) = (day(call, "start_date")?, day(call, "end_date")?);
                let within = |batch: &&Batch| {
                    let date = self.records.local(batch.closed).date();
                    first <= date && date <= last
                };
                let all = self.records.batches.iter().filter(within);
                let rows: Vec<Value> = all.map(|batch| self.summary(batch)).collect();
                let mut body = done();
                body.insert("batches".into(), Value::Array(rows));
                Ok(ok(body))
            }
            "transaction_list" => {
                let (_, _, records) = self.batch(call)?;
                Ok(listed(records.into_iter().map(|record| self.row(record, false)).collect()))
            }
            _ => Ok(reply::page_not_found()),
        }
    }

    /// The latest batch of that number; without a number the latest of all, or what is pending.
    fn batch(&self, call: &Call<'_>) -> Result<(u32, String, Vec<&Record>), Errors> {
        let asked = plain(call.body.get("batch_number"));
        let mut latest_first = self.records.batches.iter().rev();
        let found = match asked.as_str() {
            "" => latest_first.next(),
            number => latest_first.find(|batch| batch.number.to_string() == number),
        };
        let records = |ids: &[i64]| ids.iter().filter_map(|id| self.records.get(*id)).collect();
        match found {
            Some(batch) => {
                let when = self.records.printed(batch.closed);
                Ok((batch.number, when, records(&batch.ids)))
            }
            None if asked.is_empty() => Ok((0, String::new(), records(self.records.pending()))),
            None => Err(Errors::one(1, "The batch number was not found.")),
        }
    }

    fn summary(&self, batch: &Batch) -> Value {
        let records: Vec<&Record> =
            batch.ids.iter().filter_map(|id| self.records.get(*id)).collect();
        let mut row = Map::new();
        row.insert("batch_number".into(), json!(batch.number));
        row.insert("when".into(), json!(self.records.printed(batch.closed)));
        row.insert("transaction_count".into(), json!(records.len()));
        counted(&mut row, "", &records);
        Value::Object(row)
    }

    fn by_brand(&self, number: u32, when: String, records: &[&Record]) -> Value {
        let mut row = Map::new();
        row.insert("batch_number".into(), json!(number));
        row.insert("when".into(), json!(when));
        let mut brands: BTreeMap<&str, Vec<&Record>> = BTreeMap::new();
        for record in records {
            brands.entry(brand(&record.card)).or_default().push(record);
        }
        for (name, records) in brands {
            counted(&mut row, &format!("{name}_"), &records);
        }
        Value::Object(row)
    }
}

fn counted(row: &mut Map<String, Value>, prefix: &str, records: &[&Record]) {
    let part = |refunds: bool| {
        let of_kind = records.iter().filter(|record| (record.kind == Kind::Refund) == refunds);
        of_kind.fold((0_usize, 0_i64), |(count, cents), record| {
            (count.saturating_add(1), cents.saturating_add(record.cents))
        })
    };
    let ((sales, sold), (refunds, refunded)) = (part(false), part(true));
    row.insert(format!("{prefix}net_amount"), dollars(sold.saturating_sub(refunded)));
    row.insert(format!("{prefix}sales_count"), json!(sales));
    row.insert(format!("{prefix}sales_amount"), dollars(sold));
    row.insert(format!("{prefix}refund_count"), json!(refunds));
    row.insert(format!("{prefix}refund_amount"), dollars(refunded));
}

fn done() -> Map<String, Value> {
    head(true, 1, "Your request has been successfully completed.")
}
