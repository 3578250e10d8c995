//! The way of one request through a tree of groups, from attempt to attempt.
//!
//! Choosing is a walk down to a leaf that calls nobody; so the attempts are made here one by one,
//! however deep the tree is. After a failure the innermost group is asked first whether it goes on,
//! then the one around it.

use std::sync::Arc;

use bytes::Bytes;
use compiler::plan::{AffinityKind, BodyNeed, Mode};
use http::{HeaderMap, Response};
use model::fault::FaultCode;
use tokio::time::{Instant, timeout_at};

use super::frame::{Answered, Asked, Came, Frame};
use super::hedge;
use super::live::{Group, count};
use super::repeat::{Failed, Sent, may_hedge};
use super::session::Listener;
use super::soap::{self, Found as Session, Looks};
use crate::body::{Replay, RequestBody, RequestProgress, ResponseBody};
use crate::endpoint::Endpoint;
use crate::endpoint::health::Ticket;
use crate::endpoint::http::{Attempt, HttpLeaf, Surroundings, hold_back, how, outcome};
use crate::endpoint::limit::{AtLimit, Pass};
use crate::endpoint::mock::MockLeaf;
use crate::exchange::{AttemptEnd, Exchange, PastAttempt, Stopped};
use crate::fault::{Failure, Fault};
use crate::forward;
use crate::snapshot::LiveApi;
use crate::upstream::{Answer, SendFailure, code_of};

/// A request on its way.
pub(super) struct Walk<'a> {
    /// The groups on the way, the outermost first.
    pub(super) frames: Vec<Frame<'a>>,
    pub(super) asked: Asked,
    pub(super) worker: usize,
    root: &'a Group,
    replay: Option<Replay>,
    /// The beginning of the body, where sessions are told by it.
    start: Bytes,
    /// Why nobody else is tried.
    stopped: Option<Stopped>,
}

