//! The server of HTTP/1.1: one task for a connection, one request after the other.
//!
//! ```text
//! wait ─▶ read a head ─▶ exchange ─▶ write the answer ─▶ read what is left of the body ─▶ wait
//!           └─▶ refuse ─▶ linger ─▶ close
//! ```
//!
//! Why not the HTTP library's: what is ambiguous is refused here with a body, a request id and an
//! access record; interim answers can be given; a connection that waits holds no buffer; and a
//! request costs less.
//! Deliberately absent: upgrades to HTTP/2, and half-closed clients (see [`wire`]).

mod answer;
mod close;
mod refuse;
mod switch;
mod upload;
mod wire;

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use ::http1::{Framing, HeadLimits, HeadReader, RequestHead};
use bytes::BytesMut;
use http::header::{self, HeaderMap};
use http::{Method, Request, Response, StatusCode, Version};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::socket::Patience;
use crate::body::{RequestSource, ResponseBody};
use crate::config::GatewayConfig;
use crate::exchange::{Arrival, Connection};
use crate::handle::{Silence, handle};
use crate::idle::IdleTimer;
use crate::interim::Interim;
use crate::known::Known;
use crate::shutdown::{Guest, Leaving};
use crate::transport::Transport;
use crate::tunnel::Switched;
use answer::{Answering, Asked, Broken};
use close::Farewell;
use refuse::Refusal;
pub(crate) use switch::Switch;
pub use upload::Upload;
pub use wire::UploadError;
use wire::{Progress, Wire};

/// Least room for a read of a head.
const LEAST: usize = 512;

/// What answers requests.
pub(super) trait Handler: Send + Sync {
    /// Answers one.
    fn handle(
        &self,
        connection: Arc<Connection>,
        arrival: Arrival,
    ) -> impl Future<Output = Result<Response<ResponseBody>, Silence>> + Send;
}

/// The gateway itself.
#[derive(Debug)]
pub(super) struct Gateway;

impl Handler for Gateway {
    fn handle(
        &self,
        connection: Arc<Connection>,
        arrival: Arrival,
    ) -> impl Future<Output = Result<Response<ResponseBody>, Silence>> + Send {
        handle(connection, arrival)
    }
}

/// Serves a connection to its end; `input` is what has been read of it already.
pub(super) async fn serve(
    handler: impl Handler,
    (transport, input): (Transport, BytesMut),
    connection: Arc<Connection>,
    guest: Guest,
) {
    let config = Arc::clone(&connection.worker.shared.snapshot.load().config);
    let mut server =
        Server::new(handler, Wire::new(transport, input), connection, &config, guest.leaving());
    drop(config);
    let mut notice = pin!(guest.notice());
    loop {
        let next = std::future::poll_fn(|context| server.poll_next(context, notice.as_mut())).await;
        // What is needed only while a request is served is boxed, so that waiting costs little.
        match next {
            Some(Ok(head)) => {
                if !Box::pin(server.serve(head)).await {
                    return;
                }
            }
            Some(Err(refusal)) => return Box::pin(server.refuse(refusal)).await,
            None => return Box::pin(server.close(Farewell::Silent)).await,
        }
    }
}

struct Server<H> {
    handler: H,
    wire: Arc<Wire>,
    connection: Arc<Connection>,
    leaving: Leaving,
    reader: HeadReader,
    limits: HeadLimits,
    patience: Patience,
    /// Runs while a request or the rest of its head is waited for.
    waiting: IdleTimer,
    wait: Wait,
    /// What a drain that has been noticed leaves for a request to begin.
    grace: Option<Duration>,
    /// Whether a drain wakes this connection.
    is_listening: bool,
    has_served: bool,
}

/// What a connection waits for that serves no request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    /// Nothing yet.
    None,
    /// A request.
    Request,
    /// The rest of a head that began then.
    Head(Instant),
}

/// What an answer leaves of its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answered {
    /// It may live on.
    Open,
    /// It is to be closed.
    Closing,
    /// The answer did not get through.
    Cut,
}

