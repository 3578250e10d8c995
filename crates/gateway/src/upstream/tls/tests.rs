#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::net::SocketAddr;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair,
};
use rustls::ServerConfig;
use rustls_pki_types::PrivateKeyDer;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::*;
use HostnameVerifier::{AllowAll, Default as Deep, DefaultAndLocalhost, Strict};

const RULES: [HostnameVerifier; 4] = [Strict, Deep, DefaultAndLocalhost, AllowAll];

/// An authority of a test.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn issue(&self, leaf: &Leaf) -> Shown {
        let key = KeyPair::generate().unwrap();
        let certificate = leaf.params().signed_by(&key, &self.0).unwrap();
        Shown { chain: vec![certificate.der().clone()], key: key.serialize_der() }
    }

    fn der(&self) -> Vec<u8> {
        self.0.der().to_vec()
    }
}

/// What a leaf is to look like.
#[derive(Default)]
struct Leaf {
    names: &'static [&'static str],
    common: Option<&'static str>,
    years: Option<(i32, i32)>,
    is_authority: bool,
}

impl Leaf {
    fn named(names: &'static [&'static str]) -> Self {
        Self { names, ..Self::default() }
    }

    fn params(&self) -> CertificateParams {
        let names: Vec<_> = self.names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, self.common.unwrap_or("leaf"));
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        if let Some((from, to)) = self.years {
            params.not_before = rcgen::date_time_ymd(from, 1, 1);
            params.not_after = rcgen::date_time_ymd(to, 1, 1);
        }
        if self.is_authority {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        params
    }

    fn self_signed(&self) -> Shown {
        let key = KeyPair::generate().unwrap();
        let certificate = self.params().self_signed(&key).unwrap();
        Shown { chain: vec![certificate.der().clone()], key: key.serialize_der() }
    }
}

/// What a server shows.
struct Shown {
    chain: Vec<CertificateDer<'static>>,
    key: Vec<u8>,
}

impl Shown {
    fn leaf(&self) -> Vec<u8> {
        self.chain[0].to_vec()
    }

    /// A server that answers each connection with one byte.
    async fn serve(&self) -> SocketAddr {
        let key = PrivateKeyDer::try_from(self.key.clone()).unwrap();
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(self.chain.clone(), key)
            .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        listen(move |stream| {
            let acceptor = acceptor.clone();
            async move {
                if let Ok(mut stream) = acceptor.accept(stream).await {
                    stream.write_all(b"!").await.ok();
                    stream.shutdown().await.ok();
                }
            }
        })
        .await
    }
}

async fn listen<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    address
}

fn given(host: &str, port: Option<u16>, der: Vec<u8>) -> TrustedCertificate {
    TrustedCertificate { alias: "a".to_owned(), host: host.to_owned(), port, der: vec![der] }
}

/// A store that trusts `roots` and nothing of the system.
fn store(rule: HostnameVerifier, roots: &[&Authority]) -> TrustStore {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("roots.pem");
    let pem: String = roots.iter().map(|root| root.0.pem()).collect();
    std::fs::write(&file, pem).unwrap();
    let extra_roots = if roots.is_empty() { Vec::new() } else { vec![file] };
    TrustStore::load(&UpstreamTls {
        hostname_verifier: rule,
        extra_roots,
        system_roots: false,
        ..UpstreamTls::default()
    })
    .unwrap()
}

/// Connects to `address` as if it were `host`.
async fn call(
    store: &TrustStore,
    host: &str,
    address: SocketAddr,
    certificates: &[TrustedCertificate],
) -> Result<(), TlsFailure> {
    let config =
        store.connector_for(host, address.port(), certificates, &Identity::Configured, Alpn::Both);
    let stream = TcpStream::connect(address).await.unwrap();
    let connected = TlsConnector::from(config).connect(server_name(host)?, stream).await;
    let mut stream =
        connected.map_err(|error| TlsFailure::from_io(&error, host, address.port()))?;
    let mut got = [0];
    stream.read_exact(&mut got).await.unwrap();
    assert_eq!(got, *b"!");
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    Ok(())
}

fn kind(outcome: &Result<(), TlsFailure>) -> &'static str {
    match outcome {
        Ok(()) => "ok",
        Err(TlsFailure::UnknownIssuer { .. }) => "issuer",
        Err(TlsFailure::Expired { .. }) => "expired",
        Err(TlsFailure::NotYetValid { .. }) => "early",
        Err(TlsFailure::NameMismatch { .. }) => "name",
        Err(other) => panic!("not expected: {other:?}"),
    }
}

