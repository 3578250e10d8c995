//! Ports: one that is free, one that refuses.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use tokio::net::TcpSocket;

/// A port of 127.0.0.1 that was free a moment ago.
///
/// # Panics
/// When the system has no port left.
#[must_use]
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("the address of a bound socket").port()
}

/// A port that is taken but not listened on: every connection to it is refused, for as long as
/// this lives.
#[derive(Debug)]
pub struct RefusedPort {
    address: SocketAddr,
    _socket: TcpSocket,
}

impl RefusedPort {
    /// Takes a port.
    ///
    /// # Panics
    /// When the system has no port left.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "taking a port is not a default")]
    pub fn new() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("a free port");
        let address = socket.local_addr().expect("the address of a bound socket");
        Self { address, _socket: socket }
    }

    /// Where nobody listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same as a URL, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}
