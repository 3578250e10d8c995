//! A document that is kept as text.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use definition::Dialect;
use serde_json::Value;

use super::Body;
use super::strip::stripped;
use crate::document::dialect;

/// A document that mocks answer from, kept as compact JSON text until a request needs more than
/// what was prepared.
///
/// It is parsed while its operations are prepared; [`Source::settle`] says that this is over.
pub struct Source {
    text: Box<str>,
    dialect: Dialect,
    open: Mutex<Option<Arc<Open>>>,
}

/// The document while it is parsed.
#[derive(Default)]
pub(crate) struct Open {
    pub(crate) document: Value,
    /// Bodies that were made, because operations share many of them: by the text of the schema and
    /// the example, and the media type.
    pub(super) made: Mutex<HashMap<(String, String), Made>>,
}

/// A body, and what could not be used for it.
pub(super) type Made = (Body, Vec<String>);

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { text, dialect, .. } = self;
        let mut shown = f.debug_struct("Source");
        shown.field("dialect", dialect).field("bytes", &text.len()).finish_non_exhaustive()
    }
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Source {
    /// Keeps what answers are made of: without scripts, descriptions, and what else only people
    /// read. The file is the path that diagnostics of the document name.
    #[must_use]
    pub fn new(document: &Value, file: &str) -> Arc<Self> {
        let dialect = dialect(document, file);
        let document = stripped(document, dialect);
        let text = document.to_string().into_boxed_str();
        let open = Arc::new(Open { document, ..Open::default() });
        Arc::new(Self { text, dialect, open: Mutex::new(Some(open)) })
    }

    /// Forgets the parsed form, which a request that needs it makes again.
    ///
    /// To be called when all operations of the document are prepared.
    pub fn settle(&self) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The size of the text that is kept, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.text.len()
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The parsed form, which lasts until [`Source::settle`].
    pub(crate) fn open(&self) -> Arc<Open> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(open.get_or_insert_with(|| self.parsed()))
    }

    /// The parsed form for one request: kept only where it is there anyhow.
    pub(super) fn read(&self) -> Arc<Open> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).clone();
        open.unwrap_or_else(|| self.parsed())
    }

    fn parsed(&self) -> Arc<Open> {
        // It was written here, so it is read again.
        let document = serde_json::from_str(&self.text).unwrap_or_default();
        Arc::new(Open { document, ..Open::default() })
    }
}
