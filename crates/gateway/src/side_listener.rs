//! The listeners beside the gateway's own: admin and management. Few requests, answered at once.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// Largest request body here, in bytes.
const BODY_LIMIT: usize = 1024 * 1024;
/// Longest wait for a head, a handshake or a body.
const PATIENCE: Duration = Duration::from_secs(10);
/// Most connections at once on one of these listeners.
const CONNECTIONS: usize = 256;

/// Answers one request; the body has been read.
pub type Answer = dyn Fn(&Request<Bytes>) -> Response<Full<Bytes>> + Send + Sync;

/// Becomes true when the listeners are to close.
pub type Closing = watch::Receiver<bool>;

/// Binds a listener.
///
/// # Errors
///
/// Whatever the system says, with the address.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|error| format!("cannot listen on {address}: {error}"))
}

/// Serves until it is told to close: then nobody is accepted any more, and connections end with
/// what they are answering.
pub async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    answer: Arc<Answer>,
    mut closing: Closing,
) {
    let told = closing.clone();
    tokio::select! {
        () = accept(listener, tls, answer, told) => {}
        () = closed(&mut closing) => {}
    }
}

/// Waits until the listeners are to close; that nobody is left to say so does not close them.
async fn closed(closing: &mut Closing) {
    if closing.wait_for(|is_closing| *is_closing).await.is_err() {
        std::future::pending().await
    }
}

async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    answer: Arc<Answer>,
    closing: Closing,
) {
    let room = Arc::new(tokio::sync::Semaphore::new(CONNECTIONS));
    loop {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "A connection could not be accepted.");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let (answer, closing) = (Arc::clone(&answer), closing.clone());
        let tls = tls.clone();
        tokio::spawn(async move {
            let ended = match tls {
                None => connection(stream, answer, closing).await,
                Some(acceptor) => {
                    match tokio::time::timeout(PATIENCE, acceptor.accept(stream)).await {
                        Ok(Ok(stream)) => connection(stream, answer, closing).await,
                        Ok(Err(error)) => Err(error.to_string()),
                        Err(_elapsed) => Err("the TLS handshake took too long".to_owned()),
                    }
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%peer, error, "A management connection ended with an error.");
            }
            drop(permit);
        });
    }
}

async fn connection<S>(stream: S, answer: Arc<Answer>, mut closing: Closing) -> Result<(), String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = Arc::clone(&answer);
        async move { Ok::<_, Infallible>(one(request, &*answer).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .serve_connection(TokioIo::new(stream), service);
    let mut served = pin!(served);
    let ended = tokio::select! {
        biased;
        ended = &mut served => ended,
        () = closed(&mut closing) => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    ended.map_err(|error| error.to_string())
}

async fn one(request: Request<Incoming>, answer: &Answer) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    #[allow(clippy::disallowed_methods, reason = "it is bounded by the line itself")]
    let read = tokio::time::timeout(PATIENCE, Limited::new(body, BODY_LIMIT).collect()).await;
    let status = match read {
        Ok(Ok(body)) => return answer(&Request::from_parts(head, body.to_bytes())),
        Ok(Err(_over_limit)) => StatusCode::PAYLOAD_TOO_LARGE,
        Err(_elapsed) => StatusCode::REQUEST_TIMEOUT,
    };
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}
