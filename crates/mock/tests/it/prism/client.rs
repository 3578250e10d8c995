//! A client of HTTP/1.1 that is just enough.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);
/// How often an answer that is not whole is asked for again.
const TRIES: usize = 4;

/// What came back.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) media_type: String,
    pub(super) text: String,
}

/// Asks on a connection of its own; `None` where there is no whole answer.
///
/// A server that does not read a body resets the connection, sometimes before its answer is read,
/// so that it is asked again.
pub(super) fn ask(
    port: u16,
    method: &str,
    path: &str,
    headers: &[(String, String)],
    body: Option<&(String, String)>,
) -> Option<Answer> {
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let text = body.map_or("", |(_, text)| text);
    if let Some((media_type, text)) = body {
        head.push_str(&format!("Content-Type: {media_type}\r\nContent-Length: {}\r\n", text.len()));
    }
    let message = format!("{head}\r\n{text}");
    (0..TRIES).find_map(|_| exchange(port, message.as_bytes()).ok().and_then(|raw| read(&raw)))
}

fn exchange(port: u16, message: &[u8]) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(message)?;
    let mut raw = Vec::new();
    stream.read_to_end(&mut raw)?;
    Ok(String::from_utf8_lossy(&raw).into_owned())
}

fn read(raw: &str) -> Option<Answer> {
    let (head, body) = raw.split_once("\r\n\r\n")?;
    let field = |name: &str| {
        let mut fields = head.lines().filter_map(|line| line.split_once(':'));
        let found = fields.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value.trim()).to_owned()
    };
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let is_chunked = field("transfer-encoding").eq_ignore_ascii_case("chunked");
    let text = if is_chunked { unchunked(body)? } else { body.to_owned() };
    Some(Answer { status, media_type: field("content-type"), text })
}

fn unchunked(mut body: &str) -> Option<String> {
    let mut text = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).ok()?;
        text.push_str(rest.get(..size)?);
        body = rest.get(size + 2..).unwrap_or_default();
    }
    Some(text)
}
