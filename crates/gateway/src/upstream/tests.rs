//! What any client must do, asked of both; and where ours is stricter, of ours alone.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

mod answers;
mod bodies;
mod continues;
mod differential;
mod early;
mod interim;
mod kept;
mod proxies;
mod repeated;
mod waits;

use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use bytes::Bytes;
use compiler::plan::Http2;
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use http1::HeadLimits;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use testkit::{RawBackend, Step};
use tokio::io::{AsyncWriteExt as _, DuplexStream};
use tokio::sync::oneshot;

use super::*;
use crate::body::{BodyError, RequestSource};
use crate::config::GatewayConfig;
use crate::config::upstream::ClientChoice;
use crate::interim::Outlet;

const CLIENTS: [ClientChoice; 2] = [ClientChoice::Own, ClientChoice::Library];
const LIMITS: HeadLimits = HeadLimits { bytes: 16 * 1024, fields: 100 };
const STALL: Duration = Duration::from_secs(20);
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A client, what it heard of interim answers, and where it sends.
struct Rig {
    client: AnyClient,
    target: Arc<Target>,
    heard: Arc<Heard>,
    interim: Interim,
}

/// The interim answers that came.
#[derive(Debug, Default)]
struct Heard(Mutex<Vec<(u16, HeaderMap)>>);

impl Outlet for Heard {
    fn pass(&self, status: StatusCode, headers: &HeaderMap) {
        self.0.lock().unwrap().push((status.as_u16(), headers.clone()));
    }
}

impl Rig {
    fn new(choice: ClientChoice, backend: &RawBackend) -> Self {
        let address = backend.address();
        Self::to(choice, Target::new("127.0.0.1", address.port(), None, Http2::Never))
    }

    fn to(choice: ClientChoice, target: Target) -> Self {
        static DEFAULT: LazyLock<GatewayConfig> = LazyLock::new(GatewayConfig::default);
        let mut config = DEFAULT.clone();
        config.upstream.client = choice;
        config.upstream.idle_per_target = 2;
        config.timeouts.connect = Duration::from_secs(5);
        let heard = Arc::<Heard>::default();
        let interim = Interim::new(Arc::clone(&heard) as Arc<dyn Outlet>);
        Self { client: AnyClient::new(&config), target: Arc::new(target), heard, interim }
    }

    async fn send(&self, request: Request<RequestBody>) -> Result<Answer, SendFailure> {
        let mut request = request;
        self.send_on(&mut request, terms(&self.interim)).await
    }

    /// Sends what waits for 100.
    async fn ask(&self, mut request: Request<RequestBody>) -> Result<Answer, SendFailure> {
        let terms = Terms { awaits_continue: true, ..terms(&self.interim) };
        self.send_on(&mut request, terms).await
    }

    async fn send_on(
        &self,
        request: &mut Request<RequestBody>,
        terms: Terms<'_>,
    ) -> Result<Answer, SendFailure> {
        testkit::bounded("an answer", self.client.send(&self.target, request, terms)).await
    }

    async fn get(&self) -> Result<Whole, SendFailure> {
        self.call(request("GET", RequestBody::Empty)).await
    }

    /// The whole answer.
    async fn call(&self, request: Request<RequestBody>) -> Result<Whole, SendFailure> {
        Ok(whole(self.send(request).await?).await.unwrap())
    }

    /// The statuses of the interim answers.
    fn interim(&self) -> Vec<u16> {
        self.heard.0.lock().unwrap().iter().map(|(status, _)| *status).collect()
    }
}

/// Asks both clients, each with a backend of its own that plays these scripts.
async fn both(scripts: Vec<Vec<Step>>, ask: impl AsyncFn(&Rig, &RawBackend)) {
    for choice in CLIENTS {
        one(choice, scripts.clone(), &ask).await;
    }
}

/// Asks our client alone.
async fn ours(scripts: Vec<Vec<Step>>, ask: impl AsyncFn(&Rig, &RawBackend)) {
    one(ClientChoice::Own, scripts, &ask).await;
}

