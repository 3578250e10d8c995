//! The answers of an operation, ready to be sent.
//!
//! Everything that can be known before a request comes is made when the operation is read: bodies
//! as bytes, headers, what is wrong with examples. What few requests need (made-up values, schemas
//! to validate with) is made from the document when one comes, and schemas are then kept.
//! Deliberately absent: time and chance, which come from the caller.

mod headers;
mod read;
mod source;
mod strip;

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::examples::{
    self, Offer, Refusal, Status, acceptable, answer_for, declared, is_bare, no_answer, no_example,
};
use crate::negotiate::{concrete, essence, is_json, is_xml};
use crate::request::{Checks, Request, RequestProblem};
use crate::{Direction, MockOperation, Mode, Prefer, Problem, Schema};

pub use source::Source;

/// The answers of one operation, ready to be sent. Small while nobody asks for more.
#[derive(Debug, PartialEq)]
pub struct Prepared {
    source: Arc<Source>,
    method: Box<str>,
    template: Box<str>,
    answers: Box<[Answer]>,
    /// What is given without a wish: the status, and the number of the answer.
    usual: Option<(u16, usize)>,
    takes_body: bool,
    checks: Kept<Box<Checks>>,
}

#[derive(Debug, PartialEq)]
struct Answer {
    status: Status,
    headers: Box<[(Box<str>, Box<str>)]>,
    contents: Box<[Content]>,
    /// The number of the content that is given without `Accept`.
    first: usize,
}

#[derive(Debug, PartialEq)]
struct Content {
    /// As it is written; may be a range.
    written: Box<str>,
    /// What is sent where the client names nothing better; that of `written` where it is no range.
    usual: Option<Box<str>>,
    examples: Box<[(Box<str>, Bodies)]>,
    /// What the schema makes; only where there is no example.
    made: Option<Bodies>,
    has_schema: bool,
    schema: Kept<Option<Box<Result<Schema, Problem>>>>,
}

/// What the first request makes that needs it.
struct Kept<T>(OnceLock<T>);

/// The same body in each notation that may be asked for; one where the media type is no range.
type Bodies = Box<[(Notation, Body)]>;

#[derive(Debug, Clone, PartialEq)]
struct Body {
    bytes: Result<Bytes, Box<str>>,
    violation: Option<Box<str>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Notation {
    Json,
    Xml,
    Text,
}

/// The answer that a request gets.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply<'a> {
    /// The status to send.
    pub status: u16,
    /// The media type of the body; `None` for an answer without one.
    pub media_type: Option<Cow<'a, str>>,
    /// The headers that the document gives to the answer.
    pub headers: &'a [(Box<str>, Box<str>)],
    /// The body.
    pub body: ReplyBody<'a>,
    /// What is wrong with an example by its own schema.
    pub violation: Option<&'a str>,
    /// What `Preference-Applied` says (RFC 7240 §3); `None` where nothing was asked for.
    pub applied: Option<String>,
}

/// The body of an answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ReplyBody<'a> {
    /// There is none.
    Empty,
    /// It was prepared.
    Ready(&'a Bytes),
    /// It is to be made up: [`Prepared::make`] does, and may take long.
    Made,
    /// There is no value; why.
    Impossible(&'a str),
}

impl Notation {
    fn of(media_type: &str) -> Self {
        match media_type {
            media_type if is_json(media_type) => Self::Json,
            media_type if is_xml(media_type) => Self::Xml,
            _ => Self::Text,
        }
    }
}

impl<T> fmt::Debug for Kept<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").finish_non_exhaustive()
    }
}

impl<T> PartialEq for Kept<T> {
    /// It is made of what is compared anyhow.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<T> Kept<T> {
    const fn new() -> Self {
        Self(OnceLock::new())
    }
}

impl Prepared {
    /// Prepares an operation; `None` where the document has none such.
    ///
    /// The method may be in either case; the template is as the document has it. Beside it stands
    /// what could not be used, as text to show.
    #[must_use]
    pub fn read(source: &Arc<Source>, method: &str, template: &str) -> Option<(Self, Vec<String>)> {
        read::prepare(source, method, template)
    }

    /// Whether a body of the request is wanted by the document.
    #[must_use]
    pub fn takes_body(&self) -> bool {
        self.takes_body
    }

