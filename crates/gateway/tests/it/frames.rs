//! HTTP/2 by hand: a client that writes the frames it likes, and reads what comes back.

use testkit::Client;

use crate::gateway::Weir;

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const PRIORITY: u8 = 2;
pub(crate) const RESET: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;

pub(crate) const ACK: u8 = 0x1;
pub(crate) const END_STREAM: u8 = 0x1;
pub(crate) const END_HEADERS: u8 = 0x4;

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A frame as bytes.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let mut bytes = u32::try_from(payload.len()).unwrap().to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// Header fields as literals that nobody remembers (RFC 7541 §6.2.2).
pub(crate) fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, value) in fields {
        bytes.push(0);
        for text in [name, value] {
            length(text.len(), &mut bytes);
            bytes.extend(text.as_bytes());
        }
    }
    bytes
}

fn length(mut rest: usize, bytes: &mut Vec<u8>) {
    if rest < 127 {
        return bytes.push(u8::try_from(rest).unwrap());
    }
    bytes.push(127);
    rest -= 127;
    while rest >= 128 {
        bytes.push(u8::try_from(rest % 128).unwrap() + 128);
        rest /= 128;
    }
    bytes.push(u8::try_from(rest).unwrap());
}

/// The fields of a request to the shop.
pub(crate) fn request<'a>(
    method: &'a str,
    path: &'a str,
    more: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let first = [(":method", method), (":scheme", "http"), (":path", path), (":authority", "x")];
    [&first[..], more].concat()
}

/// A whole `GET`.
pub(crate) fn get(stream: u32) -> Vec<u8> {
    let fields = block(&request("GET", "/shop/1.0/a", &[]));
    frame(HEADERS, END_STREAM | END_HEADERS, stream, fields)
}

/// The head of a `POST` whose body follows.
pub(crate) fn post(stream: u32, more: &[(&str, &str)]) -> Vec<u8> {
    frame(HEADERS, END_HEADERS, stream, block(&request("POST", "/shop/1.0/a", more)))
}

/// A frame that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Got {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

impl Got {
    /// The error code of `RST_STREAM` or `GOAWAY`.
    pub(crate) fn code(&self) -> u32 {
        let at = if self.kind == GOAWAY { 4 } else { 0 };
        u32::from_be_bytes(self.payload[at..at + 4].try_into().unwrap())
    }
}

/// A connection on which the preface and both settings have passed.
pub(crate) struct Peer {
    client: Client,
}

impl Peer {
    /// Connects with these settings.
    pub(crate) async fn with_settings(weir: &Weir, settings: &[u8]) -> Self {
        let mut peer = Self { client: weir.client().await };
        // Without a table of fields each answer can be read on its own.
        let settings = [&[0, 1, 0, 0, 0, 0], settings].concat();
        peer.send([PREFACE, &frame(SETTINGS, 0, 0, settings)].concat()).await;
        while !matches!(peer.next().await, Some(Got { kind: SETTINGS, flags: 0, .. })) {}
        peer.send(frame(SETTINGS, ACK, 0, [])).await;
        peer
    }

    /// Connects with default settings.
    pub(crate) async fn connect(weir: &Weir) -> Self {
        Self::with_settings(weir, &[]).await
    }

    /// Sends bytes; that the other side has closed is seen when reading.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _closed = self.client.send(bytes).await;
    }

    /// The next frame; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Got> {
        let head = self.client.read_exact(9).await.ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let payload = self.client.read_exact(usize::try_from(length).unwrap()).await.ok()?;
        let stream = u32::from_be_bytes(head[5..9].try_into().unwrap());
        Some(Got { kind: head[3], flags: head[4], stream, payload })
    }

    /// The next frame of this type on this stream; others are passed over.
    pub(crate) async fn until(&mut self, kind: u8, stream: u32) -> Option<Got> {
        loop {
            let got = self.next().await?;
            if (got.kind, got.stream) == (kind, stream) {
                return Some(got);
            }
        }
    }

    /// The error code of the `GOAWAY` that ends the connection; `None` when it ends without one.
    pub(crate) async fn end(&mut self) -> Option<u32> {
        let mut code = None;
        while let Some(got) = self.next().await {
            if got.kind == GOAWAY {
                code = Some(got.code());
            }
        }
        code
    }

    /// The answer to a stream: its status, `Err` with the code of a reset, or `None` at the end.
    pub(crate) async fn outcome(&mut self, stream: u32) -> Option<Result<u16, u32>> {
        loop {
            let got = self.next().await?;
            match got.kind {
                HEADERS if got.stream == stream => return Some(Ok(status(&got.payload))),
                RESET if got.stream == stream => return Some(Err(got.code())),
                GOAWAY => return Some(Err(got.code())),
                _ => {}
            }
        }
    }
}

/// The status in a block of header fields, which comes first.
fn status(block: &[u8]) -> u16 {
    const INDEXED: [u16; 7] = [200, 204, 206, 304, 400, 404, 500];
    match block[0] {
        // A change of the table's size may come first.
        first if first & 0xe0 == 0x20 => status(&block[1..]),
        first @ 0x88..=0x8e => INDEXED[usize::from(first - 0x88)],
        // A literal whose name is that of entry 8; three digits in Huffman code, or as they are.
        _ if block[1] & 0x80 == 0 => std::str::from_utf8(&block[2..5]).unwrap().parse().unwrap(),
        _ => huffman(&block[2..2 + usize::from(block[1] & 0x7f)]),
    }
}

/// Digits in Huffman code: 0 to 2 have five bits, the others six (RFC 7541 appendix B).
fn huffman(bytes: &[u8]) -> u16 {
    let bits: Vec<u8> =
        bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    let number = |bits: &[u8]| bits.iter().fold(0_u16, |sum, bit| sum * 2 + u16::from(*bit));
    let mut rest = &bits[..];
    let mut status = 0;
    for _ in 0..3 {
        let short = number(&rest[..5]);
        let (digit, length) = if short < 3 { (short, 5) } else { (number(&rest[..6]) - 0x16, 6) };
        status = status * 10 + digit;
        rest = &rest[length..];
    }
    status
}
