//! An HTTP/1.1 client that sends exactly the bytes it is given and shows exactly what comes back.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::answer::{Answer, find};
use crate::bounded;

/// What a client needs of a connection.
trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// The head of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The protocol, such as `HTTP/1.1`.
    pub version: String,
    /// The status code.
    pub status: u16,
    /// The reason phrase.
    pub reason: String,
    /// The header fields in their order, names spelt as they came.
    pub headers: Vec<(String, String)>,
}

/// One connection to a server.
pub struct Client {
    wire: Box<dyn Wire>,
    unread: Vec<u8>,
    authority: String,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("authority", &self.authority).finish_non_exhaustive()
    }
}

impl Client {
    /// Connects in clear text.
    ///
    /// # Errors
    /// When nobody listens there.
    pub async fn connect(address: SocketAddr) -> io::Result<Self> {
        let wire = TcpStream::connect(address).await?;
        wire.set_nodelay(true)?;
        Ok(Self { wire: Box::new(wire), unread: Vec::new(), authority: address.to_string() })
    }

    /// Connects with TLS and asks for `name`.
    ///
    /// # Errors
    /// When nobody listens there or the handshake fails.
    pub async fn connect_tls(
        address: SocketAddr,
        name: &str,
        config: Arc<ClientConfig>,
    ) -> io::Result<Self> {
        let wire = handshake(address, name, config).await?;
        let authority = format!("{name}:{}", address.port());
        Ok(Self { wire: Box::new(wire), unread: Vec::new(), authority })
    }

