//! Secrets by reference: the configuration says where they are, and only here are they read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;

use domain::id::{CompanyId, MerchantId};
use schemars::JsonSchema;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::party::Scheme;
use super::{Config, Problem, Problems};

/// A secret longer than this is not one.
const SECRET_BYTES_MAX: u64 = 4096;
/// Fewer characters than this can be guessed.
const ENDPOINT_SECRET_CHARACTERS_MIN: usize = 24;

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecretRef {
    /// A file that only its owner may read (mode 0600); one trailing line end is dropped.
    File(String),
    /// An environment variable.
    Env(String),
    /// AWS Secrets Manager: the ARN or name of a secret whose whole text it is. For functions on AWS.
    SecretsManager(String),
}

/// Who needs secrets: a function is given, and may read, only what it uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Sage,
    PayTrace,
    Webhooks,
    Advisor,
}

impl Purpose {
    pub const ALL: [Self; 4] = [Self::Sage, Self::PayTrace, Self::Webhooks, Self::Advisor];
}

/// A secret's value. It cannot be printed, and is wiped when dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The value itself, for the call that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Every secret the configuration refers to, by who uses it.
#[derive(Clone, Default)]
pub struct Secrets {
    companies: BTreeMap<CompanyId, Secret>,
    merchants: BTreeMap<MerchantId, Secret>,
    endpoints: BTreeMap<String, Vec<Secret>>,
    advisor: Option<Secret>,
}

impl Secrets {
    /// Secrets that were read elsewhere.
    #[must_use]
    pub fn new(
        companies: BTreeMap<CompanyId, Secret>,
        merchants: BTreeMap<MerchantId, Secret>,
        endpoints: BTreeMap<String, Vec<Secret>>,
    ) -> Self {
        Self { companies, merchants, endpoints, advisor: None }
    }

    /// The advisor's API key.
    #[must_use]
    pub fn advisor(&self) -> Option<&Secret> {
        self.advisor.as_ref()
    }

    /// Password of the company's Sage user.
    #[must_use]
    pub fn sage_password(&self, company: &CompanyId) -> Option<&Secret> {
        self.companies.get(company)
    }

    /// Password of the merchant's PayTrace user.
    #[must_use]
    pub fn paytrace_password(&self, merchant: &MerchantId) -> Option<&Secret> {
        self.merchants.get(merchant)
    }

    /// The live secrets of a webhook endpoint, in the order they are listed.
    #[must_use]
    pub fn endpoint(&self, name: &str) -> &[Secret] {
        self.endpoints.get(name).map_or(&[], Vec::as_slice)
    }
}

/// Reads every secret the configuration refers to.
///
/// # Errors
/// All that are missing, empty, too short or readable by others, at once.
pub fn resolve_secrets(config: &Config) -> Result<Secrets, Problems> {
    let managed = BTreeMap::new();
    resolve_from(config, &Purpose::ALL, &Sources { environment: &environment, managed: &managed })
}

/// The same on AWS, for these purposes, with what was read from Secrets Manager by its ARN or name.
///
/// # Errors
/// All that are missing, empty or too short, at once.
pub fn resolve_managed(
    config: &Config,
    purposes: &[Purpose],
    managed: &BTreeMap<String, Secret>,
) -> Result<Secrets, Problems> {
    resolve_from(config, purposes, &Sources { environment: &environment, managed })
}

/// What has to be read from Secrets Manager for these purposes, each once.
#[must_use]
pub fn managed_ids<'a>(config: &'a Config, purposes: &[Purpose]) -> BTreeSet<&'a str> {
    let references = references(config, purposes).into_iter().map(|wanted| wanted.reference);
    references
        .filter_map(|reference| match reference {
            SecretRef::SecretsManager(id) => Some(id.as_str()),
            SecretRef::File(_) | SecretRef::Env(_) => None,
        })
        .collect()
}

/// A secret that somebody uses.
struct Wanted<'a> {
    key: String,
    reference: &'a SecretRef,
    user: User<'a>,
}

