//! Both simulators and the product in this process, on ports of their own.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use paysage_http::{EgressRule, Http, HttpConfig, HttpError, Method, Request, Response, Url};
use runtime::config::Config;
use sandbox::clock::SimClock;
use sandbox::paytrace::{PaytraceConfig, PaytraceSim};
use sandbox::server::{self, Running};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::sync::watch;
use tokio::task::JoinHandle;

const SECRET: &[u8] = b"a secret that only these tests use";
static RIGS: AtomicU32 = AtomicU32::new(0);

/// What a test may have otherwise.
#[derive(Clone)]
pub struct Setup {
    pub sage_password: &'static str,
    pub paytrace_password: &'static str,
    pub bank: &'static str,
    pub payment_code: &'static str,
    pub closed_period: &'static str,
    /// How long receipts gather before they are sealed.
    pub linger_ms: u32,
    /// Unknown payers become customers instead of being held.
    pub new_customer: bool,
    /// The Sage simulator is not there at first.
    pub sage_down: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            sage_password: "WEBAPI",
            paytrace_password: "demo-password",
            bank: "SEATAC",
            payment_code: "CCARD",
            closed_period: "hold",
            linger_ms: 100,
            new_customer: false,
            sage_down: false,
        }
    }
}

pub struct Rig {
    pub paytrace: Url,
    pub sage300: Url,
    pub product: Url,
    setup: Setup,
    folder: PathBuf,
    http: Http,
    simulators: Vec<Running>,
    running: Option<(watch::Sender<bool>, JoinHandle<()>)>,
}

impl Rig {
    pub async fn start(setup: Setup) -> Self {
        let mut rig = Self::without_product(setup).await;
        rig.product_starts().await;
        rig
    }

    /// The vendors alone, and a folder with the secrets the configuration names.
    pub async fn without_product(setup: Setup) -> Self {
        let paytrace = serve_paytrace(0).await;
        let sage_port = free_port();
        let product_port = free_port();
        let url = |port: u16| Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap();
        let ports = [paytrace.address().port(), sage_port, product_port];
        let rules = ports.map(|port| EgressRule::loopback("127.0.0.1", port)).to_vec();
        let number = RIGS.fetch_add(1, Ordering::Relaxed);
        let folder = scratch().join(format!("rig-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let mut rig = Self {
            paytrace: url(ports[0]),
            sage300: url(sage_port),
            product: url(product_port),
            http: Http::new(HttpConfig::new(rules)).unwrap(),
            simulators: vec![paytrace],
            running: None,
            setup,
            folder,
        };
        if !rig.setup.sage_down {
            rig.sage_comes_up().await;
        }
        rig
    }

    pub async fn sage_comes_up(&mut self) {
        let company = paysage::sandboxes::sage300(None).unwrap();
        let address = loopback(self.sage300.port().unwrap());
        let clock = Arc::new(SimClock::real());
        self.simulators.push(server::serve(company, clock, None, address).await.unwrap());
    }

    /// The person in charge corrects the set-up; the product is started anew over the same store.
    pub async fn corrected(&mut self, setup: Setup) {
        self.product_stops().await;
        self.setup = setup;
        self.product_starts().await;
    }

    pub async fn product_starts(&mut self) {
        let config = Config::parse(&self.config()).unwrap();
        let (product, listener) = paysage::serve::start(config).await.unwrap();
        let (stop, stopped) = watch::channel(false);
        let host = tokio::spawn(paysage::host::run(product, listener, stopped));
        self.running = Some((stop, host));
    }

    pub async fn product_stops(&mut self) {
        if let Some((stop, host)) = self.running.take() {
            stop.send_replace(true);
            host.await.unwrap();
        }
    }

    /// Where the product keeps its file.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub async fn end(mut self) {
        self.product_stops().await;
        for simulator in self.simulators.drain(..) {
            simulator.stop().await;
        }
        fs::remove_dir_all(&self.folder).unwrap();
    }

    // People

    pub async fn customer(&self, customer: &str) {
        let email = format!("{}@example.test", customer.to_lowercase());
        let body = json!({"customers": [{"number": customer, "name": format!("Buyer {customer}"),
                                         "email": email, "currency": "USD"}]});
        self.tell(&self.sage300, "seed_customers", &body).await;
    }

