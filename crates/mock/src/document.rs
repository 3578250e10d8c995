//! The operations of a document, with what stands around them.

use definition::{Dialect, Document, OperationDefinition};
use model::Diagnostics;
use serde_json::Value;

use crate::Problem;

/// How many references may lead to another one.
const MAX_HOPS: usize = 16;

/// A document, as far as answers are made of it.
#[derive(Debug)]
pub struct Contract<'a> {
    document: &'a Value,
    dialect: Dialect,
    operations: Vec<OperationDefinition>,
}

/// One operation of a document.
#[derive(Debug, Clone, Copy)]
pub struct MockOperation<'a> {
    pub(crate) document: &'a Value,
    pub(crate) dialect: Dialect,
    /// Its path item.
    pub(crate) item: &'a Value,
    /// The operation itself.
    pub(crate) value: &'a Value,
}

impl<'a> Contract<'a> {
    /// Reads a document; what is wrong with it is told.
    #[must_use]
    pub fn read(document: &'a Value, file: &str) -> (Self, Diagnostics) {
        let (read, found) = Document::read(document, file);
        (Self { document, dialect: read.dialect, operations: read.operations }, found)
    }

    /// The operations in their order: method in upper case, path, and the operation.
    pub fn operations(&self) -> impl Iterator<Item = (&str, &str, MockOperation<'a>)> {
        self.operations.iter().filter_map(|known| {
            let operation = self.operation(&known.method, &known.template)?;
            Some((known.method.as_str(), known.template.as_str(), operation))
        })
    }

    /// An operation by its method and its path as they are written.
    #[must_use]
    pub fn operation(&self, method: &str, template: &str) -> Option<MockOperation<'a>> {
        MockOperation::find(self.document, self.dialect, method, template)
    }
}

impl<'a> MockOperation<'a> {
    /// The operation of a document whose dialect is known.
    pub(crate) fn find(
        document: &'a Value,
        dialect: Dialect,
        method: &str,
        template: &str,
    ) -> Option<Self> {
        let item = document.get("paths")?.get(template)?;
        // A path item may stand somewhere else (OpenAPI 3.1 §4.8.9); what stands beside the
        // reference is its own.
        let behind = follow(document, item).ok()?;
        let key = method.to_ascii_lowercase();
        let value = item.get(&key).or_else(|| behind.get(&key))?;
        let item = if item.get("parameters").is_some() { item } else { behind };
        Some(Self { document, dialect, item, value })
    }

    /// What stands at a place, or what its reference points to.
    pub(crate) fn followed(&self, value: &'a Value) -> Result<&'a Value, Problem> {
        follow(self.document, value)
    }

    /// A list that the operation has, or the whole document.
    pub(crate) fn texts(&self, key: &str) -> Vec<&'a str> {
        let own = self.value.get(key).or_else(|| self.document.get(key));
        own.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
    }
}

/// The dialect of a document, whose head is all that tells it.
pub(crate) fn dialect(document: &Value, file: &str) -> Dialect {
    let keys = ["openapi", "swagger"].iter();
    let head = keys.filter_map(|key| Some(((*key).to_owned(), document.get(key)?.clone())));
    Document::read(&Value::Object(head.collect()), file).0.dialect
}

/// What a reference points to.
pub(crate) fn resolve<'a>(document: &'a Value, reference: &str) -> Result<&'a Value, Problem> {
    if !reference.starts_with('#') {
        return Err(Problem::Remote(reference.to_owned()));
    }
    let unresolved = || Problem::Unresolved(reference.to_owned());
    definition::resolve(document, reference).ok_or_else(unresolved)
}

fn follow<'a>(document: &'a Value, mut value: &'a Value) -> Result<&'a Value, Problem> {
    for _ in 0..MAX_HOPS {
        let Some(reference) = value.get("$ref").and_then(Value::as_str) else { return Ok(value) };
        value = resolve(document, reference)?;
    }
    Err(Problem::Circle)
}
