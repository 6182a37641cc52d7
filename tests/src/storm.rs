//! A storm over the real network path: faults of every kind at both vendors, webhooks told twice,
//! out of order and late, the product stopped and started in between. In the end each payment is in
//! the books once.

use std::time::Duration;

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use crate::faults::KINDS;
use crate::rig::{Rig, Setup, counted, rows};

/// Bursts of purchases; the product is stopped during every other one.
const BURSTS: usize = 5;
const PURCHASES: usize = 5;
/// The longest a request may land late, milliseconds: later than an answer is waited for.
const LATE_MS: i64 = 2_500;

/// Looks of 50 ms each before something counts as never coming.
const TRIES: usize = 1_200;

struct Storm {
    rig: Rig,
    chance: ChaCha8Rng,
    /// What was paid: transaction and amount.
    paid: Vec<(String, String)>,
    /// Deliveries the relay still has to make: message and transaction.
    to_tell: Vec<(String, String)>,
}

#[tokio::test]
async fn seed_1() {
    Storm::rages(1).await;
}

#[tokio::test]
async fn seed_2() {
    Storm::rages(2).await;
}

#[tokio::test]
async fn seed_3() {
    Storm::rages(3).await;
}

impl Storm {
    async fn rages(seed: u64) {
        let rig = Rig::start(Setup { linger_ms: 200, ..Setup::default() }).await;
        let chance = ChaCha8Rng::seed_from_u64(seed);
        let mut storm = Self { rig, chance, paid: Vec::new(), to_tell: Vec::new() };
        storm.everybody_owes().await;
        storm.faults_begin(seed).await;
        let mut stopped = false;
        for burst in 0..BURSTS {
            storm.buyers_pay(burst).await;
            if std::mem::take(&mut stopped) {
                storm.rig.product_starts().await;
            }
            storm.relay_tells_some().await;
            if burst % 2 == 0 {
                // In the middle of whatever it does.
                storm.rig.product_stops().await;
                stopped = true;
            } else {
                storm.more_are_posted().await;
            }
        }
        storm.rig.product_starts().await;
        storm.all_are_posted().await;
        storm.all_kinds_were_met().await;
        storm.relay_tells_the_rest().await;
        let met = storm.it_clears_up().await;
        storm.everything_is_there_once(seed).await;
        println!("seed={seed}: {} payments, each in the books once; {met}", storm.paid.len());
        storm.rig.end().await;
    }

    async fn everybody_owes(&self) {
        for n in 0..BURSTS * PURCHASES {
            let (customer, invoice) = (customer_of(n), format!("IN-S{n}"));
            self.rig.customer_owes(&customer, &invoice, "500.00").await;
        }
    }

    /// Drawn by the seed; by the script each kind at least once at both vendors, and others at each
    /// of the first creates.
    async fn faults_begin(&mut self, seed: u64) {
        let nth = (2..).step_by(3).zip(KINDS);
        let each: Vec<Value> = nth.map(|(nth, kind)| json!({"nth": nth, "fault": kind})).collect();
        let mut kinds = KINDS;
        kinds.shuffle(&mut self.chance);
        let creates = (1..=4).zip(kinds).map(|(nth, kind)| {
            json!({"nth": nth, "method": "POST", "fault": kind,
                   "path_contains": "ARReceiptAndAdjustmentBatches"})
        });
        let sage = creates.chain(each.iter().cloned()).collect();
        for (simulator, script, seed) in
            [(&self.rig.sage300, sage, seed), (&self.rig.paytrace, each, seed + 1_000)]
        {
            let plan = json!({"seed": seed, "permille": 150, "script": script, "hold_ms": 50,
                              "latency_ms": [5, 50], "late_ms": [50, LATE_MS]});
            self.rig.tell(simulator, "faults", &plan).await;
        }
    }

    async fn buyers_pay(&mut self, burst: usize) {
        for n in burst * PURCHASES..(burst + 1) * PURCHASES {
            let cents = self.chance.random_range(100..20_000);
            let amount = format!("{}.{:02}", cents / 100, cents % 100);
            let invoice = match n % 4 {
                3 => String::new(),
                _ => format!("IN-S{n}"),
            };
            let id = self.rig.buyer_pays(&customer_of(n), &invoice, &amount).await;
            // Of every seventh nobody tells: the poller finds it.
            let times = if n % 7 == 6 { 0 } else { self.chance.random_range(1..=3) };
            for _ in 0..times {
                self.to_tell.push((format!("msg-{id}"), id.clone()));
            }
            self.paid.push((id, amount));
        }
    }

