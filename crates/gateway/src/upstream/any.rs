//! The client that the configuration chooses.

use std::sync::Arc;
use std::time::Duration;

use http::Request;

use super::answer::Answer;
use super::failure::SendFailure;
use super::h1::OwnClient;
use super::hyper_client::HyperClient;
use super::{Client, Target, Terms};
use crate::body::RequestBody;
use crate::config::GatewayConfig;
use crate::config::upstream::ClientChoice;

/// One worker's client, of either kind.
#[derive(Debug)]
pub(crate) enum AnyClient {
    /// Our own, with the library for HTTP/2.
    Own(OwnClient),
    /// The library alone.
    Library(HyperClient),
}

impl AnyClient {
    /// A client without connections.
    pub(crate) fn new(config: &GatewayConfig) -> Self {
        let connect = config.timeouts.connect;
        match config.upstream.client {
            ClientChoice::Own => {
                let idle = config.upstream.idle_per_target;
                Self::Own(OwnClient::new(connect, idle, config.limits.http2))
            }
            ClientChoice::Library => Self::Library(HyperClient::new(connect, config.limits.http2)),
        }
    }
}

impl Client for AnyClient {
    async fn send(
        &self,
        target: &Arc<Target>,
        request: &mut Request<RequestBody>,
        terms: Terms<'_>,
    ) -> Result<Answer, SendFailure> {
        match self {
            Self::Own(client) => client.send(target, request, terms).await,
            Self::Library(client) => client.send(target, request, terms).await,
        }
    }

    fn keeps_headers(&self, target: &Target) -> bool {
        match self {
            Self::Own(client) => client.keeps_headers(target),
            Self::Library(client) => client.keeps_headers(target),
        }
    }

    fn close_idle(&self, older_than: Duration) {
        match self {
            Self::Own(client) => client.close_idle(older_than),
            Self::Library(client) => client.close_idle(older_than),
        }
    }
}
