//! Who the gateway is to an upstream: a certificate that it shows when it is asked for one, and the
//! key that goes with it.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest;
use compiler::plan::{ClientCertificate, ClientIdentity};
use rustls::sign::CertifiedKey;
use rustls_pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::sha256;
use crate::listener::tls::provider;

/// Which client certificate an endpoint's connections show.
#[derive(Debug, Clone, Default)]
pub enum Identity {
    /// The one that the configuration has for the upstream, if it has one.
    #[default]
    Configured,
    /// None, whatever the configuration has.
    Nobody,
    /// The project's own.
    Own(Arc<ClientKey>),
}

impl Identity {
    /// What a project says of an endpoint. A certificate that cannot be used is refused before it
    /// is deployed; should it come so far, none is shown.
    #[must_use]
    pub fn of(plan: Option<&ClientIdentity>) -> Self {
        match plan {
            None => Self::Configured,
            Some(ClientIdentity::Nobody) => Self::Nobody,
            Some(ClientIdentity::Own(certificate)) => match ClientKey::new(certificate) {
                Ok(key) => Self::Own(Arc::new(key)),
                Err(problem) => {
                    tracing::error!(problem, "No client certificate is shown to an endpoint.");
                    Self::Nobody
                }
            },
        }
    }
}

/// A certificate with its key, ready for handshakes.
pub struct ClientKey {
    certified: CertifiedKey,
    fingerprint: [u8; 32],
}

/// Without the key.
impl fmt::Debug for ClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientKey")
            .field("chain", &self.certified.cert.len())
            .finish_non_exhaustive()
    }
}

impl From<CertifiedKey> for ClientKey {
    /// Two certificates may have one key, never the other way round, so that the chain tells them
    /// apart.
    fn from(certified: CertifiedKey) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        for der in &certified.cert {
            context.update(&der.len().to_be_bytes());
            context.update(der);
        }
        Self { certified, fingerprint: sha256(context) }
    }
}

impl ClientKey {
    /// Puts a project's certificate and its key together.
    ///
    /// # Errors
    /// What is wrong with them, in one sentence.
    pub fn new(certificate: &ClientCertificate) -> Result<Self, String> {
        let chain: Vec<_> =
            certificate.chain.iter().map(|der| CertificateDer::from(der.clone())).collect();
        let key = certificate.key.expose().clone_key();
        let certified =
            CertifiedKey::from_der(chain, key, &provider()).map_err(|error| match error {
                rustls::Error::InconsistentKeys(_) => {
                    "the private key does not belong to the first certificate".to_owned()
                }
                error => format!("the certificate and its key cannot be used: {error}"),
            })?;
        Ok(Self::from(certified))
    }

    /// When the certificate expires, in seconds since 1970.
    #[must_use]
    pub fn expires_at(&self) -> Option<i64> {
        let (_, parsed) = X509Certificate::from_der(self.certified.cert.first()?).ok()?;
        Some(parsed.validity().not_after.timestamp())
    }

    pub(super) fn certified(&self) -> &CertifiedKey {
        &self.certified
    }

    pub(super) fn fingerprint(&self) -> &[u8; 32] {
        &self.fingerprint
    }
}