impl<H: Handler> Server<H> {
    fn new(
        handler: H,
        wire: Wire,
        connection: Arc<Connection>,
        config: &GatewayConfig,
        leaving: Leaving,
    ) -> Self {
        let patience = Patience::of(&config.timeouts);
        let limits =
            HeadLimits { bytes: config.limits.head_bytes, fields: config.limits.header_fields };
        Self {
            handler,
            wire: Arc::new(wire),
            connection,
            leaving,
            reader: HeadReader::default(),
            limits,
            patience,
            waiting: IdleTimer::new(patience.head),
            wait: Wait::None,
            grace: None,
            is_listening: false,
            has_served: false,
        }
    }

    /// Waits for a request, or for what ends the connection without a word.
    fn poll_next(
        &mut self,
        context: &mut Context<'_>,
        notice: Pin<&mut impl Future<Output = Duration>>,
    ) -> Poll<Option<Result<RequestHead, Refusal>>> {
        let wire = Arc::clone(&self.wire);
        let mut state = wire.lock();
        loop {
            match self.reader.request(&mut state.input, self.limits) {
                Ok(Some(head)) => {
                    self.wait = Wait::None;
                    return Poll::Ready(Some(Ok(head)));
                }
                Ok(None) => {}
                Err(error) => return Poll::Ready(Some(Err(Refusal::Head(error)))),
            }
            state.take_buffer();
            match state.poll_read(context, LEAST) {
                Poll::Ready(Ok(1..)) => {}
                // The client has gone, perhaps in the middle of a head: nobody is there to be told.
                Poll::Ready(_) => return Poll::Ready(None),
                Poll::Pending => break,
            }
        }
        let is_idle = state.input.is_empty();
        if is_idle {
            state.give_buffer();
        }
        drop(state);
        self.poll_patience(context, is_idle, notice)
    }

    /// Nothing came: ready once that has taken too long, or the gateway ends.
    fn poll_patience(
        &mut self,
        context: &mut Context<'_>,
        is_idle: bool,
        notice: Pin<&mut impl Future<Output = Duration>>,
    ) -> Poll<Option<Result<RequestHead, Refusal>>> {
        let now = match (self.wait, is_idle) {
            (Wait::Request, true) | (Wait::Head(_), false) => None,
            _ => Some(Instant::now()),
        };
        if let Some(now) = now {
            let limit =
                if is_idle && self.has_served { self.patience.idle } else { self.patience.head };
            self.wait = if is_idle { Wait::Request } else { Wait::Head(now) };
            self.waiting.restart(now, self.grace.map_or(limit, |grace| limit.min(grace)));
        }
        // It is always the same task that waits here, so once is enough until there is a drain.
        let may_be_told = !self.is_listening || self.leaving.has_begun();
        self.is_listening = true;
        if may_be_told
            && self.grace.is_none()
            && let Poll::Ready(grace) = notice.poll(context)
        {
            // What is on its way already is still answered, but nobody holds up a drain.
            self.grace = Some(grace);
            self.waiting.restart(Instant::now(), grace.min(self.patience.head));
        }
        std::task::ready!(self.waiting.poll_expired(context));
        Poll::Ready(match self.wait {
            Wait::Head(since) => Some(Err(Refusal::Late(since))),
            // Who says nothing is told nothing.
            Wait::None | Wait::Request => None,
        })
    }

