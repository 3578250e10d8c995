//! Certificates: those of endpoints, and those that clients of an API show.

use sqlx::any::AnyRow;

use crate::changes::Changes;
use crate::error::{Conflict, StoreError, Thing};
use crate::sealer::{Place, Sealer};
use crate::sql::{Columns as _, sql};
use crate::store::Store;

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The API whose clients show it; `None` where it is one of endpoints.
    pub api: Option<String>,
    /// Its name.
    pub alias: String,
    /// The stage of clients, such as `PRODUCTION`; empty for endpoints.
    pub stage: String,
    /// The URL of the endpoint; empty for clients.
    pub endpoint: String,
    /// The throttling policy of clients; empty for endpoints.
    pub tier: String,
    /// What was uploaded. It is sealed, since people upload keys with certificates.
    pub content: Vec<u8>,
    /// When it was uploaded, in milliseconds since 1970.
    pub created: i64,
    /// When it was last replaced, in milliseconds since 1970.
    pub updated: i64,
}

impl Store {
    /// The certificates of an API's clients, or those of endpoints, by alias.
    ///
    /// # Errors
    ///
    /// The database fails, or a content cannot be opened.
    pub async fn certificates(
        &self,
        organisation: &str,
        api: Option<&str>,
    ) -> Result<Vec<Certificate>, StoreError> {
        let mut connection = self.reader().await?;
        let statement = sql("SELECT * FROM certificates WHERE organisation = $1 AND api = $2 \
                             ORDER BY alias");
        let statement = statement.text(organisation).text(api.unwrap_or_default());
        let rows = statement.all(&mut connection).await?;
        rows.iter().map(|row| read(self.sealer(), row)).collect()
    }

    /// A certificate.
    ///
    /// # Errors
    ///
    /// The database fails, or the content cannot be opened.
    pub async fn certificate(
        &self,
        organisation: &str,
        api: Option<&str>,
        alias: &str,
    ) -> Result<Option<Certificate>, StoreError> {
        let mut connection = self.reader().await?;
        let statement = sql("SELECT * FROM certificates WHERE organisation = $1 AND api = $2 \
                             AND alias = $3");
        let statement = statement.text(organisation).text(api.unwrap_or_default()).text(alias);
        let row = statement.first(&mut connection).await?;
        row.map(|row| read(self.sealer(), &row)).transpose()
    }
}

impl Changes {
    /// Adds a certificate; its times are those of the change.
    ///
    /// # Errors
    ///
    /// The alias is taken, or there is no such API; or the database fails, also where there is no such
    /// organisation.
    pub async fn create_certificate(&mut self, new: &Certificate) -> Result<(), StoreError> {
        if let Some(api) = &new.api {
            self.need_api(api).await?;
        }
        let api = new.api.as_deref().unwrap_or_default();
        let row = row_of(&self.organisation(), api, &new.alias);
        let content = self.sealer().seal(content_of(&row), &new.content)?;
        let statement =
            sql("INSERT INTO certificates (organisation, api, stage, alias, endpoint, \
             tier, content, created, updated) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) \
             ON CONFLICT (organisation, api, alias) DO NOTHING")
            .text(self.organisation())
            .text(api)
            .text(&new.stage)
            .text(&new.alias)
            .text(&new.endpoint)
            .text(&new.tier)
            .bytes(content)
            .number(self.at());
        if self.run(statement).await? == 0 {
            return Err(Conflict::Exists(Thing::Certificate).into());
        }
        self.record("create", Thing::Certificate, &new.alias, api).await
    }

    /// Replaces what was uploaded, and the throttling policy where one is given.
    ///
    /// # Errors
    ///
    /// No such certificate, or the database fails.
    pub async fn replace_certificate(
        &mut self,
        api: Option<&str>,
        alias: &str,
        content: &[u8],
        tier: Option<&str>,
    ) -> Result<(), StoreError> {
        let api = api.unwrap_or_default();
        let row = row_of(&self.organisation(), api, alias);
        let content = self.sealer().seal(content_of(&row), content)?;
        let statement = sql("UPDATE certificates SET content = $1, tier = COALESCE($2, tier), \
             updated = $3 WHERE organisation = $4 AND api = $5 AND alias = $6")
        .bytes(content)
        .optional_text(tier)
        .number(self.at())
        .text(self.organisation())
        .text(api)
        .text(alias);
        self.run_one(statement, Thing::Certificate).await?;
        self.record("replace", Thing::Certificate, alias, api).await
    }

    /// Deletes a certificate.
    ///
    /// # Errors
    ///
    /// No such certificate, or the database fails.
    pub async fn delete_certificate(
        &mut self,
        api: Option<&str>,
        alias: &str,
    ) -> Result<(), StoreError> {
        let api = api.unwrap_or_default();
        let statement = sql("DELETE FROM certificates WHERE organisation = $1 AND api = $2 \
                             AND alias = $3");
        let statement = statement.text(self.organisation()).text(api).text(alias);
        self.run_one(statement, Thing::Certificate).await?;
        self.record("delete", Thing::Certificate, alias, api).await
    }
}

/// What names a row: no organisation and no id of an API has a line break.
fn row_of(organisation: &str, api: &str, alias: &str) -> String {
    format!("{organisation}\n{api}\n{alias}")
}

fn content_of(row: &str) -> Place<'_> {
    Place { table: "certificates", row }
}

fn read(sealer: &Sealer, row: &AnyRow) -> Result<Certificate, StoreError> {
    let (api, alias) = (row.text("api")?, row.text("alias")?);
    let name = row_of(&row.text("organisation")?, &api, &alias);
    Ok(Certificate {
        content: sealer.open(content_of(&name), &row.bytes("content")?)?,
        api: Some(api).filter(|api| !api.is_empty()),
        alias,
        stage: row.text("stage")?,
        endpoint: row.text("endpoint")?,
        tier: row.text("tier")?,
        created: row.number("created")?,
        updated: row.number("updated")?,
    })
}
