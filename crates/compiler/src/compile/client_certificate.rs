//! `x-weir.clientCertificate`: who the gateway is to an endpoint that wants to know it by TLS.
//!
//! Files are those of the project. Deliberately absent: whether certificate and key belong
//! together, and the check of validity; the one needs cryptography, the other a clock, and both
//! belong to the gateway.

use model::cursor::Cursor;
use model::secret::{Reference, Secret};
use model::{Diagnostics, codes};
use p12_keystore::error::Error as StoreError;
use p12_keystore::{KeyStore, KeyStoreEntry, Pkcs12ImportPolicy};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::credentials;
use super::group::settings::{Settings, check_keys, is_off};
use crate::plan::{ClientCertificate, ClientIdentity, PrivateKey};

/// The key below `x-weir`.
pub(super) const KEY: &str = "clientCertificate";
const KEYS: &[&str] = &["certificate", "key", "keyStore", "password"];

const CODE: &str = codes::CLIENT_CERTIFICATE;
/// The first bytes of a Java key store in its own format.
const JKS_MAGIC: [u8; 4] = [0xFE, 0xED, 0xFE, 0xED];
const WANT: &str = "Write `certificate` and `key`, or `keyStore` and `password`.";

/// Reads what the nearest place says.
pub(super) fn plan(settings: &Settings<'_>, found: &mut Diagnostics) -> Option<ClientIdentity> {
    let at = settings.client_certificate()?;
    if is_off(&at) {
        return Some(ClientIdentity::Nobody);
    }
    if !at.value().is_object() {
        found.error(CODE, at.place(), "`clientCertificate` is no mapping", WANT);
        return None;
    }
    check_keys(&at, &[KEYS], found);
    let reader = Reader { at, settings };
    let is_store = !reader.at.get("keyStore").is_absent();
    let certificate = if is_store { reader.store(found) } else { reader.pem(found) };
    certificate.map(|certificate| ClientIdentity::Own(Box::new(certificate)))
}

struct Reader<'a> {
    at: Cursor<'a>,
    settings: &'a Settings<'a>,
}