    /// Chooses by `Accept` and `Prefer`, by the rules of [`examples::choose`].
    ///
    /// Allocates nothing where nothing is preferred, and `Accept` is absent, `*/*`, or the media
    /// type that is given without it.
    ///
    /// # Errors
    ///
    /// As [`examples::choose`].
    pub fn choose(&self, accept: Option<&str>, wish: &Prefer) -> Result<Reply<'_>, Refusal> {
        if wish.is_empty()
            && let Some((status, at)) = self.usual
            && let Some(answer) = self.answers.get(at)
            && let Some(reply) = answer.usual(status, accept)
        {
            return Ok(reply);
        }
        let statuses = self.statuses();
        let (status, at) = answer_for(&statuses, wish.code.as_deref())?;
        let answer = self.answers.get(at).ok_or_else(no_answer)?;
        answer.choose(status, accept, wish)
    }

    /// Makes a value up for an answer that was chosen; another one for each seed.
    ///
    /// # Errors
    ///
    /// Where the answer has no schema, or there is no value for it.
    pub fn make(&self, status: u16, media_type: &str, seed: u64) -> Result<Bytes, Problem> {
        let found = self.content(status, media_type);
        let schema = found.and_then(|content| self.schema(status, content));
        let nothing = || Problem::Shape(format!("what the answer {status} {media_type} has"));
        let schema = schema.ok_or_else(nothing)?.as_ref().map_err(Clone::clone)?;
        let body = examples::made_up(Some(schema), media_type, Mode::Dynamic(seed))?;
        Ok(Bytes::from(body.text))
    }

    /// Everything that is wrong with a request by the document; nothing where it is as that says.
    ///
    /// The first call compiles the schemas.
    #[must_use]
    pub fn validate(&self, request: &Request<'_>) -> Vec<RequestProblem> {
        let checks = self.checks.0.get_or_init(|| {
            let open = self.source.read();
            let operation = self.operation(&open.document);
            Box::new(operation.map_or_else(Checks::default, Checks::read))
        });
        checks.validate(request)
    }

    /// What is wrong with an answer by its own schema, as text to show; `None` where nothing is.
    ///
    /// A status or a media type that the document does not declare is wrong too. Bodies are held
    /// against the schema where they are JSON or plain text.
    #[must_use]
    pub fn check(&self, status: u16, media_type: Option<&str>, body: &[u8]) -> Option<String> {
        let statuses = self.statuses();
        let Some(answer) = declared(&statuses, status).and_then(|at| self.answers.get(at)) else {
            return Some(format!("the document declares no answer {status}"));
        };
        if is_bare(status) || (body.is_empty() && media_type.is_none()) {
            return None;
        }
        if answer.contents.is_empty() {
            let told = format!("the document declares no body for {status}");
            return Some(told).filter(|_| !body.is_empty());
        }
        let written = media_type.unwrap_or("application/octet-stream");
        let Some(content) = answer.content(written) else {
            let types: Vec<&str> = answer.contents.iter().map(|one| &*one.written).collect();
            let types = types.join(", ");
            return Some(format!("`{written}` is not declared for {status}; there are: {types}"));
        };
        let schema = self.schema(status, content)?.as_ref().ok()?;
        violation(schema, written, body)
    }

    fn statuses(&self) -> Vec<Status> {
        self.answers.iter().map(|answer| answer.status).collect()
    }

    /// Whether [`Self::validate`] has what it needs, and compiles nothing more.
    #[must_use]
    pub fn is_ready_to_validate(&self) -> bool {
        self.checks.0.get().is_some()
    }

    /// Whether [`Self::check`] has what it needs for such an answer, and compiles nothing more.
    #[must_use]
    pub fn is_ready_to_check(&self, status: u16, media_type: Option<&str>) -> bool {
        let content = media_type.and_then(|media_type| self.content(status, media_type));
        content.is_none_or(|content| content.schema.0.get().is_some())
    }

    fn content(&self, status: u16, media_type: &str) -> Option<&Content> {
        let at = declared(&self.statuses(), status)?;
        self.answers.get(at)?.content(media_type)
    }

    fn operation<'a>(&self, document: &'a serde_json::Value) -> Option<MockOperation<'a>> {
        MockOperation::find(document, self.source.dialect(), &self.method, &self.template)
    }

    /// The schema of a content, compiled once.
    fn schema<'a>(&self, status: u16, content: &'a Content) -> Option<&'a Result<Schema, Problem>> {
        let compile = || {
            let open = self.source.read();
            let operation = self.operation(&open.document)?;
            let answers = examples::Answers::read(operation);
            let statuses: Vec<Status> =
                answers.answers.iter().map(|answer| answer.status).collect();
            let answer = answers.answers.get(declared(&statuses, status)?)?;
            let mut contents = answer.contents.iter();
            let same = contents.find(|one| *one.media_type == *content.written)?;
            let (document, dialect) = (operation.document, operation.dialect);
            Some(Box::new(Schema::read(document, dialect, same.schema?, Direction::Response)))
        };
        content.schema.0.get_or_init(compile).as_deref()
    }
}

