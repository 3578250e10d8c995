//! `weir serve`: starts everything, follows changes, and drains at the end.

mod descriptors;
mod follow;
mod handover;
mod logging;
mod management;
mod signals;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use gateway::admin::Admin;
use gateway::config::overrides::Overrides;
use gateway::config::{GatewayConfig, read};
use gateway::deploy::{self, Deployer};
use gateway::endpoint::check::Checker;
use gateway::listener::tls::ServerCertificates;
use gateway::serve::{Gateway, StartError};
use gateway::source::folder::ProjectFolders;
use gateway::telemetry::log::{AccessLog, Format};
use gateway::worker::Shared;
use model::Diagnostics;
use settings::Settings;

use follow::Follower;
use handover::{Offer, Predecessor, Role, Sockets};
use management::SideListeners;
use signals::Signals;

use crate::{INPUT_ERRORS, cli, load, output};

/// What runs, and what it takes to change and to end it.
pub(crate) struct Running {
    pub(crate) options: Arc<cli::Serve>,
    pub(crate) admin: Arc<Admin>,
    pub(crate) certificates: Option<Arc<ServerCertificates>>,
    pub(crate) config: Arc<GatewayConfig>,
}

/// Serves until the process is told to stop.
pub(crate) fn run(options: &cli::Serve) -> ExitCode {
    logging::start();
    let overrides = match load::overrides(options) {
        Ok(overrides) => overrides,
        Err(error) => return output::wrong_usage(&error),
    };
    match start_and_wait(options, overrides) {
        Ok(code) => code,
        Err(error) => output::failure(&error),
    }
}

fn start_and_wait(options: &cli::Serve, overrides: Overrides) -> Result<ExitCode, String> {
    let loaded = load::load(&options.home, overrides)?;
    report(&loaded.diagnostics);
    if loaded.diagnostics.has_errors() {
        return Ok(ExitCode::from(INPUT_ERRORS));
    }
    let mut config = loaded.config;
    config.sample_backend |= options.sample_backend;
    let config = Arc::new(config);
    warn_if_open(&config);
    descriptors::provide(&config.limits);
    let certificates = certificates(&config)?;
    let deployer = deploy::deployer(Arc::clone(&config), options.environment.clone())?;
    serve(options, &loaded.settings, config, certificates, deployer)
}

