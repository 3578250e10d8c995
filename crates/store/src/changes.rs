//! Changes, and the record of who made them.

use sqlx::any::AnyRow;
use sqlx::{Any, Transaction};

use crate::error::{StoreError, Thing};
use crate::sealer::Sealer;
use crate::sql::{Sql, sql};

/// Who makes changes, and when. The store asks no clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doer {
    /// The name of the user or of the part of the program.
    pub name: String,
    /// The organisation it acts in.
    pub organisation: String,
    /// The time, in milliseconds since 1970.
    pub at: i64,
}

/// Changes that are kept together or not at all.
///
/// Each change writes its record into the audit in the same transaction; [`Changes::commit`] refuses
/// where one is missing. After an error the changes can only be dropped: PostgreSQL takes no further
/// statement then, and SQLite would keep half of a step.
pub struct Changes {
    transaction: Transaction<'static, Any>,
    doer: Doer,
    sealer: Sealer,
    /// A statement has run, and the record that it belongs to has not been written.
    is_open: bool,
}

/// Names who makes them, and none of the values.
impl std::fmt::Debug for Changes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Changes").field("doer", &self.doer).finish_non_exhaustive()
    }
}

impl Changes {
    pub(crate) fn new(transaction: Transaction<'static, Any>, doer: Doer, sealer: Sealer) -> Self {
        Self { transaction, doer, sealer, is_open: false }
    }

    /// Keeps the changes. When this has returned, they survive the end of the program and of the
    /// machine.
    ///
    /// # Errors
    ///
    /// An earlier step failed ([`StoreError::Broken`]), or the database does not keep them. If the
    /// connection breaks at this very moment, it is not known whether they were kept.
    pub async fn commit(self) -> Result<(), StoreError> {
        if self.is_open {
            return Err(StoreError::Broken);
        }
        Ok(self.transaction.commit().await?)
    }

    /// Who makes the changes.
    #[must_use]
    pub fn doer(&self) -> &Doer {
        &self.doer
    }

    pub(crate) fn at(&self) -> i64 {
        self.doer.at
    }

    pub(crate) fn organisation(&self) -> String {
        self.doer.organisation.clone()
    }

    pub(crate) fn sealer(&self) -> &Sealer {
        &self.sealer
    }

    /// Runs a statement that changes rows, and tells how many.
    pub(crate) async fn run(&mut self, statement: Sql) -> Result<u64, StoreError> {
        self.is_open = true;
        statement.run(&mut self.transaction).await
    }

    /// Runs a statement that changes the row that it names; the thing is missing where there is none.
    pub(crate) async fn run_one(&mut self, statement: Sql, thing: Thing) -> Result<(), StoreError> {
        match self.run(statement).await? {
            0 => Err(StoreError::Missing(thing)),
            _ => Ok(()),
        }
    }

    /// Runs a statement that changes a row and gives it back.
    pub(crate) async fn run_first(&mut self, statement: Sql) -> Result<Option<AnyRow>, StoreError> {
        self.is_open = true;
        statement.first(&mut self.transaction).await
    }

    /// Reads a row as these changes see it. When that fails, PostgreSQL keeps nothing, and would not
    /// say so at the end.
    pub(crate) async fn first(&mut self, statement: Sql) -> Result<Option<AnyRow>, StoreError> {
        let was_open = std::mem::replace(&mut self.is_open, true);
        let row = statement.first(&mut self.transaction).await?;
        self.is_open = was_open;
        Ok(row)
    }

    /// Writes the record of a change. `detail` holds no secret.
    pub(crate) async fn record(
        &mut self,
        action: &'static str,
        thing: Thing,
        object: &str,
        detail: impl Into<String>,
    ) -> Result<(), StoreError> {
        self.is_open = true;
        sql("INSERT INTO audit (at, actor, organisation, action, kind, object, detail) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .number(self.doer.at)
        .text(&self.doer.name)
        .text(&self.doer.organisation)
        .text(action)
        .text(thing.as_str())
        .text(object)
        .text(detail)
        .run(&mut self.transaction)
        .await?;
        self.is_open = false;
        Ok(())
    }
}
