//! The audit: what PayTrace captured, what Sage has receipts for, and what the product says of the
//! rest, compared from the vendors' own books.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::outside::{Outside, OutsideError};
use crate::say;

/// All three sets of books at one moment.
pub struct Books {
    paytrace: Value,
    sage300: Value,
    product: Value,
    /// Captured transactions and their amounts, by id.
    captured: BTreeMap<String, Decimal>,
    /// Amounts of posted Sage receipts, by `CheckReceiptNumber`.
    receipts: BTreeMap<String, Vec<Decimal>>,
}

/// Reads all books.
///
/// # Errors
/// When one of them does not answer.
pub async fn read(outside: &Outside) -> Result<Books, OutsideError> {
    let product = outside.status().await?;
    let paytrace = outside.state(&outside.places.paytrace).await?;
    let sage300 = outside.state(&outside.places.sage300).await?;
    let captured = rows(&paytrace, "transactions")
        .filter(|row| row.get("captured").and_then(Value::as_bool) == Some(true))
        .map(|row| (text(row, "id"), amount(row, "amount")))
        .collect();
    let mut receipts: BTreeMap<String, Vec<Decimal>> = BTreeMap::new();
    for row in rows(&sage300, "receipts") {
        let reference = text(row, "check_receipt_number");
        receipts.entry(reference).or_default().push(amount(row, "amount"));
    }
    Ok(Books { paytrace, sage300, product, captured, receipts })
}

impl Books {
    /// Everything captured is posted or held, and no batch of ours is left with entries.
    #[must_use]
    pub fn at_rest(&self) -> bool {
        let decided = self.count("POSTED").saturating_add(self.count("HELD"));
        let moving = self.count("READY").saturating_add(self.count("ASSIGNED"));
        let all = usize::try_from(decided) == Ok(self.captured.len());
        all && moving == 0 && self.left_over() == 0
    }

    #[must_use]
    pub fn posted_count(&self) -> u64 {
        self.count("POSTED")
    }

    #[must_use]
    pub fn progress(&self) -> String {
        format!(
            "{} captured, {} posted, {} in flight, {} held",
            self.captured.len(),
            self.count("POSTED"),
            self.in_flight().0,
            self.count("HELD")
        )
    }

    /// Batches of ours in Sage that are not posted and not empty.
    fn left_over(&self) -> usize {
        rows(&self.sage300, "open_batches")
            .filter(|row| text(row, "description").starts_with("PTS1:"))
            .filter(|row| row.get("entries").and_then(Value::as_u64) != Some(0))
            .count()
    }

    fn totals(&self, state: &str) -> (u64, Decimal) {
        let of_state = rows(&self.product, "totals").filter(|row| text(row, "state") == state);
        of_state.fold((0, Decimal::ZERO), |(count, sum), row| {
            let n = row.get("count").and_then(Value::as_u64).unwrap_or(0);
            (count.saturating_add(n), sum + amount(row, "amount"))
        })
    }

    fn count(&self, state: &str) -> u64 {
        self.totals(state).0
    }

    fn in_flight(&self) -> (u64, Decimal) {
        let (ready, ready_sum) = self.totals("READY");
        let (assigned, assigned_sum) = self.totals("ASSIGNED");
        (ready.saturating_add(assigned), ready_sum + assigned_sum)
    }

    /// Ours among Sage's receipts: those that carry a transaction PayTrace knows.
    fn ours(&self) -> impl Iterator<Item = (&String, &Vec<Decimal>)> {
        self.receipts.iter().filter(|(reference, _)| self.captured.contains_key(*reference))
    }
}

/// The report, from the vendors' books; the product is only asked what it still has in hand.
///
/// # Errors
/// When the product does not list its receipts.
pub async fn report(outside: &Outside, books: &Books, seconds: i64) -> Result<Value, OutsideError> {
    let listed = outside.receipts().await?;
    let mut delays = delays_ms(&listed);
    delays.sort_unstable();
    let p50 = Decimal::new(delays.get(delays.len() / 2).copied().unwrap_or(0), 3);
    let held: BTreeSet<String> =
        rows(&books.product, "held").map(|row| text(row, "transaction")).collect();
    let captured: Decimal = books.captured.values().sum();
    let posted: Decimal = books.ours().flat_map(|(_, amounts)| amounts).sum();
    let (flying, flying_sum) = books.in_flight();
    let (held_count, held_sum) = books.totals("HELD");
    let receipts: usize = books.ours().map(|(_, amounts)| amounts.len()).sum();
    let duplicates: usize = books.ours().map(|(_, amounts)| amounts.len() - 1).sum();
    let missing =
        books.captured.keys().filter(|id| !books.receipts.contains_key(*id) && !held.contains(*id));
    let lost = missing.count().saturating_sub(usize::try_from(flying).unwrap_or(0));
    Ok(json!({
        "payments": rows(&books.paytrace, "transactions").count(),
        "captured": books.captured.len(),
        "posted": books.count("POSTED"),
        "in_flight": flying,
        "held": held_count,
        "receipts": receipts,
        "duplicate_receipts": duplicates,
        "lost_payments": lost,
        "difference": money(captured - posted - flying_sum - held_sum),
        "amounts": {"captured": money(captured), "posted": money(posted),
                    "in_flight": money(flying_sum), "held": money(held_sum)},
        "sage_calls": books.sage300.get("requests"),
        "paytrace_calls": books.paytrace.get("requests"),
        "faults": {"sage300": books.sage300.get("faults"),
                   "paytrace": books.paytrace.get("faults")},
        "seconds_fact_to_posted_p50": json_number(p50),
        "seconds": seconds,
        "exceptions": rows(&books.product, "exceptions").count(),
    }))
}

