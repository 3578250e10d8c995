//! How an access record becomes a line: as a JSON object, or to be read by people.
//!
//! What strangers send cannot break out of its place: quotes, control characters and bytes that
//! are not UTF-8 are escaped in both forms.

use std::io::Write;
use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::AccessRecord;
use crate::exchange::{AttemptEnd, PastAttempt, Stopped};
use crate::telemetry::trace::TraceId;

const LONGEST_PATH: usize = 2048;
const LONGEST_HOST: usize = 256;
const LONGEST_AGENT: usize = 256;
const LONGEST_NAME: usize = 512;

/// Bytes that JSON or a terminal would take for something else.
const SPECIAL: [bool; 256] = special();

/// The second of the last line as text, since most lines share it with the line before.
#[derive(Debug)]
pub(super) struct Stamp {
    second: u64,
    text: [u8; 19],
}

impl Default for Stamp {
    fn default() -> Self {
        Self { second: 0, text: *b"1970-01-01T00:00:00" }
    }
}

impl Stamp {
    /// Appends a time in UTC with milliseconds (RFC 3339).
    fn write(&mut self, to: &mut Vec<u8>, time: SystemTime) {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        if since.as_secs() != self.second {
            self.format(since.as_secs());
        }
        to.extend_from_slice(&self.text);
        let milliseconds = since.subsec_millis();
        let digit = |place: u32| b"0123456789"[(milliseconds / place % 10) as usize];
        to.extend_from_slice(&[b'.', digit(100), digit(10), digit(1), b'Z']);
    }

    /// A second that a calendar does not have leaves the stamp as it is.
    fn format(&mut self, second: u64) {
        let time = i64::try_from(second).ok().and_then(|s| jiff::Timestamp::from_second(s).ok());
        let text = time.map(|time| time.to_string()).unwrap_or_default();
        if let Some(head) = text.as_bytes().first_chunk() {
            *self = Self { second, text: *head };
        }
    }
}

/// Appends the record as one JSON object and a line feed.
pub(super) fn json(to: &mut Vec<u8>, stamp: &mut Stamp, record: &AccessRecord<'_>) {
    to.extend_from_slice(b"{\"time\":\"");
    stamp.write(to, record.time);
    to.push(b'"');
    string(to, b",\"request_id\":\"", record.request_id);
    to.extend_from_slice(b",\"trace_id\":\"");
    trace(to, record.trace_id);
    to.extend_from_slice(b"\",\"client\":\"");
    address(to, record.client);
    to.push(b'"');
    string(to, b",\"method\":\"", record.method);
    string(to, b",\"host\":\"", shortened(record.host, LONGEST_HOST));
    string(to, b",\"path\":\"", path(record));
    string(to, b",\"protocol\":\"", record.protocol);
    number(to, b",\"status\":", record.status);
    number(to, b",\"request_bytes\":", record.request_bytes);
    number(to, b",\"response_bytes\":", record.response_bytes);
    number(to, b",\"duration_us\":", microseconds(record.duration));
    optional(to, b",\"api\":\"", record.api);
    optional(to, b",\"version\":\"", record.version);
    optional(to, b",\"operation\":\"", record.operation);
    optional(to, b",\"soap_operation\":\"", record.soap_operation);
    optional(to, b",\"endpoint\":\"", record.endpoint);
    optional(to, b",\"upstream\":\"", record.upstream);
    number(to, b",\"attempts\":", record.attempts);
    if let Some(time) = record.upstream_time {
        number(to, b",\"upstream_us\":", microseconds(time));
    }
    if let Some((code, fault)) = record.fault {
        number(to, b",\"fault_code\":", code);
        string(to, b",\"fault\":\"", fault.name());
    }
    tries(to, record.past);
    optional(to, b",\"no_failover\":\"", record.stopped.map(Stopped::as_str));
    optional(to, b",\"key_type\":\"", record.key_type);
    optional(to, b",\"client_id\":\"", record.client_id);
    if let Some(agent) = record.user_agent {
        to.extend_from_slice(b",\"user_agent\":\"");
        foreign(to, agent, LONGEST_AGENT);
        to.push(b'"');
    }
    to.extend_from_slice(if record.aborted { b",\"aborted\":true}\n" } else { b"}\n" });
}

