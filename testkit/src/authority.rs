//! Certificates, made on the spot.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

/// A certificate authority that nobody trusts until told to.
pub struct Ca {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl std::fmt::Debug for Ca {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ca").finish_non_exhaustive()
    }
}

/// A certificate with its key.
#[derive(Debug, Clone)]
pub struct Leaf {
    /// The certificate.
    pub cert_pem: String,
    /// The private key (PKCS#8).
    pub key_pem: String,
    /// The certificate.
    pub cert_der: Vec<u8>,
    /// The private key (PKCS#8).
    pub key_der: Vec<u8>,
}

impl Ca {
    /// A fresh authority (ECDSA P-256).
    ///
    /// # Panics
    /// When no key can be made.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "every authority is another one")]
    pub fn new() -> Self {
        Self::named("Weir test authority")
    }

    /// A fresh authority with a name of its own.
    ///
    /// # Panics
    /// When no key can be made.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters without names");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("a key");
        Self { issuer: CertifiedIssuer::self_signed(params, key).expect("a certificate") }
    }

    /// A certificate for these names and addresses, good for servers and clients.
    ///
    /// # Panics
    /// When a name cannot stand in a certificate.
    #[must_use]
    pub fn leaf(&self, names: &[&str]) -> Leaf {
        self.leaf_valid(names, 2020, 2099)
    }

    /// A certificate that expired long ago.
    #[must_use]
    pub fn expired(&self, names: &[&str]) -> Leaf {
        self.leaf_valid(names, 2020, 2021)
    }

    /// A certificate that is valid from the start of one year to the start of another.
    ///
    /// # Panics
    /// When a name cannot stand in a certificate.
    #[must_use]
    pub fn leaf_valid(&self, names: &[&str], from_year: i32, to_year: i32) -> Leaf {
        let common = names.first().copied().unwrap_or_default();
        self.issue(common, names, from_year, to_year)
    }

    /// A certificate that has its name in the subject alone, as was usual long ago.
    #[must_use]
    pub fn without_alternatives(&self, common: &str) -> Leaf {
        self.issue(common, &[], 2020, 2099)
    }

    fn issue(&self, common: &str, names: &[&str], from_year: i32, to_year: i32) -> Leaf {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("names for a certificate");
        params.distinguished_name.push(DnType::CommonName, common);
        params.not_before = rcgen::date_time_ymd(from_year, 1, 1);
        params.not_after = rcgen::date_time_ymd(to_year, 1, 1);
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().expect("a key");
        let cert = params.signed_by(&key, &self.issuer).expect("a certificate");
        Leaf {
            cert_pem: cert.pem(),
            key_pem: key.serialize_pem(),
            cert_der: cert.der().to_vec(),
            key_der: key.serialize_der(),
        }
    }

    /// The authority's own certificate.
    #[must_use]
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// The authority's own certificate.
    #[must_use]
    pub fn der(&self) -> Vec<u8> {
        self.issuer.der().to_vec()
    }

    /// A store that trusts this authority only.
    ///
    /// # Panics
    /// Never: the certificate was made here.
    #[must_use]
    pub fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).expect("a certificate of our own making");
        roots
    }

    /// For a server that shows `leaf` and offers these protocols (`h2`, `http/1.1`) by ALPN.
    ///
    /// # Panics
    /// When `leaf` is broken.
    #[must_use]
    pub fn server_config(&self, leaf: &Leaf, alpn: &[&str]) -> Arc<ServerConfig> {
        let config = server().with_no_client_auth();
        let mut config =
            config.with_single_cert(leaf.chain(), leaf.private_key()).expect("a usable leaf");
        config.alpn_protocols = protocols(alpn);
        Arc::new(config)
    }

    /// As [`Ca::server_config`], for a server that insists on a client's certificate of this
    /// authority.
    ///
    /// # Panics
    /// When `leaf` is broken.
    #[must_use]
    pub fn mutual_server_config(&self, leaf: &Leaf, alpn: &[&str]) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(self.roots()), provider)
                .build()
                .expect("one root");
        let config = server().with_client_cert_verifier(verifier);
        let mut config =
            config.with_single_cert(leaf.chain(), leaf.private_key()).expect("a usable leaf");
        config.alpn_protocols = protocols(alpn);
        Arc::new(config)
    }

    /// For a client that trusts this authority only.
    #[must_use]
    pub fn client_config(&self, alpn: &[&str]) -> Arc<ClientConfig> {
        let mut config = client().with_root_certificates(self.roots()).with_no_client_auth();
        config.alpn_protocols = protocols(alpn);
        Arc::new(config)
    }

    /// For a client that trusts this authority only and shows `leaf`.
    ///
    /// # Panics
    /// When `leaf` is broken.
    #[must_use]
    pub fn mutual_client_config(&self, leaf: &Leaf, alpn: &[&str]) -> Arc<ClientConfig> {
        let config = client().with_root_certificates(self.roots());
        let mut config =
            config.with_client_auth_cert(leaf.chain(), leaf.private_key()).expect("a usable leaf");
        config.alpn_protocols = protocols(alpn);
        Arc::new(config)
    }

    /// Writes `ca.pem` into `dir` and gives its path.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, dir: &Path) -> PathBuf {
        write(dir, "ca.pem", &self.pem())
    }
}

impl Leaf {
    /// The chain, for rustls.
    #[must_use]
    pub fn chain(&self) -> Vec<CertificateDer<'static>> {
        vec![CertificateDer::from(self.cert_der.clone())]
    }

    /// The key, for rustls.
    #[must_use]
    pub fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key_der.clone()).into()
    }

    /// Writes `{name}.pem` and `{name}.key` into `dir` and gives their paths.
    ///
    /// # Panics
    /// When they cannot be written.
    pub fn write(&self, dir: &Path, name: &str) -> (PathBuf, PathBuf) {
        let cert = write(dir, &format!("{name}.pem"), &self.cert_pem);
        (cert, write(dir, &format!("{name}.key"), &self.key_pem))
    }
}

fn server() -> rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("TLS 1.2 and 1.3 with aws-lc-rs")
}

fn client() -> rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("TLS 1.2 and 1.3 with aws-lc-rs")
}

fn protocols(alpn: &[&str]) -> Vec<Vec<u8>> {
    alpn.iter().map(|name| name.as_bytes().to_vec()).collect()
}

fn write(dir: &Path, name: &str, text: &str) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, text).expect("a folder that can be written to");
    path
}
