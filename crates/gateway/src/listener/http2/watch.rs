//! What an HTTP/2 connection has come to, judged by its frames: how much of what a client sends is
//! control and how much is work.
//!
//! Each kind of frame that costs its sender nothing has an allowance, which grows with time, and
//! with the work to which such a frame belongs: a client that is sent much may open its windows
//! often, and one whose requests are answered may give up others.
//! What the HTTP library bounds itself is left to it: frames that continue a block of header
//! fields, the size of such blocks, small and empty `DATA`, streams at once.

use tokio::time::Instant;

use crate::config::{Http2Limits, Rate};
use crate::frames::{Frame, FrameCursor, Kind};
use crate::telemetry::metric::Http2End;

/// `NO_ERROR`.
pub(super) const NO_ERROR: u32 = 0x0;
/// `PROTOCOL_ERROR`.
const PROTOCOL_ERROR: u32 = 0x1;
/// `SETTINGS_TIMEOUT`.
const SETTINGS_TIMEOUT: u32 = 0x4;
/// `ENHANCE_YOUR_CALM`.
const ENHANCE_YOUR_CALM: u32 = 0xb;
/// Codes with which a stream ends that the client has not spoilt: `NO_ERROR`, `INTERNAL_ERROR`,
/// `REFUSED_STREAM` and `CANCEL`.
const BLAMELESS: [u32; 4] = [NO_ERROR, 0x2, 0x7, 0x8];
/// How many control frames a request or a piece of a body may bring about: one for the stream's
/// window and one for the connection's.
const PER_PIECE: u32 = 2;

/// How a cause is told to the client, in an error code.
pub(super) fn code(cause: Http2End) -> u32 {
    match cause {
        Http2End::Idle => NO_ERROR,
        Http2End::Violation => PROTOCOL_ERROR,
        Http2End::SettingsTimeout => SETTINGS_TIMEOUT,
        _ => ENHANCE_YOUR_CALM,
    }
}

/// What is left of an allowance.
#[derive(Debug)]
struct Allowance {
    left: u32,
    /// When it was filled last.
    since: Instant,
}

impl Allowance {
    fn new(rate: Rate, now: Instant) -> Self {
        Self { left: rate.burst, since: now }
    }

    /// Takes one; the clock is asked only when none is left.
    fn take(&mut self, rate: Rate) -> bool {
        if self.left == 0 {
            let now = Instant::now();
            let passed = now.duration_since(self.since).as_millis();
            let grown = passed * u128::from(rate.per_second) / 1000;
            self.left = u32::try_from(grown).unwrap_or(u32::MAX).min(rate.burst);
            if self.left > 0 {
                self.since = now;
            }
        }
        let is_left = self.left > 0;
        self.left = self.left.saturating_sub(1);
        is_left
    }

    fn earn(&mut self, amount: u32, rate: Rate) {
        self.left = self.left.saturating_add(amount).min(rate.burst);
    }
}

/// What is known of a connection from its frames.
#[derive(Debug)]
pub(super) struct Watch {
    received: FrameCursor,
    sent: FrameCursor,
    limits: Http2Limits,
    resets: Allowance,
    made_resets: Allowance,
    settings: Allowance,
    pings: Allowance,
    priorities: Allowance,
    window_updates: Allowance,
    unknown: Allowance,
    /// The last stream that the client has begun.
    last_stream: u32,
    /// Whether the client's settings have come, which are its first frame.
    is_greeted: bool,
    /// Whether more frames of a block of header fields are to come.
    is_block_open: bool,
    /// Our settings that the client has not acknowledged.
    unacknowledged: u32,
    /// Since when what is overdue has been: a block of header fields, an acknowledgement.
    since: Option<Instant>,
    /// What the library has told the client in `GOAWAY`.
    told: Option<u32>,
    /// What was found while sending.
    found: Option<Http2End>,
}

impl Watch {
    pub(super) fn new(limits: Http2Limits) -> Self {
        let now = Instant::now();
        Self {
            received: FrameCursor::client(),
            sent: FrameCursor::server(),
            resets: Allowance::new(limits.resets, now),
            made_resets: Allowance::new(limits.resets, now),
            settings: Allowance::new(limits.control, now),
            pings: Allowance::new(limits.control, now),
            priorities: Allowance::new(limits.control, now),
            window_updates: Allowance::new(limits.control, now),
            unknown: Allowance::new(limits.control, now),
            limits,
            last_stream: 0,
            is_greeted: false,
            is_block_open: false,
            unacknowledged: 0,
            since: None,
            told: None,
            found: None,
        }
    }

