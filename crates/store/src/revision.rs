//! Revisions: what APIs were at one time.

use model::Files;
use sqlx::any::AnyRow;

use crate::api::ApiFace;
use crate::changes::Changes;
use crate::content::unpack;
use crate::error::{Conflict, StoreError, Thing};
use crate::sealer::Place;
use crate::sql::{Columns as _, sql};
use crate::store::Store;

/// How many revisions an API may have at one time (spec/04 §2.3).
pub const MAX_REVISIONS: i64 = 5;

/// A revision without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// Its id, a UUID.
    pub id: String,
    /// The API that it is of.
    pub api: String,
    /// Its number; no other revision of the API ever had it.
    pub number: i64,
    /// What its author says of it.
    pub description: String,
    /// When it was made, in milliseconds since 1970.
    pub created: i64,
    /// Who made it.
    pub created_by: String,
}

impl Store {
    /// The revisions of an API, the oldest first.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn revisions(&self, api: &str) -> Result<Vec<Revision>, StoreError> {
        let mut connection = self.reader().await?;
        let statement = sql("SELECT id, api, number, description, created, created_by \
                             FROM revisions WHERE api = $1 ORDER BY number");
        statement.text(api).all(&mut connection).await?.iter().map(read).collect()
    }

    /// A revision with its files; `organisation` is that of its API.
    ///
    /// # Errors
    ///
    /// The database fails, or the content cannot be opened.
    pub async fn revision(
        &self,
        organisation: &str,
        id: &str,
    ) -> Result<Option<(Revision, Files)>, StoreError> {
        let mut connection = self.reader().await?;
        let statement = sql("SELECT r.* FROM revisions r JOIN apis a ON a.id = r.api \
                             WHERE a.organisation = $1 AND r.id = $2");
        let row = statement.text(organisation).text(id).first(&mut connection).await?;
        let Some(row) = row else { return Ok(None) };
        let content = self.sealer().open(content_of(id), &row.bytes("content")?)?;
        Ok(Some((read(&row)?, unpack(&content)?)))
    }
}

impl Changes {
    /// Makes a revision of what the API is now. `id` is a UUID that nobody has used.
    ///
    /// # Errors
    ///
    /// No such API; [`Conflict::TooManyRevisions`]; an id that is taken; or the database fails.
    pub async fn create_revision(
        &mut self,
        api: &str,
        id: &str,
        description: &str,
    ) -> Result<Revision, StoreError> {
        // It locks the row, so that two at once are counted one after the other.
        let statement = sql("UPDATE apis SET last_revision = last_revision + 1 \
                             WHERE organisation = $1 AND id = $2 RETURNING last_revision");
        let row = self.run_first(statement.text(self.organisation()).text(api)).await?;
        let number = row.ok_or(StoreError::Missing(Thing::Api))?.number("last_revision")?;
        let counted = sql("SELECT COUNT(*) AS total FROM revisions WHERE api = $1").text(api);
        let total = self.first(counted).await?.map_or(Ok(0), |row| row.number("total"))?;
        if total >= MAX_REVISIONS {
            return Err(Conflict::TooManyRevisions.into());
        }
        if self.first(sql("SELECT id FROM revisions WHERE id = $1").text(id)).await?.is_some() {
            return Err(Conflict::Exists(Thing::Revision).into());
        }
        let content = self.packed_content(api).await?;
        let content = self.sealer().seal(content_of(id), &content)?;
        let revision = Revision {
            id: id.to_owned(),
            api: api.to_owned(),
            number,
            description: description.to_owned(),
            created: self.at(),
            created_by: self.doer().name.clone(),
        };
        let statement = sql("INSERT INTO revisions (id, api, number, description, created, \
                             created_by, content) VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .text(id)
        .text(api)
        .number(number)
        .text(description)
        .number(revision.created)
        .text(&revision.created_by)
        .bytes(content);
        self.run(statement).await?;
        self.record("create", Thing::Revision, id, format!("revision {number} of {api}")).await?;
        Ok(revision)
    }

    /// Deletes a revision.
    ///
    /// # Errors
    ///
    /// No such revision; [`Conflict::RevisionDeployed`]; or the database fails.
    pub async fn delete_revision(&mut self, api: &str, id: &str) -> Result<(), StoreError> {
        let number = self.lock_revision(api, id).await?;
        let deployed = sql("SELECT api FROM deployments WHERE revision = $1").text(id);
        if self.first(deployed).await?.is_some() {
            return Err(Conflict::RevisionDeployed.into());
        }
        self.run(sql("DELETE FROM revisions WHERE id = $1").text(id)).await?;
        self.record("delete", Thing::Revision, id, format!("revision {number} of {api}")).await
    }

    /// Makes the API what a revision is, and tells its new etag. `face` is what the caller reads off
    /// the files of the revision.
    ///
    /// # Errors
    ///
    /// No such API or revision; an API that was changed since `expected` was seen; or the database
    /// fails.
    pub async fn restore_revision(
        &mut self,
        api: &str,
        id: &str,
        expected: i64,
        face: &ApiFace,
    ) -> Result<i64, StoreError> {
        let number = self.lock_revision(api, id).await?;
        let row = self.first(sql("SELECT content FROM revisions WHERE id = $1").text(id)).await?;
        let sealed = row.ok_or(StoreError::Missing(Thing::Revision))?.bytes("content")?;
        let files = unpack(&self.sealer().open(content_of(id), &sealed)?)?;
        let etag = self.update_api(api, expected, face, &files).await?;
        self.record("restore", Thing::Revision, id, format!("revision {number} of {api}")).await?;
        Ok(etag)
    }

    /// The number of a revision of an API, which nobody else deploys or deletes before these changes
    /// end: all of that passes by the row of the API.
    pub(crate) async fn lock_revision(&mut self, api: &str, id: &str) -> Result<i64, StoreError> {
        let statement = sql("UPDATE apis SET last_revision = last_revision \
                             WHERE organisation = $1 AND id = $2");
        if self.run(statement.text(self.organisation()).text(api)).await? == 0 {
            return Err(StoreError::Missing(Thing::Api));
        }
        let statement = sql("SELECT number FROM revisions WHERE id = $1 AND api = $2");
        let row = self.first(statement.text(id).text(api)).await?;
        row.ok_or(StoreError::Missing(Thing::Revision))?.number("number")
    }
}

/// Where the content of a revision is sealed for.
fn content_of(id: &str) -> Place<'_> {
    Place { table: "revisions", row: id }
}

fn read(row: &AnyRow) -> Result<Revision, StoreError> {
    Ok(Revision {
        id: row.text("id")?,
        api: row.text("api")?,
        number: row.number("number")?,
        description: row.text("description")?,
        created: row.number("created")?,
        created_by: row.text("created_by")?,
    })
}