    /// Serves one request; whether the connection serves another.
    async fn serve(&mut self, head: RequestHead) -> bool {
        self.has_served = true;
        let (arrival, asked, switched) = self.arrive(head);
        let Some(Ok(response)) = self.handled(arrival).await else { return false };
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            self.switch(response, asked, switched).await;
            return false;
        }
        match self.answer(response, asked).await {
            Answered::Open => self.finish_upload().await,
            Answered::Closing => {
                // A client that would keep the connection may have sent its next request.
                let keeps = asked.keep_alive;
                self.close(if keeps { Farewell::Sending } else { Farewell::Silent }).await;
                false
            }
            Answered::Cut => false,
        }
    }

    /// Makes a request for the gateway of what was read.
    fn arrive(&self, head: RequestHead) -> (Arrival, Asked, Option<oneshot::Sender<Switched>>) {
        let is_http11 = head.version != Version::HTTP_10;
        let mut state = self.wire.lock();
        state.takes_interim = is_http11;
        let body = match head.framing {
            Framing::None | Framing::Length(0) | Framing::Close => RequestSource::Empty,
            framing => {
                state.upload = Progress::new(framing, head.expects_continue);
                RequestSource::Own(Upload::new(Arc::clone(&self.wire), framing))
            }
        };
        drop(state);
        let (mut parts, ()) = Request::new(()).into_parts();
        let is_head = head.method == Method::HEAD;
        (parts.method, parts.uri, parts.version) = (head.method, head.target, head.version);
        parts.headers = head.headers;
        let mut arrival = Arrival::new(parts, body);
        let takes_trailers =
            arrival.present.has(Known::Te) && takes_trailers(&arrival.head.headers);
        let mut switched = None;
        if is_http11 {
            let outlet: Arc<Wire> = Arc::clone(&self.wire);
            arrival.interim = Interim::new(outlet);
            if arrival.present.has(Known::Upgrade) {
                let (sender, switch) = Switch::new(Arc::clone(&self.wire));
                arrival.switch = Some(switch);
                switched = Some(sender);
            }
        }
        let asked = Asked { is_http11, is_head, keep_alive: head.keep_alive, takes_trailers };
        (arrival, asked, switched)
    }

    /// What the gateway makes of a request; `None` when the client left before that.
    async fn handled(&self, arrival: Arrival) -> Option<Result<Response<ResponseBody>, Silence>> {
        let mut handling = pin!(self.handler.handle(Arc::clone(&self.connection), arrival));
        std::future::poll_fn(|context| {
            if let Poll::Ready(handled) = handling.as_mut().poll(context) {
                return Poll::Ready(Some(handled));
            }
            self.wire.lock().poll_gone(context).map(|()| None)
        })
        .await
    }

    /// Writes an answer.
    async fn answer(&mut self, response: Response<ResponseBody>, asked: Asked) -> Answered {
        let closes = !asked.keep_alive
            || self.leaving.has_begun()
            || says_close(response.headers())
            || !self.wire.lock().upload.may_be_finished();
        let mut answering =
            Answering::new(&self.wire, response, asked, closes, self.patience.write);
        let written = std::future::poll_fn(|context| answering.poll(&self.wire, context)).await;
        match written {
            Ok(()) if closes || answering.ends_connection() => return Answered::Closing,
            Ok(()) => return Answered::Open,
            Err(Broken::Body) => self.cut(answering.ends_connection()),
            Err(Broken::Client) => self.cut(true),
        }
        Answered::Cut
    }

    /// Answers 101 and hands the connection over.
    async fn switch(
        &mut self,
        response: Response<ResponseBody>,
        asked: Asked,
        switched: Option<oneshot::Sender<Switched>>,
    ) {
        let mut answering = Answering::new(&self.wire, response, asked, false, self.patience.write);
        let written = std::future::poll_fn(|context| answering.poll(&self.wire, context)).await;
        if let (Ok(()), Some(switched)) = (written, switched) {
            let (transport, read) = self.wire.lock().switch();
            // The tunnel may have ended meanwhile, which ends the connection as well.
            let _ended = switched.send(Switched { transport, read });
        }
    }
}

fn takes_trailers(headers: &HeaderMap) -> bool {
    let mut codings = headers
        .get_all(header::TE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    codings.any(|coding| coding.trim().eq_ignore_ascii_case("trailers"))
}

/// Whether the gateway ends the connection with this answer.
fn says_close(headers: &HeaderMap) -> bool {
    headers.get(header::CONNECTION).is_some_and(|value| value.as_bytes() == b"close")
}

#[cfg(test)]
mod tests;
