//! Backends and clients against each other.

use std::sync::Arc;
use std::time::Duration;

use http::Request;
use testkit::{
    Apache, Backend, Client, Feed, H2Client, H2Outcome, Nginx, RawBackend, RawH2, RefusedPort,
    Reply, ReplyBody, Script, Step,
};
use tokio::sync::Notify;

#[tokio::test]
async fn echo_gives_back_what_it_records() {
    let backend = Backend::echo().await;
    let answer =
        testkit::request("POST", &format!("{}/a%2Fb?q=1", backend.url()), &[("X-A", "1")], "hello")
            .await
            .unwrap();
    assert_eq!((answer.status, answer.text().as_str()), (200, "hello"));
    assert_eq!(answer.header("X-Echo-Target"), Some("/a%2Fb?q=1"));
    let seen = backend.last();
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("POST", "/a%2Fb?q=1"));
    assert_eq!((seen.header("x-a"), seen.text().as_str()), (Some("1"), "hello"));
    assert!(seen.complete);
}

#[tokio::test]
async fn a_connection_is_kept_and_counted() {
    let backend = Backend::answer(200, &[("x-one", "1")], "ok").await;
    let mut client = Client::connect(backend.address()).await.unwrap();
    for _ in 0..2 {
        assert_eq!(client.get("/").await.unwrap().text(), "ok");
    }
    assert_eq!((backend.requests().len(), backend.connections()), (2, 1));
}

#[tokio::test]
async fn chunks_and_trailers_come_through() {
    let reply = |_| Reply::new(200).body("abc").trailers(&[("x-sum", "6")]);
    let backend = Backend::builder().start(reply).await;
    let mut client = Client::connect(backend.address()).await.unwrap();
    let answer = client.call("GET", "/", &[("TE", "trailers")], b"").await.unwrap();
    assert_eq!((answer.text().as_str(), answer.trailer("x-sum")), ("abc", Some("6")));
}

#[tokio::test]
async fn a_fed_body_is_seen_piece_by_piece() {
    let (body, feed) = ReplyBody::fed();
    let body = std::sync::Mutex::new(Some(body));
    let backend = Backend::builder()
        .start(move |_| Reply::new(200).stream(body.lock().unwrap().take().unwrap()))
        .await;
    let mut client = Client::connect(backend.address()).await.unwrap();
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert!(feed.send("one").await);
    assert_eq!(client.head().await.unwrap().status, 200);
    assert_eq!(client.chunk().await.unwrap(), b"one");
    assert!(feed.event("two").await);
    assert_eq!(client.chunk().await.unwrap(), b"data: two\n\n");
    drop::<Feed>(feed);
    assert_eq!(client.chunk().await.unwrap(), b"");
}

#[tokio::test(start_paused = true)]
async fn a_delay_follows_the_test_clock() {
    let reply = |_| Reply::new(204).delay(Duration::from_secs(3600));
    let backend = Backend::builder().start(reply).await;
    let before = tokio::time::Instant::now();
    assert_eq!(testkit::get(&backend.url()).await.unwrap().status, 204);
    assert!(before.elapsed() >= Duration::from_secs(3600));
}

#[tokio::test]
async fn a_tunnel_sends_back_bytes() {
    let backend = Backend::builder().start(|_| Reply::tunnel("websocket")).await;
    let mut client = Client::connect(backend.address()).await.unwrap();
    let upgrade = [("Connection", "Upgrade"), ("Upgrade", "websocket")];
    let answer = client.call("GET", "/", &upgrade, b"").await.unwrap();
    assert_eq!((answer.status, answer.header("upgrade")), (101, Some("websocket")));
    client.send(b"\x00ping").await.unwrap();
    assert_eq!(client.read_exact(5).await.unwrap(), b"\x00ping");
}

#[tokio::test]
async fn http2_with_prior_knowledge_has_grpc_trailers() {
    let backend = Backend::builder().http2_only().start(|_| Reply::grpc(b"hi", 5)).await;
    let mut client = H2Client::connect(backend.address()).await.unwrap();
    let url = format!("{}/pkg.Service/Call", backend.url());
    let request = Request::post(url).body(ReplyBody::full("x".into())).unwrap();
    let answer = client.call(request).await.unwrap();
    assert_eq!(answer.body.as_ref(), b"\0\0\0\0\x02hi");
    assert_eq!(answer.trailer("grpc-status"), Some("5"));
    assert_eq!(backend.last().version, http::Version::HTTP_2);
}

#[tokio::test]
async fn an_early_answer_does_not_wait_for_the_body() {
    let (body, feed) = ReplyBody::fed();
    let body = std::sync::Mutex::new(Some(body));
    let handler = move |_| Reply::new(202).stream(body.lock().unwrap().take().unwrap());
    let backend = Backend::builder().early().start(handler).await;
    let mut client = Client::connect(backend.address()).await.unwrap();
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n").await.unwrap();
    assert_eq!(client.head().await.unwrap().status, 202);
    assert!(backend.requests().is_empty());
    client.send("ok").await.unwrap();
    backend.arrived(1).await;
    assert_eq!(backend.last().text(), "ok");
    drop(feed);
    assert_eq!(client.chunk().await.unwrap(), b"");
}

#[tokio::test]
async fn a_stopped_backend_refuses_and_another_takes_its_place() {
    let backend = Backend::answer(200, &[], "first").await;
    let address = backend.address();
    drop(backend);
    assert!(testkit::get(&format!("http://{address}/")).await.is_err());
    let again = Backend::builder().address(address).answer(200, &[], "second").await;
    assert_eq!(testkit::get(&again.url()).await.unwrap().text(), "second");
}

