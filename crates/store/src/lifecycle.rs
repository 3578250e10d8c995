//! The history of the life cycles of APIs.

use crate::changes::Changes;
use crate::error::StoreError;
use crate::sql::{Columns as _, sql};
use crate::store::Store;

/// A move from one state to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// The state before; `None` when the API was created.
    pub previous: Option<String>,
    /// The state after.
    pub status: String,
    /// Who moved it.
    pub user: String,
    /// When, in milliseconds since 1970.
    pub at: i64,
}

impl Store {
    /// The moves of an API, the oldest first.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn transitions(&self, api: &str) -> Result<Vec<Transition>, StoreError> {
        let mut connection = self.reader().await?;
        let statement = sql("SELECT previous, status, username, at FROM transitions \
                             WHERE api = $1 ORDER BY number");
        let rows = statement.text(api).all(&mut connection).await?;
        let read = |row: &sqlx::any::AnyRow| {
            Ok(Transition {
                previous: row.optional_text("previous")?,
                status: row.text("status")?,
                user: row.text("username")?,
                at: row.number("at")?,
            })
        };
        rows.iter().map(read).collect()
    }
}

impl Changes {
    /// Adds a move; the row of the API is locked by the change that it belongs to.
    pub(crate) async fn note_transition(
        &mut self,
        api: &str,
        previous: Option<&str>,
        status: &str,
    ) -> Result<(), StoreError> {
        let statement =
            sql("INSERT INTO transitions (api, number, previous, status, username, at) \
             VALUES ($1, (SELECT COALESCE(MAX(number), 0) + 1 FROM transitions WHERE api = $1), \
             $2, $3, $4, $5)")
            .text(api)
            .optional_text(previous)
            .text(status)
            .text(&self.doer().name)
            .number(self.at());
        self.run(statement).await.map(drop)
    }
}
