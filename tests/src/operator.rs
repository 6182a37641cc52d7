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
    paysage(&config, &["hold", &disputed, "--reason", "disputed", "--by", "ada"]).await.unwrap();
    paysage(&config, &["hold", &disputed, "--reason", "disputed", "--by", "ada"]).await.unwrap();
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
    let posted =
        paysage(&config, &["hold", &other, "--reason", "late", "--by", "ada"]).await.unwrap_err();
    assert!(posted.contains("it is posted in Sage as"), "{posted}");
    paysage(&config, &["release", &disputed, "--by", "ada"]).await.unwrap();
    paysage(&config, &["redrive", "--plan"]).await.unwrap();
    paysage(&config, &["redrive", "--run", "--rate", "10/s", "--by", "ada"]).await.unwrap();
    let unnamed = paysage(&config, &["release", &disputed]).await.unwrap_err();
    assert!(unnamed.contains("--by"), "{unnamed}");
    let unknown = ["close", "fact_changed:main/1", "--reason", "compared", "--by", "ada"];
    let refused = paysage(&config, &unknown).await.unwrap_err();
    assert!(refused.contains("no open exception"), "{refused}");
    paysage(&config, &["exceptions"]).await.unwrap();
    paysage(&config, &["audit", "list"]).await.unwrap();
    paysage(&config, &["audit", "verify"]).await.unwrap();
    let head = rig.folder().join("head.json");
    std::fs::write(&head, format!(r#"{{"sequence": 99, "hash": "{}"}}"#, "0".repeat(64))).unwrap();
    let kept = head.display().to_string();
    let cut = paysage(&config, &["audit", "verify", "--head", &kept]).await.unwrap_err();
    // Hold, hold, the refused hold, release and redrive: two lines each.
    assert!(cut.contains("broken at line 11"), "{cut}");
    rig.product_starts().await;
    rig.posted(2).await;
    rig.nothing_left_over().await;
    assert_eq!((rig.receipts_of(&disputed).await, rig.receipts_of(&other).await), (1, 1));
    rig.end().await;
}
