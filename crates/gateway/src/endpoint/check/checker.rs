//! The thread that asks: one task for each endpoint, and connections of its own.
//!
//! A worker would ask too late while it is busy, and each of them would ask for itself.

use std::io;
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::probe::{Ask, Asker};
use super::{Check, Verdict};
use crate::config::GatewayConfig;

/// How often idle connections are looked through.
const SWEEP_INTERVAL: Duration = Duration::from_secs(5);

/// Asks endpoints how they are, for as long as this is not dropped.
#[derive(Debug)]
pub struct Checker {
    watch: Watch,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Makes checks known to a [`Checker`]; any thread may hold one. Once the checker is gone nobody
/// asks any more, and endpoints stay as they are.
#[derive(Debug, Clone)]
pub struct Watch(UnboundedSender<Weak<Check>>);

impl Checker {
    /// Starts the thread. Its connections are made as those of a worker.
    ///
    /// # Errors
    ///
    /// A runtime or a thread that cannot be started.
    pub fn start(config: &GatewayConfig) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (sender, asked) = mpsc::unbounded_channel();
        let (stop, stopped) = oneshot::channel();
        let asker = Arc::new(Asker::new(config));
        let pool_idle = config.timeouts.pool_idle;
        let thread = std::thread::Builder::new().name("weir-checks".into()).spawn(move || {
            runtime.block_on(run(asker, pool_idle, asked, stopped));
            // Not waiting for names that are being looked up.
            runtime.shutdown_background();
        })?;
        Ok(Self { watch: Watch(sender), stop: Some(stop), thread: Some(thread) })
    }

    /// As [`Watch::watch`].
    pub fn watch(&self, check: &Arc<Check>) {
        self.watch.watch(check);
    }

    /// What others make their checks known with.
    #[must_use]
    pub fn handle(&self) -> Watch {
        self.watch.clone()
    }
}

impl Drop for Checker {
    /// Ends the thread, with all that is being asked.
    fn drop(&mut self) {
        // The other end hears of it.
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // One that has panicked has ended too.
            let _ended = thread.join();
        }
    }
}

impl Watch {
    /// Has the endpoint of this check asked: now, and again `interval` after the end of each
    /// check, until the check is dropped. To be called once for each check.
    pub fn watch(&self, check: &Arc<Check>) {
        // Without a checker the process is ending.
        let _gone = self.0.send(Arc::downgrade(check));
    }
}

/// The life of the thread.
async fn run(
    asker: Arc<Asker>,
    pool_idle: Duration,
    mut asked: UnboundedReceiver<Weak<Check>>,
    mut stopped: oneshot::Receiver<()>,
) {
    let mut following = JoinSet::new();
    let mut sweep = tokio::time::interval(SWEEP_INTERVAL);
    loop {
        tokio::select! {
            _stop = &mut stopped => return,
            Some(check) = asked.recv() => {
                following.spawn(follow(check, Arc::clone(&asker)));
            }
            Some(ended) = following.join_next() => if let Err(error) = ended {
                tracing::error!(%error, "A health check was given up because of a defect.");
            },
            _ = sweep.tick() => asker.close_idle(pool_idle),
        }
    }
}

/// Asks one endpoint until its check is gone, which is not kept for that.
pub(super) async fn follow<A: Ask>(check: Weak<Check>, asker: Arc<A>) {
    let Some(question) = check.upgrade().map(|check| Arc::clone(&check.question)) else { return };
    let (limit, interval) = (question.plan.timeout, question.plan.interval);
    while check.strong_count() > 0 {
        let verdict = match tokio::time::timeout(limit, asker.ask(&question)).await {
            Ok(verdict) => verdict,
            Err(_elapsed) => no_answer(limit),
        };
        let Some(check) = check.upgrade() else { return };
        check.note(verdict);
        drop(check);
        tokio::time::sleep(interval).await;
    }
}

fn no_answer(limit: Duration) -> Verdict {
    Err(format!("no answer within {limit:?}"))
}
