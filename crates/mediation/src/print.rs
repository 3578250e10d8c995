//! A sequence as an outline: one line for a step, what is in it indented.
//!
//! It shows what the author wrote, and nothing of any message; tests compare it.

mod value;

use std::fmt::{self, Display, Formatter};

use crate::expression::Held;
use crate::mock;
use crate::property::Scope;
use crate::rest_to_soap::Turn;
use crate::sequence::{
    Builtin, ClaimCheck, EndpointRef, Enrich, EnrichSource, EnrichTarget, Filter, FilterTest,
    ForEach, Format, HeaderStep, HeaderTarget, Log, MakeFault, Mediator, PayloadFactory, Piece,
    PropertyStep, Rewrite, RewriteAction, RewriteCondition, RewriteSource, Sequence, Setting,
    Source, Switch, Type, VariableStep,
};

/// So deep is printed; what is read is never deeper.
const MAXIMUM_DEPTH: usize = 96;

impl Display for Sequence {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        sequence(formatter, self, 0)
    }
}

fn sequence(out: &mut Formatter<'_>, sequence: &Sequence, depth: usize) -> fmt::Result {
    if depth > MAXIMUM_DEPTH {
        return line(out, depth, "…");
    }
    if let Some(key) = &sequence.on_error {
        line(out, depth, &format!("on error {key}"))?;
    }
    sequence.steps.iter().try_for_each(|step| mediator(out, &step.mediator, depth))
}

fn line(out: &mut Formatter<'_>, depth: usize, text: &str) -> fmt::Result {
    writeln!(out, "{:width$}{text}", "", width = depth * 2)
}

/// A line, and steps below it.
fn block(out: &mut Formatter<'_>, depth: usize, text: &str, steps: &Sequence) -> fmt::Result {
    line(out, depth, text)?;
    sequence(out, steps, depth + 1)
}

fn mediator(out: &mut Formatter<'_>, mediator: &Mediator, depth: usize) -> fmt::Result {
    match mediator {
        Mediator::Property(step) => line(out, depth, &property(step)),
        Mediator::Group(steps) => block(out, depth, "propertyGroup", steps),
        Mediator::Variable(step) => line(out, depth, &variable(step)),
        Mediator::Header(step) => line(out, depth, &header(step)),
        Mediator::Filter(step) => filter(out, step, depth),
        Mediator::Switch(step) => switch(out, step, depth),
        Mediator::Inline(steps) => block(out, depth, "sequence", steps),
        Mediator::Named(key) => line(out, depth, &format!("sequence {key}")),
        Mediator::Log(step) => log(out, step, depth),
        Mediator::Send(endpoint) => line(out, depth, &sent("send", endpoint.as_ref())),
        Mediator::Call(step) => line(out, depth, &sent("call", step.endpoint.as_ref())),
        Mediator::Respond => line(out, depth, "respond"),
        Mediator::Loopback => line(out, depth, "loopback"),
        Mediator::Drop => line(out, depth, "drop"),
        Mediator::PayloadFactory(step) => payload_factory(out, step, depth),
        Mediator::Enrich(step) => line(out, depth, &enrich(step)),
        Mediator::Rewrite(step) => rewrite(out, step, depth),
        Mediator::MakeFault(step) => make_fault(out, step, depth),
        Mediator::ThrowError(step) => {
            line(out, depth, &format!("throwError {}: {}", step.kind, step.message))
        }
        Mediator::ForEach(step) => for_each(out, step, depth),
        Mediator::Builder => line(out, depth, "builder"),
        Mediator::Class(builtin) => line(out, depth, &class(builtin)),
        Mediator::Script(script) => {
            line(out, depth, "script")?;
            script.text().trim().lines().try_for_each(|text| line(out, depth + 1, text.trim()))
        }
        Mediator::Rules(table) => {
            line(out, depth, "dynamicEndpoint")?;
            table.to_string().lines().try_for_each(|rule| line(out, depth + 1, rule))
        }
        Mediator::Cache(step) => block(out, depth, &cache(step), &step.on_hit),
        Mediator::Collect => line(out, depth, "cache: keeps the answer"),
        Mediator::Opa(step) => line(out, depth, &step.to_string()),
        Mediator::Soap(Turn::Request, resource) => line(out, depth, &format!("to SOAP {resource}")),
        Mediator::Soap(Turn::Answer, resource) => line(out, depth, &format!("to REST {resource}")),
        Mediator::Mock(mock::Turn::Ask) => line(out, depth, "mock: tells what is accepted"),
        Mediator::Mock(mock::Turn::Answer) => line(out, depth, "mock: status and content type"),
        Mediator::Delay(delay) => line(out, depth, &format!("latency {delay}")),
        Mediator::Fail(failing) => line(out, depth, &format!("fail {}", failing.faults)),
        Mediator::Latency(expression) => line(out, depth, &format!("latency {expression} ms")),
    }
}