/// Appends the record as one line for people: what happened first, ids last.
pub(super) fn text(to: &mut Vec<u8>, stamp: &mut Stamp, record: &AccessRecord<'_>) {
    stamp.write(to, record.time);
    to.push(b' ');
    integer(to, record.status);
    to.push(b' ');
    escaped(to, record.method);
    to.push(b' ');
    escaped(to, shortened(record.host, LONGEST_HOST));
    escaped(to, path(record));
    to.push(b' ');
    escaped(to, record.protocol);
    pair(to, "ms", |to| thousandths(to, record.duration));
    if record.aborted {
        to.extend_from_slice(b" aborted");
    }
    pair(to, "client", |to| address(to, record.client));
    pair(to, "in", |to| integer(to, record.request_bytes));
    pair(to, "out", |to| integer(to, record.response_bytes));
    word(to, "api", record.api);
    word(to, "version", record.version);
    word(to, "operation", record.operation);
    word(to, "soap_operation", record.soap_operation);
    word(to, "endpoint", record.endpoint);
    word(to, "upstream", record.upstream);
    pair(to, "attempts", |to| integer(to, record.attempts));
    if let Some(time) = record.upstream_time {
        pair(to, "upstream_ms", |to| thousandths(to, time));
    }
    if let Some((code, fault)) = record.fault {
        pair(to, "fault_code", |to| integer(to, code));
        word(to, "fault", Some(fault.name()));
    }
    for past in record.past {
        pair(to, "try", |to| attempt(to, past));
    }
    word(to, "no_failover", record.stopped.map(Stopped::as_str));
    word(to, "key_type", record.key_type);
    word(to, "client_id", record.client_id);
    if let Some(agent) = record.user_agent {
        to.extend_from_slice(b" agent=\"");
        foreign(to, agent, LONGEST_AGENT);
        to.push(b'"');
    }
    word(to, "id", Some(record.request_id));
    pair(to, "trace", |to| trace(to, record.trace_id));
    to.push(b'\n');
}

/// Every attempt of a request.
fn tries(to: &mut Vec<u8>, all: &[PastAttempt]) {
    if all.is_empty() {
        return;
    }
    to.extend_from_slice(b",\"tries\":");
    for (index, past) in all.iter().enumerate() {
        to.extend_from_slice(if index == 0 { b"[{\"endpoint\":\"" } else { b",{\"endpoint\":\"" });
        escaped(to, shortened(&past.endpoint, LONGEST_NAME));
        to.push(b'"');
        string(to, b",\"upstream\":\"", shortened(&past.target.name, LONGEST_NAME));
        number(to, b",\"us\":", microseconds(past.time));
        match past.end {
            AttemptEnd::Status(status) => number(to, b",\"status\":", status),
            AttemptEnd::Failed(kind, code) => {
                string(to, b",\"end\":\"", kind);
                number(to, b",\"code\":", code);
            }
            AttemptEnd::Overtaken => string(to, b",\"end\":\"", "overtaken"),
        }
        to.push(b'}');
    }
    to.push(b']');
}

/// One attempt as one word: where, how long, and how it ended.
fn attempt(to: &mut Vec<u8>, past: &PastAttempt) {
    escaped(to, shortened(&past.target.name, LONGEST_NAME));
    to.push(b',');
    thousandths(to, past.time);
    to.push(b',');
    match past.end {
        AttemptEnd::Status(status) => integer(to, status),
        AttemptEnd::Failed(kind, code) => {
            to.extend_from_slice(kind.as_bytes());
            to.push(b':');
            integer(to, code);
        }
        AttemptEnd::Overtaken => to.extend_from_slice(b"overtaken"),
    }
}

fn path<'a>(record: &AccessRecord<'a>) -> &'a str {
    let path = record.path.split_once('?').map_or(record.path, |(path, _)| path);
    shortened(path, LONGEST_PATH)
}

/// A member of an object; the key is given as it is written, up to the quote of the value.
fn string(to: &mut Vec<u8>, key: &[u8], value: &str) {
    to.extend_from_slice(key);
    escaped(to, value);
    to.push(b'"');
}

