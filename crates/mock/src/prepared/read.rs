//! From an operation of the document to what is ready.

use std::sync::{Arc, OnceLock, PoisonError};

use bytes::Bytes;
use serde_json::Value;

use super::source::Open;
use super::{Answer, Bodies, Body, Content, Notation, Prepared, Source, headers};
use crate::examples::{self, Answers, usual};
use crate::negotiate::{choose, concrete};
use crate::{Direction, MockOperation, Mode, Problem, Schema, request};

/// Prepares an operation, and says what could not be used.
pub(super) fn prepare(
    source: &Arc<Source>,
    method: &str,
    template: &str,
) -> Option<(Prepared, Vec<String>)> {
    let open = source.open();
    let operation = MockOperation::find(&open.document, source.dialect(), method, template)?;
    let read = Answers::read(operation);
    let mut preparer = Preparer { open: &open, operation, notes: read.notes };
    let answers: Box<[Answer]> =
        read.answers.iter().map(|answer| preparer.answer(answer)).collect();
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    let prepared = Prepared {
        source: Arc::clone(source),
        method: method.to_ascii_uppercase().into_boxed_str(),
        template: template.into(),
        usual: usual(&statuses),
        answers,
        takes_body: request::takes_body(operation),
        checks: OnceLock::new(),
    };
    Some((prepared, preparer.notes))
}

struct Preparer<'a> {
    open: &'a Open,
    operation: MockOperation<'a>,
    notes: Vec<String>,
}

impl<'a> Preparer<'a> {
    fn answer(&mut self, answer: &examples::Answer<'a>) -> Answer {
        let contents: Box<[Content]> = answer
            .contents
            .iter()
            .map(|content| {
                let (content, told) = self.content(content);
                let at = format!("{} {}", answer.status, content.written);
                self.notes.extend(told.into_iter().map(|told| format!("{at}: {told}")));
                content
            })
            .collect();
        let (headers, told) = headers::read(self.operation, answer.value);
        self.notes.extend(told.into_iter().map(|told| format!("{}: {told}", answer.status)));
        let types: Vec<&str> = contents.iter().map(|content| &*content.written).collect();
        let first = choose(None, &types).unwrap_or(0);
        Answer { status: answer.status, headers, contents, first }
    }

    /// A content, and what could not be used of it.
    fn content(&self, content: &examples::Content<'a>) -> (Content, Vec<String>) {
        let (written, mut told) = (content.media_type, Vec::new());
        let usual = concrete(written, None);
        let types = notations(written, &usual);
        let examples = self.examples(content, &types, &mut told);
        let made = examples.is_empty().then(|| self.made(content.schema, &types, &mut told));
        let usual = (usual != written).then(|| usual.into_boxed_str());
        let content = Content {
            written: written.into(),
            usual,
            examples,
            made,
            has_schema: content.schema.is_some(),
            schema: OnceLock::new(),
        };
        (content, told)
    }

    fn examples(
        &self,
        content: &examples::Content<'a>,
        types: &[String],
        told: &mut Vec<String>,
    ) -> Box<[(Box<str>, Bodies)]> {
        if content.examples.is_empty() {
            return Box::default();
        }
        let schema = content.schema.map(|schema| self.schema(schema)).transpose();
        // An example can be sent even where its schema cannot be used.
        let schema = schema.unwrap_or_else(|problem| {
            told.push(format!("examples are not held against the schema: {problem}"));
            None
        });
        told.extend(schema.iter().flat_map(Schema::ignored).cloned());
        let mut all = Vec::new();
        for (name, example) in &content.examples {
            let bodies: Bodies = types
                .iter()
                .map(|media_type| {
                    let body = examples::written(schema.as_ref(), media_type, example);
                    (Notation::of(media_type), Body::of(body))
                })
                .collect();
            if let Some(violation) = bodies.iter().find_map(|(_, body)| body.violation.as_ref()) {
                let name = if name.is_empty() { String::new() } else { format!(" `{name}`") };
                told.push(format!("the example{name} is not as its schema: {violation}"));
            }
            all.push((Box::from(*name), bodies));
        }
        all.into_boxed_slice()
    }

    /// What a schema makes in each notation.
    fn made(&self, schema: Option<&Value>, types: &[String], told: &mut Vec<String>) -> Bodies {
        let key = schema.map(Value::to_string);
        let all = types.iter().map(|media_type| {
            let body = self.made_once(schema, key.as_deref(), media_type, told);
            (Notation::of(media_type), body)
        });
        all.collect()
    }

    fn made_once(
        &self,
        schema: Option<&Value>,
        key: Option<&str>,
        media_type: &str,
        told: &mut Vec<String>,
    ) -> Body {
        let key = key.map(|key| (key.to_owned(), media_type.to_owned()));
        let lock = || self.open.made.lock().unwrap_or_else(PoisonError::into_inner);
        let known = key.as_ref().and_then(|key| lock().get(key).cloned());
        let (bytes, ignored) = known.unwrap_or_else(|| {
            let made = schema.map(|schema| self.schema(schema)).transpose();
            let made =
                made.and_then(|schema| examples::made_up(schema.as_ref(), media_type, Mode::Fixed));
            let made = match made {
                Ok(body) => (Ok(Bytes::from(body.text)), body.ignored),
                Err(problem) => (Err(problem.to_string().into_boxed_str()), Vec::new()),
            };
            if let Some(key) = key {
                lock().insert(key, made.clone());
            }
            made
        });
        for note in ignored.into_iter().chain(bytes.as_ref().err().map(|why| why.to_string())) {
            if !told.contains(&note) {
                told.push(note);
            }
        }
        Body { bytes, violation: None }
    }

    fn schema(&self, schema: &Value) -> Result<Schema, Problem> {
        let MockOperation { document, dialect, .. } = self.operation;
        Schema::read(document, dialect, schema, Direction::Response)
    }
}

impl Body {
    fn of(body: Result<examples::Body, Problem>) -> Self {
        match body {
            Ok(body) => {
                let violation = body.violation.map(String::into_boxed_str);
                Self { bytes: Ok(Bytes::from(body.text)), violation }
            }
            Err(problem) => Self { bytes: Err(problem.to_string().into()), violation: None },
        }
    }
}

/// A media type for each notation in which a content may be wanted, the usual one first.
fn notations(written: &str, usual: &str) -> Vec<String> {
    let mut types = vec![usual.to_owned()];
    if usual != written {
        let others = ["application/json", "application/xml", "text/plain"];
        let is_new = |other: &&&str| Notation::of(other) != Notation::of(usual);
        types.extend(others.iter().filter(is_new).map(|other| (*other).to_owned()));
    }
    types
}
