//! Mediators that only this gateway has: `latency`, `fail` and `dynamicEndpoint`, in a namespace of
//! their own.

use std::sync::Arc;
use std::time::Duration;

use mock::chaos::{ChaosError, Delay, Faults};
use model::codes;
use serde_json::Value as Json;
use xml::tree::NodeId;

use super::OWN;
use super::attribute::{Attribute, Attributes};
use super::reader::Reader;
use crate::expression::{Expression, Held};
use crate::rule::{Destination, Problem, RuleTable};
use crate::sequence::{Failing, Mediator};

/// The longest wait that can be written, in milliseconds.
const MAXIMUM_LATENCY: u32 = 100_000;

/// What callers are told of an error that is simulated.
const USUAL_MESSAGE: &str = "The gateway was told to fail now and then";

/// Reads an element of the namespace.
pub(super) fn read(reader: &mut Reader<'_>, id: NodeId) -> Option<Mediator> {
    match reader.local(id) {
        "latency" => latency(reader, id),
        "fail" => fail(reader, id),
        "dynamicEndpoint" => dynamic_endpoint(reader, id),
        local => {
            let message = format!("`{local}` of the namespace `{OWN}` is no mediator");
            let help = "Use `latency`, `fail` or `dynamicEndpoint`.";
            reader.error(codes::MEDIATOR_UNKNOWN, reader.place(id), message, help);
            None
        }
    }
}

/// One of them without its namespace.
pub(super) fn misplaced(reader: &mut Reader<'_>, id: NodeId) -> Option<Mediator> {
    let local = reader.local(id);
    reader.error(
        codes::MEDIATOR_UNKNOWN,
        reader.place(id),
        format!("`{local}` needs its namespace"),
        format!("Write `<w:{local} xmlns:w=\"{OWN}\" …>`."),
    );
    None
}

fn latency(reader: &mut Reader<'_>, id: NodeId) -> Option<Mediator> {
    let mut attributes = Attributes::of(reader.tree, id);
    let [maximum, percentiles] =
        ["maximum", "percentiles"].map(|name| filled(attributes.take(name)));
    if let Some(percentiles) = percentiles {
        // These say all of it.
        attributes.take("milliseconds");
        attributes.finish(reader);
        return spread(reader, &percentiles, maximum.as_ref());
    }
    let milliseconds = reader.required(&mut attributes, "milliseconds");
    attributes.finish(reader);
    if let Some(maximum) = maximum {
        return range(reader, &milliseconds?, &maximum);
    }
    let attribute = milliseconds?;
    let text = attribute.value.trim();
    if text.starts_with("${") {
        return reader.expression(&attribute).map(Mediator::Latency);
    }
    match reader.held(&attribute)? {
        Held::Expression(expression) => Some(Mediator::Latency(*expression)),
        Held::Literal(_) if text.parse::<u32>().is_ok_and(|it| it <= MAXIMUM_LATENCY) => {
            Some(Mediator::Latency(Expression::Literal(Arc::from(text))))
        }
        Held::Literal(_) | Held::Template(_) => {
            reader.bad_value(
                &attribute,
                format!("Write a whole number of milliseconds, at most {MAXIMUM_LATENCY}."),
            );
            None
        }
    }
}

/// An attribute that is there and not blank.
fn filled(attribute: Option<Attribute>) -> Option<Attribute> {
    attribute.filter(|attribute| !attribute.value.trim().is_empty())
}

/// Any time between two.
fn range(reader: &mut Reader<'_>, least: &Attribute, most: &Attribute) -> Option<Mediator> {
    let ends = (milliseconds(&least.value), milliseconds(&most.value));
    let (Some(from), Some(to)) = ends else {
        let wrong = if ends.0.is_none() { least } else { most };
        reader.bad_value(wrong, "Write a whole number of milliseconds.");
        return None;
    };
    delay(reader, most, Delay::range(from, to))
}

/// `50:20, 95:200`: percent and milliseconds.
fn spread(
    reader: &mut Reader<'_>,
    percentiles: &Attribute,
    maximum: Option<&Attribute>,
) -> Option<Mediator> {
    if let Some(maximum) = maximum {
        reader.bad_value(maximum, "Remove it; the last percentile says the longest time.");
        return None;
    }
    let point = |text: &str| {
        let (percent, time) = text.split_once(':')?;
        Some((percent.trim().parse::<f64>().ok()?, milliseconds(time)?))
    };
    let points: Option<Vec<_>> = percentiles.value.split(',').map(point).collect();
    let Some(points) = points else {
        let help = "Write pairs of percent and milliseconds, such as `50:20, 95:200, 99.9:1000`.";
        reader.bad_value(percentiles, help);
        return None;
    };
    delay(reader, percentiles, Delay::percentiles(Duration::ZERO, &points))
}

fn milliseconds(text: &str) -> Option<Duration> {
    let number = text.trim().parse::<u32>().ok().filter(|it| *it <= MAXIMUM_LATENCY)?;
    Some(Duration::from_millis(u64::from(number)))
}

fn delay(
    reader: &mut Reader<'_>,
    attribute: &Attribute,
    made: Result<Delay, ChaosError>,
) -> Option<Mediator> {
    match made {
        Ok(delay) => Some(Mediator::Delay(delay)),
        Err(error) => {
            reader.bad_value(attribute, format!("Mend this: {error}."));
            None
        }
    }
}