    /// Sends these bytes as they are.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.wire.write_all(bytes.as_ref()).await?;
        self.wire.flush().await
    }

    /// Ends the sending side.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn finish(&mut self) -> io::Result<()> {
        self.wire.shutdown().await
    }

    /// Reads the next response to anything but `HEAD` and `CONNECT`; interim ones are collected.
    ///
    /// # Errors
    /// When the connection ends too early, or what comes is no response.
    pub async fn response(&mut self) -> io::Result<Answer> {
        self.response_to("GET").await
    }

    /// Reads the response to a request with that method.
    ///
    /// # Errors
    /// When the connection ends too early, or what comes is no response.
    pub async fn response_to(&mut self, method: &str) -> io::Result<Answer> {
        bounded("a response", self.read_response(method)).await
    }

    async fn read_response(&mut self, method: &str) -> io::Result<Answer> {
        let mut interim = Vec::new();
        let head = loop {
            let head = self.read_head().await?;
            if head.status >= 200 || head.status == 101 {
                break head;
            }
            interim.push(head);
        };
        let empty = method == "HEAD" || matches!(head.status, 101 | 204 | 304);
        let (body, trailers) =
            if empty { (Vec::new(), Vec::new()) } else { self.read_body(&head).await? };
        let Head { status, reason, headers, .. } = head;
        Ok(Answer { status, reason, headers, body: body.into(), trailers, interim })
    }

    /// Reads one head, be it interim or final, and nothing of a body.
    ///
    /// # Errors
    /// When the connection ends too early, or what comes is no head.
    pub async fn head(&mut self) -> io::Result<Head> {
        bounded("the head of a response", self.read_head()).await
    }

    async fn read_head(&mut self) -> io::Result<Head> {
        let line = self.line().await?;
        let mut words = line.splitn(3, ' ');
        let version = words.next().unwrap_or_default().to_owned();
        let status = words.next().and_then(|word| word.parse().ok());
        let status = status.ok_or_else(|| malformed(&line))?;
        let reason = words.next().unwrap_or_default().to_owned();
        Ok(Head { version, status, reason, headers: self.fields().await? })
    }

    /// Sends a `GET` and reads the answer; the connection stays.
    ///
    /// # Errors
    /// As [`Client::send`] and [`Client::response`].
    pub async fn get(&mut self, target: &str) -> io::Result<Answer> {
        self.call("GET", target, &[], b"").await
    }

    /// Sends a request with `Host` and, where there is a body or the method wants one,
    /// `Content-Length`; reads the answer; the connection stays. A `Host` among `headers` replaces
    /// the usual one.
    ///
    /// # Errors
    /// As [`Client::send`] and [`Client::response`].
    pub async fn call(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Answer> {
        let mut head = format!("{method} {target} HTTP/1.1\r\n");
        let mut add = |name: &str, value: &str| {
            for part in [name, ": ", value, "\r\n"] {
                head.push_str(part);
            }
        };
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            add("Host", &self.authority);
        }
        if !body.is_empty() || matches!(method, "POST" | "PUT" | "PATCH") {
            add("Content-Length", &body.len().to_string());
        }
        headers.iter().for_each(|(name, value)| add(name, value));
        head.push_str("\r\n");
        self.send([head.as_bytes(), body].concat()).await?;
        self.response_to(method).await
    }

    /// Reads exactly this many bytes, for tunnels and for bodies seen piece by piece.
    ///
    /// # Errors
    /// When the connection ends too early.
    pub async fn read_exact(&mut self, count: usize) -> io::Result<Vec<u8>> {
        bounded("bytes", self.take(count)).await
    }

    /// Reads one chunk of a chunked body; empty for the last one, whose trailers are still to come.
    ///
    /// # Errors
    /// When the connection ends too early, or what comes is no chunk.
    pub async fn chunk(&mut self) -> io::Result<Vec<u8>> {
        bounded("a chunk", self.read_chunk()).await
    }

    /// Reads until the connection ends and gives what came. A reset counts as an end.
    pub async fn rest(&mut self) -> Vec<u8> {
        bounded("the end of the connection", async {
            while self.more().await.is_ok() {}
            std::mem::take(&mut self.unread)
        })
        .await
    }

    async fn read_body(&mut self, head: &Head) -> io::Result<(Vec<u8>, Vec<(String, String)>)> {
        let chunked = find(&head.headers, "transfer-encoding")
            .any(|value| value.to_ascii_lowercase().contains("chunked"));
        if chunked {
            return self.read_chunks().await;
        }
        if let Some(length) = find(&head.headers, "content-length").next() {
            let length = length.parse().map_err(|_| malformed(length))?;
            return Ok((self.take(length).await?, Vec::new()));
        }
        loop {
            match self.more().await {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
                Err(error) => return Err(error),
            }
        }
        Ok((std::mem::take(&mut self.unread), Vec::new()))
    }

    async fn read_chunks(&mut self) -> io::Result<(Vec<u8>, Vec<(String, String)>)> {
        let mut body = Vec::new();
        loop {
            let chunk = self.read_chunk().await?;
            if chunk.is_empty() {
                return Ok((body, self.fields().await?));
            }
            body.extend(chunk);
        }
    }

    async fn read_chunk(&mut self) -> io::Result<Vec<u8>> {
        let line = self.line().await?;
        let digits = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(digits, 16).map_err(|_| malformed(&line))?;
        let chunk = self.take(size).await?;
        if size > 0 && !self.line().await?.is_empty() {
            return Err(malformed("a chunk without its line end"));
        }
        Ok(chunk)
    }

    async fn fields(&mut self) -> io::Result<Vec<(String, String)>> {
        let mut fields = Vec::new();
        loop {
            let line = self.line().await?;
            if line.is_empty() {
                return Ok(fields);
            }
            let (name, value) = line.split_once(':').ok_or_else(|| malformed(&line))?;
            fields.push((name.to_owned(), value.trim().to_owned()));
        }
    }

    async fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = self.unread.windows(2).position(|two| two == b"\r\n") {
                let mut line: Vec<u8> = self.unread.drain(..end + 2).collect();
                line.truncate(end);
                return Ok(String::from_utf8_lossy(&line).into_owned());
            }
            self.more().await?;
        }
    }

    async fn take(&mut self, count: usize) -> io::Result<Vec<u8>> {
        while self.unread.len() < count {
            self.more().await?;
        }
        Ok(self.unread.drain(..count).collect())
    }

    async fn more(&mut self) -> io::Result<()> {
        let mut piece = [0; 16 * 1024];
        let count = self.wire.read(&mut piece).await?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.unread.extend_from_slice(piece.get(..count).unwrap_or_default());
        Ok(())
    }
}

/// Sends a `GET` to an `http` URL on a connection of its own.
///
/// # Errors
/// As [`request`].
pub async fn get(url: &str) -> io::Result<Answer> {
    request("GET", url, &[], b"").await
}

/// Sends a request to an `http` URL on a connection of its own.
///
/// # Errors
/// When the URL is no `http` URL, nobody listens there, or what comes is no response.
pub async fn request(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: impl AsRef<[u8]>,
) -> io::Result<Answer> {
    let rest = url.strip_prefix("http://").ok_or_else(|| malformed(url))?;
    let (authority, target) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, "/"),
    };
    let address = tokio::net::lookup_host(authority).await?.next();
    let mut client = Client::connect(address.ok_or_else(|| malformed(url))?).await?;
    client.authority = authority.to_owned();
    client.call(method, target, headers, body.as_ref()).await
}

/// A TLS connection.
pub(crate) async fn handshake(
    address: SocketAddr,
    name: &str,
    config: Arc<ClientConfig>,
) -> io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
    let socket = TcpStream::connect(address).await?;
    socket.set_nodelay(true)?;
    let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
    TlsConnector::from(config).connect(name, socket).await
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("not what was expected: {what:?}"))
}
