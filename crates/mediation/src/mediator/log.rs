//! `log`.

use std::fmt::Write as _;

use super::Surroundings;
use crate::fault::MediationFault;
use crate::message::{Direction, Message};
use crate::sequence::{Log, LogLevel};

/// Bytes of a line that are kept.
const LONGEST: usize = 64 * 1024;

pub(super) fn run(
    step: &Log,
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<(), MediationFault> {
    let mut parts: Vec<String> = Vec::new();
    if step.level != LogLevel::Custom {
        parts.extend(addresses(message));
    }
    for (name, source) in &step.properties {
        let value = around.text(message, source)?;
        parts.push(format!("{name} = {value}"));
    }
    if let Some(held) = &step.message {
        around.prepare(message, held.need())?;
        parts.push(held.text(around.moment(message))?.as_ref().to_owned());
    }
    match step.level {
        LogLevel::Headers => parts.push(soap_headers(message, around)?),
        LogLevel::Full => parts.push(format!("Payload: {}", message.payload.text(around.limits)?)),
        LogLevel::Simple | LogLevel::Custom => {}
    }
    let line = shown(&parts.join(&step.separator));
    around.host.log(step.category, &line);
    Ok(())
}

fn addresses(message: &Message) -> Vec<String> {
    let action = message.headers.get("soapaction").and_then(|value| value.to_str().ok());
    let direction = match message.direction {
        Direction::Request => "request",
        Direction::Response => "response",
    };
    vec![
        format!("To: {}", message.to_text().unwrap_or_default()),
        format!("SOAPAction: {}", action.unwrap_or_default()),
        format!("MessageID: {}", message.id.to_str().unwrap_or_default()),
        format!("Direction: {direction}"),
    ]
}

fn soap_headers(message: &mut Message, around: Surroundings<'_>) -> Result<String, MediationFault> {
    around.prepare(message, crate::expression::Need::Xml)?;
    let Some(envelope) = message.payload.envelope() else { return Ok("Headers: ".to_owned()) };
    let mut text = "Headers: ".to_owned();
    for block in envelope.header().iter().flat_map(|id| envelope.tree.elements(*id)) {
        let name = envelope.tree.name(block).map(|name| name.local.as_ref()).unwrap_or_default();
        // Writing to a String cannot fail.
        let _written = write!(text, "{name} : {} ", envelope.tree.text(block));
    }
    Ok(text)
}

/// On one line, and not endless.
fn shown(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(LONGEST));
    for character in text.chars() {
        if line.len() > LONGEST {
            line.push('…');
            break;
        }
        match character {
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            other => line.push(other),
        }
    }
    line
}
