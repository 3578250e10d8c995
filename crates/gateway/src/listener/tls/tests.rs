#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::io::{Read as _, Write as _};
use std::path::Path;

use rcgen::{CertificateParams, KeyPair};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, ServerConnection, SignatureScheme,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tempfile::TempDir;

use super::*;
use crate::config::Secret;

/// Takes any certificate, so that a test can look at what was shown.
#[derive(Debug)]
struct Anything;

impl ServerCertVerifier for Anything {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = provider().signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, &algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = provider().signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}

fn client_config(tls12_only: bool) -> Arc<ClientConfig> {
    let versions: &[&SupportedProtocolVersion] =
        if tls12_only { &[&rustls::version::TLS12] } else { WITH_TLS12 };
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(versions)
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anything))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Arc::new(config)
}

fn shake(
    server: &ServerCertificates,
    client: &Arc<ClientConfig>,
    name: &str,
) -> Result<(ClientConnection, ServerConnection), rustls::Error> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut client = ClientConnection::new(Arc::clone(client), name)?;
    let mut server = ServerConnection::new(server.config())?;
    for _ in 0..6 {
        let mut wire = Vec::new();
        client.write_tls(&mut wire).unwrap();
        server.read_tls(&mut wire.as_slice()).unwrap();
        server.process_new_packets()?;
        wire.clear();
        server.write_tls(&mut wire).unwrap();
        client.read_tls(&mut wire.as_slice()).unwrap();
        client.process_new_packets()?;
    }
    assert!(!client.is_handshaking() && !server.is_handshaking());
    Ok((client, server))
}

/// The leaf that a client which asks for `name` is shown.
fn shown(server: &ServerCertificates, name: &str) -> Vec<u8> {
    let (client, _) = shake(server, &client_config(false), name).unwrap();
    client.peer_certificates().unwrap()[0].to_vec()
}

struct Made {
    der: Vec<u8>,
    entry: KeyFiles,
}

fn make(dir: &Path, file: &str, names: &[&str]) -> Made {
    let key = KeyPair::generate().unwrap();
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let certificate = CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
    let entry = KeyFiles::Pem {
        certificate: dir.join(format!("{file}.crt")),
        key: dir.join(format!("{file}.key")),
    };
    std::fs::write(dir.join(format!("{file}.crt")), certificate.pem()).unwrap();
    std::fs::write(dir.join(format!("{file}.key")), key.serialize_pem()).unwrap();
    Made { der: certificate.der().to_vec(), entry }
}

fn settings(dir: &TempDir, certificates: Vec<KeyFiles>) -> ServerTls {
    ServerTls { certificates, self_signed_dir: dir.path().join("data"), tls12: true }
}

fn pem(dir: &TempDir, certificate: &str, key: &str) -> KeyFiles {
    KeyFiles::Pem { certificate: dir.path().join(certificate), key: dir.path().join(key) }
}

#[test]
fn the_name_chooses_the_certificate() {
    let dir = TempDir::new().unwrap();
    let first = make(dir.path(), "first", &["first.test"]);
    let exact = make(dir.path(), "exact", &["api.example.test", "127.0.0.1"]);
    let wild = make(dir.path(), "wild", &["*.example.test"]);
    let server =
        ServerCertificates::load(&settings(&dir, vec![first.entry, exact.entry, wild.entry]))
            .unwrap();
    for (name, want) in [
        ("first.test", &first.der),
        ("api.example.test", &exact.der),
        ("API.Example.Test", &exact.der),
        ("other.example.test", &wild.der),
        ("a.b.example.test", &first.der),
        ("example.test", &first.der),
        ("unknown.test", &first.der),
        ("127.0.0.1", &first.der),
    ] {
        assert_eq!(&shown(&server, name), want, "{name}");
    }
}

#[test]
fn a_common_name_counts_only_without_alternative_names() {
    let dir = TempDir::new().unwrap();
    let first = make(dir.path(), "first", &["first.test"]);
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, "Legacy.test");
    let legacy = params.self_signed(&key).unwrap();
    std::fs::write(dir.path().join("l.crt"), legacy.pem()).unwrap();
    std::fs::write(dir.path().join("l.key"), key.serialize_pem()).unwrap();
    let entries = vec![first.entry, pem(&dir, "l.crt", "l.key")];
    let server = ServerCertificates::load(&settings(&dir, entries)).unwrap();
    assert_eq!(shown(&server, "legacy.test"), legacy.der().to_vec());
}

#[test]
fn http2_is_offered_and_tls12_can_be_switched_off() {
    let dir = TempDir::new().unwrap();
    let mut settings = settings(&dir, Vec::new());
    let server = ServerCertificates::load(&settings).unwrap();
    let (client, _) = shake(&server, &client_config(false), "localhost").unwrap();
    assert_eq!(client.alpn_protocol(), Some(&b"h2"[..]));
    assert_eq!(client.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_3));
    let (client, _) = shake(&server, &client_config(true), "localhost").unwrap();
    assert_eq!(client.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_2));

    settings.tls12 = false;
    let server = ServerCertificates::load(&settings).unwrap();
    assert!(shake(&server, &client_config(true), "localhost").is_err());
}

