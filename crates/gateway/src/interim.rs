//! Interim answers (1xx) of an upstream on their way to the client.

use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, StatusCode};

/// Where interim answers go; whoever takes none has a default one.
#[derive(Clone, Default, Debug)]
pub(crate) struct Interim(Option<Arc<dyn Outlet>>);

/// What passes interim answers on to a client.
pub(crate) trait Outlet: Send + Sync + fmt::Debug {
    /// Passes one on, unless it is too late for it.
    fn pass(&self, status: StatusCode, headers: &HeaderMap);
}

impl Interim {
    /// A way to a client.
    #[allow(dead_code)]
    pub(crate) fn new(outlet: Arc<dyn Outlet>) -> Self {
        Self(Some(outlet))
    }

    /// Sends one that is not 101; headers that are meant for one connection have been taken off.
    #[allow(dead_code)]
    pub(crate) fn send(&self, status: StatusCode, headers: &HeaderMap) {
        if let Some(outlet) = &self.0 {
            outlet.pass(status, headers);
        }
    }
}
