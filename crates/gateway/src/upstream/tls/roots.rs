//! The roots of trust, from the system, PEM files and PKCS#12 stores.

use std::path::{Path, PathBuf};

use p12_keystore::{KeyStore, KeyStoreEntry, Pkcs12ImportPolicy};
use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::TrustError;
use crate::config::{ProfileRoots, RootStore, UpstreamTls};

/// Whom the gateway trusts wherever no profile says something else.
pub(super) fn general(settings: &UpstreamTls) -> Result<RootCertStore, TrustError> {
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
    Ok(roots)
}

/// Whom a profile trusts; `None` where it is whoever is trusted elsewhere.
pub(super) fn of_profile(settings: &ProfileRoots) -> Result<Option<RootCertStore>, TrustError> {
    let mut roots = RootCertStore::empty();
    match settings {
        ProfileRoots::General => return Ok(None),
        ProfileRoots::Nobody => {}
        ProfileRoots::Pem(file) => add_file(&mut roots, file)?,
        ProfileRoots::Pkcs12(store) => add_store(&mut roots, store)?,
    }
    Ok(Some(roots))
}

/// The files of roots that are named.
pub(super) fn files(settings: &UpstreamTls) -> Vec<PathBuf> {
    let stores = settings.root_stores.iter().map(|store| store.file.clone());
    settings.extra_roots.iter().cloned().chain(stores).collect()
}

/// The file of a profile's roots.
pub(super) fn file_of_profile(settings: &ProfileRoots) -> Option<PathBuf> {
    match settings {
        ProfileRoots::General | ProfileRoots::Nobody => None,
        ProfileRoots::Pem(file) | ProfileRoots::Pkcs12(RootStore { file, .. }) => {
            Some(file.clone())
        }
    }
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
