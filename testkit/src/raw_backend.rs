//! A backend that plays bytes, for everything a well-behaved one never does.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};

use crate::tasks::Tasks;

/// One thing to do on a connection.
#[derive(Debug, Clone)]
pub enum Step {
    /// Reads up to the end of a request head.
    ReadHead,
    /// Reads this many bytes.
    ReadBytes(usize),
    /// Reads until the other side sends no more.
    ReadToEnd,
    /// Sends these bytes.
    Write(Vec<u8>),
    /// Goes on when notified.
    Wait(Arc<Notify>),
    /// Goes on after this time, by tokio's clock.
    Sleep(Duration),
    /// Closes properly: what is still to come from the other side is read and dropped.
    Close,
    /// Resets the connection.
    Reset,
    /// Holds the connection open for ever, without reading.
    Never,
}

impl Step {
    /// Sends this text.
    #[must_use]
    pub fn write(text: impl Into<Vec<u8>>) -> Self {
        Self::Write(text.into())
    }
}

/// A running byte player.
#[derive(Debug)]
pub struct RawBackend {
    address: SocketAddr,
    shared: Arc<Shared>,
    tasks: Tasks,
}

#[derive(Debug)]
struct Shared {
    received: Mutex<Vec<Vec<u8>>>,
    accepted: watch::Sender<usize>,
}

impl RawBackend {
    /// Plays the same steps on every connection; after the last one the connection is closed.
    pub async fn play(steps: Vec<Step>) -> Self {
        Self::script(vec![steps]).await
    }

    /// Plays the first list on the first connection and so on; the last list is played again for
    /// all further connections.
    ///
    /// # Panics
    /// When there is no list, or no free port.
    pub async fn script(connections: Vec<Vec<Step>>) -> Self {
        assert!(!connections.is_empty(), "a script for at least one connection");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("the address of a listener");
        let shared =
            Arc::new(Shared { received: Mutex::default(), accepted: watch::Sender::new(0) });
        let tasks = Tasks::new();
        tasks.spawn(accept(listener, connections, Arc::clone(&shared), tasks.clone()));
        Self { address, shared, tasks }
    }

    /// Reads a head, answers these bytes, closes.
    pub async fn bytes(answer: impl Into<Vec<u8>>) -> Self {
        Self::play(vec![Step::ReadHead, Step::write(answer), Step::Close]).await
    }

    /// Answers each request head on a connection with these bytes and keeps the connection.
    /// For requests without a body; up to a hundred on one connection.
    pub async fn keep_alive(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        let turn = [Step::ReadHead, Step::Write(answer)];
        Self::play(turn.iter().cycle().take(200).cloned().collect()).await
    }

    /// Accepts and reads, and never answers.
    pub async fn silent() -> Self {
        Self::play(vec![Step::ReadHead, Step::Never]).await
    }

    /// Closes each connection as soon as it is accepted.
    pub async fn closing() -> Self {
        Self::play(vec![Step::Close]).await
    }

    /// Promises `promised` bytes, sends `sent`, then resets.
    pub async fn half_body(promised: usize, sent: &str) -> Self {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {promised}\r\n\r\n{sent}");
        // The reset must not overtake the bytes, which a reset may throw away.
        let pause = Step::Sleep(Duration::from_millis(20));
        Self::play(vec![Step::ReadHead, Step::write(head), pause, Step::Reset]).await
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many connections were accepted.
    #[must_use]
    pub fn connections(&self) -> usize {
        *self.shared.accepted.borrow()
    }

    /// Waits until `count` connections were accepted.
    pub async fn accepted(&self, count: usize) {
        let mut seen = self.shared.accepted.subscribe();
        let wait = seen.wait_for(|accepted| *accepted >= count);
        drop(crate::bounded("connections at the backend", wait).await);
    }

    /// What was read, one entry for each connection.
    #[must_use]
    pub fn received(&self) -> Vec<Vec<u8>> {
        self.shared.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What was read on connection `index`, as text; empty when there was no such connection.
    #[must_use]
    pub fn text(&self, index: usize) -> String {
        let received = self.received();
        String::from_utf8_lossy(received.get(index).map_or(&[], Vec::as_slice)).into_owned()
    }

    /// Stops listening and cuts every connection.
    pub fn stop(&self) {
        self.tasks.stop();
    }
}

impl Drop for RawBackend {
    fn drop(&mut self) {
        self.tasks.stop();
    }
}

async fn accept(listener: TcpListener, scripts: Vec<Vec<Step>>, shared: Arc<Shared>, tasks: Tasks) {
    for index in 0.. {
        let Ok((socket, _)) = listener.accept().await else { return };
        drop(socket.set_nodelay(true));
        let steps = scripts.get(index).or(scripts.last()).cloned().unwrap_or_default();
        shared.received.lock().unwrap_or_else(PoisonError::into_inner).push(Vec::new());
        shared.accepted.send_modify(|count| *count += 1);
        let mut player = Player { socket, index, unread: Vec::new(), shared: Arc::clone(&shared) };
        tasks.spawn(async move {
            for step in steps {
                if player.step(step).await.is_none() {
                    return;
                }
            }
            player.close().await;
        });
    }
}

struct Player {
    socket: TcpStream,
    index: usize,
    /// Read from the socket but asked for by no step yet.
    unread: Vec<u8>,
    shared: Arc<Shared>,
}

impl Player {
    /// Does one step; `None` when the connection is at its end.
    async fn step(&mut self, step: Step) -> Option<()> {
        match step {
            Step::ReadHead => self.read(end_of_head).await,
            Step::ReadBytes(count) => {
                self.read(move |bytes| (bytes.len() >= count).then_some(count)).await
            }
            Step::ReadToEnd => {
                while self.more().await.is_some() {}
                self.unread.clear();
                Some(())
            }
            Step::Write(bytes) => self.socket.write_all(&bytes).await.ok(),
            Step::Wait(notify) => {
                notify.notified().await;
                Some(())
            }
            Step::Sleep(time) => {
                tokio::time::sleep(time).await;
                Some(())
            }
            Step::Close => {
                self.close().await;
                None
            }
            Step::Reset => {
                drop(self.socket.set_zero_linger());
                None
            }
            Step::Never => std::future::pending().await,
        }
    }

    /// Reads until `end` finds how many bytes are wanted, and takes those.
    async fn read(&mut self, end: impl Fn(&[u8]) -> Option<usize>) -> Option<()> {
        loop {
            if let Some(count) = end(&self.unread) {
                self.unread.drain(..count);
                return Some(());
            }
            self.more().await?;
        }
    }

    /// Reads some; `None` at the end.
    async fn more(&mut self) -> Option<()> {
        let mut piece = [0; 16 * 1024];
        let count = self.socket.read(&mut piece).await.ok().filter(|count| *count > 0)?;
        let piece = piece.get(..count).unwrap_or_default();
        self.unread.extend_from_slice(piece);
        let mut received = self.shared.received.lock().unwrap_or_else(PoisonError::into_inner);
        received.get_mut(self.index)?.extend_from_slice(piece);
        Some(())
    }

    /// Ends the sending side, then reads what still comes, so that nothing is reset.
    async fn close(&mut self) {
        drop(self.socket.shutdown().await);
        while self.more().await.is_some() {}
    }
}

/// How long the request head at the start of `bytes` is, its empty line included.
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}