#[tokio::test]
async fn each_verifier_takes_the_names_that_it_should() {
    let root = Authority::new("root");
    let plain = root.issue(&Leaf::named(&["api.example.test"])).serve().await;
    let wild = root.issue(&Leaf::named(&["*.example.test"])).serve().await;
    let address = root.issue(&Leaf::named(&["127.0.0.1"])).serve().await;
    let common = root.issue(&Leaf { common: Some("old.example.test"), ..Leaf::default() });
    let common = common.serve().await;
    let both =
        Leaf { names: &["new.example.test"], common: Some("old.example.test"), ..Leaf::default() };
    let both = root.issue(&both).serve().await;
    for (server, host, wants) in [
        // In the order of RULES: Strict, Default, DefaultAndLocalhost, AllowAll.
        (plain, "api.example.test", ["ok", "ok", "ok", "ok"]),
        (plain, "API.Example.Test", ["ok", "ok", "ok", "ok"]),
        (plain, "wrong.test", ["name", "name", "name", "ok"]),
        (plain, "localhost", ["name", "name", "ok", "ok"]),
        (plain, "localhost.localdomain", ["name", "name", "ok", "ok"]),
        (plain, "127.0.0.1", ["name", "name", "ok", "ok"]),
        (plain, "[::1]", ["name", "name", "ok", "ok"]),
        (plain, "127.0.0.2", ["name", "name", "name", "ok"]),
        (address, "127.0.0.1", ["ok", "ok", "ok", "ok"]),
        (wild, "a.example.test", ["ok", "ok", "ok", "ok"]),
        (wild, "a.b.example.test", ["name", "ok", "ok", "ok"]),
        (wild, "example.test", ["name", "name", "name", "ok"]),
        (common, "old.example.test", ["name", "ok", "ok", "ok"]),
        (both, "new.example.test", ["ok", "ok", "ok", "ok"]),
        (both, "old.example.test", ["name", "name", "name", "ok"]),
    ] {
        for (rule, want) in RULES.into_iter().zip(wants) {
            let outcome = call(&store(rule, &[&root]), host, server, &[]).await;
            assert_eq!(kind(&outcome), want, "{host} under {rule:?}");
        }
    }
}