fn cache(step: &crate::cache::CacheStep) -> String {
    let crate::cache::CacheStep { id, lifetime, longest, most, methods, headers, .. } = step;
    let methods: Vec<&str> = methods.iter().map(http::Method::as_str).collect();
    let statuses = step.statuses.as_ref().map_or("2xx", |regex| regex.source());
    let age = if step.tells_age { ", tells its age" } else { "" };
    format!(
        "cache {id:?} for {lifetime} ms, {most} of {longest} bytes, {} with {statuses}, headers \
         {headers:?}{age}",
        methods.join(" ")
    )
}

fn property(step: &PropertyStep) -> String {
    let mut text = format!("property {} {}", step.scope.as_str(), step.name);
    // Typed headers are texts all the same.
    let kind = if step.scope == Scope::Transport { Type::String } else { step.kind };
    text.push_str(&setting(&step.setting, kind));
    if let Some(extract) = &step.extract {
        text.push_str(&format!(" group {} of /{}/", extract.group, extract.pattern.source()));
    }
    text
}

fn variable(step: &VariableStep) -> String {
    format!("variable {}{}", step.name, setting(&step.setting, step.kind))
}

fn setting(setting: &Setting, kind: Type) -> String {
    match (setting, kind) {
        (Setting::Remove, _) => " removed".to_owned(),
        (Setting::Set(source), Type::String) => format!(" = {source}"),
        (Setting::Set(source), kind) => format!(" = {kind:?} {source}"),
    }
}

fn header(step: &HeaderStep) -> String {
    let name = match &step.target {
        HeaderTarget::To => "To".to_owned(),
        HeaderTarget::Addressing(name) => (*name).to_owned(),
        HeaderTarget::Soap(name) => format!("{{{}}}{}", name.namespace, name.local),
    };
    format!("header {name}{}", setting(&step.setting, Type::String))
}

fn filter(out: &mut Formatter<'_>, step: &Filter, depth: usize) -> fmt::Result {
    let test = match &step.test {
        FilterTest::Is(expression) => format!("filter {expression}"),
        FilterTest::Matches(expression, regex) => {
            format!("filter {expression} matches /{}/", regex.source())
        }
    };
    line(out, depth, &test)?;
    block(out, depth + 1, "then", &step.then)?;
    match &step.otherwise {
        Some(steps) => block(out, depth + 1, "else", steps),
        None => Ok(()),
    }
}

fn switch(out: &mut Formatter<'_>, step: &Switch, depth: usize) -> fmt::Result {
    line(out, depth, &format!("switch {}", step.source))?;
    for (regex, steps) in &step.cases {
        block(out, depth + 1, &format!("case /{}/", regex.source()), steps)?;
    }
    match &step.default {
        Some(steps) => block(out, depth + 1, "default", steps),
        None => Ok(()),
    }
}

