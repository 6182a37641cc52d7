//! `paysage flow test`.

use std::collections::BTreeMap;
use std::sync::Arc;

use clap::Args;
use flows::document::Sample;
use flows::program::{Documents, Program};
use flows::trial::Trial;

use super::{Folder, folder, words};
use crate::say;

#[derive(Args)]
#[command(after_help = "Example:\n  paysage flow test books --only receipt-of-two-invoices")]
pub struct Options {
    #[command(flatten)]
    folder: Folder,
    /// This sample alone
    #[arg(long, value_name = "ID")]
    only: Option<String>,
}

/// # Errors
/// In words, when a document is not in order or a sample comes to something else.
pub fn perform(options: &Options) -> Result<(), String> {
    let whole = Whole::read(&folder::read(&options.folder.dir)?)?;
    let trial = whole.trial();
    let mut failed = 0_usize;
    let mut tried = 0_usize;
    for id in whole.samples.keys() {
        if options.only.as_ref().is_some_and(|only| only != id) {
            continue;
        }
        tried += 1;
        let differences = trial.check(id).unwrap_or_else(|problem| vec![problem]);
        if !differences.is_empty() {
            failed += 1;
            say::line(id);
            differences.iter().for_each(|difference| say::line(format!("  {difference}")));
        }
    }
    match (tried, failed) {
        (0, _) => Err("there is no such sample".to_owned()),
        (_, 0) => {
            say::line(format!("{tried} samples decide as they should"));
            Ok(())
        }
        _ => Err(format!("{failed} of {tried} samples decide something else")),
    }
}

/// Documents and samples, ready to be tried.
pub struct Whole {
    pub documents: Documents,
    pub program: Arc<Program>,
    pub samples: BTreeMap<String, Sample>,
}

impl Whole {
    /// # Errors
    /// In words, everything that is wrong.
    pub fn read(files: &BTreeMap<String, String>) -> Result<Self, String> {
        let listed = |problems: Vec<flows::problem::Problem>| words::placed(problems, files);
        let documents = flows::program::read(files).map_err(listed)?;
        let program = Program::compile(&documents).map_err(listed)?;
        Ok(Self { documents, program: Arc::new(program), samples: samples(files)? })
    }

    #[must_use]
    pub fn trial(&self) -> Trial<'_> {
        let program = Arc::clone(&self.program);
        Trial { documents: &self.documents, program, samples: &self.samples }
    }
}

/// # Errors
/// In words, every sample that cannot be read.
pub fn samples(files: &BTreeMap<String, String>) -> Result<BTreeMap<String, Sample>, String> {
    let (mut read, mut problems) = (BTreeMap::new(), Vec::new());
    for (path, text) in files.iter().filter(|(path, _)| path.starts_with("samples/")) {
        match Sample::read(text) {
            Ok(sample) => {
                read.insert(sample.document.id.clone(), sample);
            }
            Err(problem) => problems.push(format!("{path}: {problem}")),
        }
    }
    if problems.is_empty() { Ok(read) } else { Err(problems.join("\n")) }
}