#[tokio::test]
async fn no_verifier_takes_a_bad_chain() {
    let (root, stranger) = (Authority::new("root"), Authority::new("stranger"));
    let leaf = |years| Leaf { names: &["api.test"], years, ..Leaf::default() };
    let unknown = stranger.issue(&leaf(None)).serve().await;
    let self_signed = leaf(None).self_signed().serve().await;
    let expired = root.issue(&leaf(Some((2001, 2002)))).serve().await;
    let early = root.issue(&leaf(Some((4001, 4002)))).serve().await;
    for rule in RULES {
        for host in ["api.test", "localhost"] {
            for (server, want) in [
                (unknown, "issuer"),
                (self_signed, "issuer"),
                (expired, "expired"),
                (early, "early"),
            ] {
                let outcome = call(&store(rule, &[&root]), host, server, &[]).await;
                assert_eq!(kind(&outcome), want, "{host} under {rule:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_given_certificate_counts_for_its_own_host_and_port() {
    let authority = Authority::new("company");
    let issued = authority.issue(&Leaf::named(&["a.test", "b.test"]));
    let server = issued.serve().await;
    let store = store(Strict, &[]);
    for (certificate, host, want) in [
        (given("a.test", None, authority.der()), "a.test", "ok"),
        (given("a.test", Some(server.port()), authority.der()), "a.test", "ok"),
        (given("a.test", Some(1), authority.der()), "a.test", "issuer"),
        (given("a.test", None, authority.der()), "b.test", "issuer"),
        (given("a.test", None, issued.leaf()), "A.test", "ok"),
        (given("a.test", None, issued.leaf()), "b.test", "issuer"),
    ] {
        let outcome = call(&store, host, server, std::slice::from_ref(&certificate)).await;
        assert_eq!(kind(&outcome), want, "{certificate:?} for {host}");
    }
}

#[tokio::test]
async fn a_given_leaf_is_trusted_itself_but_its_dates_and_name_still_count() {
    let leaf = |years, is_authority| Leaf { names: &["a.test"], years, is_authority, common: None };
    for is_authority in [false, true] {
        for (years, host, want) in [
            (None, "a.test", "ok"),
            (None, "b.test", "name"),
            (Some((2001, 2002)), "a.test", "expired"),
            (Some((4001, 4002)), "a.test", "early"),
        ] {
            let shown = leaf(years, is_authority).self_signed();
            let server = shown.serve().await;
            let trusted = given(host, None, shown.leaf());
            let outcome = call(&store(Strict, &[]), host, server, &[trusted]).await;
            assert_eq!(kind(&outcome), want, "{host} {years:?} {is_authority}");
        }
    }
}

#[tokio::test]
async fn given_certificates_add_to_the_roots() {
    let (root, other) = (Authority::new("same name"), Authority::new("same name"));
    let server = root.issue(&Leaf::named(&["a.test"])).serve().await;
    let store = store(Strict, &[&root]);
    let outcome = call(&store, "a.test", server, &[given("a.test", None, other.der())]).await;
    assert_eq!(
        kind(&outcome),
        "ok",
        "another authority of the same name does not stand in the way"
    );
}

/// A server that holds the right certificate and the wrong key must not pass, even when its leaf
/// is trusted by itself and no name is checked.
#[tokio::test]
async fn a_stolen_certificate_without_its_key_is_refused() {
    #[derive(Debug)]
    struct Thief(Arc<rustls::sign::CertifiedKey>);
    impl rustls::server::ResolvesServerCert for Thief {
        fn resolve(
            &self,
            _: rustls::server::ClientHello<'_>,
        ) -> Option<Arc<rustls::sign::CertifiedKey>> {
            Some(Arc::clone(&self.0))
        }
    }
    let victim = Leaf::named(&["a.test"]).self_signed();
    let wrong = KeyPair::generate().unwrap().serialize_der();
    let key = provider().key_provider.load_private_key(PrivateKeyDer::try_from(wrong).unwrap());
    let stolen = rustls::sign::CertifiedKey::new(victim.chain.clone(), key.unwrap());
    for versions in [&[&rustls::version::TLS12][..], &[&rustls::version::TLS13][..]] {
        let config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Thief(Arc::new(stolen.clone()))));
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let server = listen(move |stream| {
            let acceptor = acceptor.clone();
            async move {
                acceptor.accept(stream).await.ok();
            }
        })
        .await;
        let trusted = given("a.test", None, victim.leaf());
        let outcome = call(&store(AllowAll, &[]), "a.test", server, &[trusted]).await;
        assert!(matches!(outcome, Err(TlsFailure::Certificate(_))), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_peer_without_tls_is_told_apart() {
    let plain = listen(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.ok();
        stream.read_u8().await.ok();
    })
    .await;
    let outcome = call(&store(Strict, &[]), "a.test", plain, &[]).await;
    assert_eq!(outcome, Err(TlsFailure::NotTls));
    let closing = listen(|stream| async move { drop(stream) }).await;
    let outcome = call(&store(Strict, &[]), "a.test", closing, &[]).await;
    assert!(matches!(outcome, Err(TlsFailure::Broken(_))), "{outcome:?}");
    assert!(matches!(server_name("a b"), Err(TlsFailure::BadHost { .. })));
}

#[tokio::test]
async fn failures_say_how_to_mend_them() {
    let root = Authority::new("root");
    let stranger = Authority::new("Test Company CA");
    let unknown = stranger.issue(&Leaf::named(&["a.test"])).serve().await;
    let own = Leaf::named(&["a.test"]).self_signed().serve().await;
    let expired =
        root.issue(&Leaf { names: &["a.test"], years: Some((2001, 2002)), ..Leaf::default() });
    let expired = expired.serve().await;
    let named = root.issue(&Leaf::named(&["b.test", "*.c.test", "127.0.0.9"])).serve().await;
    let authority = Leaf { names: &["a.test"], is_authority: true, ..Leaf::default() };
    let authority = authority.self_signed().serve().await;
    let store = store(Strict, &[&root]);
    for (server, wants) in [
        (
            unknown,
            vec!["CN=Test Company CA".to_owned(), format!("https://a.test:{}", unknown.port())],
        ),
        (own, vec!["self-signed".to_owned(), "Endpoint-certificates/".to_owned()]),
        (expired, vec!["expired on 2002-01-01T00:00:00Z".to_owned()]),
        (named, vec!["not for a.test".to_owned(), "b.test, *.c.test, 127.0.0.9".to_owned()]),
        (authority, vec!["authority's certificate as its own".to_owned()]),
    ] {
        let text = call(&store, "a.test", server, &[]).await.unwrap_err().to_string();
        for want in wants {
            assert!(text.contains(&want), "{want:?} in {text:?}");
        }
    }
}

#[test]
fn settings_are_shared_by_what_is_trusted() {
    let store = store(Strict, &[]);
    let (one, two) = (Authority::new("one").der(), Authority::new("two").der());
    let set = |ders: &[&Vec<u8>]| -> Vec<_> {
        ders.iter().map(|der| given("a.test", None, (*der).clone())).collect()
    };
    let get = |host: &str, certificates: &[TrustedCertificate], alpn| {
        store.connector_for(host, 443, certificates, &Identity::Configured, alpn)
    };
    let plain = get("a.test", &[], Alpn::Both);
    assert!(Arc::ptr_eq(&plain, &get("b.test", &set(&[&one]), Alpn::Both)));
    assert!(!Arc::ptr_eq(&plain, &get("a.test", &set(&[&one]), Alpn::Both)));
    assert!(!Arc::ptr_eq(&plain, &get("a.test", &[], Alpn::Http1)));
    assert!(Arc::ptr_eq(
        &get("a.test", &set(&[&one, &two, &one]), Alpn::Both),
        &get("a.test", &set(&[&two, &one]), Alpn::Both)
    ));
}

#[test]
fn a_root_file_without_certificates_is_an_error() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("roots.pem");
    let load = || {
        TrustStore::load(&UpstreamTls {
            hostname_verifier: Strict,
            extra_roots: vec![file.clone()],
            system_roots: false,
            ..UpstreamTls::default()
        })
        .map(|_| ())
        .unwrap_err()
        .to_string()
    };
    assert!(load().contains("cannot read"));
    std::fs::write(&file, "nothing").unwrap();
    assert!(load().contains("holds no certificate"));
}
