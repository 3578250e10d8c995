//! Upstreams behind proxies.

use model::fault::FaultCode;
use testkit::{Backend, Ca};
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};

use super::*;

fn proxy(port: u16) -> Option<Arc<Proxy>> {
    let mut authorization = HeaderValue::from_static("Basic dXNlcjpwYXNz");
    authorization.set_sensitive(true);
    Some(Arc::new(Proxy { host: "127.0.0.1".into(), port, authorization: Some(authorization) }))
}

fn through(choice: ClientChoice, backend: &RawBackend, target: Target) -> Rig {
    Rig::to(choice, target.through(proxy(backend.address().port())))
}

fn clear(host: &str, port: u16) -> Target {
    Target::new(host, port, None, Http2::Never)
}

fn secured(ca: &Ca, port: u16) -> Target {
    Target::new("localhost", port, Some(ca.client_config(&["http/1.1"])), Http2::Never)
}

#[tokio::test]
async fn clear_text_is_handed_over() {
    for (host, port, authority) in
        [("a.example", 80, "a.example"), ("a.example", 81, "a.example:81"), ("::1", 80, "[::1]")]
    {
        for choice in CLIENTS {
            let backend = RawBackend::play([read_and(OK), read_and(OK)].concat()).await;
            let rig = through(choice, &backend, clear(host, port));
            for _ in 0..2 {
                assert_eq!(rig.get().await.unwrap().text(), (200, "ok"));
                tokio::task::yield_now().await;
            }
            let head = format!(
                "GET http://{authority}/a?b=c HTTP/1.1\r\nhost: h.example\r\n\
                 proxy-authorization: Basic dXNlcjpwYXNz\r\n\r\n"
            );
            assert_eq!(backend.text(0), head.repeat(2), "{choice:?}");
        }
    }
}

/// A proxy that gives tunnels to wherever it is asked, and keeps what it was asked.
async fn tunnels() -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::<Mutex<Vec<String>>>::default();
    let keeping = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let keeping = Arc::clone(&keeping);
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    assert!(near.read_buf(&mut head).await.unwrap() > 0);
                }
                let head = String::from_utf8(head).unwrap();
                let authority = head.split(' ').nth(1).unwrap().to_owned();
                keeping.lock().unwrap().push(head);
                let mut far = TcpStream::connect(authority).await.unwrap();
                near.write_all(b"HTTP/1.1 200 Go on\r\nX-Via: y\r\n\r\n").await.unwrap();
                drop(tokio::io::copy_bidirectional(&mut near, &mut far).await);
            });
        }
    });
    (port, asked)
}

#[tokio::test]
async fn tls_goes_through_a_tunnel() {
    let ca = Ca::new();
    let backend = Backend::builder()
        .tls(ca.server_config(&ca.leaf(&["localhost"]), &["http/1.1"]))
        .answer(200, &[], "ok")
        .await;
    for choice in CLIENTS {
        let (port, asked) = tunnels().await;
        let target = secured(&ca, backend.address().port()).through(proxy(port));
        let rig = Rig::to(choice, target);
        for _ in 0..2 {
            assert_eq!(rig.get().await.unwrap().text(), (200, "ok"));
            tokio::task::yield_now().await;
        }
        let upstream = format!("localhost:{}", backend.address().port());
        let head = format!(
            "CONNECT {upstream} HTTP/1.1\r\nhost: {upstream}\r\n\
             proxy-authorization: Basic dXNlcjpwYXNz\r\n\r\n"
        );
        assert_eq!(*asked.lock().unwrap(), [head]);
        assert_eq!(backend.last().header("proxy-authorization"), None);
    }
}

#[tokio::test]
async fn a_tunnel_that_is_refused_is_no_connection() {
    let ca = Ca::new();
    for (answer, code) in [
        ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", FaultCode::ConnectFailed),
        ("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\n\r\nno", FaultCode::ConnectFailed),
        ("HTTP/1.1 301 Moved\r\nLocation: /\r\n\r\n", FaultCode::ConnectFailed),
        ("", FaultCode::ConnectFailed),
        ("HTTP/1.1 200 OK\r\n\r\nearly", FaultCode::ProtocolViolation),
        ("SSH-2.0\r\n", FaultCode::ProtocolViolation),
    ] {
        let steps = vec![Step::ReadHead, Step::write(answer), Step::Close];
        let backend = RawBackend::play(steps).await;
        let rig = through(ClientChoice::Own, &backend, secured(&ca, 443));
        let failure = rig.get().await.unwrap_err();
        assert_eq!(failure.code, code, "{failure}");
        assert!(failure.detail.contains("through the proxy 127.0.0.1:"), "{failure}");
        assert!(!failure.detail.contains("dXNlcjpwYXNz"), "{failure}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_proxy_that_says_nothing_is_given_up() {
    let backend = RawBackend::play(vec![Step::ReadHead, Step::Never]).await;
    let rig = through(ClientChoice::Own, &backend, secured(&Ca::new(), 443));
    assert_eq!(rig.get().await.unwrap_err().code, FaultCode::ConnectTimeout);
}

/// Connections are shared by those alone that go the same way.
#[tokio::test]
async fn another_proxy_is_another_target() {
    let direct = clear("a.example", 80);
    let one = direct.clone().through(proxy(1));
    assert_ne!(direct, one);
    assert_ne!(one, direct.clone().through(proxy(2)));
    assert_eq!(one, direct.through(proxy(1)));
}
