//! A connection to an upstream, and the exchange that is under way on it.
//!
//! Whoever waits for an answer drives both directions: there is no task of its own behind a
//! connection. So an answer may come while its request is still being sent, and whoever reads the
//! answer's body goes on sending.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Request, StatusCode, header};
use http_body::Frame;
use http1::{AnswerHead, HeadError, Piece};

use super::incoming::{Incoming, is_quiet};
use super::outgoing::{Outgoing, Unsendable};
use crate::body::{BodyError, RequestBody};
use crate::forward;
use crate::known::Present;
use crate::transport::Transport;
use crate::tunnel::Switched;
use crate::upstream::answer::AnswerError;
use crate::upstream::{Target, Terms};

/// Interim answers that one request may have.
const INTERIM_ANSWERS: u8 = 16;

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");

/// Why there is no head of an answer.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The request could not be sent, and nothing was answered.
    Unsendable(Unsendable),
    /// The upstream ended the connection.
    Closed,
    /// Reading failed.
    Io(io::Error),
    /// What came is no head.
    Head(HeadError),
    /// The proxy on the way wants to be shown something else.
    Proxy,
    /// What came is against the rules otherwise.
    Violation(&'static str),
}

/// What is being answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a> {
    /// The request; its body has been taken out.
    pub(super) request: &'a Request<RequestBody>,
    pub(super) terms: Terms<'a>,
}

impl Call<'_> {
    /// Whether the upstream may switch to another protocol.
    pub(super) fn asks_for_switch(&self) -> bool {
        self.request.headers().contains_key(header::UPGRADE)
    }
}

/// A connection with its exchange.
#[derive(Debug)]
pub(super) struct Link {
    transport: Transport,
    target: Arc<Target>,
    outgoing: Outgoing,
    /// Why no more is sent, where that is not for having sent everything.
    broken: Option<Unsendable>,
    incoming: Incoming,
    interim: u8,
    /// Whether the head of the final answer has come.
    is_answered: bool,
    /// Whether the answer lets the connection live on.
    keeps_alive: bool,
    /// How long the upstream says that it keeps the connection.
    lifetime: Option<Duration>,
}

impl Link {
    /// A connection that was just opened.
    pub(super) fn new(transport: Transport, target: &Arc<Target>) -> Self {
        Self {
            transport,
            target: Arc::clone(target),
            outgoing: Outgoing::none(),
            broken: None,
            incoming: Incoming::new(),
            interim: 0,
            is_answered: false,
            keeps_alive: false,
            lifetime: None,
        }
    }

    /// Where it leads.
    pub(super) fn target(&self) -> &Arc<Target> {
        &self.target
    }

    /// Whether it waits, open, for its next request.
    pub(super) fn is_quiet(&mut self) -> bool {
        is_quiet(&mut self.transport, &mut Context::from_waker(Waker::noop()))
    }

    /// Takes a request on.
    pub(super) fn begin(&mut self, request: Outgoing) {
        self.outgoing = request;
    }

    /// The request as far as it is known here.
    pub(super) fn outgoing(&self) -> &Outgoing {
        &self.outgoing
    }

    /// Takes the request back.
    pub(super) fn take_request(&mut self) -> Outgoing {
        std::mem::replace(&mut self.outgoing, Outgoing::none())
    }

    /// Whether the upstream has said anything since the request was taken on.
    pub(super) fn is_heard(&self) -> bool {
        self.incoming.is_heard()
    }

    /// Sends what can be sent, and gives the head of the final answer once it has come.
    pub(super) fn poll_head(
        &mut self,
        call: &Call<'_>,
        context: &mut Context<'_>,
    ) -> Poll<Result<AnswerHead, Trouble>> {
        loop {
            self.send_on(context).map_err(|error| Trouble::Unsendable(Unsendable::Body(error)))?;
            if !self.outgoing.is_unsent() {
                call.terms.reached.note();
            }
            let head = ready!(self.poll_any_head(call, context))?;
            if head.status == StatusCode::SWITCHING_PROTOCOLS {
                return Poll::Ready(self.switch(head, call));
            }
            if !head.status.is_informational() {
                // It speaks of the way and not of the upstream, so that it is no answer.
                if head.status == StatusCode::PROXY_AUTHENTICATION_REQUIRED
                    && self.target.forwarder().is_some()
                {
                    return Poll::Ready(Err(Trouble::Proxy));
                }
                self.outgoing.answered();
                self.keeps_alive = head.keep_alive;
                self.lifetime = lifetime(&head.headers);
                self.is_answered = true;
                self.incoming.begin_body(head.framing);
                return Poll::Ready(Ok(head));
            }
            self.pass(head, call)?;
        }
    }

    /// Sends what can be sent. Only the client's body fails here: when the upstream takes no more,
    /// it may have answered before.
    fn send_on(&mut self, context: &mut Context<'_>) -> Result<(), BodyError> {
        if self.outgoing.is_done() || self.broken.is_some() {
            return Ok(());
        }
        match self.outgoing.poll(&mut self.transport, context) {
            Poll::Pending | Poll::Ready(Ok(())) => Ok(()),
            // Another attempt reads the body now; what was answered to this one stays good.
            Poll::Ready(Err(gone @ Unsendable::Body(BodyError::GivenUp))) if self.is_answered => {
                self.broken = Some(gone);
                Ok(())
            }
            Poll::Ready(Err(Unsendable::Body(error))) => Err(error),
            Poll::Ready(Err(broken)) => {
                self.broken = Some(broken);
                Ok(())
            }
        }
    }

