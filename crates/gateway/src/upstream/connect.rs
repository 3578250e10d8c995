//! Opening connections to targets.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use compiler::plan::Http2 as Http2Choice;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use model::fault::FaultCode;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::Target;
use super::failure::SendFailure;
use super::pool::{Http1, Http2};
use super::tls::{TlsFailure, server_name};

/// What an upstream may send on one HTTP/2 stream before it is taken, in bytes.
const STREAM_WINDOW: u32 = 1024 * 1024;
/// The same for a connection.
const CONNECTION_WINDOW: u32 = 4 * 1024 * 1024;

/// A connection that was just opened.
pub(super) enum Opened {
    /// For one exchange at a time.
    Http1(Http1),
    /// For many exchanges at once.
    Http2(Http2),
}

/// Connects to a target, TLS and HTTP handshakes included, within `limit`.
pub(super) async fn connect(target: &Target, limit: Duration) -> Result<Opened, SendFailure> {
    match tokio::time::timeout(limit, open(target)).await {
        Ok(opened) => opened,
        Err(_elapsed) => Err(SendFailure::before(
            FaultCode::ConnectTimeout,
            format!("no connection to {target} within {} ms", limit.as_millis()),
        )),
    }
}

async fn open(target: &Target) -> Result<Opened, SendFailure> {
    let stream = TcpStream::connect((&*target.host, target.port))
        .await
        .map_err(|error| connect_failure(target, &error))?;
    // Without it small requests would wait for the acknowledgement of earlier ones.
    stream.set_nodelay(true).map_err(|error| connect_failure(target, &error))?;
    let Some(config) = &target.tls else {
        let is_http2 = target.http2 == Http2Choice::Always;
        return handshake(stream, is_http2, target).await;
    };
    let name = server_name(&target.host)
        .map_err(|error| SendFailure::before(FaultCode::SenderIo, error.to_string()))?;
    let stream = TlsConnector::from(Arc::clone(config))
        .connect(name, stream)
        .await
        .map_err(|error| tls_failure(target, &error))?;
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    handshake(stream, is_http2, target).await
}

async fn handshake<S>(stream: S, is_http2: bool, target: &Target) -> Result<Opened, SendFailure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let stream = TokioIo::new(stream);
    let opened = if is_http2 {
        let (sender, connection) = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .keep_alive_interval(Some(Duration::from_secs(30)))
            .handshake(stream)
            .await
            .map_err(|error| handshake_failure(target, &error))?;
        tokio::spawn(connection);
        Opened::Http2(sender)
    } else {
        let (sender, connection) = http1::Builder::new()
            .handshake(stream)
            .await
            .map_err(|error| handshake_failure(target, &error))?;
        tokio::spawn(connection.with_upgrades());
        Opened::Http1(sender)
    };
    Ok(opened)
}

fn connect_failure(target: &Target, error: &io::Error) -> SendFailure {
    let code = match error.kind() {
        io::ErrorKind::TimedOut => FaultCode::ConnectTimeout,
        _ => FaultCode::ConnectFailed,
    };
    SendFailure::before(code, format!("cannot connect to {target}: {error}"))
}

fn tls_failure(target: &Target, error: &io::Error) -> SendFailure {
    let failure = TlsFailure::from_io(error, &target.host, target.port);
    SendFailure::before(FaultCode::SenderIo, failure.to_string())
}

fn handshake_failure(target: &Target, error: &hyper::Error) -> SendFailure {
    SendFailure::before(FaultCode::SenderIo, format!("HTTP handshake with {target}: {error}"))
}
