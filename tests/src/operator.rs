//! What an operator does by hand while the product is stopped.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::rig::{Rig, Setup, rows};

/// `paysage COMMAND... --config FILE`.
async fn paysage(config: &Path, command: &[&str]) -> Result<(), String> {
    let config = config.display().to_string();
    let given = ["paysage"].iter().chain(command).copied().chain(["--config", &config]);
    paysage::cli::given(given).await
}

fn written(rig: &Rig) -> PathBuf {
    let path = rig.folder().join("paysage.yaml");
    std::fs::write(&path, rig.config()).unwrap();
    path
}

fn is_held_by_person(status: &Value, transaction: &str) -> bool {
    rows(status, "held").any(|row| {
        let evidence = row["evidence"].as_str().unwrap_or_default();
        row["transaction"] == transaction && evidence.starts_with("held by a person: disputed")
    })
}

#[tokio::test]
async fn what_a_person_holds_stays_out_of_sage_until_it_is_released() {
    let mut rig = Rig::start(Setup::default()).await;
    let config = written(&rig);
    let disputed = rig.buyer_pays("P1", "IN-P1", "10.00").await;
    let other = rig.buyer_pays("P2", "IN-P2", "20.00").await;
    let both = |status: &Value| {
        rows(status, "held").filter(|row| row["reason"] == "customer_not_found").count() == 2
    };
    rig.until("both held", both).await;
    let refused = paysage(&config, &["explain", &disputed]).await.unwrap_err();
    assert!(refused.contains("stop the product"), "{refused}");
    rig.product_stops().await;
    paysage(&config, &["explain", &disputed]).await.unwrap();
    paysage(&config, &["hold", &disputed, "--reason", "disputed"]).await.unwrap();
    paysage(&config, &["hold", &disputed, "--reason", "disputed"]).await.unwrap();
    let unknown = paysage(&config, &["explain", "999999"]).await.unwrap_err();
    assert!(unknown.contains("nothing is known of transaction 999999"), "{unknown}");

    rig.customer_owes("P1", "IN-P1", "10.00").await;
    rig.customer_owes("P2", "IN-P2", "20.00").await;
    rig.product_starts().await;
    // Both were looked at again: the one nobody holds is posted.
    let status = rig.posted(1).await;
    assert!(is_held_by_person(&status, &disputed), "{status:#}");
    assert_eq!((rig.receipts_of(&disputed).await, rig.receipts_of(&other).await), (0, 1));

    rig.product_stops().await;
    let posted = paysage(&config, &["hold", &other, "--reason", "late"]).await.unwrap_err();
    assert!(posted.contains("it is posted in Sage as"), "{posted}");
    paysage(&config, &["release", &disputed]).await.unwrap();
    paysage(&config, &["redrive", "--plan"]).await.unwrap();
    paysage(&config, &["redrive", "--run", "--rate", "10/s"]).await.unwrap();
    rig.product_starts().await;
    rig.posted(2).await;
    rig.nothing_left_over().await;
    assert_eq!((rig.receipts_of(&disputed).await, rig.receipts_of(&other).await), (1, 1));
    rig.end().await;
}
