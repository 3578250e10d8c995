//! `weir serve`: starts everything, follows changes, and drains at the end.

mod follow;
mod logging;
mod management;
mod signals;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use gateway::admin::Admin;
use gateway::config::overrides::Overrides;
use gateway::config::{GatewayConfig, read};
use gateway::deploy::{self, Deployer};
use gateway::listener::tls::ServerCertificates;
use gateway::serve::Gateway;
use gateway::source::folder::ProjectFolders;
use gateway::telemetry::log::{AccessLog, Format};
use model::Diagnostics;
use settings::Settings;
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
    let certificates = certificates(&config)?;
    let deployer = deploy::deployer(Arc::clone(&config), options.environment.clone())?;
    serve(options, &loaded.settings, config, certificates, deployer)
}

fn serve(
    options: &cli::Serve,
    settings: &Settings,
    config: Arc<GatewayConfig>,
    certificates: Option<Arc<ServerCertificates>>,
    mut deployer: Deployer,
) -> Result<ExitCode, String> {
    if options.apis.is_empty() {
        tracing::warn!("No folder of API projects is given with --apis, so nothing is served.");
    }
    let mut folders = ProjectFolders::new(options.apis.clone());
    let snapshot = deployer.apply(folders.changes());
    let count = snapshot.apis.len();
    let format = if logging::is_terminal() { Format::Text } else { Format::Json };
    let access_log = AccessLog::start(Box::new(std::io::stderr()), format, config.workers)
        .map_err(|error| format!("cannot start the access log: {error}"))?;
    let gateway = Gateway::start(snapshot, access_log, certificates.as_deref())
        .map_err(|error| error.to_string())?;
    let admin = Arc::new(Admin::new(Arc::clone(&gateway.shared)));
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
    let mut signals = runtime.block_on(async {
        let managed = management::start(&running).await?;
        let follower = follow::start(Arc::clone(&running), deployer, folders)?;
        // Whoever reads the line may send a signal at once.
        let mut signals = Signals::receive()?;
        // The first caller need not wait for the keys of its issuer then.
        let admitter = Arc::clone(&admin.shared.snapshot.load().admitter);
        tokio::spawn(async move { admitter.warm_up().await });
        admin.is_ready.store(true, Ordering::Release);
        announce(&gateway, &managed, count);
        signals.wait(&follower).await;
        Ok::<_, String>(signals)
    })?;
    admin.is_ready.store(false, Ordering::Release);
    runtime.block_on(stop(gateway, &running, &mut signals));
    // A drain that was cut short is still waited for by a thread.
    runtime.shutdown_background();
    Ok(ExitCode::SUCCESS)
}

/// Drains while the management listeners still answer; a second signal cuts it short.
async fn stop(gateway: Gateway, running: &Running, signals: &mut Signals) {
    // As it was read last, since a reload may have changed it.
    let limit = running.admin.shared.snapshot.load().config.timeouts.drain;
    tracing::info!(limit_s = limit.as_secs(), "Draining: no new connections are taken.");
    let drained = tokio::task::spawn_blocking(move || gateway.stop(limit));
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

fn announce(gateway: &Gateway, managed: &management::Addresses, count: usize) {
    let mut line = "Weir is serving:".to_owned();
    if let Some(address) = gateway.http {
        line.push_str(&format!(" http://{address}"));
    }
    if let Some(address) = gateway.https {
        line.push_str(&format!(" https://{address}"));
    }
    line.push_str(&format!(" ({})\n", output::counted(count, "API")));
    output::text(&line);
    let shown = |address: Option<SocketAddr>| address.map(tracing::field::display);
    tracing::info!(
        admin = shown(managed.admin),
        manage = shown(managed.manage),
        manage_http = shown(managed.manage_http),
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
