//! The world of a demonstration: both simulators in this process, and the product either in this
//! process too or, where it is to be killed, in a child of its own.

use std::fs;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use paysage_http::{EgressRule, Secret, Url};
use runtime::config::{Config, Log, LogFormat};
use sandbox::paytrace::{PaytraceConfig, PaytraceSim};
use sandbox::server::Running;
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::deployed::{Shown, Stack};
use super::outside::{Login, Places};
use super::play::Script;
use crate::{host, sandboxes, say, serve};

/// Credentials the simulators know; they open nothing else.
const PAYTRACE_USER: &str = "api@example.test";
const PAYTRACE_PASSWORD: &str = "demo-password";
const INTEGRATOR: &str = "90123Example";
const SAGE_USER: &str = "WEBAPI";
const ENDPOINT: &str = "relay";
/// 32 bytes of a secret only this demonstration uses, base64.
const WEBHOOK_SECRET: &str = "cGF5c2FnZS1kZW1vbnN0cmF0aW9uLXNlY3JldC0zMmI=";

pub struct World {
    paytrace: Running,
    sage300: Running,
    product: Product,
    places: Places,
    folder: PathBuf,
}

enum Product {
    Here { stop: watch::Sender<bool>, running: JoinHandle<()> },
    Child { config: PathBuf, child: Box<Child> },
    Deployed(Shown),
    Stopped,
}

impl World {
    /// Starts both simulators, then the product against them.
    ///
    /// # Errors
    /// In words, when one of them cannot start.
    pub async fn start(port: u16, script: Script, deployed: Option<&Path>) -> Result<Self, String> {
        let paytrace = Box::new(PaytraceSim::new(PaytraceConfig::default()));
        let paytrace = sandboxes::start(paytrace, None, 0).await?;
        let sage300 = sandboxes::start(sandboxes::sage300(None)?, None, 0).await?;
        let port = if port == 0 { free_port()? } else { port };
        let mut places = places(&paytrace, &sage300, port)?;
        let folder = folder()?;
        let product = match deployed {
            None => Product::start(&write_config(&folder, &places, script)?, script).await?,
            Some(outputs) => {
                let stack = Stack::read(outputs)?;
                places.webhooks = stack.webhooks()?;
                stack.configure(&config_text(&places, script, &stack.keys())).await?;
                Product::Deployed(stack.show(port).await?)
            }
        };
        Ok(Self { paytrace, sage300, product, places, folder })
    }

    #[must_use]
    pub fn places(&self) -> &Places {
        &self.places
    }

    /// Kills the product as a power cut would, and starts it again over the same store.
    ///
    /// # Errors
    /// In words, when it does not start again.
    pub async fn kill(&mut self) -> Result<(), String> {
        let Product::Child { config, child } = &mut self.product else {
            return Err("the product runs in this process and cannot be killed alone".into());
        };
        child.kill().await.map_err(|error| format!("the product could not be killed: {error}"))?;
        **child = spawn(config)?;
        Ok(())
    }

    /// Stops what was started and removes its files.
    pub async fn stop(mut self) {
        self.product.stop().await;
        self.paytrace.stop().await;
        self.sage300.stop().await;
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            say::problem(format!("{} could not be removed: {error}", self.folder.display()));
        }
    }
}

impl Product {
    async fn start(config: &Path, script: Script) -> Result<Self, String> {
        if script.kills > 0 {
            let child = Box::new(spawn(config)?);
            return Ok(Self::Child { config: config.to_owned(), child });
        }
        let read = Config::read(config).map_err(|error| say::chain(&error))?;
        let (product, listener) = serve::start(read).await.map_err(|error| say::chain(&error))?;
        let (stop, stopped) = watch::channel(false);
        let running = tokio::spawn(host::run(product, listener, stopped));
        Ok(Self::Here { stop, running })
    }

    async fn stop(&mut self) {
        match std::mem::replace(self, Self::Stopped) {
            Self::Here { stop, running } => {
                stop.send_replace(true);
                if let Err(error) = running.await {
                    say::problem(format!("the product did not end well: {error}"));
                }
            }
            Self::Child { mut child, .. } => {
                if let Err(error) = child.kill().await {
                    say::problem(format!("the product could not be stopped: {error}"));
                }
            }
            Self::Deployed(shown) => shown.stop().await,
            Self::Stopped => {}
        }
    }
}

/// The hosts a demonstration may contact, on any of its ports.
#[must_use]
pub fn loopback_rules(places: &Places) -> Vec<EgressRule> {
    let urls = [&places.paytrace, &places.sage300, &places.product, &places.webhooks];
    let port = |url: &Url| url.port_or_known_default().unwrap_or(80);
    urls.iter().map(|url| EgressRule::loopback("127.0.0.1", port(url))).collect()
}

/// Shows the log of a product that runs in this process.
///
/// # Errors
/// When a log is shown already.
pub fn show_log() -> Result<(), String> {
    let log = Log { level: "info".to_owned(), format: LogFormat::Human };
    runtime::telemetry::install(&log, runtime::card::redact).map_err(|error| say::chain(&error))
}

