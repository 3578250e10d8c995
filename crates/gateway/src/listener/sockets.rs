//! The listening sockets: binding them, sharing them out, and taking those of another process.
//!
//! Each worker has sockets of its own on the same ports (`SO_REUSEPORT`), so that the kernel
//! spreads connections.
//! A process that takes another one's place gets the very same sockets, with whatever clients the
//! kernel has queued there; closing them would reset those.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, SockRef, Socket, Type};

use crate::config::Listeners;
use crate::keep_alive::keep_alive;
use crate::serve::StartError;

/// How many clients the kernel queues for one socket, where the system's own limit allows it.
pub(super) const BACKLOG: i32 = 4096;

/// The listening sockets of a gateway.
#[derive(Debug, Default)]
pub struct ListeningSockets {
    /// For clear text.
    pub http: Vec<TcpListener>,
    /// For TLS.
    pub https: Vec<TcpListener>,
}

impl ListeningSockets {
    /// What a gateway needs: at least one socket for each worker and each address. Those that were
    /// `inherited` serve on where they are still wanted; what is missing is bound.
    ///
    /// # Errors
    ///
    /// An address that cannot be listened on.
    pub(crate) fn open(
        inherited: Self,
        listeners: &Listeners,
        workers: usize,
    ) -> Result<Self, StartError> {
        let (http, https) = (listeners.http, listeners.https);
        let mut sockets =
            Self { http: adopt(inherited.http, http), https: adopt(inherited.https, https) };
        for (sockets, address) in [(&sockets.http, http), (&sockets.https, https)] {
            if let Some(address) = address.filter(|_| sockets.is_empty()) {
                probe(address).map_err(|error| StartError::Bind { address, error })?;
            }
        }
        fill(&mut sockets.http, http, workers)?;
        fill(&mut sockets.https, https, workers)?;
        Ok(sockets)
    }

    /// The same sockets once more.
    ///
    /// # Errors
    ///
    /// Whatever the system says, for instance that too many files are open.
    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        let clone = |sockets: &[TcpListener]| -> io::Result<Vec<_>> {
            sockets.iter().map(TcpListener::try_clone).collect()
        };
        Ok(Self { http: clone(&self.http)?, https: clone(&self.https)? })
    }

    /// The part of each worker; none is left over.
    pub(crate) fn share_out(self, workers: usize) -> Vec<Self> {
        let mut parts: Vec<Self> = (0..workers).map(|_| Self::default()).collect();
        for (index, socket) in self.http.into_iter().enumerate() {
            parts[index % workers].http.push(socket);
        }
        for (index, socket) in self.https.into_iter().enumerate() {
            parts[index % workers].https.push(socket);
        }
        parts
    }
}

/// Whether a socket that listens at `have` is what `wanted` asks for; port 0 takes any.
#[must_use]
pub fn suits(have: SocketAddr, wanted: SocketAddr) -> bool {
    have.ip() == wanted.ip() && (wanted.port() == 0 || wanted.port() == have.port())
}

/// Where the first of these sockets listens.
pub(crate) fn address(sockets: &[TcpListener]) -> Option<SocketAddr> {
    sockets.first().and_then(|socket| socket.local_addr().ok())
}

/// The sockets that listen where it is wanted, all at one address.
fn adopt(inherited: Vec<TcpListener>, wanted: Option<SocketAddr>) -> Vec<TcpListener> {
    let Some(wanted) = wanted else { return Vec::new() };
    let here = |socket: &TcpListener| socket.local_addr().ok().filter(|it| suits(*it, wanted));
    let first = inherited.iter().find_map(here);
    inherited.into_iter().filter(|socket| first.is_some() && here(socket) == first).collect()
}

