//! TLS towards clients.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use testkit::{Backend, Ca, Client, H2Client, Leaf, WeirProcess};

use super::support::{Ask, eventually, home, open, serve_with, tool};

/// Where WSO2 keeps key stores, in an installation folder.
fn stores(home: &Path) -> PathBuf {
    let stores = home.join("repository/resources/security");
    fs::create_dir_all(&stores).unwrap();
    stores
}

const ONE: &str = "[weir.tls]\ncertificate = \"one.pem\"\nkey = \"one.key\"\n";

async fn one_certificate(apis: &Path, ca: &Ca, toml: &str) -> WeirProcess {
    let home = home(toml);
    ca.leaf(&["localhost", "one.test"]).write(&stores(home.path()), "one");
    serve_with(apis, home, &[], &[]).await
}

/// The certificate that is shown to whoever asks for `name`.
async fn shown(process: &WeirProcess, name: &str) -> Option<Vec<u8>> {
    let captured = std::sync::Arc::new(std::sync::Mutex::new(None));
    let verifier = std::sync::Arc::new(Capture(std::sync::Arc::clone(&captured)));
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    drop(Client::connect_tls(process.https_address(), name, std::sync::Arc::new(config)).await);
    captured.lock().unwrap().take()
}

/// Takes any certificate and keeps it.
#[derive(Debug)]
struct Capture(std::sync::Arc<std::sync::Mutex<Option<Vec<u8>>>>);

