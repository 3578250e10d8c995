//! A schema of an OpenAPI document as JSON Schema of one dialect (2020-12), ready to validate.
//!
//! OpenAPI 2.0, 3.0 and 3.1 write schemas in three dialects. All are turned into one here, with
//! everything that is referred to beside it, so that nothing else needs to know which it was.
//! What is wrongly written is left out and told ([`Schema::ignored`]).

mod normal;

use std::collections::HashSet;
use std::fmt;

use definition::Dialect;
use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::{Map, Value, json};

use crate::Problem;

/// Steps that an expression of `pattern` may go back.
const BACKTRACKS: usize = 100_000;
/// Most schemas that one value may be held against, because validators go through all branches.
const MAX_WEIGHT: usize = 50_000;
/// Most violations that are told at once.
const MAX_VIOLATIONS: usize = 32;
/// Most schemas that are looked through for names that are required.
const MAX_ALL: usize = 256;

/// Who reads the value: what is `readOnly` is not sent in requests, what is `writeOnly` not in
/// answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the client.
    Request,
    /// To the client.
    Response,
}

/// A schema, with all that it refers to.
pub struct Schema {
    root: Value,
    names: Vec<String>,
    ignored: Vec<String>,
    direction: Direction,
    validator: Validator,
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where in the value: a JSON pointer, empty for all of it.
    pub pointer: String,
    /// What is wrong there, without the value.
    pub message: String,
    /// The keyword that it violates.
    pub keyword: String,
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schema").field("root", &self.root).finish_non_exhaustive()
    }
}

impl Schema {
    /// Reads a schema that stands in a document.
    ///
    /// # Errors
    ///
    /// Where something that it refers to is missing, or it is no schema.
    pub fn read(
        document: &Value,
        dialect: Dialect,
        schema: &Value,
        direction: Direction,
    ) -> Result<Self, Problem> {
        let normal = normal::normalise(document, dialect, schema, direction)?;
        weigh(&normal.definitions)?;
        let mut definitions = Map::new();
        for (number, definition) in normal.definitions.into_iter().enumerate() {
            definitions.insert(number.to_string(), definition);
        }
        let root = json!({ "$ref": "#/$defs/0", "$defs": definitions });
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .should_ignore_unknown_formats(true)
            .with_pattern_options(PatternOptions::fancy_regex().backtrack_limit(BACKTRACKS))
            .offline()
            .build(&root)
            .map_err(|error| Problem::Invalid(error.to_string()))?;
        let (names, ignored) = (normal.names, normal.ignored);
        Ok(Self { root, names, ignored, direction, validator })
    }

    /// What is wrong with a value; nothing where it is valid.
    #[must_use]
    pub fn violations(&self, value: &Value) -> Vec<Violation> {
        let errors = self.validator.iter_errors(value).take(MAX_VIOLATIONS);
        errors
            .map(|error| Violation {
                pointer: error.instance_path().to_string(),
                message: error.masked().to_string(),
                keyword: error.kind().keyword().to_owned(),
            })
            .collect()
    }

    /// Whether a value is valid.
    #[must_use]
    pub fn is_valid(&self, value: &Value) -> bool {
        self.validator.is_valid(value)
    }

    /// Keywords that were left out because they are wrongly written, as text to show.
    #[must_use]
    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }

    /// Whether its author has put examples into it, or into what it refers to.
    pub(crate) fn has_examples(&self) -> bool {
        let mut open = vec![&self.root];
        while let Some(value) = open.pop() {
            match value {
                Value::Object(map) => {
                    if map.contains_key("example") || map.contains_key("examples") {
                        return true;
                    }
                    open.extend(map.values());
                }
                Value::Array(items) => open.extend(items),
                _ => {}
            }
        }
        false
    }

    /// The schema itself, in the normal form.
    pub(crate) fn top(&self) -> &Value {
        self.definition(0)
    }

    /// A definition by its number; anything is valid for one that is not there.
    pub(crate) fn definition(&self, number: usize) -> &Value {
        static ANYTHING: Value = Value::Bool(true);
        let definitions = self.root.get("$defs");
        definitions.and_then(|all| all.get(number.to_string())).unwrap_or(&ANYTHING)
    }

    /// The name that the document gives to a definition.
    pub(crate) fn name(&self, number: usize) -> &str {
        self.names.get(number).map_or("", String::as_str)
    }

    /// The names that an object must have.
    pub(crate) fn required(&self) -> Vec<&str> {
        let (mut names, mut parts, mut next) = (Vec::new(), vec![self.top()], 0);
        while let Some(part) = parts.get(next).copied().filter(|_| next < MAX_ALL) {
            next += 1;
            let listed = part.get("required").and_then(Value::as_array).into_iter().flatten();
            names.extend(listed.filter_map(Value::as_str));
            parts.extend(target(part).map(|number| self.definition(number)));
            parts.extend(part.get("allOf").and_then(Value::as_array).into_iter().flatten());
        }
        names
    }

    pub(crate) fn direction(&self) -> Direction {
        self.direction
    }
}

/// The number behind a reference of the normal form.
pub(crate) fn target(schema: &Value) -> Option<usize> {
    schema.get("$ref")?.as_str()?.strip_prefix("#/$defs/")?.parse().ok()
}

/// Schemas that a value must be valid for as a whole, not its parts: a circle of these has no end,
/// and a chain of branches that each lead to the next one twice has none that anybody lives to see.
fn weigh(definitions: &[Value]) -> Result<(), Problem> {
    let links: Vec<Vec<usize>> = definitions.iter().map(links).collect();
    let (mut weights, mut open) = (vec![0_usize; links.len()], HashSet::new());
    let weight_of = |weights: &[usize], at: usize| weights.get(at).copied().unwrap_or(0);
    for start in 0..links.len() {
        // A definition is left again after all that it links to: an explicit stack, no recursion.
        let mut stack = vec![(start, false)];
        while let Some((at, is_left)) = stack.pop() {
            let next = links.get(at).map_or(&[][..], Vec::as_slice);
            if is_left {
                open.remove(&at);
                let below = next.iter().map(|next| weight_of(&weights, *next));
                let weight = below.fold(1, usize::saturating_add);
                if weight > MAX_WEIGHT {
                    return Err(Problem::TooLarge(MAX_WEIGHT));
                }
                if let Some(known) = weights.get_mut(at) {
                    *known = weight;
                }
            } else if open.contains(&at) {
                return Err(Problem::Circle);
            } else if weight_of(&weights, at) == 0 {
                open.insert(at);
                stack.push((at, true));
                stack.extend(next.iter().map(|next| (*next, false)));
            }
        }
    }
    Ok(())
}

fn links(definition: &Value) -> Vec<usize> {
    let (mut found, mut open) = (Vec::new(), vec![definition]);
    while let Some(schema) = open.pop() {
        found.extend(target(schema));
        for key in ["allOf", "anyOf", "oneOf"] {
            open.extend(schema.get(key).and_then(Value::as_array).into_iter().flatten());
        }
        for key in ["not", "if", "then", "else"] {
            open.extend(schema.get(key));
        }
        let dependent = schema.get("dependentSchemas").and_then(Value::as_object);
        open.extend(dependent.into_iter().flat_map(Map::values));
    }
    found
}

#[cfg(test)]
mod tests;
