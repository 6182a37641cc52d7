//! Asking the running product for something about releases: its file admits one process at a time, so the
//! command leaves a request in a folder beside it, and the product answers there.
//!
//! 1. the command writes `ID.request` under another name, and renames it
//! 2. the product reads it, does what it asks, writes `ID.answer` the same way, removes the request
//! 3. the command reads the answer and removes it
//!
//! Only who may write the folder may ask: it belongs to the product's user, mode 0700. A request whose
//! command gave up is done nevertheless; doing it twice changes nothing.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use engine::releases::{self, PromoteError, Promotion};
use jiff::Timestamp;
use ledger::releases::{Activation, Releases};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use crate::flow::words;

#[derive(Debug, Serialize, Deserialize)]
pub enum Request {
    Promote(Promotion),
    RollBack { environment: String, to: Option<u64>, by: String, note: String },
    Activations { environment: String, limit: usize },
    Load { release: String },
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Answer {
    Promoted { activation: Activation, unchanged: bool },
    RolledBack(Activation),
    Activations(Vec<Activation>),
    Loaded(releases::Release),
    Refused(String),
}

pub struct Mailbox {
    folder: PathBuf,
}

/// How often either side looks.
const LOOK: Duration = Duration::from_millis(100);
/// How many times the command looks before it gives up: half a minute.
const LOOKS_MAX: u32 = 300;
/// Longest request: a release of many documents.
const BYTES_MAX: u64 = 32 * 1024 * 1024;

impl Mailbox {
    /// The one beside the store's file.
    #[must_use]
    pub fn beside(store: &Path) -> Self {
        let mut name = store.as_os_str().to_owned();
        name.push(".requests");
        Self { folder: PathBuf::from(name) }
    }

    /// Leaves a request with the running product and waits for its answer.
    ///
    /// # Errors
    /// In words, when nobody answers.
    pub async fn ask(&self, request: &Request) -> Result<Answer, String> {
        let id = format!("{}-{}", std::process::id(), runtime::clock::now().as_nanosecond());
        let text = serde_json::to_string(request).map_err(|error| error.to_string())?;
        self.put(&format!("{id}.request"), &text).map_err(|error| {
            format!("cannot ask the running product at {}: {error}", self.folder.display())
        })?;
        let answer = self.folder.join(format!("{id}.answer"));
        for _ in 0..LOOKS_MAX {
            sleep(LOOK).await;
            match fs::read_to_string(&answer) {
                Ok(text) => {
                    fs::remove_file(&answer).map_err(|error| error.to_string())?;
                    return serde_json::from_str(&text).map_err(|error| error.to_string());
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(format!("{}: {error}", answer.display())),
            }
        }
        Err("the running product does not answer: see its log, and whether it is stopped"
            .to_owned())
    }

    /// Answers requests for as long as it is polled.
    pub async fn attend(&self, releases: &dyn Releases) {
        if let Err(error) = self.open() {
            tracing::error!(error = %error, folder = %self.folder.display(), "no requests are taken");
            return;
        }
        loop {
            for path in self.requests() {
                if let Err(error) = self.attend_to(releases, &path).await {
                    tracing::error!(error = %error, request = %path.display(), "not answered");
                }
            }
            sleep(LOOK).await;
        }
    }

    fn open(&self) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        fs::set_permissions(&self.folder, fs::Permissions::from_mode(0o700))
    }

    fn requests(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(&self.folder) else { return Vec::new() };
        let paths = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
        let mut found: Vec<PathBuf> =
            paths.filter(|path| path.extension().is_some_and(|end| end == "request")).collect();
        found.sort();
        found
    }

    async fn attend_to(&self, releases: &dyn Releases, path: &Path) -> io::Result<()> {
        let answer = match read(path)? {
            Ok(request) => answer(releases, request).await,
            Err(problem) => Answer::Refused(format!("the request cannot be read: {problem}")),
        };
        let text = serde_json::to_string(&answer).map_err(io::Error::other)?;
        let name = path.with_extension("answer");
        let name = name.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        self.put(name, &text)?;
        fs::remove_file(path)
    }

    /// Written whole or not at all.
    fn put(&self, name: &str, text: &str) -> io::Result<()> {
        let part = self.folder.join(format!("{name}.part"));
        fs::write(&part, text)?;
        fs::rename(part, self.folder.join(name))
    }
}

fn read(path: &Path) -> io::Result<Result<Request, serde_json::Error>> {
    if fs::metadata(path)?.len() > BYTES_MAX {
        return Ok(serde_json::from_str(""));
    }
    Ok(serde_json::from_str(&fs::read_to_string(path)?))
}

async fn answer(releases: &dyn Releases, request: Request) -> Answer {
    let done = perform(releases, request, runtime::clock::now()).await;
    done.unwrap_or_else(|error| Answer::Refused(words::refusal(&error)))
}

async fn perform(
    releases: &dyn Releases,
    request: Request,
    at: Timestamp,
) -> Result<Answer, PromoteError> {
    match request {
        Request::Promote(promotion) => {
            let done = releases::promote(releases, &Promotion { at, ..promotion }).await?;
            Ok(Answer::Promoted { activation: done.activation, unchanged: done.unchanged })
        }
        Request::RollBack { environment, to, by, note } => {
            let said = (by.as_str(), note.as_str(), at);
            releases::roll_back(releases, &environment, to, said).await.map(Answer::RolledBack)
        }
        Request::Activations { environment, limit } => {
            Ok(Answer::Activations(releases.activations(&environment, limit).await?))
        }
        Request::Load { release } => releases::load(releases, &release).await.map(Answer::Loaded),
    }
}
