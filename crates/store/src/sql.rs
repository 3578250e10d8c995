//! Statements and their values.
//!
//! The one place where a statement is put together at run time. It is made of texts of the program
//! and of numbered placeholders (`$1`), which both engines read; what comes from outside is always a
//! value, and never a part of the text.

use std::borrow::Cow;

use futures_util::TryStreamExt as _;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::{AnyConnection, Arguments as _, AssertSqlSafe, Row as _, SqlSafeStr as _, SqlStr};

use crate::error::StoreError;

/// A statement with its values.
pub(crate) struct Sql {
    text: Cow<'static, str>,
    values: AnyArguments,
    is_unstorable: bool,
}

/// A statement that is written out, with `$1`, `$2` and so on for the values that follow.
pub(crate) fn sql(text: &'static str) -> Sql {
    Sql { text: Cow::Borrowed(text), values: AnyArguments::default(), is_unstorable: false }
}

impl Sql {
    /// More text of the program.
    pub(crate) fn then(mut self, text: &'static str) -> Self {
        self.text.to_mut().push_str(text);
        self
    }

    /// A placeholder for the text that is bound with it.
    pub(crate) fn then_text(self, value: impl Into<String>) -> Self {
        let mut bound = self.text(value);
        let place = format!("${}", bound.values.len());
        bound.text.to_mut().push_str(&place);
        bound
    }

    /// A placeholder for the number that is bound with it.
    pub(crate) fn then_number(self, value: i64) -> Self {
        let mut bound = self.number(value);
        let place = format!("${}", bound.values.len());
        bound.text.to_mut().push_str(&place);
        bound
    }

    /// A placeholder for the bytes that are bound with it.
    pub(crate) fn then_bytes(self, value: Vec<u8>) -> Self {
        let mut bound = self.bytes(value);
        let place = format!("${}", bound.values.len());
        bound.text.to_mut().push_str(&place);
        bound
    }

    /// The next value: a text. PostgreSQL has no U+0000 in texts, so neither engine is given one.
    pub(crate) fn text(mut self, value: impl Into<String>) -> Self {
        let value = value.into();
        self.is_unstorable |= value.contains('\0');
        self.add(value)
    }

    /// The next value: a text, or nothing.
    pub(crate) fn optional_text(self, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.text(value),
            None => self.add(None::<String>),
        }
    }

    /// The next value: a number.
    pub(crate) fn number(self, value: i64) -> Self {
        self.add(value)
    }

    /// The next value: a flag, which is stored as 0 or 1.
    pub(crate) fn flag(self, value: bool) -> Self {
        self.add(i64::from(value))
    }

    /// The next value: bytes.
    pub(crate) fn bytes(self, value: Vec<u8>) -> Self {
        self.add(value)
    }

    fn add<'v, T>(mut self, value: T) -> Self
    where
        T: sqlx::Encode<'v, sqlx::Any> + sqlx::Type<sqlx::Any>,
    {
        // Only values that are encoded into a buffer of bytes can fail here; these are kept as they are.
        self.is_unstorable |= self.values.add(value).is_err();
        self
    }

    /// How many rows were touched.
    pub(crate) async fn run(self, connection: &mut AnyConnection) -> Result<u64, StoreError> {
        let (text, values) = self.parts()?;
        Ok(sqlx::query_with(text, values).execute(connection).await?.rows_affected())
    }

    /// All rows.
    pub(crate) async fn all(
        self,
        connection: &mut AnyConnection,
    ) -> Result<Vec<AnyRow>, StoreError> {
        let (text, values) = self.parts()?;
        Ok(sqlx::query_with(text, values).fetch_all(connection).await?)
    }

    /// The first row.
    pub(crate) async fn first(
        self,
        connection: &mut AnyConnection,
    ) -> Result<Option<AnyRow>, StoreError> {
        let (text, values) = self.parts()?;
        Ok(sqlx::query_with(text, values).fetch_optional(connection).await?)
    }

    /// Each row as it comes.
    pub(crate) async fn each(
        self,
        connection: &mut AnyConnection,
        mut take: impl FnMut(&AnyRow) -> Result<(), StoreError> + Send,
    ) -> Result<(), StoreError> {
        let (text, values) = self.parts()?;
        let mut rows = sqlx::query_with(text, values).fetch(connection);
        while let Some(row) = rows.try_next().await? {
            take(&row)?;
        }
        Ok(())
    }

    fn parts(self) -> Result<(SqlStr, AnyArguments), StoreError> {
        if self.is_unstorable {
            return Err(StoreError::Unstorable);
        }
        let text = match self.text {
            Cow::Borrowed(text) => text.into_sql_str(),
            Cow::Owned(text) => AssertSqlSafe(text).into_sql_str(),
        };
        Ok((text, self.values))
    }
}

/// Runs a script of several statements that have no values.
pub(crate) async fn script(
    connection: &mut AnyConnection,
    text: &'static str,
) -> Result<(), StoreError> {
    sqlx::raw_sql(text).execute(connection).await?;
    Ok(())
}

/// What a column of a row holds.
pub(crate) trait Columns {
    fn text(&self, column: &str) -> Result<String, StoreError>;
    fn optional_text(&self, column: &str) -> Result<Option<String>, StoreError>;
    fn number(&self, column: &str) -> Result<i64, StoreError>;
    fn optional_number(&self, column: &str) -> Result<Option<i64>, StoreError>;
    fn flag(&self, column: &str) -> Result<bool, StoreError>;
    fn bytes(&self, column: &str) -> Result<Vec<u8>, StoreError>;
}

impl Columns for AnyRow {
    fn text(&self, column: &str) -> Result<String, StoreError> {
        Ok(self.try_get(column)?)
    }

    fn optional_text(&self, column: &str) -> Result<Option<String>, StoreError> {
        Ok(self.try_get(column)?)
    }

    fn number(&self, column: &str) -> Result<i64, StoreError> {
        Ok(self.try_get(column)?)
    }

    fn optional_number(&self, column: &str) -> Result<Option<i64>, StoreError> {
        Ok(self.try_get(column)?)
    }

    fn flag(&self, column: &str) -> Result<bool, StoreError> {
        Ok(self.number(column)? != 0)
    }

    fn bytes(&self, column: &str) -> Result<Vec<u8>, StoreError> {
        Ok(self.try_get(column)?)
    }
}

/// A text as a pattern of `LIKE … ESCAPE '\'` that stands for itself.
pub(crate) fn escaped(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}
