//! APIs: rows that lists and searches read, and the content apart from them.

mod list;

use model::Files;
use sqlx::any::AnyRow;

pub use list::{ApiSort, Order};

use crate::changes::Changes;
use crate::content::{pack, unpack};
use crate::error::{Conflict, StoreError, Thing};
use crate::sealer::Place;
use crate::sql::{Columns as _, sql};
use crate::store::Store;

/// An API without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Api {
    /// Its id, a UUID.
    pub id: String,
    /// The organisation that it belongs to.
    pub organisation: String,
    /// Its name; no other API of the organisation has it, in whatever case.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its context without the version, with a leading `/`.
    pub context: String,
    /// The user that it belongs to.
    pub provider: String,
    /// Its type, such as `HTTP` or `SOAP`.
    pub kind: String,
    /// The state of its life cycle in upper case, such as `PUBLISHED`.
    pub status: String,
    /// What lists show beside these columns: a text of the caller's.
    pub summary: String,
    /// When it was created, in milliseconds since 1970.
    pub created: i64,
    /// Who created it.
    pub created_by: String,
    /// When it was last changed, in milliseconds since 1970.
    pub updated: i64,
    /// Who last changed it.
    pub updated_by: String,
    /// Grows with every change; whoever changes the API says which one was seen.
    pub etag: i64,
}

/// An API that is to be created; the organisation is the doer's.
#[derive(Debug, Clone)]
pub struct NewApi {
    /// Its id, a UUID that nobody has used.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its context without the version, with a leading `/`.
    pub context: String,
    /// The user that it belongs to.
    pub provider: String,
    /// Its type.
    pub kind: String,
    /// The state of its life cycle.
    pub status: String,
    /// What lists show and searches look at.
    pub face: ApiFace,
}

/// What lists show of an API and searches look at, beside what names it. It is stored in clear, so it
/// holds no secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApiFace {
    /// Its description.
    pub description: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its properties, by name.
    pub properties: Vec<(String, String)>,
    /// What lists show: a text of the caller's.
    pub summary: String,
}

/// How many characters of a description are searched.
const SEARCHED: usize = 4096;
const BY_ID: &str = "SELECT * FROM apis WHERE organisation = $1 AND id = $2";

impl Store {
    /// An API.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn api(&self, organisation: &str, id: &str) -> Result<Option<Api>, StoreError> {
        let mut connection = self.reader().await?;
        let row = sql(BY_ID).text(organisation).text(id).first(&mut connection).await?;
        row.as_ref().map(read).transpose()
    }

    /// An API with its files, as both were at one moment.
    ///
    /// # Errors
    ///
    /// The database fails, or the content cannot be opened.
    pub async fn api_content(
        &self,
        organisation: &str,
        id: &str,
    ) -> Result<Option<(Api, Files)>, StoreError> {
        let mut connection = self.reader().await?;
        let statement =
            sql("SELECT a.*, c.content FROM apis a JOIN api_contents c ON c.api = a.id \
                             WHERE a.organisation = $1 AND a.id = $2");
        let row = statement.text(organisation).text(id).first(&mut connection).await?;
        let Some(row) = row else { return Ok(None) };
        let content = self.sealer().open(content_of(id), &row.bytes("content")?)?;
        Ok(Some((read(&row)?, unpack(&content)?)))
    }

    /// The versions of an API, the oldest first; the name counts without its case.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn api_versions(
        &self,
        organisation: &str,
        name: &str,
    ) -> Result<Vec<Api>, StoreError> {
        let mut connection = self.reader().await?;
        let statement = sql("SELECT * FROM apis WHERE organisation = $1 AND name_key = $2 \
                             ORDER BY created, id");
        let statement = statement.text(organisation).text(name.to_lowercase());
        statement.all(&mut connection).await?.iter().map(read).collect()
    }

    /// The APIs that have a context, the oldest first; it counts without its case.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn apis_with_context(
        &self,
        organisation: &str,
        context: &str,
    ) -> Result<Vec<Api>, StoreError> {
        let mut connection = self.reader().await?;
        let statement = sql("SELECT * FROM apis WHERE organisation = $1 AND context_key = $2 \
                             ORDER BY created, id");
        let statement = statement.text(organisation).text(context.to_lowercase());
        statement.all(&mut connection).await?.iter().map(read).collect()
    }
}