    pub async fn customer_owes(&self, customer: &str, invoice: &str, amount: &str) {
        self.customer(customer).await;
        let today = runtime::clock::now().to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
        let body = json!({"invoices": [{"customer": customer, "document": invoice,
                                        "amount": amount, "date": today, "due": today}]});
        self.tell(&self.sage300, "seed_invoices", &body).await;
    }

    /// A buyer pays by card; PayTrace's id of it.
    pub async fn buyer_pays(&self, customer: &str, invoice: &str, amount: &str) -> String {
        let email = format!("{}@example.test", customer.to_lowercase());
        let sale = json!({"amount": amount, "kind": "sale", "invoice_id": invoice,
                          "name": format!("Buyer {customer}"), "email": email});
        let body = json!({ "transactions": [sale] });
        let answer = self.tell(&self.paytrace, "seed_transactions", &body).await;
        answer["ids"][0].to_string()
    }

    /// The shop takes a payment back that was not settled yet.
    pub async fn buyer_gets_it_back(&self, transaction: &str) {
        let url = self.paytrace.join("oauth/token").unwrap();
        let login = json!({"grant_type": "password", "username": "api@example.test",
                           "password": "demo-password"});
        let answer = self.post(url, &[], login.to_string()).await.unwrap();
        let token: Value = serde_json::from_slice(&answer.body).unwrap();
        let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
        let url = self.paytrace.join("v1/transactions/void").unwrap();
        let body = json!({"integrator_id": "90123Example", "transaction_id": transaction});
        let headers = [("authorization", bearer)];
        let answer = self.post(url, &headers, body.to_string()).await.unwrap();
        assert!(answer.status < 300, "void: {}", String::from_utf8_lossy(&answer.body));
    }

    pub async fn tell(&self, simulator: &Url, command: &str, body: &Value) -> Value {
        let url = simulator.join(&format!("_sandbox/{command}")).unwrap();
        let answer = self.post(url, &[], body.to_string()).await.unwrap();
        let value: Value = serde_json::from_slice(&answer.body).unwrap();
        assert!(answer.status < 300, "{command}: {value}");
        value
    }

