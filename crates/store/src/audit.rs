//! The record of every change: who, what, when.

use sqlx::any::AnyRow;

use crate::error::{StoreError, Thing};
use crate::page::{Listed, Page, total};
use crate::sql::{Columns as _, Sql, sql};
use crate::store::Store;

/// The record of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// Its number; later records have larger ones.
    pub number: i64,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// Who.
    pub actor: String,
    /// The organisation they acted in.
    pub organisation: String,
    /// What was done, such as `create`.
    pub action: String,
    /// The kind of what was changed, such as `API`.
    pub kind: String,
    /// What was changed.
    pub object: String,
    /// More about it, for people. No secret.
    pub detail: String,
}

impl Store {
    /// The records of an organisation, the newest first; with `about`, those of one thing.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn audit(
        &self,
        organisation: &str,
        about: Option<(Thing, &str)>,
        page: Page,
    ) -> Result<Listed<AuditRecord>, StoreError> {
        let restrict = |statement: Sql| {
            let statement = statement.then(" FROM audit WHERE organisation = ");
            let statement = statement.then_text(organisation);
            match about {
                None => statement,
                Some((thing, object)) => statement
                    .then(" AND kind = ")
                    .then_text(thing.as_str())
                    .then(" AND object = ")
                    .then_text(object),
            }
        };
        let mut connection = self.reader().await?;
        let counted = restrict(sql("SELECT COUNT(*) AS total")).first(&mut connection).await?;
        let found = counted.map_or(Ok(0), |row| row.number("total"))?;
        let listed = restrict(sql("SELECT *")).then(" ORDER BY number DESC LIMIT ");
        let listed = listed.then_number(page.limit.into()).then(" OFFSET ");
        let rows = listed.then_number(page.offset.into()).all(&mut connection).await?;
        let items = rows.iter().map(read).collect::<Result<_, _>>()?;
        Ok(Listed { items, total: total(found) })
    }
}

fn read(row: &AnyRow) -> Result<AuditRecord, StoreError> {
    Ok(AuditRecord {
        number: row.number("number")?,
        at: row.number("at")?,
        actor: row.text("actor")?,
        organisation: row.text("organisation")?,
        action: row.text("action")?,
        kind: row.text("kind")?,
        object: row.text("object")?,
        detail: row.text("detail")?,
    })
}
