//! Certificates, trusted roots, protocol versions and host name checks.
//!
//! Nothing is opened here: files are read when the gateway starts and on reload.

use std::path::{Path, PathBuf};

use settings::{Section, Settings};

use super::values::{bool_or, choice, text, text_or, texts_or};
use crate::config::{
    HostnameVerifier, RootStore, Secret, ServerCertificate, ServerTls, UpstreamTls,
};

/// WSO2's password of its stores.
const STORE_PASSWORD: &str = "wso2carbon";

/// What a store file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Store {
    Pkcs12,
    Pem,
    Jks,
}

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
    let mut tls = UpstreamTls {
        hostname_verifier: hostname_verifier(&parameters),
        extra_roots: texts_or(&weir, "roots", &[]).iter().map(|file| stores.join(file)).collect(),
        root_stores: Vec::new(),
        system_roots: bool_or(&weir, "system_roots", true),
        tls12: tls12(&parameters),
    };
    trust_store(settings, &stores, &mut tls);
    tls
}

/// Where WSO2 keeps key stores.
pub(super) fn security(home: &Path) -> PathBuf {
    home.join("repository/resources/security")
}

fn pem_certificates(settings: &Settings, stores: &Path) -> Vec<ServerCertificate> {
    let section = settings.section("weir.tls");
    let tables = section.tables("certificate");
    if tables.is_empty() {
        return pem_certificate(&section, stores).into_iter().collect();
    }
    tables.iter().filter_map(|table| pem_certificate(table, stores)).collect()
}

fn pem_certificate(section: &Section<'_>, stores: &Path) -> Option<ServerCertificate> {
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
    Some(ServerCertificate::Pem { certificate: stores.join(certificate), key: stores.join(key) })
}

fn key_store_section(settings: &Settings) -> Section<'_> {
    let section = settings.section("keystore.tls");
    for name in ["file_name", "type", "password", "key_password", "alias"] {
        let _set = section.has(name);
    }
    section
}

fn key_store(settings: &Settings, stores: &Path) -> Option<ServerCertificate> {
    let section = key_store_section(settings);
    let file = text(&section, "file_name")?;
    match store_type(&section, &file) {
        Store::Pkcs12 => Some(ServerCertificate::Pkcs12 {
            file: stores.join(file),
            password: Secret(text_or(&section, "password", STORE_PASSWORD)),
            alias: text(&section, "alias"),
        }),
        Store::Pem => {
            let path = stores.join(file);
            Some(ServerCertificate::Pem { certificate: path.clone(), key: path })
        }
        Store::Jks => {
            jks(&section, &file, "the self-signed certificate is used instead");
            None
        }
    }
}

fn trust_store(settings: &Settings, stores: &Path, tls: &mut UpstreamTls) {
    let section = settings.section("truststore");
    for name in ["type", "password", "algorithm"] {
        let _set = section.has(name);
    }
    let Some(file) = text(&section, "file_name") else { return };
    match store_type(&section, &file) {
        Store::Pkcs12 => {
            let password = Secret(text_or(&section, "password", STORE_PASSWORD));
            tls.root_stores.push(RootStore { file: stores.join(file), password });
        }
        Store::Pem => tls.extra_roots.push(stores.join(file)),
        Store::Jks => jks(&section, &file, "its roots are not trusted"),
    }
}

/// What a store is: as its `type` says, else as its name ends.
fn store_type(section: &Section<'_>, file: &str) -> Store {
    let by_name = match Path::new(file).extension().and_then(|ending| ending.to_str()) {
        Some("p12" | "pfx" | "pkcs12") => "PKCS12",
        Some("pem" | "crt" | "cer") => "PEM",
        _ => "JKS",
    };
    let kinds = [("PKCS12", Store::Pkcs12), ("PEM", Store::Pem), ("JKS", Store::Jks)];
    choice(section, "type", by_name, &kinds).unwrap_or(Store::Jks)
}

fn jks(section: &Section<'_>, file: &str, consequence: &str) {
    let message = format!("{file} is a JKS store, which only Java reads; {consequence}.");
    let target = Path::new(file).with_extension("p12");
    let help = format!(
        "Convert it with `keytool -importkeystore -srckeystore {file} -destkeystore {} \
         -deststoretype PKCS12`, then set file_name and type = \"PKCS12\".",
        target.display()
    );
    section.warning("CF026", "file_name", message, &help);
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

/// Whether TLS 1.2 is offered; 1.3 always is.
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
