//! Certificates and keys from PEM files and PKCS#12 key stores.

use std::path::Path;

use p12_keystore::{KeyStore, KeyStoreEntry, Pkcs12ImportPolicy, PrivateKeyChain};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::{TlsError, provider};
use crate::config::{KeyFiles, Secret};

/// The first bytes of a Java key store in its old, own format.
const JKS_MAGIC: [u8; 4] = [0xFE, 0xED, 0xFE, 0xED];

const WANT_CERTIFICATE: &str =
    "give a file with one or more BEGIN CERTIFICATE blocks, the one that the key belongs to first";
const WANT_KEY: &str = "give the unencrypted private key in PEM (PKCS#8, PKCS#1 or SEC1), for instance from `openssl pkey -in old.key -out new.key`";
const CONVERT_STORE: &str = "convert it: keytool -importkeystore -srckeystore old.jks -destkeystore new.p12 -deststoretype pkcs12";

/// Loads one configured certificate. One that has expired is served all the same, with a warning.
pub(crate) fn load(certificate: &KeyFiles, now: i64) -> Result<CertifiedKey, TlsError> {
    let (file, key) = match certificate {
        KeyFiles::Pem { certificate, key } => (certificate, load_pem(certificate, key)?),
        KeyFiles::Pkcs12 { file, password, alias } => {
            (file, load_pkcs12(file, password, alias.as_deref())?)
        }
    };
    if expires_at(&key).is_some_and(|end| end < now) {
        tracing::warn!(file = %file.display(), "A configured certificate has expired.");
    }
    Ok(key)
}

/// Loads a chain and its key from two PEM files, or from one that holds both.
pub(super) fn load_pem(certificate: &Path, key: &Path) -> Result<CertifiedKey, TlsError> {
    let chain = read_chain(certificate)?;
    let key_der = read_key(key)?;
    join(certificate, key, chain, key_der)
}

/// The names that a leaf is for, in lower case: the DNS names of its subject alternative names,
/// or its common name where it has none.
pub(super) fn names_of(leaf: &[u8]) -> Vec<String> {
    let Ok((_, parsed)) = X509Certificate::from_der(leaf) else { return Vec::new() };
    let mut names = Vec::new();
    if let Ok(Some(alternatives)) = parsed.subject_alternative_name() {
        for name in &alternatives.value.general_names {
            if let GeneralName::DNSName(name) = name {
                names.push(name.to_ascii_lowercase());
            }
        }
        return names;
    }
    let common = parsed.subject().iter_common_name().filter_map(|name| name.as_str().ok());
    names.extend(common.map(str::to_ascii_lowercase));
    names
}

/// When the leaf expires, in seconds since 1970.
pub(super) fn expires_at(key: &CertifiedKey) -> Option<i64> {
    let (_, parsed) = X509Certificate::from_der(key.cert.first()?).ok()?;
    Some(parsed.validity().not_after.timestamp())
}

fn read(file: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(file).map_err(|source| TlsError::Read { file: file.to_owned(), source })
}

fn read_chain(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(file)?).collect();
    let chain = chain.map_err(|error| {
        TlsError::content(file, format!("the PEM is broken ({error})"), WANT_CERTIFICATE)
    })?;
    let Some(leaf) = chain.first() else {
        return Err(TlsError::content(file, "holds no certificate in PEM", WANT_CERTIFICATE));
    };
    if let Err(error) = X509Certificate::from_der(leaf) {
        let problem = format!("the first certificate cannot be read ({error})");
        return Err(TlsError::content(file, problem, WANT_CERTIFICATE));
    }
    Ok(chain)
}

fn read_key(file: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let bytes = read(file)?;
    PrivateKeyDer::from_pem_slice(&bytes).map_err(|_| {
        let text = String::from_utf8_lossy(&bytes);
        let encrypted =
            text.contains("ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED");
        let problem = if encrypted {
            "the private key is protected by a password"
        } else {
            "holds no private key in PEM"
        };
        TlsError::content(file, problem, WANT_KEY)
    })
}

fn join(
    certificate: &Path,
    key: &Path,
    chain: Vec<CertificateDer<'static>>,
    key_der: PrivateKeyDer<'static>,
) -> Result<CertifiedKey, TlsError> {
    CertifiedKey::from_der(chain, key_der, &provider()).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => TlsError::content(
            key,
            format!("the private key does not belong to the certificate in {}", certificate.display()),
            "give the key that the certificate was requested with; in a chain the certificate that the key belongs to comes first",
        ),
        error => TlsError::content(
            key,
            format!("the private key cannot be used ({error})"),
            "use an RSA key of 2048 bits or more, an ECDSA key on P-256, P-384 or P-521, or an Ed25519 key",
        ),
    })
}

fn load_pkcs12(
    file: &Path,
    password: &Secret,
    alias: Option<&str>,
) -> Result<CertifiedKey, TlsError> {
    let bytes = read(file)?;
    if bytes.starts_with(&JKS_MAGIC) {
        return Err(TlsError::content(file, "is a key store of type JKS", CONVERT_STORE));
    }
    let store = KeyStore::from_pkcs12(&bytes, &password.0, Pkcs12ImportPolicy::Relaxed)
        .map_err(|error| unreadable_store(file, &error))?;
    let chain = find_entry(file, &store, alias)?;
    let certificates: Vec<_> =
        chain.certs().iter().map(|c| CertificateDer::from(c.as_der().to_vec())).collect();
    if certificates.is_empty() {
        let problem = "the entry has a key and no certificate";
        return Err(TlsError::content(file, problem, "store the certificate chain with the key"));
    }
    let key = PrivatePkcs8KeyDer::from(chain.key().as_der().to_vec());
    join(file, file, certificates, key.into())
}

fn unreadable_store(file: &Path, error: &p12_keystore::error::Error) -> TlsError {
    let wrong_password = matches!(
        error,
        p12_keystore::error::Error::MacError(_) | p12_keystore::error::Error::UnpadError
    );
    if wrong_password {
        let problem = "the password does not open the key store";
        return TlsError::content(
            file,
            problem,
            "set the password that the store was written with",
        );
    }
    let problem = format!("is not a PKCS#12 key store that can be read ({error})");
    TlsError::content(file, problem, "check it with `openssl pkcs12 -info -in FILE`")
}

/// The entry named `alias`, upper and lower case being the same as in Java, or the first one with
/// a key.
fn find_entry<'a>(
    file: &Path,
    store: &'a KeyStore,
    alias: Option<&str>,
) -> Result<&'a PrivateKeyChain, TlsError> {
    let with_keys: Vec<_> = store
        .entries()
        .filter_map(|(name, entry)| match entry {
            KeyStoreEntry::PrivateKeyChain(chain) => Some((name.as_str(), chain)),
            _ => None,
        })
        .collect();
    let fits = |name: &str| alias.is_none_or(|alias| name.eq_ignore_ascii_case(alias));
    if let Some((_, chain)) = with_keys.iter().find(|(name, _)| fits(name)) {
        return Ok(chain);
    }
    let names: Vec<_> = with_keys.iter().map(|(name, _)| *name).collect();
    let problem = match alias {
        Some(alias) => {
            format!("has no key under the alias {alias:?}; it has: {}", names.join(", "))
        }
        None => "holds no private key".to_owned(),
    };
    Err(TlsError::content(
        file,
        problem,
        "name an alias that `keytool -list` shows as PrivateKeyEntry",
    ))
}
