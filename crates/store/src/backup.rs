//! Everything as one file, and back.
//!
//! The form is the same for both engines, so that a store can move from one to the other: a line of
//! JSON for each row, with the schema in the first line, and in the last line the number of rows and
//! the SHA-256 of all lines before. What is sealed stays sealed: whoever restores needs the keys.

mod restore;

use std::io::Write;

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::migrate::SCHEMA;
use crate::schema::{Kind, TABLES, Table};
use crate::sql::{Columns as _, Sql, sql};
use crate::store::Store;
use crate::token::hex;

/// The form of the file.
const FORMAT: i64 = 1;

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupSummary {
    /// How many rows.
    pub rows: u64,
    /// The SHA-256 of all lines but the last, in hexadecimal digits.
    pub sha256: String,
}

impl Store {
    /// Writes everything that is stored, as it is at one moment; others may write meanwhile. `at` is
    /// the time that stands in the file, in milliseconds since 1970.
    ///
    /// The output is written to from within the future, so it should not block for long.
    ///
    /// # Errors
    ///
    /// The database fails, or the output does.
    pub async fn backup(
        &self,
        output: &mut (impl Write + Send),
        at: i64,
    ) -> Result<BackupSummary, StoreError> {
        let mut output = Lines { output, digest: Context::new(&SHA256), rows: 0 };
        output.write(&json!({ "weirBackup": FORMAT, "schema": SCHEMA, "at": at }))?;
        let mut snapshot = self.snapshot().await?;
        for table in TABLES {
            let take = |row: &AnyRow| {
                output.rows += 1;
                output.write(&json!({ "table": table.name, "row": row_of(table, row)? }))
            };
            selected(table).each(&mut snapshot, take).await?;
        }
        snapshot.rollback().await?;
        output.finish()
    }
}

/// The file as it is written.
struct Lines<'a, W> {
    output: &'a mut W,
    digest: Context,
    rows: u64,
}

impl<W: Write> Lines<'_, W> {
    fn write(&mut self, line: &Value) -> Result<(), StoreError> {
        let line = format!("{line}\n");
        self.digest.update(line.as_bytes());
        self.output.write_all(line.as_bytes()).map_err(failed)
    }

    fn finish(self) -> Result<BackupSummary, StoreError> {
        let sha256 = hex(self.digest.finish().as_ref());
        let last = json!({ "rows": self.rows, "sha256": sha256 });
        self.output.write_all(format!("{last}\n").as_bytes()).map_err(failed)?;
        self.output.flush().map_err(failed)?;
        Ok(BackupSummary { rows: self.rows, sha256 })
    }
}

fn failed(error: std::io::Error) -> StoreError {
    StoreError::File { path: "the backup".into(), error }
}

/// All rows of a table.
fn selected(table: &Table) -> Sql {
    sql("SELECT * FROM ").then(table.name).then(" ORDER BY ").then(table.key)
}

fn row_of(table: &Table, row: &AnyRow) -> Result<Value, StoreError> {
    let mut values = Map::new();
    for (column, kind) in table.columns {
        let value = match kind {
            Kind::Text => row.optional_text(column)?.into(),
            Kind::Number => row.optional_number(column)?.into(),
            Kind::Bytes => BASE64_STANDARD.encode(row.bytes(column)?).into(),
        };
        values.insert((*column).to_owned(), value);
    }
    Ok(values.into())
}
