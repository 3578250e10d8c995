//! Lists of short texts in one column, as a JSON array.

use crate::error::StoreError;

pub(crate) fn write(items: &[String]) -> String {
    serde_json::Value::from(items).to_string()
}

pub(crate) fn read(text: &str) -> Result<Vec<String>, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Damaged("a list of texts".into()))
}
