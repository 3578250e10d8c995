//! `rewrite`: changes parts of a URL.

mod parts;

use std::sync::Arc;

use super::{Surroundings, flow, wrote};
use crate::fault::MediationFault;
use crate::message::{Message, Part};
use crate::property::{Scope, Value};
use crate::sequence::{Rewrite, RewriteAction, RewriteCondition, RewriteKind, RewriteSource};
use parts::Parts;

pub(super) fn run(
    step: &Rewrite,
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<(), MediationFault> {
    let input = match &step.input {
        Some(name) => message.get(Scope::Default, name, around.host).map(|value| value.text()),
        None => message.to_text().map(Arc::from),
    };
    let mut parts = Parts::of(input.as_deref().unwrap_or_default());
    for rule in &step.rules {
        let applies = match &rule.condition {
            Some(condition) => holds(condition, &parts, message, around)?,
            None => true,
        };
        if applies {
            for action in &rule.actions {
                apply(action, &mut parts, message, around)?;
            }
        }
    }
    let text: Arc<str> = Arc::from(parts.text());
    match &step.output {
        Some(name) => {
            let value = around.keep(message, Value::Text(text))?;
            message.set(Scope::Default, name, value);
        }
        None => {
            message.endpoint = None;
            message.to = Part::Set(text);
        }
    }
    Ok(())
}

fn holds(
    condition: &RewriteCondition,
    parts: &Parts,
    message: &Message,
    around: Surroundings<'_>,
) -> Result<bool, MediationFault> {
    Ok(match condition {
        RewriteCondition::And(all) => {
            for one in all {
                if !holds(one, parts, message, around)? {
                    return Ok(false);
                }
            }
            true
        }
        RewriteCondition::Or(any) => {
            for one in any {
                if holds(one, parts, message, around)? {
                    return Ok(true);
                }
            }
            false
        }
        RewriteCondition::Not(inner) => !holds(inner, parts, message, around)?,
        RewriteCondition::Equal(source, value) => {
            looked_at(source, parts, message, around).is_some_and(|text| text == *value)
        }
        RewriteCondition::Matches(source, regex) => {
            match looked_at(source, parts, message, around) {
                Some(text) => flow::matches(regex, &text)?,
                None => false,
            }
        }
    })
}

fn looked_at(
    source: &RewriteSource,
    parts: &Parts,
    message: &Message,
    around: Surroundings<'_>,
) -> Option<String> {
    match source {
        RewriteSource::Url(fragment) => Some(parts.get(*fragment)),
        RewriteSource::Header(name) => message.header(name).map(std::borrow::Cow::into_owned),
        RewriteSource::Parameter(name) => message.query(name),
        RewriteSource::Property(name) => {
            let value = message.get(Scope::Default, name, around.host)?;
            Some(value.text().as_ref().to_owned())
        }
    }
}

fn apply(
    action: &RewriteAction,
    parts: &mut Parts,
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<(), MediationFault> {
    let value = match &action.value {
        Some(source) => around.text(message, source)?,
        None => Arc::from(""),
    };
    let now = parts.get(action.fragment);
    match action.kind {
        RewriteKind::Set => parts.set(action.fragment, &value),
        RewriteKind::Append => parts.set(action.fragment, &format!("{now}{value}")),
        RewriteKind::Prepend => parts.set(action.fragment, &format!("{value}{now}")),
        RewriteKind::Replace => {
            if let Some(regex) = &action.pattern {
                // Each place may become the value.
                wrote(&mut message.written, now.len().saturating_mul(value.len()), around.limits)?;
                let made = regex
                    .replace_all(&now, &value)
                    .map_err(|error| flow::too_long(regex, error))?;
                parts.set(action.fragment, &made);
            }
        }
        RewriteKind::Remove => parts.set(action.fragment, ""),
        RewriteKind::RemoveParameter => parts.remove_parameter(&value),
    }
    Ok(())
}
