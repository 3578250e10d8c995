//! Bringing a database to the schema of the program.
//!
//! Migrations are part of the program, one text for each engine. Those that are missing are applied
//! in one transaction, under a lock, so that several programs may start at once. There is no way
//! back: a database with a newer schema is refused, and an older program needs a backup.

use sqlx::AnyConnection;

use crate::error::StoreError;
use crate::sql::{Columns as _, script, sql};
use crate::store::Engine;

/// One step from a schema to the next.
struct Migration {
    sqlite: &'static str,
    postgres: &'static str,
}

/// In their order; the first one makes schema 1.
const MIGRATIONS: &[Migration] = &[Migration {
    sqlite: include_str!("../migrations/sqlite/0001_start.sql"),
    postgres: include_str!("../migrations/postgres/0001_start.sql"),
}];

/// The schema of this program.
pub(crate) const SCHEMA: i64 = MIGRATIONS.len() as i64;

/// The key of PostgreSQL's advisory lock: "weir" in ASCII.
const LOCK: &str = "SELECT 1 AS one FROM (SELECT pg_advisory_xact_lock(2003134834)) AS locked";

/// Applies what is missing. The connection is inside a transaction that the caller commits; SQLite's
/// is one that writes, which is its lock.
pub(crate) async fn migrate(
    connection: &mut AnyConnection,
    engine: Engine,
) -> Result<(), StoreError> {
    if engine == Engine::Postgres {
        sql(LOCK).first(connection).await?;
    }
    sql("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)")
        .run(connection)
        .await?;
    let row = sql("SELECT version FROM schema_version").first(connection).await?;
    let found = row.map(|row| row.number("version")).transpose()?.unwrap_or(0);
    if found > SCHEMA {
        return Err(StoreError::NewerSchema { found, known: SCHEMA });
    }
    let done = usize::try_from(found).unwrap_or(0);
    for migration in MIGRATIONS.iter().skip(done) {
        let text = match engine {
            Engine::Sqlite => migration.sqlite,
            Engine::Postgres => migration.postgres,
        };
        script(connection, text).await?;
    }
    if found < SCHEMA {
        sql("DELETE FROM schema_version").run(connection).await?;
        sql("INSERT INTO schema_version (version) VALUES ($1)")
            .number(SCHEMA)
            .run(connection)
            .await?;
    }
    Ok(())
}
