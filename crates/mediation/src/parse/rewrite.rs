//! `rewrite`: rules that change the destination or a property, part by part.

use std::sync::Arc;

use http::HeaderName;
use xml::tree::NodeId;

use super::attribute::{Attribute, Attributes};
use super::reader::Reader;
use crate::expression::Held;
use crate::sequence::{
    Fragment, Mediator, Rewrite, RewriteAction, RewriteCondition, RewriteKind, RewriteRule,
    RewriteSource, Source,
};

/// The parts of a URL; the first is the default.
const FRAGMENTS: [(&str, Fragment); 8] = [
    ("full", Fragment::Full),
    ("protocol", Fragment::Protocol),
    ("user", Fragment::User),
    ("host", Fragment::Host),
    ("port", Fragment::Port),
    ("path", Fragment::Path),
    ("query", Fragment::Query),
    ("ref", Fragment::Reference),
];
/// What an action does; the first is the default.
const KINDS: [(&str, RewriteKind); 6] = [
    ("set", RewriteKind::Set),
    ("append", RewriteKind::Append),
    ("prepend", RewriteKind::Prepend),
    ("replace", RewriteKind::Replace),
    ("remove", RewriteKind::Remove),
    ("remove-query-param", RewriteKind::RemoveParameter),
];

pub(super) fn rewrite(reader: &mut Reader<'_>, id: NodeId) -> Option<Mediator> {
    let mut attributes = Attributes::of(reader.tree, id);
    let name = |attribute: Attribute| Arc::from(attribute.value.trim());
    let input: Option<Arc<str>> = attributes.take("inProperty").map(name);
    let output: Option<Arc<str>> = attributes.take("outProperty").map(name);
    attributes.finish(reader);
    if output.is_none() {
        let place = reader.place(id);
        reader.to_places.push(place);
    }
    let mut rules = Vec::new();
    for child in reader.elements(id) {
        if reader.is_mediator(child, "rewriterule") {
            rules.extend(rule(reader, child));
        } else {
            reader.unexpected(child, "rewrite", "`rewriterule` elements");
        }
    }
    Some(Mediator::Rewrite(Rewrite { input, output, rules }))
}

fn rule(reader: &mut Reader<'_>, id: NodeId) -> Option<RewriteRule> {
    Attributes::of(reader.tree, id).finish(reader);
    let (mut condition, mut actions) = (None, Vec::new());
    for child in reader.elements(id) {
        if reader.is_mediator(child, "condition") && condition.is_none() {
            condition = Some(sole_condition(reader, child)?);
        } else if reader.is_mediator(child, "action") {
            actions.push(action(reader, child)?);
        } else {
            reader.unexpected(child, "rewriterule", "one `condition` and `action` elements");
            return None;
        }
    }
    if actions.is_empty() {
        reader.lacks(id, "`rewriterule` has no `action`", "Add `<action>`.");
        return None;
    }
    Some(RewriteRule { condition, actions })
}

/// The one condition in an element.
fn sole_condition(reader: &mut Reader<'_>, id: NodeId) -> Option<RewriteCondition> {
    Attributes::of(reader.tree, id).finish(reader);
    match reader.elements(id).as_slice() {
        [child] => condition(reader, *child),
        _ => {
            let local = reader.local(id);
            let message = format!("`{local}` must have one condition in it");
            reader.lacks(id, &message, "Write one; put several into `and` or `or`.");
            None
        }
    }
}

/// Depth is that of the XML, which is bounded.
fn condition(reader: &mut Reader<'_>, id: NodeId) -> Option<RewriteCondition> {
    match reader.local(id) {
        "and" => conditions(reader, id).map(RewriteCondition::And),
        "or" => conditions(reader, id).map(RewriteCondition::Or),
        "not" => sole_condition(reader, id).map(|inner| RewriteCondition::Not(Box::new(inner))),
        "equal" => {
            let mut attributes = Attributes::of(reader.tree, id);
            let source = condition_source(reader, &mut attributes);
            let value = reader.required(&mut attributes, "value");
            attributes.finish(reader);
            Some(RewriteCondition::Equal(source?, value?.value))
        }
        "match" => {
            let mut attributes = Attributes::of(reader.tree, id);
            let source = condition_source(reader, &mut attributes);
            let regex = reader.required(&mut attributes, "regex");
            attributes.finish(reader);
            let pattern = regex.and_then(|regex| reader.regex(&regex));
            Some(RewriteCondition::Matches(source?, pattern?))
        }
        _ => {
            reader.unexpected(id, "condition", "`and`, `or`, `not`, `equal` or `match`");
            None
        }
    }
}

fn conditions(reader: &mut Reader<'_>, id: NodeId) -> Option<Vec<RewriteCondition>> {
    Attributes::of(reader.tree, id).finish(reader);
    let children = reader.elements(id);
    if children.is_empty() {
        let local = reader.local(id);
        reader.lacks(id, &format!("`{local}` has no condition in it"), "Write conditions into it.");
        return None;
    }
    children.into_iter().map(|child| condition(reader, child)).collect()
}

fn condition_source(reader: &mut Reader<'_>, attributes: &mut Attributes) -> Option<RewriteSource> {
    let kinds = ["url", "header", "param", "property"];
    if !attributes.has("type") {
        let message = format!("`{}` has no `type`", attributes.element);
        reader.lacks(attributes.id, &message, "Write url, header, param or property.");
        return None;
    }
    let kind = reader.choice(attributes, "type", &kinds.map(|kind| (kind, kind)))?;
    if kind == "url" {
        return reader.choice(attributes, "source", &FRAGMENTS).map(RewriteSource::Url);
    }
    let source = reader.required(attributes, "source")?;
    let text = source.value.trim();
    match kind {
        "param" => Some(RewriteSource::Parameter(text.to_owned())),
        "property" => Some(RewriteSource::Property(Arc::from(text))),
        _ => {
            let header = HeaderName::try_from(text);
            if header.is_err() {
                reader.bad_value(&source, "The name of a header has letters, digits and hyphens.");
            }
            header.ok().map(RewriteSource::Header)
        }
    }
}

fn action(reader: &mut Reader<'_>, id: NodeId) -> Option<RewriteAction> {
    let mut attributes = Attributes::of(reader.tree, id);
    let kind = reader.choice(&mut attributes, "type", &KINDS);
    let fragment = reader.choice(&mut attributes, "fragment", &FRAGMENTS);
    let value = match attributes.take("value") {
        Some(value) => Some(Source::Text(Held::literal(&value.value))),
        None => match attributes.take("xpath") {
            Some(xpath) => Some(Source::Expression(reader.expression(&xpath)?)),
            None => None,
        },
    };
    let (kind, fragment) = (kind?, fragment?);
    let pattern = match kind {
        RewriteKind::Replace => {
            let regex = reader.required(&mut attributes, "regex")?;
            Some(reader.regex(&regex)?)
        }
        _ => None,
    };
    attributes.finish(reader);
    if value.is_none() && kind != RewriteKind::Remove {
        reader.lacks(id, "`action` has no value", "Add `value` or `xpath`.");
        return None;
    }
    Some(RewriteAction { kind, fragment, pattern, value })
}