impl rustls::client::danger::ServerCertVerifier for Capture {
    fn verify_server_cert(
        &self,
        leaf: &rustls::pki_types::CertificateDer<'_>,
        _: &[rustls::pki_types::CertificateDer<'_>],
        _: &rustls::pki_types::ServerName<'_>,
        _: &[u8],
        _: rustls::pki_types::UnixTime,
    ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
        *self.0.lock().unwrap() = Some(leaf.to_vec());
        Ok(rustls::client::danger::ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &rustls::pki_types::CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &rustls::pki_types::CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        rustls::crypto::aws_lc_rs::default_provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}

#[tokio::test]
async fn pem_is_served_over_both_protocols() {
    let (backend, ca) = (Backend::echo().await, Ca::new());
    let apis = open("Shop", &backend.url()).write_temp();
    let process = one_certificate(apis.dir(), &ca, ONE).await;
    let address = process.https_address();
    let mut client =
        Client::connect_tls(address, "localhost", ca.client_config(&["http/1.1"])).await.unwrap();
    for _ in 0..2 {
        assert_eq!(client.get("/shop/1/a").await.unwrap().status, 200);
    }
    assert_eq!(backend.last().header("x-forwarded-proto"), Some("https"));
    let mut h2 =
        H2Client::connect_tls(address, "localhost", ca.client_config(&["h2"])).await.unwrap();
    let url = format!("https://localhost:{}/shop/1/a", address.port());
    assert_eq!(h2.get(&url).await.unwrap().status, 200);
    // In clear text with prior knowledge as well.
    let mut clear = H2Client::connect(process.http_address()).await.unwrap();
    assert_eq!(clear.get(&format!("{}/shop/1/a", process.http())).await.unwrap().status, 200);
    // Who does not trust the authority is not served, and nothing breaks.
    let stranger = Client::connect_tls(address, "localhost", Ca::new().client_config(&[])).await;
    assert!(stranger.is_err());
    assert_eq!(client.get("/shop/1/a").await.unwrap().status, 200);
}

#[tokio::test]
async fn pkcs12_is_served() {
    let ca = Ca::new();
    let dir = TempDir::new().unwrap();
    let (pem, key) = ca.leaf(&["localhost"]).write(dir.path(), "leaf");
    for (legacy, alias) in [(false, "weir"), (true, "wso2carbon")] {
        let home = home(&format!(
            "[keystore.tls]\nfile_name = \"store.p12\"\ntype = \"PKCS12\"\npassword = \"secret one\"\nalias = \"{alias}\"\n"
        ));
        let store = stores(home.path()).join("store.p12");
        let mut arguments =
            vec!["pkcs12", "-export", "-name", alias, "-passout", "pass:secret one"];
        if legacy {
            arguments.extend(["-legacy", "-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES"]);
        }
        arguments.extend(["-in", pem.to_str().unwrap(), "-inkey", key.to_str().unwrap()]);
        arguments.extend(["-out", store.to_str().unwrap()]);
        let Some(made) = tool("openssl", &arguments).await else { return };
        if made.code != 0 {
            eprintln!("skipped: openssl does not make such a store: {}", made.stderr);
            continue;
        }
        let empty = TempDir::new().unwrap();
        let process = serve_with(empty.path(), home, &[], &[]).await;
        let client =
            Client::connect_tls(process.https_address(), "localhost", ca.client_config(&[])).await;
        assert_eq!(client.unwrap().get("/nothing").await.unwrap().status, 404);
    }
}

#[tokio::test]
async fn a_bad_certificate_is_refused_with_a_remedy() {
    let ca = Ca::new();
    let empty = TempDir::new().unwrap();
    let absent = home(ONE);
    let mismatch = home(ONE);
    let (one, other) = (ca.leaf(&["localhost"]), ca.leaf(&["localhost"]));
    Leaf { key_pem: other.key_pem, ..one }.write(&stores(mismatch.path()), "one");
    for (home, told) in
        [(absent, "check the path"), (mismatch, "does not belong to the certificate")]
    {
        let apis = ["--apis", empty.path().to_str().unwrap()];
        let refused = WeirProcess::serve_in(super::support::WEIR, home, &apis, &[]).await;
        let exit = refused.expect_err("there is no usable certificate");
        assert_eq!(exit.status.code(), Some(1));
        assert!(exit.stderr.contains("one.") && exit.stderr.contains(told), "{}", exit.stderr);
    }
}

#[tokio::test]
async fn names_choose_between_certificates() {
    let ca = Ca::new();
    let toml = "[[weir.tls.certificate]]\ncertificate = \"one.pem\"\nkey = \"one.key\"\n\
                [[weir.tls.certificate]]\ncertificate = \"two.pem\"\nkey = \"two.key\"\n";
    let home = home(toml);
    let (one, two) = (ca.leaf(&["one.test"]), ca.leaf(&["two.test", "*.two.test"]));
    one.write(&stores(home.path()), "one");
    two.write(&stores(home.path()), "two");
    let empty = TempDir::new().unwrap();
    let process = serve_with(empty.path(), home, &[], &[]).await;
    for (name, want) in [
        ("one.test", &one),
        ("two.test", &two),
        ("TWO.test", &two),
        ("a.two.test", &two),
        ("unknown.test", &one),
        ("127.0.0.1", &one),
    ] {
        assert_eq!(shown(&process, name).await.as_ref(), Some(&want.cert_der), "{name}");
    }
}

#[tokio::test]
async fn certificates_are_renewed_by_themselves_and_by_signal() {
    let ca = Ca::new();
    let empty = TempDir::new().unwrap();
    let process = one_certificate(empty.path(), &ca, ONE).await;
    let stores = stores(process.home());
    let mut open = Client::connect_tls(process.https_address(), "localhost", ca.client_config(&[]))
        .await
        .unwrap();
    let second = ca.leaf(&["localhost"]);
    second.write(&stores, "one");
    let is_shown = async |leaf: &Leaf| {
        (shown(&process, "localhost").await.as_ref() == Some(&leaf.cert_der)).then_some(())
    };
    eventually("the new certificate", async || is_shown(&second).await).await;
    assert_eq!(open.get("/nothing").await.unwrap().status, 404, "connections stay");
    // A broken one is not taken.
    fs::write(stores.join("one.pem"), "nonsense").unwrap();
    process.logged("The certificates were not taken").await;
    assert_eq!(is_shown(&second).await, Some(()));
    // Another file by another configuration.
    let third = ca.leaf(&["localhost"]);
    third.write(&stores, "two");
    super::support::configure(process.home(), &ONE.replace("one.", "two."));
    process.signal("HUP");
    eventually("the certificate of the new configuration", async || is_shown(&third).await).await;
}

#[tokio::test]
async fn versions_are_as_configured() {
    let ca = Ca::new();
    let empty = TempDir::new().unwrap();
    let only13 = "[transport.passthru_https.listener.parameters]\nHttpsProtocols = \"TLSv1.3\"\n";
    for (toml, wants) in [
        ("", [("-tls1_2", true), ("-tls1_3", true)]),
        (only13, [("-tls1_2", false), ("-tls1_3", true)]),
    ] {
        let process = one_certificate(empty.path(), &ca, &format!("{ONE}{toml}")).await;
        let address = process.https_address().to_string();
        for (version, want) in wants {
            let arguments =
                ["s_client", "-brief", version, "-connect", &address, "-servername", "localhost"];
            let Some(done) = tool("openssl", &arguments).await else { return };
            assert_eq!(done.code == 0, want, "{toml} {version}: {done:?}");
        }
        let old = [
            "s_client",
            "-brief",
            "-tls1_1",
            "-cipher",
            "DEFAULT:@SECLEVEL=0",
            "-connect",
            &address,
        ];
        assert_ne!(tool("openssl", &old).await.unwrap().code, 0);
    }
}

#[tokio::test]
async fn the_management_listener_has_the_same_certificate() {
    let ca = Ca::new();
    let empty = TempDir::new().unwrap();
    let process = one_certificate(empty.path(), &ca, ONE).await;
    let address = process.listener("manage").await.parse().unwrap();
    let mut client =
        Client::connect_tls(address, "localhost", ca.client_config(&[])).await.unwrap();
    assert_eq!(client.get("/nothing").await.unwrap().status, 404);
}
