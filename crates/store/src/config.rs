//! Which database it is, from the keys of `[database.apim_db]`.
//!
//! WSO2's file names databases by JDBC. PostgreSQL's URLs are understood, with the parameters that
//! have a meaning here. H2, which WSO2 has when nothing is set up, becomes our own SQLite.

use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use model::Secret;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sqlx::ConnectOptions as _;
use sqlx::any::AnyConnectOptions;
use thiserror::Error;
use url::Url;

/// Where SQLite's file is below the home of the program, when nobody says otherwise.
pub const DEFAULT_FILE: &str = "data/weir.db";

/// What stands for itself in the path of SQLite's URL.
const PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_').remove(b'~');

/// Parameters of PostgreSQL's JDBC driver that only tune that driver.
const WITHOUT_MEANING: &[&str] = &[
    "autosave",
    "binaryTransfer",
    "cancelSignalTimeout",
    "connectTimeout",
    "defaultRowFetchSize",
    "loginTimeout",
    "preferQueryMode",
    "prepareThreshold",
    "preparedStatementCacheQueries",
    "preparedStatementCacheSizeMiB",
    "reWriteBatchedInserts",
    "socketTimeout",
    "stringtype",
    "tcpKeepAlive",
];

/// Parameters that keep their name.
const KEPT: &[&str] =
    &["application_name", "host", "options", "sslcert", "sslkey", "sslmode", "sslrootcert"];

/// The ways to verify a server, from PostgreSQL's documentation (libpq, SSL support).
const SSL_MODES: &[&str] = &["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/// A database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreConfig {
    /// SQLite.
    Sqlite {
        /// The file; its folder is made when it is absent.
        path: PathBuf,
    },
    /// PostgreSQL.
    Postgres {
        /// The URL that sqlx reads, with user and password.
        url: Secret,
    },
}

/// The keys of `[database.apim_db]`, as they are written, without blanks around them.
#[derive(Debug, Clone, Default)]
pub struct DatabaseKeys<'a> {
    /// `type`.
    pub kind: Option<&'a str>,
    /// `url`.
    pub url: Option<&'a str>,
    /// `username`.
    pub username: Option<&'a str>,
    /// `password`.
    pub password: Option<&'a Secret>,
    /// `path`, which WSO2 does not have: the file of SQLite.
    pub path: Option<&'a str>,
}

/// Why the keys name no database.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A database of another maker.
    #[error(
        "databases of type `{0}` are not supported; use type = \"postgre\" with the URL of a PostgreSQL server, or type = \"sqlite\""
    )]
    Kind(String),
    /// No URL for PostgreSQL.
    #[error(
        "type = \"postgre\" needs url, such as \"jdbc:postgresql://db.example.com:5432/apim_db\""
    )]
    NoUrl,
    /// A URL that cannot be read. It is not repeated, since it may hold a password.
    #[error("url cannot be read ({0}); write jdbc:postgresql://host:port/database")]
    Url(String),
    /// The URL is one of another database than `type` says.
    #[error("url belongs to `{url}` and type says `{kind}`; make both the same")]
    Mismatch {
        /// What `type` says.
        kind: String,
        /// The scheme of the URL.
        url: String,
    },
    /// Several servers in one URL.
    #[error("url names several hosts; name the one that takes writes")]
    Hosts,
    /// A parameter of the URL that is not known.
    #[error("url has the parameter `{0}`, which has no meaning here; remove it")]
    Parameter(String),
    /// A parameter of the URL with a value that is not known.
    #[error("url says {name}={value}; use one of {known}")]
    Value {
        /// The parameter.
        name: &'static str,
        /// What it says.
        value: String,
        /// What it may say.
        known: String,
    },
    /// A path that is no text, or empty.
    #[error("the path of the SQLite file is empty, or cannot be written as text")]
    Path,
}

impl StoreConfig {
    /// Reads the keys. Paths are relative to `home`.
    ///
    /// Without `type`, the URL decides; without both it is SQLite.
    ///
    /// # Errors
    ///
    /// Keys that name no database that can be used, with what to write instead.
    pub fn parse(keys: &DatabaseKeys<'_>, home: &Path) -> Result<Self, ConfigError> {
        let url = keys.url.map(str::trim).filter(|url| !url.is_empty());
        let of_url = url.map(scheme);
        let kind = keys.kind.map(|kind| kind.trim().to_ascii_lowercase());
        let kind = kind.filter(|kind| !kind.is_empty());
        let named = kind.as_deref().or(of_url).unwrap_or("sqlite");
        match named {
            "h2" => Ok(Self::Sqlite { path: home.join(keys.path.unwrap_or(DEFAULT_FILE)) }),
            "sqlite" => {
                let agrees = matches!(of_url, None | Some("sqlite" | "file" | ""));
                match of_url.filter(|_| !agrees) {
                    Some(scheme) => Err(mismatch(named, scheme)),
                    None => sqlite(keys.path, url, home),
                }
            }
            "postgre" | "postgres" | "postgresql" => match of_url {
                None => Err(ConfigError::NoUrl),
                Some("postgresql" | "postgres") => {
                    postgres(url.unwrap_or_default(), keys.username, keys.password)
                }
                Some(scheme) => Err(mismatch(named, scheme)),
            },
            other => Err(ConfigError::Kind(shown(other))),
        }
    }

