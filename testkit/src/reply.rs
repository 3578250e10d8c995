//! What a backend answers.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use http_body::{Body, Frame};
use tokio::sync::mpsc;

/// One piece of a body.
type Piece = Result<Frame<Bytes>, io::Error>;

/// An answer in the making.
#[derive(Debug)]
pub struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: ReplyBody,
    pub(crate) delay: Duration,
    pub(crate) tunnel: bool,
}

impl Reply {
    /// An empty answer.
    ///
    /// # Panics
    /// When `status` is no status code.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self {
            status: StatusCode::from_u16(status).expect("a status code"),
            headers: HeaderMap::new(),
            body: ReplyBody::full(Bytes::new()),
            delay: Duration::ZERO,
            tunnel: false,
        }
    }

    /// `200` with this JSON.
    #[must_use]
    pub fn json(value: &serde_json::Value) -> Self {
        Self::new(200).header("content-type", "application/json").body(value.to_string())
    }

    /// A `text/event-stream` whose events the test sends.
    #[must_use]
    pub fn events() -> (Self, Feed) {
        let (body, feed) = ReplyBody::fed();
        (Self::new(200).header("content-type", "text/event-stream").stream(body), feed)
    }

    /// `101` to `protocol`; what comes through the tunnel is sent back byte by byte.
    #[must_use]
    pub fn tunnel(protocol: &str) -> Self {
        let reply = Self::new(101).header("connection", "Upgrade").header("upgrade", protocol);
        Self { tunnel: true, ..reply }
    }

    /// A unary gRPC answer: one length-prefixed message, then `grpc-status` in the trailers.
    #[must_use]
    pub fn grpc(message: &[u8], status: u8) -> Self {
        let mut framed = vec![0];
        framed.extend(u32::try_from(message.len()).expect("a small message").to_be_bytes());
        framed.extend(message);
        Self::new(200)
            .header("content-type", "application/grpc")
            .body(framed)
            .trailers(&[("grpc-status", &status.to_string())])
    }

    /// Adds a header field.
    ///
    /// # Panics
    /// When it is not a valid one.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let (name, value) = field(name, value);
        self.headers.append(name, value);
        self
    }

    /// The body, with its length known.
    #[must_use]
    pub fn body(self, body: impl Into<Bytes>) -> Self {
        self.stream(ReplyBody::full(body.into()))
    }

    /// The body, whose pieces the test sends.
    #[must_use]
    pub fn stream(self, body: ReplyBody) -> Self {
        Self { body, ..self }
    }

    /// Trailer fields after the body; the body has no length in advance then.
    ///
    /// # Panics
    /// When one is not a valid field.
    #[must_use]
    pub fn trailers(mut self, trailers: &[(&str, &str)]) -> Self {
        let map = trailers.iter().map(|(name, value)| field(name, value)).collect();
        self.body.trailers = Some(map);
        let names: Vec<&str> = trailers.iter().map(|(name, _)| *name).collect();
        self.header("trailer", &names.join(", "))
    }

    /// Waits before the head is sent, by tokio's clock.
    #[must_use]
    pub fn delay(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }
}

/// A body: whole, or fed by a test.
#[derive(Debug)]
pub struct ReplyBody {
    whole: Option<Bytes>,
    pieces: Option<mpsc::Receiver<Piece>>,
    trailers: Option<HeaderMap>,
}

impl ReplyBody {
    /// A body that is there at once.
    #[must_use]
    pub fn full(bytes: Bytes) -> Self {
        Self { whole: (!bytes.is_empty()).then_some(bytes), pieces: None, trailers: None }
    }

    /// A body that the test sends piece by piece.
    #[must_use]
    pub fn fed() -> (Self, Feed) {
        let (sender, receiver) = mpsc::channel(1);
        (Self { whole: None, pieces: Some(receiver), trailers: None }, Feed(sender))
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(whole) = self.whole.take() {
            return Poll::Ready(Some(Ok(Frame::data(whole))));
        }
        if let Some(pieces) = self.pieces.as_mut() {
            if let Some(piece) = ready!(pieces.poll_recv(context)) {
                return Poll::Ready(Some(piece));
            }
            self.pieces = None;
        }
        Poll::Ready(self.trailers.take().map(|trailers| Ok(Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.whole.is_none() && self.pieces.is_none() && self.trailers.is_none()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        match (&self.whole, &self.pieces, &self.trailers) {
            (Some(whole), None, None) => http_body::SizeHint::with_exact(whole.len() as u64),
            (None, None, None) => http_body::SizeHint::with_exact(0),
            _ => http_body::SizeHint::default(),
        }
    }
}

/// The test's end of a body. Dropping it ends the body properly.
#[derive(Debug)]
pub struct Feed(mpsc::Sender<Piece>);

impl Feed {
    /// Sends a piece; `false` when nobody reads any more.
    pub async fn send(&self, piece: impl Into<Bytes>) -> bool {
        self.0.send(Ok(Frame::data(piece.into()))).await.is_ok()
    }

    /// Sends one event of an event stream.
    pub async fn event(&self, data: &str) -> bool {
        self.send(format!("data: {data}\n\n")).await
    }

    /// Breaks the body off: the connection (HTTP/1.1) or the stream (HTTP/2) is reset.
    pub async fn fail(self) -> bool {
        self.0.send(Err(io::Error::other("broken off by the test"))).await.is_ok()
    }

    /// Waits until nobody reads any more.
    pub async fn closed(&self) {
        self.0.closed().await;
    }
}

fn field(name: &str, value: &str) -> (HeaderName, HeaderValue) {
    let name = HeaderName::from_bytes(name.as_bytes()).expect("a field name");
    (name, HeaderValue::from_str(value).expect("a field value"))
}