/// Who answers.
enum Found<'a> {
    /// An upstream, perhaps.
    Upstream(&'a HttpLeaf),
    /// A mock, for certain.
    Mock(&'a MockLeaf),
}

/// What is answered when nobody brings anything better.
enum Rest<'a> {
    Nothing,
    /// A leaf was at its limits.
    Busy(Failure),
    Fault(Failure),
    /// An answer that was taken for a failure.
    Answer(Box<(Attempt<'a>, Answer, Option<Listener>)>),
}

impl Rest<'_> {
    /// A failure; an answer at hand is better.
    fn or(self, failure: Failure) -> Self {
        match self {
            Self::Answer(_) => self,
            Self::Nothing | Self::Busy(_) | Self::Fault(_) => Self::Fault(failure),
        }
    }
}

/// Calls members of a group until one answers, or no other may be tried.
pub(crate) async fn call(
    root: &Group,
    exchange: &mut Exchange,
    api: &LiveApi,
) -> Result<Response<ResponseBody>, Failure> {
    let mut now = Instant::now();
    let mut walk = Walk::begin(root, exchange, now);
    if root.body_need == BodyNeed::SoapHeader {
        Box::pin(walk.read_start(exchange)).await?;
        now = Instant::now();
    }
    let mut rest = Rest::Nothing;
    let mut next = walk.next(None, exchange, now);
    while let Some((found, is_forced)) = next {
        let leaf = match found {
            Found::Upstream(leaf) => leaf,
            Found::Mock(leaf) => return walk.mock(leaf, exchange, api).await,
        };
        exchange.record.attempts.endpoint = Some(leaf.shared_name());
        let (ticket, pass) = match walk.enter(leaf, is_forced, now).await {
            Ok(entered) => entered,
            Err(came) => {
                // An answer at hand is better than that somebody else is busy.
                if matches!(came, Came::AtLimit) && !matches!(rest, Rest::Answer(_)) {
                    rest = Rest::Busy(leaf.at_limit());
                }
                now = Instant::now();
                next = walk.next(Some(came), exchange, now);
                continue;
            }
        };
        if let Some(replay) = &walk.replay {
            exchange.body = replay.body();
        }
        let mut attempt = match leaf.attempt(exchange, api, ticket, pass) {
            Ok(attempt) => attempt,
            // No address came of its URL: nothing was sent.
            Err(failure) => {
                rest = rest.or(failure);
                next = walk.next(Some(Came::Failed(Failed::Connect)), exchange, now);
                continue;
            }
        };
        if leaf.writes() {
            Box::pin(attempt.write(exchange)).await?;
        }
        let copy = attempt.copy_headers(&exchange.record.connection.worker);
        let (mut attempt, sent) = walk.send(attempt, exchange, api, copy.as_ref()).await;
        exchange.record.attempts.note(attempt.elapsed());
        walk.asked.sent = walk.asked.sent.max(attempt.sent());
        match sent {
            Ok(answer) => {
                let listener = walk.heard(&attempt, &answer);
                match walk.follow(&attempt, &answer, copy.as_ref(), exchange) {
                    None => return walk.answered((attempt, answer, listener), exchange),
                    other => {
                        attempt.succeeded();
                        let status = answer.status().as_u16();
                        leave(&attempt, AttemptEnd::Status(status), exchange);
                        exchange.head.headers = copy.unwrap_or_else(|| attempt.take_headers());
                        rest = Rest::Answer(Box::new((attempt, answer, listener)));
                        next = other;
                    }
                }
            }
            Err(failure) => {
                exchange.head.headers = copy.unwrap_or_else(|| attempt.take_headers());
                let came = how(&failure, attempt.sent());
                let failure = walk.failed(attempt, failure, exchange).await?;
                rest = rest.or(failure);
                now = Instant::now();
                next = walk.next(Some(Came::Failed(came)), exchange, now);
            }
        }
    }
    walk.end(rest, exchange)
}

impl<'a> Walk<'a> {
    fn begin(root: &'a Group, exchange: &mut Exchange, now: Instant) -> Self {
        let method = exchange.head.method.clone();
        let body = std::mem::replace(&mut exchange.body, RequestBody::Empty);
        let has_body = !matches!(body, RequestBody::Empty) && forward::carries_body(&method);
        let replay = has_body.then(|| Replay::new(body, root.replay));
        exchange.replay.clone_from(&replay);
        let frame = Frame::new(root, exchange, (&[], false), now);
        let worker = exchange.record.connection.worker.index;
        let asked = Asked { method, sent: Sent::Nothing, has_body: true };
        let start = Bytes::new();
        Self { frames: vec![frame], asked, worker, root, replay, start, stopped: None }
    }

    /// Reads as much of the body as tells its session.
    async fn read_start(&mut self, exchange: &Exchange) -> Result<(), Failure> {
        let Some(replay) = &self.replay else { return Ok(()) };
        self.start = read_start(replay, exchange).await?;
        for frame in &mut self.frames {
            frame.find_session(exchange, &self.start, Instant::now());
        }
        Ok(())
    }

    /// The next leaf to call after what came, and whether it is called in spite of its state.
    fn next(
        &mut self,
        came: Option<Came<'_>>,
        exchange: &Exchange,
        now: Instant,
    ) -> Option<(Found<'a>, bool)> {
        self.asked.has_body = self.replay.as_ref().is_none_or(Replay::can_repeat);
        let mut first = true;
        while let Some(frame) = self.frames.last() {
            if !std::mem::replace(&mut first, false) {
                // The group below has given up.
                let is_bad = matches!(came, Some(Came::Failed(_)));
                if is_bad {
                    frame.group.note(frame.member, true, now);
                }
            }
            let allowed = came.map_or(Ok(()), |came| frame.allows(came, &self.asked, now));
            let depth = self.frames.len();
            self.stopped = match allowed {
                Err(why) => Some(why),
                Ok(()) => match self.descend(exchange, now) {
                    None => Some(Stopped::Nobody),
                    Some(found) if self.pays(depth, came, now) => {
                        self.stopped = None;
                        return Some(found);
                    }
                    Some(_) => Some(Stopped::Budget),
                },
            };
            self.frames.truncate(depth);
            if self.is_tied() {
                return None;
            }
            self.frames.pop();
        }
        None
    }

    /// Whether the group at this depth, which goes on, has a repeat left.
    fn pays(&self, depth: usize, came: Option<Came<'_>>, now: Instant) -> bool {
        let frame = depth.checked_sub(1).and_then(|index| self.frames.get(index));
        frame.is_none_or(|frame| frame.pay(came, now))
    }

    fn is_tied(&self) -> bool {
        self.frames.last().is_some_and(Frame::is_tied)
    }

    /// Goes down from the innermost group to a leaf, without going up beyond that group.
    fn descend(&mut self, exchange: &Exchange, now: Instant) -> Option<(Found<'a>, bool)> {
        let base = self.frames.len();
        loop {
            let frame = self.frames.last_mut()?;
            let group = frame.group;
            let Some(picked) = frame.pick(self.worker, now) else {
                if self.frames.len() == base {
                    return None;
                }
                self.frames.pop();
                continue;
            };
            match &group.members.get(picked.index)?.endpoint {
                Endpoint::Http(leaf) => return Some((Found::Upstream(leaf), picked.is_forced)),
                Endpoint::Mock(leaf) => return Some((Found::Mock(leaf), picked.is_forced)),
                // The compiler makes it a member of no group.
                Endpoint::Dynamic(_) | Endpoint::Sequence(_) => return None,
                Endpoint::Group(inner) => {
                    let frame = Frame::new(inner, exchange, (&self.start, picked.is_forced), now);
                    self.frames.push(frame);
                }
            }
        }
    }

    /// A place at a leaf, and the permission to call it.
    async fn enter(
        &self,
        leaf: &'a HttpLeaf,
        is_forced: bool,
        now: Instant,
    ) -> Result<(Ticket<'a>, Pass), Came<'static>> {
        let ticket = if is_forced { leaf.health.force(now) } else { leaf.permit(now).ok() };
        let ticket = ticket.ok_or(Came::Unready)?;
        if let Some(pass) = leaf.gate.try_enter() {
            return Ok((ticket, pass));
        }
        let spills = |frame: &Frame<'_>| matches!(frame.group.mode, Mode::SpillOver { .. });
        if self.frames.iter().any(spills) {
            return Err(Came::AtLimit);
        }
        let entering = leaf.gate.enter();
        let entered = match self.deadline() {
            Some(deadline) => timeout_at(deadline, entering).await.unwrap_or(Err(AtLimit)),
            None => entering.await,
        };
        let pass = entered.map_err(|_at_limit| Came::AtLimit)?;
        Ok((ticket, pass))
    }

    /// Ends with the answer of a mock: it never fails for want of an upstream, so that nobody is
    /// asked after it.
    async fn mock(
        &self,
        leaf: &MockLeaf,
        exchange: &mut Exchange,
        api: &LiveApi,
    ) -> Result<Response<ResponseBody>, Failure> {
        if let Some(replay) = &self.replay {
            exchange.body = replay.body();
        }
        exchange.record.attempts.target = None;
        match leaf.at_once(exchange, api) {
            Some(answered) => answered,
            None => Box::pin(leaf.call(exchange, api)).await,
        }
    }

    /// Makes an attempt, with others beside it where the group hedges.
    async fn send(
        &mut self,
        mut attempt: Attempt<'a>,
        exchange: &mut Exchange,
        api: &LiveApi,
        copy: Option<&HeaderMap>,
    ) -> (Attempt<'a>, Result<Answer, SendFailure>) {
        self.frames.iter_mut().for_each(Frame::begin);
        let hedge = self.frames.last().and_then(|frame| {
            let group = frame.group;
            group.retries.hedge.filter(|_| may_hedge(group.policy, &self.asked.method))
        });
        if let Some(hedge) = hedge.filter(|_| self.replay.is_none()) {
            let headers = copy.cloned().unwrap_or_else(|| attempt.copied_headers());
            return Box::pin(hedge::race(self, attempt, exchange, (api, headers, hedge))).await;
        }
        let sent = attempt.send(self.surroundings(exchange)).await;
        (attempt, sent)
    }

    /// What attempts need of the exchange, within the time that is left to them.
    pub(super) fn surroundings<'e>(&self, exchange: &'e Exchange) -> Surroundings<'e> {
        Surroundings { deadline: self.deadline(), ..Surroundings::of(exchange) }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.frames.iter().filter_map(|frame| frame.deadline).min()
    }

    /// Who is called instead, where an answer is as bad as none and somebody else may be asked.
    fn follow(
        &mut self,
        attempt: &Attempt<'a>,
        answer: &Answer,
        copy: Option<&HeaderMap>,
        exchange: &Exchange,
    ) -> Option<(Found<'a>, bool)> {
        if !self.frames.iter().any(|frame| frame.group.looks_at_answers()) {
            return None;
        }
        let method = self.asked.method.clone();
        let answered = Answered {
            status: answer.status(),
            headers: answer.headers(),
            method: &method,
            path: exchange.head.uri.path(),
            request: copy.unwrap_or_else(|| attempt.headers()),
        };
        if !self.frames.iter().any(|frame| frame.group.takes_for_failure(&answered)) {
            return None;
        }
        self.asked.sent = Sent::Perhaps;
        self.next(Some(Came::Answer(&answered)), exchange, Instant::now())
    }

    /// Tells the groups on the way who has answered, and how; gives who listens to the rest of the
    /// answer.
    fn heard(&self, attempt: &Attempt<'_>, answer: &Answer) -> Option<Listener> {
        let mut listener = None;
        if !self.frames.iter().any(|frame| frame.group.hears_answers()) {
            return None;
        }
        let now = Instant::now();
        for frame in &self.frames {
            let Frame { group, member, session, .. } = frame;
            group.note_answer(*member, answer.status().as_u16(), attempt.elapsed(), now);
            if let Some(sessions) = &group.sessions {
                sessions.answered(session, *member, answer.headers(), now);
                listener = sessions.listener(*member).or(listener);
            }
        }
        listener
    }

    /// Ends with an answer.
    fn answered(
        &self,
        answered: (Attempt<'a>, Answer, Option<Listener>),
        exchange: &mut Exchange,
    ) -> Result<Response<ResponseBody>, Failure> {
        if exchange.record.attempts.past.is_some() {
            leave(&answered.0, AttemptEnd::Status(answered.1.status().as_u16()), exchange);
        }
        self.pass_on(answered, exchange)
    }

    /// Passes on an answer that the record has.
    fn pass_on(
        &self,
        (attempt, answer, listener): (Attempt<'a>, Answer, Option<Listener>),
        exchange: &mut Exchange,
    ) -> Result<Response<ResponseBody>, Failure> {
        if let Some(replay) = &self.replay {
            replay.settle();
        }
        exchange.record.attempts.stopped = self.stopped;
        if exchange.record.attempts.past.is_some() {
            credit(&attempt, exchange);
        }
        let response = attempt.answered(exchange, answer)?;
        Ok(match listener {
            Some(listener) => response.map(|body| body.heard_by(listener)),
            None => response,
        })
    }

    /// Judges an attempt without an answer; gives the fault for when nobody else has one.
    ///
    /// # Errors
    ///
    /// What ends the exchange: a client that failed itself, or a leaf that answers nothing.
    async fn failed(
        &mut self,
        attempt: Attempt<'a>,
        failure: SendFailure,
        exchange: &mut Exchange,
    ) -> Result<Failure, Failure> {
        let number = failure.code.number(failure.state);
        credit(&attempt, exchange);
        leave(&attempt, AttemptEnd::Failed(outcome(&failure).label(), number), exchange);
        if failure.by_client {
            return Err(Fault::from(failure).into());
        }
        let is_silent = attempt.leaf().is_silent(&failure);
        let started = attempt.started();
        let is_first = exchange.record.attempts.count <= 1;
        if let Some(frame) = self.frames.last().filter(|_| failure.speaks_against_upstream()) {
            frame.group.note(frame.member, true, Instant::now());
        }
        let leaf = attempt.leaf();
        attempt.judge(&failure, &self.surroundings(exchange), is_first);
        if is_silent {
            return Err(hold_back(exchange, started).await);
        }
        Ok(leaf.fault(failure))
    }

    /// Whether nobody was found for want of a place alone, where members at their limits are passed
    /// over.
    fn is_busy(&self, now: Instant) -> bool {
        match self.frames.last().filter(|frame| frame.is_tied()) {
            Some(frame) => frame.is_bound_busy(now),
            None => self.root.is_ready(now) && !self.root.has_room(now),
        }
    }

    /// Nobody else is asked.
    fn end(
        &self,
        rest: Rest<'a>,
        exchange: &mut Exchange,
    ) -> Result<Response<ResponseBody>, Failure> {
        exchange.record.attempts.stopped = self.stopped;
        let was_tried = exchange.record.attempts.count > 0;
        let failure = match rest {
            Rest::Answer(answer) => return self.pass_on(*answer, exchange),
            Rest::Busy(failure) => return Err(failure),
            Rest::Nothing if self.is_busy(Instant::now()) => {
                let detail = format!("who is ready of {} is at the limits", self.root.name);
                return Err(Fault::new(FaultCode::EndpointAtLimit).internal(detail).into());
            }
            Rest::Fault(failure) => Some(failure),
            Rest::Nothing => None,
        };
        if self.is_tied() {
            let lost =
                if was_tried { FaultCode::SessionFailed } else { FaultCode::SessionNotReady };
            return Err(instead(lost, failure));
        }
        let now = Instant::now();
        match failure {
            Some(failure) if self.stopped != Some(Stopped::Nobody) => Err(failure),
            Some(failure) if self.root.is_ready(now) => Err(failure),
            failure => {
                count(&self.root.counters.unserved);
                let Group { name, .. } = self.root;
                let kind = self.root.kind();
                let text = format!("{kind} endpoint : {name} - no ready child endpoints");
                Err(described(instead(FaultCode::NoChildReady, failure), text))
            }
        }
    }
}

/// Another fault, with what is known inside of the one that led to it.
fn instead(code: FaultCode, cause: Option<Failure>) -> Failure {
    let detail = match cause {
        Some(Failure::Fault(fault)) => fault.internal,
        Some(Failure::Silence) | None => None,
    };
    Fault { internal: detail, ..Fault::new(code) }.into()
}

fn described(failure: Failure, text: String) -> Failure {
    match failure {
        Failure::Fault(fault) => fault.describe(text).into(),
        Failure::Silence => failure,
    }
}

/// Says in the record whose answer or failure it was: others may have been called since.
fn credit(attempt: &Attempt<'_>, exchange: &mut Exchange) {
    let attempts = &mut exchange.record.attempts;
    attempts.endpoint = Some(attempt.leaf().shared_name());
    attempts.target = Some(Arc::clone(attempt.target()));
}

/// Remembers an attempt that is over, for the record.
pub(super) fn leave(attempt: &Attempt<'_>, end: AttemptEnd, exchange: &mut Exchange) {
    let past = exchange.record.attempts.past.get_or_insert_default();
    past.push(PastAttempt {
        endpoint: attempt.leaf().shared_name(),
        target: Arc::clone(attempt.target()),
        time: attempt.elapsed(),
        end,
    });
}

/// Reads as much of a body as tells its session.
async fn read_start(replay: &Replay, exchange: &Exchange) -> Result<Bytes, Failure> {
    let mut looks = Looks::default();
    let is_enough = |start: &[u8]| {
        let kinds = [AffinityKind::Soap, AffinityKind::ClientId];
        looks.is_due(start.len())
            && kinds.iter().all(|kind| soap::requested(kind, start) != Session::More)
    };
    replay.peek(soap::LIMIT, is_enough).await.map_err(|error| {
        let stage = exchange.record.progress().map(RequestProgress::stage);
        let code = stage.and_then(code_of).unwrap_or(FaultCode::IncompletePayload);
        Fault::new(code).internal(error.to_string()).into()
    })
}