impl Changes {
    /// Creates an API with its files; its etag is 1.
    ///
    /// # Errors
    ///
    /// A [`Conflict`] about its name, version, context, provider or id; no such organisation; or the
    /// database fails.
    pub async fn create_api(&mut self, api: &NewApi, files: &Files) -> Result<(), StoreError> {
        self.lock_organisation().await?;
        self.check_names(api).await?;
        let content = self.sealer().seal(content_of(&api.id), &pack(files))?;
        let statement =
            sql("INSERT INTO apis (id, organisation, name, name_key, version, context, \
             context_key, provider, provider_key, kind, status, description_key, text_key, summary, \
             created, created_by, updated, updated_by, etag, last_revision) VALUES ($1, $2, $3, $4, \
             $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $15, $16, 1, 0)")
            .text(&api.id)
            .text(self.organisation())
            .text(&api.name)
            .text(api.name.to_lowercase())
            .text(&api.version)
            .text(&api.context)
            .text(api.context.to_lowercase())
            .text(&api.provider)
            .text(api.provider.to_lowercase())
            .text(&api.kind)
            .text(&api.status)
            .text(searched(&api.face.description))
            .text(text_of([&api.name, &api.version, &api.context, &api.provider], &api.face))
            .text(&api.face.summary)
            .number(self.at())
            .text(&self.doer().name);
        self.run(statement).await?;
        let statement = sql("INSERT INTO api_contents (api, content) VALUES ($1, $2)");
        self.run(statement.text(&api.id).bytes(content)).await?;
        self.index(&api.id, &api.face).await?;
        self.note_transition(&api.id, None, &api.status).await?;
        self.record("create", Thing::Api, &api.id, format!("{} {}", api.name, api.version)).await
    }

    /// Replaces the files of an API and what is shown of it, and tells its new etag. What names it,
    /// and its state, stay.
    ///
    /// # Errors
    ///
    /// No such API; one that was changed since `expected` was seen; or the database fails.
    pub async fn update_api(
        &mut self,
        id: &str,
        expected: i64,
        face: &ApiFace,
        files: &Files,
    ) -> Result<i64, StoreError> {
        let row = self.first(sql(BY_ID).text(self.organisation()).text(id)).await?;
        let api = read(&row.ok_or(StoreError::Missing(Thing::Api))?)?;
        let statement = sql("UPDATE apis SET description_key = $1, text_key = $2, summary = $3, \
             updated = $4, updated_by = $5, etag = etag + 1 \
             WHERE organisation = $6 AND id = $7 AND etag = $8")
        .text(searched(&face.description))
        .text(text_of([&api.name, &api.version, &api.context, &api.provider], face))
        .text(&face.summary)
        .number(self.at())
        .text(&self.doer().name)
        .text(self.organisation())
        .text(id)
        .number(expected);
        if self.run(statement).await? == 0 {
            return Err(self.stale(id, expected).await);
        }
        let content = self.sealer().seal(content_of(id), &pack(files))?;
        let statement = sql("UPDATE api_contents SET content = $1 WHERE api = $2");
        self.run(statement.bytes(content).text(id)).await?;
        self.run(sql("DELETE FROM api_tags WHERE api = $1").text(id)).await?;
        self.run(sql("DELETE FROM api_properties WHERE api = $1").text(id)).await?;
        self.index(id, face).await?;
        self.record("update", Thing::Api, id, format!("etag {}", expected + 1)).await?;
        Ok(expected + 1)
    }

    /// Moves an API to another state of its life cycle, and tells its new etag. Which moves there are
    /// is the caller's to know.
    ///
    /// # Errors
    ///
    /// No such API; one that was changed since `expected` was seen; or the database fails.
    pub async fn set_api_status(
        &mut self,
        id: &str,
        expected: i64,
        status: &str,
    ) -> Result<i64, StoreError> {
        let before = sql(BY_ID).text(self.organisation()).text(id);
        let before = self.first(before).await?.ok_or(StoreError::Missing(Thing::Api))?;
        let before = before.text("status")?;
        let statement = sql("UPDATE apis SET status = $1, updated = $2, updated_by = $3, \
             etag = etag + 1 WHERE organisation = $4 AND id = $5 AND etag = $6")
        .text(status)
        .number(self.at())
        .text(&self.doer().name)
        .text(self.organisation())
        .text(id)
        .number(expected);
        if self.run(statement).await? == 0 {
            return Err(self.stale(id, expected).await);
        }
        self.note_transition(id, Some(&before), status).await?;
        self.record("change state", Thing::Api, id, format!("{before} to {status}")).await?;
        Ok(expected + 1)
    }

    /// Deletes an API with its revisions, deployments, policies, certificates and history.
    ///
    /// # Errors
    ///
    /// No such API, or the database fails.
    pub async fn delete_api(&mut self, id: &str) -> Result<(), StoreError> {
        self.lock_organisation().await?;
        let row = self.first(sql(BY_ID).text(self.organisation()).text(id)).await?;
        let row = row.ok_or(StoreError::Missing(Thing::Api))?;
        let detail = format!("{} {}", row.text("name")?, row.text("version")?);
        self.run(sql("DELETE FROM deployments WHERE api = $1").text(id)).await?;
        for statement in [
            sql("DELETE FROM policies WHERE organisation = $1 AND api = $2"),
            sql("DELETE FROM certificates WHERE organisation = $1 AND api = $2"),
            sql("DELETE FROM apis WHERE organisation = $1 AND id = $2"),
        ] {
            self.run(statement.text(self.organisation()).text(id)).await?;
        }
        self.record("delete", Thing::Api, id, detail).await
    }

    /// Whether there is such an API in the doer's organisation.
    pub(crate) async fn need_api(&mut self, id: &str) -> Result<(), StoreError> {
        let row = self.first(sql(BY_ID).text(self.organisation()).text(id)).await?;
        row.map(drop).ok_or(StoreError::Missing(Thing::Api))
    }