    /// What sqlx connects to.
    pub(crate) fn connect_options(&self) -> Result<AnyConnectOptions, ConfigError> {
        let options = match self {
            Self::Sqlite { path } => {
                let path =
                    path.to_str().filter(|path| !path.is_empty()).ok_or(ConfigError::Path)?;
                // A first character that is no letter keeps sqlx from taking it for a host.
                let path = if path.starts_with('/') { path.into() } else { format!("./{path}") };
                let path = utf8_percent_encode(&path, PATH);
                AnyConnectOptions::from_str(&format!("sqlite:{path}?mode=rw"))
            }
            Self::Postgres { url } => AnyConnectOptions::from_str(url.expose()),
        };
        let options = options.map_err(|error| ConfigError::Url(error.to_string()))?;
        Ok(options.disable_statement_logging())
    }
}

fn mismatch(kind: &str, url: &str) -> ConfigError {
    ConfigError::Mismatch { kind: shown(kind), url: shown(url) }
}

/// What stands in a message: short, and of letters.
fn shown(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric()).take(20).collect()
}

/// The scheme of a URL, below `jdbc:`; empty for a path.
fn scheme(url: &str) -> &str {
    let url = url.strip_prefix("jdbc:").unwrap_or(url);
    url.split_once(':').map_or("", |(scheme, _)| scheme)
}

fn sqlite(path: Option<&str>, url: Option<&str>, home: &Path) -> Result<StoreConfig, ConfigError> {
    let of_url = url.map(|url| {
        let url = url.strip_prefix("jdbc:").unwrap_or(url);
        let url = url.strip_prefix("sqlite:").or(url.strip_prefix("file:")).unwrap_or(url);
        let path = url.strip_prefix("//").unwrap_or(url);
        path.split_once('?').map_or(path, |(path, _)| path)
    });
    let path = path.or(of_url).unwrap_or(DEFAULT_FILE).trim();
    if path.is_empty() || path == ":memory:" {
        return Err(ConfigError::Path);
    }
    Ok(StoreConfig::Sqlite { path: home.join(path) })
}

fn postgres(
    url: &str,
    username: Option<&str>,
    password: Option<&Secret>,
) -> Result<StoreConfig, ConfigError> {
    let is_jdbc = url.starts_with("jdbc:");
    let rest = url.strip_prefix("jdbc:").unwrap_or(url);
    let rest = rest.split_once(':').map(|(_, rest)| rest).unwrap_or_default();
    // jdbc:postgresql:database means the server on this machine.
    let rest = match rest.strip_prefix("//") {
        Some(rest) if rest.starts_with('/') && is_jdbc => format!("localhost{rest}"),
        Some(rest) => rest.to_owned(),
        None if is_jdbc => format!("localhost/{}", rest.trim_start_matches('/')),
        None => return Err(ConfigError::Url("no // after the scheme".into())),
    };
    if rest.split(['/', '?']).next().is_some_and(|host| host.contains(',')) {
        return Err(ConfigError::Hosts);
    }
    let read = Url::parse(&format!("postgres://{rest}"));
    let read = read.map_err(|error| ConfigError::Url(error.to_string()))?;
    let mut url = read.clone();
    url.set_query(None);
    let mut pairs = Vec::new();
    for (name, value) in read.query_pairs() {
        if let Some(pair) = parameter(&name, &value)? {
            pairs.push(pair);
        }
    }
    let username = username.filter(|name| !name.is_empty());
    pairs.extend(username.map(|name| ("user".into(), name.to_owned())));
    let password = password.filter(|password| !password.is_empty());
    pairs.extend(password.map(|password| ("password".into(), password.expose().to_owned())));
    if !pairs.is_empty() {
        url.query_pairs_mut().extend_pairs(pairs);
    }
    Ok(StoreConfig::Postgres { url: Secret::new(url) })
}

/// A parameter in the words of sqlx; `None` where it has no meaning.
fn parameter(name: &str, value: &str) -> Result<Option<(String, String)>, ConfigError> {
    let pair = |name: &str| Ok(Some((name.to_owned(), value.to_owned())));
    match name {
        "sslmode" if !SSL_MODES.contains(&value) => Err(ConfigError::Value {
            name: "sslmode",
            value: shown(value),
            known: SSL_MODES.join(", "),
        }),
        "ssl" => match value.to_ascii_lowercase().as_str() {
            // The driver verifies fully where nothing else is said.
            "" | "true" => Ok(Some(("sslmode".into(), "verify-full".into()))),
            "false" => Ok(Some(("sslmode".into(), "disable".into()))),
            other => Err(ConfigError::Value {
                name: "ssl",
                value: shown(other),
                known: "true, false".into(),
            }),
        },
        "user" | "password" => pair(name),
        "ApplicationName" => pair("application_name"),
        "currentSchema" => pair("options[search_path]"),
        _ if KEPT.contains(&name) => pair(name),
        _ if WITHOUT_MEANING.contains(&name) => Ok(None),
        _ => Err(ConfigError::Parameter(shown(name))),
    }
}

#[cfg(test)]
mod tests;
