//! A backend that behaves: HTTP/1.1, HTTP/2 with prior knowledge, and both over TLS.
//!
//! It records what arrives and answers as the test says.
//! What breaks the protocol is the business of [`RawBackend`](crate::RawBackend).

use std::convert::Infallible;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, Version};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::reply::{Reply, ReplyBody};
use crate::tasks::Tasks;

type Answering = Pin<Box<dyn Future<Output = Reply> + Send>>;
type Handler = Arc<dyn Fn(Recorded) -> Answering + Send + Sync>;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The method.
    pub method: Method,
    /// Path and query as sent, nothing decoded.
    pub target: String,
    /// The authority of the target (`:authority` in HTTP/2).
    pub authority: Option<String>,
    /// The version.
    pub version: Version,
    /// The header fields.
    pub headers: HeaderMap,
    /// The body without its framing.
    pub body: Bytes,
    /// The trailer fields.
    pub trailers: Option<HeaderMap>,
    /// Whether the body came to its proper end.
    pub complete: bool,
    /// Which connection it came on, counted from 0.
    pub connection: usize,
    /// What TLS agreed on; `None` in clear text.
    pub tls: Option<Tls>,
}

/// What was agreed with a client that speaks TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The name the client asked for.
    pub server_name: Option<String>,
    /// The protocol by ALPN.
    pub alpn: Option<String>,
    /// The client's certificate (DER).
    pub client_certificate: Option<Vec<u8>>,
}

impl Recorded {
    /// The first header field of that name, as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as text; what is not UTF-8 is replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A running backend.
#[derive(Debug)]
pub struct Backend {
    address: SocketAddr,
    scheme: &'static str,
    shared: Arc<Shared>,
    tasks: Tasks,
}

#[derive(Debug)]
struct Shared {
    log: Mutex<Vec<Recorded>>,
    count: watch::Sender<usize>,
    connections: AtomicUsize,
}

impl Backend {
    /// Answers every request with its own body and type, and with `x-echo-method` and
    /// `x-echo-target`.
    pub async fn echo() -> Self {
        Self::builder().start(echo).await
    }