impl Answer {
    /// The answer without a wish; `None` where that takes more than a look.
    fn usual(&self, status: u16, accept: Option<&str>) -> Option<Reply<'_>> {
        if self.contents.is_empty() || is_bare(status) {
            return Some(self.bare(status));
        }
        let content = self.contents.get(self.first)?;
        let media_type = content.media_type();
        if !accept.is_none_or(|accept| accept == "*/*" || accept == media_type) {
            return None;
        }
        let mut reply = self.bare(status);
        content.fill(Cow::Borrowed(media_type), content.first(), &mut reply);
        Some(reply)
    }

    fn choose(
        &self,
        status: u16,
        accept: Option<&str>,
        wish: &Prefer,
    ) -> Result<Reply<'_>, Refusal> {
        let (named, mut reply) = (wish.example.as_deref(), self.bare(status));
        if self.contents.is_empty() || is_bare(status) {
            let refusal = named.map(|name| no_example(name, status, &[]));
            reply.applied = wish.applied(false);
            return refusal.map_or(Ok(reply), Err);
        }
        let offers: Vec<Offer<'_>> = self.contents.iter().map(Content::offer).collect();
        let at = acceptable(&offers, accept, named, status)?;
        let content = self.contents.get(at).ok_or_else(no_answer)?;
        let media_type = match content.usual {
            Some(_) => Cow::Owned(concrete(&content.written, accept)),
            None => Cow::Borrowed(&*content.written),
        };
        let is_made = wish.is_dynamic && named.is_none() && content.has_schema;
        reply.applied = wish.applied(is_made);
        if is_made {
            reply.media_type = Some(media_type);
            reply.body = ReplyBody::Made;
        } else {
            let bodies = match named {
                Some(name) => content.named(name),
                None => content.first(),
            };
            content.fill(media_type, bodies, &mut reply);
        }
        Ok(reply)
    }

    fn bare(&self, status: u16) -> Reply<'_> {
        let (media_type, body) = (None, ReplyBody::Empty);
        Reply { status, media_type, headers: &self.headers, body, violation: None, applied: None }
    }

    /// The content that a media type belongs to; the most specific one.
    fn content(&self, media_type: &str) -> Option<&Content> {
        let wanted = essence(media_type);
        let kind = wanted.split('/').next().unwrap_or_default();
        let rank = |content: &&Content| match essence(&content.written) {
            known if known == wanted => 3,
            known if known == format!("{kind}/*") => 2,
            known if known == "*/*" => 1,
            _ => 0,
        };
        self.contents.iter().filter(|content| rank(content) > 0).max_by_key(rank)
    }
}

impl Content {
    fn media_type(&self) -> &str {
        self.usual.as_deref().unwrap_or(&self.written)
    }

    fn offer(&self) -> Offer<'_> {
        let examples = self.examples.iter().map(|(name, _)| &**name).collect();
        Offer { media_type: &self.written, examples }
    }

    fn named(&self, name: &str) -> Option<&Bodies> {
        self.examples.iter().find(|(known, _)| **known == *name).map(|(_, bodies)| bodies)
    }

    fn first(&self) -> Option<&Bodies> {
        self.examples.first().map(|(_, bodies)| bodies).or(self.made.as_ref())
    }

    /// Writes the body in its notation into a reply.
    fn fill<'a>(
        &'a self,
        media_type: Cow<'a, str>,
        bodies: Option<&'a Bodies>,
        reply: &mut Reply<'a>,
    ) {
        let notation = Notation::of(&media_type);
        let all = bodies.map_or(&[][..], |bodies| &**bodies);
        let fitting = all.iter().find(|(known, _)| *known == notation).or(all.first());
        reply.media_type = Some(media_type);
        if let Some((_, body)) = fitting {
            reply.violation = body.violation.as_deref();
            reply.body = match &body.bytes {
                Ok(bytes) => ReplyBody::Ready(bytes),
                Err(reason) => ReplyBody::Impossible(reason),
            };
        }
    }
}

/// What is wrong with a body by its schema.
fn violation(schema: &Schema, media_type: &str, body: &[u8]) -> Option<String> {
    if is_json(media_type) {
        return match serde_json::from_slice(body) {
            Ok(value) => examples::wrong(schema, &value),
            Err(error) => Some(format!("the body is not JSON: {error}")),
        };
    }
    let text = std::str::from_utf8(body).ok().filter(|_| essence(media_type) == "text/plain")?;
    let told = examples::wrong(schema, &serde_json::Value::from(text))?;
    // Text may stand for a number or a flag.
    let is_scalar = serde_json::from_str(text).is_ok_and(|value| schema.is_valid(&value));
    Some(told).filter(|_| !is_scalar)
}

#[cfg(test)]
mod tests;