fn serve(
    options: &cli::Serve,
    settings: &Settings,
    config: Arc<GatewayConfig>,
    certificates: Option<Arc<ServerCertificates>>,
    deployer: Deployer,
) -> Result<ExitCode, String> {
    if options.apis.is_empty() {
        tracing::warn!("No folder of API projects is given with --apis, so nothing is served.");
    }
    let format = if logging::is_terminal() { Format::Text } else { Format::Json };
    let access_log = AccessLog::start(Box::new(std::io::stderr()), format, config.workers)
        .map_err(|error| format!("cannot start the access log: {error}"))?;
    let checker = Checker::start(&config)
        .map_err(|error| format!("cannot start the health checks: {error}"))?;
    let deployer = deployer.watched_by(checker.handle());
    let shared = Arc::new(Shared::new(deployer.nothing(), access_log, config.workers));
    let admin = Arc::new(Admin::new(shared));
    publish_config(&admin, settings);
    let running = Arc::new(Running {
        options: Arc::new(options.clone()),
        admin: Arc::clone(&admin),
        certificates,
        config,
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start the management runtime: {error}"))?;
    runtime.block_on(async {
        let mut serving = start(&running, deployer).await?;
        let ending = serving.wait().await;
        stop(serving, &running, ending).await;
        Ok::<_, String>(())
    })?;
    // A drain that was cut short is still waited for by a thread.
    runtime.shutdown_background();
    Ok(ExitCode::SUCCESS)
}

/// What has to be stopped at the end.
struct Serving {
    gateway: Gateway,
    side: SideListeners,
    signals: Signals,
    follower: Follower,
    offer: Option<Offer>,
}

/// Why it ends.
#[derive(Debug, Clone, Copy)]
enum Ending {
    /// It was told to.
    Stop,
    /// Another process, of this id, serves in its place.
    Succeeded(u64),
}

impl Serving {
    async fn wait(&mut self) -> Ending {
        let Self { signals, follower, offer, .. } = self;
        let taken = async {
            match offer {
                Some(offer) => offer.taken().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = signals.wait(follower) => Ending::Stop,
            successor = taken => Ending::Succeeded(successor),
        }
    }
}

/// Starts everything, in the place of another process where that is asked for.
async fn start(running: &Arc<Running>, deployer: Deployer) -> Result<Serving, String> {
    let Running { options, admin, .. } = &**running;
    let (predecessor, mut inherited) = predecessor(options)?;
    let gateway_sockets = inherited.take_gateway();
    let mut side = SideListeners::bind(running, inherited).await?;
    if predecessor.is_none() {
        // Whoever asks hears at once that nothing is ready; a predecessor is.
        side.serve_admin(admin);
        let address = side.address(Role::Admin).map(tracing::field::display);
        tracing::info!(address, "The projects are being read.");
    }
    let (deployer, folders) = first_snapshot(running, deployer).await?;
    let follower = follow::start(Arc::clone(running), deployer, folders)?;
    // Whoever reads the line may send a signal at once.
    let signals = Signals::receive()?;
    // From here on clients are served, so that what may fail comes before.
    let certificates = running.certificates.as_deref();
    let mut gateway = Gateway::start_with(Arc::clone(&admin.shared), certificates, gateway_sockets)
        .map_err(|error| bind_error(&error, options))?;
    admin.is_ready.store(true, Ordering::Release);
    side.serve_admin(admin);
    side.serve_management(running);
    // The first caller need not wait for the keys of its issuer then.
    let admitter = Arc::clone(&admin.shared.snapshot.load().admitter);
    tokio::spawn(async move { admitter.warm_up().await });
    let took_over = predecessor.is_some();
    if let Some(predecessor) = predecessor {
        // It ends with a log line, whatever comes of it.
        let _told = tokio::task::spawn_blocking(move || predecessor.relieve()).await;
    }
    let mut sockets = side.take_sockets();
    sockets.extend(std::mem::take(&mut gateway.sockets));
    let offer = offer(options, sockets, took_over);
    announce(&gateway, &side, admin.shared.snapshot.load().apis.len());
    Ok(Serving { gateway, side, signals, follower, offer })
}

/// The process that is to be replaced, with its listening sockets.
fn predecessor(options: &cli::Serve) -> Result<(Option<Predecessor>, Sockets), String> {
    if !options.takeover {
        return Ok((None, Sockets::default()));
    }
    match Predecessor::find(&options.home.home)? {
        Some((predecessor, sockets)) => Ok((Some(predecessor), sockets)),
        None => {
            tracing::info!("No process serves from this home, so there is none to take over from.");
            Ok((None, Sockets::default()))
        }
    }
}

/// Reads all projects; the listeners that are open are served meanwhile.
async fn first_snapshot(
    running: &Running,
    mut deployer: Deployer,
) -> Result<(Deployer, ProjectFolders), String> {
    let mut folders = ProjectFolders::new(running.options.apis.clone());
    let read = tokio::task::spawn_blocking(move || {
        let snapshot = deployer.apply(folders.changes());
        (snapshot, deployer, folders)
    });
    let (snapshot, deployer, folders) =
        read.await.map_err(|error| format!("cannot read the projects: {error}"))?;
    running.admin.shared.publish(snapshot);
    Ok((deployer, folders))
}

fn bind_error(error: &StartError, options: &cli::Serve) -> String {
    let is_taken = matches!(
        error,
        StartError::Bind { error, .. } if error.kind() == std::io::ErrorKind::AddrInUse
    );
    if is_taken && !options.takeover && handover::is_served(&options.home.home) {
        return format!("{error}; with --takeover this process takes the place of the other one");
    }
    error.to_string()
}

/// Lets another process take the place of this one; a gateway serves without that too.
fn offer(options: &cli::Serve, sockets: Sockets, took_over: bool) -> Option<Offer> {
    let home = &options.home.home;
    Offer::open(home, sockets, took_over)
        .inspect_err(|error| {
            tracing::info!(
                %error, home = %home.display(),
                "No other process can take the place of this one."
            );
        })
        .ok()
}

/// Drains while the admin listener still answers; a signal cuts it short.
async fn stop(serving: Serving, running: &Running, ending: Ending) {
    let Serving { gateway, side, mut signals, offer, .. } = serving;
    running.admin.is_ready.store(false, Ordering::Release);
    if let Some(offer) = offer {
        offer.withdraw();
    }
    // As it was read last, since a reload may have changed it.
    let limit = running.admin.shared.snapshot.load().config.timeouts.drain;
    let limit_s = limit.as_secs();
    match ending {
        Ending::Stop => tracing::info!(limit_s, "Draining: no new connections are taken."),
        Ending::Succeeded(pid) => {
            side.close();
            tracing::info!(limit_s, pid, "Draining: another process serves in place of this one.");
        }
    }
    let drained = tokio::task::spawn_blocking(move || match ending {
        Ending::Stop => gateway.stop(limit),
        Ending::Succeeded(_) => gateway.hand_over(limit),
    });
    let has_ended = tokio::select! {
        drained = drained => drained.unwrap_or(false),
        () = signals.stop_again() => false,
    };
    if has_ended {
        tracing::info!("Stopped; everything in flight had ended.");
    } else {
        tracing::warn!("Stopped; some exchanges were cut at the end of the drain.");
    }
}

fn announce(gateway: &Gateway, side: &SideListeners, count: usize) {
    let mut line = "Weir is serving:".to_owned();
    if let Some(address) = gateway.http {
        line.push_str(&format!(" http://{address}"));
    }
    if let Some(address) = gateway.https {
        line.push_str(&format!(" https://{address}"));
    }
    line.push_str(&format!(" ({})\n", output::counted(count, "API")));
    output::text(&line);
    let shown = |role| side.address(role).map(tracing::field::display);
    tracing::info!(
        admin = shown(Role::Admin),
        manage = shown(Role::Manage),
        manage_http = shown(Role::ManageHttp),
        "The admin and management listeners are open."
    );
}

fn certificates(config: &GatewayConfig) -> Result<Option<Arc<ServerCertificates>>, String> {
    if config.listeners.https.is_none() && config.listeners.manage.is_none() {
        return Ok(None);
    }
    let certificates =
        ServerCertificates::load(&config.server_tls).map_err(|error| error.to_string())?;
    if let Some(file) = certificates.newly_made() {
        tracing::warn!(
            file = %file.display(),
            "No certificate is configured: a self-signed one for localhost was made and is kept."
        );
    }
    Ok(Some(Arc::new(certificates)))
}

/// Logs what was found in the configuration.
pub(crate) fn report(diagnostics: &Diagnostics) {
    for diagnostic in diagnostics {
        match diagnostic.severity {
            model::Severity::Error => tracing::error!("{diagnostic}"),
            model::Severity::Warning => tracing::warn!("{diagnostic}"),
            model::Severity::Note => tracing::info!("{diagnostic}"),
        }
    }
}

/// Shows the configuration in effect on the admin listener.
pub(crate) fn publish_config(admin: &Admin, settings: &Settings) {
    admin.config.store(Arc::new(read::report(settings)));
}

/// Says loudly that secured operations are served openly.
pub(crate) fn warn_if_open(config: &GatewayConfig) {
    if config.admission.allow_unauthenticated && config.admission.issuers.is_empty() {
        tracing::warn!(
            "ANYBODY CAN CALL SECURED OPERATIONS: [weir.gateway] allow_unauthenticated is true and \
             no [[apim.jwt.issuer]] is configured. Never do this on a network that strangers reach."
        );
    }
}
