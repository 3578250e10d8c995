//! Threads for scripts: few, apart from the workers, and replaced where one does not come back.
//!
//! A script is stopped between the instructions of its engine, so one built-in function over a
//! large value can go on for long. The caller is answered by a timer that does not wait for it;
//! a thread that is overdue counts as lost, and another takes its place, as long as not too many
//! are lost at once. A lost thread that does come back serves again, or ends.
//!
//! Each thread keeps engines for the scripts that it runs often ([`Engines`]).
//! Threads begin with the first script, and end when they have had nothing to do for a while.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use mediation::ScriptRun;
use script::{Engines, ScriptLimits};
use thiserror::Error;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout, timeout_at};

use crate::config::ScriptsConfig;

/// What a script is given beyond its time, to be stopped by itself.
const GRACE: Duration = Duration::from_millis(100);
/// A thread without work ends after this time.
const IDLE: Duration = Duration::from_secs(30);
/// How far threads of scripts step back behind workers (`setpriority`; 0 is everybody's, 19 the
/// last).
const NICENESS: i32 = 10;
/// Stacks of threads, in stacks of the engine: what it calls has frames of its own.
const STACKS: usize = 4;

/// Why a script did not end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum NotRun {
    /// Too many wait already.
    #[error("too many scripts wait for a thread")]
    Queue,
    /// No thread was free in time.
    #[error("no thread was free for the script in time")]
    Waited,
    /// Every thread is lost.
    #[error("scripts that ran over their time hold every thread")]
    Lost,
    /// It ran over its time, and goes on.
    #[error("it ran over its time")]
    Late,
    /// A defect of the gateway.
    #[error("it ended with a panic")]
    Panic,
}

/// The threads.
#[derive(Debug, Default)]
pub(crate) struct Scripts {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    pool: Mutex<Pool>,
    work: Condvar,
}

#[derive(Debug, Default)]
struct Pool {
    waiting: VecDeque<Job>,
    /// Threads that wait for work.
    idle: usize,
    /// Threads at work: the number of the job, and when it is overdue.
    busy: Vec<(u64, Instant)>,
    /// Threads that are overdue.
    lost: usize,
    /// The number of the next job.
    next: u64,
    is_closed: bool,
}

#[derive(Debug)]
struct Job {
    run: Box<ScriptRun>,
    limits: ScriptLimits,
    threads: usize,
    /// When a thread has taken it.
    begun: Arc<OnceLock<Instant>>,
    ended: oneshot::Sender<Box<ScriptRun>>,
}

impl Scripts {
    /// Has a script run on one of the threads.
    ///
    /// # Errors
    ///
    /// Why it did not run, or has not ended in its time.
    pub(crate) async fn run(
        &self,
        run: Box<ScriptRun>,
        config: &ScriptsConfig,
    ) -> Result<Box<ScriptRun>, NotRun> {
        let begun = Arc::new(OnceLock::new());
        let (ended, mut has_ended) = oneshot::channel();
        let limits = config.limits.clone();
        let time = limits.time;
        let threads = config.threads.max(1);
        self.submit(Job { run, limits, threads, begun: Arc::clone(&begun), ended }, config)?;
        // Nobody is woken for the beginning; it is looked at when the time of waiting is over.
        match timeout(time, &mut has_ended).await {
            Ok(ended) => return ended.map_err(|_| NotRun::Panic),
            Err(_) if begun.get().is_none() => return Err(NotRun::Waited),
            Err(_) => {}
        }
        let due = begun.get().map_or_else(Instant::now, |begun| *begun + due_after(time));
        match timeout_at(due, has_ended).await {
            Ok(ended) => ended.map_err(|_| NotRun::Panic),
            Err(_) => Err(NotRun::Late),
        }
    }

