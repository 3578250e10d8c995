//! From an operation of the document to what is ready.

use std::cell::OnceCell;
use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use serde_json::Value;

use super::source::{Made, Open};
use super::{Answer, Bodies, Body, Content, Kept, Notation, Prepared, Source, headers};
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
        checks: Kept::new(),
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
        let schema = Lazy::new(self.operation, content.schema);
        let mut bodies = |example: Option<&Value>| -> Bodies {
            let all = types.iter().map(|media_type| {
                let body = self.body(&schema, example, media_type, &mut told);
                (Notation::of(media_type), body)
            });
            all.collect()
        };
        let examples: Box<[(Box<str>, Bodies)]> = content
            .examples
            .iter()
            .map(|(name, value)| ((*name).into(), bodies(Some(value))))
            .collect();
        let made = examples.is_empty().then(|| bodies(None));
        for (name, bodies) in &examples {
            if let Some(violation) = bodies.iter().find_map(|(_, body)| body.violation.as_ref()) {
                let name = if name.is_empty() { String::new() } else { format!(" `{name}`") };
                told.push(format!("the example{name} is not as its schema: {violation}"));
            }
        }
        let content = Content {
            written: written.into(),
            usual: (usual != written).then(|| usual.into_boxed_str()),
            examples,
            made,
            has_schema: content.schema.is_some(),
            schema: Kept::new(),
        };
        (content, told)
    }

    /// A body, which is made once for all operations that share it.
    fn body(
        &self,
        schema: &Lazy<'_>,
        example: Option<&Value>,
        media_type: &str,
        told: &mut Vec<String>,
    ) -> Body {
        let example_text = example.map(Value::to_string).unwrap_or_default();
        let key = (format!("{}\n{example_text}", schema.text), media_type.to_owned());
        let lock = || self.open.made.lock().unwrap_or_else(PoisonError::into_inner);
        let known = lock().get(&key).cloned();
        let (body, notes) = known.unwrap_or_else(|| {
            let made = schema.body(example, media_type);
            lock().insert(key, made.clone());
            made
        });
        for note in notes {
            if !told.contains(&note) {
                told.push(note);
            }
        }
        body
    }
}

/// A schema that is compiled where a body needs it.
struct Lazy<'a> {
    operation: MockOperation<'a>,
    value: Option<&'a Value>,
    text: String,
    read: OnceCell<Result<Option<Schema>, Problem>>,
}

impl<'a> Lazy<'a> {
    fn new(operation: MockOperation<'a>, value: Option<&'a Value>) -> Self {
        let text = value.map(Value::to_string).unwrap_or_default();
        Self { operation, value, text, read: OnceCell::new() }
    }

    fn schema(&self) -> Result<Option<&Schema>, Problem> {
        let MockOperation { document, dialect, .. } = self.operation;
        let read = |value| Schema::read(document, dialect, value, Direction::Response);
        let schema = self.read.get_or_init(|| self.value.map(read).transpose());
        schema.as_ref().map(Option::as_ref).map_err(Clone::clone)
    }

    /// A body, and what could not be used for it.
    fn body(&self, example: Option<&Value>, media_type: &str) -> Made {
        let made = match (example, self.schema()) {
            (Some(example), Ok(schema)) => examples::written(schema, media_type, example),
            // An example can be sent even where its schema cannot be used.
            (Some(example), Err(problem)) => {
                let note = format!("examples are not held against the schema: {problem}");
                let body = examples::written(None, media_type, example);
                return (Body::of(body), vec![note]);
            }
            (None, Ok(schema)) => examples::made_up(schema, media_type, Mode::Fixed),
            (None, Err(problem)) => Err(problem),
        };
        let notes = match &made {
            Ok(body) => body.ignored.clone(),
            Err(problem) => vec![problem.to_string()],
        };
        (Body::of(made), notes)
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
