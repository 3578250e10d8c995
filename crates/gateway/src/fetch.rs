//! A small HTTP client for what the gateway itself needs, such as the keys of token issuers.
//!
//! One GET per connection, HTTP/1.1, verified TLS, bounded in time and size.
//! Deliberately absent: connection reuse, cookies, proxies, compression, and redirects to another
//! origin.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Body as _, Incoming};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::Url;

use crate::upstream::tls::{Alpn, TlsFailure, TrustStore, server_name};

/// Redirects that are followed, all within the origin of the first URL.
const REDIRECTS: usize = 3;

/// What a fetch may cost.
#[derive(Debug, Clone, Copy)]
pub struct FetchLimits {
    /// To connect, TLS included.
    pub connect: Duration,
    /// For everything, redirects included.
    pub total: Duration,
    /// Largest body, in bytes.
    pub body_bytes: usize,
}

impl Default for FetchLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
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
    /// No connection.
    #[error("cannot connect to {upstream}: {source}")]
    Connect {
        /// `host:port`.
        upstream: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// TLS failed.
    #[error(transparent)]
    Tls(#[from] TlsFailure),
    /// The connection took too long.
    #[error("no connection within {} ms", .0.as_millis())]
    ConnectTimeout(Duration),
    /// Everything together took too long.
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
}

impl Fetcher {
    /// A client that trusts what `trust` does.
    #[must_use]
    pub fn new(trust: Arc<TrustStore>, limits: FetchLimits) -> Self {
        Self { trust, limits }
    }

    /// GETs `url`. Any status but a redirect is an answer.
    ///
    /// # Errors
    /// No complete answer within the limits, or a redirect to another origin.
    pub async fn get(&self, url: &Url) -> Result<Fetched, FetchError> {
        let total = self.limits.total;
        timeout(total, self.follow(url)).await.unwrap_or(Err(FetchError::Timeout(total)))
    }

    async fn follow(&self, url: &Url) -> Result<Fetched, FetchError> {
        let mut here = url.clone();
        for _ in 0..=REDIRECTS {
            let answer = self.once(&here).await?;
            match redirected(&here, &answer)? {
                None => return Ok(answer),
                Some(next) => here = next,
            }
        }
        Err(FetchError::Redirect("there are too many of them"))
    }

    async fn once(&self, url: &Url) -> Result<Fetched, FetchError> {
        let target = Target::of(url)?;
        let limit = self.limits.connect;
        let late = |_| FetchError::ConnectTimeout(limit);
        let stream = timeout(limit, target.connect()).await.map_err(late)??;
        if !target.is_tls {
            return self.exchange(url, &target, stream).await;
        }
        let config = self.trust.connector_for(&target.host, target.port, [], Alpn::Http1);
        let handshake = TlsConnector::from(config).connect(server_name(&target.host)?, stream);
        let stream = timeout(limit, handshake).await.map_err(late)?;
        let stream =
            stream.map_err(|error| TlsFailure::from_io(&error, &target.host, target.port))?;
        self.exchange(url, &target, stream).await
    }

    async fn exchange<S>(
        &self,
        url: &Url,
        target: &Target,
        stream: S,
    ) -> Result<Fetched, FetchError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let driver = Driver(tokio::spawn(connection));
        let answer = sender.send_request(target.request(url)?).await?;
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

/// Ends the connection when the fetch is over or dropped.
struct Driver(tokio::task::JoinHandle<Result<(), hyper::Error>>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Where to connect to.
struct Target {
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
        let host = url.host_str().ok_or(FetchError::BadUrl)?.to_owned();
        let port = url.port_or_known_default().ok_or(FetchError::BadUrl)?;
        Ok(Self { host, port, is_tls })
    }

    /// Happy eyeballs are left out: the addresses are tried one after the other.
    async fn connect(&self) -> Result<TcpStream, FetchError> {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        TcpStream::connect((host, self.port)).await.map_err(|source| FetchError::Connect {
            upstream: format!("{}:{}", self.host, self.port),
            source,
        })
    }

    fn request(&self, url: &Url) -> Result<Request<Empty<Bytes>>, FetchError> {
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let host = match url.port() {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        };
        Request::get(path)
            .header(header::HOST, host)
            .header(header::ACCEPT, "*/*")
            .header(header::USER_AGENT, "weir")
            .body(Empty::new())
            .map_err(|_| FetchError::BadUrl)
    }
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
