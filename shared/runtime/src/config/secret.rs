//! Secrets by reference: the configuration says where they are, and only here are they read.

use std::collections::BTreeMap;
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
}

impl Secrets {
    /// Secrets that were read elsewhere.
    #[must_use]
    pub fn new(
        companies: BTreeMap<CompanyId, Secret>,
        merchants: BTreeMap<MerchantId, Secret>,
        endpoints: BTreeMap<String, Vec<Secret>>,
    ) -> Self {
        Self { companies, merchants, endpoints }
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
    resolve_from(config, &environment)
}

fn resolve_from(
    config: &Config,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Secrets, Problems> {
    let mut secrets = Secrets::default();
    let mut problems = Problems::default();
    for (id, company) in &config.companies {
        let key = format!("companies.{id}.password");
        if let Some(secret) = problems.keep(read(&key, &company.password, environment)) {
            secrets.companies.insert(CompanyId::from(id.as_str()), secret);
        }
    }
    for (id, merchant) in &config.merchants {
        let key = format!("merchants.{id}.paytrace.password");
        if let Some(secret) = problems.keep(read(&key, &merchant.paytrace.password, environment)) {
            secrets.merchants.insert(MerchantId::from(id.as_str()), secret);
        }
    }
    for (name, webhook) in &config.webhooks {
        for (position, reference) in webhook.secrets.iter().enumerate() {
            let key = format!("webhooks.{name}.secrets[{position}]");
            let value = read(&key, reference, environment)
                .and_then(|secret| long_enough(&key, webhook.scheme, secret));
            if let Some(secret) = problems.keep(value) {
                secrets.endpoints.entry(name.clone()).or_default().push(secret);
            }
        }
    }
    problems.into_result(secrets)
}

fn read(
    key: &str,
    reference: &SecretRef,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Secret, Problem> {
    let (text, place) = match reference {
        SecretRef::File(path) => (read_file(key, path)?, format!("the file {path}")),
        SecretRef::Env(name) => {
            let text = environment(name).ok_or_else(|| {
                Problem::new(key, format!("set the environment variable {name} to the secret"))
            })?;
            (text, format!("the environment variable {name}"))
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

    fn refused(config: &Config) -> String {
        match resolve_from(config, &environment_of) {
            Ok(_) => panic!("the secrets should have been refused"),
            Err(problems) => problems.to_string(),
        }
    }

    #[test]
    fn each_secret_reaches_its_user() {
        let config = config("env: SAGE_PASSWORD", "env: HOOK_SECRET");
        let secrets = resolve_from(&config, &environment_of).unwrap_or_else(|e| panic!("{e}"));
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
        let secrets = resolve_from(&config, &environment_of);
        fs::remove_file(&path).unwrap();
        assert!(said.contains("chmod 600"), "{said}");
        let Ok(secrets) = secrets else { panic!("0600 is enough") };
        assert_eq!(secrets.sage_password(&"SAMLTD".into()).unwrap().expose(), "from the file");
        assert!(refused(&config).contains("make the secret file"), "it is gone now");
    }
}
