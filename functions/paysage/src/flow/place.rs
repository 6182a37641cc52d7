//! Where releases are kept: the product's own file; when the product runs and holds it, the product is
//! asked.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use assembly::SystemClock;
use clap::Args;
use embedded::{Embedded, OpenError};
use engine::releases::{self, Promotion, Release};
use ledger::releases::{Activation, Releases};
use runtime::config::Config;

use super::words;
use crate::mailbox::{Answer, Mailbox, Request};
use crate::say;

#[derive(Args)]
pub struct Place {
    /// The product's configuration; the product may run
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

pub enum Publisher {
    Direct(Arc<dyn Releases>),
    /// The running product.
    Running(Mailbox),
}

impl Place {
    #[must_use]
    pub fn at(config: &Path) -> Self {
        Self { config: config.to_owned() }
    }

    /// # Errors
    /// In words.
    pub fn open(&self) -> Result<Publisher, String> {
        let config = Config::read(&self.config).map_err(|error| say::chain(&error))?;
        let store = config.store.as_ref().ok_or("the configuration names no store.path")?;
        let path = Path::new(&store.path);
        match Embedded::open(path, Arc::new(SystemClock)) {
            Ok(embedded) => Ok(Publisher::Direct(Arc::new(embedded.releases.clone()))),
            Err(OpenError::InUse { .. }) => Ok(Publisher::Running(Mailbox::beside(path))),
            Err(error) => Err(format!("the database cannot be used: {}", say::chain(&error))),
        }
    }
}

impl Publisher {
    /// The activation, and whether that release was in force already.
    ///
    /// # Errors
    /// In words, when it is refused.
    pub async fn promote(&self, promotion: Promotion) -> Result<(Activation, bool), String> {
        match self {
            Self::Direct(releases) => {
                let done = releases::promote(releases.as_ref(), &promotion).await;
                let done = done.map_err(|error| words::refusal(&error))?;
                Ok((done.activation, done.unchanged))
            }
            Self::Running(mailbox) => match mailbox.ask(&Request::Promote(promotion)).await? {
                Answer::Promoted { activation, unchanged } => Ok((activation, unchanged)),
                other => Err(not_that(other)),
            },
        }
    }

    /// # Errors
    /// In words, when it is refused.
    pub async fn roll_back(
        &self,
        environment: &str,
        to: Option<u64>,
        by: &str,
        note: &str,
    ) -> Result<Activation, String> {
        match self {
            Self::Direct(releases) => {
                let said = (by, note, runtime::clock::now());
                let done = releases::roll_back(releases.as_ref(), environment, to, said).await;
                done.map_err(|error| words::refusal(&error))
            }
            Self::Running(mailbox) => {
                let request = Request::RollBack {
                    environment: environment.to_owned(),
                    to,
                    by: by.to_owned(),
                    note: note.to_owned(),
                };
                match mailbox.ask(&request).await? {
                    Answer::RolledBack(activation) => Ok(activation),
                    other => Err(not_that(other)),
                }
            }
        }
    }

    /// Latest first.
    ///
    /// # Errors
    /// In words.
    pub async fn activations(
        &self,
        environment: &str,
        limit: usize,
    ) -> Result<Vec<Activation>, String> {
        match self {
            Self::Direct(releases) => {
                let found = releases.activations(environment, limit).await;
                found.map_err(|error| say::chain(&error))
            }
            Self::Running(mailbox) => {
                let environment = environment.to_owned();
                match mailbox.ask(&Request::Activations { environment, limit }).await? {
                    Answer::Activations(found) => Ok(found),
                    other => Err(not_that(other)),
                }
            }
        }
    }

    /// # Errors
    /// In words, when it is not there or not whole.
    pub async fn load(&self, release: &str) -> Result<Release, String> {
        match self {
            Self::Direct(releases) => {
                let found = releases::load(releases.as_ref(), release).await;
                found.map_err(|error| words::refusal(&error))
            }
            Self::Running(mailbox) => {
                match mailbox.ask(&Request::Load { release: release.to_owned() }).await? {
                    Answer::Loaded(release) => Ok(release),
                    other => Err(not_that(other)),
                }
            }
        }
    }
}

fn not_that(answer: Answer) -> String {
    match answer {
        Answer::Refused(why) => why,
        _ => "the running product answered something else: it is of another version".to_owned(),
    }
}
