//! Schemes in which the sender shows a fixed token.

use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use super::{Authentic, Delivery, SECRET_BYTES_MIN, Scheme, Unauthenticated, Written, only};
use crate::endpoint::{EndpointConfig, EndpointError};

/// `Authorization: Bearer {token}`.
pub(super) struct Bearer(Tokens);

impl Bearer {
    pub(super) fn new(config: &EndpointConfig) -> Result<Self, EndpointError> {
        Tokens::new(config).map(Self)
    }
}

impl Scheme for Bearer {
    fn name(&self) -> &'static str {
        "bearer"
    }

    fn verify<'r>(&self, delivery: &Delivery<'r>) -> Result<Authentic<'r>, Unauthenticated> {
        let value = only(delivery.headers, "authorization")?;
        let (kind, token) = value.split_once(' ').ok_or(Unauthenticated)?;
        if !kind.eq_ignore_ascii_case("bearer") {
            return Err(Unauthenticated);
        }
        self.0.verify(token)
    }
}

/// PayTrace Secure Checkout's silent post [O]: no signature, no timestamp, no amount. The token in
/// the path is its only authentication, so what it says is a hint and nothing more.
pub(super) struct SilentPost(Tokens);

impl SilentPost {
    pub(super) fn new(config: &EndpointConfig) -> Result<Self, EndpointError> {
        Tokens::new(config).map(Self)
    }
}

impl Scheme for SilentPost {
    fn name(&self) -> &'static str {
        "silent_post"
    }

    fn written(&self) -> Written {
        Written::ParmList
    }

    fn takes_token(&self) -> bool {
        true
    }

    fn verify<'r>(&self, delivery: &Delivery<'r>) -> Result<Authentic<'r>, Unauthenticated> {
        self.0.verify(delivery.token.ok_or(Unauthenticated)?)
    }
}

/// The hashes of the live tokens: of equal length, so that a comparison tells nothing of a token's.
struct Tokens(Vec<[u8; 32]>);

impl Tokens {
    fn new(config: &EndpointConfig) -> Result<Self, EndpointError> {
        if config.secrets.iter().any(|secret| secret.expose().len() < SECRET_BYTES_MIN) {
            return Err(EndpointError::Secret(config.name.clone()));
        }
        Ok(Self(config.secrets.iter().map(|secret| digest(secret.expose())).collect()))
    }

    fn verify<'r>(&self, shown: &str) -> Result<Authentic<'r>, Unauthenticated> {
        let shown = digest(shown);
        let matches = self.0.iter().fold(Choice::from(0), |matches, live| {
            matches | live.as_slice().ct_eq(shown.as_slice())
        });
        if bool::from(matches) { Ok(Authentic { event: None }) } else { Err(Unauthenticated) }
    }
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}
