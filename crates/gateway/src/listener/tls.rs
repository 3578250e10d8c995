//! TLS towards clients: certificates from files, the choice among them by server name, and their
//! exchange while connections are open.
//!
//! The provider is aws-lc-rs, named here and never taken from the process.
//! Client certificates are not asked for yet; mutual TLS is a later stage.

mod load;
mod select;
mod self_signed;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use arc_swap::ArcSwap;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::{ClientHello, ResolvesServerCert, ServerSessionMemoryCache};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, SupportedProtocolVersion};

pub(crate) use self::load::load as load_key;
use self::select::CertificateSet;
use crate::clock::Clock;
use crate::config::{KeyFiles, ServerTls};

/// Sessions of TLS 1.2 that are remembered for clients which take no tickets.
const REMEMBERED_SESSIONS: usize = 4096;

const WITH_TLS12: &[&SupportedProtocolVersion] =
    &[&rustls::version::TLS13, &rustls::version::TLS12];
const TLS13_ONLY: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13];

/// Why certificates could not be loaded. The text says which file, what is wrong and how to mend
/// it.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {file}: {source}; check the path and that the gateway's user may read it", file = .file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file or folder cannot be written.
    #[error("cannot write {file}: {source}; make the folder writable, or configure a certificate", file = .file.display())]
    Write {
        /// The file or folder.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{file}: {problem}; {help}", file = .file.display())]
    Content {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        problem: String,
        /// How to mend it.
        help: &'static str,
    },
    /// No certificate could be made.
    #[error("cannot make a self-signed certificate: {0}")]
    SelfSigned(#[from] rcgen::Error),
    /// The TLS library refuses the settings.
    #[error("cannot set TLS up: {0}")]
    Setup(#[from] rustls::Error),
}

impl TlsError {
    pub(crate) fn content(
        file: &std::path::Path,
        problem: impl Into<String>,
        help: &'static str,
    ) -> Self {
        Self::Content { file: file.to_owned(), problem: problem.into(), help }
    }
}

/// The certificates that are shown to clients. They can be loaded anew while connections are
/// open: those keep what they have, new ones get the new certificates.
#[derive(Debug)]
pub struct ServerCertificates {
    settings: Mutex<ServerTls>,
    current: Arc<Current>,
    config: Arc<ServerConfig>,
    newly_made: Option<PathBuf>,
    /// When each watched file was written, as it was loaded last.
    loaded: Mutex<Vec<Written>>,
}

/// Time and length of a file; `None` where it cannot be looked at.
pub(crate) type Written = Option<(SystemTime, u64)>;

impl ServerCertificates {
    /// Loads what `settings` names. When it names nothing, the self-signed certificate for
    /// `localhost` is used, and made first if there is none or it has expired.
    ///
    /// # Errors
    /// The first file that is missing or unusable.
    pub fn load(settings: &ServerTls) -> Result<Self, TlsError> {
        // Looked at before the files are read, so that a change in between shows.
        let written = written(&watched_files(settings));
        let (set, newly_made) = load_set(settings)?;
        let current = Arc::new(Current(ArcSwap::from_pointee(set)));
        let config = Arc::new(server_config(settings, Arc::clone(&current))?);
        Ok(Self {
            settings: Mutex::new(settings.clone()),
            current,
            config,
            newly_made,
            loaded: Mutex::new(written),
        })
    }

    /// What a TLS acceptor needs. It stays valid: a reload changes what it answers.
    #[must_use]
    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    /// Reads all files again and serves the new certificates from the next connection on.
    ///
    /// # Errors
    /// As [`ServerCertificates::load`]; the certificates in use stay in use.
    pub fn reload(&self) -> Result<(), TlsError> {
        let settings = lock(&self.settings).clone();
        *lock(&self.loaded) = written(&watched_files(&settings));
        let (set, _) = load_set(&settings)?;
        self.current.0.store(Arc::new(set));
        Ok(())
    }

    /// As [`ServerCertificates::reload`], from the files that `settings` names. The protocol
    /// versions stay as they were at the start.
    ///
    /// # Errors
    /// As [`ServerCertificates::load`]; the certificates in use stay in use.
    pub fn reload_from(&self, settings: &ServerTls) -> Result<(), TlsError> {
        *lock(&self.settings) = settings.clone();
        self.reload()
    }

    /// Reloads when a watched file was written since it was loaded last; whether it was.
    ///
    /// # Errors
    /// As [`ServerCertificates::reload`]; the same files are not tried again until they change.
    pub fn reload_if_changed(&self) -> Result<bool, TlsError> {
        let now = written(&watched_files(&lock(&self.settings)));
        if *lock(&self.loaded) == now {
            return Ok(false);
        }
        self.reload().map(|()| true)
    }

    /// The files whose change calls for [`ServerCertificates::reload`].
    #[must_use]
    pub fn watched_files(&self) -> Vec<PathBuf> {
        watched_files(&lock(&self.settings))
    }

    /// The file of the self-signed certificate, when [`ServerCertificates::load`] has just made
    /// it; so that the caller can tell the operator.
    #[must_use]
    pub fn newly_made(&self) -> Option<&PathBuf> {
        self.newly_made.as_ref()
    }
}

fn watched_files(settings: &ServerTls) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = settings.certificates.iter().flat_map(KeyFiles::paths).collect();
    files.sort();
    files.dedup();
    files
}

/// When each of some files was written, and how long it is.
pub(crate) fn written(files: &[PathBuf]) -> Vec<Written> {
    let seen = |file: &PathBuf| {
        let metadata = std::fs::metadata(file).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    };
    files.iter().map(seen).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The set in use; rustls asks it at each handshake.
#[derive(Debug)]
struct Current(ArcSwap<CertificateSet>);

impl ResolvesServerCert for Current {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load().choose(hello.server_name(), hello.signature_schemes()))
    }
}

/// The one provider of the gateway's TLS.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: std::sync::LazyLock<Arc<CryptoProvider>> =
        std::sync::LazyLock::new(|| Arc::new(aws_lc_rs::default_provider()));
    Arc::clone(&PROVIDER)
}

/// The protocol versions to offer.
pub(crate) fn versions(tls12: bool) -> &'static [&'static SupportedProtocolVersion] {
    if tls12 { WITH_TLS12 } else { TLS13_ONLY }
}

fn server_config(settings: &ServerTls, current: Arc<Current>) -> Result<ServerConfig, TlsError> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(versions(settings.tls12))?
        .with_no_client_auth()
        .with_cert_resolver(current);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.ticketer = aws_lc_rs::Ticketer::new()?;
    config.session_storage = ServerSessionMemoryCache::new(REMEMBERED_SESSIONS);
    Ok(config)
}

fn load_set(settings: &ServerTls) -> Result<(CertificateSet, Option<PathBuf>), TlsError> {
    let now = Clock::system().unix_seconds();
    if settings.certificates.is_empty() {
        let (key, made) = self_signed::find_or_make(&settings.self_signed_dir, now)?;
        return Ok((CertificateSet::new(Arc::new(key), Vec::new()), made));
    }
    let mut keys = Vec::new();
    for certificate in &settings.certificates {
        keys.push(Arc::new(load::load(certificate, now)?));
    }
    let default = Arc::clone(keys.first().expect("the list was found not to be empty"));
    Ok((CertificateSet::new(default, keys), None))
}
