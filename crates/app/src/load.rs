//! Reading the configuration: flags, then the environment, then `deployment.toml`, then defaults.

use std::path::{Path, PathBuf};

use gateway::config::GatewayConfig;
use gateway::config::aws::AwsEnvironment;
use gateway::config::overrides::Overrides;
use gateway::config::read::gateway_config;
use gateway::vault;
use model::Diagnostics;
use model::secret::seal::PURPOSE;
use settings::{Settings, Variables};

use crate::cli;

/// A configuration as read.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// Every value with its origin.
    pub(crate) settings: Settings,
    /// The typed configuration.
    pub(crate) config: GatewayConfig,
    /// What was found on the way.
    pub(crate) diagnostics: Diagnostics,
    /// The file it was read from, whether it is there or not.
    pub(crate) file: PathBuf,
}

/// Where the configuration of an installation folder is.
pub(crate) fn config_file(home: &cli::Home) -> PathBuf {
    home.config.clone().unwrap_or_else(|| home.home.join("repository/conf/deployment.toml"))
}

/// Reads the configuration.
///
/// # Errors
///
/// A file that was named and cannot be read, or a value of the environment that cannot be taken.
pub(crate) fn load(home: &cli::Home, mut overrides: Overrides) -> Result<Loaded, String> {
    let file = config_file(home);
    let text = read(&file, home.config.is_some())?;
    let shown = file.display().to_string();
    if overrides.home.is_none() {
        let origin = settings::Origin::Default;
        overrides.home =
            Some(gateway::config::overrides::Sourced { value: home.home.clone(), origin });
    }
    let readable = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    overrides.aws = AwsEnvironment::of(readable);
    let variables = Variables::default()
        .with_environment(|name| std::env::var(name).ok())
        .with_files(file_text)
        .with_sealed(opened);
    let variables = overrides.fix(with_local_ip(variables));
    let (settings, mut diagnostics) = match &text {
        Some(text) => Settings::read(text, &shown, &variables),
        None => (Settings::empty(&shown), Diagnostics::new()),
    };
    let (config, found) = gateway_config(&settings, &overrides);
    diagnostics.extend(found);
    diagnostics.extend(settings.unknown());
    Ok(Loaded { settings, config, diagnostics, file })
}

fn read(file: &Path, is_required: bool) -> Result<Option<String>, String> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !is_required => Ok(None),
        Err(error) => Err(format!("cannot read {}: {error}", file.display())),
    }
}

/// The text of a file, without the line break at its end. Whoever writes the configuration may name
/// any file.
fn file_text(path: &str) -> Result<String, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}

/// A sealed secret. The keys are those of the environment: `[weir.secrets]` is in the file that is
/// being read.
fn opened(text: &str) -> Result<String, String> {
    let (keys, _files) = vault::keys(None)?;
    let secret = keys.open(text, PURPOSE).map_err(|error| error.to_string())?;
    Ok(secret.expose().to_owned())
}

/// `${carbon.local.ip}`: the address from which this machine would reach others.
fn with_local_ip(variables: Variables) -> Variables {
    let address = std::net::UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
        // Connecting a datagram socket sends nothing; it only picks a route.
        socket.connect("192.0.2.1:9")?;
        socket.local_addr()
    });
    match address {
        Ok(address) => variables.with_local_ip(&address.ip().to_string()),
        Err(_no_route) => variables,
    }
}

/// What flags and the environment say.
///
/// # Errors
///
/// The first value that cannot be taken.
pub(crate) fn overrides(options: &cli::Serve) -> Result<Overrides, String> {
    let environment = |name: &str| std::env::var(name).ok();
    let mut overrides =
        Overrides::from_environment(environment).map_err(|error| error.to_string())?;
    let flags = [
        ("http", &options.http),
        ("https", &options.https),
        ("manage", &options.manage),
        ("manage-http", &options.manage_http),
        ("admin", &options.admin),
        ("workers", &options.workers),
    ];
    for (name, value) in flags {
        if let Some(value) = value {
            overrides.set_flag(name, value).map_err(|error| error.to_string())?;
        }
    }
    Ok(overrides)
}
