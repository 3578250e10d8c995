//! Services of the catalog, and which APIs were made from them.

mod list;

use sqlx::any::AnyRow;

pub use list::{ServiceFilter, ServiceSort};

use crate::changes::Changes;
use crate::error::{Conflict, StoreError, Thing};
use crate::sealer::Place;
use crate::sql::{Columns as _, sql};
use crate::store::Store;

/// A service without its definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its id, a UUID.
    pub id: String,
    /// What people write of it.
    pub face: ServiceFace,
    /// When it was created, in milliseconds since 1970.
    pub created: i64,
    /// Who created it.
    pub created_by: String,
    /// When it was last changed, in milliseconds since 1970.
    pub updated: i64,
    /// Who last changed it.
    pub updated_by: String,
    /// Grows with every change; whoever changes the service says which one was seen.
    pub etag: i64,
}

/// What people write of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceFace {
    /// Its key (`serviceKey`); an organisation has one of a key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its description.
    pub description: String,
    /// Its URL.
    pub url: String,
    /// The kind of its definition, such as `OAS3`.
    pub kind: String,
    /// How it is secured, such as `BASIC`.
    pub security: String,
    /// Whether it wants certificates of clients.
    pub mutual_tls: bool,
    /// The MD5 of its definition and of the rest, which WSO2's clients compare.
    pub md5: String,
}

impl Store {
    /// A service.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn service(
        &self,
        organisation: &str,
        id: &str,
    ) -> Result<Option<Service>, StoreError> {
        let mut connection = self.reader().await?;
        let statement = sql("SELECT * FROM services WHERE organisation = $1 AND id = $2");
        let row = statement.text(organisation).text(id).first(&mut connection).await?;
        row.as_ref().map(read).transpose()
    }

    /// The service of a key.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn service_of_key(
        &self,
        organisation: &str,
        key: &str,
    ) -> Result<Option<Service>, StoreError> {
        let mut connection = self.reader().await?;
        let statement = sql("SELECT * FROM services WHERE organisation = $1 AND service_key = $2");
        let row = statement.text(organisation).text(key).first(&mut connection).await?;
        row.as_ref().map(read).transpose()
    }

    /// The definition of a service: a document, or an archive.
    ///
    /// # Errors
    ///
    /// The database fails, or the definition cannot be opened.
    pub async fn service_definition(
        &self,
        organisation: &str,
        id: &str,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let mut connection = self.reader().await?;
        let statement = sql("SELECT definition FROM services WHERE organisation = $1 AND id = $2");
        let row = statement.text(organisation).text(id).first(&mut connection).await?;
        let Some(row) = row else { return Ok(None) };
        self.sealer().open(definition_of(id), &row.bytes("definition")?).map(Some)
    }

    /// The ids of the APIs that were made from a service.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn service_uses(&self, service: &str) -> Result<Vec<String>, StoreError> {
        let mut connection = self.reader().await?;
        let statement = sql("SELECT api FROM service_uses WHERE service = $1 ORDER BY api");
        let rows = statement.text(service).all(&mut connection).await?;
        rows.iter().map(|row| row.text("api")).collect()
    }

    /// The service that an API was made from, and the MD5 that it had then; where the service has
    /// another one now, the API is outdated.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn service_of_api(&self, api: &str) -> Result<Option<(Service, String)>, StoreError> {
        let mut connection = self.reader().await?;
        let statement = sql("SELECT s.*, u.md5 AS used FROM services s \
                             JOIN service_uses u ON u.service = s.id WHERE u.api = $1");
        let row = statement.text(api).first(&mut connection).await?;
        row.map(|row| Ok((read(&row)?, row.text("used")?))).transpose()
    }
}

impl Changes {
    /// Adds a service; its etag is 1. `id` is a UUID that nobody has used.
    ///
    /// # Errors
    ///
    /// The id, the key, or name and version are taken; or the database fails, also where there is no
    /// such organisation.
    pub async fn create_service(
        &mut self,
        id: &str,
        face: &ServiceFace,
        definition: &[u8],
    ) -> Result<(), StoreError> {
        let definition = self.sealer().seal(definition_of(id), definition)?;
        let statement =
            sql("INSERT INTO services (id, organisation, service_key, name, name_key, \
             version, description, url, kind, security, mutual_tls, md5, definition, created, \
             created_by, updated, updated_by, etag) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, \
             $10, $11, $12, $13, $14, $15, $14, $15, 1) ON CONFLICT DO NOTHING")
            .text(id)
            .text(self.organisation())
            .text(&face.key)
            .text(&face.name)
            .text(face.name.to_lowercase())
            .text(&face.version)
            .text(&face.description)
            .text(&face.url)
            .text(&face.kind)
            .text(&face.security)
            .flag(face.mutual_tls)
            .text(&face.md5)
            .bytes(definition)
            .number(self.at())
            .text(&self.doer().name);
        if self.run(statement).await? == 0 {
            return Err(self.service_in_the_way(face).await);
        }
        let detail = format!("{} {}", face.name, face.version);
        self.record("create", Thing::Service, id, detail).await
    }

