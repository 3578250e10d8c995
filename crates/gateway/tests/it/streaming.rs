//! Bodies that flow: without delay, and never faster than the other side takes them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use testkit::{Backend, Feed, Reply, ReplyBody};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::gateway::{Weir, shop, shop_with};

/// More than any buffer on the way holds.
const MUCH: usize = 64 * 1024 * 1024;

fn once(reply: Reply) -> impl Fn(testkit::Recorded) -> Reply + Send + Sync + 'static {
    let reply = std::sync::Mutex::new(Some(reply));
    move |_| reply.lock().unwrap().take().unwrap()
}

async fn events() -> (Backend, Feed) {
    let (reply, feed) = Reply::events();
    (Backend::builder().start(once(reply)).await, feed)
}

#[tokio::test]
async fn events_arrive_one_by_one() {
    let (backend, feed) = events().await;
    let weir = Weir::start(&shop(&backend.url()));
    let mut client = weir.client().await;
    client
        .send("GET /shop/1.0/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n")
        .await
        .unwrap();
    let head = client.head().await.unwrap();
    assert_eq!(head.status, 200);
    for index in 0..20 {
        let event = format!("event {index}");
        assert!(feed.event(&event).await);
        let started = Instant::now();
        assert_eq!(client.chunk().await.unwrap(), format!("data: {event}\n\n").into_bytes());
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    }
    drop(feed);
    assert_eq!(client.chunk().await.unwrap(), b"");
    assert!(weir.record().await.get("aborted").is_none());
}

#[tokio::test]
async fn the_endpoints_time_ends_with_the_head() {
    let (reply, feed) = Reply::events();
    let backend = Backend::builder().start(once(reply)).await;
    let config = serde_json::json!({ "actionDuration": "100" });
    let weir = Weir::start(&shop_with(&backend.url(), config));
    let mut client = weir.client().await;
    client.send("GET /shop/1.0/events HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert_eq!(client.head().await.unwrap().status, 200);
    tokio::time::sleep(Duration::from_millis(250)).await;
    assert!(feed.event("late").await);
    assert_eq!(client.chunk().await.unwrap(), b"data: late\n\n");
}

#[tokio::test]
async fn both_bodies_flow_at_once() {
    let (body, feed) = ReplyBody::fed();
    let backend = Backend::builder().early().start(once(Reply::new(200).stream(body))).await;
    let weir = Weir::start(&shop(&backend.url()));
    let mut client = weir.client().await;
    client
        .send("POST /shop/1.0/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(client.head().await.unwrap().status, 200);
    for piece in ["one", "two"] {
        client.send(format!("3\r\n{piece}\r\n")).await.unwrap();
        assert!(feed.send(piece).await);
        assert_eq!(client.chunk().await.unwrap(), piece.as_bytes());
    }
    client.send("0\r\n\r\n").await.unwrap();
    backend.arrived(1).await;
    assert_eq!((&*backend.last().text(), backend.last().complete), ("onetwo", true));
    drop(feed);
    assert_eq!(client.chunk().await.unwrap(), b"");
}

/// A backend that writes as much as is taken, and says how much that was.
async fn flood() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let taken = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&taken);
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = [0; 4096];
        assert!(stream.read(&mut head).await.unwrap() > 0);
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {MUCH}\r\n\r\n");
        stream.write_all(answer.as_bytes()).await.unwrap();
        let piece = vec![b'x'; 64 * 1024];
        while count.load(Ordering::SeqCst) < MUCH {
            let Ok(written) = stream.write(&piece).await else { return };
            count.fetch_add(written, Ordering::SeqCst);
        }
    });
    (url, taken)
}

/// Waits until a count stands still, and gives it.
async fn settled(count: &AtomicUsize) -> usize {
    loop {
        let before = count.load(Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(200)).await;
        let after = count.load(Ordering::SeqCst);
        if before == after && after > 0 {
            return after;
        }
    }
}

/// A connection whose receive buffer is small.
async fn slow_reader(weir: &Weir) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16 * 1024).unwrap();
    socket.connect(weir.address()).await.unwrap()
}

#[tokio::test]
async fn a_client_that_stops_reading_stops_the_backend() {
    let (url, taken) = flood().await;
    let weir = Weir::start(&shop(&url));
    let mut client = slow_reader(&weir).await;
    client.write_all(b"GET /shop/1.0/a HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let held = testkit::bounded("a standstill", settled(&taken)).await;
    assert!(held < MUCH / 2, "{held} bytes were taken for a client that reads none");
    // What it then reads is whole.
    let mut total = 0;
    let mut piece = vec![0; 1024 * 1024];
    while total < MUCH {
        let count = testkit::bounded("more", client.read(&mut piece)).await.unwrap();
        assert!(count > 0, "the answer ended after {total} bytes");
        total += count;
    }
}

#[tokio::test]
async fn a_backend_that_stops_reading_stops_the_client() {
    let backend =
        testkit::RawBackend::play(vec![testkit::Step::ReadHead, testkit::Step::Never]).await;
    let config = serde_json::json!({ "actionDuration": "2000" });
    let weir = Weir::start(&shop_with(&backend.url(), config));
    let mut client = TcpStream::connect(weir.address()).await.unwrap();
    let head = format!("POST /shop/1.0/a HTTP/1.1\r\nHost: x\r\nContent-Length: {MUCH}\r\n\r\n");
    client.write_all(head.as_bytes()).await.unwrap();
    let sent = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&sent);
    let writing = tokio::spawn(async move {
        let piece = vec![b'x'; 64 * 1024];
        while count.load(Ordering::SeqCst) < MUCH {
            count.fetch_add(client.write(&piece).await.unwrap(), Ordering::SeqCst);
        }
    });
    let held = testkit::bounded("a standstill", settled(&sent)).await;
    assert!(held < MUCH / 2, "{held} bytes were taken for a backend that reads none");
    writing.abort();
    // The end of a client is not seen behind bytes that nobody takes; the time limit is.
    weir.quiet().await;
}

#[tokio::test]
async fn a_large_body_arrives_whole_both_ways() {
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    let body: Vec<u8> = (0..8_000_000_u32).map(|n| (n % 253) as u8).collect();
    let answer = weir.call("POST", "/shop/1.0/a", &[], &body).await;
    assert!(answer.body == body, "{} bytes came back", answer.body.len());
    let record = weir.record().await;
    assert_eq!(record["request_bytes"], body.len());
    assert_eq!(record["response_bytes"], body.len());
}