fn optional(to: &mut Vec<u8>, key: &[u8], value: Option<&str>) {
    if let Some(value) = value {
        string(to, key, shortened(value, LONGEST_NAME));
    }
}

/// The same with a number, before which there is no quote.
fn number(to: &mut Vec<u8>, key: &[u8], value: impl itoa::Integer) {
    to.extend_from_slice(key);
    integer(to, value);
}

fn pair(to: &mut Vec<u8>, name: &str, value: impl FnOnce(&mut Vec<u8>)) {
    to.push(b' ');
    to.extend_from_slice(name.as_bytes());
    to.push(b'=');
    value(to);
}

/// A word, in quotes where its end would not be seen otherwise.
fn word(to: &mut Vec<u8>, name: &str, value: Option<&str>) {
    let Some(value) = value.map(|value| shortened(value, LONGEST_NAME)) else { return };
    let quote = value.is_empty() || value.contains([' ', '"', '=']);
    pair(to, name, |to| {
        to.extend_from_slice(if quote { b"\"" } else { b"" });
        escaped(to, value);
        to.extend_from_slice(if quote { b"\"" } else { b"" });
    });
}

fn integer(to: &mut Vec<u8>, value: impl itoa::Integer) {
    to.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Milliseconds with three digits behind the point.
fn thousandths(to: &mut Vec<u8>, duration: Duration) {
    let microseconds = microseconds(duration);
    integer(to, microseconds / 1000);
    let digit = |place: u64| b'0' + u8::try_from(microseconds / place % 10).unwrap_or_default();
    to.extend_from_slice(&[b'.', digit(100), digit(10), digit(1)]);
}

fn microseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn address(to: &mut Vec<u8>, address: IpAddr) {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [first, rest @ ..] = address.octets();
            integer(to, first);
            for octet in rest {
                to.push(b'.');
                integer(to, octet);
            }
        }
        IpAddr::V6(address) => append(to, format_args!("{address}")),
    }
}

fn trace(to: &mut Vec<u8>, trace: TraceId) {
    to.extend_from_slice(trace.digits().as_flattened());
}

fn append(to: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    to.write_fmt(text).expect("writing to memory does not fail");
}

/// The start of a text, at most so many bytes of it, whole characters only.
fn shortened(text: &str, longest: usize) -> &str {
    text.get(..text.floor_char_boundary(longest)).unwrap_or(text)
}

/// Bytes that may not be UTF-8: those that are not become U+FFFD.
fn foreign(to: &mut Vec<u8>, bytes: &[u8], longest: usize) {
    let bytes = bytes.get(..longest).unwrap_or(bytes);
    for chunk in bytes.utf8_chunks() {
        escaped(to, chunk.valid());
        if !chunk.invalid().is_empty() {
            to.extend_from_slice("\u{fffd}".as_bytes());
        }
    }
}

/// Appends a text as it stands between the quotes of a JSON string (RFC 8259 §7).
fn escaped(to: &mut Vec<u8>, text: &str) {
    let mut rest = text.as_bytes();
    // Looking at all of it without stopping lets the compiler take many bytes at a time.
    let is_plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\' && byte != 0x7f;
    if rest.iter().fold(true, |plain, byte| plain & is_plain(*byte)) {
        to.extend_from_slice(rest);
        return;
    }
    while let Some(place) = rest.iter().position(|byte| SPECIAL[usize::from(*byte)]) {
        let (clean, tail) = rest.split_at(place);
        to.extend_from_slice(clean);
        let Some((byte, tail)) = tail.split_first() else { return };
        match byte {
            b'"' => to.extend_from_slice(b"\\\""),
            b'\\' => to.extend_from_slice(b"\\\\"),
            b'\n' => to.extend_from_slice(b"\\n"),
            _ => append(to, format_args!("\\u{byte:04x}")),
        }
        rest = tail;
    }
    to.extend_from_slice(rest);
}

const fn special() -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = true;
        byte += 1;
    }
    table[b'"' as usize] = true;
    table[b'\\' as usize] = true;
    table[0x7f] = true;
    table
}
