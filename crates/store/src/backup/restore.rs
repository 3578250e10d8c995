//! From a file into an empty store.

use std::io::{BufRead, Read as _};

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};

use super::{BackupSummary, FORMAT};
use crate::changes::{Changes, Doer};
use crate::error::{StoreError, Thing};
use crate::migrate::SCHEMA;
use crate::schema::{Kind, TABLES, Table};
use crate::sql::{Sql, sql};
use crate::store::{Engine, Store};
use crate::token::hex;

/// The longest line: the largest project there may be, sealed and in base64, with room to spare.
const MAX_LINE: u64 = 256 << 20;

/// PostgreSQL counts the audit by a sequence, which does not see numbers that were given.
const COUNT_ON: &str = "SELECT setval(pg_get_serial_sequence('audit', 'number'), \
    (SELECT COALESCE(MAX(number), 0) + 1 FROM audit), false) AS number";

impl Store {
    /// Restores a backup into this store, which must be empty. All of it is kept, or none; that it was
    /// restored is on record.
    ///
    /// # Errors
    ///
    /// A store that is not empty; a file that is no backup, is damaged or not whole, or is one of a
    /// newer program; or the database fails.
    pub async fn restore(
        &self,
        input: &mut (impl BufRead + Send),
        doer: Doer,
    ) -> Result<BackupSummary, StoreError> {
        let mut changes = self.change(doer).await?;
        for table in TABLES {
            let statement = sql("SELECT 1 AS one FROM ").then(table.name).then(" LIMIT 1");
            if changes.first(statement).await?.is_some() {
                return Err(StoreError::Restore("the store is not empty".into()));
            }
        }
        let summary = changes.restore(input).await?;
        if self.engine() == Engine::Postgres {
            changes.first(sql(COUNT_ON)).await?;
        }
        changes.record_restore(&summary).await?;
        changes.commit().await?;
        Ok(summary)
    }
}

impl Changes {
    async fn restore(
        &mut self,
        input: &mut (impl BufRead + Send),
    ) -> Result<BackupSummary, StoreError> {
        let mut input = Lines { input, digest: Context::new(&SHA256), number: 0 };
        let first = input.next()?;
        if first.get("weirBackup").and_then(Value::as_i64) != Some(FORMAT) {
            return Err(input.refused("it is no backup, or one of another form"));
        }
        match first.get("schema").and_then(Value::as_i64) {
            Some(schema) if schema <= SCHEMA => {}
            _ => return Err(input.refused("it is of a newer program")),
        }
        let mut rows = 0;
        loop {
            let before = hex(input.digest.clone().finish().as_ref());
            let line = input.next()?;
            if let Some(sha256) = line.get("sha256") {
                if sha256 != &Value::from(before.as_str())
                    || line.get("rows") != Some(&Value::from(rows))
                {
                    return Err(input.refused("it is damaged: its digest is another one"));
                }
                return Ok(BackupSummary { rows, sha256: before });
            }
            let statement = inserted(&line).ok_or_else(|| input.refused("it is no row"))?;
            self.run(statement).await?;
            rows += 1;
        }
    }

    async fn record_restore(&mut self, summary: &BackupSummary) -> Result<(), StoreError> {
        self.record("restore", Thing::Organisation, "", format!("{} rows", summary.rows)).await
    }
}

/// The file as it is read.
struct Lines<'a, R> {
    input: &'a mut R,
    digest: Context,
    number: u64,
}

impl<R: BufRead> Lines<'_, R> {
    fn next(&mut self) -> Result<Map<String, Value>, StoreError> {
        self.number += 1;
        let mut line = Vec::new();
        let read = self.input.by_ref().take(MAX_LINE).read_until(b'\n', &mut line);
        read.map_err(super::failed)?;
        if line.last() != Some(&b'\n') {
            return Err(self.refused("it ends in the middle, or the line is too long"));
        }
        self.digest.update(&line);
        serde_json::from_slice(&line).map_err(|_| self.refused("it is not JSON"))
    }

    fn refused(&self, why: &str) -> StoreError {
        StoreError::Restore(format!("line {}: {why}", self.number))
    }
}

/// The statement that inserts a row. Only names of the schema get into it.
fn inserted(line: &Map<String, Value>) -> Option<Sql> {
    let name = line.get("table")?.as_str()?;
    let table: &Table = TABLES.iter().find(|table| table.name == name)?;
    let row = line.get("row")?.as_object()?;
    if row.keys().any(|name| !table.columns.iter().any(|(column, _)| column == name)) {
        return None;
    }
    // A column that came later has the default of its migration.
    let columns = || table.columns.iter().filter(|(column, _)| row.contains_key(*column));
    let mut statement = sql("INSERT INTO ").then(table.name);
    for (index, (column, _)) in columns().enumerate() {
        statement = statement.then(if index == 0 { " (" } else { ", " }).then(column);
    }
    statement = statement.then(") VALUES");
    for (index, (column, kind)) in columns().enumerate() {
        statement = statement.then(if index == 0 { " (" } else { ", " });
        statement = match (kind, row.get(*column)?) {
            (_, Value::Null) => statement.then("NULL"),
            (Kind::Text, Value::String(text)) => statement.then_text(text.as_str()),
            (Kind::Number, Value::Number(number)) => statement.then_number(number.as_i64()?),
            (Kind::Bytes, Value::String(text)) => {
                statement.then_bytes(BASE64_STANDARD.decode(text).ok()?)
            }
            _ => return None,
        };
    }
    Some(statement.then(")"))
}
