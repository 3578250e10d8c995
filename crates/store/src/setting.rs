//! Settings: single values that the control plane keeps, such as the key that signs its tokens.
//! Each is sealed.

use crate::changes::Changes;
use crate::error::{StoreError, Thing};
use crate::sealer::Place;
use crate::sql::{Columns as _, sql};
use crate::store::Store;

impl Store {
    /// The value of a setting.
    ///
    /// # Errors
    ///
    /// The database fails, or the value cannot be opened.
    pub async fn setting(
        &self,
        organisation: &str,
        name: &str,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let mut connection = self.reader().await?;
        let statement = sql("SELECT value FROM settings WHERE organisation = $1 AND name = $2");
        let row = statement.text(organisation).text(name).first(&mut connection).await?;
        let Some(row) = row else { return Ok(None) };
        let place = row_of(organisation, name);
        self.sealer().open(value_of(&place), &row.bytes("value")?).map(Some)
    }
}

impl Changes {
    /// Sets a value.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn set(&mut self, name: &str, value: &[u8]) -> Result<(), StoreError> {
        let place = row_of(&self.organisation(), name);
        let value = self.sealer().seal(value_of(&place), value)?;
        let statement = sql("INSERT INTO settings (organisation, name, value, updated) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (organisation, name) \
             DO UPDATE SET value = excluded.value, updated = excluded.updated")
        .text(self.organisation())
        .text(name)
        .bytes(value)
        .number(self.at());
        self.run(statement).await?;
        self.record("set", Thing::Setting, name, "").await
    }

    /// Deletes a setting.
    ///
    /// # Errors
    ///
    /// No such setting, or the database fails.
    pub async fn unset(&mut self, name: &str) -> Result<(), StoreError> {
        let statement = sql("DELETE FROM settings WHERE organisation = $1 AND name = $2");
        self.run_one(statement.text(self.organisation()).text(name), Thing::Setting).await?;
        self.record("delete", Thing::Setting, name, "").await
    }
}

fn row_of(organisation: &str, name: &str) -> String {
    format!("{organisation}\n{name}")
}

fn value_of(row: &str) -> Place<'_> {
    Place { table: "settings", row }
}
