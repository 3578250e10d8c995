//! `property` and `variable`.

use std::sync::Arc;

use model::fault::FaultCode;

use super::{Surroundings, wrote};
use crate::expression::evaluate::exhausted;
use crate::fault::MediationFault;
use crate::message::Message;
use crate::property::{Scope, Value};
use crate::sequence::{Extract, PropertyStep, Setting, Source, Type, VariableStep};

pub(super) fn run(
    step: &PropertyStep,
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<(), MediationFault> {
    let Setting::Set(source) = &step.setting else {
        return remove(step, message, around);
    };
    if let (Some(header), Source::Text(held), None) = (&step.header, source, &step.extract) {
        // The commonest step of all: a header gets a text.
        around.prepare(message, held.need())?;
        let text = held.text(around.moment(message))?;
        wrote(&mut message.written, text.len(), around.limits)?;
        message.set_header(header, &text);
        return Ok(());
    }
    let value = typed(source, step.kind, message, around)?;
    let value = match (&step.extract, value) {
        (Some(extract), value) => Some(take(extract, value)?),
        // A header that gets nothing is there, and empty.
        (None, None) if step.scope == Scope::Transport => Some(Value::text_of("")),
        (None, value) => value,
    };
    around.prepare(message, step.name.need())?;
    let name = step.name.text(around.moment(message))?;
    match value {
        Some(value) => {
            let value = around.keep(message, value)?;
            message.set(step.scope, &name, value);
        }
        None => message.unset(step.scope, &name),
    }
    Ok(())
}

fn remove(
    step: &PropertyStep,
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<(), MediationFault> {
    if let Some(header) = &step.header {
        message.headers.remove(header);
        return Ok(());
    }
    around.prepare(message, step.name.need())?;
    let name = step.name.text(around.moment(message))?;
    message.unset(step.scope, &name);
    Ok(())
}

pub(super) fn run_variable(
    step: &VariableStep,
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<(), MediationFault> {
    let value = match &step.setting {
        Setting::Set(source) => typed(source, step.kind, message, around)?,
        Setting::Remove => None,
    };
    around.prepare(message, step.name.need())?;
    let name = step.name.text(around.moment(message))?;
    match value {
        Some(value) => {
            let value = around.keep(message, value)?;
            message.variables.set(&name, value);
        }
        None => drop(message.variables.remove(&name)),
    }
    Ok(())
}

/// The value of a source as a type; `None` where there is none.
fn typed(
    source: &Source,
    kind: Type,
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<Option<Value>, MediationFault> {
    let wrong = |text: &str, kind: &str| {
        MediationFault::new(FaultCode::PolicyFailed, format!("{text:.64} is no {kind}"))
    };
    if matches!(kind, Type::Om) || (kind == Type::Json) {
        let value = around.value(message, source)?;
        return value.map(|value| structured(value, kind, around)).transpose();
    }
    if let (Type::String, Source::Expression(expression)) = (kind, source) {
        around.prepare(message, source.need())?;
        return Ok(expression.text(around.moment(message))?.map(Value::Text));
    }
    if let (Type::String, Source::Xml(tree)) = (kind, source) {
        return Ok(Some(Value::Xml(Arc::clone(tree))));
    }
    let Some(value) = around.value(message, source)? else { return Ok(None) };
    let text = value.content();
    let trimmed = text.trim();
    Ok(Some(match kind {
        Type::Boolean => Value::Boolean(trimmed.eq_ignore_ascii_case("true")),
        Type::Integer => {
            Value::Integer(trimmed.parse().map_err(|_| wrong(trimmed, "whole number"))?)
        }
        Type::Number => Value::Number(trimmed.parse().map_err(|_| wrong(trimmed, "number"))?),
        _ => Value::Text(text),
    }))
}

fn structured(value: Value, kind: Type, around: Surroundings<'_>) -> Result<Value, MediationFault> {
    match (kind, value) {
        (Type::Om, value @ Value::Xml(_)) | (Type::Json, value @ Value::Json(_)) => Ok(value),
        (Type::Om, value) => {
            let tree = xml::read::read_text(&value.text(), &around.limits.xml)
                .map_err(|error| unlike(&error.to_string()))?;
            Ok(Value::Xml(Arc::new(tree)))
        }
        (_, value) => {
            let text = value.text();
            let json = crate::payload::read_json(text.as_bytes(), around.limits)
                .map_err(|error| unlike(&error.to_string()))?;
            Ok(Value::Json(Arc::new(json)))
        }
    }
}

/// A text that is not of the type that a property wants, which says nothing of the body.
fn unlike(error: &str) -> MediationFault {
    MediationFault::new(FaultCode::PolicyFailed, error.to_owned())
}

fn take(extract: &Extract, value: Option<Value>) -> Result<Value, MediationFault> {
    let text = value.map_or_else(|| Arc::from(""), |value| value.text());
    let groups = extract.pattern.captures(&text).map_err(|error| {
        MediationFault::new(FaultCode::PolicyRegex, exhausted(error).detail.unwrap_or_default())
    })?;
    let taken = groups.as_ref().and_then(|groups| groups.text(extract.group));
    Ok(Value::text_of(taken.unwrap_or_default()))
}
