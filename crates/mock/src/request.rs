//! A request held against the document.
//!
//! Parameters come as text, so they are read as the type that their schema asks for before they
//! are validated. Bodies are validated where they are JSON or a form; of `multipart/form-data` the
//! parts must be there, and of others only whether they may come at all.

mod body;
mod multipart;
mod parameters;

use serde_json::Value;

use crate::{MockOperation, Problem};
use definition::Dialect;

/// Most problems that are told at once.
const MAX_PROBLEMS: usize = 64;

/// What came from the client.
#[derive(Debug, Clone, Copy, Default)]
pub struct Request<'a> {
    /// The variables of the path, decoded.
    pub path: &'a [(String, String)],
    /// The query, decoded, in its order.
    pub query: &'a [(String, String)],
    /// The headers; names in any case.
    pub headers: &'a [(String, String)],
    /// The body; empty where there is none.
    pub body: &'a [u8],
}

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestProblem {
    /// The part: `path`, `query`, `header`, `cookie` or `body`.
    pub part: &'static str,
    /// Where in the part: a JSON pointer, whose first step is the name of a parameter.
    pub pointer: String,
    /// What is wrong there.
    pub message: String,
}

/// What an operation asks of a request, with its schemas compiled.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    parameters: Vec<Result<parameters::Parameter, Problem>>,
    body: Option<Result<body::BodyCheck, Problem>>,
}

/// Everything that is wrong with a request; nothing where it is as the document says.
///
/// A schema that cannot be used is a problem too: nothing is passed unseen.
#[must_use]
pub fn validate(operation: MockOperation<'_>, request: &Request<'_>) -> Vec<RequestProblem> {
    Checks::read(operation).validate(request)
}

/// Whether a body is wanted.
pub(crate) fn takes_body(operation: MockOperation<'_>) -> bool {
    let is_body = |parameter: &Value| {
        let place = parameter.get("in").and_then(Value::as_str);
        matches!(place, Some("body" | "formData"))
    };
    match operation.dialect {
        Dialect::V2 => parameters::all(operation).flatten().any(is_body),
        _ => operation.value.get("requestBody").is_some(),
    }
}

/// The parameters of an operation and its path that can be read, references followed.
pub(crate) fn parameters_of<'a>(operation: MockOperation<'a>) -> impl Iterator<Item = &'a Value> {
    parameters::all(operation).filter_map(Result::ok)
}

impl Checks {
    /// Compiles what an operation asks of a request.
    pub(crate) fn read(operation: MockOperation<'_>) -> Self {
        let all = parameters::all(operation);
        let parameters = all.filter_map(|parameter| {
            parameter.map(|one| parameters::Parameter::read(operation, one)).transpose()
        });
        Self { parameters: parameters.collect(), body: body::BodyCheck::read(operation) }
    }

    /// Everything that is wrong with a request.
    pub(crate) fn validate(&self, request: &Request<'_>) -> Vec<RequestProblem> {
        let mut found = Vec::new();
        for parameter in &self.parameters {
            match parameter {
                Ok(parameter) => parameter.check(request, &mut found),
                Err(problem) => found.push(unusable("query", "", problem)),
            }
        }
        match &self.body {
            Some(Ok(body)) => body.check(request, &mut found),
            Some(Err(problem)) => found.push(unusable("body", "", problem)),
            None => {}
        }
        found.truncate(MAX_PROBLEMS);
        found
    }
}

/// The value of a header.
fn header<'a>(request: &Request<'a>, name: &str) -> Option<&'a str> {
    let mut headers = request.headers.iter();
    let field = headers.find(|(known, _)| known.eq_ignore_ascii_case(name));
    field.map(|(_, value)| value.as_str())
}

fn in_body(message: String) -> RequestProblem {
    RequestProblem { part: "body", pointer: String::new(), message }
}

fn unusable(part: &'static str, pointer: &str, problem: &Problem) -> RequestProblem {
    let message = format!("the document cannot be used here: {problem}");
    RequestProblem { part, pointer: pointer.to_owned(), message }
}

#[cfg(test)]
mod tests;
