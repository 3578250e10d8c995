//! The server over connections in memory, with a clock that tests move.
#![allow(clippy::unwrap_used, clippy::string_slice, reason = "a test fails by panicking")]

mod bodies;
mod messages;
mod waits;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body::{Body, Frame};
use http_body_util::{BodyExt as _, StreamBody};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::task::JoinHandle;

use super::*;
use crate::body::{BodyError, RequestBody};
use crate::config::GatewayConfig;
use crate::exchange::Exchange;
use crate::shutdown::{DrainControl, drain};
use crate::telemetry::log::{AccessLog, Format};
use crate::worker::{Shared, Worker};

type Answer = Result<Response<ResponseBody>, Silence>;

/// A handler made of a function.
pub(super) struct Answers<F>(F);

impl<F: Fn(Exchange) -> BoxFuture<'static, Answer> + Send + Sync> Handler for Answers<F> {
    fn handle(
        &self,
        connection: Arc<Connection>,
        arrival: Arrival,
    ) -> impl Future<Output = Answer> + Send {
        (self.0)(Exchange::begin(&connection, arrival))
    }
}

/// A connection to a server.
struct Rig {
    client: DuplexStream,
    serving: JoinHandle<()>,
    control: DrainControl,
    shared: Arc<Shared>,
    log: Sink,
}

/// What the access log has written.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const HEAD: Duration = Duration::from_millis(300);
const IDLE: Duration = Duration::from_millis(900);
const SOCKET: Duration = Duration::from_millis(700);

fn config() -> GatewayConfig {
    let mut config = GatewayConfig { workers: 1, ..GatewayConfig::default() };
    config.upstream_tls.system_roots = false;
    config.timeouts.head = HEAD;
    config.timeouts.client_idle = IDLE;
    config.timeouts.socket = SOCKET;
    config
}

/// What a connection needs besides its bytes.
fn served() -> (Arc<Connection>, Arc<Shared>, Sink) {
    let mut deployer = crate::deploy::deployer(Arc::new(config()), None).unwrap();
    let log = Sink::default();
    let access_log = AccessLog::start(Box::new(log.clone()), Format::Json, 1).unwrap();
    let shared = Arc::new(Shared::new(deployer.apply(Vec::new()), access_log, 1));
    let worker = Arc::new(Worker::new(0, Arc::clone(&shared)));
    let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    (Arc::new(Connection::new(worker, peer, false)), shared, log)
}

impl Rig {
    /// Serves over a connection that holds `room` bytes each way.
    fn new<F>(room: usize, answer: F) -> Self
    where
        F: Fn(Exchange) -> BoxFuture<'static, Answer> + Send + Sync + 'static,
    {
        let (connection, shared, log) = served();
        let (client, server) = duplex(room);
        let (control, drain) = drain();
        let transport = Transport::Other(Box::new(server));
        let serving = tokio::spawn(serve(
            Answers(answer),
            (transport, BytesMut::new()),
            connection,
            drain.guest(),
        ));
        Self { client, serving, control, shared, log }
    }

    async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.client.write_all(bytes.as_ref()).await.unwrap();
    }

    /// What comes until nothing more does for now.
    async fn seen(&mut self) -> String {
        let mut all = Vec::new();
        let pause = Duration::from_millis(1);
        while let Ok(Ok(1..)) = tokio::time::timeout(pause, self.client.read_buf(&mut all)).await {}
        dateless(&all)
    }

    /// What comes until the connection ends.
    async fn rest(&mut self) -> String {
        let mut all = Vec::new();
        while let Ok(1..) = self.client.read_buf(&mut all).await {}
        dateless(&all)
    }

    /// The access records of everything, once the server has ended.
    async fn records(self) -> Vec<Value> {
        drop(self.client);
        self.serving.await.unwrap();
        self.shared.access_log.flush(0);
        assert!(self.shared.access_log.shutdown(Duration::from_secs(20)));
        let bytes = self.log.0.lock().unwrap();
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
    }
}

/// A text without what differs from one time to the next.
fn dateless(bytes: &[u8]) -> String {
    let mut text = String::new();
    for line in String::from_utf8_lossy(bytes).split_inclusive("\r\n") {
        let name = line.split(':').next().unwrap_or_default();
        if !["date", "x-request-id", "activityid"].contains(&name) {
            text.push_str(line);
        }
    }
    text
}

