//! The admin listener and the management listeners.

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd as _;
use std::sync::Arc;

use bytes::Bytes;
use gateway::admin::Admin;
use gateway::sample::SampleState;
use gateway::side_listener::{self, Answer};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::Running;
use super::handover::{Role, Sockets};

/// The listeners beside the gateway's own.
#[derive(Debug)]
pub(crate) struct SideListeners {
    /// Bound, and not served yet.
    waiting: Vec<(Role, TcpListener)>,
    addresses: Vec<(Role, SocketAddr)>,
    /// All of them once more, for a successor.
    sockets: Sockets,
    closing: watch::Sender<bool>,
}

impl SideListeners {
    /// Binds all of them, or takes those of another process; none is served yet.
    ///
    /// # Errors
    ///
    /// A listener that cannot be bound.
    pub(crate) async fn bind(running: &Running, mut inherited: Sockets) -> Result<Self, String> {
        let (closing, _) = watch::channel(false);
        let (waiting, addresses) = (Vec::new(), Vec::new());
        let mut side = Self { waiting, addresses, sockets: Sockets::default(), closing };
        let listeners = &running.config.listeners;
        let manage = listeners.manage.filter(|_| running.certificates.is_some());
        for (role, wanted) in [
            (Role::Admin, listeners.admin),
            (Role::ManageHttp, listeners.manage_http),
            (Role::Manage, manage),
        ] {
            let Some(wanted) = wanted else { continue };
            let listener = match inherited.take_at(role, wanted) {
                Some(inherited) => TcpListener::from_std(inherited).map_err(|it| it.to_string())?,
                None => side_listener::bind(wanted).await?,
            };
            let (address, twin) = twin(&listener).map_err(|error| error.to_string())?;
            side.waiting.push((role, listener));
            side.addresses.push((role, address));
            side.sockets.push(role, twin);
        }
        Ok(side)
    }

    /// Serves the admin listener, if that is not served yet, on the runtime of the caller.
    pub(crate) fn serve_admin(&mut self, admin: &Arc<Admin>) {
        let admin = Arc::clone(admin);
        let answer = Arc::new(move |request: &Request<Bytes>| admin.answer(request));
        self.serve(Role::Admin, None, answer);
    }

    /// Serves the management listeners on the runtime of the caller.
    pub(crate) fn serve_management(&mut self, running: &Running) {
        let sample = running.config.sample_backend.then(|| Arc::new(SampleState::default()));
        let answer: Arc<Answer> =
            Arc::new(move |request: &Request<Bytes>| manage(sample.as_deref(), request));
        self.serve(Role::ManageHttp, None, Arc::clone(&answer));
        let certificates = running.certificates.as_deref();
        let tls = certificates.map(|certificates| TlsAcceptor::from(certificates.config()));
        self.serve(Role::Manage, tls, answer);
    }

    /// Where the listener is; `None` when it is switched off.
    pub(crate) fn address(&self, role: Role) -> Option<SocketAddr> {
        self.addresses.iter().find(|(it, _)| *it == role).map(|(_, address)| *address)
    }

    /// All of them once more, for a successor.
    pub(crate) fn take_sockets(&mut self) -> Sockets {
        std::mem::take(&mut self.sockets)
    }

    /// Accepts nobody any more; what is being answered is.
    pub(crate) fn close(&self) {
        self.closing.send_replace(true);
    }

    fn serve(&mut self, role: Role, tls: Option<TlsAcceptor>, answer: Arc<Answer>) {
        if let Some(index) = self.waiting.iter().position(|(it, _)| *it == role) {
            let (_, listener) = self.waiting.swap_remove(index);
            tokio::spawn(side_listener::serve(listener, tls, answer, self.closing.subscribe()));
        }
    }
}

/// Where a socket listens, and the same socket once more.
fn twin(listener: &TcpListener) -> io::Result<(SocketAddr, std::net::TcpListener)> {
    let twin = listener.as_fd().try_clone_to_owned()?;
    Ok((listener.local_addr()?, twin.into()))
}

/// The management listeners carry the sample backend only, until there is a control plane.
fn manage(sample: Option<&SampleState>, request: &Request<Bytes>) -> Response<Full<Bytes>> {
    let answered = sample.and_then(|state| gateway::sample::answer(state, request));
    answered.map_or_else(not_found, |response| response.map(Full::new))
}

fn not_found() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from("not found\n"));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}
