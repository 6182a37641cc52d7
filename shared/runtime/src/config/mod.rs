//! `paysage.yaml`: one typed struct, read in one place.
//!
//! 1. [`Config::read`] takes the file: size limit, duplicate and unknown keys refused with their
//!    place; then everything that contradicts itself is listed at once.
//! 2. [`resolve_secrets`] fetches what the configuration only refers to.
//!
//! `docs/configuration.md` is made by [`reference`] from these types.

mod limits;
mod party;
mod problem;
pub mod reference;
mod secret;
mod validate;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;

use domain::id::{CompanyId, CustomerNumber, MerchantId};
use schemars::JsonSchema;
use serde::Deserialize;

pub use limits::{Documents, Log, LogFormat, Polling, Posting, Retry, Transform};
pub use party::{
    Advisor, Assumptions, BatchLookup, Calendar, ClosedPeriod, Company, Merchant, NewCustomer,
    NewCustomerDraft, PayTrace, RecentBatches, Scheme, SignatureEncoding, Unnamed, Webhook,
};
pub use problem::{ConfigError, Problem, Problems};
pub use secret::{
    Purpose, Secret, SecretRef, Secrets, managed_ids, resolve_managed, resolve_secrets,
};

/// A configuration longer than this is not one.
const CONFIG_BYTES_MAX: usize = 256 * 1024;

/// Everything `paysage serve --config FILE` is told.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Address and port to take requests at.
    #[serde(default = "listen")]
    pub listen: String,
    /// Where what was decided and done is kept. On AWS that is a table, and this is left out.
    #[serde(default)]
    pub store: Option<Store>,
    /// Sage 300 companies by database name.
    pub companies: BTreeMap<String, Company>,
    /// PayTrace accounts by a name of your choice; it is part of every stored key, so keep it.
    pub merchants: BTreeMap<String, Merchant>,
    /// Addresses webhooks are taken at, by the name in the address.
    #[serde(default)]
    pub webhooks: BTreeMap<String, Webhook>,
    /// Sealing receipts into Sage batches and posting them.
    #[serde(default)]
    pub posting: Posting,
    /// Reading PayTrace for payments no webhook told of.
    #[serde(default)]
    pub polling: Polling,
    /// Delays between attempts.
    #[serde(default)]
    pub retry: Retry,
    /// Turning hints into effects.
    #[serde(default)]
    pub transform: Transform,
    /// Flow, map, table and check documents.
    #[serde(default)]
    pub documents: Documents,
    /// A model asked about values that cannot be read for certain; none when absent.
    #[serde(default)]
    pub advisor: Option<Advisor>,
    /// What the program writes about itself.
    #[serde(default)]
    pub log: Log,
}

/// Where what was decided and done is kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Store {
    /// The database file; created when absent, its folder must exist.
    pub path: String,
}

impl Config {
    /// Reads and checks a configuration file.
    ///
    /// # Errors
    /// When it cannot be read, is not valid YAML of this shape, or contradicts itself.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let unreadable =
            |source| ConfigError::Unreadable { path: path.display().to_string(), source };
        let mut bytes = Vec::new();
        let limit = u64::try_from(CONFIG_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
        let file = fs::File::open(path).map_err(unreadable)?;
        file.take(limit).read_to_end(&mut bytes).map_err(unreadable)?;
        Self::parse(std::str::from_utf8(&bytes).map_err(|_| ConfigError::NotText)?)
    }

    /// Checks a configuration given as text.
    ///
    /// # Errors
    /// When it is not valid YAML of this shape or contradicts itself.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        if text.len() > CONFIG_BYTES_MAX {
            return Err(ConfigError::TooLarge { bytes_max: CONFIG_BYTES_MAX });
        }
        let options = serde_saphyr::options! {
            with_snippet: false,
            strict_booleans: true,
            duplicate_keys: serde_saphyr::DuplicateKeyPolicy::Error,
        };
        let config: Self =
            serde_saphyr::from_str_with_options(text, options).map_err(problem::of_yaml)?;
        validate::problems(&config).into_result(())?;
        Ok(config)
    }

    /// The example kept as `docs/paysage.example.yaml`; it is valid.
    #[must_use]
    pub fn example() -> &'static str {
        include_str!("../../../../docs/paysage.example.yaml")
    }

    /// The merchant as the domain knows it; `None` when there is none of that name.
    #[must_use]
    pub fn merchant(&self, id: &MerchantId) -> Option<domain::merchant::Merchant> {
        let merchant = self.merchants.get(id.as_str())?;
        Some(domain::merchant::Merchant {
            id: id.clone(),
            company: CompanyId::from(merchant.company.as_str()),
            currency: merchant.currency.parse().ok()?,
            bank: merchant.bank.clone(),
            payment_codes: merchant.payment_codes.clone(),
            new_customer: merchant.new_customer.clone().into(),
            closed_period: merchant.closed_period.into(),
            unnamed: merchant.unnamed.into(),
            zone: merchant.paytrace.zone.clone(),
            fallback_customer: merchant.fallback_customer.as_deref().map(CustomerNumber::from),
        })
    }

    /// Every merchant as the domain knows it.
    #[must_use]
    pub fn domain_merchants(&self) -> BTreeMap<MerchantId, domain::merchant::Merchant> {
        let ids = self.merchants.keys().map(|id| MerchantId::from(id.as_str()));
        ids.filter_map(|id| self.merchant(&id).map(|merchant| (id, merchant))).collect()
    }
}

impl From<NewCustomer> for domain::merchant::NewCustomer {
    fn from(policy: NewCustomer) -> Self {
        match policy {
            NewCustomer::Hold => Self::Hold,
            NewCustomer::Create(NewCustomerDraft { group, tax_group }) => {
                Self::Create { group, tax_group }
            }
        }
    }
}

impl From<ClosedPeriod> for domain::merchant::ClosedPeriod {
    fn from(policy: ClosedPeriod) -> Self {
        match policy {
            ClosedPeriod::Roll => Self::Roll,
            ClosedPeriod::Hold => Self::Hold,
        }
    }
}

impl From<Unnamed> for domain::merchant::Unnamed {
    fn from(policy: Unnamed) -> Self {
        match policy {
            Unnamed::OldestDue => Self::OldestDue,
            Unnamed::OnAccount => Self::OnAccount,
        }
    }
}

fn listen() -> String {
    "127.0.0.1:4300".to_owned()
}

#[cfg(test)]
mod tests;