    /// The relay's webhook, signed; the status it was answered with.
    pub async fn relay_tells(&self, message: &str, body: &str) -> u16 {
        let at = runtime::clock::now().as_second().to_string();
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET).unwrap();
        mac.update(format!("{message}.{at}.{body}").as_bytes());
        let signature = format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()));
        let headers = [
            ("webhook-id", message.to_owned()),
            ("webhook-timestamp", at),
            ("webhook-signature", signature),
        ];
        let url = self.product.join("webhooks/relay").unwrap();
        self.post(url, &headers, body.to_owned()).await.unwrap().status
    }

    // Looking

    /// Waits until `seen` is true of what the product says of itself.
    pub async fn until(&self, what: &str, seen: impl Fn(&Value) -> bool) -> Value {
        const TRIES: usize = 400;
        let mut last = Value::Null;
        for _ in 0..TRIES {
            if let Ok(status) = self.get(self.product.join("api/status").unwrap()).await {
                if seen(&status) {
                    return status;
                }
                last = status;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("never {what}: {last:#}");
    }

    pub async fn posted(&self, count: u64) -> Value {
        let enough = |status: &Value| counted(status, "POSTED") >= count;
        self.until(&format!("{count} posted"), enough).await
    }

    pub async fn held_for(&self, reason: &str) -> Value {
        let held = |status: &Value| rows(status, "held").any(|row| row["reason"] == reason);
        self.until(&format!("held for {reason}"), held).await
    }

    pub async fn exception(&self, reason: &str) -> Value {
        let raised = |status: &Value| rows(status, "exceptions").any(|row| row["reason"] == reason);
        self.until(&format!("exception {reason}"), raised).await
    }

    /// Waits until Sage has no batch of ours with entries that is not posted.
    pub async fn nothing_left_over(&self) {
        const TRIES: usize = 200;
        for _ in 0..TRIES {
            let books = self.books(&self.sage300).await;
            let ours = |row: &&Value| row["description"].as_str().unwrap().starts_with("PTS1:");
            let left = rows(&books, "open_batches").filter(ours);
            if left.filter(|row| row["entries"] != 0).count() == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("batches are left over: {}", self.books(&self.sage300).await["open_batches"]);
    }

    pub async fn books(&self, simulator: &Url) -> Value {
        self.get(simulator.join("_sandbox/state").unwrap()).await.unwrap()
    }

    /// How many posted receipts in Sage carry the transaction.
    pub async fn receipts_of(&self, transaction: &str) -> usize {
        let books = self.books(&self.sage300).await;
        rows(&books, "receipts").filter(|row| row["check_receipt_number"] == transaction).count()
    }

    pub async fn get(&self, url: Url) -> Result<Value, HttpError> {
        let answer = self.http.send(Request::new("test.get", Method::GET, url)).await?;
        Ok(serde_json::from_slice(&answer.body).unwrap_or(Value::Null))
    }

    pub async fn post(
        &self,
        url: Url,
        headers: &[(&'static str, String)],
        body: String,
    ) -> Result<Response, HttpError> {
        let mut request = Request::new("test.post", Method::POST, url)
            .header("content-type", "application/json")
            .body(body);
        for (name, value) in headers {
            request = request.header(name, value.clone());
        }
        self.http.send(request).await
    }

    pub async fn send(&self, request: Request) -> Response {
        self.http.send(request).await.unwrap()
    }

    /// The configuration of the product, its secrets written beside it.
    pub fn config(&self) -> String {
        let Setup {
            sage_password,
            paytrace_password,
            bank,
            payment_code,
            closed_period,
            linger_ms,
            ..
        } = &self.setup;
        secret(&self.folder, "sage", sage_password);
        secret(&self.folder, "paytrace", paytrace_password);
        secret(&self.folder, "relay", &format!("whsec_{}", BASE64.encode(SECRET)));
        let folder = self.folder.display();
        let new_customer = match self.setup.new_customer {
            true => "{create: {group: WHL, tax_group: USDTAX}}",
            false => "hold",
        };
        format!(
            "listen: 127.0.0.1:{port}
store: {{path: {folder}/paysage.sqlite}}
companies:
  SAMLTD:
    url: {sage}Sage300WebApi/v1.0/-
    user: WEBAPI
    password: {{file: {folder}/sage}}
merchants:
  main:
    company: SAMLTD
    paytrace: {{url: \"{paytrace}\", username: api@example.test, \
password: {{file: {folder}/paytrace}}, integrator_id: 90123Example}}
    currency: USD
    bank: {bank}
    payment_codes: {{default: {payment_code}}}
    closed_period: {closed_period}
    new_customer: {new_customer}
webhooks:
  relay:
    merchant: main
    scheme: standard_webhooks
    secrets: [{{file: {folder}/relay}}]
    transaction_pointers: [/transaction_id]
posting: {{linger_ms: {linger_ms}, settle_ms: 1000, sweep_interval_ms: 1000, sweep_idle_ms: 2000}}
polling: {{interval_ms: 1000, recheck_held_ms: 1000}}
retry: {{base_ms: 100, cap_ms: 500}}
documents: {{look_again_ms: 100}}
",
            port = self.product.port().unwrap(),
            sage = self.sage300,
            paytrace = self.paytrace,
        )
    }
}

pub fn rows<'a>(books: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    books[name].as_array().into_iter().flatten()
}

pub fn counted(status: &Value, state: &str) -> u64 {
    let rows = rows(status, "totals").filter(|row| row["state"] == state);
    rows.filter_map(|row| row["count"].as_u64()).sum()
}

async fn serve_paytrace(port: u16) -> Running {
    let simulator = Box::new(PaytraceSim::new(PaytraceConfig::default()));
    let clock = Arc::new(SimClock::real());
    server::serve(simulator, clock, None, loopback(port)).await.unwrap()
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn secret(folder: &Path, name: &str, value: &str) {
    use std::io::Write;
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(folder.join(name)).unwrap().write_all(value.as_bytes()).unwrap();
}

/// A folder for this run, inside the build's own.
fn scratch() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    program.parent().unwrap().join("end-to-end")
}
