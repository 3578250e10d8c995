//! The client's side of an upgrade, for the exchange that asks its upstream for one.

use std::sync::Arc;
use std::task::{Context, Waker};

use tokio::sync::oneshot;

use super::wire::Wire;
use crate::tunnel::{Side, Switched};

/// A connection that becomes a tunnel if its request is answered 101.
#[derive(Debug)]
pub(crate) struct Switch {
    wire: Arc<Wire>,
    switched: oneshot::Receiver<Switched>,
}

impl Switch {
    pub(super) fn new(wire: Arc<Wire>) -> (oneshot::Sender<Switched>, Self) {
        let (sender, switched) = oneshot::channel();
        (sender, Self { wire, switched })
    }

    /// Whether the client has sent anything behind its request, or not all of it.
    ///
    /// Nobody can say whether such bytes are a request or already belong to the other protocol, so
    /// they are what smuggles requests past a gateway that guesses.
    pub(crate) fn has_early_data(&self) -> bool {
        let mut state = self.wire.lock();
        if !state.upload.is_done() || !state.input.is_empty() {
            return true;
        }
        // An end or an error is not data, and is seen by the tunnel.
        let _read = state.poll_read(&mut Context::from_waker(Waker::noop()), 1);
        !state.input.is_empty()
    }

    /// What the tunnel waits for.
    pub(crate) fn into_side(self) -> Side {
        Side::Coming(self.switched)
    }
}