impl Reader<'_> {
    fn pem(&self, found: &mut Diagnostics) -> Option<ClientCertificate> {
        for at in ["password"].map(|key| self.at.get(key)).iter().filter(|at| !at.is_absent()) {
            let message = "`password` has no effect without `keyStore`";
            found.warning(codes::NO_EFFECT, at.place(), message, "Remove it.");
        }
        let certificate = self.file("certificate", found);
        let key = self.key(found);
        let (file, content) = certificate?;
        let blocks = CertificateDer::pem_slice_iter(&content).collect::<Result<Vec<_>, _>>();
        let chain: Vec<_> = blocks.unwrap_or_default().iter().map(|der| der.to_vec()).collect();
        let at = self.at.get("certificate");
        if chain.is_empty() {
            let message = format!("`{file}` holds no certificate in PEM, or a broken one");
            let help = "Give BEGIN CERTIFICATE blocks, the one that the key belongs to first.";
            found.error(CODE, at.place(), message, help);
            return None;
        }
        let (key, place) = (PrivateKey::new(key?), at.place());
        Some(ClientCertificate { file, place, chain, key })
    }

    /// The key: a file of the project, or the text of a secret that is somewhere else.
    fn key(&self, found: &mut Diagnostics) -> Option<PrivateKeyDer<'static>> {
        let at = self.at.get("key");
        let written = at.word(found);
        let is_elsewhere = written.as_deref().is_some_and(|text| Reference::parse(text).is_some());
        let (name, content) = if let Some(text) = written.filter(|_| is_elsewhere) {
            let secret = Secret::new(text);
            let secret = credentials::follow(self.settings, &secret, at.place(), found)?;
            ("the secret".to_owned(), secret.expose().as_bytes().to_vec())
        } else {
            let (file, content) = self.file("key", found)?;
            (format!("`{file}`"), content)
        };
        let Ok(key) = PrivateKeyDer::from_pem_slice(&content) else {
            let text = String::from_utf8_lossy(&content);
            let is_encrypted =
                text.contains("ENCRYPTED PRIVATE KEY") || text.contains("ENCRYPTED\n");
            let (message, help) = if is_encrypted {
                let message = format!("the private key in {name} is protected by a password");
                (message, "Use a `keyStore` with a `password`, or an unprotected key.")
            } else {
                let message = format!("{name} holds no private key in PEM");
                (message, "Give the private key in PEM: PKCS#8, PKCS#1 or SEC1.")
            };
            found.error(CODE, at.place(), message, help);
            return None;
        };
        Some(key)
    }

    fn store(&self, found: &mut Diagnostics) -> Option<ClientCertificate> {
        for at in ["certificate", "key"].map(|key| self.at.get(key)) {
            if !at.is_absent() {
                let message = "`keyStore` holds certificate and key, so that nothing else may";
                found.error(CODE, at.place(), message, WANT);
            }
        }
        let file = self.file("keyStore", found);
        let password = self.password(found);
        let ((file, content), password) = (file?, password?);
        let at = self.at.get("keyStore");
        match open(&content, &password) {
            Ok((chain, key)) => Some(ClientCertificate { file, place: at.place(), chain, key }),
            Err((problem, help)) => {
                let is_password = problem == WRONG_PASSWORD;
                let at = if is_password { self.at.get("password") } else { at };
                found.error(CODE, at.place(), format!("`{file}`: {problem}"), help);
                None
            }
        }
    }

    fn password(&self, found: &mut Diagnostics) -> Option<Secret> {
        let at = self.at.get("password");
        let Some(text) = at.text(found) else {
            found.error(CODE, at.place(), "the `password` of the key store is missing", WANT);
            return None;
        };
        credentials::follow(self.settings, &Secret::new(text), at.place(), found)
    }

    /// The name and the content of a file of the project.
    fn file(&self, key: &str, found: &mut Diagnostics) -> Option<(String, Vec<u8>)> {
        let at = self.at.get(key);
        let Some(name) = at.word(found) else {
            found.error(CODE, at.place(), format!("`{key}` is missing"), WANT);
            return None;
        };
        let name = name.strip_prefix("./").unwrap_or(&name);
        let files = self.settings.stage().map(|stage| stage.files);
        let Some(content) = files.and_then(|files| files.get(name)) else {
            let message = format!("the project has no file `{name}`");
            let help =
                "Name a file of the project, relative to its root and with `/` between folders.";
            found.error(CODE, at.place(), message, help);
            return None;
        };
        Some((name.to_owned(), content.to_vec()))
    }
}

const WRONG_PASSWORD: &str = "the password does not open the key store";

type Opened = (Vec<Vec<u8>>, PrivateKey);

/// The first entry of a PKCS#12 store that has a key.
fn open(content: &[u8], password: &Secret) -> Result<Opened, (String, &'static str)> {
    if content.starts_with(&JKS_MAGIC) {
        let help = "Convert it: keytool -importkeystore -srckeystore old.jks -destkeystore new.p12 \
                    -deststoretype PKCS12";
        return Err(("it is a JKS store, which only Java reads".to_owned(), help));
    }
    let read = KeyStore::from_pkcs12(content, password.expose(), Pkcs12ImportPolicy::Relaxed);
    let store = read.map_err(|error| match error {
        StoreError::MacError(_) | StoreError::UnpadError => {
            (WRONG_PASSWORD.to_owned(), "Write the password that the store was written with.")
        }
        error => {
            let problem = format!("it is no PKCS#12 store that can be read ({error})");
            (problem, "Check it with `openssl pkcs12 -info -in FILE`.")
        }
    })?;
    let entry = store.entries().find_map(|(_, entry)| match entry {
        KeyStoreEntry::PrivateKeyChain(chain) => Some(chain),
        _ => None,
    });
    let entry = entry.filter(|entry| !entry.certs().is_empty()).ok_or_else(|| {
        let help = "Store the certificate chain together with its key.";
        ("it holds no private key with a certificate".to_owned(), help)
    })?;
    let chain = entry.certs().iter().map(|certificate| certificate.as_der().to_vec()).collect();
    let key = PrivatePkcs8KeyDer::from(entry.key().as_der().to_vec());
    Ok((chain, PrivateKey::new(key.into())))
}
