//! What happens to one request in one group: who was tried, and whether another member may be.

use compiler::condition::Facts;
use compiler::plan::{Mode, WhenLost};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use tokio::time::Instant;

use super::live::{Group, count};
use super::pick::{Picked, Tried};
use super::repeat::{Failed, Sent, is_trigger, may_repeat};
use super::session::Session;
use crate::exchange::{Exchange, Stopped};

/// A group that a request has come to.
#[derive(Debug)]
pub(super) struct Frame<'a> {
    pub(super) group: &'a Group,
    /// The member that is called.
    pub(super) member: usize,
    pub(super) session: Session,
    /// When the time for all attempts is over.
    pub(super) deadline: Option<Instant>,
    tried: Tried,
    attempts: u32,
    key: Option<u64>,
    /// Whether the client says that the request may be repeated.
    has_key: bool,
    /// Whether the group is called in spite of its state.
    is_forced: bool,
    /// Whether the member of the session is still to be asked.
    asks_bound: bool,
}

/// What an attempt came to, as far as groups look at it.
#[derive(Clone, Copy)]
pub(super) enum Came<'a> {
    /// Nothing was called: the leaf was not ready after all.
    Unready,
    /// Nothing was called: the leaf was at its limits.
    AtLimit,
    /// There was no answer.
    Failed(Failed),
    /// There was an answer, which a group may take for a failure.
    Answer(&'a Answered<'a>),
}

/// What groups look at of a request.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) method: Method,
    /// How much of it can have reached any upstream so far.
    pub(super) sent: Sent,
    /// Whether its body, if it has one, is at hand once more.
    pub(super) has_body: bool,
}

/// What groups look at of an answer.
#[derive(Debug)]
pub(super) struct Answered<'a> {
    pub(super) status: StatusCode,
    pub(super) headers: &'a HeaderMap,
    pub(super) method: &'a Method,
    pub(super) path: &'a str,
    pub(super) request: &'a HeaderMap,
}

impl Facts for Answered<'_> {
    fn status(&self) -> u16 {
        self.status.as_u16()
    }

    fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name).map(HeaderValue::to_str)?.ok()
    }

    fn method(&self) -> &str {
        self.method.as_str()
    }

    fn path(&self) -> &str {
        self.path
    }

    fn request_header(&self, name: &HeaderName) -> Option<&str> {
        self.request.get(name).map(HeaderValue::to_str)?.ok()
    }
}

impl Came<'_> {
    /// Whether something was called, so that another attempt is a repeat.
    fn is_attempt(self) -> bool {
        matches!(self, Came::Failed(_) | Came::Answer(_))
    }
}

impl Group {
    /// Whether an answer is as bad as none.
    pub(super) fn takes_for_failure(&self, answer: &Answered<'_>) -> bool {
        let triggers = &self.triggers;
        triggers.statuses.contains(answer.status())
            || triggers.condition.as_ref().is_some_and(|condition| condition.holds(answer))
    }

    /// Whether it may take any answer for a failure.
    pub(super) fn looks_at_answers(&self) -> bool {
        !self.triggers.statuses.is_empty() || self.triggers.condition.is_some()
    }
}

impl<'a> Frame<'a> {
    /// A request comes to a group; `start` is the beginning of its body, where that matters.
    pub(super) fn new(
        group: &'a Group,
        exchange: &Exchange,
        (start, is_forced): (&[u8], bool),
        now: Instant,
    ) -> Self {
        if let Some(budget) = &group.budget {
            budget.earn(now);
        }
        let headers = &exchange.head.headers;
        let key_header = group.retries.idempotency_header.as_ref();
        let mut frame = Self {
            group,
            member: 0,
            asks_bound: false,
            session: Session::default(),
            deadline: group.retries.deadline.and_then(|limit| now.checked_add(limit)),
            tried: Tried::default(),
            attempts: 0,
            key: group.key(exchange),
            has_key: key_header.is_some_and(|name| headers.contains_key(name)),
            is_forced,
        };
        frame.find_session(exchange, start, now);
        frame
    }

