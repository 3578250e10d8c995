//! What flags and the environment say; it wins over the file.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use settings::{Origin, Variables};

use super::aws::AwsEnvironment;

/// Environment variables that are read, with the setting each stands for.
pub const ENVIRONMENT: [(&str, &str); 7] = [
    ("WEIR_HTTP", "http"),
    ("WEIR_HTTPS", "https"),
    ("WEIR_MANAGE", "manage"),
    ("WEIR_MANAGE_HTTP", "manage-http"),
    ("WEIR_ADMIN", "admin"),
    ("WEIR_HOME", "home"),
    ("WEIR_WORKERS", "workers"),
];

/// A value with where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Where it comes from.
    pub origin: Origin,
}

/// Values that win over the file.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// Gateway, clear text; the inner `None` switches the listener off.
    pub http: Option<Sourced<Option<SocketAddr>>>,
    /// Gateway, TLS.
    pub https: Option<Sourced<Option<SocketAddr>>>,
    /// Management, TLS.
    pub manage: Option<Sourced<Option<SocketAddr>>>,
    /// Management, clear text.
    pub manage_http: Option<Sourced<Option<SocketAddr>>>,
    /// Admin.
    pub admin: Option<Sourced<Option<SocketAddr>>>,
    /// The installation folder.
    pub home: Option<Sourced<PathBuf>>,
    /// How many workers serve.
    pub workers: Option<Sourced<usize>>,
    /// The variables that the SDKs of AWS read.
    pub aws: AwsEnvironment,
}

/// A flag or environment variable that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{origin} is {text:?}, but must be {expected}")]
pub struct OverrideError {
    origin: Origin,
    text: String,
    expected: &'static str,
}

impl Overrides {
    /// Reads [`ENVIRONMENT`]; empty variables count as not set.
    ///
    /// # Errors
    /// The first variable that cannot be taken.
    pub fn from_environment(
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, OverrideError> {
        let mut overrides = Self::default();
        for (variable, name) in ENVIRONMENT {
            if let Some(text) = lookup(variable).filter(|text| !text.is_empty()) {
                overrides.set(name, &text, Origin::Environment(variable.to_owned()))?;
            }
        }
        Ok(overrides)
    }

    /// Takes a flag `--name text`; it replaces what was set before.
    ///
    /// # Errors
    /// The text cannot be taken.
    pub fn set_flag(&mut self, name: &str, text: &str) -> Result<(), OverrideError> {
        self.set(name, text, Origin::Flag(format!("--{name}")))
    }

    /// Takes one value by the name of its flag, without the dashes.
    ///
    /// # Errors
    /// The text cannot be taken, or there is no such name.
    pub fn set(&mut self, name: &str, text: &str, origin: Origin) -> Result<(), OverrideError> {
        let slot = match name {
            "http" => &mut self.http,
            "https" => &mut self.https,
            "manage" => &mut self.manage,
            "manage-http" => &mut self.manage_http,
            "admin" => &mut self.admin,
            "home" => {
                self.home = Some(Sourced { value: PathBuf::from(text), origin });
                return Ok(());
            }
            "workers" => return self.set_workers(text, origin),
            _ => return Err(refusal(text, origin, "left out: it is not known")),
        };
        match parse_listener(text, IpAddr::V4(Ipv4Addr::UNSPECIFIED)) {
            Some(value) => *slot = Some(Sourced { value, origin }),
            None => {
                return Err(refusal(
                    text,
                    origin,
                    "an address such as 0.0.0.0:8280, a port, or off",
                ));
            }
        }
        Ok(())
    }

    /// Ports that flags and the environment decide, for `${http.nio.port}` and its like.
    #[must_use]
    pub fn fix(&self, mut variables: Variables) -> Variables {
        let ports = [
            ("http.nio.port", &self.http),
            ("https.nio.port", &self.https),
            ("mgt.transport.https.port", &self.manage),
            ("carbon.management.port", &self.manage),
            ("mgt.transport.http.port", &self.manage_http),
        ];
        for (name, listener) in ports {
            let address = listener.as_ref().and_then(|listener| listener.value);
            if let Some(port) = address.map(|address| address.port()).filter(|port| *port != 0) {
                variables = variables.with_fixed(name, &port.to_string());
            }
        }
        variables
    }

    fn set_workers(&mut self, text: &str, origin: Origin) -> Result<(), OverrideError> {
        match text.trim().parse() {
            Ok(value @ 1..=1024) => {
                self.workers = Some(Sourced { value, origin });
                Ok(())
            }
            _ => Err(refusal(text, origin, "a number from 1 to 1024")),
        }
    }
}

/// Reads `8280`, `:8280`, `127.0.0.1:8280`, `[::1]:8280`, `localhost:8280` or `off`.
///
/// A text without an address listens on `address`. `None` where the text is none of these;
/// `Some(None)` for `off`.
#[must_use]
pub fn parse_listener(text: &str, address: IpAddr) -> Option<Option<SocketAddr>> {
    let text = text.trim();
    if matches!(text.to_ascii_lowercase().as_str(), "off" | "none" | "false") {
        return Some(None);
    }
    if let Ok(socket) = text.parse() {
        return Some(Some(socket));
    }
    let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
    let ip = match host {
        "" => address,
        "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
        "*" => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        _ => return None,
    };
    let port = port.parse().ok()?;
    Some(Some(SocketAddr::new(ip, port)))
}

/// A listener as text: its address, or `off`.
pub(crate) fn listener_text(listener: Option<SocketAddr>) -> String {
    listener.map_or_else(|| "off".to_owned(), |address| address.to_string())
}

fn refusal(text: &str, origin: Origin, expected: &'static str) -> OverrideError {
    OverrideError { origin, text: text.to_owned(), expected }
}
