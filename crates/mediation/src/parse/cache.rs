//! `cache`, both halves.

use std::sync::Arc;

use http::{HeaderName, Method};
use model::codes;
use model::policy::Flow;
use xml::tree::NodeId;

use super::attribute::{Attribute, Attributes};
use super::flow;
use super::reader::Reader;
use crate::cache::{CacheStep, Counted};
use crate::sequence::{Mediator, Sequence};

/// The classes that tell requests apart; all are taken for ours, which looks at more than any.
const GENERATORS: [&str; 3] =
    ["HttpRequestHashGenerator", "REQUESTHASHGenerator", "DOMHASHGenerator"];
/// Seconds that an answer is good, where nothing is said.
const LIFETIME: i64 = 5000;
/// The most seconds.
const LONGEST_LIFETIME: i64 = 30 * 24 * 3600;
/// Bytes of the longest body, where nothing is said.
const BODY: usize = 1024 * 1024;
/// The most bytes.
const LONGEST_BODY: usize = 8 * 1024 * 1024;
/// Answers, where nothing is said.
const ANSWERS: usize = 1000;

pub(super) fn cache(reader: &mut Reader<'_>, id: NodeId) -> Option<Mediator> {
    let mut attributes = Attributes::of(reader.tree, id);
    let is_collector = reader.flag(&mut attributes, "collector", false);
    attributes.take("scope");
    let generator = attributes.take("hashGenerator");
    let mut step = CacheStep {
        id: Arc::from(attributes.take("id").map_or_else(String::new, |it| it.value)),
        lifetime: LIFETIME * 1000,
        longest: BODY,
        most: ANSWERS,
        methods: vec![Method::GET],
        headers: Counted::Without(Vec::new()),
        statuses: None,
        tells_age: false,
        on_hit: Arc::default(),
    };
    let lifetime = number(reader, &mut attributes, "timeout", LONGEST_LIFETIME);
    let longest = number(reader, &mut attributes, "maxMessageSize", LONGEST_BODY);
    attributes.finish(reader);
    let is_collector = is_collector?;
    let wanted = if is_collector { Flow::Response } else { Flow::Request };
    if reader.context.flow != wanted {
        let half = if is_collector { "`cache` with `collector=\"true\"`" } else { "`cache`" };
        let message = format!("{half} cannot stand in the {} flow", reader.context.flow);
        let help = format!("Use it in the {wanted} flow.");
        reader.error(codes::MEDIATOR_UNSUPPORTED, reader.place(id), message, help);
        return None;
    }
    if let Some(generator) = generator {
        known_generator(reader, id, &generator.value)?;
    }
    if is_collector {
        for child in reader.elements(id) {
            reader.unexpected(child, "cache", "nothing with `collector=\"true\"`");
        }
        return Some(Mediator::Collect);
    }
    step.lifetime = lifetime?.map_or(step.lifetime, |seconds| seconds.saturating_mul(1000));
    step.longest = longest?.unwrap_or(step.longest);
    let mut hit = Sequence::default();
    for child in reader.elements(id) {
        match reader.local(child) {
            "onCacheHit" => hit = flow::branch_of(reader, Attributes::of(reader.tree, child))?,
            "protocol" => protocol(reader, child, &mut step)?,
            "implementation" => {
                let mut attributes = Attributes::of(reader.tree, child);
                attributes.take("type");
                let most = number(reader, &mut attributes, "maxSize", 1_000_000)?;
                attributes.finish(reader);
                step.most = most.unwrap_or(ANSWERS).max(1);
            }
            _ => {
                let allowed = "`onCacheHit`, `protocol` and `implementation`";
                reader.unexpected(child, "cache", allowed);
                return None;
            }
        }
    }
    hit.steps.push(reader.step(id, Mediator::Respond));
    step.on_hit = Arc::new(hit);
    Some(Mediator::Cache(Arc::new(step)))
}