    /// Takes note of what the client sends.
    ///
    /// # Errors
    ///
    /// Why the connection has to end.
    pub(super) fn receive(&mut self, bytes: &[u8]) -> Result<(), Http2End> {
        // The cursor is taken out for the time it calls back.
        let mut cursor = std::mem::replace(&mut self.received, FrameCursor::server());
        let mut verdict = self.found.take().map_or(Ok(()), Err);
        cursor.feed(bytes, |frame| {
            if verdict.is_ok() {
                verdict = self.judge(frame);
            }
        });
        self.received = cursor;
        verdict
    }

    fn judge(&mut self, frame: &Frame<'_>) -> Result<(), Http2End> {
        let Http2Limits { resets, control, .. } = self.limits;
        self.is_greeted |= frame.kind == Kind::Settings && !frame.is_answer();
        if !self.is_greeted {
            return Err(Http2End::Violation);
        }
        if frame.kind != Kind::Continuation {
            self.since = None;
        }
        self.is_block_open =
            matches!(frame.kind, Kind::Headers | Kind::Continuation) && !frame.ends_block();
        let (allowance, rate, cause) = match frame.kind {
            Kind::Headers => {
                self.last_stream = self.last_stream.max(frame.stream);
                self.window_updates.earn(PER_PIECE, control);
                self.priorities.earn(1, control);
                return Ok(());
            }
            Kind::Data => {
                self.pings.earn(1, control);
                return Ok(());
            }
            Kind::Continuation | Kind::PushPromise | Kind::GoAway => return Ok(()),
            Kind::Settings => {
                if frame.is_answer() {
                    self.unacknowledged = self.unacknowledged.saturating_sub(1);
                }
                (&mut self.settings, control, Http2End::SettingsFlood)
            }
            Kind::Reset => (&mut self.resets, resets, Http2End::ResetFlood),
            Kind::Ping => (&mut self.pings, control, Http2End::PingFlood),
            Kind::Priority => (&mut self.priorities, control, Http2End::PriorityFlood),
            Kind::WindowUpdate => (&mut self.window_updates, control, Http2End::WindowUpdateFlood),
            Kind::Unknown => (&mut self.unknown, control, Http2End::UnknownFlood),
        };
        if allowance.take(rate) { Ok(()) } else { Err(cause) }
    }

    /// Takes note of what the client is sent.
    pub(super) fn send(&mut self, bytes: &[u8]) {
        let mut cursor = std::mem::replace(&mut self.sent, FrameCursor::server());
        cursor.feed(bytes, |frame| self.count(frame));
        self.sent = cursor;
    }

    fn count(&mut self, frame: &Frame<'_>) {
        let Http2Limits { resets, control, .. } = self.limits;
        match frame.kind {
            Kind::Data => {
                let kibibytes = u32::try_from(frame.length / 1024).unwrap_or(u32::MAX);
                self.window_updates.earn(kibibytes.saturating_add(PER_PIECE), control);
                self.pings.earn(1, control);
            }
            Kind::Ping if !frame.is_answer() => self.pings.earn(1, control),
            Kind::Settings if !frame.is_answer() => {
                self.settings.earn(1, control);
                self.unacknowledged += 1;
            }
            Kind::Reset if !BLAMELESS.contains(&frame.code()) => self.spoilt(),
            Kind::GoAway => self.told = Some(frame.code()),
            _ => {}
        }
        if frame.ends_stream() {
            self.resets.earn(1, resets);
            self.made_resets.earn(1, resets);
        }
    }

    /// A stream had to be reset for what the client did.
    fn spoilt(&mut self) {
        if !self.made_resets.take(self.limits.resets) {
            self.found = Some(Http2End::MadeResetFlood);
        }
    }

    /// What was found while sending and waits to be acted on.
    pub(super) fn found(&mut self) -> Option<Http2End> {
        self.found.take()
    }

    /// What the client owes us, and since when we wait for it.
    pub(super) fn overdue(&mut self) -> Option<(Instant, Http2End)> {
        let cause = if self.is_block_open || self.received.is_in_fields() {
            Http2End::SlowHead
        } else if self.unacknowledged > 0 {
            Http2End::SettingsTimeout
        } else {
            self.since = None;
            return None;
        };
        Some((*self.since.get_or_insert_with(Instant::now), cause))
    }

    /// The last stream that the client has begun.
    pub(super) fn last_stream(&self) -> u32 {
        self.last_stream
    }

    /// Whether a frame of ours can follow what has been sent.
    pub(super) fn can_send(&self) -> bool {
        self.sent.is_between()
    }

    /// The error that the library has told the client.
    pub(super) fn told(&self) -> Option<Http2End> {
        match self.told? {
            NO_ERROR => None,
            ENHANCE_YOUR_CALM => Some(Http2End::Excess),
            _ => Some(Http2End::Violation),
        }
    }
}

#[cfg(test)]
mod tests;
