//! Compiling: which language a text is in, and the shapes that are answered directly.

use std::sync::Arc;

use ::expression::{JsonPath, SyntaxError, synapse};
use http::HeaderName;
use thiserror::Error;
use xml::tree::Namespaces;
use xml::xpath::XPath;

use super::function::Extensions;
use super::{Expression, Need};
use crate::property::Scope;

/// How deep calls in each other are answered directly; deeper ones are the XPath engine's.
const SIMPLE_DEPTH: u8 = 8;

/// An expression that cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct CompileError {
    /// Where in the text, in bytes.
    pub offset: usize,
    /// What is wrong, and how to mend it.
    pub message: String,
    /// What was probably meant.
    pub hint: Option<Hint>,
}

/// A common mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// A URL where an expression belongs.
    LiteralUrl,
    /// A prefix that is not declared.
    UndeclaredPrefix,
}

impl From<SyntaxError> for CompileError {
    fn from(error: SyntaxError) -> Self {
        Self { offset: error.offset, message: error.message, hint: None }
    }
}

impl Expression {
    /// Compiles the text of an attribute such as `expression`, `source` or `xpath`.
    ///
    /// `namespaces` are those in scope at the attribute.
    ///
    /// # Errors
    ///
    /// Where and why it is none.
    pub fn compile(text: &str, namespaces: &Namespaces) -> Result<Self, CompileError> {
        if let Some(offset) =
            ["vault-lookup", "wso2-vault", "hashicorp-vault"].iter().find_map(|it| text.find(it))
        {
            return Err(CompileError::at(
                offset,
                "the vault cannot be asked here; let a parameter of type Secret hold $env{NAME} or $file{PATH}",
            ));
        }
        let trimmed = text.trim();
        let skipped = text.len() - text.trim_start().len();
        let shift = |by: usize| {
            move |error: CompileError| CompileError { offset: error.offset + by, ..error }
        };
        if let Some(inner) = trimmed.strip_prefix("json-eval(") {
            let inner = inner.strip_suffix(')').ok_or_else(|| {
                CompileError::at(text.len(), "json-eval( has no closing parenthesis")
            })?;
            return json_path(inner).map_err(shift(skipped + "json-eval(".len()));
        }
        if let Some(inner) = trimmed.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) {
            let compiled = synapse::Expression::compile(inner).map_err(CompileError::from);
            return compiled.map(|it| Self::Synapse(Box::new(it))).map_err(shift(skipped + 2));
        }
        if trimmed.is_empty() {
            return Err(CompileError::at(0, "the expression is empty"));
        }
        if let Some(fast) = simple(trimmed, SIMPLE_DEPTH) {
            return Ok(fast);
        }
        x_path(trimmed, namespaces).map_err(shift(skipped))
    }
}

impl CompileError {
    fn at(offset: usize, message: &str) -> Self {
        Self { offset, message: message.to_owned(), hint: None }
    }
}

fn x_path(text: &str, namespaces: &Namespaces) -> Result<Expression, CompileError> {
    let compiled = XPath::compile(text, namespaces, &Extensions).map_err(|error| {
        let hint = if is_url(text) {
            Some(Hint::LiteralUrl)
        } else if error.message.contains("prefix `") {
            Some(Hint::UndeclaredPrefix)
        } else {
            None
        };
        CompileError { offset: error.offset, message: error.message, hint }
    })?;
    let reads_variable = compiled
        .variables()
        .any(|(prefix, name)| prefix.is_none() && matches!(name, "body" | "header" | "env"));
    let need = if compiled.reads_tree() || reads_variable { Need::Xml } else { Need::Nothing };
    Ok(Expression::XPath(Box::new(compiled), need))
}

/// Whether it begins as a URL does, without quotes.
fn is_url(text: &str) -> bool {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme.trim_start());
    scheme.is_some_and(|scheme| scheme.chars().all(|at| at.is_ascii_alphanumeric()))
}

