//! Organisations, which WSO2 calls tenants.

use crate::changes::Changes;
use crate::error::{Conflict, StoreError, Thing};
use crate::sql::{Columns as _, sql};
use crate::store::Store;

/// An organisation: everything else belongs to one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    /// Its name, such as `carbon.super`.
    pub name: String,
    /// Its name for people.
    pub display_name: String,
    /// When it was created, in milliseconds since 1970.
    pub created: i64,
}

impl Store {
    /// All organisations, by name.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn organisations(&self) -> Result<Vec<Organisation>, StoreError> {
        let mut connection = self.reader().await?;
        let rows = sql("SELECT * FROM organisations ORDER BY name").all(&mut connection).await?;
        let read = |row: &sqlx::any::AnyRow| {
            Ok(Organisation {
                name: row.text("name")?,
                display_name: row.text("display_name")?,
                created: row.number("created")?,
            })
        };
        rows.iter().map(read).collect()
    }
}

impl Changes {
    /// Creates an organisation.
    ///
    /// # Errors
    ///
    /// The name is taken, or the database fails.
    pub async fn create_organisation(
        &mut self,
        name: &str,
        display_name: &str,
    ) -> Result<(), StoreError> {
        let statement = sql("INSERT INTO organisations (name, display_name, created, changes) \
                             VALUES ($1, $2, $3, 0) ON CONFLICT (name) DO NOTHING");
        let statement = statement.text(name).text(display_name).number(self.at());
        if self.run(statement).await? == 0 {
            return Err(Conflict::Exists(Thing::Organisation).into());
        }
        self.record("create", Thing::Organisation, name, display_name).await
    }
}