#[tokio::test]
async fn raw_steps_are_played_in_order() {
    let go = Arc::new(Notify::new());
    let backend = RawBackend::play(vec![
        Step::ReadHead,
        Step::write("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
        Step::Wait(Arc::clone(&go)),
        Step::write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
        Step::ReadBytes(3),
        Step::Close,
    ])
    .await;
    let mut client = Client::connect(backend.address()).await.unwrap();
    client.send("GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let hint = client.head().await.unwrap();
    assert_eq!((hint.status, hint.headers.len()), (103, 1));
    go.notify_one();
    assert_eq!(client.response().await.unwrap().text(), "ok");
    client.send("bye").await.unwrap();
    assert_eq!(client.rest().await, b"");
    assert_eq!(backend.text(0), "GET / HTTP/1.1\r\n\r\nbye");
    assert_eq!(backend.connections(), 1);
}

#[tokio::test]
async fn each_connection_has_its_script() {
    let answer = |text: &str| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len());
        vec![Step::ReadHead, Step::write(head)]
    };
    let backend = RawBackend::script(vec![answer("one"), answer("two")]).await;
    for expected in ["one", "two", "two"] {
        assert_eq!(testkit::get(&backend.url()).await.unwrap().text(), expected);
    }
    backend.accepted(3).await;
}

#[tokio::test]
async fn half_a_body_ends_in_an_error() {
    let backend = RawBackend::half_body(10, "12345").await;
    let error = testkit::get(&backend.url()).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}");
}

#[tokio::test]
async fn a_refused_port_refuses() {
    let port = RefusedPort::new();
    let error = Client::connect(port.address()).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn a_head_request_has_no_body_to_wait_for() {
    let backend = Backend::answer(200, &[], "four").await;
    let mut client = Client::connect(backend.address()).await.unwrap();
    let answer = client.call("HEAD", "/", &[], b"").await.unwrap();
    assert_eq!((answer.header("content-length"), answer.body.len()), (Some("4"), 0));
    assert_eq!(client.get("/").await.unwrap().text(), "four");
}

#[tokio::test]
async fn a_real_nginx_answers() {
    let Some(nginx) = Nginx::server("location / { return 200 'from nginx'; }").await else {
        return;
    };
    assert_eq!(testkit::get(&nginx.url()).await.unwrap().text(), "from nginx");
    let address = nginx.address();
    drop(nginx);
    assert!(Client::connect(address).await.is_err());
}

#[tokio::test]
async fn a_real_apache_answers() {
    let directives = "Header always set X-Seen \"expr=%{REQUEST_URI}\"";
    let Some(apache) = Apache::server(&["headers"], directives).await else { return };
    std::fs::write(apache.dir().join("a"), "from Apache").unwrap();
    let answer = testkit::get(&format!("{}/a", apache.url())).await.unwrap();
    assert_eq!((&*answer.text(), answer.header("x-seen")), ("from Apache", Some("/a")));
    let address = apache.address();
    drop(apache);
    assert!(Client::connect(address).await.is_err());
}

#[tokio::test]
async fn scripts_answer_in_their_folder() {
    let node = "const http = require('http');
        const server = http.createServer((request, answer) => {
          require('fs').writeFileSync('seen', process.argv.slice(1).join(' '));
          answer.end('from a script');
        });
        server.listen(0, '127.0.0.1', () => console.log(server.address().port));";
    let python = "import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        open('seen', 'w').write(' '.join(sys.argv[1:]))
        self.wfile.write(b'HTTP/1.0 200 OK\\r\\n\\r\\nfrom a script')
server = http.server.HTTPServer(('127.0.0.1', 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()";
    for script in [Script::node(node, &["a", "b"]).await, Script::python(python, &["a", "b"]).await]
    {
        let Some(script) = script else { continue };
        assert_eq!(testkit::get(&script.url()).await.unwrap().text(), "from a script");
        assert_eq!(std::fs::read_to_string(script.dir().join("seen")).unwrap(), "a b");
        let address = script.address();
        drop(script);
        assert!(Client::connect(address).await.is_err());
    }
}

#[tokio::test]
async fn a_raw_http2_client_sends_what_it_is_given() {
    let backend = Backend::answer(503, &[("x-one", "1"), ("content-type", "a/b")], "body").await;
    let mut client = RawH2::connect(backend.address()).await.unwrap();
    let of = |name: &str, value: &str| (name.into(), value.into());
    let fields =
        [of(":method", "POST"), of(":scheme", "http"), of(":path", "/a"), of(":authority", "x")];
    client.headers(1, &fields, false).await.unwrap();
    client.data(1, b"hello", true).await.unwrap();
    let outcome = client.outcome(1).await;
    let H2Outcome::Answer { status, body, .. } = &outcome else { panic!("{outcome:?}") };
    assert_eq!((*status, &body[..], outcome.header("x-one")), (503, &b"body"[..], Some("1")));
    assert_eq!(backend.last().text(), "hello");
    let bad: (Vec<u8>, Vec<u8>) = (b"x a".to_vec(), b"b".to_vec());
    client.headers(3, &[&fields[..], &[bad]].concat(), true).await.unwrap();
    assert!(matches!(client.outcome(3).await, H2Outcome::Reset(_) | H2Outcome::GoAway(_)));
}