enum User<'a> {
    Company(&'a str),
    Merchant(&'a str),
    Endpoint(&'a str, Scheme),
    Advisor,
}

fn references<'a>(config: &'a Config, purposes: &[Purpose]) -> Vec<Wanted<'a>> {
    let mut wanted = Vec::new();
    if purposes.contains(&Purpose::Sage) {
        wanted.extend(config.companies.iter().map(|(id, company)| Wanted {
            key: format!("companies.{id}.password"),
            reference: &company.password,
            user: User::Company(id),
        }));
    }
    if purposes.contains(&Purpose::PayTrace) {
        wanted.extend(config.merchants.iter().map(|(id, merchant)| Wanted {
            key: format!("merchants.{id}.paytrace.password"),
            reference: &merchant.paytrace.password,
            user: User::Merchant(id),
        }));
    }
    if purposes.contains(&Purpose::Webhooks) {
        for (name, webhook) in &config.webhooks {
            wanted.extend(webhook.secrets.iter().enumerate().map(|(position, reference)| Wanted {
                key: format!("webhooks.{name}.secrets[{position}]"),
                reference,
                user: User::Endpoint(name, webhook.scheme),
            }));
        }
    }
    if let Some(advisor) = config.advisor.as_ref().filter(|_| purposes.contains(&Purpose::Advisor))
    {
        let key = "advisor.key".to_owned();
        wanted.push(Wanted { key, reference: &advisor.key, user: User::Advisor });
    }
    wanted
}

fn resolve_from(
    config: &Config,
    purposes: &[Purpose],
    sources: &Sources<'_>,
) -> Result<Secrets, Problems> {
    let mut secrets = Secrets::default();
    let mut problems = Problems::default();
    for Wanted { key, reference, user } in references(config, purposes) {
        let value = read(&key, reference, sources).and_then(|secret| match user {
            User::Endpoint(_, scheme) => long_enough(&key, scheme, secret),
            User::Company(_) | User::Merchant(_) | User::Advisor => Ok(secret),
        });
        let Some(secret) = problems.keep(value) else { continue };
        match user {
            User::Company(id) => {
                secrets.companies.insert(CompanyId::from(id), secret);
            }
            User::Merchant(id) => {
                secrets.merchants.insert(MerchantId::from(id), secret);
            }
            User::Advisor => secrets.advisor = Some(secret),
            User::Endpoint(name, _) => {
                secrets.endpoints.entry(name.to_owned()).or_default().push(secret);
            }
        }
    }
    problems.into_result(secrets)
}

/// Where values come from, files apart.
struct Sources<'a> {
    environment: &'a dyn Fn(&str) -> Option<String>,
    managed: &'a BTreeMap<String, Secret>,
}

fn read(key: &str, reference: &SecretRef, sources: &Sources<'_>) -> Result<Secret, Problem> {
    let (text, place) = match reference {
        SecretRef::File(path) => (read_file(key, path)?, format!("the file {path}")),
        SecretRef::Env(name) => {
            let text = (sources.environment)(name).ok_or_else(|| {
                Problem::new(key, format!("set the environment variable {name} to the secret"))
            })?;
            (text, format!("the environment variable {name}"))
        }
        SecretRef::SecretsManager(id) => {
            let secret = sources.managed.get(id).ok_or_else(|| {
                let message = format!("use `file` or `env` here: {id} is read by functions on AWS");
                Problem::new(key, message)
            })?;
            (secret.expose().to_owned(), format!("the secret {id}"))
        }
    };
    let text = Zeroizing::new(text);
    let value = text.strip_suffix('\n').unwrap_or(&text);
    let value = value.strip_suffix('\r').unwrap_or(value);
    if value.trim().is_empty() {
        return Err(Problem::new(key, format!("put the secret into {place}: it is empty")));
    }
    Ok(Secret::new(value.to_owned()))
}

fn read_file(key: &str, path: &str) -> Result<String, Problem> {
    let unreadable = |error: std::io::Error| {
        Problem::new(key, format!("make the secret file {path} readable: {error}"))
    };
    let file = fs::File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(Problem::new(key, format!("name a regular file: {path} is none")));
    }
    refuse_readable_by_others(key, path, &metadata)?;
    let mut text = String::new();
    let read = file.take(SECRET_BYTES_MAX + 1).read_to_string(&mut text).map_err(unreadable)?;
    if u64::try_from(read).unwrap_or(u64::MAX) > SECRET_BYTES_MAX {
        let message = format!("keep the secret in {path} under {SECRET_BYTES_MAX} bytes");
        return Err(Problem::new(key, message));
    }
    Ok(text)
}

#[cfg(unix)]
fn refuse_readable_by_others(
    key: &str,
    path: &str,
    metadata: &fs::Metadata,
) -> Result<(), Problem> {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let message = format!("run `chmod 600 {path}`: others may read it (mode {mode:04o})");
    Err(Problem::new(key, message))
}

#[cfg(not(unix))]
fn refuse_readable_by_others(_: &str, _: &str, _: &fs::Metadata) -> Result<(), Problem> {
    Ok(())
}

