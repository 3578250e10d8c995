//! A backend that keeps the bytes it is sent, and holds each request to the letter of RFC 9112:
//! what goes upstream must leave no reader a choice.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::backends::Seen;
use super::case::Claim;

/// A running backend; it ends when this is dropped.
pub(crate) struct Wire {
    address: SocketAddr,
    requests: Requests,
    task: JoinHandle<()>,
}

/// What came so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Requests(Arc<Mutex<Vec<Request>>>);

impl Requests {
    pub(crate) fn all(&self) -> Vec<Request> {
        self.0.lock().unwrap().clone()
    }

    /// Those with this id.
    pub(crate) fn of(&self, id: &str) -> Vec<Request> {
        let all = self.0.lock().unwrap();
        all.iter().filter(|request| request.seen.id == id).cloned().collect()
    }
}

/// A request with its bytes.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) seen: Seen,
    /// The head in lower case.
    pub(crate) head: String,
    /// The trailers in lower case.
    pub(crate) trailers: String,
    pub(crate) body: Vec<u8>,
    /// What is wrong with it.
    pub(crate) problems: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    None,
    Length(usize),
    Chunked,
}

impl Wire {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Requests::default();
        let kept = requests.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                let connection = Connection { stream, unread: Vec::new() };
                tokio::spawn(connection.serve(kept.clone()));
            }
        });
        Self { address, requests, task }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn requests(&self) -> &Requests {
        &self.requests
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Connection {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Connection {
    async fn serve(mut self, requests: Requests) {
        while let Some(request) = self.request().await {
            let (seen, is_good) = (request.seen.clone(), request.problems.is_empty());
            requests.0.lock().unwrap().push(request);
            if !seen.whole || !is_good {
                return;
            }
            let length = seen.id.len();
            let mut answer = format!(
                "HTTP/1.1 200 OK\r\nX-Seen: {}\r\nContent-Length: {length}\r\n\r\n",
                seen.id
            );
            if seen.method != "HEAD" {
                answer.push_str(&seen.id);
            }
            if self.stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    }

    /// The next request; `None` at a proper end.
    async fn request(&mut self) -> Option<Request> {
        let mut problems = Vec::new();
        let Some(head) = self.section().await else {
            let half = || Request::new(&self.unread, vec!["half a head".to_owned()]);
            return (!self.unread.is_empty()).then(half);
        };
        let framing = judge_head(&head, &mut problems);
        let mut request = Request::new(&head, problems);
        if !request.problems.is_empty() {
            return Some(request);
        }
        if asks_first(&head)
            && self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.is_err()
        {
            return Some(request);
        }
        request.seen.whole = self.body(framing, &mut request).await;
        request.seen.length = request.body.len();
        if request.seen.whole && !self.unread.is_empty() {
            let more = String::from_utf8_lossy(&self.unread);
            request.problems.push(format!("bytes after the request: {more:?}"));
        }
        Some(request)
    }

    /// Everything up to an empty line.
    async fn section(&mut self) -> Option<Vec<u8>> {
        loop {
            let found = self.unread.windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(end) = found {
                return Some(self.unread.drain(..end + 4).collect());
            }
            self.more().await?;
        }
    }

    /// Reads a body; whether it was whole.
    async fn body(&mut self, framing: Framing, request: &mut Request) -> bool {
        let whole = match framing {
            Framing::None => Some(()),
            Framing::Length(length) => self.data(length, &mut request.body).await,
            Framing::Chunked => self.chunks(request).await,
        };
        whole.is_some()
    }

    async fn data(&mut self, length: usize, body: &mut Vec<u8>) -> Option<()> {
        let mut left = length;
        loop {
            let count = left.min(self.unread.len());
            body.extend(self.unread.drain(..count));
            left -= count;
            if left == 0 {
                return Some(());
            }
            self.more().await?;
        }
    }

    async fn chunks(&mut self, request: &mut Request) -> Option<()> {
        loop {
            let line = self.line().await?;
            let is_size =
                !line.is_empty() && line.len() <= 16 && line.iter().all(u8::is_ascii_hexdigit);
            let text = String::from_utf8_lossy(&line).into_owned();
            if !is_size {
                request.problems.push(format!("{text:?} is no size of a chunk"));
                return None;
            }
            let size = usize::from_str_radix(&text, 16).unwrap();
            if size == 0 {
                return self.trailers(request).await;
            }
            self.data(size, &mut request.body).await?;
            if !self.line().await?.is_empty() {
                request.problems.push("a chunk is longer than it says".to_owned());
                return None;
            }
        }
    }

    async fn trailers(&mut self, request: &mut Request) -> Option<()> {
        loop {
            let line = self.line().await?;
            if line.is_empty() {
                return Some(());
            }
            judge_field(&line, &mut request.problems);
            request.trailers.push_str(&String::from_utf8_lossy(&line).to_ascii_lowercase());
            request.trailers.push_str("\r\n");
        }
    }

    async fn line(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(end) = self.unread.windows(2).position(|two| two == b"\r\n") {
                let mut line: Vec<u8> = self.unread.drain(..end + 2).collect();
                line.truncate(end);
                return Some(line);
            }
            self.more().await?;
        }
    }

    async fn more(&mut self) -> Option<()> {
        let count = self.stream.read_buf(&mut self.unread).await.ok()?;
        (count > 0).then_some(())
    }
}

impl Request {
    fn new(head: &[u8], problems: Vec<String>) -> Self {
        let text = String::from_utf8_lossy(head).into_owned();
        let mut words = text.split(' ').map(str::to_owned);
        let (method, target) = (words.next().unwrap(), words.next().unwrap_or_default());
        let head = text.to_ascii_lowercase();
        let ids = |line: &str| line.strip_prefix("x-request-id: ").map(str::to_owned);
        let id = head.split("\r\n").find_map(ids).unwrap_or_default();
        let seen = Seen { id, method, target, length: 0, whole: false };
        Self { seen, head, trailers: String::new(), body: Vec::new(), problems }
    }

    /// The lines that a claim is about.
    pub(crate) fn about(&self, claim: &Claim) -> String {
        let (text, all) = match claim {
            Claim::Has(text) | Claim::Lacks(text) => (text, &self.head),
            Claim::NoTrailer(text) => (text, &self.trailers),
            Claim::Body(_) => return String::from_utf8_lossy(&self.body).into_owned(),
        };
        let word = text.trim().split(": ").next().unwrap_or_default();
        all.split("\r\n").filter(|line| line.contains(word)).collect::<Vec<_>>().join(" | ")
    }
}

/// What delimits the body; everything that is wrong goes to `problems`.
fn judge_head(head: &[u8], problems: &mut Vec<String>) -> Framing {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.trim_end_matches("\r\n").split("\r\n");
    let words: Vec<&str> = lines.next().unwrap_or_default().split(' ').collect();
    let is_line = words.len() == 3
        && is_token(words[0])
        && words[1].starts_with('/')
        && words[1].bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#')
        && words[2] == "HTTP/1.1";
    if !is_line {
        problems.push(format!("{words:?} is no request line"));
    }
    let mut fields = Vec::new();
    for line in lines {
        judge_field(line.as_bytes(), problems);
        let (name, value) = line.split_once(':').unwrap_or_default();
        fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let of = |name: &str| -> Vec<&str> {
        fields.iter().filter(|field| field.0 == name).map(|field| &*field.1).collect()
    };
    for name in ["host", "x-request-id"] {
        if of(name).len() != 1 {
            problems.push(format!("{} fields {name}", of(name).len()));
        }
    }
    if !matches!(&of("expect")[..], [] | ["100-continue"]) {
        problems.push(format!("expectations {:?}", of("expect")));
    }
    for name in ["keep-alive", "proxy-connection", "proxy-authorization"] {
        if !of(name).is_empty() {
            problems.push(format!("{name} is not for a backend"));
        }
    }
    match (&of("content-length")[..], &of("transfer-encoding")[..]) {
        ([], []) => Framing::None,
        ([length], []) if length.bytes().all(|byte| byte.is_ascii_digit()) => {
            Framing::Length(length.parse().unwrap_or_default())
        }
        ([], ["chunked"]) => Framing::Chunked,
        (lengths, codings) => {
            problems.push(format!("framed by {lengths:?} and {codings:?}"));
            Framing::None
        }
    }
}

fn judge_field(line: &[u8], problems: &mut Vec<String>) {
    let text = String::from_utf8_lossy(line);
    let (name, value) = text.split_once(':').unwrap_or_default();
    if !is_token(name) || value.bytes().any(|byte| byte != b'\t' && byte.is_ascii_control()) {
        problems.push(format!("{text:?} is no field"));
    }
}

/// Whether the body comes only after 100.
fn asks_first(head: &[u8]) -> bool {
    String::from_utf8_lossy(head).to_ascii_lowercase().contains("\r\nexpect: 100-continue\r\n")
}

fn is_token(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(allowed)
}
