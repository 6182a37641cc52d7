//! Schemes of authentication. Every one works on the raw bytes, compares in constant time, tries
//! every live secret, and fails without saying why.

mod hmac;
mod token;

use axum::http::HeaderMap;
use axum::http::header::AsHeaderName;
use jiff::Timestamp;

use self::hmac::{BodyHmac, StandardWebhooks, TimestampedHmac};
use self::token::{Bearer, SilentPost};
use crate::endpoint::{EndpointConfig, EndpointError, SchemeConfig};

/// The most signatures one delivery may carry.
pub const SIGNATURES_MAX: usize = 16;
/// The shortest secret, in bytes.
pub const SECRET_BYTES_MIN: usize = 16;

/// A delivery as it came.
#[derive(Clone, Copy)]
pub struct Delivery<'r> {
    pub headers: &'r HeaderMap,
    pub body: &'r [u8],
    /// The last segment of `/webhooks/{endpoint}/{token}`.
    pub token: Option<&'r str>,
    pub now: Timestamp,
}

/// The sender is not known, or the delivery is too old or too new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unauthenticated;

/// What an authenticated delivery states outside its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Authentic<'r> {
    /// The event's id, when it is part of what was signed.
    pub event: Option<&'r str>,
}

/// What a body is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    Json,
    /// `parmList=NAME~value|...`, as a form or raw.
    ParmList,
}

pub trait Scheme: Send + Sync {
    /// As the event's source is recorded.
    fn name(&self) -> &'static str;

    fn written(&self) -> Written {
        Written::Json
    }

    /// Whether the path has a token after the endpoint's name.
    fn takes_token(&self) -> bool {
        false
    }

    /// # Errors
    /// When the delivery is not authentic.
    fn verify<'r>(&self, delivery: &Delivery<'r>) -> Result<Authentic<'r>, Unauthenticated>;
}

/// The scheme of an endpoint, its keys prepared.
///
/// # Errors
/// When a secret or a header's name cannot be used.
pub(crate) fn build(config: &EndpointConfig) -> Result<Box<dyn Scheme>, EndpointError> {
    Ok(match &config.scheme {
        SchemeConfig::StandardWebhooks => Box::new(StandardWebhooks::new(config)?),
        SchemeConfig::TimestampedHmac { timestamp_header, signature_header, encoding, prefix } => {
            Box::new(TimestampedHmac::new(
                config,
                timestamp_header,
                (signature_header, *encoding, prefix),
            )?)
        }
        SchemeConfig::BodyHmac { signature_header, encoding, prefix } => {
            Box::new(BodyHmac::new(config, (signature_header, *encoding, prefix))?)
        }
        SchemeConfig::Bearer => Box::new(Bearer::new(config)?),
        SchemeConfig::SilentPost => Box::new(SilentPost::new(config)?),
    })
}

/// The value of a header that is there once, not empty and visible ASCII.
fn only(headers: &HeaderMap, name: impl AsHeaderName) -> Result<&str, Unauthenticated> {
    let mut values = headers.get_all(name).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(Unauthenticated) };
    match value.to_str() {
        Ok(text) if !text.is_empty() => Ok(text),
        _ => Err(Unauthenticated),
    }
}
