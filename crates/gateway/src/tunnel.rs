//! Tunnels: WebSocket and other upgrades, copied both ways once both sides have switched.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use http::header::{self, HeaderValue};
use http::{Response, StatusCode};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use model::fault::FaultCode;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::sync::{Notify, oneshot};

use crate::body::ResponseBody;
use crate::exchange::{Exchange, Record};
use crate::fault::{Failure, Fault};
use crate::forward::{self, Wish};
use crate::known::Present;
use crate::transport::Transport;
use crate::upstream::{Answer, AnswerBody};

const BUFFER_BYTES: usize = 16 * 1024;

/// What a client is told that does not wait for the answer to its upgrade.
pub(crate) const EARLY_DATA: &str = "Bytes follow the request to upgrade before it is answered";

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
    /// One of our own that has switched.
    Own(Box<Switched>),
    /// One of our own that switches with the answer.
    Coming(oneshot::Receiver<Switched>),
}

/// A tunnel that begins once it is given the record, which its end will finish.
#[derive(Debug)]
pub(crate) struct Tunnel(oneshot::Sender<Box<Record>>);

impl Side {
    async fn switched(self) -> Result<Switched, TunnelError> {
        match self {
            Self::Own(switched) => Ok(*switched),
            Self::Coming(switched) => Ok(switched.await?),
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

/// Makes the answer 101, with which a tunnel begins.
///
/// # Errors
///
/// A protocol violation when the upstream switches without having been asked; 400 when the client
/// has not waited for the answer.
pub(crate) fn open(
    exchange: &mut Exchange,
    mut answer: Answer,
    wish: Wish,
) -> Result<Response<ResponseBody>, Failure> {
    let (Wish::Upgrade, Some(client)) = (wish, exchange.switch.take()) else {
        return Err(no_switch());
    };
    if forward::switches_to_http(answer.headers()) {
        return Err(no_switch());
    }
    if client.has_early_data() {
        return Err(Fault::new(FaultCode::BadRequest).describe(EARLY_DATA).into());
    }
    let switched = hyper::upgrade::on(&mut answer);
    let (mut head, body) = answer.into_parts();
    let upstream = match body {
        AnswerBody::Made(_) => return Err(no_switch()),
        AnswerBody::Library(..) => Side::Library(switched),
        AnswerBody::Own(body) => Side::Own(Box::new(body.into_switched().ok_or_else(no_switch)?)),
    };
    let idle = exchange.snapshot.config.timeouts.socket;
    exchange.tunnel = Some(Tunnel::new(client.into_side(), upstream, idle));
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
    #[error("the client left before its connection had switched")]
    Left(#[from] oneshot::error::RecvError),
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("nothing came either way for {0:?}")]
    Idle(Duration),
}

impl TunnelError {
    /// Whether there was a tunnel: its end, however it comes, is no failure of the exchange.
    fn is_end(&self) -> bool {
        matches!(self, Self::Io(_) | Self::Idle(_))
    }
}

impl Tunnel {
    fn new(client: Side, upstream: Side, idle: Duration) -> Self {
        let (sender, record) = oneshot::channel();
        tokio::spawn(async move {
            // Without a record another answer was given after all.
            if let Ok(record) = record.await {
                run(client, upstream, idle, record).await;
            }
        });
        Self(sender)
    }

    /// Joins both connections once they have switched; their end ends the exchange.
    pub(crate) fn start(self, mut record: Box<Record>) {
        record.switched();
        // The task ends early with its runtime alone; the record is written then as it is dropped.
        let _ended = self.0.send(record);
    }
}

async fn run(client: Side, upstream: Side, idle: Duration, mut record: Box<Record>) {
    let traffic = Traffic::default();
    let ended = join(client, upstream, idle, &traffic).await;
    record.tunnelled(traffic.up.into_inner(), traffic.down.into_inner());
    if let Err(error) = &ended {
        let request_id = record.request_id.to_str().unwrap_or_default();
        tracing::debug!(request_id, %error, "A tunnel ended early.");
    }
    record.finish(ended.as_ref().err().is_none_or(TunnelError::is_end));
}

/// What goes through a tunnel, in bytes.
#[derive(Debug, Default)]
struct Traffic {
    up: AtomicU64,
    down: AtomicU64,
    moved: Notify,
}

async fn join(
    client: Side,
    upstream: Side,
    idle: Duration,
    traffic: &Traffic,
) -> Result<(), TunnelError> {
    let (client, upstream) = tokio::try_join!(client.switched(), upstream.switched())?;
    let (client_read, client_write) = tokio::io::split(client);
    let (upstream_read, upstream_write) = tokio::io::split(upstream);
    let up = copy(client_read, upstream_write, &traffic.up, &traffic.moved);
    let down = copy(upstream_read, client_write, &traffic.down, &traffic.moved);
    let watch = async {
        while tokio::time::timeout(idle, traffic.moved.notified()).await.is_ok() {}
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
    carried: &AtomicU64,
    moved: &Notify,
) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let count = from.read(&mut buffer).await?;
        moved.notify_one();
        if count == 0 {
            return to.shutdown().await;
        }
        to.write_all(buffer.get(..count).unwrap_or_default()).await?;
        // TLS may still hold some of it.
        to.flush().await?;
        carried.fetch_add(count as u64, Ordering::Relaxed);
    }
}
