//! TLS towards upstreams: whom to trust, and for which host.
//!
//! Trusted are the system's roots and the configured ones for every host, and the certificates of
//! an API project for the host and port that they were given for, and no other.
//! The chain and the signatures are always verified; `HostnameVerifier` says how strictly names
//! are compared (spec/03 §5.4).
//! Revocation is not checked, and no client certificate is offered yet.

mod failure;
mod name;
#[cfg(test)]
mod tests;
mod verify;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::digest;
use compiler::plan::{Http2, TrustedCertificate};
use moka::sync::Cache;
use p12_keystore::{KeyStore, KeyStoreEntry, Pkcs12ImportPolicy};
use rustls::client::Resumption;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};

pub use self::failure::TlsFailure;
use self::verify::{Given, UpstreamVerifier};
use crate::config::{HostnameVerifier, RootStore, UpstreamTls};
use crate::listener::tls::{provider, versions};

/// Client settings that are kept for reuse; each holds its own resumable sessions.
const KEPT_CONFIGS: u64 = 1024;
/// Sessions that one of them remembers.
const REMEMBERED_SESSIONS: usize = 256;

/// Why the roots could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// A file cannot be read.
    #[error("cannot read {file}: {source}; check the path and that the gateway's user may read it", file = .file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file holds nothing that can be trusted.
    #[error("{file}: {problem}; give the certificates of the authorities as BEGIN CERTIFICATE blocks", file = .file.display())]
    Content {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The TLS library refuses the settings.
    #[error("cannot set TLS up: {0}")]
    Setup(#[from] rustls::Error),
}

/// Which HTTP versions are offered to an upstream by ALPN (RFC 7301).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Alpn {
    /// HTTP/1.1 alone; also for WebSocket.
    Http1,
    /// HTTP/2 alone.
    Http2,
    /// Both, HTTP/2 preferred.
    Both,
}

impl From<Http2> for Alpn {
    fn from(choice: Http2) -> Self {
        match choice {
            Http2::Negotiate => Self::Both,
            Http2::Always => Self::Http2,
            Http2::Never => Self::Http1,
        }
    }
}

impl Alpn {
    fn protocols(self) -> Vec<Vec<u8>> {
        let (http1, http2) = (b"http/1.1".to_vec(), b"h2".to_vec());
        match self {
            Self::Http1 => vec![http1],
            Self::Http2 => vec![http2],
            Self::Both => vec![http2, http1],
        }
    }
}

/// Whom the gateway trusts, and the client settings made of it.
#[derive(Debug)]
pub struct TrustStore {
    roots: Arc<RootCertStore>,
    names: HostnameVerifier,
    tls12: bool,
    configs: Cache<(Alpn, [u8; 32]), Arc<ClientConfig>>,
}

impl TrustStore {
    /// Reads the system's roots, if they are to be trusted, and the configured ones.
    /// System roots that cannot be used are left out and logged.
    ///
    /// # Errors
    /// A configured file that cannot be read or holds no usable certificate.
    pub fn load(settings: &UpstreamTls) -> Result<Self, TrustError> {
        let mut roots = RootCertStore::empty();
        if settings.system_roots {
            add_system_roots(&mut roots);
        }
        for file in &settings.extra_roots {
            add_file(&mut roots, file)?;
        }
        for store in &settings.root_stores {
            add_store(&mut roots, store)?;
        }
        let store = Self {
            roots: Arc::new(roots),
            names: settings.hostname_verifier,
            tls12: settings.tls12,
            configs: Cache::new(KEPT_CONFIGS),
        };
        store.build(Alpn::Both, Vec::new())?;
        Ok(store)
    }

