#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::collections::HashMap;
use std::net::SocketAddr;

use rcgen::{CertificateParams, KeyPair};
use rustls_pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::config::{HostnameVerifier, UpstreamTls};
use crate::listener::tls::provider;

fn fetcher(root: Option<&str>, limits: FetchLimits) -> Fetcher {
    let dir = tempfile::TempDir::new().unwrap();
    let file = dir.path().join("root.pem");
    if let Some(pem) = root {
        std::fs::write(&file, pem).unwrap();
    }
    let trust = TrustStore::load(&UpstreamTls {
        hostname_verifier: HostnameVerifier::Strict,
        extra_roots: root.map(|_| file).into_iter().collect(),
        system_roots: false,
        ..UpstreamTls::default()
    });
    Fetcher::new(Arc::new(trust.unwrap()), limits)
}

/// Answers each path with the bytes that `answers` has for it; silence where it has none.
async fn answer<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    answers: Arc<HashMap<&'static str, String>>,
) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else { return };
        head.push(byte);
    }
    let head = String::from_utf8(head).unwrap();
    let path = head.split(' ').nth(1).unwrap();
    match answers.get(path) {
        Some(text) => stream.write_all(text.as_bytes()).await.unwrap(),
        None => std::future::pending().await,
    }
    stream.shutdown().await.ok();
}

async fn serve(answers: &[(&'static str, String)], tls: Option<TlsAcceptor>) -> SocketAddr {
    let answers = Arc::new(answers.iter().cloned().collect::<HashMap<_, _>>());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (answers, tls) = (Arc::clone(&answers), tls.clone());
            tokio::spawn(async move {
                match tls {
                    None => answer(stream, answers).await,
                    Some(tls) => {
                        if let Ok(stream) = tls.accept(stream).await {
                            answer(stream, answers).await;
                        }
                    }
                }
            });
        }
    });
    address
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nx-a: b\r\n\r\n{body}", body.len())
}

fn to(place: &str) -> String {
    format!("HTTP/1.1 302 Found\r\nlocation: {place}\r\ncontent-length: 0\r\n\r\n")
}

fn url(address: SocketAddr, path: &str) -> Url {
    Url::parse(&format!("http://{address}{path}")).unwrap()
}

#[tokio::test]
async fn an_answer_comes_back_whole() {
    let chunked = "HTTP/1.1 404 Not Found\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    let server = serve(&[("/keys?a=1", ok("{}")), ("/chunked", chunked.to_owned())], None).await;
    let fetcher = fetcher(None, FetchLimits::default());
    let got = fetcher.get(&url(server, "/keys?a=1")).await.unwrap();
    assert_eq!((got.status.as_u16(), &got.body[..]), (200, &b"{}"[..]));
    assert_eq!(got.headers["x-a"], "b");
    let got = fetcher.get(&url(server, "/chunked")).await.unwrap();
    assert_eq!((got.status.as_u16(), &got.body[..]), (404, &b"abcde"[..]));
}

#[tokio::test]
async fn redirects_stay_within_the_origin() {
    let server = serve(
        &[
            ("/a", to("/b")),
            ("/b", to("c")),
            ("/c", to("/end")),
            ("/end", ok("there")),
            ("/four", to("/a")),
            ("/away", to("http://127.0.0.1:1/end")),
            ("/nowhere", "HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n".to_owned()),
        ],
        None,
    )
    .await;
    let fetcher = fetcher(None, FetchLimits::default());
    assert_eq!(&fetcher.get(&url(server, "/a")).await.unwrap().body[..], b"there");
    for path in ["/four", "/away", "/nowhere"] {
        let error = fetcher.get(&url(server, path)).await.unwrap_err();
        assert!(matches!(error, FetchError::Redirect(_)), "{path}: {error:?}");
    }
}

#[tokio::test]
async fn large_answers_are_refused() {
    let endless = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n6\r\nabcdef\r\n";
    let server = serve(
        &[("/fits", ok("12345")), ("/declared", ok("123456")), ("/chunked", endless.to_owned())],
        None,
    )
    .await;
    let fetcher = fetcher(None, FetchLimits { body_bytes: 5, ..FetchLimits::default() });
    assert_eq!(&fetcher.get(&url(server, "/fits")).await.unwrap().body[..], b"12345");
    for path in ["/declared", "/chunked"] {
        let error = fetcher.get(&url(server, path)).await.unwrap_err();
        assert!(matches!(error, FetchError::TooLarge(5)), "{path}: {error:?}");
    }
}

