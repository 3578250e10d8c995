//! The admin listener and the management listeners.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use gateway::sample::SampleState;
use gateway::side_listener::{self, Answer};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tokio_rustls::TlsAcceptor;

use super::Running;

/// Where these listeners are.
pub(crate) struct Addresses {
    pub(crate) admin: Option<SocketAddr>,
    pub(crate) manage: Option<SocketAddr>,
    pub(crate) manage_http: Option<SocketAddr>,
}

/// Binds and starts them on the runtime of the caller.
///
/// # Errors
///
/// A listener that cannot be bound.
pub(crate) async fn start(running: &Running) -> Result<Addresses, String> {
    let listeners = &running.config.listeners;
    let admin = Arc::clone(&running.admin);
    let admin = listen(
        listeners.admin,
        None,
        Arc::new(move |request: &Request<Bytes>| admin.answer(request)),
    )
    .await?;
    let sample = running.config.sample_backend.then(|| Arc::new(SampleState::default()));
    let answer: Arc<Answer> =
        Arc::new(move |request: &Request<Bytes>| manage(sample.as_deref(), request));
    let manage_http = listen(listeners.manage_http, None, Arc::clone(&answer)).await?;
    let tls = running
        .certificates
        .as_deref()
        .map(|certificates| TlsAcceptor::from(certificates.config()));
    let manage = listen(listeners.manage.filter(|_| tls.is_some()), tls, answer).await?;
    Ok(Addresses { admin, manage, manage_http })
}

async fn listen(
    address: Option<SocketAddr>,
    tls: Option<TlsAcceptor>,
    answer: Arc<Answer>,
) -> Result<Option<SocketAddr>, String> {
    let Some(address) = address else { return Ok(None) };
    let listener = side_listener::bind(address).await?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    tokio::spawn(side_listener::serve(listener, tls, answer));
    Ok(Some(address))
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
