//! Whom to ask for what.

use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::time::Duration;

use clap::Args;
use socket2::{Domain, Socket, Type};

/// How long one answer may take before the measurement fails.
const PATIENCE: Duration = Duration::from_secs(10);

/// From so many addresses connections are made, so that closed ones do not use up the ports.
const SOURCES: usize = 64;

/// One resource of one engine on this machine.
#[derive(Debug, Clone, Args)]
pub(crate) struct Target {
    /// The port of 127.0.0.1.
    #[arg(long)]
    pub(crate) port: u16,
    /// The path.
    #[arg(long)]
    pub(crate) path: String,
    /// How many bytes an answer has to have.
    #[arg(long)]
    pub(crate) length: usize,
}

impl Target {
    /// The whole request.
    pub(crate) fn request(&self) -> Vec<u8> {
        format!("GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n", self.path).into_bytes()
    }

    /// A new connection; `index` chooses its own address.
    pub(crate) fn connect(&self, index: usize) -> std::io::Result<TcpStream> {
        let last = u8::try_from(index % SOURCES).unwrap_or(0);
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SocketAddrV4::new(Ipv4Addr::new(127, 0, 1, 1 + last), 0).into())?;
        socket.connect(&SocketAddrV4::new(Ipv4Addr::LOCALHOST, self.port).into())?;
        socket.set_tcp_nodelay(true)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_write_timeout(Some(PATIENCE))?;
        Ok(socket.into())
    }
}
