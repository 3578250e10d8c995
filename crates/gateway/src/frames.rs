//! The frames of an HTTP/2 connection as their bytes pass, in either direction.
//!
//! Nothing is held up, copied or changed here: of each frame its head is looked at, and the start
//! of its payload where that says something about the connection as a whole.
//! What a frame means to its stream is the business of the HTTP library.

/// The length of the head of a frame (RFC 9113 §4.1).
const HEAD: usize = 9;
/// How much of a payload is kept: ten settings, or all of a shorter frame.
const KEPT: usize = 60;
/// The length of what a client sends first (RFC 9113 §3.4).
const PREFACE: usize = 24;

const END_STREAM: u8 = 0x1;
const ACK: u8 = 0x1;
const END_HEADERS: u8 = 0x4;
/// `SETTINGS_MAX_CONCURRENT_STREAMS`.
const MAX_STREAMS: u16 = 0x3;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Data,
    Headers,
    /// `PRIORITY`, or `PRIORITY_UPDATE` (RFC 9218 §7.1).
    Priority,
    Reset,
    Settings,
    PushPromise,
    Ping,
    GoAway,
    WindowUpdate,
    Continuation,
    Unknown,
}

impl Kind {
    fn of(byte: u8) -> Self {
        match byte {
            0x0 => Self::Data,
            0x1 => Self::Headers,
            0x2 | 0x10 => Self::Priority,
            0x3 => Self::Reset,
            0x4 => Self::Settings,
            0x5 => Self::PushPromise,
            0x6 => Self::Ping,
            0x7 => Self::GoAway,
            0x8 => Self::WindowUpdate,
            0x9 => Self::Continuation,
            _ => Self::Unknown,
        }
    }

    /// How much of its payload is looked at.
    fn kept(self) -> usize {
        match self {
            Self::Settings => KEPT,
            Self::Reset | Self::GoAway => 8,
            _ => 0,
        }
    }
}

/// One frame whose head has passed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame<'a> {
    pub(crate) kind: Kind,
    pub(crate) stream: u32,
    /// Bytes of its payload.
    pub(crate) length: usize,
    flags: u8,
    /// The part of its payload that is kept.
    start: &'a [u8],
}

impl Frame<'_> {
    /// Whether it is the last of its stream in this direction.
    pub(crate) fn ends_stream(&self) -> bool {
        matches!(self.kind, Kind::Data | Kind::Headers) && self.flags & END_STREAM != 0
    }

    /// Whether a block of header fields ends with it.
    pub(crate) fn ends_block(&self) -> bool {
        self.flags & END_HEADERS != 0
    }

    /// Whether it answers one of the peer's.
    pub(crate) fn is_answer(&self) -> bool {
        matches!(self.kind, Kind::Settings | Kind::Ping) && self.flags & ACK != 0
    }

    /// The error code of `RST_STREAM` or `GOAWAY`.
    pub(crate) fn code(&self) -> u32 {
        let at = if self.kind == Kind::GoAway { 4 } else { 0 };
        self.start.get(at..).map_or(0, number)
    }

    /// The last stream that `GOAWAY` names.
    pub(crate) fn last_stream(&self) -> u32 {
        number(self.start) & 0x7FFF_FFFF
    }

    /// How many streams at once these settings allow; `None` where they do not say.
    pub(crate) fn max_streams(&self) -> Option<u32> {
        let is_limit = |entry: &&[u8]| entry.starts_with(&MAX_STREAMS.to_be_bytes());
        self.start.chunks_exact(6).rfind(is_limit).map(|entry| number(&entry[2..]))
    }
}

