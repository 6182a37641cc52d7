//! The product's file, opened for a person.

use std::path::Path;
use std::sync::Arc;

use assembly::SystemClock;
use domain::id::MerchantId;
use embedded::{Embedded, OpenError};
use runtime::config::Config;

use super::Place;
use crate::say;

pub(super) struct Desk {
    pub embedded: Embedded,
    /// The configured ones.
    pub merchants: Vec<MerchantId>,
}

impl Desk {
    /// Opens the file the configuration names. Never makes one: an empty store would answer that
    /// nothing is known. Secrets are not read.
    ///
    /// # Errors
    /// In words.
    pub fn open(place: &Place) -> Result<Self, String> {
        let config = Config::read(&place.config).map_err(|error| say::chain(&error))?;
        let Some(store) = &config.store else {
            return Err("the configuration names no store.path: these commands work on the \
                        embedded store only"
                .to_owned());
        };
        let path = Path::new(&store.path);
        if !path.is_file() {
            return Err(format!(
                "there is no database at {} (store.path, taken from the folder you are in): run \
                 this where the product runs",
                path.display()
            ));
        }
        let embedded = Embedded::open(path, Arc::new(SystemClock))
            .map_err(|error| not_opened(&error, &config.listen))?;
        let merchants = config.merchants.keys().map(|name| MerchantId::from(name.as_str()));
        Ok(Self { embedded, merchants: merchants.collect() })
    }
}

fn not_opened(error: &OpenError, listen: &str) -> String {
    match error {
        OpenError::InUse { path } => format!(
            "{} is in use by another process: stop the product (`paysage serve`) first and start \
             it again afterwards; it goes on where it stopped. While it runs, \
             http://{listen}/ shows what is held and why",
            path.display()
        ),
        other => format!("the database cannot be used: {}", say::chain(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn a_file_in_use_is_told_with_what_to_do() {
        let error = OpenError::InUse { path: PathBuf::from("paysage.sqlite") };
        let told = not_opened(&error, "127.0.0.1:4300");
        assert!(told.contains("stop the product"), "{told}");
        assert!(told.contains("http://127.0.0.1:4300/"), "{told}");
    }

    #[test]
    fn a_configuration_that_is_not_there_is_told() {
        let place = Place { config: PathBuf::from("/nowhere/paysage.yaml") };
        let told = Desk::open(&place).err().unwrap();
        assert!(told.contains("/nowhere/paysage.yaml"), "{told}");
    }
}