    /// Finds the session of the request; `start` is the beginning of its body.
    pub(super) fn find_session(&mut self, exchange: &Exchange, start: &[u8], now: Instant) {
        if let Some(sessions) = &self.group.sessions {
            self.session = sessions.of(&exchange.head.headers, start, now);
            self.asks_bound = self.session.member.is_some();
        }
    }

    /// The next member, which counts as tried from now on.
    pub(super) fn pick(&mut self, worker: usize, now: Instant) -> Option<Picked> {
        let picked = match self.bound(now) {
            Some(picked) => picked,
            None if self.is_tied() => return None,
            None => self.group.pick(worker, &self.tried, (self.key, self.is_forced), now)?,
        };
        self.tried.add(picked.index);
        self.member = picked.index;
        Some(picked)
    }

    /// The member that was picked last was not called, so that it may be later; `before` is the one
    /// that is called still.
    pub(super) fn put_back(&mut self, before: usize) {
        self.tried.remove(self.member);
        self.member = before;
    }

    /// The member of the session, if it can be called.
    fn bound(&mut self, now: Instant) -> Option<Picked> {
        let is_asked = std::mem::replace(&mut self.asks_bound, false);
        let index = self.session.member.filter(|_| is_asked)?;
        let takes = self.group.takes(index, &self.tried, now);
        takes.then_some(Picked { index, is_forced: false })
    }

    /// Whether the session keeps the request at its member, for better or worse.
    pub(super) fn is_tied(&self) -> bool {
        let sessions = self.group.sessions.as_ref();
        self.session.member.is_some()
            && sessions.is_some_and(|sessions| sessions.when_lost == WhenLost::Fault)
    }

    /// Whether the member of the session would take the call if it had a place.
    pub(super) fn is_bound_busy(&self, now: Instant) -> bool {
        let bound = self.session.member.and_then(|index| self.group.members.get(index));
        bound.is_some_and(|member| member.is_ready(now) && !member.endpoint.has_room(now))
    }

    /// An attempt begins below this group.
    pub(super) fn begin(&mut self) {
        self.attempts += 1;
    }

    /// Whether another member may be tried after this.
    ///
    /// # Errors
    ///
    /// Why not.
    pub(super) fn allows(
        &self,
        came: Came<'_>,
        asked: &Asked,
        now: Instant,
    ) -> Result<(), Stopped> {
        match came {
            Came::Unready => return Ok(()),
            Came::AtLimit if matches!(self.group.mode, Mode::SpillOver { .. }) => return Ok(()),
            Came::AtLimit => return Err(Stopped::Trigger),
            Came::Failed(failed) if is_trigger(&self.group.triggers, failed) => {}
            Came::Answer(answer) if self.group.takes_for_failure(answer) => {}
            Came::Failed(_) | Came::Answer(_) => return Err(Stopped::Trigger),
        }
        // The first call of a session has no member yet that it has to stay at (spec/01 §4.3).
        if !self.group.fails_over && self.group.sessions.is_none() {
            return Err(Stopped::Policy);
        }
        if self.attempts >= self.group.retries.attempts.unwrap_or(u32::MAX) {
            return Err(Stopped::Attempts);
        }
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            return Err(Stopped::Deadline);
        }
        if !may_repeat(self.group.policy, &asked.method, asked.sent, self.has_key) {
            return Err(Stopped::Policy);
        }
        if asked.has_body { Ok(()) } else { Err(Stopped::Body) }
    }

    /// Takes a repeat from the budget, if the attempt that comes is one.
    pub(super) fn pay(&self, came: Option<Came<'_>>, now: Instant) -> bool {
        if !came.is_some_and(Came::is_attempt) {
            return true;
        }
        let may = self.group.budget.as_ref().is_none_or(|budget| budget.spend(now));
        let counters = &self.group.counters;
        count(if may { &counters.repeats } else { &counters.over_budget });
        may
    }
}