/// `rate` in percent, `status` one or several, `message`.
fn fail(reader: &mut Reader<'_>, id: NodeId) -> Option<Mediator> {
    let mut attributes = Attributes::of(reader.tree, id);
    let rate = reader.required(&mut attributes, "rate");
    let status = filled(attributes.take("status"));
    let message = filled(attributes.take("message"));
    attributes.finish(reader);
    let rate = rate?;
    let percent = rate.value.trim().trim_end_matches('%').trim_end().parse::<f64>().ok();
    let Some(percent) = percent.filter(|percent| (0.0..=100.0).contains(percent)) else {
        reader.bad_value(&rate, "Write a percentage from 0 to 100.");
        return None;
    };
    let text = status.as_ref().map_or("503", |status| status.value.as_str());
    let statuses: Option<Vec<u16>> = text.split(',').map(|one| one.trim().parse().ok()).collect();
    let made = statuses.map(|statuses| Faults::new(percent / 100.0, &statuses));
    let Some(Ok(faults)) = made else {
        let wrong = status.as_ref().unwrap_or(&rate);
        reader.bad_value(wrong, "Write statuses from 200 to 599, such as `500, 503`.");
        return None;
    };
    let message = message.map_or(USUAL_MESSAGE.to_owned(), |message| message.value);
    Some(Mediator::Fail(Failing { faults, message: Arc::from(message) }))
}

fn dynamic_endpoint(reader: &mut Reader<'_>, id: NodeId) -> Option<Mediator> {
    Attributes::of(reader.tree, id).finish(reader);
    let (mut rules, mut default, mut keep_path) = (None, None, true);
    let mut allowed = Vec::new();
    for child in reader.elements(id) {
        let text = reader.tree.text(child);
        let text = text.trim();
        match reader.local(child) {
            "rules" => rules = Some(json(reader, child, text)?),
            "default" => default = Some(text.to_owned()).filter(|text| !text.is_empty()),
            "allow" => allowed = hosts(text),
            "keepPath" if matches!(text, "true" | "false" | "") => keep_path = text != "false",
            _ => {
                let allowed = "`rules`, `default`, `allow` and `keepPath` (true or false)";
                reader.unexpected(child, "dynamicEndpoint", allowed);
                return None;
            }
        }
    }
    let Some(rules) = rules else {
        reader.lacks(id, "`dynamicEndpoint` has no `rules`", "Add `<rules>` with JSON in it.");
        return None;
    };
    let mut problems = Vec::new();
    let table = RuleTable::read(&rules, default.as_deref(), keep_path, &mut problems);
    let mut messages: Vec<String> = problems.iter().map(problem_text).collect();
    messages.extend(forbidden(&table, &allowed));
    let is_sound = messages.is_empty();
    for message in messages {
        let help = "Mend the rules of `dynamicEndpoint`.";
        reader.error(codes::MEDIATOR_VALUE, reader.place(id), message, help);
    }
    is_sound.then(|| Mediator::Rules(Arc::new(table)))
}

fn problem_text(problem: &Problem) -> String {
    format!("`dynamicEndpoint`, rules{}: {}", problem.pointer, problem.message)
}

/// Names of hosts, as a JSON list or with commas between them.
fn hosts(text: &str) -> Vec<String> {
    let listed = serde_json::from_str::<Vec<String>>(text);
    let hosts = listed.unwrap_or_else(|_| text.split(',').map(str::to_owned).collect());
    let hosts = hosts.iter().map(|host| host.trim().to_ascii_lowercase());
    hosts.filter(|host| !host.is_empty()).collect()
}

/// What goes to a host that is not allowed; nothing where every host is.
fn forbidden(table: &RuleTable, allowed: &[String]) -> Vec<String> {
    if allowed.is_empty() {
        return Vec::new();
    }
    let destinations = table.rules.iter().map(|rule| &rule.destination).chain(&table.default);
    destinations.filter_map(|destination| forbidden_host(destination, allowed)).collect()
}

fn forbidden_host(destination: &Destination, allowed: &[String]) -> Option<String> {
    if !matches!(destination, Destination::Url { .. }) {
        return None;
    }
    let shown = destination.to_string();
    let after = shown.split_once("://").map_or(shown.as_str(), |(_, after)| after);
    let (authority, _) = after.split_at(after.find(['/', '?', '#', ' ']).unwrap_or(after.len()));
    if authority.contains('{') {
        return Some(format!("the host of `{shown}` is not fixed, and `allow` lists hosts"));
    }
    let host = host_of(authority);
    let is_allowed = allowed.iter().any(|allowed| match allowed.strip_prefix("*.") {
        Some(domain) => host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')),
        None => *allowed == host || *allowed == authority.to_ascii_lowercase(),
    });
    (!is_allowed).then(|| format!("the host `{host}` is not among those that `allow` lists"))
}

/// The host of an authority, without user and port.
fn host_of(authority: &str) -> String {
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let port = host.rsplit_once(':').filter(|(_, port)| port.chars().all(|at| at.is_ascii_digit()));
    port.map_or(host, |(host, _)| host).to_ascii_lowercase()
}

/// The rules: JSON in which a single quote may stand for a double one, as parameters are written.
fn json(reader: &mut Reader<'_>, id: NodeId, text: &str) -> Option<Json> {
    let parsed = serde_json::from_str(text);
    let error = match parsed {
        Ok(value) => return Some(value),
        Err(error) => error,
    };
    if !text.contains('"')
        && let Ok(value) = serde_json::from_str(&text.replace('\'', "\""))
    {
        return Some(value);
    }
    reader.error(
        codes::MEDIATOR_VALUE,
        reader.place(id),
        format!("The rules of `dynamicEndpoint` are no JSON: {error}"),
        "Mend the JSON.",
    );
    None
}
