//! An HTTP/2 client that sends whatever frames and fields it is given, however wrong.

mod hpack;

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::answer::find;
use crate::bounded;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// What fits into a frame by default (RFC 9113 §6.5.2).
const LONGEST: usize = 16_384;

/// One HTTP/2 connection in clear text, with prior knowledge.
#[derive(Debug)]
pub struct RawH2 {
    stream: TcpStream,
    unread: Vec<u8>,
}

/// What became of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum H2Outcome {
    /// It was answered, whole.
    Answer {
        /// The status.
        status: u16,
        /// The fields that are no pseudo-header fields; those whose names are not written out are
        /// left out.
        headers: Vec<(String, String)>,
        /// The body.
        body: Vec<u8>,
    },
    /// The stream was reset, with this code.
    Reset(u32),
    /// The connection is going away, with this code.
    GoAway(u32),
    /// The connection ended.
    Closed,
}

impl H2Outcome {
    /// The first field of that name of an answer.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let Self::Answer { headers, .. } = self else { return None };
        find(headers, name).next()
    }
}

struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

impl RawH2 {
    /// Connects, and asks for answers whose fields are not indexed.
    ///
    /// # Errors
    /// When nobody listens there.
    pub async fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut client = Self { stream, unread: Vec::new() };
        client.stream.write_all(PREFACE).await?;
        // SETTINGS_HEADER_TABLE_SIZE = 0, SETTINGS_ENABLE_PUSH = 0.
        let settings = [0, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0];
        client.frame(SETTINGS, 0, 0, &settings).await?;
        Ok(client)
    }

    /// Sends one frame.
    ///
    /// # Errors
    /// When the connection is gone.
    ///
    /// # Panics
    /// When the payload is longer than a frame can say.
    pub async fn frame(
        &mut self,
        kind: u8,
        flags: u8,
        stream: u32,
        payload: &[u8],
    ) -> io::Result<()> {
        let length = u32::try_from(payload.len()).expect("a frame of no great length");
        let head = [&length.to_be_bytes()[1..], &[kind, flags], &stream.to_be_bytes()].concat();
        self.stream.write_all(&[&head, payload].concat()).await
    }

    /// Sends a field section: HEADERS, and CONTINUATION where it is long. Nothing is checked or
    /// changed.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn headers(
        &mut self,
        stream: u32,
        fields: &[(Vec<u8>, Vec<u8>)],
        is_last: bool,
    ) -> io::Result<()> {
        let block = hpack::encoded(fields);
        let end = if is_last { END_STREAM } else { 0 };
        let pieces: Vec<&[u8]> = block.chunks(LONGEST).collect();
        for (index, piece) in pieces.iter().enumerate() {
            let whole = if index + 1 == pieces.len() { END_HEADERS } else { 0 };
            let (kind, flags) =
                if index == 0 { (HEADERS, end | whole) } else { (CONTINUATION, whole) };
            self.frame(kind, flags, stream, piece).await?;
        }
        Ok(())
    }

    /// Sends a body, or a part of it, without regard to any window.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn data(&mut self, stream: u32, body: &[u8], is_last: bool) -> io::Result<()> {
        let count = body.len().div_ceil(LONGEST).max(1);
        let mut pieces = body.chunks(LONGEST);
        for index in 1..=count {
            let flags = if is_last && index == count { END_STREAM } else { 0 };
            self.frame(DATA, flags, stream, pieces.next().unwrap_or_default()).await?;
        }
        Ok(())
    }

    /// Waits for what becomes of a stream; frames of others are dropped.
    pub async fn outcome(&mut self, stream: u32) -> H2Outcome {
        bounded("what becomes of a stream", self.read(stream)).await
    }

    async fn read(&mut self, stream: u32) -> H2Outcome {
        let (mut status, mut headers, mut body) = (0, Vec::new(), Vec::new());
        loop {
            let Some(frame) = self.next().await else { return H2Outcome::Closed };
            let word = |at: usize| number(frame.payload.get(at..at + 4).unwrap_or_default());
            match frame.kind {
                SETTINGS | PING if frame.flags & ACK == 0 => {
                    let payload = if frame.kind == PING { &frame.payload[..] } else { &[] };
                    drop(self.frame(frame.kind, ACK, 0, payload).await);
                }
                // A server that only lets the connection run out has answered, or will.
                GOAWAY if word(4) != 0 || status == 0 => return H2Outcome::GoAway(word(4)),
                RST_STREAM if frame.stream == stream => return H2Outcome::Reset(word(0)),
                HEADERS if frame.stream == stream => {
                    let fields = hpack::decoded(&self.section(&frame).await);
                    let interim = |status: u16| (100..200).contains(&status);
                    if status == 0 || interim(status) {
                        status = fields.status;
                        headers = fields.others;
                    }
                }
                DATA if frame.stream == stream => body.extend_from_slice(&frame.payload),
                _ => {}
            }
            let is_last = matches!(frame.kind, HEADERS | DATA) && frame.flags & END_STREAM != 0;
            if is_last && frame.stream == stream {
                return H2Outcome::Answer { status, headers, body };
            }
        }
    }

    /// The whole field section that begins with this frame.
    async fn section(&mut self, first: &Frame) -> Vec<u8> {
        let (mut block, mut flags) = (first.payload.clone(), first.flags);
        while flags & END_HEADERS == 0 {
            let Some(more) = self.next().await else { break };
            block.extend_from_slice(&more.payload);
            flags = more.flags;
        }
        block
    }

    async fn next(&mut self) -> Option<Frame> {
        let head = self.take(9).await?;
        let length = number(head.get(..3).unwrap_or_default()) as usize;
        let stream = number(head.get(5..).unwrap_or_default()) & 0x7fff_ffff;
        let payload = self.take(length).await?;
        Some(Frame { kind: *head.get(3)?, flags: *head.get(4)?, stream, payload })
    }

    async fn take(&mut self, count: usize) -> Option<Vec<u8>> {
        while self.unread.len() < count {
            if self.stream.read_buf(&mut self.unread).await.ok()? == 0 {
                return None;
            }
        }
        Some(self.unread.drain(..count).collect())
    }
}

fn number(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}
