//! A rig for benches: both simulators and the product, each a process of its own. The bench program
//! is all three: started with arguments it is `paysage`.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use paysage_http::{EgressRule, Http, HttpConfig, Method, Request, Url};
use serde_json::{Value, json};

pub type Failed = Box<dyn std::error::Error>;

/// When the bench was started as one of its own parts.
pub fn as_part() -> Option<std::process::ExitCode> {
    std::env::args().nth(1).map(|_| paysage::cli::main())
}

pub struct Rig {
    pub paytrace: Url,
    pub sage300: Url,
    pub product: Url,
    folder: PathBuf,
    vendors: Vec<Child>,
    serving: Option<Child>,
    http: Http,
}

impl Rig {
    /// Starts the simulators; the product is started by [`Rig::serve`].
    pub fn start(name: &str, linger_ms: u32) -> Result<Self, Failed> {
        let folder = PathBuf::from(".paysage").join(format!("{name}-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let folder = fs::canonicalize(folder)?;
        let (paytrace_child, paytrace) = vendor("paytrace")?;
        let (sage_child, sage300) = vendor("sage300")?;
        let free = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let product = Url::parse(&format!("http://{free}/"))?;
        let rule = |url: &Url| EgressRule::loopback("127.0.0.1", url.port().unwrap_or(0));
        let config = HttpConfig {
            response_bytes_max: 256 * 1024 * 1024,
            timeout_ms_total: 120_000,
            ..HttpConfig::new(vec![rule(&paytrace), rule(&sage300), rule(&product)])
        };
        let rig = Self {
            http: Http::new(config)?,
            vendors: vec![paytrace_child, sage_child],
            serving: None,
            paytrace,
            sage300,
            product,
            folder,
        };
        rig.write_config(linger_ms)?;
        Ok(rig)
    }

    /// `count` invoices over `customers` customers, each paid exactly by one payment PayTrace has.
    pub async fn queue(&self, count: usize, customers: usize) -> Result<(), Failed> {
        let today = paysage::wire::today();
        let clients: Vec<Value> = (0..customers)
            .map(|n| {
                json!({"number": format!("B{n:05}"), "name": format!("Bench Buyer {n} Ltd."),
                       "email": format!("ap{n}@example.test"), "currency": "USD"})
            })
            .collect();
        self.command(&self.sage300, "seed_customers", &json!({"customers": clients})).await?;
        let bills: Vec<Value> = (0..count)
            .map(|n| {
                json!({"customer": format!("B{:05}", n % customers),
                       "document": format!("IN{n:08}"), "amount": amount(n),
                       "date": today.to_string(), "due": today.to_string()})
            })
            .collect();
        self.command(&self.sage300, "seed_invoices", &json!({"invoices": bills})).await?;
        let sales: Vec<Value> = (0..count)
            .map(|n| {
                json!({"amount": amount(n), "kind": "sale", "invoice_id": format!("IN{n:08}"),
                       "name": format!("Bench Buyer {} Ltd.", n % customers),
                       "email": format!("ap{}@example.test", n % customers)})
            })
            .collect();
        let sales = json!({"transactions": sales});
        self.command(&self.paytrace, "seed_transactions", &sales).await?;
        Ok(())
    }

    /// Starts the product and waits until it answers.
    pub async fn serve(&mut self) -> Result<(), Failed> {
        let config = self.folder.join("paysage.yaml");
        let program = std::env::current_exe()?;
        let mut command = Command::new(program);
        command.args(["serve", "--config"]).arg(config).stdout(Stdio::null());
        self.serving = Some(command.spawn()?);
        for _ in 0..400 {
            if self.status().await.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        Err("the product does not answer".into())
    }

    /// Ends the product; its store stays.
    pub fn stop_serving(&mut self) {
        if let Some(mut child) = self.serving.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Waits until so many receipts are posted.
    pub async fn wait_for_posted(&self, count: usize, seconds_max: u64) -> Result<(), Failed> {
        for _ in 0..seconds_max * 10 {
            if self.posted().await? >= count {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err(format!("only {} of {count} posted in {seconds_max} s", self.posted().await?).into())
    }

    async fn posted(&self) -> Result<usize, Failed> {
        let status = self.status().await?;
        let rows = status["totals"].as_array().cloned().unwrap_or_default();
        let posted = rows.iter().filter(|row| row["state"] == "POSTED");
        Ok(posted.filter_map(|row| row["count"].as_u64()).sum::<u64>().try_into()?)
    }

    async fn status(&self) -> Result<Value, Failed> {
        self.get(self.product.join("api/status")?).await
    }

    pub async fn get(&self, url: Url) -> Result<Value, Failed> {
        let answer = self.http.send(Request::new("bench.get", Method::GET, url)).await?;
        Ok(serde_json::from_slice(&answer.body)?)
    }

    async fn command(&self, to: &Url, name: &str, body: &Value) -> Result<Value, Failed> {
        let request =
            Request::new("bench.command", Method::POST, to.join(&format!("_sandbox/{name}"))?)
                .header("content-type", "application/json")
                .body(body.to_string());
        let answer = self.http.send(request).await?;
        let value: Value = serde_json::from_slice(&answer.body)?;
        if answer.status >= 300 {
            return Err(format!("{name}: {value}").into());
        }
        Ok(value)
    }

    /// Resident memory of the product now and at its highest, bytes.
    pub fn resident(&self) -> Result<(u64, u64), Failed> {
        let pid = self.serving.as_ref().ok_or("the product is not running")?.id();
        let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let kib = |name: &str| {
            let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
            line.split_whitespace().nth(1).and_then(|n| n.parse::<u64>().ok()).unwrap_or(0)
        };
        Ok((kib("VmRSS:") * 1024, kib("VmHWM:") * 1024))
    }

    fn write_config(&self, linger_ms: u32) -> Result<(), Failed> {
        secret(&self.folder, "sage", "WEBAPI")?;
        secret(&self.folder, "paytrace", "demo-password")?;
        let folder = self.folder.display();
        let text = format!(
            "listen: 127.0.0.1:{port}
store: {{path: {folder}/paysage.sqlite}}
companies:
  SAMLTD:
    url: {sage}Sage300WebApi/v1.0/-
    user: WEBAPI
    password: {{file: {folder}/sage}}
    requests_in_flight_max: 16
merchants:
  main:
    company: SAMLTD
    paytrace: {{url: \"{paytrace}\", username: api@example.test, \
password: {{file: {folder}/paytrace}}, integrator_id: 90123Example, requests_in_flight_max: 16}}
    currency: USD
    bank: SEATAC
    payment_codes: {{default: CCARD}}
posting: {{linger_ms: {linger_ms}}}
log: {{level: error}}
",
            port = self.product.port().unwrap_or(0),
            sage = self.sage300,
            paytrace = self.paytrace,
        );
        Ok(fs::write(self.folder.join("paysage.yaml"), text)?)
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        for child in self.serving.iter_mut().chain(&mut self.vendors) {
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A simulator as a child, and the address it prints.
fn vendor(name: &str) -> Result<(Child, Url), Failed> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["sandbox", name, "--port", "0"])
        .stdout(Stdio::piped())
        .spawn()?;
    let out = child.stdout.take().ok_or("no output")?;
    let mut line = String::new();
    BufReader::new(out).read_line(&mut line)?;
    let address = line.split_whitespace().last().ok_or("no address")?;
    Ok((child, Url::parse(address)?))
}

fn secret(folder: &Path, name: &str, value: &str) -> Result<(), Failed> {
    use std::io::Write;
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(folder.join(name))?.write_all(value.as_bytes())?;
    Ok(())
}

fn amount(n: usize) -> String {
    format!("{}.{:02}", 10 + n % 900, n % 100)
}
