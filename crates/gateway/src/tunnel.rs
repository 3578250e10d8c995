//! Tunnels: WebSocket and other upgrades, copied both ways once both sides have switched.

use std::sync::Arc;

use http::header::{self, HeaderValue};
use http::{Response, StatusCode};
use hyper::body::Incoming;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use model::fault::FaultCode;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::body::ResponseBody;
use crate::exchange::Exchange;
use crate::fault::{Failure, Fault};
use crate::forward::{self, Wish};
use crate::known::Present;

const BUFFER_BYTES: usize = 16 * 1024;

/// Answers 101 and joins both connections.
///
/// # Errors
///
/// A protocol violation when the upstream switches without having been asked.
pub(crate) fn open(
    exchange: &mut Exchange,
    mut response: Response<Incoming>,
    wish: Wish,
) -> Result<Response<ResponseBody>, Failure> {
    let client = exchange.head.extensions.remove::<OnUpgrade>();
    let (Wish::Upgrade, Some(client)) = (wish, client) else {
        return Err(Fault::new(FaultCode::ProtocolViolation)
            .internal("the upstream switched protocols without being asked")
            .into());
    };
    let upstream = hyper::upgrade::on(&mut response);
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
    let protocol = response.headers().get(header::UPGRADE).cloned();
    let (mut head, _incoming) = response.into_parts();
    let present = Present::scan(&head.headers);
    forward::strip_hop_by_hop(&mut head.headers, present);
    head.headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    if let Some(protocol) = protocol {
        head.headers.insert(header::UPGRADE, protocol);
    }
    head.status = StatusCode::SWITCHING_PROTOCOLS;
    Ok(Response::from_parts(head, ResponseBody::empty()))
}

#[derive(Debug, thiserror::Error)]
enum TunnelError {
    #[error("the switch failed: {0}")]
    Switch(#[from] hyper::Error),
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("nothing came either way for {0:?}")]
    Idle(std::time::Duration),
}

async fn join(
    client: OnUpgrade,
    upstream: OnUpgrade,
    idle: std::time::Duration,
) -> Result<(), TunnelError> {
    let (client, upstream): (Upgraded, Upgraded) = tokio::try_join!(client, upstream)?;
    let (client_read, client_write) = tokio::io::split(TokioIo::new(client));
    let (upstream_read, upstream_write) = tokio::io::split(TokioIo::new(upstream));
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
) -> std::io::Result<()> {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let count = from.read(&mut buffer).await?;
        activity.notify_one();
        if count == 0 {
            return to.shutdown().await;
        }
        to.write_all(buffer.get(..count).unwrap_or_default()).await?;
    }
}