#[tokio::test]
async fn silence_ends_in_a_timeout() {
    let server = serve(&[], None).await;
    let fetcher =
        fetcher(None, FetchLimits { total: Duration::from_millis(30), ..FetchLimits::default() });
    let error = fetcher.get(&url(server, "/silent")).await.unwrap_err();
    assert!(matches!(error, FetchError::Timeout(_)), "{error:?}");
}

#[tokio::test]
async fn what_cannot_be_reached_says_why() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let fetcher = fetcher(None, FetchLimits::default());
    let error = fetcher.get(&url(closed, "/")).await.unwrap_err();
    assert!(error.to_string().contains(&closed.to_string()), "{error}");
    let error = fetcher.get(&Url::parse("ftp://a.test/").unwrap()).await.unwrap_err();
    assert!(matches!(error, FetchError::BadUrl), "{error:?}");
}

#[tokio::test]
async fn tls_is_verified() {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let tls = TlsAcceptor::from(Arc::new(config));
    let server = serve(&[("/", ok("secret"))], Some(tls)).await;
    let url = Url::parse(&format!("https://{server}/")).unwrap();
    let trusting = fetcher(Some(&certificate.pem()), FetchLimits::default());
    assert_eq!(&trusting.get(&url).await.unwrap().body[..], b"secret");
    let error = fetcher(None, FetchLimits::default()).get(&url).await.unwrap_err();
    assert!(matches!(error, FetchError::Tls(TlsFailure::UnknownIssuer { .. })), "{error:?}");
}

fn answering(path: &str) -> Vec<(&'static str, String)> {
    let path: &'static str = path.to_owned().leak();
    vec![(path, ok("there"))]
}

#[tokio::test]
async fn what_is_posted_arrives() {
    let backend = testkit::Backend::echo().await;
    let fetcher = fetcher(None, FetchLimits::default());
    let mut headers = HeaderMap::new();
    headers.insert("x-a", HeaderValue::from_static("b"));
    let url = Url::parse(&format!("{}/token?x=y", backend.url())).unwrap();
    let got = fetcher.post(&url, headers, Bytes::from_static(b"a=b")).await.unwrap();
    assert_eq!((got.status.as_u16(), &got.body[..]), (200, &b"a=b"[..]));
    let sent = backend.last();
    assert_eq!((sent.method.as_str(), &*sent.target), ("POST", "/token?x=y"));
    assert_eq!((sent.header("x-a"), sent.header("content-length")), (Some("b"), Some("3")));
    assert_eq!(sent.header("host"), Some(&*backend.address().to_string()));
}

#[tokio::test]
async fn a_post_follows_no_redirect() {
    let server = serve(&[("/a", to("/b")), ("/b", ok("there"))], None).await;
    let fetcher = fetcher(None, FetchLimits::default());
    let got = fetcher.post(&url(server, "/a"), HeaderMap::new(), Bytes::new()).await.unwrap();
    assert_eq!(got.status.as_u16(), 302);
}

#[tokio::test]
async fn connecting_and_answering_have_times_of_their_own() {
    let server = serve(&[], None).await;
    let answer = Duration::from_millis(30);
    let limits = FetchLimits { answer, ..FetchLimits::default() };
    let error = fetcher(None, limits).get(&url(server, "/silent")).await.unwrap_err();
    assert!(matches!(error, FetchError::Timeout(limit) if limit == answer), "{error:?}");
    // The server accepts, and is silent where TLS is expected.
    let connect = Duration::from_millis(30);
    let limits = FetchLimits { connect, ..FetchLimits::default() };
    let secured = Url::parse(&format!("https://{server}/")).unwrap();
    let error = fetcher(None, limits).get(&secured).await.unwrap_err();
    assert!(matches!(error, FetchError::ConnectTimeout(limit) if limit == connect), "{error:?}");
}

#[tokio::test]
async fn a_name_that_is_not_known_is_told_from_a_closed_port() {
    let fetcher = fetcher(None, FetchLimits::default());
    let url = Url::parse("http://nowhere.invalid/").unwrap();
    let error = fetcher.get(&url).await.unwrap_err();
    assert!(matches!(error, FetchError::Resolve { .. }), "{error:?}");
}

#[tokio::test]
async fn a_large_head_is_refused() {
    let head = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(4 * HEAD_BYTES));
    let fields = format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: y\r\n".repeat(HEADER_FIELDS + 1));
    let server = serve(&[("/head", head), ("/fields", fields)], None).await;
    let fetcher = fetcher(None, FetchLimits::default());
    for path in ["/head", "/fields"] {
        let error = fetcher.get(&url(server, path)).await.unwrap_err();
        assert!(matches!(error, FetchError::Http(_)), "{path}: {error:?}");
    }
}

