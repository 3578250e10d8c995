//! What comes from the scope.

use serde_json::Value;

use super::{Arguments, Context, EvaluationError, Outcome};

pub(super) fn now(_: &Arguments<'_>, context: &mut Context<'_>) -> Outcome<Value> {
    Ok(Value::from(context.scope.now_ms()))
}

/// A resource, or one of its properties; `null` when it does not exist.
pub(super) fn registry(arguments: &Arguments<'_>, context: &mut Context<'_>) -> Outcome<Value> {
    let path = arguments.text(0)?;
    let found = match arguments.count() {
        1 => context.scope.registry(path),
        _ => context.scope.registry_property(path, arguments.text(1)?),
    };
    Ok(found.map_or(Value::Null, Value::String))
}

pub(super) fn secret(arguments: &Arguments<'_>, context: &mut Context<'_>) -> Outcome<Value> {
    let alias = arguments.text(0)?;
    let found = context.scope.secret(alias);
    found
        .map(Value::String)
        .ok_or_else(|| EvaluationError::failed(format!("there is no secret `{alias}`")))
}

pub(super) fn xpath(arguments: &Arguments<'_>, context: &mut Context<'_>) -> Outcome<Value> {
    let found = context.scope.xpath(arguments.text(0)?);
    found.map(Value::String).map_err(EvaluationError::failed)
}
