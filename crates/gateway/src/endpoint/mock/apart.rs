//! Work that would hold a worker up, on a thread apart.

use std::sync::Arc;
use std::time::Duration;

use model::fault::FaultCode;
use tokio::sync::Semaphore;

use crate::fault::{Failure, Fault};

/// Bodies up to this size, in bytes, are held against schemas on the spot.
pub(super) const SMALL: usize = 16 * 1024;
/// How long somebody waits for a place.
const PATIENCE: Duration = Duration::from_secs(5);
/// How much is done at once.
const PLACES: usize = 4;

/// Places for such work, shared by all workers.
#[derive(Debug, Clone)]
pub(crate) struct Apart(Arc<Semaphore>);

impl Default for Apart {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(PLACES)))
    }
}

impl Apart {
    /// Has work done, when its turn has come.
    ///
    /// # Errors
    ///
    /// Too much of it is under way already; a defect of the gateway.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let place = Arc::clone(&self.0).acquire_owned();
        let place = tokio::time::timeout(PATIENCE, place).await.ok().and_then(Result::ok);
        let Some(place) = place else {
            let detail = "too many requests have values made up, or large bodies validated";
            return Err(Fault::new(FaultCode::Overloaded).internal(detail).into());
        };
        // The place is free when the work has ended, whoever still waits for it.
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(place);
            done
        });
        done.await
            .map_err(|error| Fault::new(FaultCode::Internal).internal(error.to_string()).into())
    }
}