    /// Replaces a service, and tells its new etag. Key, name and version stay as they are, whatever
    /// `face` says.
    ///
    /// # Errors
    ///
    /// No such service; one that was changed since `expected` was seen; or the database fails.
    pub async fn update_service(
        &mut self,
        id: &str,
        expected: i64,
        face: &ServiceFace,
        definition: &[u8],
    ) -> Result<i64, StoreError> {
        let definition = self.sealer().seal(definition_of(id), definition)?;
        let statement = sql("UPDATE services SET description = $1, url = $2, kind = $3, \
             security = $4, mutual_tls = $5, md5 = $6, definition = $7, updated = $8, \
             updated_by = $9, etag = etag + 1 WHERE organisation = $10 AND id = $11 AND etag = $12")
        .text(&face.description)
        .text(&face.url)
        .text(&face.kind)
        .text(&face.security)
        .flag(face.mutual_tls)
        .text(&face.md5)
        .bytes(definition)
        .number(self.at())
        .text(&self.doer().name)
        .text(self.organisation())
        .text(id)
        .number(expected);
        if self.run(statement).await? == 0 {
            let statement = sql("SELECT etag FROM services WHERE organisation = $1 AND id = $2");
            let row = self.first(statement.text(self.organisation()).text(id)).await?;
            let found = row.ok_or(StoreError::Missing(Thing::Service))?.number("etag")?;
            return Err(StoreError::Stale { expected, found });
        }
        self.record("update", Thing::Service, id, face.md5.as_str()).await?;
        Ok(expected + 1)
    }

    /// Deletes a service.
    ///
    /// # Errors
    ///
    /// No such service; [`Conflict::ServiceUsed`]; or the database fails.
    pub async fn delete_service(&mut self, id: &str) -> Result<(), StoreError> {
        self.lock_service(id).await?;
        let used = sql("SELECT api FROM service_uses WHERE service = $1").text(id);
        if self.first(used).await?.is_some() {
            return Err(Conflict::ServiceUsed.into());
        }
        self.run(sql("DELETE FROM services WHERE id = $1").text(id)).await?;
        self.record("delete", Thing::Service, id, "").await
    }

    /// Notes that an API is made from a service as it is now, in place of what was noted before.
    ///
    /// # Errors
    ///
    /// No such API or service, or the database fails.
    pub async fn use_service(&mut self, api: &str, service: &str) -> Result<(), StoreError> {
        self.need_api(api).await?;
        let md5 = self.lock_service(service).await?;
        let statement = sql("INSERT INTO service_uses (api, service, md5) VALUES ($1, $2, $3) \
             ON CONFLICT (api) DO UPDATE SET service = excluded.service, md5 = excluded.md5");
        self.run(statement.text(api).text(service).text(&md5)).await?;
        self.record("use", Thing::Service, service, api).await
    }

    /// The MD5 of a service that nobody else deletes or comes to use before these changes end.
    async fn lock_service(&mut self, id: &str) -> Result<String, StoreError> {
        let statement = sql("UPDATE services SET etag = etag WHERE organisation = $1 AND id = $2 \
                             RETURNING md5");
        let row = self.run_first(statement.text(self.organisation()).text(id)).await?;
        row.ok_or(StoreError::Missing(Thing::Service))?.text("md5")
    }

    /// What has kept a service from being added.
    async fn service_in_the_way(&mut self, face: &ServiceFace) -> StoreError {
        let of_key = sql("SELECT id FROM services WHERE organisation = $1 AND service_key = $2");
        let of_key = of_key.text(self.organisation()).text(&face.key);
        let of_version = sql("SELECT id FROM services WHERE organisation = $1 AND name_key = $2 \
                              AND version = $3");
        let of_version =
            of_version.text(self.organisation()).text(face.name.to_lowercase()).text(&face.version);
        match (self.first(of_key).await, self.first(of_version).await) {
            (Err(error), _) | (_, Err(error)) => error,
            (Ok(Some(_)), _) => Conflict::ServiceKey.into(),
            (_, Ok(Some(_))) => Conflict::ServiceVersion.into(),
            _ => Conflict::Exists(Thing::Service).into(),
        }
    }
}

fn definition_of(id: &str) -> Place<'_> {
    Place { table: "services", row: id }
}

fn read(row: &AnyRow) -> Result<Service, StoreError> {
    Ok(Service {
        id: row.text("id")?,
        face: ServiceFace {
            key: row.text("service_key")?,
            name: row.text("name")?,
            version: row.text("version")?,
            description: row.text("description")?,
            url: row.text("url")?,
            kind: row.text("kind")?,
            security: row.text("security")?,
            mutual_tls: row.flag("mutual_tls")?,
            md5: row.text("md5")?,
        },
        created: row.number("created")?,
        created_by: row.text("created_by")?,
        updated: row.number("updated")?,
        updated_by: row.text("updated_by")?,
        etag: row.number("etag")?,
    })
}
