//! The account's books as JSON, amounts as decimal strings.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::dispatch::PaytraceSim;
use super::export::is_captured;
use super::record::{Kind, Record, Standing};

pub fn of(account: &PaytraceSim) -> Value {
    let rows: Vec<Value> = account.records.all().map(row).collect();
    let sum = |wanted: fn(&Record) -> bool| {
        let all = account.records.all().filter(|record| wanted(record));
        dollars(all.map(|record| record.cents).sum())
    };
    let count =
        |wanted: fn(&Record) -> bool| account.records.all().filter(|record| wanted(record)).count();
    let refunded: fn(&Record) -> bool =
        |record| record.kind == Kind::Refund && record.standing != Standing::Voided;
    let batches: Vec<Value> = account
        .records
        .batches
        .iter()
        .map(|batch| {
            json!({"number": batch.number, "closed": batch.closed,
                   "transactions": batch.ids.len()})
        })
        .collect();
    json!({
        "transactions": rows,
        "totals": {
            "captured": sum(is_captured),
            "refunded": sum(refunded),
            "voided": sum(|record| record.standing == Standing::Voided),
            "captured_count": count(is_captured),
            "declined_count": count(|record| record.standing == Standing::Declined),
            "authorized_count": count(|record| record.standing == Standing::Authorized),
        },
        "batches": batches,
        "pending_count": account.records.pending().len(),
        "checks": account.checks.state(),
        "recurrences": account.recurrences.state(),
        "customers": account.vault.all().map(|(id, _)| id).collect::<Vec<_>>(),
    })
}

fn row(record: &Record) -> Value {
    let batch = match record.standing {
        Standing::Settled(number) => Some(number),
        _ => None,
    };
    let status = match record.standing {
        Standing::Pending => "pending",
        Standing::Settled(_) => "settled",
        Standing::Authorized => "authorized",
        Standing::Declined => "declined",
        Standing::Voided => "voided",
    };
    json!({
        "id": record.id.to_string(), "type": record.kind.word(), "amount": dollars(record.cents),
        "status": status, "captured": is_captured(record), "customer_id": record.customer_id,
        "invoice_id": record.invoice_id, "batch": batch, "created": record.created,
        "settled": record.settled, "refunded": dollars(record.refunded),
    })
}

fn dollars(cents: i64) -> String {
    Decimal::new(cents, 2).to_string()
}
