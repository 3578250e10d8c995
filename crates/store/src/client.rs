//! OAuth clients, which register themselves (spec/04 §1.3).

use model::Secret;
use sqlx::any::AnyRow;

use crate::changes::Changes;
use crate::error::{Conflict, StoreError, Thing};
use crate::list;
use crate::sealer::{Place, Sealer};
use crate::sql::{Columns as _, sql};
use crate::store::Store;

/// An OAuth client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its id (`client_id`).
    pub id: String,
    /// The organisation that it belongs to.
    pub organisation: String,
    /// The user who registered it.
    pub owner: String,
    /// Its name; an owner has one of a name.
    pub name: String,
    /// Its secret. It is sealed and not hashed: a client that registers again is given the same one.
    pub secret: Secret,
    /// The grants that it may use.
    pub grants: Vec<String>,
    /// Where codes are sent.
    pub callback: String,
    /// When it was registered, in milliseconds since 1970.
    pub created: i64,
}

/// A client that is to be registered; the organisation is the doer's.
#[derive(Debug, Clone)]
pub struct NewClient {
    /// Its id, which nobody has used.
    pub id: String,
    /// The user who registers it.
    pub owner: String,
    /// Its name.
    pub name: String,
    /// Its secret.
    pub secret: Secret,
    /// The grants that it may use.
    pub grants: Vec<String>,
    /// Where codes are sent.
    pub callback: String,
}

impl Store {
    /// The client of an id.
    ///
    /// # Errors
    ///
    /// The database fails, or the secret cannot be opened.
    pub async fn client(&self, id: &str) -> Result<Option<Client>, StoreError> {
        let mut connection = self.reader().await?;
        let row = sql("SELECT * FROM clients WHERE id = $1").text(id);
        let row = row.first(&mut connection).await?;
        row.map(|row| read(self.sealer(), &row)).transpose()
    }

    /// The client of a name that a user has registered.
    ///
    /// # Errors
    ///
    /// The database fails, or the secret cannot be opened.
    pub async fn client_of(
        &self,
        organisation: &str,
        owner: &str,
        name: &str,
    ) -> Result<Option<Client>, StoreError> {
        let mut connection = self.reader().await?;
        let statement = sql("SELECT * FROM clients WHERE organisation = $1 AND owner = $2 \
                             AND name = $3");
        let statement = statement.text(organisation).text(owner).text(name);
        let row = statement.first(&mut connection).await?;
        row.map(|row| read(self.sealer(), &row)).transpose()
    }
}

impl Changes {
    /// Registers a client.
    ///
    /// # Errors
    ///
    /// The id is taken, or the owner has a client of the name; or the database fails, also where there
    /// is no such organisation.
    pub async fn create_client(&mut self, client: &NewClient) -> Result<(), StoreError> {
        let secret = client.secret.expose().as_bytes();
        let secret = self.sealer().seal(secret_of(&client.id), secret)?;
        let statement = sql("INSERT INTO clients (id, organisation, owner, name, secret, grants, \
             callback, created) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING")
        .text(&client.id)
        .text(self.organisation())
        .text(&client.owner)
        .text(&client.name)
        .bytes(secret)
        .text(list::write(&client.grants))
        .text(&client.callback)
        .number(self.at());
        if self.run(statement).await? == 0 {
            return Err(Conflict::Exists(Thing::Client).into());
        }
        self.record("create", Thing::Client, &client.id, client.name.as_str()).await
    }

    /// Deletes a client with all its tokens.
    ///
    /// # Errors
    ///
    /// No such client, or the database fails.
    pub async fn delete_client(&mut self, id: &str) -> Result<(), StoreError> {
        let statement = sql("DELETE FROM clients WHERE id = $1 AND organisation = $2");
        let statement = statement.text(id).text(self.organisation());
        self.run_one(statement, Thing::Client).await?;
        self.record("delete", Thing::Client, id, "").await
    }
}

fn secret_of(id: &str) -> Place<'_> {
    Place { table: "clients", row: id }
}

fn read(sealer: &Sealer, row: &AnyRow) -> Result<Client, StoreError> {
    let id = row.text("id")?;
    Ok(Client {
        secret: sealer.open_text(secret_of(&id), &row.bytes("secret")?)?,
        organisation: row.text("organisation")?,
        owner: row.text("owner")?,
        name: row.text("name")?,
        grants: list::read(&row.text("grants")?)?,
        callback: row.text("callback")?,
        created: row.number("created")?,
        id,
    })
}
