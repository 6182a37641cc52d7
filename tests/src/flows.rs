//! Documents that decide, changed while the product runs.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::rig::{Rig, Setup, rows};

/// `paysage flow ... --config FILE`.
async fn flow(config: &Path, command: &[&str]) -> Result<(), String> {
    let config = config.display().to_string();
    let given = ["paysage", "flow"].iter().chain(command).copied().chain(["--config", &config]);
    paysage::cli::given(given).await
}

fn written(rig: &Rig) -> PathBuf {
    let path = rig.folder().join("paysage.yaml");
    std::fs::write(&path, rig.config()).unwrap();
    path
}

fn change(books: &Path, document: &str, from: &str, to: &str) {
    let path = books.join(document);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{document}: {from}");
    std::fs::write(path, text.replace(from, to)).unwrap();
}

/// The receipt of the transaction, as Sage has it.
async fn receipt(rig: &Rig, transaction: &str) -> Value {
    let books = rig.books(&rig.sage300).await;
    let found = rows(&books, "receipts").find(|row| row["check_receipt_number"] == transaction);
    found.cloned().unwrap_or_else(|| panic!("no receipt {transaction}: {}", books["receipts"]))
}

/// Buys until a receipt shows that the release in force has changed: the product looks for it now and
/// then only.
async fn buys_until(rig: &Rig, customer: &str, shown: impl Fn(&Value) -> bool) -> Value {
    const TRIES: u64 = 40;
    for _ in 0..TRIES {
        let before = posted(rig).await;
        let paid = rig.buyer_pays(customer, "", "1.00").await;
        rig.posted(before + 1).await;
        let found = receipt(rig, &paid).await;
        if shown(&found) {
            return found;
        }
    }
    panic!("the release never came into force");
}

async fn posted(rig: &Rig) -> u64 {
    let status = rig.until("anything", |_| true).await;
    crate::rig::counted(&status, "POSTED")
}

#[tokio::test]
async fn documents_change_what_is_posted_without_a_restart_and_back() {
    let rig = Rig::start(Setup::default()).await;
    let config = written(&rig);
    let books = rig.folder().join("books");
    let dir = books.display().to_string();
    rig.customer_owes("P1", "IN-SMALL", "5.00").await;
    rig.customer_owes("P1", "IN-LARGE", "900.00").await;
    let first = rig.buyer_pays("P1", "IN-SMALL", "1.00").await;
    rig.posted(1).await;
    let shipped = receipt(&rig, &first).await;
    let described = |row: &Value| row["entry_description"].as_str().unwrap_or_default().to_owned();
    assert!(described(&shipped).starts_with("Card "), "{shipped}");

    paysage::cli::given(["paysage", "flow", "init", &dir]).await.unwrap();
    paysage::cli::given(["paysage", "flow", "test", &dir]).await.unwrap();
    change(&books, "maps/payment-to-receipt.yaml", "'Card payment'", "'Sale payment'");
    change(&books, "maps/payment-to-receipt.yaml", "'Card ' +", "'Sale ' +");
    let refused = flow(&config, &["promote", &dir, "--by", "ada"]).await.unwrap_err();
    assert!(refused.contains("nothing was changed"), "samples say the old words: {refused}");
    for entry in std::fs::read_dir(books.join("samples")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.replace("EntryDescription: Card payment", "EntryDescription: Sale payment");
        let text = text.replace("EntryDescription: Card ", "EntryDescription: Sale ");
        std::fs::write(&path, text).unwrap();
    }
    flow(&config, &["promote", &dir, "--by", "ada", "--note", "new words"]).await.unwrap();
    let changed = buys_until(&rig, "P1", |row| described(row).starts_with("Sale ")).await;
    assert_eq!(changed["payment_code"], "CCARD", "{changed}");

    change(
        &books,
        "flows/payment-posting.yaml",
        "order: merchant.unnamed",
        "order: {text: largest_first}",
    );
    flow(&config, &["promote", &dir, "--by", "ada"]).await.unwrap();
    let applied = |row: &Value| row["lines"].to_string().contains("IN-LARGE");
    buys_until(&rig, "P1", applied).await;

    let bound = "merchant.payment_codes.visa ?? merchant.payment_codes.default";
    change(&books, "tables/payment-codes.yaml", bound, "\"'AMEX'\"");
    let bound = "merchant.payment_codes.mastercard ?? merchant.payment_codes.default";
    change(&books, "tables/payment-codes.yaml", bound, "\"'AMEX'\"");
    let refused = flow(&config, &["promote", &dir, "--by", "ada"]).await.unwrap_err();
    assert!(refused.contains("the sample"), "samples say the old codes: {refused}");
    std::fs::remove_dir_all(books.join("samples")).unwrap();
    flow(&config, &["promote", &dir, "--by", "ada"]).await.unwrap();
    buys_until(&rig, "P1", |row| row["payment_code"] == "AMEX").await;

    change(&books, "tables/payment-codes.yaml", "inputs:", "imputs:");
    let refused = flow(&config, &["promote", &dir, "--by", "ada"]).await.unwrap_err();
    assert!(refused.contains("payment-codes"), "{refused}");

    flow(&config, &["rollback", "--by", "ada", "--to", "1"]).await.unwrap();
    flow(&config, &["log"]).await.unwrap();
    rig.end().await;
}

#[tokio::test]
async fn a_receipt_tells_what_decided_it_and_an_old_release_can_be_read_again() {
    let mut rig = Rig::start(Setup::default()).await;
    let config = written(&rig);
    let books = rig.folder().join("books");
    let dir = books.display().to_string();
    rig.customer_owes("P1", "IN-1", "5.00").await;
    let first = rig.buyer_pays("P1", "IN-1", "1.00").await;
    rig.posted(1).await;
    paysage::cli::given(["paysage", "flow", "init", &dir]).await.unwrap();
    change(
        &books,
        "flows/payment-posting.yaml",
        "title: Card payment to A/R receipt",
        "title: Mine",
    );
    flow(&config, &["promote", &dir, "--by", "ada", "--approved-by", "grace"]).await.unwrap();
    let decided = async |rig: &Rig, transaction: &str| {
        let answer = rig.get(rig.product.join("api/receipts").unwrap()).await.unwrap();
        let row = rows(&answer, "receipts").find(|row| row["transaction"] == transaction);
        row.map(|row| row["decided_by"].as_str().unwrap_or_default().to_owned()).unwrap_or_default()
    };
    assert_eq!(decided(&rig, &first).await, "shipped/payment-posting");
    let mut release = String::new();
    for count in 2..40 {
        let paid = rig.buyer_pays("P1", "", "1.00").await;
        rig.posted(count).await;
        release = decided(&rig, &paid).await;
        if !release.starts_with("shipped") {
            break;
        }
    }
    let (release, name) = release.split_once('/').unwrap();
    assert_eq!((release.len(), name), (12, "payment-posting"));

    rig.product_stops().await;
    let then = rig.folder().join("then");
    let to = then.display().to_string();
    flow(&config, &["show", release, "--to", &to]).await.unwrap();
    let text = std::fs::read_to_string(then.join("flows/payment-posting.yaml")).unwrap();
    assert!(text.contains("title: Mine"), "{text}");
    rig.end().await;
}
