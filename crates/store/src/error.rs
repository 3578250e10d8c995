//! Why the store did not do what it was asked.

use std::error::Error;

use model::secret::seal::SealError;
use thiserror::Error;

use crate::config::ConfigError;

/// Why the store did not do what it was asked. Nothing of what was asked has been kept then, once the
/// [`Changes`](crate::Changes) are dropped.
#[derive(Debug, Error)]
pub enum StoreError {
    /// It would be in the way of something that is there.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// What was asked for is not there.
    #[error("there is no such {0}")]
    Missing(Thing),
    /// Somebody else has changed it in the meantime.
    #[error("it was changed in the meantime: its version is {found}, not {expected}")]
    Stale {
        /// The version that the caller has seen.
        expected: i64,
        /// The version that is there.
        found: i64,
    },
    /// A value that the databases cannot hold: a text with the character U+0000.
    #[error("a text holds the character U+0000, which cannot be stored")]
    Unstorable,
    /// A statement failed before, or was left off midway; these changes can only be dropped.
    #[error("an earlier step of these changes failed, so that none of them is kept")]
    Broken,
    /// The configuration names no database that can be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database was written by a newer program.
    #[error(
        "the database has schema {found} and this program knows schemas up to {known}; start a newer program, or restore a backup into an empty database"
    )]
    NewerSchema {
        /// The schema of the database.
        found: i64,
        /// The newest schema of this program.
        known: i64,
    },
    /// A secret cannot be sealed or opened.
    #[error("a sealed value cannot be used: {0}")]
    Seal(#[from] SealError),
    /// A row holds what the program has not written.
    #[error("what is stored is damaged: {0}")]
    Damaged(String),
    /// A backup cannot be restored.
    #[error("the backup cannot be restored: {0}")]
    Restore(String),
    /// The database does not answer, or is busy; the same may work later.
    #[error("the database cannot be reached: {0}")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// The database refused a statement.
    #[error("the database failed: {0}")]
    Database(#[source] Box<dyn Error + Send + Sync>),
    /// A file or folder of the store.
    #[error("{path}: {error}")]
    File {
        /// The file or folder.
        path: String,
        /// What the system says.
        #[source]
        error: std::io::Error,
    },
}

/// What is in the way. The numbers are those of the control plane's errors (spec/04 §3.0).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Conflict {
    /// An API of this name is there, in another spelling (900250).
    #[error("an API of this name exists in another spelling")]
    ApiName,
    /// Another API has the context (900251).
    #[error("another API has this context")]
    ApiContext,
    /// The API has this version already (900252).
    #[error("the API exists in this version")]
    ApiVersion,
    /// Another version of the API has another context; all versions share one.
    #[error("the other versions of the API have another context")]
    ApiContextOfVersions,
    /// Another version of the API is of another provider (900362).
    #[error("the other versions of the API are of another provider")]
    ApiProvider,
    /// A revision that is deployed cannot be deleted (900348).
    #[error("the revision is deployed")]
    RevisionDeployed,
    /// The API has as many revisions as it may have (900351).
    #[error("the API has as many revisions as it may have")]
    TooManyRevisions,
    /// A service that APIs were made from cannot be deleted.
    #[error("APIs use the service")]
    ServiceUsed,
    /// A service has the key already.
    #[error("a service has this key")]
    ServiceKey,
    /// A service has this name and version already.
    #[error("the service exists in this version")]
    ServiceVersion,
    /// Something of this kind has the name, alias or id already.
    #[error("such a {0} exists")]
    Exists(Thing),
}

/// A kind of thing that is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thing {
    /// An organisation, which WSO2 calls tenant.
    Organisation,
    /// A user.
    User,
    /// An OAuth client.
    Client,
    /// A token.
    Token,
    /// An API.
    Api,
    /// A revision of an API.
    Revision,
    /// A revision in an environment.
    Deployment,
    /// A service of the catalog.
    Service,
    /// A certificate.
    Certificate,
    /// An operation policy.
    Policy,
    /// An environment of gateways.
    Environment,
    /// A setting.
    Setting,
}

impl Thing {
    /// Its name in texts and in the audit.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::User => "user",
            Self::Client => "client",
            Self::Token => "token",
            Self::Api => "API",
            Self::Revision => "revision",
            Self::Deployment => "deployment",
            Self::Service => "service",
            Self::Certificate => "certificate",
            Self::Policy => "policy",
            Self::Environment => "environment",
            Self::Setting => "setting",
        }
    }
}

impl std::fmt::Display for Thing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as Cause;
        match &error {
            Cause::Io(_)
            | Cause::Tls(_)
            | Cause::PoolTimedOut
            | Cause::PoolClosed
            | Cause::WorkerCrashed => Self::Unavailable(error.into()),
            Cause::Database(refusal) if is_passing(refusal.code().as_deref()) => {
                Self::Unavailable(error.into())
            }
            _ => Self::Database(error.into()),
        }
    }
}

/// Whether a database may do later what it refuses now: SQLite's busy and locked with their
/// extensions; PostgreSQL's classes for connections, resources, shutdown, and rolled back
/// transactions.
fn is_passing(code: Option<&str>) -> bool {
    let Some(code) = code else { return false };
    let of_sqlite = |number: u32| matches!(number & 0xff, 5 | 6);
    match code.len() {
        5 => ["08", "40", "53", "57"].iter().any(|class| code.starts_with(class)),
        _ => code.parse().is_ok_and(of_sqlite),
    }
}

#[cfg(test)]
mod tests {
    use super::is_passing;

    #[test]
    fn what_passes_is_told_from_what_stays() {
        for passing in ["5", "6", "261", "517", "08006", "40001", "53300", "57P01"] {
            assert!(is_passing(Some(passing)), "{passing}");
        }
        for staying in ["1", "787", "2067", "23505", "42P01", "22021"] {
            assert!(!is_passing(Some(staying)), "{staying}");
        }
        assert!(!is_passing(None));
    }
}