#[test]
fn a_second_connection_resumes_the_session() {
    let dir = TempDir::new().unwrap();
    let server = ServerCertificates::load(&settings(&dir, Vec::new())).unwrap();
    for tls12_only in [false, true] {
        let config = client_config(tls12_only);
        let (first, _) = shake(&server, &config, "localhost").unwrap();
        let (second, _) = shake(&server, &config, "localhost").unwrap();
        assert_eq!(first.handshake_kind(), Some(rustls::HandshakeKind::Full));
        assert_eq!(second.handshake_kind(), Some(rustls::HandshakeKind::Resumed));
    }
}

#[test]
fn a_reload_changes_new_connections_and_leaves_open_ones() {
    let dir = TempDir::new().unwrap();
    let old = make(dir.path(), "server", &["api.test"]);
    let server = ServerCertificates::load(&settings(&dir, vec![old.entry])).unwrap();
    let config = client_config(false);
    let (mut client, mut open) = shake(&server, &config, "api.test").unwrap();

    let new = make(dir.path(), "server", &["api.test"]);
    assert_eq!(shown(&server, "api.test"), old.der, "nothing changes before the reload");
    server.reload().unwrap();
    assert_eq!(shown(&server, "api.test"), new.der);

    client.writer().write_all(b"still here").unwrap();
    let mut wire = Vec::new();
    client.write_tls(&mut wire).unwrap();
    open.read_tls(&mut wire.as_slice()).unwrap();
    open.process_new_packets().unwrap();
    let mut got = [0; 10];
    open.reader().read_exact(&mut got).unwrap();
    assert_eq!(&got, b"still here");
}

#[test]
fn a_failed_reload_keeps_what_was_there() {
    let dir = TempDir::new().unwrap();
    let made = make(dir.path(), "server", &["api.test"]);
    let server = ServerCertificates::load(&settings(&dir, vec![made.entry])).unwrap();
    std::fs::write(dir.path().join("server.key"), "not a key").unwrap();
    let error = server.reload().unwrap_err().to_string();
    assert!(error.contains("server.key") && error.contains("no private key"), "{error}");
    assert_eq!(shown(&server, "api.test"), made.der);
}

#[test]
fn every_key_format_is_read() {
    let dir = TempDir::new().unwrap();
    let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let certificate =
        CertificateParams::new(vec!["api.test".to_owned()]).unwrap().self_signed(&key).unwrap();
    let both = format!("{}{}", key.serialize_pem(), certificate.pem());
    std::fs::write(dir.path().join("both.pem"), both).unwrap();
    let entries = vec![pem(&dir, "both.pem", "both.pem")];
    let server = ServerCertificates::load(&settings(&dir, entries)).unwrap();
    assert_eq!(shown(&server, "api.test"), certificate.der().to_vec());
    assert_eq!(server.watched_files(), [dir.path().join("both.pem")]);

    // SEC1, cut out of the PKCS#8 wrapping.
    let pkcs8 = key.serialize_der();
    let start = pkcs8.windows(5).position(|w| w == [0x30, 0x6b, 0x02, 0x01, 0x01]).unwrap();
    let sec1 = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, &pkcs8[start..]);
    let sec1 = format!("-----BEGIN EC PRIVATE KEY-----\n{sec1}\n-----END EC PRIVATE KEY-----\n");
    std::fs::write(dir.path().join("sec1.key"), sec1).unwrap();
    let entries = vec![pem(&dir, "both.pem", "sec1.key")];
    ServerCertificates::load(&settings(&dir, entries)).unwrap();

    // PKCS#1, likewise.
    let key = KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
    let certificate = CertificateParams::new(vec!["api.test".to_owned()]).unwrap();
    let certificate = certificate.self_signed(&key).unwrap();
    let pkcs1 =
        base64::Engine::encode(&base64::prelude::BASE64_STANDARD, &key.serialize_der()[26..]);
    let pkcs1 =
        format!("-----BEGIN RSA PRIVATE KEY-----\n{pkcs1}\n-----END RSA PRIVATE KEY-----\n");
    std::fs::write(dir.path().join("rsa.crt"), certificate.pem()).unwrap();
    std::fs::write(dir.path().join("rsa.key"), pkcs1).unwrap();
    let entries = vec![pem(&dir, "rsa.crt", "rsa.key")];
    ServerCertificates::load(&settings(&dir, entries)).unwrap();
}

