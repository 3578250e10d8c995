//! A bound on waiting that a paused tokio clock does not shorten.

use std::future::Future;
use std::sync::OnceLock;
use std::time::Duration;

use tokio::runtime::{Builder, Handle};

/// How long anything in this crate waits before it gives a test up, in real time.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Awaits `future`, for [`PATIENCE`] at most.
///
/// # Panics
/// When the time is over; the message names `what` was waited for.
#[allow(clippy::panic, reason = "how a test fails")]
pub async fn bounded<T>(what: &str, future: impl Future<Output = T>) -> T {
    // Made within that runtime, or it would go by the clock of this one.
    let timer = real_clock().spawn(async { tokio::time::sleep(PATIENCE).await });
    let stop = timer.abort_handle();
    tokio::select! {
        biased;
        value = future => {
            stop.abort();
            value
        }
        _ = timer => panic!("waited {PATIENCE:?} in vain for {what}"),
    }
}

/// A runtime of its own, whose clock no test pauses.
fn real_clock() -> &'static Handle {
    static CLOCK: OnceLock<Handle> = OnceLock::new();
    CLOCK.get_or_init(|| {
        let runtime =
            Builder::new_current_thread().enable_time().build().expect("a runtime for timers");
        let handle = runtime.handle().clone();
        std::thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
        handle
    })
}