/// `json-eval($.a)`, or a path into a property: `json-eval($ctx:name.a)`.
fn json_path(inner: &str) -> Result<Expression, CompileError> {
    let trimmed = inner.trim();
    for (prefix, scope) in
        [("$ctx:", Scope::Default), ("$axis2:", Scope::Axis2), ("$trp:", Scope::Transport)]
    {
        if let Some(rest) = trimmed.strip_prefix(prefix) {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (name, tail) = rest.split_at(end);
            let path = JsonPath::compile(&format!("${tail}"))?;
            return Ok(Expression::JsonOf(scope, Arc::from(name), Box::new(path)));
        }
    }
    Ok(Expression::JsonPath(Box::new(JsonPath::compile(trimmed)?)))
}

/// The shapes that need no XPath engine; `None` where it is none of them.
fn simple(text: &str, depth: u8) -> Option<Expression> {
    let inner = |text: &str| simple(text, depth.checked_sub(1)?);
    if let Some(rest) = text.strip_prefix('$') {
        return variable(rest);
    }
    if let Some(literal) = quoted(text) {
        return Some(Expression::Literal(Arc::from(literal)));
    }
    let (name, arguments) = call(text)?;
    match (name.strip_prefix("fn:").unwrap_or(name), arguments.as_slice()) {
        ("get-property", arguments) => property(arguments),
        ("concat", parts) if parts.len() > 1 => {
            parts.iter().map(|part| inner(part)).collect::<Option<_>>().map(Expression::Concat)
        }
        ("boolean", [only]) => inner(only).map(|it| Expression::Boolean(Box::new(it))),
        ("not", [only]) => inner(only).map(|it| Expression::Not(Box::new(it))),
        // A text, whatever it was before.
        ("string", [only]) => inner(only).map(|it| Expression::Concat(vec![it])),
        _ => None,
    }
}

fn variable(text: &str) -> Option<Expression> {
    let (prefix, name) = text.split_once(':')?;
    let is_name =
        !name.is_empty() && name.chars().all(|at| at.is_alphanumeric() || "._-:".contains(at));
    if !is_name {
        return None;
    }
    Some(match prefix {
        "ctx" => Expression::Property(Scope::Default, Arc::from(name)),
        "axis2" => Expression::Property(Scope::Axis2, Arc::from(name)),
        "trp" => Expression::Header(HeaderName::try_from(name).ok()?),
        "url" => Expression::Query(Arc::from(name)),
        "var" => Expression::Variable(Arc::from(name)),
        _ => return None,
    })
}

fn property(arguments: &[&str]) -> Option<Expression> {
    let names: Vec<&str> = arguments.iter().map(|it| quoted(it)).collect::<Option<_>>()?;
    let plain = match names.as_slice() {
        [name] => Expression::Property(Scope::Default, Arc::from(*name)),
        // These are there in any scope.
        [_, "SYSTEM_DATE" | "SYSTEM_TIME"] => return None,
        ["transport", name] => Expression::Header(HeaderName::try_from(*name).ok()?),
        ["default" | "synapse", name] => Expression::Property(Scope::Default, Arc::from(*name)),
        ["axis2", name] => Expression::Property(Scope::Axis2, Arc::from(*name)),
        _ => return None,
    };
    Some(Expression::Nullable(Box::new(plain)))
}

/// A literal of XPath, without its quotes.
fn quoted(text: &str) -> Option<&str> {
    let text = text.trim();
    ['\'', '"'].into_iter().find_map(|quote| {
        let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
        (!inner.contains(quote)).then_some(inner)
    })
}

/// `name(a, b)`, cut at the commas outside quotes and parentheses.
fn call(text: &str) -> Option<(&str, Vec<&str>)> {
    let (name, rest) = text.split_once('(')?;
    let inner = rest.strip_suffix(')')?;
    let is_name =
        !name.is_empty() && name.chars().all(|at| at.is_ascii_alphanumeric() || "-:".contains(at));
    if !is_name {
        return None;
    }
    let mut parts = Vec::new();
    let (mut depth, mut quote, mut start) = (0_u32, None, 0);
    for (at, character) in inner.char_indices() {
        match (quote, character) {
            (Some(open), it) if it == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(character),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.checked_sub(1)?,
            (None, ',') if depth == 0 => {
                parts.push(inner.get(start..at)?.trim());
                start = at + 1;
            }
            (None, _) => {}
        }
    }
    parts.push(inner.get(start..)?.trim());
    (depth == 0 && quote.is_none()).then_some((name, parts))
}
