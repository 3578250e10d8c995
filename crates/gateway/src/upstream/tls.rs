//! TLS towards upstreams: whom to trust, and for which host.
//!
//! Trusted are the system's roots and the configured ones, which a profile replaces for some
//! upstreams, and the certificates of an API project for the host and port that they were given
//! for, and no other.
//! The chain and the signatures are always verified; `HostnameVerifier` says how strictly names
//! are compared (spec/03 §5.4).
//! Upstreams that ask for a client certificate get the one of the endpoint's project, or else the
//! one that the configuration has for them.
//! Revocation is not checked.

mod client_key;
mod failure;
mod name;
mod profiles;
mod roots;
mod ssl_profiles;
#[cfg(test)]
mod tests;
mod verify;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;

use aws_lc_rs::digest;
use compiler::plan::{Http2, TrustedCertificate};
use moka::sync::Cache;
use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;
use rustls::sign::SingleCertAndKey;
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use rustls_pki_types::{CertificateDer, ServerName};

pub use self::client_key::{ClientKey, Identity};
pub use self::failure::TlsFailure;
use self::profiles::Profiles;
use self::verify::{Given, UpstreamVerifier};
use self::watch::Watched;
use crate::config::{HostnameVerifier, UpstreamTls};
use crate::listener::tls::{TlsError, provider};

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
    /// A file of SSL profiles cannot be used.
    #[error("{file}: {problem}; write it as WSO2's sslprofiles.xml", file = .file.display())]
    Profiles {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A client certificate or its key cannot be used.
    #[error(transparent)]
    Identity(#[from] TlsError),
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

/// Whom the gateway trusts and who it is to upstreams, and the client settings made of it.
#[derive(Debug)]
pub struct TrustStore {
    profiles: Profiles,
    names: HostnameVerifier,
    versions: Vec<&'static SupportedProtocolVersion>,
    provider: Arc<CryptoProvider>,
    configs: Cache<[u8; 32], Arc<ClientConfig>>,
    watched: Watched,
}

impl TrustStore {
    /// Reads the system's roots, if they are to be trusted, the configured ones, and the client
    /// certificates.
    /// System roots that cannot be used are left out and logged.
    ///
    /// # Errors
    /// A configured file that cannot be read or holds nothing of use; it is named.
    pub fn load(settings: &UpstreamTls) -> Result<Self, TrustError> {
        // Looked at before the files are read, so that a change in between shows.
        let mut watched = Watched::new(settings);
        let profiles = Profiles::load(settings, &mut watched)?;
        let store = Self {
            profiles,
            names: settings.hostname_verifier,
            versions: versions(settings),
            provider: offering(settings),
            configs: Cache::new(KEPT_CONFIGS),
            watched,
        };
        store.build(&store.profiles.general().clone(), None, Vec::new(), Alpn::Both)?;
        Ok(store)
    }

    /// Whether a file that was read was written since, or since this was asked last.
    #[must_use]
    pub fn has_changed(&self) -> bool {
        self.watched.has_changed()
    }

    /// The settings for connections to `host:port`. Of `certificates` those count that were given
    /// for this host and port; `identity` is what the endpoint says of client certificates.
    ///
    /// The same certificates give the same `Arc`, so that pools can tell by its address whether two
    /// endpoints of one upstream trust alike and show the same.
    #[must_use]
    pub fn connector_for<'a>(
        &self,
        host: &str,
        port: u16,
        certificates: impl IntoIterator<Item = &'a TrustedCertificate>,
        identity: &Identity,
        alpn: Alpn,
    ) -> Arc<ClientConfig> {
        let host = bare_host(host).to_ascii_lowercase();
        let mut given: Vec<&[u8]> = certificates
            .into_iter()
            .filter(|one| one.host.eq_ignore_ascii_case(&host))
            .filter(|one| one.port.is_none_or(|only| only == port))
            .flat_map(|one| one.der.iter().map(Vec::as_slice))
            .collect();
        given.sort_unstable();
        given.dedup();
        let (index, roots) = self.profiles.roots_for(&host, port);
        let key = match identity {
            Identity::Nobody => None,
            Identity::Own(key) => Some(key),
            Identity::Configured => self.profiles.identity_for(&host, port),
        };
        self.configs.get_with(fingerprint(&given, index, key, alpn), || {
            let given = given.iter().map(|der| CertificateDer::from(der.to_vec())).collect();
            let config = self.build(roots, key, given, alpn);
            config.expect("the versions and the provider were found to agree in `load`")
        })
    }

    fn build(
        &self,
        roots: &Arc<RootCertStore>,
        key: Option<&Arc<ClientKey>>,
        given: Vec<CertificateDer<'static>>,
        alpn: Alpn,
    ) -> Result<Arc<ClientConfig>, rustls::Error> {
        let verifier = UpstreamVerifier::new(Arc::clone(roots), Given::new(given), self.names);
        let config = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&self.versions)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match key {
            Some(key) => config.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(
                key.certified().clone(),
            ))),
            None => config.with_no_client_auth(),
        };
        config.alpn_protocols = alpn.protocols();
        config.resumption = Resumption::in_memory_sessions(REMEMBERED_SESSIONS);
        Ok(Arc::new(config))
    }
}

/// The protocol versions to offer.
fn versions(settings: &UpstreamTls) -> Vec<&'static SupportedProtocolVersion> {
    let mut versions = Vec::new();
    if settings.tls13 || !settings.tls12 {
        versions.push(&rustls::version::TLS13);
    }
    if settings.tls12 {
        versions.push(&rustls::version::TLS12);
    }
    versions
}

/// The provider with the ciphers to offer.
fn offering(settings: &UpstreamTls) -> Arc<CryptoProvider> {
    let all = provider();
    if settings.ciphers.is_empty() {
        return all;
    }
    let suite = |name| all.cipher_suites.iter().find(|suite| suite.suite() == name).copied();
    let cipher_suites = settings.ciphers.iter().filter_map(|name| suite(*name)).collect();
    Arc::new(CryptoProvider { cipher_suites, ..(*all).clone() })
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

/// What tells client settings apart. `roots` is the number of the roots, which are not hashed.
fn fingerprint(
    given: &[&[u8]],
    roots: usize,
    key: Option<&Arc<ClientKey>>,
    alpn: Alpn,
) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&[alpn as u8]);
    context.update(&roots.to_be_bytes());
    context.update(&key.map_or([0; 32], |key| *key.fingerprint()));
    for der in given {
        context.update(&der.len().to_be_bytes());
        context.update(der);
    }
    sha256(context)
}

fn sha256(context: digest::Context) -> [u8; 32] {
    context.finish().as_ref().try_into().expect("SHA-256 is 32 bytes long")
}