fn for_each(out: &mut Formatter<'_>, step: &ForEach, depth: usize) -> fmt::Result {
    let counter = step.counter.as_ref().map(|name| format!(" counted in {name}"));
    let text = format!("foreach {}{}", step.expression, counter.unwrap_or_default());
    block(out, depth, &text, &step.steps)
}

fn log(out: &mut Formatter<'_>, step: &Log, depth: usize) -> fmt::Result {
    let Log { level, category, separator, .. } = step;
    line(out, depth, &format!("log {level:?} as {category:?}, separated by {separator:?}"))?;
    for (name, source) in &step.properties {
        line(out, depth + 1, &format!("{name} = {source}"))?;
    }
    match &step.message {
        Some(message) => line(out, depth + 1, &format!("message {message}")),
        None => Ok(()),
    }
}

fn sent(verb: &str, endpoint: Option<&EndpointRef>) -> String {
    match endpoint {
        None => verb.to_owned(),
        Some(EndpointRef::To) => format!("{verb} to To"),
        Some(EndpointRef::Address(address)) => format!("{verb} to address {address}"),
        Some(EndpointRef::Http { template, method: None }) => format!("{verb} to {template}"),
        Some(EndpointRef::Http { template, method: Some(method) }) => {
            format!("{verb} {method} to {template}")
        }
        Some(EndpointRef::Named(name)) => format!("{verb} to endpoint {name}"),
    }
}

fn payload_factory(out: &mut Formatter<'_>, step: &PayloadFactory, depth: usize) -> fmt::Result {
    let format = pieces(&step.format);
    line(out, depth, &format!("payloadFactory {:?} {format}", step.media))?;
    for (index, argument) in step.arguments.iter().enumerate() {
        let literal = if argument.is_literal { " (literal)" } else { "" };
        line(out, depth + 1, &format!("${} = {}{literal}", index + 1, argument.source))?;
    }
    Ok(())
}

/// The pieces side by side, texts in quotes.
fn pieces(format: &Format) -> String {
    let pieces = match format {
        Format::Pieces(pieces) => pieces,
        Format::FreeMarker(template) => return format!("FreeMarker {:?}", template.source()),
    };
    let pieces = pieces.iter().map(|piece| match piece {
        Piece::Text(text) => format!("{text:?}"),
        Piece::Argument(index) => format!("${}", index.saturating_add(1)),
        Piece::Expression(expression) => value::synapse(expression),
    });
    pieces.collect::<Vec<_>>().join(" ")
}

fn enrich(step: &Enrich) -> String {
    let source = match &step.source {
        EnrichSource::Custom(expression) => expression.to_string(),
        EnrichSource::Envelope => "envelope".to_owned(),
        EnrichSource::Body => "body".to_owned(),
        EnrichSource::Property(name) => format!("property {name}"),
        EnrichSource::Variable(name) => format!("variable {name}"),
        EnrichSource::InlineXml(tree) => format!("XML {:?}", xml::write::write_document(tree)),
        EnrichSource::InlineText(text) => format!("text {text:?}"),
    };
    let target = match &step.target {
        EnrichTarget::Custom(expression) => expression.to_string(),
        EnrichTarget::Envelope => "envelope".to_owned(),
        EnrichTarget::Body => "body".to_owned(),
        EnrichTarget::Property(name) => format!("property {name}"),
        EnrichTarget::Variable(name) => format!("variable {name}"),
        EnrichTarget::Key(expression) => format!("key of {expression}"),
    };
    let clone = if step.is_clone { "a copy of " } else { "" };
    format!("enrich {:?} {target} from {clone}{source}", step.action)
}

