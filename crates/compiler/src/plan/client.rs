//! Who the gateway is to an endpoint that asks for a client certificate.

use std::fmt;

use model::Place;
use rustls_pki_types::PrivateKeyDer;

/// What an endpoint says of client certificates. Where it says nothing, the gateway's
/// configuration counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientIdentity {
    /// None is shown (`clientCertificate: false`).
    Nobody,
    /// The project's own.
    Own(Box<ClientCertificate>),
}

/// A certificate with its key, out of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The file that it came from.
    pub file: String,
    /// Where the project names it, for what only the gateway can find out.
    pub place: Place,
    /// The chain in DER, the certificate that the key belongs to first.
    pub chain: Vec<Vec<u8>>,
    /// The key.
    pub key: PrivateKey,
}

/// A private key, which is never printed.
#[derive(PartialEq, Eq)]
pub struct PrivateKey(PrivateKeyDer<'static>);

impl PrivateKey {
    /// Wraps a key.
    #[must_use]
    pub fn new(key: PrivateKeyDer<'static>) -> Self {
        Self(key)
    }

    /// The key itself, for the one place that signs with it.
    #[must_use]
    pub fn expose(&self) -> &PrivateKeyDer<'static> {
        &self.0
    }
}

impl Clone for PrivateKey {
    fn clone(&self) -> Self {
        Self(self.0.clone_key())
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(***)")
    }
}
