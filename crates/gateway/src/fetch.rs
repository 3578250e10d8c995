//! A small HTTP client for what the gateway itself needs, such as the keys of token issuers and
//! the tokens for endpoints.
//!
//! One call per connection, HTTP/1.1, verified TLS, bounded in time and size.
//! Deliberately absent: connection reuse, cookies, compression, and redirects to another origin.

#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use compiler::plan::TrustedCertificate;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::Url;

use crate::config::proxies::Proxy;
use crate::upstream::proxy::{NoTunnel, authority, open_tunnel};
use crate::upstream::tls::{Alpn, Identity, TlsFailure, TrustStore, server_name};

/// Redirects that are followed, all within the origin of the first URL.
const REDIRECTS: usize = 3;
/// Largest head of an answer, in bytes.
const HEAD_BYTES: usize = 64 * 1024;
/// Most header fields of an answer.
const HEADER_FIELDS: usize = 100;

/// What a fetch may cost.
#[derive(Debug, Clone, Copy)]
pub struct FetchLimits {
    /// To connect, a proxy's tunnel and TLS included.
    pub connect: Duration,
    /// From a connection to the end of the answer.
    pub answer: Duration,
    /// For everything, redirects included.
    pub total: Duration,
    /// Largest body, in bytes.
    pub body_bytes: usize,
}

impl Default for FetchLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(10),
            total: Duration::from_secs(10),
            body_bytes: 1024 * 1024,
        }
    }
}

