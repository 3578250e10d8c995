//! An HTTP/2 client: prior knowledge in clear text, or over TLS.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::answer::{Answer, pairs};
use crate::bounded;
use crate::reply::ReplyBody;
use crate::tasks::Tasks;

/// One HTTP/2 connection.
#[derive(Debug)]
pub struct H2Client {
    sender: SendRequest<ReplyBody>,
    tasks: Tasks,
}

impl H2Client {
    /// Connects in clear text with prior knowledge.
    ///
    /// # Errors
    /// When nobody listens there or the server does not speak HTTP/2.
    pub async fn connect(address: SocketAddr) -> io::Result<Self> {
        let socket = TcpStream::connect(address).await?;
        socket.set_nodelay(true)?;
        Self::over(socket).await
    }

    /// Connects with TLS; `config` should offer `h2`.
    ///
    /// # Errors
    /// When a handshake fails.
    pub async fn connect_tls(
        address: SocketAddr,
        name: &str,
        config: Arc<ClientConfig>,
    ) -> io::Result<Self> {
        Self::over(crate::client::handshake(address, name, config).await?).await
    }

    async fn over<S>(stream: S) -> io::Result<Self>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let io = TokioIo::new(stream);
        let (sender, connection) =
            handshake(TokioExecutor::new(), io).await.map_err(io::Error::other)?;
        let tasks = Tasks::new();
        tasks.spawn(async move { drop(connection.await) });
        Ok(Self { sender, tasks })
    }

    /// Sends a request and reads the whole answer; trailers are kept.
    ///
    /// # Errors
    /// When the stream is reset or the connection ends.
    pub async fn call(&mut self, request: Request<ReplyBody>) -> io::Result<Answer> {
        bounded("an HTTP/2 response", async {
            let (head, body) = self.open(request).await?.into_parts();
            let collected = body.collect().await.map_err(io::Error::other)?;
            let trailers = collected.trailers().map(pairs).unwrap_or_default();
            Ok(Answer {
                status: head.status.as_u16(),
                reason: String::new(),
                headers: pairs(&head.headers),
                body: collected.to_bytes(),
                trailers,
                interim: Vec::new(),
            })
        })
        .await
    }

    /// Sends a request and gives the answer as soon as its head is there.
    ///
    /// # Errors
    /// When the stream is reset or the connection ends.
    pub async fn open(&mut self, request: Request<ReplyBody>) -> io::Result<Response<Incoming>> {
        self.sender.ready().await.map_err(io::Error::other)?;
        self.sender.send_request(request).await.map_err(io::Error::other)
    }

    /// Sends a `GET`; `url` has scheme and authority.
    ///
    /// # Errors
    /// As [`H2Client::call`].
    pub async fn get(&mut self, url: &str) -> io::Result<Answer> {
        let request = Request::get(url).body(ReplyBody::full(bytes::Bytes::new()));
        self.call(request.map_err(io::Error::other)?).await
    }

    /// The statuses of so many `GET`s at a time.
    ///
    /// # Errors
    /// When one of them is not answered.
    pub async fn get_together(&mut self, url: &str, count: usize) -> io::Result<Vec<u16>> {
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..count {
            let request = Request::get(url).body(ReplyBody::full(bytes::Bytes::new()));
            self.sender.ready().await.map_err(io::Error::other)?;
            calls.spawn(self.sender.send_request(request.map_err(io::Error::other)?));
        }
        let mut statuses = Vec::new();
        while let Some(answer) = bounded("HTTP/2 responses", calls.join_next()).await {
            let (head, body) =
                answer.map_err(io::Error::other)?.map_err(io::Error::other)?.into_parts();
            body.collect().await.map_err(io::Error::other)?;
            statuses.push(head.status.as_u16());
        }
        Ok(statuses)
    }
}

impl Drop for H2Client {
    fn drop(&mut self) {
        self.tasks.stop();
    }
}