fn long_enough(key: &str, scheme: Scheme, secret: Secret) -> Result<Secret, Problem> {
    let characters = secret.expose().trim_start_matches("whsec_").chars().count();
    if characters >= ENDPOINT_SECRET_CHARACTERS_MIN {
        return Ok(secret);
    }
    let what = match scheme {
        Scheme::StaticBearer | Scheme::SilentPost => "token",
        Scheme::StandardWebhooks | Scheme::TimestampedHmac | Scheme::BodyHmac => "key",
    };
    let message = format!(
        "give a {what} of at least {ENDPOINT_SECRET_CHARACTERS_MIN} characters, this one has \
         {characters}: anybody may send to the address"
    );
    Err(Problem::new(key, message))
}

#[expect(clippy::disallowed_methods, reason = "the one place where secrets leave the environment")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(password: &str, hook: &str) -> Config {
        let text = Config::example()
            .replace("env: SAGE_PASSWORD", password)
            .replace("env: HOOK_SECRET", hook);
        Config::parse(&text).unwrap()
    }

    fn environment_of(name: &str) -> Option<String> {
        match name {
            "SAGE_PASSWORD" | "PAYTRACE_PASSWORD" => Some("a password\n".to_owned()),
            "HOOK_SECRET" => Some("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned()),
            "SHORT" => Some("whsec_short".to_owned()),
            "EMPTY" => Some(" \n".to_owned()),
            _ => None,
        }
    }

    fn resolved(config: &Config) -> Result<Secrets, Problems> {
        let managed = BTreeMap::from([("aws/sage".to_owned(), Secret::new("managed".to_owned()))]);
        let sources = Sources { environment: &environment_of, managed: &managed };
        resolve_from(config, &Purpose::ALL, &sources)
    }

    fn refused(config: &Config) -> String {
        match resolved(config) {
            Ok(_) => panic!("the secrets should have been refused"),
            Err(problems) => problems.to_string(),
        }
    }

    #[test]
    fn each_secret_reaches_its_user() {
        let config = config("env: SAGE_PASSWORD", "env: HOOK_SECRET");
        let secrets = resolved(&config).unwrap_or_else(|e| panic!("{e}"));
        let sage = secrets.sage_password(&"SAMLTD".into()).unwrap();
        assert_eq!(sage.expose(), "a password");
        assert!(secrets.paytrace_password(&"main".into()).is_some());
        assert_eq!(secrets.endpoint("relay").len(), 1);
        assert!(secrets.endpoint("unknown").is_empty());
    }

    #[test]
    fn all_bad_secrets_are_named_at_once() {
        let said = refused(&config("env: ABSENT", "env: SHORT"));
        assert!(said.contains("companies.SAMLTD.password: set the environment variable ABSENT"));
        assert!(said.contains("webhooks.relay.secrets[0]: give a key of at least 24"), "{said}");
        assert!(!said.contains("whsec_short"), "a secret's value is never shown");
        assert!(refused(&config("env: EMPTY", "env: HOOK_SECRET")).contains("it is empty"));
    }

    #[test]
    fn managed_secrets_are_found_by_id_and_only_where_they_are_read() {
        let config = config("secrets_manager: aws/sage", "env: HOOK_SECRET");
        let Ok(secrets) = resolved(&config) else { panic!("it is there") };
        assert_eq!(secrets.sage_password(&"SAMLTD".into()).unwrap().expose(), "managed");
        assert_eq!(managed_ids(&config, &Purpose::ALL), BTreeSet::from(["aws/sage"]));
        assert!(managed_ids(&config, &[Purpose::Webhooks]).is_empty());
        let purposes = [Purpose::Webhooks];
        let sources = Sources { environment: &environment_of, managed: &BTreeMap::new() };
        let Ok(secrets) = resolve_from(&config, &purposes, &sources) else { panic!("not asked") };
        assert!(secrets.sage_password(&"SAMLTD".into()).is_none());
        let said = match resolve_from(&config, &Purpose::ALL, &sources) {
            Ok(_) => panic!("not here"),
            Err(problems) => problems.to_string(),
        };
        assert!(said.contains("use `file` or `env` here: aws/sage"), "{said}");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let path = std::env::temp_dir().join(format!("paysage-secret-{}", std::process::id()));
        fs::write(&path, "from the file\r\n").unwrap();
        let config = config(&format!("file: {}", path.display()), "env: HOOK_SECRET");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let said = refused(&config);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let secrets = resolved(&config);
        fs::remove_file(&path).unwrap();
        assert!(said.contains("chmod 600"), "{said}");
        let Ok(secrets) = secrets else { panic!("0600 is enough") };
        assert_eq!(secrets.sage_password(&"SAMLTD".into()).unwrap().expose(), "from the file");
        assert!(refused(&config).contains("make the secret file"), "it is gone now");
    }
}