    /// The settings for connections to `host:port`. Of `certificates` those count that were given
    /// for this host and port.
    ///
    /// The same set of certificates gives the same `Arc`, so that pools can tell by its address
    /// whether two endpoints of one upstream trust alike.
    #[must_use]
    pub fn connector_for<'a>(
        &self,
        host: &str,
        port: u16,
        certificates: impl IntoIterator<Item = &'a TrustedCertificate>,
        alpn: Alpn,
    ) -> Arc<ClientConfig> {
        let host = bare_host(host);
        let mut given: Vec<&[u8]> = certificates
            .into_iter()
            .filter(|one| one.host.eq_ignore_ascii_case(host))
            .filter(|one| one.port.is_none_or(|only| only == port))
            .flat_map(|one| one.der.iter().map(Vec::as_slice))
            .collect();
        given.sort_unstable();
        given.dedup();
        self.config_for(&given, alpn)
    }

    fn config_for(&self, given: &[&[u8]], alpn: Alpn) -> Arc<ClientConfig> {
        self.configs.get_with((alpn, fingerprint(given)), || {
            let given = given.iter().map(|der| CertificateDer::from(der.to_vec())).collect();
            let config = self.build(alpn, given);
            config.expect("the versions and the provider were found to agree in `load`")
        })
    }

    fn build(
        &self,
        alpn: Alpn,
        given: Vec<CertificateDer<'static>>,
    ) -> Result<Arc<ClientConfig>, rustls::Error> {
        let verifier =
            UpstreamVerifier::new(Arc::clone(&self.roots), Given::new(given), self.names);
        let mut config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(versions(self.tls12))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        config.alpn_protocols = alpn.protocols();
        config.resumption = Resumption::in_memory_sessions(REMEMBERED_SESSIONS);
        Ok(Arc::new(config))
    }
}

/// The name to ask for and to verify. An IPv6 address may stand in brackets.
///
/// # Errors
/// A host that is neither a DNS name nor an address.
pub fn server_name(host: &str) -> Result<ServerName<'static>, TlsFailure> {
    ServerName::try_from(bare_host(host).to_owned())
        .map_err(|_| TlsFailure::BadHost { host: host.to_owned() })
}

fn bare_host(host: &str) -> &str {
    host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host)
}

fn fingerprint(given: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for der in given {
        context.update(&der.len().to_be_bytes());
        context.update(der);
    }
    context.finish().as_ref().try_into().expect("SHA-256 is 32 bytes long")
}

fn add_system_roots(roots: &mut RootCertStore) {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "A part of the system's trusted certificates cannot be read.");
    }
    let (added, unusable) = roots.add_parsable_certificates(found.certs);
    tracing::debug!(added, unusable, "Read the system's trusted certificates.");
    if added == 0 {
        tracing::warn!(
            "The system has no trusted certificates; upstreams over TLS are refused unless their certificates are given."
        );
    }
}

/// The trusted certificates of a PKCS#12 store.
fn add_store(roots: &mut RootCertStore, store: &RootStore) -> Result<(), TrustError> {
    let file = &store.file;
    let bytes =
        std::fs::read(file).map_err(|source| TrustError::Read { file: file.clone(), source })?;
    let unusable = |problem: String| TrustError::Content { file: file.clone(), problem };
    let entries = KeyStore::from_pkcs12(&bytes, &store.password.0, Pkcs12ImportPolicy::Relaxed)
        .map_err(|error| unusable(format!("this is no readable PKCS#12 store: {error}")))?;
    let certificates = entries.entries().filter_map(|(_, entry)| match entry {
        KeyStoreEntry::Certificate(certificate) => Some(certificate.as_der().to_vec()),
        _ => None,
    });
    let (added, _unusable) =
        roots.add_parsable_certificates(certificates.map(CertificateDer::from));
    if added == 0 {
        return Err(unusable("the store holds no trusted certificate".to_owned()));
    }
    Ok(())
}

fn add_file(roots: &mut RootCertStore, file: &Path) -> Result<(), TrustError> {
    let read = std::fs::read(file);
    let bytes = read.map_err(|source| TrustError::Read { file: file.to_owned(), source })?;
    let unusable = |problem| TrustError::Content { file: file.to_owned(), problem };
    let mut added = 0;
    for der in CertificateDer::pem_slice_iter(&bytes) {
        let der = der.map_err(|error| unusable(format!("the PEM is broken ({error})")))?;
        let usable = roots.add(der);
        usable.map_err(|error| unusable(format!("a certificate cannot be used ({error})")))?;
        added += 1;
    }
    if added == 0 {
        return Err(unusable("holds no certificate in PEM".to_owned()));
    }
    Ok(())
}
