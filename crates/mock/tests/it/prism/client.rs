//! A client of HTTP/1.1 that is just enough.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);

/// What came back.
pub(super) struct Answer {
    /// 499 where the connection was reset.
    pub(super) status: u16,
    pub(super) media_type: String,
    pub(super) text: String,
}

/// Asks on a connection of its own.
pub(super) fn ask(
    port: u16,
    method: &str,
    path: &str,
    headers: &[(String, String)],
    body: Option<&(String, String)>,
) -> Answer {
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let text = body.map_or("", |(_, text)| text);
    if let Some((media_type, text)) = body {
        head.push_str(&format!("Content-Type: {media_type}\r\nContent-Length: {}\r\n", text.len()));
    }
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut raw = Vec::new();
    let asked = stream.write_all(format!("{head}\r\n{text}").as_bytes());
    match asked.and_then(|()| stream.read_to_end(&mut raw)) {
        // A server that does not read a body resets the connection, sometimes too early.
        Err(error) if error.kind() == ErrorKind::ConnectionReset && raw.is_empty() => {
            Answer { status: 499, media_type: String::new(), text: String::new() }
        }
        Err(error) if raw.is_empty() => panic!("{method} {path}: {error}"),
        _ => read(&String::from_utf8_lossy(&raw)),
    }
}

fn read(raw: &str) -> Answer {
    let (head, body) = raw.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no head: {raw}"));
    let field = |name: &str| {
        let mut fields = head.lines().filter_map(|line| line.split_once(':'));
        let found = fields.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value.trim()).to_owned()
    };
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap();
    let is_chunked = field("transfer-encoding").eq_ignore_ascii_case("chunked");
    let text = if is_chunked { unchunked(body) } else { body.to_owned() };
    Answer { status, media_type: field("content-type"), text }
}

fn unchunked(mut body: &str) -> String {
    let mut text = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        text.push_str(rest.get(..size).unwrap());
        body = rest.get(size + 2..).unwrap_or_default();
    }
    text
}