/// Whether the books agree.
///
/// # Errors
/// In words, naming each figure that is wrong.
pub fn verdict(report: &Value) -> Result<(), String> {
    let zero = |name: &str| report.get(name).and_then(Value::as_u64) == Some(0);
    let mut wrong: Vec<String> = ["duplicate_receipts", "lost_payments", "in_flight"]
        .iter()
        .filter(|name| !zero(name))
        .map(|name| format!("{name} is {}", report.get(*name).unwrap_or(&Value::Null)))
        .collect();
    let difference = report.get("difference").and_then(Value::as_str).unwrap_or_default();
    if difference != "0.00" {
        wrong.push(format!("the books differ by {difference}"));
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
}

/// The books, for a person.
pub fn print(books: &Books, report: &Value) {
    say::line("");
    say::line("Receipts in Sage 300");
    say::line(format!(
        "  {:<12} {:<13} {:>12} {:>6} {:>6}  {}",
        "transaction", "customer", "amount", "batch", "entry", "document"
    ));
    for row in rows(&books.sage300, "receipts") {
        let reference = text(row, "check_receipt_number");
        if books.captured.contains_key(&reference) {
            say::line(format!(
                "  {:<12} {:<13} {:>12} {:>6} {:>6}  {}",
                reference,
                text(row, "customer"),
                money(amount(row, "amount")),
                text(row, "batch"),
                text(row, "entry"),
                text(row, "document_number"),
            ));
        }
    }
    print_open(books);
    say::line("");
    let amounts = report.get("amounts").unwrap_or(&Value::Null);
    say::line(format!(
        "Captured {} = posted {} + in flight {} + held {}; difference {}",
        text(amounts, "captured"),
        text(amounts, "posted"),
        text(amounts, "in_flight"),
        text(amounts, "held"),
        text(report, "difference"),
    ));
    for name in ["payments", "captured", "receipts", "duplicate_receipts", "lost_payments"] {
        say::line(format!("  {name:<20} {}", text(report, name)));
    }
    for name in ["sage_calls", "seconds_fact_to_posted_p50", "seconds"] {
        say::line(format!("  {name:<26} {}", text(report, name)));
    }
}

/// What waits for a person, or is left over.
pub fn print_open(books: &Books) {
    say::line("");
    say::line(format!("Waiting for a person ({})", books.progress()));
    for row in rows(&books.product, "held") {
        say::line(format!(
            "  {:<12} {:>12} {}: {}\n{:>27}{}",
            text(row, "transaction"),
            text(row, "amount"),
            text(row, "reason"),
            text(row, "evidence"),
            "",
            text(row, "fix"),
        ));
    }
    for name in ["manifests_held", "exceptions"] {
        for row in rows(&books.product, name) {
            let subject = row.get("subject").or_else(|| row.get("manifest"));
            say::line(format!(
                "  {}: {} ({})",
                text(row, "reason"),
                subject.map(plain).unwrap_or_default(),
                text(row, "evidence")
            ));
        }
    }
    for row in rows(&books.sage300, "open_batches") {
        if text(row, "description").starts_with("PTS1:") && text(row, "entries") != "0" {
            say::line(format!("  left over in Sage: batch {}", text(row, "number")));
        }
    }
}

fn delays_ms(listed: &Value) -> Vec<i64> {
    let instant = |row: &Value, name: &str| text(row, name).parse::<jiff::Timestamp>().ok();
    rows(listed, "receipts")
        .filter_map(|row| {
            let (since, posted) = (instant(row, "since")?, instant(row, "posted_at")?);
            Some(posted.as_millisecond().saturating_sub(since.as_millisecond()))
        })
        .collect()
}

fn rows<'a>(books: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    books.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn text(row: &Value, name: &str) -> String {
    row.get(name).map(plain).unwrap_or_default()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn amount(row: &Value, name: &str) -> Decimal {
    text(row, name).parse().unwrap_or_default()
}

/// As a JSON number, digit for digit.
fn json_number(value: Decimal) -> Value {
    serde_json::from_str(&value.to_string()).unwrap_or(Value::Null)
}

fn money(amount: Decimal) -> String {
    let mut exact = amount.normalize();
    if exact.scale() < 2 {
        exact.rescale(2);
    }
    exact.to_string()
}
