//! HMAC-SHA-256 schemes.

use axum::http::HeaderName;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use super::{Authentic, Delivery, SECRET_BYTES_MIN, SIGNATURES_MAX, Scheme, Unauthenticated, only};
use crate::endpoint::{Encoding, EndpointConfig, EndpointError};
use runtime::config::Secret;

/// <https://www.standardwebhooks.com>: HMAC over `{id}.{timestamp}.{body}`.
pub(super) struct StandardWebhooks {
    keys: Keys,
    tolerance_seconds: u32,
}

impl StandardWebhooks {
    pub(super) fn new(config: &EndpointConfig) -> Result<Self, EndpointError> {
        let keys = Keys::new(config, |secret| {
            let encoded = secret.expose().strip_prefix("whsec_")?;
            STANDARD.decode(encoded).ok().map(Zeroizing::new)
        })?;
        Ok(Self { keys, tolerance_seconds: config.tolerance_seconds })
    }
}

impl Scheme for StandardWebhooks {
    fn name(&self) -> &'static str {
        "standard_webhooks"
    }

    fn verify<'r>(&self, delivery: &Delivery<'r>) -> Result<Authentic<'r>, Unauthenticated> {
        let id = only(delivery.headers, "webhook-id")?;
        let timestamp = only(delivery.headers, "webhook-timestamp")?;
        let listed = only(delivery.headers, "webhook-signature")?;
        is_timely(timestamp, delivery.now, self.tolerance_seconds)?;
        let mut signatures = Signatures::default();
        for part in listed.split(' ') {
            signatures.add(part.strip_prefix("v1,"), Encoding::Base64)?;
        }
        let parts = [id.as_bytes(), b".", timestamp.as_bytes(), b".", delivery.body];
        self.keys.verify(&parts, &signatures)?;
        Ok(Authentic { event: Some(id) })
    }
}

/// HMAC over `{timestamp}.{body}`.
pub(super) struct TimestampedHmac {
    keys: Keys,
    timestamp_header: HeaderName,
    signature: SignatureHeader,
    tolerance_seconds: u32,
}

/// Header, encoding and prefix, as configured.
type SignatureConfig<'c> = (&'c str, Encoding, &'c str);

impl TimestampedHmac {
    pub(super) fn new(
        config: &EndpointConfig,
        timestamp_header: &str,
        signature: SignatureConfig<'_>,
    ) -> Result<Self, EndpointError> {
        Ok(Self {
            keys: Keys::of_bytes(config)?,
            timestamp_header: header(config, timestamp_header)?,
            signature: SignatureHeader::new(config, signature)?,
            tolerance_seconds: config.tolerance_seconds,
        })
    }
}

impl Scheme for TimestampedHmac {
    fn name(&self) -> &'static str {
        "timestamped_hmac"
    }

    fn verify<'r>(&self, delivery: &Delivery<'r>) -> Result<Authentic<'r>, Unauthenticated> {
        let timestamp = only(delivery.headers, &self.timestamp_header)?;
        is_timely(timestamp, delivery.now, self.tolerance_seconds)?;
        let signatures = self.signature.read(delivery)?;
        self.keys.verify(&[timestamp.as_bytes(), b".", delivery.body], &signatures)?;
        Ok(Authentic { event: None })
    }
}

/// HMAC over the body alone: a repeat is only known by the event's id or content.
pub(super) struct BodyHmac {
    keys: Keys,
    signature: SignatureHeader,
}

impl BodyHmac {
    pub(super) fn new(
        config: &EndpointConfig,
        signature: SignatureConfig<'_>,
    ) -> Result<Self, EndpointError> {
        let keys = Keys::of_bytes(config)?;
        Ok(Self { keys, signature: SignatureHeader::new(config, signature)? })
    }
}

impl Scheme for BodyHmac {
    fn name(&self) -> &'static str {
        "body_hmac"
    }

    fn verify<'r>(&self, delivery: &Delivery<'r>) -> Result<Authentic<'r>, Unauthenticated> {
        let signatures = self.signature.read(delivery)?;
        self.keys.verify(&[delivery.body], &signatures)?;
        Ok(Authentic { event: None })
    }
}

const TAG_BYTES: usize = 32;

/// The HMAC of every live secret, keyed and waiting for data.
struct Keys(Vec<Hmac<Sha256>>);

