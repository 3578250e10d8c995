//! The engine, with what is allowed in it and no more.

use std::io;
use std::sync::LazyLock;

use minijinja::value::{Rest, Serde, ValueKind};
use minijinja::{Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value};
use serde_json::Map;

use super::{TemplateError, TemplateLimits, filters, methods};

/// The most scopes inside each other.
const RECURSION: usize = 64;

/// What one value may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// The longest text, in bytes.
    pub(super) bytes: usize,
    /// The most items of a list.
    pub(super) items: usize,
}

/// What is done with a value and arguments.
pub(super) type Operation = fn(&Value, &[Value], Bounds) -> Result<Value, Error>;

/// A writer that stops at its limit.
pub(super) struct Bounded {
    bytes: Vec<u8>,
    limit: usize,
    is_full: bool,
}

impl Bounded {
    pub(super) fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), limit, is_full: false }
    }

    pub(super) fn into_text(self) -> String {
        String::from_utf8(self.bytes).unwrap_or_default()
    }
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len().saturating_add(bytes.len()) > self.limit {
            self.is_full = true;
            return Err(io::Error::other("the text is too long"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Renders what `source::translate` gave.
pub(super) fn render(
    source: &str,
    parameters: &Map<String, serde_json::Value>,
    limits: &TemplateLimits,
) -> Result<String, TemplateError> {
    static USUAL: LazyLock<Environment<'static>> =
        LazyLock::new(|| environment(&TemplateLimits::default()));
    let own;
    let environment = if *limits == TemplateLimits::default() {
        &*USUAL
    } else {
        own = environment(limits);
        &own
    };
    let known: Map<_, _> = parameters
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let mut out = Bounded::new(limits.output_bytes);
    let result = environment.template_from_str(source).and_then(|template| {
        template.render_captured_to(Value::from(Serde(&known)), &mut out).map(drop)
    });
    match result {
        Ok(()) => Ok(out.into_text()),
        Err(error) => Err(describe(&error, out.is_full, limits)),
    }
}

/// A list or a map as JSON, any other value as its text.
pub(super) fn text_of(value: &Value, bounds: Bounds) -> Result<String, Error> {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => Ok(String::new()),
        ValueKind::Seq | ValueKind::Map | ValueKind::Iterable => json_of(value, bounds),
        ValueKind::Bool => Ok(if value.is_true() { "true" } else { "false" }.to_owned()),
        _ => Ok(value.to_string()),
    }
}

/// A value as compact JSON.
pub(super) fn json_of(value: &Value, bounds: Bounds) -> Result<String, Error> {
    let mut out = Bounded::new(bounds.bytes);
    serde_json::to_writer(&mut out, value).map_err(|error| failed(error.to_string()))?;
    Ok(out.into_text())
}

/// What a filter or a method complains about.
pub(super) fn failed(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.into())
}

fn environment(limits: &TemplateLimits) -> Environment<'static> {
    let bounds = Bounds { bytes: limits.value_bytes, items: limits.items };
    let mut environment = Environment::empty();
    environment.set_fuel(Some(limits.fuel));
    environment.set_recursion_limit(RECURSION);
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment
        .set_formatter(move |out: &mut Output, _: &mut State, value| print(out, value, bounds));
    environment.set_unknown_method_callback(move |_, value, name, arguments| {
        methods::call(value, name, arguments, bounds)
    });
    environment.add_function("range", move |arguments: Rest<i64>| range(&arguments, bounds));
    for (name, operation) in filters::ALL.iter().copied() {
        environment.add_filter(name, move |value: &Value, arguments: Rest<Value>| {
            operation(value, &arguments, bounds)
        });
    }
    for (name, operation) in filters::TESTS.iter().copied() {
        environment.add_test(name, move |value: &Value, arguments: Rest<Value>| {
            operation(value, &arguments, bounds)
        });
    }
    environment
}

fn print(out: &mut Output, value: &Value, bounds: Bounds) -> Result<(), Error> {
    let written = match value.as_str() {
        Some(text) => out.write_str(text),
        None => out.write_str(&text_of(value, bounds)?),
    };
    written.map_err(Error::from)
}

fn range(arguments: &[i64], bounds: Bounds) -> Result<Value, Error> {
    let (start, end, step) = match *arguments {
        [end] => (0, end, 1),
        [start, end] => (start, end, 1),
        [start, end, step] => (start, end, step),
        _ => return Err(failed("`range` takes one to three numbers")),
    };
    if step == 0 {
        return Err(failed("the step of `range` may not be 0"));
    }
    let mut items = Vec::new();
    let mut at = start;
    while (step > 0 && at < end) || (step < 0 && at > end) {
        if items.len() >= bounds.items {
            return Err(failed(format!("`range` gives at most {} items", bounds.items)));
        }
        items.push(at);
        let Some(next) = at.checked_add(step) else { break };
        at = next;
    }
    Ok(Value::from(items))
}

fn describe(error: &Error, is_full: bool, limits: &TemplateLimits) -> TemplateError {
    let line = error.line().and_then(|line| u32::try_from(line).ok()).unwrap_or(0);
    let message = match error.kind() {
        _ if is_full => format!("the template makes more than {} bytes", limits.output_bytes),
        ErrorKind::OutOfFuel => {
            format!("the template takes more than {} steps; make it do less", limits.fuel)
        }
        kind => match error.detail() {
            Some(detail) => format!("{kind}: {detail}"),
            None => kind.to_string(),
        },
    };
    TemplateError::new(line, message)
}
