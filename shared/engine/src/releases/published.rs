//! What is in force: compiled once, and looked for again from time to time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use flows::bindings::Bindings;
use flows::problem::Problem;
use flows::program::Program;
use flows::release::short;
use jiff::Timestamp;
use ledger::releases::Releases;
use ledger::store::StoreError;

use super::promote::{PromoteError, load};
use crate::port::Clock;

/// The documents in force, ready to be run.
#[derive(Debug)]
pub struct Active {
    /// The release's hash; `shipped` for the documents that come with the program.
    pub release: String,
    pub program: Arc<Program>,
    pub bindings: Bindings,
}

pub struct Published {
    releases: Arc<dyn Releases>,
    clock: Arc<dyn Clock>,
    environment: String,
    /// How long what is in force is believed.
    look_again_ms: i64,
    now: Mutex<Option<(Timestamp, Arc<Active>)>>,
}

/// The release of the documents that come with the program.
const SHIPPED: &str = "shipped";

impl Active {
    /// Documents and bindings of a release, compiled.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn compile(
        release: &str,
        environment: &str,
        files: &BTreeMap<String, String>,
    ) -> Result<Self, Vec<Problem>> {
        let documents = flows::program::read(files)?;
        let bindings = Bindings::read(environment, files)?;
        let program = Program::compile(&documents)?;
        let release = release.to_owned();
        Ok(Self { release, program: Arc::new(program), bindings })
    }

    /// What decided, as it is kept with what was decided.
    #[must_use]
    pub fn decides(&self, flow: &str) -> String {
        format!("{}/{flow}", short(&self.release))
    }
}

impl Published {
    #[must_use]
    pub fn new(
        releases: Arc<dyn Releases>,
        clock: Arc<dyn Clock>,
        environment: &str,
        look_again_ms: i64,
    ) -> Self {
        let environment = environment.to_owned();
        Self { releases, clock, environment, look_again_ms, now: Mutex::default() }
    }

    /// What is in force. A release that is damaged or does not compile never comes into force: what was
    /// before stays, and the log says so.
    ///
    /// # Errors
    /// When the store does not answer and nothing is known yet.
    pub async fn current(&self) -> Result<Arc<Active>, StoreError> {
        let known = self.now.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let at = self.clock.now();
        let age_ms = |since: Timestamp| at.as_millisecond().saturating_sub(since.as_millisecond());
        if let Some((since, active)) = &known
            && age_ms(*since) < self.look_again_ms
        {
            return Ok(Arc::clone(active));
        }
        let known = known.map(|(_, active)| active);
        let active = self.look(known.as_ref()).await?;
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        *now = Some((at, Arc::clone(&active)));
        Ok(active)
    }

    async fn look(&self, known: Option<&Arc<Active>>) -> Result<Arc<Active>, StoreError> {
        let latest = self.releases.activations(&self.environment, 1).await;
        let latest = match (latest, known) {
            (Ok(latest), _) => latest.into_iter().next(),
            (Err(error), Some(known)) => {
                tracing::warn!(error = %error, "which release is in force is looked for again later");
                return Ok(Arc::clone(known));
            }
            (Err(error), None) => return Err(error),
        };
        let wanted = latest.map_or_else(|| SHIPPED.to_owned(), |latest| latest.release);
        if let Some(known) = known.filter(|known| known.release == wanted) {
            return Ok(Arc::clone(known));
        }
        match (self.compiled(&wanted).await, known) {
            (Ok(active), _) => {
                tracing::info!(release = short(&wanted), "a release of documents is in force");
                Ok(active)
            }
            (Err(PromoteError::Store(error)), None) => Err(error),
            (Err(error), Some(known)) => {
                tracing::error!(error = %error, release = short(&wanted), "not in force");
                Ok(Arc::clone(known))
            }
            (Err(error), None) => {
                let operation = "release";
                Err(StoreError { operation, source: Box::new(error) })
            }
        }
    }

    async fn compiled(&self, release: &str) -> Result<Arc<Active>, PromoteError> {
        if release == SHIPPED {
            return shipped();
        }
        let files = load(self.releases.as_ref(), release).await?.files;
        let active = Active::compile(release, &self.environment, &files);
        active.map(Arc::new).map_err(PromoteError::Problems)
    }
}

/// The same for every environment, since it binds nothing: compiled once in a process.
fn shipped() -> Result<Arc<Active>, PromoteError> {
    static KEPT: OnceLock<Arc<Active>> = OnceLock::new();
    if let Some(active) = KEPT.get() {
        return Ok(Arc::clone(active));
    }
    let active = Active::compile(SHIPPED, "", &flows::shipped::files());
    let active = Arc::new(active.map_err(PromoteError::Problems)?);
    Ok(Arc::clone(KEPT.get_or_init(|| active)))
}
