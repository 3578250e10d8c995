//! Certificates, trusted roots, protocol versions and host name checks.
//!
//! Nothing is opened here: files are read when the gateway starts and on reload.

use std::path::{Path, PathBuf};

use rustls::{CipherSuite, SupportedCipherSuite};
use settings::{Section, Settings};

use super::client_tls;
use super::values::{bool_or, choice, text, text_or, texts_or};
use crate::config::{
    HostnameVerifier, KeyFiles, RootStore, STORE_PASSWORD, Secret, ServerTls, StoreKind,
    UpstreamTls,
};
use crate::listener::tls::provider;

/// TLS towards clients.
pub(super) fn server(settings: &Settings, home: &Path) -> ServerTls {
    let stores = security(home);
    let mut certificates = pem_certificates(settings, &stores);
    if certificates.is_empty() {
        certificates.extend(key_store(settings, &stores));
    } else {
        // Asked for, so that the table is not reported as unknown.
        let _asked = key_store_section(settings);
    }
    let parameters = settings.section("transport.passthru_https.listener.parameters");
    ServerTls { certificates, self_signed_dir: home.join("data"), tls12: tls12(&parameters) }
}

/// TLS towards upstreams.
pub(super) fn upstream(settings: &Settings, home: &Path) -> UpstreamTls {
    let stores = security(home);
    let parameters = settings.section("transport.passthru_https.sender.parameters");
    let weir = settings.section("weir.tls");
    let (tls12, tls13) = versions(&parameters);
    let mut tls = UpstreamTls {
        hostname_verifier: hostname_verifier(&parameters),
        extra_roots: texts_or(&weir, "roots", &[]).iter().map(|file| stores.join(file)).collect(),
        system_roots: bool_or(&weir, "system_roots", true),
        tls12,
        tls13,
        ciphers: ciphers(&parameters, (tls12, tls13)),
        ..UpstreamTls::default()
    };
    let is_replaced = client_tls::read(settings, home, &mut tls);
    trust_store(settings, &stores, &mut tls, is_replaced);
    tls
}

/// Where WSO2 keeps key stores.
pub(super) fn security(home: &Path) -> PathBuf {
    home.join("repository/resources/security")
}

fn pem_certificates(settings: &Settings, stores: &Path) -> Vec<KeyFiles> {
    let section = settings.section("weir.tls");
    let tables = section.tables("certificate");
    if tables.is_empty() {
        return pem_certificate(&section, stores).into_iter().collect();
    }
    tables.iter().filter_map(|table| pem_certificate(table, stores)).collect()
}

fn pem_certificate(section: &Section<'_>, stores: &Path) -> Option<KeyFiles> {
    let certificate = text(section, "certificate");
    let key = text(section, "key");
    let Some(certificate) = certificate else {
        if key.is_some() {
            let message = "A key is given without its certificate.".to_owned();
            section.error("CF027", "key", message, "Name the PEM file with `certificate`.");
        }
        return None;
    };
    let key = key.unwrap_or_else(|| certificate.clone());
    Some(KeyFiles::Pem { certificate: stores.join(certificate), key: stores.join(key) })
}

fn key_store_section(settings: &Settings) -> Section<'_> {
    let section = settings.section("keystore.tls");
    for name in ["file_name", "type", "password", "key_password", "alias"] {
        let _set = section.has(name);
    }
    section
}

fn key_store(settings: &Settings, stores: &Path) -> Option<KeyFiles> {
    let section = key_store_section(settings);
    let file = text(&section, "file_name")?;
    match store_type(&section, &file) {
        StoreKind::Pkcs12 => Some(KeyFiles::Pkcs12 {
            file: stores.join(file),
            password: Secret(text_or(&section, "password", STORE_PASSWORD)),
            alias: text(&section, "alias"),
        }),
        StoreKind::Pem => {
            let path = stores.join(file);
            Some(KeyFiles::Pem { certificate: path.clone(), key: path })
        }
        StoreKind::Jks => {
            jks(&section, "file_name", &file, "the self-signed certificate is used instead");
            None
        }
    }
}

/// `truststore`, unless the sender has a trust store of its own.
fn trust_store(settings: &Settings, stores: &Path, tls: &mut UpstreamTls, is_replaced: bool) {
    let section = settings.section("truststore");
    for name in ["type", "password", "algorithm"] {
        let _set = section.has(name);
    }
    let file = text(&section, "file_name");
    let Some(file) = file.filter(|_| !is_replaced) else { return };
    match store_type(&section, &file) {
        StoreKind::Pkcs12 => {
            let password = Secret(text_or(&section, "password", STORE_PASSWORD));
            tls.root_stores.push(RootStore { file: stores.join(file), password });
        }
        StoreKind::Pem => tls.extra_roots.push(stores.join(file)),
        StoreKind::Jks => jks(&section, "file_name", &file, "its roots are not trusted"),
    }
}

/// What a store is: as its `type` says, else as its name ends.
fn store_type(section: &Section<'_>, file: &str) -> StoreKind {
    let by_name = StoreKind::of_name(file);
    choice(section, "type", by_name, &StoreKind::WORDS).unwrap_or(StoreKind::Jks)
}

