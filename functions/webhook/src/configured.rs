//! From the configuration document to endpoints.

use std::collections::BTreeMap;

use domain::id::MerchantId;
use runtime::config::{Scheme, Secret, Secrets, SignatureEncoding, Webhook};

use crate::endpoint::{Encoding, EndpointConfig, SchemeConfig};

/// Every configured endpoint with its live secrets. What is wrong with one is told when it is built.
#[must_use]
pub fn endpoints(webhooks: &BTreeMap<String, Webhook>, secrets: &Secrets) -> Vec<EndpointConfig> {
    webhooks.iter().map(|(name, webhook)| endpoint(name, webhook, secrets.endpoint(name))).collect()
}

fn endpoint(name: &str, webhook: &Webhook, live: &[Secret]) -> EndpointConfig {
    EndpointConfig {
        name: name.to_owned(),
        merchant: MerchantId::from(webhook.merchant.as_str()),
        scheme: scheme(webhook),
        secrets: live.to_vec(),
        event_pointers: webhook.event_id_pointers.clone(),
        transaction_pointers: webhook.transaction_pointers.clone(),
        tolerance_seconds: webhook.tolerance_seconds,
    }
}

fn scheme(webhook: &Webhook) -> SchemeConfig {
    // A header that is not named is an empty name, which no endpoint can be built with.
    let signature_header = webhook.signature_header.clone().unwrap_or_default();
    let prefix = webhook.signature_prefix.clone();
    let encoding = match webhook.signature_encoding {
        SignatureEncoding::Hex => Encoding::Hex,
        SignatureEncoding::Base64 => Encoding::Base64,
    };
    match webhook.scheme {
        Scheme::StandardWebhooks => SchemeConfig::StandardWebhooks,
        Scheme::TimestampedHmac => {
            let timestamp_header = webhook.timestamp_header.clone().unwrap_or_default();
            SchemeConfig::TimestampedHmac { timestamp_header, signature_header, encoding, prefix }
        }
        Scheme::BodyHmac => SchemeConfig::BodyHmac { signature_header, encoding, prefix },
        Scheme::StaticBearer => SchemeConfig::Bearer,
        Scheme::SilentPost => SchemeConfig::SilentPost,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::{Endpoint, EndpointError};

    fn built(document: &str) -> Result<Endpoint, EndpointError> {
        let webhook: Webhook = serde_json::from_str(document).unwrap();
        let live = [Secret::new("a secret of 30 bytes, or so...".to_owned())];
        Endpoint::new(&endpoint("relay", &webhook, &live))
    }

    #[test]
    fn a_configured_endpoint_can_be_built() {
        let document = r#"{"merchant": "main", "scheme": "timestamped_hmac", "secrets": [],
            "signature_header": "x-signature", "timestamp_header": "x-timestamp",
            "transaction_pointers": ["/transaction_id"]}"#;
        let endpoint = built(document).unwrap();
        assert_eq!((endpoint.name.as_str(), endpoint.merchant.as_str()), ("relay", "main"));
        assert_eq!(endpoint.scheme.name(), "timestamped_hmac");
    }

    #[test]
    fn a_header_that_is_not_named_is_an_error() {
        let document = r#"{"merchant": "main", "scheme": "body_hmac", "secrets": []}"#;
        assert!(matches!(built(document), Err(EndpointError::Header(..))));
    }

    #[test]
    fn without_secrets_nothing_is_let_in() {
        let document = r#"{"merchant": "main", "scheme": "silent_post", "secrets": []}"#;
        let webhook: Webhook = serde_json::from_str(document).unwrap();
        let configs =
            endpoints(&BTreeMap::from([("relay".to_owned(), webhook)]), &Secrets::default());
        assert!(matches!(Endpoint::new(&configs[0]), Err(EndpointError::NoSecret(_))));
    }
}
