//! Tunnels: WebSocket and other upgrades, copied both ways once both sides have switched.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf as _, Bytes};
use http::header::{self, HeaderValue};
use http::{Response, StatusCode};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use model::fault::FaultCode;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

use crate::body::ResponseBody;
use crate::exchange::Exchange;
use crate::fault::{Failure, Fault};
use crate::forward::{self, Wish};
use crate::known::Present;
use crate::transport::Transport;
use crate::upstream::{Answer, AnswerBody};

const BUFFER_BYTES: usize = 16 * 1024;

/// A connection that has left HTTP behind.
#[derive(Debug)]
pub(crate) struct Switched {
    pub(crate) transport: Transport,
    /// What had been read beyond the head.
    pub(crate) read: Bytes,
}

/// One side of a tunnel, which may still have to switch.
#[derive(Debug)]
pub(crate) enum Side {
    /// The HTTP library hands it over.
    Library(OnUpgrade),
    /// One of our own.
    Own(Box<Switched>),
}

impl Side {
    async fn switched(self) -> Result<Switched, TunnelError> {
        match self {
            Self::Own(switched) => Ok(*switched),
            Self::Library(upgrade) => {
                let upgraded = TokioIo::new(upgrade.await?);
                Ok(Switched { transport: Transport::Other(Box::new(upgraded)), read: Bytes::new() })
            }
        }
    }
}

impl AsyncRead for Switched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.read.is_empty() {
            return Pin::new(&mut self.transport).poll_read(context, buffer);
        }
        let count = self.read.len().min(buffer.remaining());
        buffer.put_slice(self.read.get(..count).unwrap_or_default());
        self.read.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Switched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.transport).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_shutdown(context)
    }
}

/// Answers 101 and joins both connections.
///
/// # Errors
///
/// A protocol violation when the upstream switches without having been asked.
pub(crate) fn open(
    exchange: &mut Exchange,
    mut answer: Answer,
    wish: Wish,
) -> Result<Response<ResponseBody>, Failure> {
    let client = exchange.head.extensions.remove::<OnUpgrade>();
    let (Wish::Upgrade, Some(client)) = (wish, client) else {
        return Err(no_switch());
    };
    let client = Side::Library(client);
    let switched = hyper::upgrade::on(&mut answer);
    let (mut head, body) = answer.into_parts();
    let upstream = match body {
        AnswerBody::Library(..) => Side::Library(switched),
        AnswerBody::Own(body) => Side::Own(Box::new(body.into_switched().ok_or_else(no_switch)?)),
    };
    let idle = exchange.snapshot.config.timeouts.socket;
    let request_id = exchange.record.request_id.clone();
    let connection = Arc::clone(&exchange.record.connection);
    tokio::spawn(async move {
        if let Err(error) = join(client, upstream, idle).await {
            let request_id = request_id.to_str().unwrap_or_default();
            tracing::debug!(request_id, %error, "A tunnel ended early.");
        }
        drop(connection);
    });
    let protocol = head.headers.get(header::UPGRADE).cloned();
    let present = Present::scan(&head.headers);
    forward::strip_hop_by_hop(&mut head.headers, present);
    head.headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    if let Some(protocol) = protocol {
        head.headers.insert(header::UPGRADE, protocol);
    }
    head.status = StatusCode::SWITCHING_PROTOCOLS;
    Ok(Response::from_parts(head, ResponseBody::empty()))
}

fn no_switch() -> Failure {
    Fault::new(FaultCode::ProtocolViolation)
        .internal("the upstream switched protocols without being asked")
        .into()
}

#[derive(Debug, thiserror::Error)]
enum TunnelError {
    #[error("the switch failed: {0}")]
    Switch(#[from] hyper::Error),
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("nothing came either way for {0:?}")]
    Idle(std::time::Duration),
}

async fn join(client: Side, upstream: Side, idle: std::time::Duration) -> Result<(), TunnelError> {
    let (client, upstream) = tokio::try_join!(client.switched(), upstream.switched())?;
    let (client_read, client_write) = tokio::io::split(client);
    let (upstream_read, upstream_write) = tokio::io::split(upstream);
    let activity = Arc::new(tokio::sync::Notify::new());
    let up = copy(client_read, upstream_write, Arc::clone(&activity));
    let down = copy(upstream_read, client_write, Arc::clone(&activity));
    let watch = async {
        while tokio::time::timeout(idle, activity.notified()).await.is_ok() {}
        Err::<(), _>(TunnelError::Idle(idle))
    };
    tokio::select! {
        both = async { tokio::try_join!(up, down) } => both.map(|_| ()).map_err(TunnelError::from),
        idle = watch => idle,
    }
}

async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    activity: Arc<tokio::sync::Notify>,
) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let count = from.read(&mut buffer).await?;
        activity.notify_one();
        if count == 0 {
            return to.shutdown().await;
        }
        to.write_all(buffer.get(..count).unwrap_or_default()).await?;
        // TLS may still hold some of it.
        to.flush().await?;
    }
}
