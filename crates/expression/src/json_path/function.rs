//! The functions of paths.

use std::borrow::Cow;

use serde_json::{Number, Value};

use super::syntax::Function;
use super::{Found, text_of, walk};
use crate::{Budget, Exhausted};

type Values<'a> = Vec<Cow<'a, Value>>;

/// Asks a function about what a path found.
///
/// With `gathers`, all values of an indefinite path are one list.
/// Without, it is asked about each, unless it wants a list and none of them is one.
pub(super) fn call<'a>(
    function: Function,
    arguments: Vec<Found<'a>>,
    found: Found<'a>,
    gathers: bool,
    budget: &mut Budget,
) -> Result<Found<'a>, Exhausted> {
    let call = Call { function, arguments };
    match found {
        Found::Missing => Ok(Found::Missing),
        Found::One(value) => Ok(one(call.value(value, budget)?)),
        Found::Many(values) if gathers || call.wants(&values) => {
            Ok(one(call.list(values, budget)?))
        }
        Found::Many(values) => {
            let mut results = Vec::new();
            for value in values {
                results.extend(call.value(value, budget)?);
            }
            Ok(Found::Many(results))
        }
    }
}

struct Call<'a> {
    function: Function,
    arguments: Vec<Found<'a>>,
}

impl<'a> Call<'a> {
    /// Whether values that are no lists themselves are its list.
    fn wants(&self, values: &Values<'_>) -> bool {
        let is_about_lists = !matches!(
            self.function,
            Function::Length | Function::Keys | Function::Append | Function::Concat
        );
        is_about_lists && !values.iter().any(|value| value.is_array())
    }

    fn value(
        &self,
        value: Cow<'a, Value>,
        budget: &mut Budget,
    ) -> Result<Option<Cow<'a, Value>>, Exhausted> {
        match (self.function, value.as_ref()) {
            (Function::Length, _) => Ok(self.length(&value).map(number)),
            (Function::Keys, Value::Object(entries)) => {
                budget.spend(entries.len() as u64)?;
                Ok(Some(Cow::Owned(entries.keys().cloned().collect())))
            }
            (_, Value::Array(_)) => self.list(items(value), budget),
            (Function::Append, _) => Ok(Some(value)),
            (Function::Keys | Function::First | Function::Last | Function::Index, _) => Ok(None),
            _ => self.list(Vec::new(), budget),
        }
    }

    fn list(
        &self,
        values: Values<'a>,
        budget: &mut Budget,
    ) -> Result<Option<Cow<'a, Value>>, Exhausted> {
        budget.spend(values.len() as u64)?;
        Ok(match self.function {
            Function::Length => Some(number(total(&values))),
            Function::First => values.into_iter().next(),
            Function::Last => values.into_iter().next_back(),
            Function::Index => self.index(values),
            Function::Concat => Some(Cow::Owned(Value::String(self.concat(&values)))),
            Function::Append => Some(Cow::Owned(self.append(values, budget)?)),
            Function::Keys => None,
            Function::Min
            | Function::Max
            | Function::Average
            | Function::Deviation
            | Function::Sum => self.aggregate(&values),
        })
    }

    fn length(&self, value: &Value) -> Option<usize> {
        match self.arguments.first() {
            Some(Found::Many(values)) => Some(total(values)),
            Some(Found::One(value)) => length(value),
            Some(Found::Missing) => None,
            None => length(value),
        }
    }

    fn index(&self, values: Values<'a>) -> Option<Cow<'a, Value>> {
        let Some(Found::One(wanted)) = self.arguments.first() else { return None };
        let wanted = wanted.as_i64()?;
        let place = if wanted < 0 {
            values.len().checked_sub(usize::try_from(wanted.unsigned_abs()).ok()?)?
        } else {
            usize::try_from(wanted).ok()?
        };
        values.into_iter().nth(place)
    }

    /// The texts of the list, and the arguments as text.
    fn concat(&self, values: &Values<'_>) -> String {
        let mut text: String = values.iter().filter_map(|value| value.as_str()).collect();
        for argument in self.arguments.iter().flat_map(flat) {
            if !argument.is_null() {
                text.push_str(&text_of(argument));
            }
        }
        text
    }

    fn append(&self, values: Values<'a>, budget: &mut Budget) -> Result<Value, Exhausted> {
        let mut all = Vec::new();
        for value in values {
            all.push(walk::copy(&value, budget)?);
        }
        for argument in &self.arguments {
            match argument {
                Found::Missing => {}
                Found::One(value) => all.push(walk::copy(value, budget)?),
                Found::Many(values) => {
                    for value in values {
                        all.push(walk::copy(value, budget)?);
                    }
                }
            }
        }
        Ok(Value::Array(all))
    }

    /// A number made of all numbers of the list and of the arguments.
    fn aggregate(&self, values: &Values<'_>) -> Option<Cow<'a, Value>> {
        let arguments = self.arguments.iter().flat_map(flat);
        let numbers: Vec<f64> =
            values.iter().map(AsRef::as_ref).chain(arguments).filter_map(Value::as_f64).collect();
        if numbers.is_empty() {
            return None;
        }
        let count = numbers.len() as f64;
        let sum: f64 = numbers.iter().sum();
        let result = match self.function {
            Function::Min => numbers.iter().copied().fold(f64::INFINITY, f64::min),
            Function::Max => numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            Function::Average => sum / count,
            Function::Deviation => deviation(&numbers, sum / count),
            _ => sum,
        };
        Number::from_f64(result).map(|number| Cow::Owned(Value::Number(number)))
    }
}

fn one(value: Option<Cow<'_, Value>>) -> Found<'_> {
    value.map_or(Found::Missing, Found::One)
}

fn number<'a>(count: usize) -> Cow<'a, Value> {
    Cow::Owned(Value::from(count))
}

/// How many things are in a value.
fn length(value: &Value) -> Option<usize> {
    match value {
        Value::Array(items) => Some(items.len()),
        Value::Object(entries) => Some(entries.len()),
        Value::String(text) => Some(text.encode_utf16().count()),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// How many things are in all arrays and objects of a list; without such, how many are in the list.
fn total(values: &Values<'_>) -> usize {
    let mut holders =
        values.iter().filter(|value| value.is_array() || value.is_object()).peekable();
    if holders.peek().is_none() {
        return values.len();
    }
    holders.filter_map(|value| length(value)).sum()
}

fn items(value: Cow<'_, Value>) -> Values<'_> {
    match value {
        Cow::Borrowed(Value::Array(items)) => items.iter().map(Cow::Borrowed).collect(),
        Cow::Owned(Value::Array(items)) => items.into_iter().map(Cow::Owned).collect(),
        other => vec![other],
    }
}

/// The values of an argument, those of an array one by one.
fn flat<'x>(argument: &'x Found<'_>) -> Vec<&'x Value> {
    match argument {
        Found::Missing => Vec::new(),
        Found::Many(values) => values.iter().map(AsRef::as_ref).collect(),
        Found::One(value) => match value.as_ref() {
            Value::Array(items) => items.iter().collect(),
            other => vec![other],
        },
    }
}

/// The standard deviation of the whole population.
fn deviation(numbers: &[f64], average: f64) -> f64 {
    let squares: f64 = numbers.iter().map(|number| (number - average).powi(2)).sum();
    (squares / numbers.len() as f64).sqrt()
}
