//! Renders the template of a policy with its parameters (spec/02 §1.5, §7.1).
//!
//! WSO2 renders with Jinjava, which is near to Jinja2; `source.rs` turns what Jinjava writes
//! differently into what minijinja reads.
//! Values are put in as they are, without escaping, as WSO2 does it; [`render_policy`] tries again
//! with escaped values where that does not give XML.
//!
//! A template comes from outside, so it works within [`TemplateLimits`]. The engine charges fuel
//! for each step and each byte that is made. What it would not notice is refused before it starts:
//! lists inside lists, which could share their parts and grow without being made, and sums and
//! products of lists.
//!
//! Deliberately absent: other templates (`include`, `import`, `extends`), macros, `do`, and the
//! rendering of values as templates, which Jinjava does and nobody expects.

mod engine;
mod filters;
mod methods;
mod rules;
mod source;
mod token;
mod xml_text;

use serde_json::{Map, Value};
use thiserror::Error;

pub use xml_text::escape as escape_xml;

/// What a template may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateLimits {
    /// The longest template, in bytes.
    pub template_bytes: usize,
    /// The most text that a template may make, in bytes.
    pub output_bytes: usize,
    /// The longest single value that a filter or a method may make, in bytes.
    pub value_bytes: usize,
    /// Steps of the engine; one also pays for 64 bytes of text made.
    pub fuel: u64,
    /// The most items of `range(…)` and of a split text.
    pub items: usize,
    /// The most blocks and expressions in a template.
    pub tags: usize,
}

impl Default for TemplateLimits {
    fn default() -> Self {
        Self {
            template_bytes: 64 * 1024,
            output_bytes: 256 * 1024,
            value_bytes: 256 * 1024,
            fuel: 20_000,
            items: 1_000,
            tags: 1_000,
        }
    }
}

/// Why a template cannot be rendered.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}: {message}")]
pub struct TemplateError {
    /// The line of the template, from 1; 0 where no line is at fault.
    pub line: u32,
    /// What is wrong, and how to mend it.
    pub message: String,
}

impl TemplateError {
    pub(crate) fn new(line: u32, message: impl Into<String>) -> Self {
        Self { line, message: message.into() }
    }
}

/// How the parameters were put into a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Substitution {
    /// As they are.
    Raw,
    /// Escaped as XML text.
    Escaped,
}

/// The text of a policy, with its parameters put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Mediators, or what was meant to be some.
    pub text: String,
    /// How the parameters were put in.
    pub substitution: Substitution,
}

/// Renders a template; parameters are put in as they are.
///
/// A parameter that is absent or `null` is undefined, which prints as nothing.
///
/// # Errors
/// A template that is no Jinja, uses what is not supported, or needs more than the limits allow.
pub fn render(
    template: &str,
    parameters: &Map<String, Value>,
    limits: &TemplateLimits,
) -> Result<String, TemplateError> {
    let source = source::translate(template, limits)?;
    engine::render(&source, parameters, limits)
}

/// Renders a template within the default limits to what `well_formed` accepts.
///
/// Where the text with raw parameters is not accepted, it is
/// rendered once more with parameters that are escaped for XML (spec/02 §6.1, row 20).
/// If that does not help either, the first text is returned: its faults are nearer to what was
/// written.
///
/// # Errors
/// As [`render`].
pub fn render_policy(
    template: &str,
    parameters: &Map<String, Value>,
    well_formed: &dyn Fn(&str) -> bool,
) -> Result<Rendered, TemplateError> {
    let limits = TemplateLimits::default();
    let source = source::translate(template, &limits)?;
    let raw = engine::render(&source, parameters, &limits)?;
    if !well_formed(&raw)
        && let Some(text) = render_escaped(&source, parameters, &limits)
        && well_formed(&text)
    {
        return Ok(Rendered { text, substitution: Substitution::Escaped });
    }
    Ok(Rendered { text: raw, substitution: Substitution::Raw })
}

fn render_escaped(
    source: &str,
    parameters: &Map<String, Value>,
    limits: &TemplateLimits,
) -> Option<String> {
    let escaped = parameters.iter().map(|(name, value)| (name.clone(), escape_value(value)));
    engine::render(source, &escaped.collect(), limits).ok()
}

/// The value with its text escaped; what has no text of its own stays.
fn escape_value(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(xml_text::escape(text)),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests;