    fn submit(&self, job: Job, config: &ScriptsConfig) -> Result<(), NotRun> {
        let mut pool = self.inner.lock();
        pool.give_up(Instant::now());
        // Whose caller has gone leaves its place.
        // A thread that waits for work takes one at once.
        let most = config.queue.saturating_add(pool.idle);
        if pool.waiting.len() >= most {
            pool.waiting.retain(|job| !job.ended.is_closed());
        }
        if pool.waiting.len() >= most {
            return Err(NotRun::Queue);
        }
        let (alive, threads) = (pool.alive(), job.threads);
        let is_needed = pool.idle <= pool.waiting.len();
        let has_room = alive < threads && alive + pool.lost < threads.saturating_mul(2);
        if is_needed && has_room && self.spawn(&job.limits).is_ok() {
            pool.idle += 1;
        }
        if pool.alive() == 0 {
            return Err(NotRun::Lost);
        }
        pool.waiting.push_back(job);
        drop(pool);
        self.inner.work.notify_one();
        Ok(())
    }

    /// A thread; it counts as idle from now on.
    fn spawn(&self, limits: &ScriptLimits) -> std::io::Result<()> {
        let inner = Arc::clone(&self.inner);
        let stack = limits.stack.saturating_mul(STACKS);
        let thread = std::thread::Builder::new().name("weir-script".to_owned()).stack_size(stack);
        thread
            .spawn(move || {
                step_back();
                inner.serve();
            })
            .map(drop)
    }

    /// Threads that are overdue.
    #[cfg(test)]
    fn lost(&self) -> usize {
        let mut pool = self.inner.lock();
        pool.give_up(Instant::now());
        pool.lost
    }
}

impl Drop for Scripts {
    fn drop(&mut self) {
        self.inner.lock().is_closed = true;
        self.inner.work.notify_all();
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The life of a thread.
    fn serve(&self) {
        let mut engines = Engines::default();
        while let Some((number, job)) = self.take() {
            let Job { mut run, limits, threads, begun: _, ended } = job;
            let is_wanted = !ended.is_closed();
            let run = is_wanted.then(|| {
                // An engine that a panic comes out of is not among the kept ones any more.
                catch_unwind(AssertUnwindSafe(|| {
                    run.run(&mut engines, &limits);
                    run
                }))
            });
            let goes_on = self.lock().finish(number, threads);
            if let Some(Ok(run)) = run {
                // A caller that has gone does not take it.
                drop(ended.send(run));
            }
            if !goes_on {
                return;
            }
        }
    }

    /// The next job; `None` ends the thread, which does not count from then on.
    fn take(&self) -> Option<(u64, Job)> {
        let mut pool = self.lock();
        loop {
            if let Some(job) = pool.waiting.pop_front() {
                pool.idle = pool.idle.saturating_sub(1);
                let number = pool.next;
                pool.next = number.wrapping_add(1);
                let now = Instant::now();
                let begun = *job.begun.get_or_init(|| now);
                pool.busy.push((number, begun + due_after(job.limits.time)));
                return Some((number, job));
            }
            if pool.is_closed {
                pool.idle = pool.idle.saturating_sub(1);
                return None;
            }
            let waited = self.work.wait_timeout(pool, IDLE);
            let (next, ended) = waited.unwrap_or_else(PoisonError::into_inner);
            pool = next;
            if ended.timed_out() && pool.waiting.is_empty() {
                pool.idle = pool.idle.saturating_sub(1);
                return None;
            }
        }
    }
}

/// When a script is overdue, from its beginning.
fn due_after(time: Duration) -> Duration {
    time.saturating_add(GRACE)
}

/// Lets workers go first where there are not enough processors for both. It is no error where the
/// system does not allow it: scripts then take their share as everybody else.
fn step_back() {
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::debug!(%error, "Threads of scripts keep the priority of the others.");
    }
}

impl Pool {
    /// Threads that can be counted on.
    fn alive(&self) -> usize {
        self.idle + self.busy.len()
    }

    /// Counts threads that are overdue as lost.
    fn give_up(&mut self, now: Instant) {
        let before = self.busy.len();
        self.busy.retain(|(_, due)| *due > now);
        self.lost += before - self.busy.len();
    }

    /// A job has ended; whether its thread goes on, and is idle.
    fn finish(&mut self, number: u64, threads: usize) -> bool {
        match self.busy.iter().position(|(busy, _)| *busy == number) {
            Some(index) => drop(self.busy.swap_remove(index)),
            None => self.lost = self.lost.saturating_sub(1),
        }
        let goes_on = self.alive() < threads;
        self.idle += usize::from(goes_on);
        goes_on
    }
}
