//! Restart without losing a connection: one process takes another one's place.
//!
//! Every `weir serve` listens on a Unix socket in its home folder. One that is started with
//! `--takeover` connects there, is given the very listening sockets of the process that serves, gets
//! ready, accepts on them, and says so; then the other one stops accepting, lets what is in flight
//! end, and ends.
//! No listening socket is ever closed, so that the kernel's queues lose nobody. When the new process
//! does not get ready, the old one goes on as if nothing had been.
//!
//! Counters, states of endpoints and connections to upstreams are deliberately not handed over.

mod predecessor;
mod successor;
#[cfg(test)]
mod tests;
mod wire;

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use gateway::listener::sockets::{ListeningSockets, suits};

pub(crate) use predecessor::Predecessor;
pub(crate) use successor::Offer;

/// The version of what the two processes say to each other. A later one must understand it.
const VERSION: u64 = 1;

/// What a listening socket is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Http,
    Https,
    Admin,
    Manage,
    ManageHttp,
}

impl Role {
    const ALL: [Self; 5] = [Self::Http, Self::Https, Self::Admin, Self::Manage, Self::ManageHttp];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Admin => "admin",
            Self::Manage => "manage",
            Self::ManageHttp => "manage_http",
        }
    }

    /// `None` for a role that a later version has.
    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// Listening sockets with what they are for.
#[derive(Debug, Default)]
pub(crate) struct Sockets(Vec<(Role, TcpListener)>);

impl Sockets {
    pub(crate) fn push(&mut self, role: Role, socket: TcpListener) {
        self.0.push((role, socket));
    }

    /// Adds those of the gateway.
    pub(crate) fn extend(&mut self, gateway: ListeningSockets) {
        let http = gateway.http.into_iter().map(|socket| (Role::Http, socket));
        self.0.extend(http.chain(gateway.https.into_iter().map(|socket| (Role::Https, socket))));
    }

    /// Takes those of the gateway out.
    pub(crate) fn take_gateway(&mut self) -> ListeningSockets {
        ListeningSockets { http: self.take(Role::Http), https: self.take(Role::Https) }
    }

    /// Takes out the one that listens where it is wanted, if there is one.
    pub(crate) fn take_at(&mut self, role: Role, wanted: SocketAddr) -> Option<TcpListener> {
        let is_there =
            |socket: &TcpListener| socket.local_addr().is_ok_and(|address| suits(address, wanted));
        self.take(role).into_iter().find(is_there)
    }

    fn take(&mut self, role: Role) -> Vec<TcpListener> {
        let all = std::mem::take(&mut self.0);
        let (taken, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(|(it, _)| *it == role);
        self.0 = rest;
        taken.into_iter().map(|(_, socket)| socket).collect()
    }
}

/// Whether another process serves from this home.
pub(crate) fn is_served(home: &Path) -> bool {
    std::os::unix::net::UnixStream::connect(control_socket(home)).is_ok()
}

fn control_socket(home: &Path) -> PathBuf {
    home.join("data/control.sock")
}