    /// The content of an API, opened.
    pub(crate) async fn packed_content(&mut self, id: &str) -> Result<Vec<u8>, StoreError> {
        let row = sql("SELECT content FROM api_contents WHERE api = $1").text(id);
        let row = self.first(row).await?.ok_or(StoreError::Missing(Thing::Api))?;
        self.sealer().open(content_of(id), &row.bytes("content")?)
    }

    /// Lets nobody else create or delete APIs of the organisation before these changes end, so that
    /// what is checked still holds when it is written. On PostgreSQL it is the lock of this row.
    async fn lock_organisation(&mut self) -> Result<(), StoreError> {
        let statement = sql("UPDATE organisations SET changes = changes + 1 WHERE name = $1");
        match self.run(statement.text(self.organisation())).await? {
            0 => Err(StoreError::Missing(Thing::Organisation)),
            _ => Ok(()),
        }
    }

    /// The rules about names (spec/04 §3.0, §3.1).
    async fn check_names(&mut self, api: &NewApi) -> Result<(), StoreError> {
        let taken = sql("SELECT id FROM apis WHERE id = $1").text(&api.id);
        if self.first(taken).await?.is_some() {
            return Err(Conflict::Exists(Thing::Api).into());
        }
        let statement = sql("SELECT name, version, context_key, provider_key FROM apis \
                             WHERE organisation = $1 AND name_key = $2 \
                             ORDER BY CASE WHEN version = $3 THEN 0 ELSE 1 END, created, id");
        let statement =
            statement.text(self.organisation()).text(api.name.to_lowercase()).text(&api.version);
        let Some(other) = self.first(statement).await? else {
            let statement = sql("SELECT id FROM apis WHERE organisation = $1 AND context_key = $2");
            let statement = statement.text(self.organisation()).text(api.context.to_lowercase());
            let taken = self.first(statement).await?.is_some();
            return if taken { Err(Conflict::ApiContext.into()) } else { Ok(()) };
        };
        let conflict = if other.text("name")? != api.name {
            Conflict::ApiName
        } else if other.text("version")? == api.version {
            Conflict::ApiVersion
        } else if other.text("provider_key")? != api.provider.to_lowercase() {
            Conflict::ApiProvider
        } else if other.text("context_key")? != api.context.to_lowercase() {
            Conflict::ApiContextOfVersions
        } else {
            return Ok(());
        };
        Err(conflict.into())
    }

    /// What tags and properties are searched by.
    async fn index(&mut self, id: &str, face: &ApiFace) -> Result<(), StoreError> {
        for tag in &face.tags {
            let statement = sql("INSERT INTO api_tags (api, tag_key) VALUES ($1, $2) \
                                 ON CONFLICT (api, tag_key) DO NOTHING");
            self.run(statement.text(id).text(tag.to_lowercase())).await?;
        }
        for (name, value) in &face.properties {
            let statement = sql("INSERT INTO api_properties (api, name_key, value_key) \
                                 VALUES ($1, $2, $3) ON CONFLICT (api, name_key) \
                                 DO UPDATE SET value_key = excluded.value_key");
            let statement = statement.text(id).text(name.to_lowercase()).text(value.to_lowercase());
            self.run(statement).await?;
        }
        Ok(())
    }

    /// Why an update by id and etag has found nothing.
    pub(crate) async fn stale(&mut self, id: &str, expected: i64) -> StoreError {
        match self.first(sql(BY_ID).text(self.organisation()).text(id)).await {
            Ok(Some(row)) => match row.number("etag") {
                Ok(found) => StoreError::Stale { expected, found },
                Err(error) => error,
            },
            Ok(None) => StoreError::Missing(Thing::Api),
            Err(error) => error,
        }
    }
}

/// Where the content of an API is sealed for.
fn content_of(id: &str) -> Place<'_> {
    Place { table: "api_contents", row: id }
}

/// What is searched of a description: its first [`SEARCHED`] characters, so that some long ones do not
/// make every search slow.
fn searched(description: &str) -> String {
    description.chars().take(SEARCHED).collect::<String>().to_lowercase()
}

/// What free text is looked for in, with a line break before and after each part.
fn text_of(names: [&str; 4], face: &ApiFace) -> String {
    let mut text = String::from("\n");
    for part in names.into_iter().chain(face.tags.iter().map(String::as_str)) {
        text.push_str(&part.to_lowercase());
        text.push('\n');
    }
    text.push_str(&searched(&face.description));
    text.push('\n');
    text
}

fn read(row: &AnyRow) -> Result<Api, StoreError> {
    Ok(Api {
        id: row.text("id")?,
        organisation: row.text("organisation")?,
        name: row.text("name")?,
        version: row.text("version")?,
        context: row.text("context")?,
        provider: row.text("provider")?,
        kind: row.text("kind")?,
        status: row.text("status")?,
        summary: row.text("summary")?,
        created: row.number("created")?,
        created_by: row.text("created_by")?,
        updated: row.number("updated")?,
        updated_by: row.text("updated_by")?,
        etag: row.number("etag")?,
    })
}