fn p12_store(dir: &TempDir) -> (KeyFiles, Vec<Vec<u8>>) {
    use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};
    let mut store = KeyStore::new();
    let mut leaves = Vec::new();
    for alias in ["alpha", "wso2carbon"] {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![format!("{alias}.test")]).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, alias);
        let leaf = params.self_signed(&key).unwrap();
        let chain = PrivateKeyChain::new(
            alias.as_bytes(),
            PrivateKey::from_der(&key.serialize_der()).unwrap(),
            [Certificate::from_der(leaf.der()).unwrap()],
        );
        store.add_entry(alias, KeyStoreEntry::PrivateKeyChain(chain));
        leaves.push(leaf.der().to_vec());
    }
    let file = dir.path().join("store.p12");
    std::fs::write(&file, store.writer("secret").write().unwrap()).unwrap();
    (KeyFiles::Pkcs12 { file, password: Secret("secret".to_owned()), alias: None }, leaves)
}

fn with(entry: &KeyFiles, new_password: &str, new_alias: Option<&str>) -> KeyFiles {
    let KeyFiles::Pkcs12 { file, .. } = entry else { panic!("not a PKCS#12 entry") };
    KeyFiles::Pkcs12 {
        file: file.clone(),
        password: Secret(new_password.to_owned()),
        alias: new_alias.map(str::to_owned),
    }
}

#[test]
fn a_pkcs12_store_is_read_by_alias() {
    let dir = TempDir::new().unwrap();
    let (entry, leaves) = p12_store(&dir);
    let load = |entry| ServerCertificates::load(&settings(&dir, vec![entry]));
    assert_eq!(shown(&load(entry.clone()).unwrap(), "x.test"), leaves[0]);
    let named = load(with(&entry, "secret", Some("WSO2Carbon"))).unwrap();
    assert_eq!(shown(&named, "x.test"), leaves[1]);
    let error = load(with(&entry, "secret", Some("other"))).unwrap_err().to_string();
    assert!(error.contains("other") && error.contains("wso2carbon"), "{error}");
    let error = load(with(&entry, "wrong", None)).unwrap_err().to_string();
    assert!(error.contains("password does not open"), "{error}");
    assert!(!error.contains("wrong"), "the password is not printed: {error}");
}

#[test]
fn errors_name_the_file_and_the_remedy() {
    let dir = TempDir::new().unwrap();
    let one = make(dir.path(), "one", &["one.test"]);
    make(dir.path(), "two", &["two.test"]);
    drop(one);
    for (file, text) in [
        ("empty.crt", ""),
        (
            "locked.key",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
        ),
        ("broken.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
    ] {
        std::fs::write(dir.path().join(file), text).unwrap();
    }
    std::fs::write(dir.path().join("old.jks"), [0xFE, 0xED, 0xFE, 0xED, 0, 0, 0, 2]).unwrap();
    let jks = KeyFiles::Pkcs12 {
        file: dir.path().join("old.jks"),
        password: Secret("x".to_owned()),
        alias: None,
    };
    for (entry, wants) in [
        (pem(&dir, "absent.crt", "one.key"), ["absent.crt", "cannot read"]),
        (pem(&dir, "empty.crt", "one.key"), ["empty.crt", "no certificate"]),
        (pem(&dir, "broken.crt", "one.key"), ["broken.crt", "cannot be read"]),
        (pem(&dir, "one.crt", "one.crt"), ["one.crt", "no private key"]),
        (pem(&dir, "one.crt", "locked.key"), ["locked.key", "openssl pkey"]),
        (pem(&dir, "one.crt", "two.key"), ["two.key", "does not belong"]),
        (jks, ["old.jks", "keytool"]),
    ] {
        let error = ServerCertificates::load(&settings(&dir, vec![entry])).unwrap_err().to_string();
        for want in wants {
            assert!(error.contains(want), "{want:?} in {error}");
        }
    }
}

#[test]
fn the_self_signed_certificate_is_made_once_kept_and_renewed() {
    let dir = TempDir::new().unwrap();
    let settings = settings(&dir, Vec::new());
    let first = ServerCertificates::load(&settings).unwrap();
    let file = first.newly_made().unwrap().clone();
    let again = ServerCertificates::load(&settings).unwrap();
    assert_eq!(again.newly_made(), None);
    assert_eq!(shown(&first, "localhost"), shown(&again, "localhost"));
    assert!(again.watched_files().is_empty());

    let in_two_years = Clock::system().unix_seconds() + 2 * 366 * 86_400;
    let (key, made) = self_signed::find_or_make(&settings.self_signed_dir, in_two_years).unwrap();
    assert_eq!(made, Some(file.clone()));
    assert!(load::expires_at(&key).unwrap() > in_two_years);

    std::fs::write(&file, "torn").unwrap();
    assert_eq!(ServerCertificates::load(&settings).unwrap().newly_made(), Some(&file));
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_the_self_signed_key() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = TempDir::new().unwrap();
    let settings = settings(&dir, Vec::new());
    ServerCertificates::load(&settings).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&settings.self_signed_dir), 0o700);
    assert_eq!(mode(&settings.self_signed_dir.join("self-signed.pem")), 0o600);
}