/// Says how to convert a store that only Java reads; `key` is the one that names it.
pub(super) fn jks(section: &Section<'_>, key: &str, file: &str, consequence: &str) {
    let message = format!("{file} is a JKS store, which only Java reads; {consequence}.");
    let target = Path::new(file).with_extension("p12");
    let help = format!(
        "Convert it with `keytool -importkeystore -srckeystore {file} -destkeystore {} \
         -deststoretype PKCS12`, then set {key} and type = \"PKCS12\".",
        target.display()
    );
    section.warning("CF026", key, message, &help);
}

fn hostname_verifier(parameters: &Section<'_>) -> HostnameVerifier {
    let name = "HostnameVerifier";
    let written = parameters.text(name).unwrap_or_else(|| "DefaultAndLocalhost".to_owned());
    let (word, value) = match written.trim().to_ascii_lowercase().as_str() {
        "strict" => ("Strict", HostnameVerifier::Strict),
        "default" => ("Default", HostnameVerifier::Default),
        "defaultandlocalhost" => ("DefaultAndLocalhost", HostnameVerifier::DefaultAndLocalhost),
        "allowall" => ("AllowAll", HostnameVerifier::AllowAll),
        _ => {
            let message = format!("HostnameVerifier {written:?} is not known; Default is used.");
            let help = "Write Strict, Default, DefaultAndLocalhost or AllowAll.";
            parameters.warning("CF028", name, message, help);
            ("Default", HostnameVerifier::Default)
        }
    };
    parameters.effective(name, word);
    value
}

/// Which of TLS 1.2 and 1.3 are offered to upstreams; at least one is.
fn versions(parameters: &Section<'_>) -> (bool, bool) {
    let tls12 = tls12(parameters);
    let name = "HttpsProtocols";
    let is_named = |protocol: &String| protocol.eq_ignore_ascii_case("TLSv1.3");
    let tls13 = parameters.texts(name).is_none_or(|all| all.iter().any(is_named));
    if tls12 && !tls13 {
        parameters.effective(name, "TLSv1.2");
    }
    (tls12, tls13 || !tls12)
}

/// `PreferredCiphers`, under Java's names, which are those of IANA; empty for all.
fn ciphers(parameters: &Section<'_>, (tls12, tls13): (bool, bool)) -> Vec<CipherSuite> {
    let name = "PreferredCiphers";
    let written = texts_or(parameters, name, &[]);
    let provider = provider();
    let find = |text: &String| {
        let word = text.to_ascii_uppercase();
        let ours = word.strip_prefix("TLS_AES").map(|rest| format!("TLS13_AES{rest}"));
        let ours =
            ours.or_else(|| Some(format!("TLS13_CHACHA20{}", word.strip_prefix("TLS_CHACHA20")?)));
        let ours = ours.unwrap_or(word);
        provider.cipher_suites.iter().find(|suite| suite.suite().as_str() == Some(&*ours))
    };
    let unknown: Vec<_> = written.iter().filter(|text| find(text).is_none()).cloned().collect();
    if !unknown.is_empty() {
        let message = format!("These ciphers are not offered: {}.", unknown.join(", "));
        let help = "Leave them out; docs/configuration.md lists the ciphers that are.";
        parameters.warning("CF039", name, message, help);
    }
    let found: Vec<_> = written.iter().filter_map(find).collect();
    let is_of_use =
        |suite: &&SupportedCipherSuite| if suite.tls13().is_some() { tls13 } else { tls12 };
    if !written.is_empty() && !found.iter().any(is_of_use) {
        let message = "No cipher of the list is of use, so that all are offered.".to_owned();
        let help = "List ciphers of the protocols that HttpsProtocols names.";
        parameters.warning("CF039", name, message, help);
        return Vec::new();
    }
    found.iter().map(|suite| suite.suite()).collect()
}

/// Whether TLS 1.2 is offered; to clients, 1.3 always is.
fn tls12(parameters: &Section<'_>) -> bool {
    let name = "HttpsProtocols";
    let Some(protocols) = parameters.texts(name) else {
        parameters.effective(name, "TLSv1.3, TLSv1.2");
        return true;
    };
    let named = |wanted: &str| protocols.iter().any(|name| name.eq_ignore_ascii_case(wanted));
    let (tls12, tls13) = (named("TLSv1.2"), named("TLSv1.3"));
    if !tls12 && !tls13 {
        let message = format!("None of {} is offered; TLSv1.3 is.", protocols.join(", "));
        parameters.warning("CF029", name, message, "Write TLSv1.2 or TLSv1.3.");
    } else if protocols.len() > usize::from(tls12) + usize::from(tls13) {
        let message = "Protocols before TLS 1.2 are broken and never offered.".to_owned();
        parameters.warning("CF029", name, message, "Leave all but TLSv1.2 and TLSv1.3 out.");
    }
    parameters.effective(name, if tls12 { "TLSv1.3, TLSv1.2" } else { "TLSv1.3" });
    tls12
}