async fn one(choice: ClientChoice, scripts: Vec<Vec<Step>>, ask: &impl AsyncFn(&Rig, &RawBackend)) {
    let backend = RawBackend::script(scripts).await;
    let rig = Rig::new(choice, &backend);
    // Seen when a test fails.
    println(choice);
    ask(&rig, &backend).await;
}

#[allow(clippy::print_stdout, reason = "shown with a failure only")]
fn println(choice: ClientChoice) {
    println!("asking {choice:?}");
}

pub(super) fn terms(interim: &Interim) -> Terms<'_> {
    static REACHED: LazyLock<Reached> = LazyLock::new(Reached::default);
    Terms { head: LIMITS, stall: STALL, awaits_continue: false, interim, reached: &REACHED }
}

pub(super) fn request(method: &str, body: RequestBody) -> Request<RequestBody> {
    Request::builder().method(method).uri("/a?b=c").header("host", "h.example").body(body).unwrap()
}

/// An answer with everything that came.
#[derive(Debug, Default, PartialEq)]
struct Whole {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
    trailers: Option<HeaderMap>,
}

impl Whole {
    fn text(&self) -> (u16, &str) {
        (self.status, str::from_utf8(&self.body).unwrap())
    }
}

/// Reads a body to its end; what came before it broke off is in the error.
async fn whole(answer: Answer) -> Result<Whole, (Whole, BodyError)> {
    let (head, mut body) = answer.into_parts();
    let mut whole =
        Whole { status: head.status.as_u16(), headers: head.headers, ..Whole::default() };
    while let Some(frame) = testkit::bounded("more of a body", body.frame()).await {
        match frame {
            Err(error) => return Err((whole, error)),
            Ok(frame) => match frame.into_data() {
                Ok(data) => whole.body.extend_from_slice(&data),
                Err(frame) => whole.trailers = frame.into_trailers().ok(),
            },
        }
    }
    Ok(whole)
}

/// The client's side of a body that is being sent.
pub(super) struct Feeder(DuplexStream);

impl Feeder {
    pub(super) async fn raw(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    pub(super) async fn chunk(&mut self, data: &str) {
        self.raw(&format!("{:x}\r\n{data}\r\n", data.len())).await;
    }

    async fn end(&mut self) {
        self.raw("0\r\n\r\n").await;
    }
}

/// A body in chunks that a test feeds.
pub(super) async fn chunked() -> (RequestBody, Feeder) {
    fed("transfer-encoding: chunked", None).await
}

/// A body that has come in full.
pub(super) async fn full(text: &str) -> RequestBody {
    let (body, mut feeder) = fed(&format!("content-length: {}", text.len()), None).await;
    feeder.raw(text).await;
    body
}

/// A body as the HTTP library's server hands it out.
async fn fed(framing: &str, limit: Option<u64>) -> (RequestBody, Feeder) {
    let (near, far) = tokio::io::duplex(1024 * 1024);
    let (give, given) = oneshot::channel();
    let give = Mutex::new(Some(give));
    tokio::spawn(async move {
        let service = service_fn(move |request: Request<hyper::body::Incoming>| {
            give.lock().unwrap().take().unwrap().send(request.into_body()).unwrap();
            std::future::pending::<Result<http::Response<String>, std::convert::Infallible>>()
        });
        let serving =
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(far), service);
        drop(serving.await);
    });
    let mut feeder = Feeder(near);
    feeder.raw(&format!("POST / HTTP/1.1\r\nhost: x\r\n{framing}\r\n\r\n")).await;
    let incoming = given.await.unwrap();
    (RequestBody::new(RequestSource::from(incoming), limit, STALL), feeder)
}

/// The next piece of data.
async fn data(body: &mut AnswerBody) -> Bytes {
    let frame = testkit::bounded("a piece", body.frame()).await.unwrap().unwrap();
    frame.into_data().unwrap()
}

/// Polls a body once, as who forwards it does.
async fn nudge(body: &mut AnswerBody) -> bool {
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(Pin::new(&mut *body).poll_frame(context).is_ready())
    })
    .await
}

fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
    fields
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect()
}

/// A head and then a pause, so that what follows comes by itself.
fn read_and(answer: impl Into<Vec<u8>>) -> Vec<Step> {
    vec![Step::ReadHead, Step::write(answer)]
}
