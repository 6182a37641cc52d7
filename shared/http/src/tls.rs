use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use crate::BuildError;

/// TLS 1.2 and 1.3 with the ring provider, the embedded roots and the private CA if given.
pub(crate) fn client_config(private_ca_pem: Option<&str>) -> Result<ClientConfig, BuildError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(pem) = private_ca_pem {
        add_private_ca(&mut roots, pem)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(|e| BuildError::SetUp(e.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

fn add_private_ca(roots: &mut RootCertStore, pem: &str) -> Result<(), BuildError> {
    let before = roots.len();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.map_err(|e| BuildError::PrivateCa(e.to_string()))?;
        roots.add(certificate).map_err(|e| BuildError::PrivateCa(e.to_string()))?;
    }
    if roots.len() == before {
        return Err(BuildError::PrivateCa("no certificate in the text".to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_ca_without_a_certificate_is_an_error() {
        for pem in ["", "hello", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            assert!(matches!(client_config(Some(pem)), Err(BuildError::PrivateCa(_))), "{pem}");
        }
        assert!(client_config(None).is_ok());
    }
}
