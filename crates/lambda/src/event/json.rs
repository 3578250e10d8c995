//! A writer of JSON into bytes, with a limit.

use std::borrow::Cow;
use std::fmt::Display;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Room for everything but the body.
const FRAME: usize = 2048;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// JSON that is being written.
///
/// Members and elements are separated by themselves: a comma is due when something has been
/// written at this depth.
#[derive(Debug)]
pub(super) struct Json {
    out: Vec<u8>,
    limit: usize,
    is_full: bool,
    needs_comma: bool,
}

impl Json {
    /// For a body of so many bytes, and for so many bytes in all.
    pub(super) fn new(body: usize, limit: usize) -> Self {
        let expected = body.saturating_add(body / 2).saturating_add(FRAME);
        let out = Vec::with_capacity(expected.min(limit));
        Self { out, limit, is_full: false, needs_comma: false }
    }

    /// What was written; `None` if it was too much.
    pub(super) fn finish(self) -> Option<Vec<u8>> {
        (!self.is_full).then_some(self.out)
    }

    /// `{…}`
    pub(super) fn object(&mut self, write: impl FnOnce(&mut Self)) {
        self.nested(b"{", b"}", write);
    }

    /// `[…]`
    pub(super) fn array(&mut self, write: impl FnOnce(&mut Self)) {
        self.nested(b"[", b"]", write);
    }

    /// The name of a member, whose value comes next.
    pub(super) fn name(&mut self, name: &str) -> &mut Self {
        self.string(name);
        self.put(b":");
        self.needs_comma = false;
        self
    }

    pub(super) fn string(&mut self, text: &str) {
        self.separate();
        self.put(b"\"");
        self.escape(text);
        self.put(b"\"");
    }

    /// The text, or `null`.
    pub(super) fn string_or_null(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.string(text),
            None => self.null(),
        }
    }

    /// A string whose content displays itself.
    pub(super) fn display(&mut self, value: impl Display) {
        self.string(&value.to_string());
    }

    /// A string of base64.
    pub(super) fn base64(&mut self, bytes: &[u8]) {
        self.separate();
        self.put(b"\"");
        let start = self.out.len();
        let length = base64::encoded_len(bytes.len(), true).unwrap_or(usize::MAX);
        if self.has_room(length) {
            self.out.resize(start + length, 0);
            let room = self.out.get_mut(start..).unwrap_or_default();
            let written = STANDARD.encode_slice(bytes, room);
            debug_assert_eq!(written.ok(), Some(length), "the length was computed");
        }
        self.put(b"\"");
    }

    pub(super) fn number(&mut self, number: i64) {
        self.separate();
        self.put(itoa::Buffer::new().format(number).as_bytes());
    }

    pub(super) fn bool(&mut self, value: bool) {
        self.separate();
        self.put(if value { b"true" } else { b"false" });
    }

    pub(super) fn null(&mut self) {
        self.separate();
        self.put(b"null");
    }

    /// JSON that is written already.
    pub(super) fn raw(&mut self, json: &[u8]) {
        self.separate();
        self.put(json);
    }

    /// An object of strings.
    pub(super) fn map<'a>(&mut self, members: impl Iterator<Item = (&'a str, &'a str)>) {
        self.object(|json| members.for_each(|(name, text)| json.name(name).string(text)));
    }

    /// A list of strings.
    pub(super) fn list(&mut self, texts: &[Cow<'_, str>]) {
        self.array(|json| texts.iter().for_each(|text| json.string(text)));
    }

    fn nested(&mut self, open: &[u8], close: &[u8], write: impl FnOnce(&mut Self)) {
        self.separate();
        self.put(open);
        self.needs_comma = false;
        write(self);
        self.put(close);
        self.needs_comma = true;
    }

    fn separate(&mut self) {
        if self.needs_comma {
            self.put(b",");
        }
        self.needs_comma = true;
    }

    fn escape(&mut self, text: &str) {
        let mut rest = text.as_bytes();
        while let Some(at) = rest.iter().position(|byte| is_escaped(*byte)) {
            let (plain, behind) = rest.split_at(at);
            self.put(plain);
            let Some((byte, behind)) = behind.split_first() else { return };
            self.escape_byte(*byte);
            if self.is_full {
                return;
            }
            rest = behind;
        }
        self.put(rest);
    }

    fn escape_byte(&mut self, byte: u8) {
        match byte {
            b'"' => self.put(b"\\\""),
            b'\\' => self.put(b"\\\\"),
            b'\n' => self.put(b"\\n"),
            b'\r' => self.put(b"\\r"),
            b'\t' => self.put(b"\\t"),
            _ => {
                let digit = |nibble: u8| HEX.get(usize::from(nibble & 15)).copied().unwrap_or(b'0');
                self.put(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte)]);
            }
        }
    }

    fn put(&mut self, bytes: &[u8]) {
        if self.has_room(bytes.len()) {
            self.out.extend_from_slice(bytes);
        }
    }

    fn has_room(&mut self, more: usize) -> bool {
        self.is_full |= self.out.len().saturating_add(more) > self.limit;
        !self.is_full
    }
}

/// What has to be escaped in a string (RFC 8259 §7).
const fn is_escaped(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}