    fn poll_any_head(
        &mut self,
        call: &Call<'_>,
        context: &mut Context<'_>,
    ) -> Poll<Result<AnswerHead, Trouble>> {
        let limits = call.terms.head;
        loop {
            if let Some(head) =
                self.incoming.head(limits, call.request.method()).map_err(Trouble::Head)?
            {
                return Poll::Ready(Ok(head));
            }
            let read = self.incoming.poll_read(&mut self.transport, context);
            if read.is_pending()
                && let Some(broken) = self.broken.take_if(|broken| !is_of_peer(broken))
            {
                return Poll::Ready(Err(Trouble::Unsendable(broken)));
            }
            match ready!(read) {
                Ok(0) => return Poll::Ready(Err(self.unanswered(Trouble::Closed))),
                Ok(_) => {}
                Err(error) => return Poll::Ready(Err(self.unanswered(Trouble::Io(error)))),
            }
        }
    }

    /// What broke first is the better reason, but for the end that both directions show.
    fn unanswered(&mut self, trouble: Trouble) -> Trouble {
        match self.broken.take_if(|broken| !is_of_peer(broken)) {
            Some(broken) => Trouble::Unsendable(broken),
            None => trouble,
        }
    }

    /// Takes an interim answer.
    fn pass(&mut self, head: AnswerHead, call: &Call<'_>) -> Result<(), Trouble> {
        self.interim += 1;
        if self.interim > INTERIM_ANSWERS {
            return Err(Trouble::Violation("there are too many interim answers"));
        }
        if head.status == StatusCode::CONTINUE {
            // Who asks the client for its body tells it so.
            self.outgoing.release();
        } else {
            let mut headers = head.headers;
            let present = Present::scan(&headers);
            forward::strip_hop_by_hop(&mut headers, present);
            headers.remove(header::CONTENT_LENGTH);
            call.terms.interim.send(head.status, &headers);
        }
        Ok(())
    }

    fn switch(&mut self, head: AnswerHead, call: &Call<'_>) -> Result<AnswerHead, Trouble> {
        if !call.asks_for_switch() {
            return Err(Trouble::Violation("the upstream switched protocols without being asked"));
        }
        if !self.outgoing.is_done() {
            return Err(Trouble::Violation("the upstream switched protocols within the request"));
        }
        Ok(head)
    }

    /// Sends what can be sent, and gives the next piece of the answer's body.
    pub(super) fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Err(error) = self.send_on(context) {
            return Poll::Ready(Some(Err(error)));
        }
        let piece = match ready!(self.poll_piece(context)) {
            Ok(piece) => piece,
            Err(error) => return Poll::Ready(Some(Err(error.into()))),
        };
        Poll::Ready(match piece {
            Piece::Data(data) => Some(Ok(Frame::data(data))),
            Piece::Trailers(trailers) => Some(Ok(Frame::trailers(trailers))),
            Piece::End => None,
        })
    }

    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Result<Piece, AnswerError>> {
        loop {
            if let Some(piece) = self.incoming.piece()? {
                return Poll::Ready(Ok(piece));
            }
            if ready!(self.incoming.poll_read(&mut self.transport, context))? == 0 {
                self.keeps_alive = false;
                self.incoming.ended()?;
            }
        }
    }

    /// Whether the answer's end has come behind what was handed out.
    pub(super) fn is_over(&self) -> bool {
        self.incoming.is_over()
    }

    /// How many bytes of the answer's body are still to come, where that is known.
    pub(super) fn remaining(&self) -> Option<u64> {
        self.incoming.remaining()
    }

    /// How many bytes of the request the upstream has taken.
    pub(super) fn written(&self) -> u64 {
        self.outgoing.written()
    }

    /// How long the upstream says that it keeps the connection while nothing comes.
    pub(super) fn lifetime(&self) -> Option<Duration> {
        self.lifetime
    }

    /// Makes the connection ready for another exchange; `false` where it can have none.
    ///
    /// With the answer ends the exchange: what is left of the request is not sent.
    pub(super) fn rest(&mut self) -> bool {
        let is_clean = self.keeps_alive
            && self.outgoing.is_done()
            && self.broken.is_none()
            && !self.incoming.has_rest();
        self.outgoing = Outgoing::none();
        self.incoming.rest();
        self.interim = 0;
        self.is_answered = false;
        is_clean
    }

    /// The connection once it has left HTTP.
    pub(super) fn into_switched(mut self) -> Switched {
        let read = self.incoming.take_rest();
        Switched { transport: self.transport, read }
    }

    /// The client's body.
    pub(super) fn request_body(&self) -> &RequestBody {
        self.outgoing.body()
    }
}

/// What `Keep-Alive: timeout=n` says, in seconds.
fn lifetime(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(KEEP_ALIVE)?.to_str().ok()?;
    let mut parameters = value.split(',').filter_map(|one| one.split_once('='));
    let (_, seconds) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("timeout"))?;
    seconds.trim().parse().ok().map(Duration::from_secs)
}

/// Whether it shows no more than that the connection has ended, which reading shows as well.
fn is_of_peer(broken: &Unsendable) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected};
    match broken {
        Unsendable::Io(error) => {
            matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected)
        }
        Unsendable::Stalled(_) | Unsendable::Mismatch | Unsendable::Body(_) => false,
    }
}