    /// In no order, and not all of them: the others come late.
    async fn relay_tells_some(&mut self) {
        self.to_tell.shuffle(&mut self.chance);
        let late = self.to_tell.split_off(self.to_tell.len() * 2 / 3);
        self.relay_tells_the_rest().await;
        self.to_tell = late;
    }

    async fn relay_tells_the_rest(&mut self) {
        for (message, transaction) in std::mem::take(&mut self.to_tell) {
            let body = json!({ "transaction_id": transaction }).to_string();
            assert_eq!(self.rig.relay_tells(&message, &body).await, 202);
        }
    }

    /// The poller and the sweeper keep calling: every kind comes up at both.
    async fn all_kinds_were_met(&self) {
        for simulator in [&self.rig.sage300, &self.rig.paytrace] {
            let missing = |books: &Value| {
                KINDS
                    .into_iter()
                    .filter(|kind| books["faults"][kind].as_u64().unwrap_or(0) == 0)
                    .collect::<Vec<_>>()
            };
            self.until(simulator, "every kind of fault", |books| missing(books).is_empty()).await;
        }
    }

    /// No more faults; what was still under way lands.
    async fn it_clears_up(&self) -> String {
        for simulator in [&self.rig.sage300, &self.rig.paytrace] {
            self.rig.tell(simulator, "faults", &Value::Null).await;
        }
        let calm = runtime::clock::now() + jiff::SignedDuration::from_millis(LATE_MS + 100);
        self.until(&self.rig.sage300, "all landed", |books| {
            books["now"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap() > calm
        })
        .await;
        let [sage, paytrace] = [&self.rig.sage300, &self.rig.paytrace];
        let sage = &self.rig.books(sage).await["faults"];
        format!("faults of Sage {sage}, of PayTrace {}", self.rig.books(paytrace).await["faults"])
    }

    async fn everything_is_there_once(&self, seed: u64) {
        let count = u64::try_from(self.paid.len()).unwrap();
        let status = self.at_rest(count).await;
        assert_eq!(counted(&status, "POSTED"), count, "seed={seed}");
        self.rig.nothing_left_over().await;
        let sage = self.rig.books(&self.rig.sage300).await;
        for (id, amount) in &self.paid {
            let ours = |row: &&Value| row["check_receipt_number"] == **id;
            let amounts: Vec<&Value> =
                rows(&sage, "receipts").filter(ours).map(|row| &row["amount"]).collect();
            assert_eq!(amounts, [amount.as_str()], "seed={seed}: receipts of {id}");
        }
        let receipts = rows(&sage, "receipts").count();
        assert_eq!(receipts, self.paid.len(), "seed={seed}: nothing else is posted");
        assert_eq!(rows(&sage, "duplicates").count(), 0, "seed={seed}");
        assert_eq!(sage["trial_balance"], "0.00", "seed={seed}");
        let captured = &self.rig.books(&self.rig.paytrace).await["totals"]["captured_count"];
        assert_eq!(*captured, count, "seed={seed}");
    }

    /// The storm does not keep everything from going on.
    async fn more_are_posted(&self) {
        let status = self.status_when("an answer", |_| true).await;
        let before = counted(&status, "POSTED");
        self.status_when("more posted", |status| counted(status, "POSTED") > before).await;
    }

    async fn all_are_posted(&self) {
        let count = u64::try_from(self.paid.len()).unwrap();
        self.status_when("all posted", |status| counted(status, "POSTED") >= count).await;
    }

    /// Everything posted, and no message waits. One that was being worked on when the product was
    /// stopped may still be hidden: what it asks for was done otherwise.
    async fn at_rest(&self, count: u64) -> Value {
        self.status_when("at rest", |status| {
            let idle = rows(status, "queues").all(|queue| queue["waiting"] == 0);
            idle && counted(status, "POSTED") >= count
        })
        .await
    }

    async fn status_when(&self, what: &str, seen: impl Fn(&Value) -> bool) -> Value {
        let url = self.rig.product.join("api/status").unwrap();
        let mut last = Value::Null;
        for _ in 0..TRIES {
            if let Ok(status) = self.rig.get(url.clone()).await {
                if seen(&status) {
                    return status;
                }
                last = status;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("never {what}: {last:#}");
    }

    async fn until(
        &self,
        simulator: &paysage_http::Url,
        what: &str,
        seen: impl Fn(&Value) -> bool,
    ) {
        let mut books = Value::Null;
        for _ in 0..TRIES {
            books = self.rig.books(simulator).await;
            if seen(&books) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("never {what}: {}", books["faults"]);
    }
}

/// Two purchases in a row are of the same customer.
fn customer_of(n: usize) -> String {
    format!("S{}", n / 2)
}
