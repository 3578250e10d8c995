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
        root_stores: Vec::new(),
        system_roots: false,
        tls12: true,
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
