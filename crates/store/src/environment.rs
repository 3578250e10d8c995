//! Environments of gateways that were made through the Admin REST API; those of the configuration are
//! not stored.

use sqlx::any::AnyRow;

use crate::changes::Changes;
use crate::error::{Conflict, StoreError, Thing};
use crate::sql::{Columns as _, sql};
use crate::store::Store;

/// An environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Its id, a UUID.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `production`, `sandbox` or `hybrid`.
    pub kind: String,
    /// The rest, virtual hosts above all: a text of the caller's, in clear.
    pub detail: String,
    /// When it was created, in milliseconds since 1970.
    pub created: i64,
}

impl Store {
    /// The environments of an organisation, by name.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn environments(&self, organisation: &str) -> Result<Vec<Environment>, StoreError> {
        let mut connection = self.reader().await?;
        let statement = sql("SELECT * FROM environments WHERE organisation = $1 ORDER BY name");
        statement.text(organisation).all(&mut connection).await?.iter().map(read).collect()
    }
}

impl Changes {
    /// Creates an environment; its time is that of the change.
    ///
    /// # Errors
    ///
    /// The name or id is taken; or the database fails, also where there is no such organisation.
    pub async fn create_environment(&mut self, new: &Environment) -> Result<(), StoreError> {
        let statement = sql("INSERT INTO environments (organisation, name, id, kind, detail, \
             created, updated) VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT DO NOTHING")
        .text(self.organisation())
        .text(&new.name)
        .text(&new.id)
        .text(&new.kind)
        .text(&new.detail)
        .number(self.at());
        if self.run(statement).await? == 0 {
            return Err(Conflict::Exists(Thing::Environment).into());
        }
        self.record("create", Thing::Environment, &new.name, new.kind.as_str()).await
    }

    /// Changes an environment; its name stays.
    ///
    /// # Errors
    ///
    /// No such environment, or the database fails.
    pub async fn update_environment(
        &mut self,
        id: &str,
        kind: &str,
        detail: &str,
    ) -> Result<(), StoreError> {
        let statement = sql("UPDATE environments SET kind = $1, detail = $2, updated = $3 \
                             WHERE organisation = $4 AND id = $5")
        .text(kind)
        .text(detail)
        .number(self.at())
        .text(self.organisation())
        .text(id);
        self.run_one(statement, Thing::Environment).await?;
        self.record("update", Thing::Environment, id, kind).await
    }

    /// Deletes an environment. Deployments in it stay on record; whether there may be any is the
    /// caller's to say.
    ///
    /// # Errors
    ///
    /// No such environment, or the database fails.
    pub async fn delete_environment(&mut self, id: &str) -> Result<(), StoreError> {
        let statement = sql("DELETE FROM environments WHERE organisation = $1 AND id = $2");
        let statement = statement.text(self.organisation()).text(id);
        self.run_one(statement, Thing::Environment).await?;
        self.record("delete", Thing::Environment, id, "").await
    }
}

fn read(row: &AnyRow) -> Result<Environment, StoreError> {
    Ok(Environment {
        id: row.text("id")?,
        name: row.text("name")?,
        kind: row.text("kind")?,
        detail: row.text("detail")?,
        created: row.number("created")?,
    })
}