/// Binds sockets until there is one for each worker; with port 0 all share the port of the first.
fn fill(
    sockets: &mut Vec<TcpListener>,
    wanted: Option<SocketAddr>,
    workers: usize,
) -> Result<(), StartError> {
    let Some(wanted) = wanted else { return Ok(()) };
    for socket in &*sockets {
        equip(socket).map_err(|error| StartError::Bind { address: wanted, error })?;
    }
    while sockets.len() < workers.max(1) {
        let address = address(sockets).unwrap_or(wanted);
        sockets.push(bind(address).map_err(|error| StartError::Bind { address, error })?);
    }
    Ok(())
}

/// Finds out whether another process listens on an address.
///
/// Shared sockets would not tell: two gateways on one port would each get a part of its clients.
fn probe(address: SocketAddr) -> io::Result<()> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())
}

/// Binds a listening socket that other workers can share.
fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.bind(&address.into())?;
    let socket = TcpListener::from(socket);
    equip(&socket)?;
    SockRef::from(&socket).listen(BACKLOG)?;
    Ok(socket)
}

/// Sets what accepted sockets are to have as well, which costs each connection nothing.
fn equip(socket: &TcpListener) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    SockRef::from(socket).set_tcp_nodelay(true)?;
    keep_alive(socket)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn open(
        inherited: ListeningSockets,
        http: Option<SocketAddr>,
        workers: usize,
    ) -> Result<ListeningSockets, StartError> {
        let listeners = Listeners { http, https: None, ..Listeners::default() };
        ListeningSockets::open(inherited, &listeners, workers)
    }

    fn first(workers: usize) -> ListeningSockets {
        open(ListeningSockets::default(), Some(any()), workers).unwrap()
    }

    fn any() -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
    }

    fn addresses(sockets: &[TcpListener]) -> Vec<SocketAddr> {
        sockets.iter().map(|socket| socket.local_addr().unwrap()).collect()
    }

    #[test]
    fn every_worker_has_a_socket_on_one_port() {
        let sockets = first(3);
        let found = addresses(&sockets.http);
        assert_eq!(found.len(), 3);
        assert!(found.iter().all(|address| *address == found[0]), "{found:?}");
        assert!(sockets.https.is_empty());
    }

    #[test]
    fn sockets_of_another_process_are_kept_all_of_them() {
        let first = first(3);
        let port = addresses(&first.http)[0];
        // More workers, fewer, and any port at all.
        let more = open(first, Some(port), 4).unwrap();
        assert_eq!(addresses(&more.http), [port; 4]);
        let fewer = open(more, Some(any()), 2).unwrap();
        assert_eq!(addresses(&fewer.http), [port; 4]);
        let parts = fewer.share_out(2);
        assert_eq!(parts.iter().map(|part| part.http.len()).collect::<Vec<_>>(), [2, 2]);
    }

    #[test]
    fn sockets_that_are_wanted_no_longer_are_closed() {
        let first = first(1);
        let old = addresses(&first.http)[0];
        let elsewhere = SocketAddr::from((Ipv4Addr::new(127, 0, 0, 2), 0));
        let second = open(first, Some(elsewhere), 1).unwrap();
        assert_eq!(addresses(&second.http)[0].ip(), elsewhere.ip());
        probe(old).unwrap();
        let off = open(second, None, 1).unwrap();
        assert!(off.http.is_empty());
    }

    #[test]
    fn an_address_in_use_is_refused() {
        let taken = TcpListener::bind(any()).unwrap();
        let address = taken.local_addr().unwrap();
        let refused = open(ListeningSockets::default(), Some(address), 1);
        assert!(matches!(refused, Err(StartError::Bind { address: told, .. }) if told == address));
    }

    #[test]
    fn accepted_sockets_have_what_the_listening_one_has() {
        let listener = bind(any()).unwrap();
        listener.set_nonblocking(false).unwrap();
        let _client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (accepted, _) = listener.accept().unwrap();
        let accepted = SockRef::from(&accepted);
        assert!(accepted.tcp_nodelay().unwrap() && accepted.keepalive().unwrap());
        assert_eq!(accepted.tcp_keepalive_time().unwrap().as_secs(), 60);
    }
}