fn places(paytrace: &Running, sage300: &Running, port: u16) -> Result<Places, String> {
    let url = |address: String| Url::parse(&address).map_err(|error| error.to_string());
    Ok(Places {
        paytrace: url(format!("http://{}/", paytrace.address()))?,
        sage300: url(format!("http://{}/", sage300.address()))?,
        product: url(format!("http://127.0.0.1:{port}/"))?,
        webhooks: url(format!("http://127.0.0.1:{port}/"))?,
        webhook_endpoint: ENDPOINT.to_owned(),
        webhook_secret: WEBHOOK_SECRET.to_owned(),
        paytrace_login: Login {
            username: PAYTRACE_USER.to_owned(),
            password: Arc::new(Secret::new(PAYTRACE_PASSWORD)),
            integrator_id: INTEGRATOR.to_owned(),
        },
    })
}

/// A port nobody listens at now; the child is told to take it.
fn free_port() -> Result<u16, String> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0");
    let address = listener.and_then(|listener| listener.local_addr());
    address.map(|address| address.port()).map_err(|error| format!("no free port: {error}"))
}

/// A folder of this run's own, below the current one.
fn folder() -> Result<PathBuf, String> {
    let path = PathBuf::from(".paysage").join(format!("demo-{}", std::process::id()));
    let made = fs::create_dir_all(&path)
        .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(0o700)))
        .and_then(|()| fs::canonicalize(&path));
    made.map_err(|error| format!("cannot make {}: {error}", path.display()))
}

fn write_config(folder: &Path, places: &Places, script: Script) -> Result<PathBuf, String> {
    secret(folder, "sage", SAGE_USER)?;
    secret(folder, "paytrace", PAYTRACE_PASSWORD)?;
    secret(folder, "relay", &format!("whsec_{WEBHOOK_SECRET}"))?;
    let file = |name: &str| format!("{{file: {}/{name}}}", folder.display());
    let keys = Keys {
        store: format!("store: {{path: {}/paysage.sqlite}}", folder.display()),
        sage: file("sage"),
        paytrace: file("paytrace"),
        relay: file("relay"),
    };
    let path = folder.join("paysage.yaml");
    fs::write(&path, config_text(places, script, &keys))
        .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    Ok(path)
}

/// What of a configuration depends on where the product runs.
pub struct Keys {
    pub store: String,
    pub sage: String,
    pub paytrace: String,
    pub relay: String,
}

/// Seconds instead of minutes, so that a day is soon over.
const HURRIED: &str =
    "posting: {linger_ms: 1000, settle_ms: 2500, lease_ms: 5000, sweep_interval_ms: 2000, \
sweep_idle_ms: 4000}
polling: {interval_ms: 2000}
retry: {base_ms: 200, cap_ms: 2000}
documents: {look_again_ms: 1000}
";

fn config_text(places: &Places, script: Script, keys: &Keys) -> String {
    let listen = format!("127.0.0.1:{}", places.product.port_or_known_default().unwrap_or(0));
    let timeout_ms = if script.storm { 3_000 } else { 30_000 };
    // Where only sales are shown, everything takes as long as in production.
    let times = if script.sales > 0 { "" } else { HURRIED };
    let Keys { store, sage: sage_key, paytrace: paytrace_key, relay } = keys;
    format!(
        "listen: {listen}
{store}
companies:
  SAMLTD:
    url: {sage}Sage300WebApi/v1.0/-
    user: {SAGE_USER}
    password: {sage_key}
    request_timeout_ms: {timeout_ms}
    post_timeout_ms: {timeout_ms}
    requests_in_flight_max: 8
merchants:
  main:
    company: SAMLTD
    paytrace:
      url: {paytrace}
      username: {PAYTRACE_USER}
      password: {paytrace_key}
      integrator_id: {INTEGRATOR}
      request_timeout_ms: {timeout_ms}
    currency: USD
    bank: SEATAC
    payment_codes: {{default: CCARD}}
    new_customer: {{create: {{group: WHL, tax_group: USDTAX}}}}
webhooks:
  {ENDPOINT}:
    merchant: main
    scheme: standard_webhooks
    secrets: [{relay}]
    transaction_pointers: [/transaction_id]
{times}log: {{level: error}}
",
        sage = places.sage300,
        paytrace = places.paytrace,
    )
}

fn secret(folder: &Path, name: &str, value: &str) -> Result<(), String> {
    use std::io::Write;
    let path = folder.join(name);
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let written = options.open(&path).and_then(|mut file| file.write_all(value.as_bytes()));
    written.map_err(|error| format!("cannot write {}: {error}", path.display()))
}

fn spawn(config: &Path) -> Result<Child, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    Command::new(program)
        .args(["serve", "--config"])
        .arg(config)
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("the product could not be started: {error}"))
}

/// How long a started product may take to answer.
pub const READY_WITHIN: Duration = Duration::from_secs(20);
