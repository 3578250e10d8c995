//! Follows changes: of the projects, of the configuration and of certificates on either side.
//!
//! One thread owns the deployer; everything that changes what is served goes through it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use gateway::config::GatewayConfig;
use gateway::deploy::{self, Deployer};
use gateway::listener::tls::TlsError;
use gateway::source::Change;
use gateway::source::folder::ProjectFolders;
use gateway::source::watch::{Watcher, watch};

use super::Running;
use crate::load;

/// Changes that come this close together are taken together.
const QUIET: Duration = Duration::from_millis(20);
/// Changes that never pause are taken after this time all the same.
const LONGEST_WAIT: Duration = Duration::from_millis(400);
/// Without events it is looked around this often.
const TICK: Duration = Duration::from_millis(500);
/// A project that was being written is looked at again after this time.
const SETTLE: Duration = Duration::from_millis(50);
/// Where the system does not tell of changes, everything is looked at this often.
const POLL: Duration = Duration::from_secs(1);
/// Where it does, everything is looked at all the same this often: events get lost.
const FULL_SCAN: Duration = Duration::from_secs(10);
/// Looking at everything takes one part in this many of a processor at most.
const SCAN_SHARE: u32 = 50;

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
    let watcher = start_watching(&running.options.apis, &sender);
    let mut state = State {
        running,
        deployer,
        folders,
        watcher,
        notify: sender.clone(),
        next_scan: Instant::now(),
    };
    state.publish();
    std::thread::Builder::new()
        .name("weir-deploy".to_owned())
        .spawn(move || state.follow(&receiver))
        .map_err(|error| format!("cannot start the thread that follows changes: {error}"))?;
    Ok(Follower(sender))
}

fn start_watching(roots: &[PathBuf], sender: &Sender<Event>) -> Watcher {
    let notify = sender.clone();
    watch(roots, move |paths| {
        // The follower is gone only when the process ends.
        let _ended = notify.send(Event::Changed(paths));
    })
}

struct State {
    running: Arc<Running>,
    deployer: Deployer,
    folders: ProjectFolders,
    watcher: Watcher,
    notify: Sender<Event>,
    /// When everything is looked at again. At the start that is at once: something may have
    /// changed between the first reading and the watch.
    next_scan: Instant,
}

impl State {
    fn follow(&mut self, events: &Receiver<Event>) {
        let mut next_look = Instant::now() + TICK;
        loop {
            match events.recv_timeout(self.patience(next_look)) {
                Ok(event) => self.take(event, events),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if self.folders.is_unsettled() {
                let changes = self.folders.settle();
                self.deploy(changes);
            }
            if Instant::now() >= next_look {
                self.look_around();
                next_look = Instant::now() + TICK;
            }
        }
    }

    /// How long to wait for the next event.
    fn patience(&self, next_look: Instant) -> Duration {
        let patience = next_look.saturating_duration_since(Instant::now());
        if self.folders.is_unsettled() { patience.min(SETTLE) } else { patience }
    }

    /// What is done whether or not there are events.
    fn look_around(&mut self) {
        self.renew_certificates();
        self.renew_trust();
        if !self.watcher.is_current() {
            self.watcher = start_watching(&self.running.options.apis, &self.notify);
            self.next_scan = Instant::now();
        }
        if Instant::now() >= self.next_scan {
            self.scan();
        }
    }

    /// Looks at everything.
    fn scan(&mut self) {
        let started = Instant::now();
        let changes = self.folders.changes();
        let pause = if self.watcher.is_polling() { POLL } else { FULL_SCAN };
        self.next_scan = Instant::now() + pause.max(started.elapsed() * SCAN_SHARE);
        self.deploy(changes);
    }

    /// Takes an event and all that come close after it.
    fn take(&mut self, first: Event, events: &Receiver<Event>) {
        let mut paths = BTreeSet::new();
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
        let paths: Vec<PathBuf> = paths.into_iter().collect();
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
        // Told before it serves, so that whoever is served by it finds it told.
        self.publish();
        self.running.admin.shared.publish(snapshot);
        let took_ms = started.elapsed().as_millis();
        tracing::info!(changes = count, generation, took_ms, "A new snapshot serves.");
    }

    fn publish(&self) {
        let statuses = self.deployer.statuses().cloned().collect();
        self.running.admin.projects.store(Arc::new(statuses));
    }

    /// Reads configuration and certificates anew; listeners and workers stay as they are.
    fn reload(&mut self) {
        let reconfigured = self.reconfigured();
        self.running.admin.shared.metrics.reloaded(reconfigured.is_ok());
        match &reconfigured {
            Ok(_) => tracing::info!("The configuration was read anew."),
            Err(error) => {
                tracing::error!(error, "The configuration was not taken; the last good one stays.");
            }
        }
        let Some(certificates) = &self.running.certificates else { return };
        let renewed = match &reconfigured {
            Ok(config) => certificates.reload_from(&config.server_tls),
            Err(_) => certificates.reload(),
        };
        tell_renewed(renewed.map(|()| true));
    }

    fn reconfigured(&mut self) -> Result<Arc<GatewayConfig>, String> {
        let options = &self.running.options;
        let loaded = load::load(&options.home, load::overrides(options)?)?;
        super::report(&loaded.diagnostics);
        if loaded.diagnostics.has_errors() {
            return Err(format!("{} has errors", loaded.file.display()));
        }
        let mut config = loaded.config;
        config.sample_backend |= options.sample_backend;
        let config = Arc::new(config);
        super::warn_if_open(&config);
        super::descriptors::provide(&config.limits);
        self.warn_if_fixed(&config);
        let folders = &mut self.folders;
        let snapshot =
            deploy::reconfigure(&mut self.deployer, Arc::clone(&config), || folders.reread())?;
        super::publish_config(&self.running.admin, &loaded.settings);
        self.publish();
        self.running.admin.shared.publish(snapshot);
        Ok(config)
    }

    /// Says what is not taken before the next start.
    fn warn_if_fixed(&self, config: &GatewayConfig) {
        let running = &self.running.config;
        if config.listeners != running.listeners || config.workers != running.workers {
            tracing::warn!("Listeners and workers stay as they are until the next start.");
        }
    }

    /// Takes roots, client certificates and secrets whose files were written. Endpoints
    /// begin afresh, as after a reload.
    fn renew_trust(&mut self) {
        let folders = &mut self.folders;
        match deploy::renew_trust(&mut self.deployer, || folders.reread()) {
            None => {}
            Some(Ok(snapshot)) => {
                self.publish();
                self.running.admin.shared.publish(snapshot);
                tracing::info!(
                    "Roots, client certificates and secrets for upstreams were read anew."
                );
            }
            Some(Err(error)) => tracing::error!(
                error,
                "Roots, client certificates and secrets for upstreams were not taken; the last \
                 good ones stay."
            ),
        }
    }

    fn renew_certificates(&self) {
        if let Some(certificates) = &self.running.certificates {
            tell_renewed(certificates.reload_if_changed());
        }
    }
}

fn tell_renewed(renewed: Result<bool, TlsError>) {
    match renewed {
        Ok(false) => {}
        Ok(true) => tracing::info!("The certificates were read anew."),
        Err(error) => {
            tracing::error!(%error, "The certificates were not taken; the last good ones stay.");
        }
    }
}