/// Why there is no answer. The text is for the log.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The URL cannot be fetched.
    #[error("the URL is not an http or https URL with a host")]
    BadUrl,
    /// The name of the host is not known.
    #[error("cannot find the address of {host}: {source}")]
    Resolve {
        /// The host.
        host: String,
        /// What the system said.
        source: io::Error,
    },
    /// No connection.
    #[error("cannot connect to {upstream}: {source}")]
    Connect {
        /// `host:port`.
        upstream: String,
        /// What the system said.
        source: io::Error,
    },
    /// The proxy on the way gave no tunnel.
    #[error("no way through the proxy {proxy}: {detail}")]
    Proxy {
        /// `host:port` of the proxy.
        proxy: String,
        /// What went wrong.
        detail: String,
    },
    /// TLS failed.
    #[error(transparent)]
    Tls(#[from] TlsFailure),
    /// The connection took too long.
    #[error("no connection within {} ms", .0.as_millis())]
    ConnectTimeout(Duration),
    /// The answer took too long, or everything together.
    #[error("no complete answer within {} ms", .0.as_millis())]
    Timeout(Duration),
    /// The exchange broke.
    #[error("the exchange failed: {0}")]
    Http(#[from] hyper::Error),
    /// The body is over the limit.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// A redirect that is not followed.
    #[error("a redirect that is not followed: {0}")]
    Redirect(&'static str),
}

/// An answer, of whatever status.
#[derive(Debug)]
pub struct Fetched {
    /// The status.
    pub status: StatusCode,
    /// The header fields.
    pub headers: HeaderMap,
    /// The body, whole.
    pub body: Bytes,
}

/// Fetches URLs.
#[derive(Debug, Clone)]
pub struct Fetcher {
    trust: Arc<TrustStore>,
    limits: FetchLimits,
    proxy: Option<Arc<Proxy>>,
    certificates: Arc<[TrustedCertificate]>,
}

/// What is sent.
#[derive(Debug)]
struct Call {
    method: Method,
    headers: HeaderMap,
    body: Bytes,
}

impl Fetcher {
    /// A client that trusts what `trust` does, and goes to every host directly.
    #[must_use]
    pub fn new(trust: Arc<TrustStore>, limits: FetchLimits) -> Self {
        Self { trust, limits, proxy: None, certificates: Arc::default() }
    }

    /// The same through a proxy: `https` through a tunnel, `http` handed over to it.
    #[must_use]
    pub fn through(self, proxy: Option<Arc<Proxy>>) -> Self {
        Self { proxy, ..self }
    }

    /// The same, trusting these certificates too, each for its own host and port.
    #[must_use]
    pub fn trusting(self, certificates: Arc<[TrustedCertificate]>) -> Self {
        Self { certificates, ..self }
    }

    /// GETs `url`. Any status but a redirect is an answer.
    ///
    /// # Errors
    /// No complete answer within the limits, or a redirect to another origin.
    pub async fn get(&self, url: &Url) -> Result<Fetched, FetchError> {
        let total = self.limits.total;
        timeout(total, self.follow(url)).await.unwrap_or(Err(FetchError::Timeout(total)))
    }

    /// GETs `url` with these headers. Any status is an answer, a redirect too: none is followed,
    /// since what is shown in the headers is for this URL. Sent once, whatever happens.
    ///
    /// # Errors
    /// No complete answer within the limits.
    pub async fn get_with(&self, url: &Url, headers: HeaderMap) -> Result<Fetched, FetchError> {
        let total = self.limits.total;
        let call = Call { method: Method::GET, headers, body: Bytes::new() };
        timeout(total, self.once(url, call)).await.unwrap_or(Err(FetchError::Timeout(total)))
    }

    /// POSTs to `url`. Any status is an answer, a redirect too: none is followed, since the body
    /// may hold secrets. Sent once, whatever happens.
    ///
    /// # Errors
    /// No complete answer within the limits.
    pub async fn post(
        &self,
        url: &Url,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Fetched, FetchError> {
        let total = self.limits.total;
        let call = Call { method: Method::POST, headers, body };
        timeout(total, self.once(url, call)).await.unwrap_or(Err(FetchError::Timeout(total)))
    }

    async fn follow(&self, url: &Url) -> Result<Fetched, FetchError> {
        let mut here = url.clone();
        for _ in 0..=REDIRECTS {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
            let call = Call { method: Method::GET, headers, body: Bytes::new() };
            let answer = self.once(&here, call).await?;
            match redirected(&here, &answer)? {
                None => return Ok(answer),
                Some(next) => here = next,
            }
        }
        Err(FetchError::Redirect("there are too many of them"))
    }

    async fn once(&self, url: &Url, call: Call) -> Result<Fetched, FetchError> {
        let target = Target::of(url)?;
        let limit = self.limits.connect;
        let late = |_| FetchError::ConnectTimeout(limit);
        let stream = timeout(limit, self.open(&target)).await.map_err(late)??;
        let forwarder = self.proxy.as_deref().filter(|_| !target.is_tls);
        let request = target.request(url, call, forwarder)?;
        let limit = self.limits.answer;
        let late = |_| FetchError::Timeout(limit);
        match stream {
            Stream::Plain(stream) => timeout(limit, self.exchange(request, stream)).await,
            Stream::Secure(stream) => timeout(limit, self.exchange(request, *stream)).await,
        }
        .map_err(late)?
    }

    /// A byte stream to the target, TLS and a proxy's tunnel included.
    async fn open(&self, target: &Target) -> Result<Stream, FetchError> {
        let Some(proxy) = self.proxy.as_deref() else {
            return self.secure(target, connect(&target.host, target.port).await?).await;
        };
        let mut stream = connect(&proxy.host, proxy.port).await?;
        if target.is_tls {
            let to = authority(&target.host, target.port, None);
            let opened = open_tunnel(proxy, &mut stream, &to).await;
            opened.map_err(|(NoTunnel::Failed(detail) | NoTunnel::Garbled(detail))| {
                FetchError::Proxy { proxy: authority(&proxy.host, proxy.port, None), detail }
            })?;
        }
        self.secure(target, stream).await
    }

    async fn secure(&self, target: &Target, stream: TcpStream) -> Result<Stream, FetchError> {
        let Target { host, port, is_tls } = target;
        if !is_tls {
            return Ok(Stream::Plain(stream));
        }
        let config = self.trust.connector_for(
            host,
            *port,
            &*self.certificates,
            &Identity::Configured,
            Alpn::Http1,
        );
        let stream = TlsConnector::from(config).connect(server_name(host)?, stream).await;
        let stream = stream.map_err(|error| TlsFailure::from_io(&error, host, *port))?;
        Ok(Stream::Secure(Box::new(stream)))
    }

    async fn exchange<S>(
        &self,
        request: Request<Full<Bytes>>,
        stream: S,
    ) -> Result<Fetched, FetchError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (mut sender, connection) = http1::Builder::new()
            .max_buf_size(HEAD_BYTES)
            .max_headers(HEADER_FIELDS)
            .handshake(TokioIo::new(stream))
            .await?;
        let driver = Driver(tokio::spawn(connection));
        let answer = sender.send_request(request).await?;
        let fetched = self.read(answer).await;
        drop(driver);
        fetched
    }

    async fn read(&self, answer: Response<Incoming>) -> Result<Fetched, FetchError> {
        let limit = self.limits.body_bytes;
        let (parts, mut body) = answer.into_parts();
        if body.size_hint().lower() > u64::try_from(limit).unwrap_or(u64::MAX) {
            return Err(FetchError::TooLarge(limit));
        }
        let mut bytes = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame?.into_data() else { continue };
            if bytes.len() + data.len() > limit {
                return Err(FetchError::TooLarge(limit));
            }
            bytes.extend_from_slice(&data);
        }
        Ok(Fetched { status: parts.status, headers: parts.headers, body: bytes.freeze() })
    }
}

/// A byte stream, ready for HTTP.
enum Stream {
    Plain(TcpStream),
    Secure(Box<tokio_rustls::client::TlsStream<TcpStream>>),
}

/// Ends the connection when the fetch is over or dropped.
struct Driver(tokio::task::JoinHandle<Result<(), hyper::Error>>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Where a call goes.
struct Target {
    /// A name or an address, without brackets.
    host: String,
    port: u16,
    is_tls: bool,
}

impl Target {
    fn of(url: &Url) -> Result<Self, FetchError> {
        let is_tls = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(FetchError::BadUrl),
        };
        let host = url.host_str().ok_or(FetchError::BadUrl)?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = url.port_or_known_default().ok_or(FetchError::BadUrl)?;
        Ok(Self { host, port, is_tls })
    }

    /// What is sent to it, or to the proxy that it is handed over to.
    fn request(
        &self,
        url: &Url,
        call: Call,
        forwarder: Option<&Proxy>,
    ) -> Result<Request<Full<Bytes>>, FetchError> {
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let host = authority(&self.host, self.port, Some(if self.is_tls { 443 } else { 80 }));
        let uri = if forwarder.is_some() { format!("http://{host}{path}") } else { path };
        let mut request = Request::builder()
            .method(call.method)
            .uri(uri)
            .body(Full::new(call.body))
            .map_err(|_| FetchError::BadUrl)?;
        let headers = request.headers_mut();
        *headers = call.headers;
        let host = HeaderValue::try_from(host).map_err(|_| FetchError::BadUrl)?;
        headers.insert(header::HOST, host);
        headers.insert(header::USER_AGENT, HeaderValue::from_static("weir"));
        if let Some(shown) = forwarder.and_then(|proxy| proxy.authorization.clone()) {
            headers.insert(header::PROXY_AUTHORIZATION, shown);
        }
        Ok(request)
    }
}

/// Connects to a host, a name or an address without brackets.
/// Happy eyeballs are left out: the addresses are tried one after the other.
async fn connect(host: &str, port: u16) -> Result<TcpStream, FetchError> {
    let unknown = |source| FetchError::Resolve { host: host.to_owned(), source };
    let found = tokio::net::lookup_host((host, port)).await.map_err(unknown)?;
    let addresses: Vec<SocketAddr> = found.collect();
    if addresses.is_empty() {
        return Err(unknown(io::Error::new(io::ErrorKind::NotFound, "it has none")));
    }
    TcpStream::connect(&*addresses)
        .await
        .map_err(|source| FetchError::Connect { upstream: authority(host, port, None), source })
}

/// Where a redirect leads to, if `answer` is one.
fn redirected(here: &Url, answer: &Fetched) -> Result<Option<Url>, FetchError> {
    if !matches!(answer.status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let place = answer.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
    let next = place.and_then(|place| here.join(place).ok());
    let Some(next) = next else { return Err(FetchError::Redirect("it leads to no URL")) };
    if next.origin() != here.origin() {
        return Err(FetchError::Redirect("it leads to another origin"));
    }
    Ok(Some(next))
}
