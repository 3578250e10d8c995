//! The functions, and how they are called.

mod convert;
mod encode;
mod number;
mod outside;
mod text;

use std::borrow::Cow;

use serde_json::Value;

use super::arithmetic::Numeric;
use super::evaluate::kind;
use super::{EvaluationError, MAX_TEXT, Scope};
use crate::budget::Budget;

/// The one function whose argument may fail; see [`super::node::Node::Exists`].
pub(super) const EXISTS: &str = "exists";

/// Every other function.
static FUNCTIONS: [Function; 39] = [
    function("abs", 1, 1, number::abs),
    function("array", 1, 1, convert::array),
    function("base64decode", 1, 1, encode::base64_decode),
    function("base64encode", 1, 2, encode::base64_encode),
    function("boolean", 1, 1, convert::boolean),
    function("ceil", 1, 1, number::ceil),
    function("charAt", 2, 2, text::char_at),
    function("contains", 2, 2, text::contains),
    function("endsWith", 2, 2, text::ends_with),
    function("float", 1, 1, convert::float),
    function("floor", 1, 1, number::floor),
    function("formatDateTime", 2, 3, convert::format_date_time),
    function("indexOf", 2, 3, text::index_of),
    function("integer", 1, 1, convert::integer),
    of_anything("isArray", convert::is_array),
    of_anything("isNumber", convert::is_number),
    of_anything("isObject", convert::is_object),
    of_anything("isString", convert::is_string),
    function("length", 1, 1, text::length),
    function("log", 1, 1, number::log),
    function("not", 1, 1, convert::not),
    function("now", 0, 0, outside::now),
    function("object", 1, 1, convert::object),
    function("pow", 2, 2, number::pow),
    function("registry", 1, 2, outside::registry),
    function("replace", 3, 3, text::replace),
    function("round", 1, 2, number::round),
    function("secret", 1, 1, outside::secret),
    function("split", 2, 2, text::split),
    function("sqrt", 1, 1, number::sqrt),
    function("startsWith", 2, 2, text::starts_with),
    function("string", 1, 1, convert::string),
    function("subString", 2, 3, text::sub_string),
    function("toLower", 1, 1, text::to_lower),
    function("toUpper", 1, 1, text::to_upper),
    function("trim", 1, 1, text::trim),
    function("urlDecode", 1, 1, encode::url_decode),
    function("urlEncode", 1, 2, encode::url_encode),
    function("xpath", 1, 1, outside::xpath),
];

type Outcome<T> = Result<T, EvaluationError>;

type Body = fn(&Arguments<'_>, &mut Context<'_>) -> Outcome<Value>;

#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: &'static str,
    pub(super) least: usize,
    pub(super) most: usize,
    takes_null: bool,
    body: Body,
}

/// What a function may use beside its arguments.
pub(super) struct Context<'c> {
    scope: &'c dyn Scope,
    budget: &'c mut Budget,
}

/// The arguments of one call.
pub(super) struct Arguments<'c>(&'c [Cow<'c, Value>]);

/// The function of this name.
pub(super) fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|it| it.name == name)
}

const fn function(name: &'static str, least: usize, most: usize, body: Body) -> Function {
    Function { name, least, most, takes_null: false, body }
}

const fn of_anything(name: &'static str, body: Body) -> Function {
    Function { name, least: 1, most: 1, takes_null: true, body }
}

impl Function {
    /// Calls it; what goes wrong names it.
    pub(super) fn call(
        &self,
        arguments: &[Cow<'_, Value>],
        scope: &dyn Scope,
        budget: &mut Budget,
    ) -> Outcome<Value> {
        let null = arguments.iter().position(|it| it.is_null()).filter(|_| !self.takes_null);
        let result = match null {
            Some(index) => Err(EvaluationError::failed(format!(
                "{} is missing or null; test it with exists(…)",
                place(index)
            ))),
            None => (self.body)(&Arguments(arguments), &mut Context { scope, budget }),
        };
        result.map_err(|error| match error {
            EvaluationError::Failed { message } => {
                EvaluationError::failed(format!("{}: {message}", self.name))
            }
            exhausted @ EvaluationError::Exhausted(_) => exhausted,
        })
    }
}

impl Arguments<'_> {
    fn count(&self) -> usize {
        self.0.len()
    }

    /// `null` when there are fewer arguments.
    fn get(&self, index: usize) -> &Value {
        self.0.get(index).map_or(&Value::Null, |it| &**it)
    }

    fn text(&self, index: usize) -> Outcome<&str> {
        self.get(index).as_str().ok_or_else(|| self.wrong(index, "a text"))
    }

    fn number(&self, index: usize) -> Outcome<Numeric> {
        Numeric::of(self.get(index)).ok_or_else(|| self.wrong(index, "a number"))
    }

    fn integer(&self, index: usize) -> Outcome<i64> {
        self.get(index).as_i64().ok_or_else(|| self.wrong(index, "a whole number"))
    }

    fn wrong(&self, index: usize, wanted: &str) -> EvaluationError {
        let given = self.get(index);
        let found = if given.is_number() { format!("{given}") } else { kind(given).to_owned() };
        EvaluationError::failed(format!("{} must be {wanted}, not {found}", place(index)))
    }
}

fn place(index: usize) -> &'static str {
    match index {
        0 => "the first argument",
        1 => "the second argument",
        _ => "the third argument",
    }
}

/// A text as the result, when it is not too long.
fn made(text: String) -> Outcome<Value> {
    check_length(text.len())?;
    Ok(Value::String(text))
}

fn check_length(bytes: usize) -> Outcome<()> {
    if bytes > MAX_TEXT {
        return Err(EvaluationError::failed("the text that it makes is longer than 1 MiB"));
    }
    Ok(())
}
