//! Follows changes: of the projects, of the configuration and of the certificates.
//!
//! One thread owns the deployer; everything that changes what is served goes through it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use gateway::deploy::{self, Deployer};
use gateway::source::Change;
use gateway::source::folder::ProjectFolders;
use gateway::source::watch::watch;

use super::Running;
use crate::load;

/// Changes that come this close together are taken together.
const QUIET: Duration = Duration::from_millis(30);
/// Changes that never pause are taken after this time all the same.
const LONGEST_WAIT: Duration = Duration::from_millis(400);
/// Without events everything is looked at this often.
const FULL_SCAN: Duration = Duration::from_secs(1);

/// What the follower is told.
enum Event {
    Changed(Vec<PathBuf>),
    Reload,
}

/// Tells the follower what happened.
#[derive(Debug, Clone)]
pub(crate) struct Follower(Sender<Event>);

impl std::fmt::Debug for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Changed(_) => "Changed",
            Self::Reload => "Reload",
        })
    }
}

impl Follower {
    /// Reads configuration and certificates anew (SIGHUP).
    pub(crate) fn reload(&self) {
        if self.0.send(Event::Reload).is_err() {
            tracing::error!("Nothing follows changes any more.");
        }
    }
}

/// Starts the follower.
///
/// # Errors
///
/// A thread that cannot be started.
pub(crate) fn start(
    running: Arc<Running>,
    deployer: Deployer,
    folders: ProjectFolders,
) -> Result<Follower, String> {
    let (sender, receiver) = mpsc::channel();
    let notify = sender.clone();
    let watcher = watch(&running.options.apis, move |paths| {
        // The follower is gone only when the process ends.
        let _ended = notify.send(Event::Changed(paths));
    });
    let mut state = State { running, deployer, folders };
    state.publish();
    std::thread::Builder::new()
        .name("weir-deploy".to_owned())
        .spawn(move || {
            let is_polling = watcher.is_polling();
            state.follow(&receiver, is_polling);
            drop(watcher);
        })
        .map_err(|error| format!("cannot start the thread that follows changes: {error}"))?;
    Ok(Follower(sender))
}

struct State {
    running: Arc<Running>,
    deployer: Deployer,
    folders: ProjectFolders,
}

impl State {
    fn follow(&mut self, events: &Receiver<Event>, is_polling: bool) {
        let mut certificates = Instant::now();
        loop {
            match events.recv_timeout(FULL_SCAN) {
                Ok(event) => self.take(event, events),
                Err(RecvTimeoutError::Timeout) => {
                    let changes =
                        if is_polling { self.folders.changes() } else { self.folders.settle() };
                    self.deploy(changes);
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if certificates.elapsed() >= FULL_SCAN {
                certificates = Instant::now();
                self.renew_certificates();
            }
        }
    }

    /// Takes an event and all that come close after it.
    fn take(&mut self, first: Event, events: &Receiver<Event>) {
        let mut paths = Vec::new();
        let mut is_reload = false;
        let mut next = Some(first);
        let started = Instant::now();
        while let Some(event) = next {
            match event {
                Event::Changed(changed) => paths.extend(changed),
                Event::Reload => is_reload = true,
            }
            let is_patient = started.elapsed() < LONGEST_WAIT;
            next = if is_patient { events.recv_timeout(QUIET).ok() } else { None };
        }
        if is_reload {
            self.reload();
        }
        let changes = self.folders.changes_at(&paths);
        self.deploy(changes);
    }

    fn deploy(&mut self, changes: Vec<Change>) {
        if changes.is_empty() {
            return;
        }
        let started = Instant::now();
        let count = changes.len();
        let snapshot = self.deployer.apply(changes);
        let generation = snapshot.generation;
        self.running.admin.shared.publish(snapshot);
        self.publish();
        let took_ms = started.elapsed().as_millis();
        tracing::info!(changes = count, generation, took_ms, "A new snapshot serves.");
    }

    fn publish(&self) {
        let statuses = self.deployer.statuses().cloned().collect();
        self.running.admin.projects.store(Arc::new(statuses));
    }

    /// Reads the configuration anew; listeners and workers stay as they are.
    fn reload(&mut self) {
        match self.reconfigured() {
            Ok(()) => {
                self.running.admin.shared.metrics.reloaded(true);
                tracing::info!("The configuration was read anew.");
            }
            Err(error) => {
                self.running.admin.shared.metrics.reloaded(false);
                tracing::error!(error, "The configuration was not taken; the last good one stays.");
            }
        }
        self.renew_certificates();
    }

    fn reconfigured(&mut self) -> Result<(), String> {
        let options = &self.running.options;
        let loaded = load::load(&options.home, load::overrides(options)?)?;
        super::report(&loaded.diagnostics);
        if loaded.diagnostics.has_errors() {
            return Err(format!("{} has errors", loaded.file.display()));
        }
        let config = Arc::new(loaded.config);
        super::warn_if_open(&config);
        let snapshot = deploy::reconfigure(&mut self.deployer, Arc::clone(&config))?;
        self.running.admin.shared.publish(snapshot);
        super::publish_config(&self.running.admin, &loaded.settings);
        self.publish();
        Ok(())
    }

    fn renew_certificates(&self) {
        let Some(certificates) = &self.running.certificates else { return };
        match certificates.reload_if_changed() {
            Ok(false) => {}
            Ok(true) => tracing::info!("The certificates were read anew."),
            Err(error) => {
                tracing::error!(%error, "The certificates were not taken; the last good ones stay.")
            }
        }
    }
}
