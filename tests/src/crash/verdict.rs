//! What must be so in the end, whoever died where: asked of both simulators and of the file.

use std::sync::Arc;

use embedded::Embedded;
use ledger::store::Store;
use serde_json::Value;

use super::flow::Payment;
use super::life::left_in;
use crate::rig::{Rig, rows};

/// Each captured payment has one posted receipt with its amount; nothing is left over anywhere.
pub async fn exactly_once(rig: &Rig, payments: &[Payment], told: &str) {
    let paytrace = rig.books(&rig.paytrace).await;
    let sage = rig.books(&rig.sage300).await;
    for payment in payments {
        let row = rows(&paytrace, "transactions").find(|row| row["id"] == *payment.id).unwrap();
        let captured = row["captured"] == true;
        assert_eq!(usize::from(captured), payment.receipts, "{told}: {row}");
        let ours = |row: &&Value| row["check_receipt_number"] == *payment.id;
        let receipts: Vec<&Value> = rows(&sage, "receipts").filter(ours).collect();
        assert_eq!(receipts.len(), payment.receipts, "{told}: receipts of {payment:?}");
        for receipt in receipts {
            assert_eq!(receipt["amount"], payment.amount, "{told}: {receipt}");
            assert_eq!(receipt["returned"], false, "{told}: {receipt}");
        }
    }
    for batch in rows(&sage, "open_batches") {
        let described = batch["description"].as_str().unwrap().starts_with("PTS1:");
        let ours = rows(batch, "check_receipt_numbers")
            .any(|number| payments.iter().any(|payment| *number == *payment.id));
        assert!(!(ours || described && batch["entries"] != 0), "{told}: left over: {batch}");
    }
    assert_eq!(rows(&sage, "duplicates").count(), 0, "{told}: {}", sage["duplicates"]);
    assert_eq!(sage["trial_balance"], "0.00", "{told}");
    nothing_in_flight(rig, payments, told).await;
}

async fn nothing_in_flight(rig: &Rig, payments: &[Payment], told: &str) {
    let path = rig.folder().join("paysage.sqlite");
    let file = Embedded::open(&path, Arc::new(assembly::SystemClock)).unwrap();
    file.check().await.unwrap();
    let left = left_in(&file, runtime::clock::now()).await;
    assert!(left.is_empty(), "{told}: {}", left.join(", "));
    let totals = file.store.totals().await.unwrap();
    let count: u64 = totals.rows.iter().map(|row| row.count).sum();
    assert_eq!(usize::try_from(count).unwrap(), payments.len(), "{told}: {totals:?}");
}
