//! HTTP/2 upstreams that allow few streams, refuse some, or leave: how many connections they get,
//! and what is sent again.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gateway::config::GatewayConfig;
use serde_json::json;
use testkit::{Answer, Backend, Nginx, Project, Reply};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::frames::{
    ACK, DATA, END_HEADERS, END_STREAM, GOAWAY, Got, HEADERS, RESET, SETTINGS, WINDOW_UPDATE, frame,
};
use crate::gateway::{Weir, open};

/// What an upstream does with a request, once it is whole.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Deed {
    /// Answers with the body that came.
    Echo,
    /// The same once it is let go.
    Hold,
    /// `REFUSED_STREAM`.
    Refuse,
    /// `GOAWAY` that names the stream before as the last one.
    Ignore,
    /// `GOAWAY` that names this stream as the last one, and an answer once it is let go.
    Last,
    /// Leaves it there.
    Nothing,
    /// Ends the connection.
    Close,
    /// `GOAWAY` that names this stream as the last one, and the end.
    LastAndClose,
}

/// An upstream that speaks frames.
pub(crate) struct Upstream {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    hold: Arc<Semaphore>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Seen {
    connections: usize,
    /// Connections that have ended.
    ended: usize,
    /// The connection and the body of each request.
    requests: Vec<(usize, String)>,
    /// Streams that are open now, and most of them at once, on each connection.
    open: HashMap<usize, (usize, usize)>,
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

type Script = Arc<dyn Fn(usize, usize) -> Deed + Send + Sync>;

impl Upstream {
    /// Allows that many streams; `script` is asked for each request, with the number of its
    /// connection and its own over all connections.
    pub(crate) async fn start(
        streams: u32,
        script: impl Fn(usize, usize) -> Deed + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::<Mutex<Seen>>::default();
        let hold = Arc::new(Semaphore::new(0));
        let script: Script = Arc::new(script);
        let (kept, held) = (Arc::clone(&seen), Arc::clone(&hold));
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let number = {
                    let mut seen = kept.lock().unwrap();
                    seen.connections += 1;
                    seen.connections - 1
                };
                let (seen, hold) = (Arc::clone(&kept), Arc::clone(&held));
                let script = Arc::clone(&script);
                connections.spawn(async move {
                    let _ended = serve(stream, streams, number, script, &seen, hold).await;
                    seen.lock().unwrap().ended += 1;
                });
            }
        });
        Self { address, seen, hold, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn project(&self) -> Project {
        project(&self.url())
    }

    pub(crate) fn requests(&self) -> Vec<(usize, String)> {
        self.seen.lock().unwrap().requests.clone()
    }

    fn connections(&self) -> usize {
        self.seen.lock().unwrap().connections
    }

    /// Most streams at once on any connection.
    fn busiest(&self) -> usize {
        self.seen.lock().unwrap().open.values().map(|(_, most)| *most).max().unwrap_or_default()
    }

    async fn arrived(&self, count: usize) {
        self.until("requests", |seen| seen.requests.len() >= count).await;
    }

    async fn until(&self, what: &str, holds: impl Fn(&Seen) -> bool) {
        testkit::bounded(what, async {
            while !holds(&self.seen.lock().unwrap()) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
    }
}

fn project(url: &str) -> Project {
    open(Project::new("Shop", "1.0", "/shop"), "/*").endpoint_config(json!({
        "endpoint_type": "http",
        "production_endpoints": {
            "url": url, "x-weir-http2": "always", "config": { "suspendDuration": "0" },
        },
    }))
}

async fn read(from: &mut OwnedReadHalf) -> std::io::Result<Got> {
    let mut head = [0; 9];
    from.read_exact(&mut head).await?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    let mut payload = vec![0; usize::try_from(length).unwrap()];
    from.read_exact(&mut payload).await?;
    let stream = u32::from_be_bytes(head[5..9].try_into().unwrap());
    Ok(Got { kind: head[3], flags: head[4], stream, payload })
}

async fn serve(
    stream: TcpStream,
    streams: u32,
    number: usize,
    script: Script,
    seen: &Arc<Mutex<Seen>>,
    hold: Arc<Semaphore>,
) -> std::io::Result<()> {
    let (mut reader, writer) = stream.into_split();
    let writer = Arc::new(tokio::sync::Mutex::new(writer));
    let mut preface = [0; 24];
    reader.read_exact(&mut preface).await?;
    let settings = [&[0, 3][..], &streams.to_be_bytes()].concat();
    send(&writer, &frame(SETTINGS, 0, 0, settings)).await?;
    let mut bodies = HashMap::<u32, Vec<u8>>::new();
    loop {
        let got = read(&mut reader).await?;
        match got.kind {
            SETTINGS if got.flags & ACK == 0 => {
                send(&writer, &frame(SETTINGS, ACK, 0, [])).await?;
            }
            HEADERS => {
                let mut seen = seen.lock().unwrap();
                let (now, most) = seen.open.entry(number).or_default();
                *now += 1;
                *most = (*most).max(*now);
                bodies.insert(got.stream, Vec::new());
            }
            DATA => {
                let length = u32::try_from(got.payload.len()).unwrap().to_be_bytes();
                if !got.payload.is_empty() {
                    send(&writer, &frame(WINDOW_UPDATE, 0, 0, length)).await?;
                    send(&writer, &frame(WINDOW_UPDATE, 0, got.stream, length)).await?;
                }
                bodies.entry(got.stream).or_default().extend(&got.payload);
            }
            _ => continue,
        }
        if got.flags & END_STREAM == 0 || !matches!(got.kind, HEADERS | DATA) {
            continue;
        }
        let body = bodies.remove(&got.stream).unwrap_or_default();
        let text = String::from_utf8_lossy(&body).into_owned();
        let index = {
            let mut seen = seen.lock().unwrap();
            seen.requests.push((number, text));
            seen.requests.len() - 1
        };
        let goaway = |last: u32| frame(GOAWAY, 0, 0, [&last.to_be_bytes()[..], &[0; 4]].concat());
        let mut answer = frame(HEADERS, END_HEADERS, got.stream, [0x88]);
        for piece in body.chunks(10_000) {
            answer.extend(frame(DATA, 0, got.stream, piece));
        }
        answer.extend(frame(DATA, END_STREAM, got.stream, []));
        let ended = {
            let seen = Arc::clone(seen);
            move || seen.lock().unwrap().open.get_mut(&number).unwrap().0 -= 1
        };
        let deed = script(number, index);
        match deed {
            Deed::Nothing => {}
            Deed::Close => return Ok(()),
            Deed::LastAndClose => return send(&writer, &goaway(got.stream)).await,
            Deed::Echo => {
                ended();
                send(&writer, &answer).await?;
            }
            Deed::Refuse => {
                ended();
                send(&writer, &frame(RESET, 0, got.stream, 7_u32.to_be_bytes())).await?;
            }
            Deed::Ignore => send(&writer, &goaway(got.stream.saturating_sub(2))).await?,
            Deed::Hold | Deed::Last => {
                if matches!(deed, Deed::Last) {
                    send(&writer, &goaway(got.stream)).await?;
                }
                let (writer, hold) = (Arc::clone(&writer), Arc::clone(&hold));
                tokio::spawn(async move {
                    hold.acquire().await.unwrap().forget();
                    ended();
                    let _gone = send(&writer, &answer).await;
                });
            }
        }
    }
}

async fn send(writer: &tokio::sync::Mutex<OwnedWriteHalf>, bytes: &[u8]) -> std::io::Result<()> {
    writer.lock().await.write_all(bytes).await
}

fn few(connections: usize) -> impl FnOnce(&mut GatewayConfig) {
    move |config| config.limits.http2.upstream_connections = connections
}

/// Sends that many requests at once, each with a body of its own.
fn calls(weir: &Weir, count: usize) -> Vec<tokio::task::JoinHandle<Answer>> {
    let url = weir.url("/shop/1.0/a");
    let call = |index: usize| {
        let url = url.clone();
        tokio::spawn(async move {
            let body = format!("body {index}");
            testkit::request("POST", &url, &[], body.as_bytes()).await.unwrap()
        })
    };
    (0..count).map(call).collect()
}

async fn answered(calls: Vec<tokio::task::JoinHandle<Answer>>) {
    for (index, call) in calls.into_iter().enumerate() {
        let answer = testkit::bounded("an answer", call).await.unwrap();
        assert_eq!((answer.status, answer.text()), (200, format!("body {index}")));
    }
}

#[tokio::test]
async fn connections_are_opened_as_streams_are_used_up() {
    let upstream = Upstream::start(4, |_, _| Deed::Hold).await;
    let weir = Weir::with(&[&upstream.project()], few(8));
    let calls = calls(&weir, 64);
    // What is held now is all that there is room for: the rest waits.
    upstream.arrived(32).await;
    upstream.hold.add_permits(64);
    answered(calls).await;
    assert_eq!((upstream.connections(), upstream.busiest()), (8, 4));
    let mut bodies: Vec<String> = upstream.requests().into_iter().map(|(_, body)| body).collect();
    bodies.sort();
    bodies.dedup();
    assert_eq!(bodies.len(), 64);
    weir.quiet().await;
}

#[tokio::test]
async fn one_connection_is_enough_while_it_has_room() {
    let upstream = Upstream::start(1000, |_, _| Deed::Hold).await;
    let weir = Weir::start(&upstream.project());
    let calls = calls(&weir, 64);
    upstream.arrived(64).await;
    assert_eq!((upstream.connections(), upstream.busiest()), (1, 64));
    upstream.hold.add_permits(64);
    answered(calls).await;
}

/// Our own limit holds where the upstream would allow more.
#[tokio::test]
async fn streams_of_a_connection_have_a_limit_of_ours() {
    let upstream = Upstream::start(1000, |_, _| Deed::Hold).await;
    let weir = Weir::with(&[&upstream.project()], |config| {
        config.limits.http2.upstream_connections = 2;
        config.limits.http2.upstream_streams = 3;
    });
    let calls = calls(&weir, 10);
    upstream.arrived(6).await;
    assert_eq!((upstream.connections(), upstream.busiest()), (2, 3));
    upstream.hold.add_permits(10);
    answered(calls).await;
    assert_eq!((upstream.connections(), upstream.busiest()), (2, 3));
}

#[tokio::test]
async fn what_waits_for_a_stream_may_be_given_up() {
    let upstream = Upstream::start(1, |_, _| Deed::Hold).await;
    let weir = Weir::with(&[&upstream.project()], |config| {
        config.limits.http2.upstream_connections = 1;
        config.timeouts.endpoint = Duration::from_millis(500);
    });
    let first = calls(&weir, 3);
    for call in first {
        assert_eq!(call.await.unwrap().status, 500);
    }
    weir.quiet().await;
    // A stream that was given up makes room for the next request.
    upstream.hold.add_permits(4);
    assert_eq!(weir.call("POST", "/shop/1.0/a", &[], b"next").await.text(), "next");
    assert_eq!(upstream.connections(), 1);
}

#[tokio::test]
async fn refused_streams_are_sent_again() {
    let upstream =
        Upstream::start(100, |_, index| if index < 2 { Deed::Refuse } else { Deed::Echo }).await;
    let weir = Weir::start(&upstream.project());
    answered(calls(&weir, 1)).await;
    assert_eq!(upstream.requests().len(), 3);
    assert!(upstream.requests().iter().all(|(_, body)| body == "body 0"));
    assert_eq!(weir.record().await["attempts"], 1);
    assert_eq!(weir.state().await, "ACTIVE");
}

#[tokio::test]
async fn an_upstream_that_always_refuses_is_a_fault() {
    let upstream = Upstream::start(100, |_, _| Deed::Refuse).await;
    let weir = Weir::start(&upstream.project());
    let answer = weir.call("POST", "/shop/1.0/a", &[], b"body").await;
    assert_eq!(answer.status, 500);
    assert_eq!(upstream.requests().len(), 4);
    weir.quiet().await;
}

/// What `GOAWAY` leaves out was not looked at; what it includes may have been.
#[tokio::test]
async fn what_a_leaving_upstream_has_not_looked_at_is_sent_again() {
    let upstream =
        Upstream::start(100, |_, index| if index == 0 { Deed::Ignore } else { Deed::Echo }).await;
    let weir = Weir::start(&upstream.project());
    answered(calls(&weir, 1)).await;
    assert_eq!(upstream.requests(), [(0, "body 0".to_owned()), (1, "body 0".to_owned())]);

    let upstream = Upstream::start(100, |_, _| Deed::LastAndClose).await;
    let weir = Weir::start(&upstream.project());
    assert_eq!(weir.call("POST", "/shop/1.0/a", &[], b"body").await.status, 500);
    assert_eq!(upstream.requests().len(), 1);
    let upstream = Upstream::start(100, |_, _| Deed::Close).await;
    let weir = Weir::start(&upstream.project());
    assert_eq!(weir.call("POST", "/shop/1.0/a", &[], b"body").await.status, 500);
    assert_eq!(upstream.requests().len(), 1);
}

/// A body that is too large to be kept cannot be sent again.
#[tokio::test]
async fn a_large_body_is_not_sent_again() {
    let refuse_once = |_, index| if index == 0 { Deed::Refuse } else { Deed::Echo };
    let upstream = Upstream::start(100, refuse_once).await;
    let weir = Weir::start(&upstream.project());
    let large = weir.call("POST", "/shop/1.0/a", &[], "x".repeat(65_000).as_bytes()).await;
    assert_eq!(large.status, 200);
    let bodies: Vec<usize> = upstream.requests().iter().map(|(_, body)| body.len()).collect();
    assert_eq!(bodies, [65_000, 65_000]);
    let upstream = Upstream::start(100, refuse_once).await;
    let weir = Weir::start(&upstream.project());
    let larger = weir.call("POST", "/shop/1.0/a", &[], "x".repeat(66_000).as_bytes()).await;
    assert_eq!(larger.status, 500);
    assert_eq!(upstream.requests().len(), 1);
}

/// Streams that the upstream still serves come to their end, and the next request goes elsewhere.
#[tokio::test]
async fn a_leaving_connection_finishes_its_streams() {
    let upstream = Upstream::start(100, |connection, index| match (connection, index) {
        (0, 0) => Deed::Hold,
        (0, 1) => Deed::Last,
        (0, _) => Deed::Nothing,
        _ => Deed::Echo,
    })
    .await;
    let weir = Weir::start(&upstream.project());
    let mut first = calls(&weir, 1);
    upstream.arrived(1).await;
    let second = tokio::spawn({
        let url = weir.url("/shop/1.0/a");
        async move { testkit::request("POST", &url, &[], b"second").await.unwrap() }
    });
    upstream.arrived(2).await;
    weir.until("a new connection", || async {
        let answer = weir.call("POST", "/shop/1.0/a", &[], b"third").await;
        assert_eq!((answer.status, &*answer.text()), (200, "third"));
        upstream.connections() == 2
    })
    .await;
    assert!(!second.is_finished());
    upstream.hold.add_permits(2);
    assert_eq!(second.await.unwrap().text(), "second");
    answered(vec![first.remove(0)]).await;
    // Nobody uses it any more.
    upstream.until("the end of the first connection", |seen| seen.ended == 1).await;
}

#[tokio::test]
async fn connections_that_are_not_needed_are_closed() {
    let upstream = Upstream::start(2, |_, _| Deed::Hold).await;
    let weir = Weir::with(&[&upstream.project()], |config| {
        config.timeouts.pool_idle = Duration::from_millis(100);
    });
    let calls = calls(&weir, 8);
    upstream.arrived(8).await;
    assert_eq!(upstream.connections(), 4);
    upstream.hold.add_permits(8);
    answered(calls).await;
    upstream.until("the end of all connections", |seen| seen.ended == 4).await;
    upstream.hold.add_permits(1);
    assert_eq!(weir.get("/shop/1.0/a").await.status, 200);
    assert_eq!(upstream.connections(), 5);
}

/// An upstream that nobody can connect to fails all that wait for the connection.
#[tokio::test]
async fn who_waits_for_a_connection_that_fails_is_told() {
    let port = testkit::free_port();
    let weir = Weir::start(&project(&format!("http://127.0.0.1:{port}")));
    for call in calls(&weir, 20) {
        let answer = testkit::bounded("an answer", call).await.unwrap();
        assert!([500, 503].contains(&answer.status), "{}", answer.text());
    }
    weir.quiet().await;
}

/// A real server, which allows few streams and leaves after some requests.
#[tokio::test]
async fn nginx_gets_as_many_connections_as_it_needs() {
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    let handler = move |request: testkit::Recorded| {
        let held = Arc::clone(&held);
        async move {
            held.acquire().await.unwrap().forget();
            Reply::new(200).body(request.body)
        }
    };
    let backend = Backend::builder().start_async(handler).await;
    let block = format!(
        "server {{ listen 127.0.0.1:@PORT@ http2; http2_max_concurrent_streams 4; \
         keepalive_requests 10; location / {{ proxy_pass {}; }} }}",
        backend.url()
    );
    let Some(nginx) = Nginx::http(&block).await else { return };
    let weir = Weir::with(&[&project(&nginx.url())], few(16));
    let first = calls(&weir, 64);
    backend.arrived(64).await;
    gate.add_permits(10_000);
    answered(first).await;
    for _ in 0..5 {
        answered(calls(&weir, 64)).await;
    }
    assert_eq!(backend.requests().len(), 6 * 64);
    assert!(weir.records(6 * 64).await.iter().all(|record| record["status"] == 200));
    assert_eq!(weir.state().await, "ACTIVE");
}