fn number(bytes: &[u8]) -> u32 {
    bytes.first_chunk::<4>().map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

/// Where in a frame a connection is.
#[derive(Debug)]
pub(crate) struct FrameCursor {
    /// The head of the frame at hand, and of its payload what is looked at.
    buffer: [u8; HEAD + KEPT],
    filled: usize,
    /// Bytes that pass before the next head.
    skip: usize,
    /// The frame that passes.
    kind: Kind,
}

impl FrameCursor {
    /// Before the first byte of a server.
    pub(crate) fn server() -> Self {
        Self { buffer: [0; HEAD + KEPT], filled: 0, skip: 0, kind: Kind::Unknown }
    }

    /// Before the first byte of a client, which is that of the preface.
    pub(crate) fn client() -> Self {
        Self { skip: PREFACE, ..Self::server() }
    }

    /// Takes note of bytes, and calls back for each frame.
    pub(crate) fn feed(&mut self, mut bytes: &[u8], mut seen: impl FnMut(&Frame<'_>)) {
        loop {
            let passed = self.skip.min(bytes.len());
            self.skip -= passed;
            bytes = &bytes[passed..];
            if bytes.is_empty() {
                return;
            }
            bytes = self.fill(bytes, &mut seen);
        }
    }

    /// Takes what is still missing of a head, or of the payload after it; gives what is left over.
    fn fill<'b>(&mut self, bytes: &'b [u8], seen: &mut impl FnMut(&Frame<'_>)) -> &'b [u8] {
        let kept = self.kept();
        let taken = (HEAD + kept - self.filled).min(bytes.len());
        let (taken, rest) = bytes.split_at(taken);
        self.buffer[self.filled..][..taken.len()].copy_from_slice(taken);
        self.filled += taken.len();
        if self.filled == HEAD {
            self.kind = Kind::of(self.buffer[3]);
        }
        if self.filled >= HEAD && self.filled == HEAD + self.kept() {
            self.pass(seen);
        }
        rest
    }

    /// How much of the payload is looked at, as far as it is known yet.
    fn kept(&self) -> usize {
        if self.filled < HEAD { 0 } else { self.kind.kept().min(self.length()) }
    }

    fn length(&self) -> usize {
        let [high, middle, low, ..] = self.buffer;
        usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low)
    }

    fn pass(&mut self, seen: &mut impl FnMut(&Frame<'_>)) {
        let start = &self.buffer[HEAD..self.filled];
        let length = self.length();
        self.skip = length - start.len();
        let stream = number(&self.buffer[5..]) & 0x7FFF_FFFF;
        seen(&Frame { kind: self.kind, stream, length, flags: self.buffer[4], start });
        self.filled = 0;
    }

    /// Whether the last byte was the last of a frame.
    pub(crate) fn is_between(&self) -> bool {
        self.filled == 0 && self.skip == 0
    }

    /// Whether the frame that passes, if any, carries header fields.
    pub(crate) fn is_in_fields(&self) -> bool {
        self.skip > 0 && matches!(self.kind, Kind::Headers | Kind::Continuation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
        let mut bytes = length[1..].to_vec();
        bytes.extend([kind, flags]);
        bytes.extend(stream.to_be_bytes());
        bytes.extend(payload);
        bytes
    }

    fn seen(cursor: &mut FrameCursor, bytes: &[u8]) -> Vec<(Kind, u32, bool, u32)> {
        let mut all = Vec::new();
        cursor.feed(bytes, |frame| {
            all.push((frame.kind, frame.stream, frame.ends_stream(), frame.code()));
        });
        all
    }

    fn session() -> Vec<u8> {
        let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        bytes.extend(frame(4, 0, 0, &[0, 3, 0, 0, 0, 4]));
        bytes.extend(frame(1, 4, 1, &[0x55; 300]));
        bytes.extend(frame(0, 1, 1, &[9; 70_000]));
        bytes.extend(frame(0, 0, 3, &[]));
        bytes.extend(frame(3, 0, 3, &[0, 0, 0, 8]));
        bytes.extend(frame(0xbe, 0xff, 0x8000_0005, b"what"));
        bytes.extend(frame(7, 0, 0, &[0, 0, 0, 1, 0, 0, 0, 11, b'x']));
        bytes
    }

    const FRAMES: [(Kind, u32, bool, u32); 7] = [
        (Kind::Settings, 0, false, 0x0003_0000),
        (Kind::Headers, 1, false, 0),
        (Kind::Data, 1, true, 0),
        (Kind::Data, 3, false, 0),
        (Kind::Reset, 3, false, 8),
        (Kind::Unknown, 5, false, 0),
        (Kind::GoAway, 0, false, 11),
    ];

    #[test]
    fn frames_are_seen_however_the_bytes_come() {
        let session = session();
        for size in [1, 2, 3, 7, 9, 10, 24, 64, 1000, session.len()] {
            let mut cursor = FrameCursor::client();
            let pieces = session.chunks(size);
            let frames: Vec<_> = pieces.flat_map(|piece| seen(&mut cursor, piece)).collect();
            assert_eq!(frames, FRAMES, "in pieces of {size}");
            assert!(cursor.is_between());
        }
    }

    #[test]
    fn a_cursor_knows_that_a_frame_is_not_over() {
        let mut cursor = FrameCursor::server();
        let fields = frame(1, 0, 1, &[0; 10]);
        assert!(seen(&mut cursor, &fields[..8]).is_empty());
        assert!(!cursor.is_between() && !cursor.is_in_fields());
        assert_eq!(seen(&mut cursor, &fields[8..12]).len(), 1);
        assert!(!cursor.is_between() && cursor.is_in_fields());
        assert!(seen(&mut cursor, &fields[12..]).is_empty());
        assert!(cursor.is_between() && !cursor.is_in_fields());
    }

    #[test]
    fn settings_say_how_many_streams_are_allowed() {
        let limit = |payload: &[u8]| {
            let mut found = None;
            FrameCursor::server()
                .feed(&frame(4, 0, 0, payload), |frame| found = frame.max_streams());
            found
        };
        assert_eq!(limit(&[]), None);
        assert_eq!(limit(&[0, 4, 0, 0, 0, 3]), None);
        assert_eq!(limit(&[0, 4, 0, 0, 0, 3, 0, 3, 0, 0, 1, 0]), Some(256));
        // The last one holds.
        assert_eq!(limit(&[0, 3, 0, 0, 0, 3, 0, 3, 0, 0, 0, 7]), Some(7));
        // More settings than are kept.
        let many = [[0, 9, 0, 0, 0, 0]; 40].concat();
        assert_eq!(limit(&[&[0, 3, 0, 0, 0, 5], &many[..]].concat()), Some(5));
    }
}