impl Keys {
    fn new(
        config: &EndpointConfig,
        decode: impl Fn(&Secret) -> Option<Zeroizing<Vec<u8>>>,
    ) -> Result<Self, EndpointError> {
        let key = |secret: &Secret| {
            let bytes = decode(secret).filter(|bytes| bytes.len() >= SECRET_BYTES_MIN)?;
            Hmac::new_from_slice(&bytes).ok()
        };
        let keys: Option<Vec<_>> = config.secrets.iter().map(key).collect();
        keys.map(Self).ok_or_else(|| EndpointError::Secret(config.name.clone()))
    }

    fn of_bytes(config: &EndpointConfig) -> Result<Self, EndpointError> {
        Self::new(config, |secret| Some(Zeroizing::new(secret.expose().as_bytes().to_vec())))
    }

    /// Compares every signature with that of every secret, whatever matches first.
    fn verify(&self, parts: &[&[u8]], signatures: &Signatures) -> Result<(), Unauthenticated> {
        let mut matches = Choice::from(0);
        for key in &self.0 {
            let mut mac = key.clone();
            parts.iter().for_each(|part| mac.update(part));
            let tag = mac.finalize().into_bytes();
            for signature in signatures.known() {
                matches |= signature.as_slice().ct_eq(tag.as_slice());
            }
        }
        if bool::from(matches) { Ok(()) } else { Err(Unauthenticated) }
    }
}

/// The signatures of a delivery that have the right form.
#[derive(Default)]
struct Signatures {
    tags: [[u8; TAG_BYTES]; SIGNATURES_MAX],
    known: usize,
    seen: usize,
}

impl Signatures {
    /// Adds one; `None` stands for one of an unknown version. Too many are refused unread.
    fn add(&mut self, text: Option<&str>, encoding: Encoding) -> Result<(), Unauthenticated> {
        self.seen += 1;
        if self.seen > SIGNATURES_MAX {
            return Err(Unauthenticated);
        }
        let Some(tag) = text.and_then(|text| decode(text, encoding)) else { return Ok(()) };
        let Some(slot) = self.tags.get_mut(self.known) else { return Err(Unauthenticated) };
        *slot = tag;
        self.known += 1;
        Ok(())
    }

    fn known(&self) -> &[[u8; TAG_BYTES]] {
        self.tags.get(..self.known).unwrap_or_default()
    }
}

fn decode(text: &str, encoding: Encoding) -> Option<[u8; TAG_BYTES]> {
    let mut tag = [0; TAG_BYTES];
    match encoding {
        Encoding::Hex => hex::decode_to_slice(text, &mut tag).ok()?,
        Encoding::Base64 => {
            // Room for what the decoder may estimate before it knows of the padding.
            let mut room = [0; TAG_BYTES + 1];
            if STANDARD.decode_slice(text, &mut room).ok()? != TAG_BYTES {
                return None;
            }
            tag = *room.first_chunk()?;
        }
    }
    Some(tag)
}

/// A header with one signature or several, parted by commas.
struct SignatureHeader {
    name: HeaderName,
    encoding: Encoding,
    prefix: String,
}

impl SignatureHeader {
    fn new(
        config: &EndpointConfig,
        (name, encoding, prefix): SignatureConfig<'_>,
    ) -> Result<Self, EndpointError> {
        Ok(Self { name: header(config, name)?, encoding, prefix: prefix.to_owned() })
    }

    fn read(&self, delivery: &Delivery<'_>) -> Result<Signatures, Unauthenticated> {
        let mut signatures = Signatures::default();
        for part in only(delivery.headers, &self.name)?.split(',') {
            signatures.add(part.trim().strip_prefix(&self.prefix), self.encoding)?;
        }
        Ok(signatures)
    }
}

fn header(config: &EndpointConfig, name: &str) -> Result<HeaderName, EndpointError> {
    name.parse().map_err(|_| EndpointError::Header(config.name.clone(), name.to_owned()))
}

/// Unix seconds, off by at most the tolerance, either way and inclusive.
fn is_timely(text: &str, now: Timestamp, tolerance_seconds: u32) -> Result<(), Unauthenticated> {
    if text.len() > 12 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Unauthenticated);
    }
    let sent: i64 = text.parse().map_err(|_| Unauthenticated)?;
    let off_ms = now.as_millisecond().abs_diff(sent * 1_000);
    if off_ms <= u64::from(tolerance_seconds) * 1_000 { Ok(()) } else { Err(Unauthenticated) }
}