fn rewrite(out: &mut Formatter<'_>, step: &Rewrite, depth: usize) -> fmt::Result {
    let place = |name: &Option<_>| name.clone().unwrap_or_else(|| "To".into());
    let (input, output) = (place(&step.input), place(&step.output));
    line(out, depth, &format!("rewrite {output} from {input}"))?;
    for rule in &step.rules {
        let test = rule.condition.as_ref().map_or_else(|| "always".to_owned(), condition);
        line(out, depth + 1, &test)?;
        for action in &rule.actions {
            line(out, depth + 2, &rewrite_action(action))?;
        }
    }
    Ok(())
}

fn condition(condition: &RewriteCondition) -> String {
    let joined = |parts: &[RewriteCondition], word: &str| {
        let parts: Vec<String> = parts.iter().map(self::condition).collect();
        format!("({})", parts.join(word))
    };
    match condition {
        RewriteCondition::And(parts) => joined(parts, " and "),
        RewriteCondition::Or(parts) => joined(parts, " or "),
        RewriteCondition::Not(inner) => format!("not {}", self::condition(inner)),
        RewriteCondition::Equal(source, value) => format!("{} is {value:?}", looked_at(source)),
        RewriteCondition::Matches(source, regex) => {
            format!("{} matches /{}/", looked_at(source), regex.source())
        }
    }
}

fn looked_at(source: &RewriteSource) -> String {
    match source {
        RewriteSource::Url(fragment) => format!("{fragment:?}"),
        RewriteSource::Header(name) => format!("header {name}"),
        RewriteSource::Parameter(name) => format!("parameter {name}"),
        RewriteSource::Property(name) => format!("property {name}"),
    }
}

fn rewrite_action(action: &RewriteAction) -> String {
    let mut text = format!("{:?} {:?}", action.kind, action.fragment);
    if let Some(pattern) = &action.pattern {
        text.push_str(&format!(" /{}/", pattern.source()));
    }
    if let Some(value) = &action.value {
        text.push_str(&format!(" {value}"));
    }
    text
}

fn make_fault(out: &mut Formatter<'_>, step: &MakeFault, depth: usize) -> fmt::Result {
    let answer = match step.is_response {
        Some(true) => " as an answer",
        Some(false) => " as no answer",
        None => "",
    };
    line(out, depth, &format!("makefault {:?}{answer}", step.version))?;
    line(out, depth + 1, &format!("code {}", step.code))?;
    line(out, depth + 1, &format!("reason {}", step.reason))?;
    let parts = [("node", &step.node), ("role", &step.role)];
    for (name, part) in parts {
        if let Some(text) = part {
            line(out, depth + 1, &format!("{name} {text:?}"))?;
        }
    }
    match &step.detail {
        Some(detail) => line(out, depth + 1, &format!("detail {detail}")),
        None => Ok(()),
    }
}

fn class(builtin: &Builtin) -> String {
    match builtin {
        Builtin::JsonThreat(limits) => format!("class {limits:?}"),
        Builtin::XmlThreat(limits) => format!("class {limits:?}"),
        Builtin::Injection { body, headers, path, .. } => {
            format!("class Injection {{ body: {body}, headers: {headers}, path: {path} }}")
        }
        Builtin::Claim(check) => claim(check),
        Builtin::Csrf { cookie } => format!("class Csrf {{ cookie: {cookie} }}"),
    }
}

fn claim(check: &ClaimCheck) -> String {
    let ClaimCheck { claim, value, pattern, is_inverted } = check;
    let pattern = pattern.as_ref().map(|pattern| format!(" and matches /{}/", pattern.source()));
    let inverted = if *is_inverted { ", or is passed on" } else { "" };
    format!("class Claim {{ {claim} is {value}{}{inverted} }}", pattern.unwrap_or_default())
}

impl Display for Source {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(Held::Literal(text)) => write!(formatter, "{text:?}"),
            Self::Text(held) => write!(formatter, "{held}"),
            Self::Expression(expression) => write!(formatter, "{expression}"),
            Self::Xml(tree) => write!(formatter, "XML {:?}", xml::write::write_document(tree)),
        }
    }
}
