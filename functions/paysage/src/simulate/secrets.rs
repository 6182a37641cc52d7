//! The secrets both sides share, and their rotation.

use std::collections::BTreeMap;
use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use runtime::config::{Secret, Secrets};
use serde_json::json;
use sha2::Sha256;

use super::fault::Fault;
use super::outside::{Outside, Peer, TENANTS, locked};

/// What the hosts are given when they start, and what the other side goes by now.
pub struct Keyring(Mutex<Keys>);

struct Keys {
    sage: Vec<String>,
    paytrace: Vec<String>,
    /// Two are live while one replaces the other; the last one signs.
    webhook: Vec<Vec<u8>>,
    rotations: u32,
}

impl Default for Keyring {
    fn default() -> Self {
        let keys = Keys {
            sage: vec!["WEBAPI".to_owned(); TENANTS.len()],
            paytrace: vec!["demo-password".to_owned(); TENANTS.len()],
            webhook: vec![b"a secret only these runs share 1".to_vec()],
            rotations: 0,
        };
        Self(Mutex::new(keys))
    }
}

impl Keyring {
    /// What a process that starts now reads.
    pub fn secrets(&self) -> Secrets {
        let keys = locked(&self.0);
        let secret = |text: &String| Secret::new(text.clone());
        let tenants = TENANTS.iter();
        let sage = tenants.clone().zip(&keys.sage);
        let paytrace = tenants.clone().zip(&keys.paytrace);
        let hooks: Vec<Secret> = keys.webhook.iter().map(|key| Secret::new(written(key))).collect();
        let endpoints: BTreeMap<String, Vec<Secret>> =
            tenants.map(|tenant| (tenant.endpoint.to_owned(), hooks.clone())).collect();
        Secrets::new(
            sage.map(|(tenant, text)| (tenant.company.into(), secret(text))).collect(),
            paytrace.map(|(tenant, text)| (tenant.merchant.into(), secret(text))).collect(),
            endpoints,
        )
    }

    /// One secret is replaced at the other side; processes that run still have the old one.
    pub fn rotate(&self, outside: &Outside, tenant: usize) {
        let mut keys = locked(&self.0);
        keys.rotations = keys.rotations.saturating_add(1);
        let fresh = format!("SECRET{}", keys.rotations);
        outside.journal.fault(Fault::SecretRotated);
        match outside.chance.between(0, 2) {
            0 => {
                let body = json!({"user": "WEBAPI", "password": fresh});
                outside.person(Peer::Sage(tenant), "set_password", &body);
                keys.sage.get_mut(tenant).map(|text| *text = fresh).unwrap_or_default();
            }
            1 => {
                let body = json!({"username": "api@example.test", "password": fresh});
                outside.person(Peer::PayTrace(tenant), "set_password", &body);
                keys.paytrace.get_mut(tenant).map(|text| *text = fresh).unwrap_or_default();
            }
            _ => {
                let key = format!("a secret only these runs share, {fresh}");
                keys.webhook.push(key.into_bytes());
            }
        }
    }

    /// The shop's own password for PayTrace.
    pub fn paytrace_password(&self, tenant: usize) -> String {
        locked(&self.0).paytrace.get(tenant).cloned().unwrap_or_default()
    }

    /// Signs as Standard Webhooks says.
    pub fn signature(&self, id: &str, at: i64, body: &str) -> String {
        let keys = locked(&self.0);
        let key = keys.webhook.last().map(Vec::as_slice).unwrap_or_default();
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
        mac.update(format!("{id}.{at}.{body}").as_bytes());
        format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()))
    }

    /// Every text that must never be written anywhere.
    pub fn texts(&self) -> Vec<String> {
        let keys = locked(&self.0);
        let hooks = keys.webhook.iter().map(|key| BASE64.encode(key));
        let chosen = keys.paytrace.iter().chain(&keys.sage).filter(|text| *text != "WEBAPI");
        hooks.chain(chosen.cloned()).collect()
    }
}

fn written(key: &[u8]) -> String {
    format!("whsec_{}", BASE64.encode(key))
}