/// Ends an exchange as the gateway does.
fn reply(exchange: Exchange, response: Response<ResponseBody>) -> Answer {
    Ok(crate::respond::reply(exchange, response))
}

/// Everything of a body, its trailers in brackets, or why it broke.
async fn gathered(body: &mut RequestBody) -> String {
    let mut all = String::new();
    loop {
        match std::future::poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await {
            None => return all,
            Some(Err(error)) => return format!("{all}!{error}"),
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => all.push_str(&String::from_utf8_lossy(&data)),
                Err(frame) => all.push_str(&format!("{:?}", frame.into_trailers().unwrap())),
            },
        }
    }
}

/// Answers with method, target and body of the request.
fn echo(mut exchange: Exchange) -> BoxFuture<'static, Answer> {
    Box::pin(async move {
        let body = gathered(&mut exchange.body).await;
        let text = format!("{} {} {body}", exchange.head.method, exchange.head.uri);
        reply(exchange, Response::new(ResponseBody::ready(text)))
    })
}

/// Answers without looking at the body.
fn short(exchange: Exchange) -> BoxFuture<'static, Answer> {
    Box::pin(async move { reply(exchange, Response::new(ResponseBody::ready("short"))) })
}

/// Never answers.
fn never(exchange: Exchange) -> BoxFuture<'static, Answer> {
    Box::pin(async move {
        std::future::pending::<()>().await;
        reply(exchange, Response::new(ResponseBody::empty()))
    })
}

/// A body of these frames.
fn frames(frames: Vec<Result<Frame<Bytes>, BodyError>>) -> ResponseBody {
    ResponseBody::streamed(Box::pin(StreamBody::new(futures_util::stream::iter(frames))))
}

fn data(text: &'static str) -> Result<Frame<Bytes>, BodyError> {
    Ok(Frame::data(Bytes::from_static(text.as_bytes())))
}

/// A future of a handler that gives an answer whose body is `body`.
fn answering(
    body: impl Fn() -> ResponseBody + Send + Sync + Clone + 'static,
) -> impl Fn(Exchange) -> BoxFuture<'static, Answer> + Send + Sync + 'static {
    move |exchange| {
        let body = body.clone();
        Box::pin(async move { reply(exchange, Response::new(body())) })
    }
}

/// What a connection holds while it waits, besides the socket and a timer: the aim is 8 KiB with
/// everything that the system's side of it does not count.
#[tokio::test(start_paused = true)]
async fn a_waiting_connection_is_small() {
    let (connection, _shared, _log) = served();
    let (_control, drain) = drain();
    let (_client, server) = duplex(64);
    let parts = (Transport::Other(Box::new(server)), BytesMut::new());
    let serving = serve(Gateway, parts, connection, drain.guest());
    let bytes = size_of_val(&serving);
    assert!(bytes <= 1280, "{bytes} bytes for the task");
    let wire = size_of::<Wire>() + size_of::<Connection>();
    assert!(wire <= 640, "{wire} bytes for what is shared");
}

#[tokio::test(start_paused = true)]
async fn a_waiting_connection_holds_no_buffer() {
    let (connection, _shared, _log) = served();
    let (_control, drain) = drain();
    let (mut client, server) = duplex(64 * 1024);
    let wire = Wire::new(Transport::Other(Box::new(server)), BytesMut::new());
    let config = Arc::clone(&connection.worker.shared.snapshot.load().config);
    let mut server =
        Server::new(Answers(short), wire, connection, &config, drain.guest().leaving());
    let wire = Arc::clone(&server.wire);
    let exchange = async {
        for _ in 0..2 {
            let mut never = pin!(std::future::pending());
            let next = std::future::poll_fn(|context| server.poll_next(context, never.as_mut()));
            let Some(Ok(head)) = next.await else { panic!("no request") };
            assert!(Box::pin(server.serve(head)).await);
        }
        let mut never = pin!(std::future::pending());
        let next = std::future::poll_fn(|context| server.poll_next(context, never.as_mut()));
        assert!(tokio::time::timeout(Duration::from_millis(1), next).await.is_err());
    };
    client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    client.write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\n").await.unwrap();
    client.write_all(&[b'x'; 20_000]).await.unwrap();
    exchange.await;
    assert_eq!(wire.lock().input.capacity(), 0);
}