/// A number that is not negative; the outer `None` says that a mistake was reported.
fn number<T: std::str::FromStr + PartialOrd + Default + std::fmt::Display + Copy>(
    reader: &mut Reader<'_>,
    attributes: &mut Attributes,
    name: &str,
    most: T,
) -> Option<Option<T>> {
    let Some(attribute) = attributes.take(name) else { return Some(None) };
    let text = attribute.value.trim();
    if text.is_empty() || text == "-1" {
        return Some(None);
    }
    match text.parse::<T>() {
        Ok(value) if value >= T::default() && value <= most => Some(Some(value)),
        _ => {
            reader.bad_value(&attribute, format!("Write a whole number, at most {most}."));
            None
        }
    }
}

fn known_generator(reader: &mut Reader<'_>, id: NodeId, class: &str) -> Option<()> {
    let name = class.trim().rsplit('.').next().unwrap_or_default();
    if name.is_empty() || GENERATORS.contains(&name) {
        return Some(());
    }
    let message = format!("The class `{name:.60}` cannot tell the requests of `cache` apart");
    let help = "Remove `hashGenerator`; the whole request is looked for.";
    reader.error(codes::MEDIATOR_UNSUPPORTED, reader.place(id), message, help);
    None
}

/// What is said of HTTP.
fn protocol(reader: &mut Reader<'_>, id: NodeId, step: &mut CacheStep) -> Option<()> {
    let mut attributes = Attributes::of(reader.tree, id);
    reader.choice(&mut attributes, "type", &[("HTTP", ())])?;
    attributes.finish(reader);
    for child in reader.elements(id) {
        let text = reader.tree.text(child).trim().to_owned();
        match reader.local(child) {
            "methods" => step.methods = methods(reader, child, &text)?,
            "headersToExcludeInHash" if text == "*" => step.headers = Counted::Only(Vec::new()),
            "headersToExcludeInHash" if !matches!(step.headers, Counted::Only(_)) => {
                step.headers = Counted::Without(names(reader, child, &text)?);
            }
            // What is included wins.
            "headersToExcludeInHash" => {}
            "headersToIncludeInHash" if text.is_empty() || text == "*" => {}
            "headersToIncludeInHash" => step.headers = Counted::Only(names(reader, child, &text)?),
            "responseCodes" if text.is_empty() => {}
            "responseCodes" => {
                let name = "responseCodes".to_owned();
                let place = reader.place(child);
                let attribute = Attribute { owner: child, name, value: text, place };
                step.statuses = Some(reader.regex(&attribute)?);
            }
            "enableCacheControl" => {}
            "includeAgeHeader" => step.tells_age = text.eq_ignore_ascii_case("true"),
            "hashGenerator" => known_generator(reader, child, &text)?,
            _ => {
                let allowed = "`methods`, `headersToExcludeInHash`, `headersToIncludeInHash`, \
                    `responseCodes`, `enableCacheControl`, `includeAgeHeader` and `hashGenerator`";
                reader.unexpected(child, "protocol", allowed);
                return None;
            }
        }
    }
    Some(())
}

/// The methods whose answers may be kept; those of others are not.
fn methods(reader: &mut Reader<'_>, id: NodeId, text: &str) -> Option<Vec<Method>> {
    if text == "*" {
        return Some(vec![Method::GET, Method::POST]);
    }
    let mut methods = Vec::new();
    for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        match word.to_ascii_uppercase().as_str() {
            "GET" => methods.push(Method::GET),
            "POST" => methods.push(Method::POST),
            _ => reader.warn(
                codes::MEDIATOR_IGNORED,
                reader.place(id),
                format!("Answers to `{word:.20}` are not kept by `cache`"),
                "Write `GET`, `POST` or both.",
            ),
        }
    }
    if methods.is_empty() {
        reader.lacks(id, "`methods` of `cache` names no method", "Write `GET`, `POST` or both.");
        return None;
    }
    Some(methods)
}

fn names(reader: &mut Reader<'_>, id: NodeId, text: &str) -> Option<Vec<HeaderName>> {
    let mut names = Vec::new();
    for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        match HeaderName::try_from(word) {
            Ok(name) => names.push(name),
            Err(_) => {
                let message = format!("`{word:.60}` is no name of a header");
                let help = "Write names with commas between them.";
                reader.error(codes::MEDIATOR_VALUE, reader.place(id), message, help);
                return None;
            }
        }
    }
    Some(names)
}