    /// Answers every request the same.
    pub async fn answer(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Self {
        Self::builder().answer(status, headers, body).await
    }

    /// Answers with what `handler` says, once the whole request has arrived.
    pub async fn with<H, F>(handler: H) -> Self
    where
        H: Fn(Recorded) -> F + Send + Sync + 'static,
        F: Future<Output = Reply> + Send + 'static,
    {
        Self::builder().start_async(handler).await
    }

    /// A backend with TLS, one protocol only, or a given address.
    #[must_use]
    pub fn builder() -> BackendBuilder {
        BackendBuilder::default()
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL without a slash at the end; with TLS the host is `localhost`.
    #[must_use]
    pub fn url(&self) -> String {
        let host = if self.scheme == "https" { "localhost" } else { "127.0.0.1" };
        format!("{}://{host}:{}", self.scheme, self.address.port())
    }

    /// What has arrived so far.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes what has arrived so far.
    #[must_use]
    pub fn take(&self) -> Vec<Recorded> {
        std::mem::take(&mut *self.shared.log.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The latest request.
    ///
    /// # Panics
    /// When none has arrived.
    #[must_use]
    pub fn last(&self) -> Recorded {
        self.requests().pop().expect("a request has arrived")
    }

    /// Waits until `count` requests have arrived since the start.
    pub async fn arrived(&self, count: usize) {
        let mut seen = self.shared.count.subscribe();
        let wait = seen.wait_for(|arrived| *arrived >= count);
        drop(crate::bounded("requests at the backend", wait).await);
    }

    /// How many connections were accepted.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Stops listening and cuts every connection.
    pub fn stop(&self) {
        self.tasks.stop();
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.tasks.stop();
    }
}

/// How a backend is to be.
#[derive(Debug, Default)]
pub struct BackendBuilder {
    address: Option<SocketAddr>,
    tls: Option<Arc<ServerConfig>>,
    only: Option<Version>,
    early: bool,
}

impl BackendBuilder {
    /// Listens here, where another backend listened before.
    #[must_use]
    pub fn address(self, address: SocketAddr) -> Self {
        Self { address: Some(address), ..self }
    }

    /// Speaks TLS.
    #[must_use]
    pub fn tls(self, config: Arc<ServerConfig>) -> Self {
        Self { tls: Some(config), ..self }
    }

    /// Speaks HTTP/1.1 only.
    #[must_use]
    pub fn http1_only(self) -> Self {
        Self { only: Some(Version::HTTP_11), ..self }
    }

    /// Speaks HTTP/2 only.
    #[must_use]
    pub fn http2_only(self) -> Self {
        Self { only: Some(Version::HTTP_2), ..self }
    }

    /// Asks the handler as soon as the head is there, with an empty body; the body is read
    /// meanwhile and recorded when it ends. In HTTP/1.1 the answer should last longer than the
    /// request (see [`ReplyBody::fed`]): the rest of a request that was answered in full is not
    /// read any more.
    #[must_use]
    pub fn early(self) -> Self {
        Self { early: true, ..self }
    }

    /// Starts it; answers every request the same.
    pub async fn answer(
        self,
        status: u16,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Backend {
        let headers: Vec<(String, String)> =
            headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let body = body.into();
        self.start(move |_| {
            let reply = Reply::new(status).body(body.clone());
            headers.iter().fold(reply, |reply, (name, value)| reply.header(name, value))
        })
        .await
    }

    /// Starts it; echoes as [`Backend::echo`].
    pub async fn echo(self) -> Backend {
        self.start(echo).await
    }

    /// Starts it with a plain function.
    pub async fn start(
        self,
        handler: impl Fn(Recorded) -> Reply + Send + Sync + 'static,
    ) -> Backend {
        self.start_async(move |request| std::future::ready(handler(request))).await
    }

    /// Starts it with a function that may wait.
    ///
    /// # Panics
    /// When the address is taken.
    pub async fn start_async<H, F>(self, handler: H) -> Backend
    where
        H: Fn(Recorded) -> F + Send + Sync + 'static,
        F: Future<Output = Reply> + Send + 'static,
    {
        let wanted = self.address.unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let listener = TcpListener::bind(wanted).await.expect("a port for the backend");
        let address = listener.local_addr().expect("the address of a listener");
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let shared = Arc::new(Shared {
            log: Mutex::default(),
            count: watch::Sender::new(0),
            connections: AtomicUsize::new(0),
        });
        let tasks = Tasks::new();
        let server = Server {
            shared: Arc::clone(&shared),
            handler: Arc::new(move |request| Box::pin(handler(request))),
            tls: self.tls.map(TlsAcceptor::from),
            only: self.only,
            early: self.early,
            tasks: tasks.clone(),
        };
        tasks.spawn(accept(Arc::new(server), listener));
        Backend { address, scheme, shared, tasks }
    }
}

struct Server {
    shared: Arc<Shared>,
    handler: Handler,
    tls: Option<TlsAcceptor>,
    only: Option<Version>,
    early: bool,
    tasks: Tasks,
}

/// Which connection a request came on.
#[derive(Clone)]
struct Origin {
    connection: usize,
    tls: Option<Tls>,
}

async fn accept(server: Arc<Server>, listener: TcpListener) {
    while let Ok((socket, _)) = listener.accept().await {
        let connection = server.shared.connections.fetch_add(1, Ordering::SeqCst);
        server.tasks.spawn(welcome(Arc::clone(&server), socket, connection));
    }
}

async fn welcome(server: Arc<Server>, socket: TcpStream, connection: usize) {
    drop(socket.set_nodelay(true));
    let Some(acceptor) = server.tls.clone() else {
        return serve(server, socket, Origin { connection, tls: None }).await;
    };
    let Ok(stream) = acceptor.accept(socket).await else { return };
    let session = stream.get_ref().1;
    let tls = Tls {
        server_name: session.server_name().map(str::to_owned),
        alpn: session.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned()),
        client_certificate: session
            .peer_certificates()
            .and_then(|chain| chain.first())
            .map(|leaf| leaf.to_vec()),
    };
    serve(server, stream, Origin { connection, tls: Some(tls) }).await;
}

async fn serve<S>(server: Arc<Server>, stream: S, origin: Origin)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = auto::Builder::new(TokioExecutor::new());
    match server.only {
        Some(Version::HTTP_2) => builder = builder.http2_only(),
        Some(_) => builder = builder.http1_only(),
        None => {}
    }
    let service = service_fn(|request| {
        let (server, origin) = (Arc::clone(&server), origin.clone());
        async move { Ok::<_, Infallible>(exchange(server, origin, request).await) }
    });
    // A connection that breaks is the test's intention or its failure; both show elsewhere.
    drop(builder.serve_connection_with_upgrades(TokioIo::new(stream), service).await);
}

async fn exchange(
    server: Arc<Server>,
    origin: Origin,
    mut request: Request<Incoming>,
) -> Response<ReplyBody> {
    let upgrade = hyper::upgrade::on(&mut request);
    let (head, body) = request.into_parts();
    let mut recorded = Recorded {
        method: head.method,
        target: head.uri.path_and_query().map_or_else(|| "*".into(), ToString::to_string),
        authority: head.uri.authority().map(ToString::to_string),
        version: head.version,
        headers: head.headers,
        body: Bytes::new(),
        trailers: None,
        complete: false,
        connection: origin.connection,
        tls: origin.tls,
    };
    let asked = if server.early {
        let asked = recorded.clone();
        let shared = Arc::clone(&server.shared);
        server.tasks.spawn(async move {
            read(&mut recorded, body).await;
            shared.record(recorded);
        });
        asked
    } else {
        read(&mut recorded, body).await;
        server.shared.record(recorded.clone());
        recorded
    };
    let reply = (server.handler)(asked).await;
    if reply.tunnel {
        server.tasks.spawn(tunnel(upgrade));
    }
    send(reply).await
}

async fn read(recorded: &mut Recorded, mut body: Incoming) {
    let mut bytes = Vec::new();
    recorded.complete = loop {
        match body.frame().await {
            None => break true,
            Some(Err(_)) => break false,
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => bytes.extend_from_slice(&data),
                Err(frame) => recorded.trailers = frame.into_trailers().ok(),
            },
        }
    };
    recorded.body = bytes.into();
}

async fn send(reply: Reply) -> Response<ReplyBody> {
    if !reply.delay.is_zero() {
        tokio::time::sleep(reply.delay).await;
    }
    let mut response = Response::new(reply.body);
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    response
}

async fn tunnel(upgrade: hyper::upgrade::OnUpgrade) {
    let Ok(upgraded) = upgrade.await else { return };
    let (mut from, mut to) = tokio::io::split(TokioIo::new(upgraded));
    drop(tokio::io::copy(&mut from, &mut to).await);
    drop(tokio::io::AsyncWriteExt::shutdown(&mut to).await);
}

fn echo(request: Recorded) -> Reply {
    let kind = request.header("content-type").unwrap_or("text/plain").to_owned();
    Reply::new(200)
        .header("content-type", &kind)
        .header("x-echo-method", request.method.as_str())
        .header("x-echo-target", &request.target)
        .body(request.body)
}

impl Shared {
    fn record(&self, request: Recorded) {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        self.count.send_modify(|count| *count += 1);
    }
}