fn proxy(address: SocketAddr) -> Option<Arc<Proxy>> {
    let authorization = Proxy::basic("user", "pass");
    Some(Arc::new(Proxy { host: "127.0.0.1".into(), port: address.port(), authorization }))
}

#[tokio::test]
async fn clear_text_is_handed_over_to_a_proxy() {
    let server = serve(&answering("http://a.invalid:81/x?y"), None).await;
    let fetcher = fetcher(None, FetchLimits::default()).through(proxy(server));
    let got = fetcher.get(&Url::parse("http://a.invalid:81/x?y").unwrap()).await.unwrap();
    assert_eq!(&got.body[..], b"there");
    let backend = testkit::Backend::echo().await;
    let fetcher = fetcher.through(proxy(backend.address()));
    let url = Url::parse("http://a.invalid/x").unwrap();
    fetcher.post(&url, HeaderMap::new(), Bytes::from_static(b"a")).await.unwrap();
    let sent = backend.last();
    assert_eq!(sent.header("proxy-authorization"), Some("Basic dXNlcjpwYXNz"));
    assert_eq!(
        (sent.header("host"), sent.authority.as_deref()),
        (Some("a.invalid"), Some("a.invalid"))
    );
}

/// A proxy that gives one tunnel to `to`, and tells what it was asked.
async fn one_tunnel(to: SocketAddr) -> (SocketAddr, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = tokio::spawn(async move {
        let (mut near, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(near.read_u8().await.unwrap());
        }
        near.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        let mut far = TcpStream::connect(to).await.unwrap();
        tokio::spawn(async move { tokio::io::copy_bidirectional(&mut near, &mut far).await });
        String::from_utf8(head).unwrap()
    });
    (address, asked)
}

#[tokio::test]
async fn tls_goes_through_a_tunnel_of_the_proxy() {
    let ca = testkit::Ca::new();
    let config = ca.server_config(&ca.leaf(&["a.invalid"]), &["http/1.1"]);
    let server = serve(&[("/", ok("there"))], Some(TlsAcceptor::from(config))).await;
    let (address, asked) = one_tunnel(server).await;
    let fetcher = fetcher(Some(&ca.pem()), FetchLimits::default()).through(proxy(address));
    let got = fetcher.get(&Url::parse("https://a.invalid/").unwrap()).await.unwrap();
    assert_eq!(&got.body[..], b"there");
    let asked = asked.await.unwrap();
    assert!(asked.starts_with("CONNECT a.invalid:443 HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains("proxy-authorization: Basic dXNlcjpwYXNz\r\n"), "{asked}");
}

#[tokio::test]
async fn a_proxy_that_gives_no_tunnel_is_named() {
    let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
    let proxying = testkit::RawBackend::bytes(refusal).await;
    let fetcher = fetcher(None, FetchLimits::default()).through(proxy(proxying.address()));
    let error = fetcher.get(&Url::parse("https://a.invalid/").unwrap()).await.unwrap_err();
    assert!(matches!(error, FetchError::Proxy { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains(&proxying.address().to_string()) && text.contains("407"), "{text}");
    assert!(!format!("{error:?} {fetcher:?}").contains("dXNlcjpwYXNz"));
}

#[tokio::test]
async fn certificates_of_a_project_count_for_their_host_and_port() {
    let ca = testkit::Ca::new();
    let config = ca.server_config(&ca.leaf(&["127.0.0.1"]), &["http/1.1"]);
    let server = serve(&[("/", ok("there"))], Some(TlsAcceptor::from(config))).await;
    let url = Url::parse(&format!("https://{server}/")).unwrap();
    let given = |host: &str, port| -> Arc<[TrustedCertificate]> {
        let host = host.to_owned();
        Arc::new([TrustedCertificate { alias: "a".into(), host, port, der: vec![ca.der()] }])
    };
    let fetcher = fetcher(None, FetchLimits::default());
    for (certificates, is_trusted) in [
        (given("127.0.0.1", Some(server.port())), true),
        (given("127.0.0.1", None), true),
        (given("127.0.0.1", Some(1)), false),
        (given("localhost", None), false),
    ] {
        let got = fetcher.clone().trusting(certificates).get(&url).await;
        assert_eq!(got.is_ok(), is_trusted, "{got:?}");
    }
}
