//! Operation policies: common ones, and those of one API.

use model::Files;
use sqlx::any::AnyRow;

use crate::changes::Changes;
use crate::content::{pack, unpack};
use crate::error::{Conflict, StoreError, Thing};
use crate::sealer::Place;
use crate::sql::{Columns as _, sql};
use crate::store::Store;

/// A policy without its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Its id, a UUID.
    pub id: String,
    /// The API that it belongs to; `None` where it is common.
    pub api: Option<String>,
    /// Its name.
    pub name: String,
    /// Its version, such as `v1`.
    pub version: String,
    /// Its name for people.
    pub display_name: String,
    /// The MD5 that WSO2's clients compare.
    pub md5: String,
    /// When it was created, in milliseconds since 1970.
    pub created: i64,
    /// When it was last changed, in milliseconds since 1970.
    pub updated: i64,
}

impl Store {
    /// The common policies, or those of an API, by name and version.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn policies(
        &self,
        organisation: &str,
        api: Option<&str>,
    ) -> Result<Vec<Policy>, StoreError> {
        let mut connection = self.reader().await?;
        let statement = sql("SELECT id, api, name, version, display_name, md5, created, updated \
             FROM policies WHERE organisation = $1 AND api = $2 ORDER BY name, version");
        let statement = statement.text(organisation).text(api.unwrap_or_default());
        statement.all(&mut connection).await?.iter().map(read).collect()
    }

    /// A policy with its files: the specification and the templates.
    ///
    /// # Errors
    ///
    /// The database fails, or the files cannot be opened.
    pub async fn policy(
        &self,
        organisation: &str,
        id: &str,
    ) -> Result<Option<(Policy, Files)>, StoreError> {
        let mut connection = self.reader().await?;
        let statement = sql("SELECT * FROM policies WHERE organisation = $1 AND id = $2");
        let row = statement.text(organisation).text(id).first(&mut connection).await?;
        let Some(row) = row else { return Ok(None) };
        let content = self.sealer().open(content_of(id), &row.bytes("content")?)?;
        Ok(Some((read(&row)?, unpack(&content)?)))
    }
}

impl Changes {
    /// Adds a policy; its times are those of the change.
    ///
    /// # Errors
    ///
    /// The id, or name and version, are taken; no such API; or the database fails, also where there is
    /// no such organisation.
    pub async fn create_policy(&mut self, new: &Policy, files: &Files) -> Result<(), StoreError> {
        if let Some(api) = &new.api {
            self.need_api(api).await?;
        }
        let content = self.sealer().seal(content_of(&new.id), &pack(files))?;
        let statement = sql("INSERT INTO policies (id, organisation, api, name, version, \
             display_name, md5, content, created, updated) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) ON CONFLICT DO NOTHING")
        .text(&new.id)
        .text(self.organisation())
        .text(new.api.as_deref().unwrap_or_default())
        .text(&new.name)
        .text(&new.version)
        .text(&new.display_name)
        .text(&new.md5)
        .bytes(content)
        .number(self.at());
        if self.run(statement).await? == 0 {
            return Err(Conflict::Exists(Thing::Policy).into());
        }
        let detail = format!("{} {}", new.name, new.version);
        self.record("create", Thing::Policy, &new.id, detail).await
    }

    /// Replaces the files of a policy.
    ///
    /// # Errors
    ///
    /// No such policy, or the database fails.
    pub async fn update_policy(
        &mut self,
        id: &str,
        display_name: &str,
        md5: &str,
        files: &Files,
    ) -> Result<(), StoreError> {
        let content = self.sealer().seal(content_of(id), &pack(files))?;
        let statement = sql("UPDATE policies SET display_name = $1, md5 = $2, content = $3, \
                             updated = $4 WHERE organisation = $5 AND id = $6")
        .text(display_name)
        .text(md5)
        .bytes(content)
        .number(self.at())
        .text(self.organisation())
        .text(id);
        self.run_one(statement, Thing::Policy).await?;
        self.record("update", Thing::Policy, id, md5).await
    }

    /// Deletes a policy.
    ///
    /// # Errors
    ///
    /// No such policy, or the database fails.
    pub async fn delete_policy(&mut self, id: &str) -> Result<(), StoreError> {
        let statement = sql("DELETE FROM policies WHERE organisation = $1 AND id = $2");
        let statement = statement.text(self.organisation()).text(id);
        self.run_one(statement, Thing::Policy).await?;
        self.record("delete", Thing::Policy, id, "").await
    }
}

fn content_of(id: &str) -> Place<'_> {
    Place { table: "policies", row: id }
}

fn read(row: &AnyRow) -> Result<Policy, StoreError> {
    Ok(Policy {
        id: row.text("id")?,
        api: Some(row.text("api")?).filter(|api| !api.is_empty()),
        name: row.text("name")?,
        version: row.text("version")?,
        display_name: row.text("display_name")?,
        md5: row.text("md5")?,
        created: row.number("created")?,
        updated: row.number("updated")?,
    })
}
