//! The connections to the database.

use std::path::Path;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{Any, AnyConnection, AnyPool, Transaction};

use crate::changes::{Changes, Doer};
use crate::config::StoreConfig;
use crate::error::StoreError;
use crate::migrate;
use crate::sealer::Sealer;
use crate::sql::script;

/// Connections of SQLite that read, beside the one that writes.
const READERS: u32 = 4;
/// Connections to PostgreSQL.
const CONNECTIONS: u32 = 16;
/// How long a caller waits for a connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// For each connection to SQLite. Acknowledged is what is on the disk (`synchronous`); a second
/// program that writes is waited for, up to 5 s.
const PRAGMAS: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; \
    PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;";

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// SQLite, in a file.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// What the control plane knows, in a database.
///
/// It reads by its own methods, and writes by [`Changes`]. Clones share the connections.
#[derive(Debug, Clone)]
pub struct Store {
    engine: Engine,
    readers: AnyPool,
    writers: AnyPool,
    sealer: Sealer,
}

impl Store {
    /// Opens the database, makes it where there is none (SQLite), and brings it to the schema of this
    /// program.
    ///
    /// # Errors
    ///
    /// A folder or file that cannot be made, a database that cannot be reached, or one that a newer
    /// program has written.
    pub async fn open(config: &StoreConfig, sealer: Sealer) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let options = config.connect_options()?;
        let (engine, readers, writers) = match config {
            StoreConfig::Sqlite { path } => {
                prepare_file(path)?;
                let writers = sqlite_pool(1, options.clone());
                (Engine::Sqlite, sqlite_pool(READERS, options), writers)
            }
            StoreConfig::Postgres { .. } => {
                let pool = AnyPoolOptions::new()
                    .max_connections(CONNECTIONS)
                    .acquire_timeout(PATIENCE)
                    .connect_lazy_with(options);
                (Engine::Postgres, pool.clone(), pool)
            }
        };
        let store = Self { engine, readers, writers, sealer };
        let mut transaction = store.begin().await?;
        migrate::migrate(&mut transaction, engine).await?;
        transaction.commit().await?;
        Ok(store)
    }

    /// Which database it is.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Begins changes, which are kept when they are committed and lost when they are dropped.
    ///
    /// With SQLite there are only ever one [`Changes`] at a time; others wait.
    ///
    /// # Errors
    ///
    /// The database cannot be reached, or is busy for too long.
    pub async fn change(&self, doer: Doer) -> Result<Changes, StoreError> {
        Ok(Changes::new(self.begin().await?, doer, self.sealer.clone()))
    }

    /// Whether the database answers.
    ///
    /// # Errors
    ///
    /// It does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let mut connection = self.reader().await?;
        crate::sql::sql("SELECT 1 AS one").first(&mut connection).await.map(drop)
    }

    /// Ends all connections, once what runs is done.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writers.close().await;
    }

    pub(crate) fn sealer(&self) -> &Sealer {
        &self.sealer
    }

    pub(crate) async fn reader(&self) -> Result<sqlx::pool::PoolConnection<Any>, StoreError> {
        Ok(self.readers.acquire().await?)
    }

    /// A transaction that writes. SQLite's takes the lock at once, since it could not get it any more
    /// after it has read what another has changed since.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Any>, StoreError> {
        let begin = match self.engine {
            Engine::Sqlite => "BEGIN IMMEDIATE",
            Engine::Postgres => "BEGIN",
        };
        Ok(self.writers.begin_with(begin).await?)
    }

    /// A transaction that reads, and sees one state of the database up to its end.
    pub(crate) async fn snapshot(&self) -> Result<Transaction<'static, Any>, StoreError> {
        let begin = match self.engine {
            Engine::Sqlite => "BEGIN",
            Engine::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        Ok(self.readers.begin_with(begin).await?)
    }
}

fn sqlite_pool(connections: u32, options: AnyConnectOptions) -> AnyPool {
    AnyPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        .after_connect(|connection, _| Box::pin(prepare_connection(connection)))
        .connect_lazy_with(options)
}

async fn prepare_connection(connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
    script(connection, PRAGMAS).await.map_err(|error| sqlx::Error::Configuration(error.into()))
}

/// Makes the folder and the file, which only its owner may read: what SQLite makes beside it has the
/// same mode.
fn prepare_file(path: &Path) -> Result<(), StoreError> {
    let failed = |error| StoreError::File { path: path.display().to_string(), error };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(failed).map(drop)
}
