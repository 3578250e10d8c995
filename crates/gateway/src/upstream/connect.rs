//! Opening connections to targets.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use compiler::plan::Http2 as Http2Choice;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use model::fault::FaultCode;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::failure::SendFailure;
use super::guard::{Barred, Guard, Wanted};
use super::http2_pool::{Http2, Link, Watched};
use super::pool::Http1;
use super::tls::{TlsFailure, server_name};
use super::{Target, proxy};
use crate::keep_alive::keep_alive;
use crate::transport::Transport;

/// What an upstream may send on one HTTP/2 stream before it is taken, in bytes.
const STREAM_WINDOW: u32 = 1024 * 1024;
/// The same for a connection.
const CONNECTION_WINDOW: u32 = 4 * 1024 * 1024;

/// A byte stream to a target, ready for HTTP.
#[derive(Debug)]
pub(super) struct Dialed {
    pub(super) transport: Transport,
    /// Whether HTTP/2 was agreed.
    pub(super) is_http2: bool,
}

/// Connects to a target, TLS included, within `limit`.
pub(super) async fn dial(target: &Target, limit: Duration) -> Result<Dialed, SendFailure> {
    within(limit, target, open(target)).await
}

/// Greets an upstream that speaks HTTP/2, within `limit`; `link` learns what the upstream says.
pub(super) async fn greet(
    transport: Transport,
    target: &Target,
    limit: Duration,
    link: &Arc<Link>,
) -> Result<Http2, SendFailure> {
    within(limit, target, http2_handshake(transport, target, link)).await
}

async fn within<T>(
    limit: Duration,
    target: &Target,
    opening: impl Future<Output = Result<T, SendFailure>>,
) -> Result<T, SendFailure> {
    match tokio::time::timeout(limit, opening).await {
        Ok(opened) => opened,
        Err(_elapsed) => Err(SendFailure::before(
            FaultCode::ConnectTimeout,
            format!("no connection to {target} within {} ms", limit.as_millis()),
        )),
    }
}

async fn open(target: &Target) -> Result<Dialed, SendFailure> {
    let stream = reach(target).await?;
    let Some(config) = &target.tls else {
        let is_http2 = target.http2 == Http2Choice::Always;
        return Ok(Dialed { transport: Transport::Plain(stream), is_http2 });
    };
    let name = server_name(&target.host)
        .map_err(|error| SendFailure::before(FaultCode::SenderIo, error.to_string()))?;
    let stream = TlsConnector::from(Arc::clone(config))
        .connect(name, stream)
        .await
        .map_err(|error| tls_failure(target, &error))?;
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    Ok(Dialed { transport: Transport::Secure(Box::new(stream.into())), is_http2 })
}

/// A byte stream to the target, or to a proxy that is handed its requests.
async fn reach(target: &Target) -> Result<TcpStream, SendFailure> {
    let (host, port) = match &target.proxy {
        Some(proxy) => (&*proxy.host, proxy.port),
        None => (&*target.host, target.port),
    };
    let failure = |error: io::Error| connect_failure(target, &error);
    let mut stream = match &target.guard {
        // What a proxy looks up is not seen here, and was judged before.
        Some(guard) if target.proxy.is_none() => guarded(guard, target).await?,
        _ => TcpStream::connect((host, port)).await.map_err(failure)?,
    };
    // Without it small requests would wait for the acknowledgement of earlier ones.
    stream.set_nodelay(true).map_err(failure)?;
    // A kept connection whose upstream is gone without a word does not stay.
    keep_alive(&stream).map_err(failure)?;
    if let Some(proxy) = target.proxy.as_ref().filter(|_| target.forwarder().is_none()) {
        proxy::tunnel(proxy, &mut stream, target).await?;
    }
    Ok(stream)
}

/// A byte stream to an address that the target may have.
async fn guarded(guard: &Guard, target: &Target) -> Result<TcpStream, SendFailure> {
    let is_secure = target.tls.is_some();
    let wanted = Wanted { host: &target.host, port: target.port, is_secure };
    // Boxed, since it would make every call larger.
    Box::pin(guard.connect(wanted)).await.map_err(|barred| match barred {
        Barred::Refused(detail) => SendFailure::before(FaultCode::TargetNotAllowed, detail),
        Barred::Io(error) => connect_failure(target, &error),
    })
}

async fn http2_handshake(
    transport: Transport,
    target: &Target,
    link: &Arc<Link>,
) -> Result<Http2, SendFailure> {
    let stream = TokioIo::new(Watched::new(transport, Arc::clone(link)));
    let (sender, connection) = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .keep_alive_interval(Some(Duration::from_secs(30)))
        .handshake(stream)
        .await
        .map_err(|error| handshake_failure(target, &error))?;
    tokio::spawn(connection);
    Ok(sender)
}

/// A connection of HTTP/1.1 for the HTTP library.
pub(super) async fn http1_handshake(
    transport: Transport,
    target: &Target,
) -> Result<Http1, SendFailure> {
    let (sender, connection) = http1::Builder::new()
        .handshake(TokioIo::new(transport))
        .await
        .map_err(|error| handshake_failure(target, &error))?;
    tokio::spawn(connection.with_upgrades());
    Ok(sender)
}

fn connect_failure(target: &Target, error: &io::Error) -> SendFailure {
    let code = match error.kind() {
        io::ErrorKind::TimedOut => FaultCode::ConnectTimeout,
        _ => FaultCode::ConnectFailed,
    };
    let through = target.proxy.as_ref().map_or_else(String::new, |proxy| {
        format!(" through the proxy {}:{}", proxy.host, proxy.port)
    });
    SendFailure::before(code, format!("cannot connect to {target}{through}: {error}"))
}

fn tls_failure(target: &Target, error: &io::Error) -> SendFailure {
    let failure = TlsFailure::from_io(error, &target.host, target.port);
    SendFailure::before(FaultCode::SenderIo, failure.to_string())
}

fn handshake_failure(target: &Target, error: &hyper::Error) -> SendFailure {
    SendFailure::before(FaultCode::SenderIo, format!("HTTP handshake with {target}: {error}"))
}
