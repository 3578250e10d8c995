//! The target of an `enrich`.

use std::sync::Arc;

use serde_json::Value as Json;
use xml::tree::{Kind, NodeId, Tree};

use super::take::Item;
use crate::expression::evaluate::exhausted;
use crate::expression::{Expression, evaluate};
use crate::fault::MediationFault;
use crate::mediator::{Surroundings, wrote};
use crate::message::Message;
use crate::payload::{Envelope, Media};
use crate::property::{Scope, json_size};
use crate::sequence::{EnrichAction, EnrichTarget};

/// Puts what was taken where the step says.
pub(super) fn put(
    target: &EnrichTarget,
    action: EnrichAction,
    item: Item,
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<(), MediationFault> {
    match target {
        EnrichTarget::Body => body(action, item, message, around),
        EnrichTarget::Envelope => {
            if let Item::Nodes(tree) = item {
                message.payload.set_envelope(Envelope::of(Tree::clone(&tree)));
            }
            Ok(())
        }
        EnrichTarget::Property(name) => {
            let name = name.text(around.moment(message))?;
            match item.value() {
                Some(value) => message.set(Scope::Default, &name, value),
                None => message.unset(Scope::Default, &name),
            }
            Ok(())
        }
        EnrichTarget::Variable(name) => {
            let name = name.text(around.moment(message))?;
            match item.value() {
                Some(value) => message.variables.set(&name, value),
                None => drop(message.variables.remove(&name)),
            }
            Ok(())
        }
        EnrichTarget::Custom(expression) if action == EnrichAction::Remove => {
            remove(expression, message, around)
        }
        EnrichTarget::Custom(expression) => custom(expression, action, item, message, around),
        EnrichTarget::Key(expression) => rename(expression, &item, message, around),
    }
}

fn body(
    action: EnrichAction,
    item: Item,
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<(), MediationFault> {
    if action == EnrichAction::Remove {
        message.payload.clear();
        return Ok(());
    }
    match (action, item) {
        (_, Item::Nothing) => {}
        (EnrichAction::Replace, Item::Json(value)) => {
            message.payload.set_json(value);
            say(message, "application/json");
        }
        (EnrichAction::Replace, Item::Text(text)) => {
            let media = Media::of("text/plain");
            message.payload.set_bytes(bytes::Bytes::from(text.as_ref().to_owned()), media);
            say(message, "text/plain");
        }
        (EnrichAction::Replace, Item::Nodes(tree)) => {
            replace_content(&tree, message, around)?;
            say(message, "application/xml");
        }
        (_, Item::Json(value)) if message.payload.is_empty() => {
            message.payload.set_json(value);
            say(message, "application/json");
        }
        (_, Item::Json(value)) => {
            let whole = message.payload.json_mut(around.limits)?;
            join(whole, value);
        }
        (action, item) => {
            let envelope = message.payload.envelope_mut(around.limits)?;
            let place = match action {
                EnrichAction::Child => envelope.content().unwrap_or(envelope.body),
                _ => envelope.body,
            };
            let nodes = import(&mut envelope.tree, &item);
            for node in nodes {
                envelope.tree.append(place, node);
            }
        }
    }
    Ok(())
}

/// Says what the body is now, where the message said nothing of it.
fn say(message: &mut Message, content_type: &str) {
    if message.message_type.is_none() && message.payload.media().content_type().is_empty() {
        message.set_message_type(content_type);
    }
}

fn replace_content(
    tree: &Arc<Tree>,
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<(), MediationFault> {
    let envelope = message.payload.envelope_mut(around.limits)?;
    let old: Vec<NodeId> = envelope.tree.children(envelope.body).collect();
    for node in old {
        envelope.tree.detach(node);
    }
    for node in tree.children(tree.document()) {
        let copy = envelope.tree.import(tree, node);
        envelope.tree.append(envelope.body, copy);
    }
    Ok(())
}

/// JSON beside JSON: into an array or an object, or both in an array.
fn join(whole: &mut Json, value: Json) {
    match (whole, value) {
        (Json::Array(items), value) => items.push(value),
        (Json::Object(fields), Json::Object(more)) => fields.extend(more),
        (whole, value) => *whole = Json::Array(vec![whole.take(), value]),
    }
}

fn custom(
    expression: &Expression,
    action: EnrichAction,
    item: Item,
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<(), MediationFault> {
    around.prepare(message, expression.need_of_places())?;
    match expression {
        Expression::JsonPath(path) => {
            if message.payload.json().is_none() {
                return Ok(());
            }
            let new = as_json(item, around);
            let mut budget = around.moment(message).budget();
            if let Some(value) = message.payload.json() {
                let places = path.locations(value, &mut budget).map_err(exhausted)?.len();
                repeats(&mut message.written, json_size(&new), places, around)?;
            }
            let whole = message.payload.json_mut(around.limits)?;
            let changed = match action {
                EnrichAction::Child => path.append_child(whole, &new, &mut budget),
                EnrichAction::Sibling => path.append_sibling(whole, &new, &mut budget),
                _ => path.replace(whole, &new, &mut budget),
            };
            changed.map(|_count| ()).map_err(exhausted)
        }
        Expression::XPath(path, _) => {
            let found = evaluate::selected(path, around.moment(message))?;
            if found.is_empty() {
                return Ok(());
            }
            if found.is_empty() {
                return Ok(());
            }
            repeats(&mut message.written, item.size(), found.len(), around)?;
            let envelope = message.payload.envelope_mut(around.limits)?;
            for node in found {
                place(&mut envelope.tree, node, action, &item);
            }
            envelope.settle();
            Ok(())
        }
        Expression::Property(scope, name) => {
            if let Some(value) = item.value() {
                message.set(*scope, name, value);
            }
            Ok(())
        }
        // Refused when it was read.
        _ => Ok(()),
    }
}

/// What is put at several places is written as often; once was counted already.
fn repeats(
    written: &mut usize,
    size: usize,
    places: usize,
    around: Surroundings<'_>,
) -> Result<(), MediationFault> {
    wrote(written, size.saturating_mul(places.saturating_sub(1)), around.limits)
}

fn place(tree: &mut Tree, at: NodeId, action: EnrichAction, item: &Item) {
    if matches!(tree.kind(at), Kind::Attribute(..)) {
        let text = item_text(item);
        tree.set_text(at, &text);
        return;
    }
    let nodes = import(tree, item);
    match action {
        EnrichAction::Child => nodes.into_iter().for_each(|node| tree.append(at, node)),
        EnrichAction::Sibling => {
            nodes.into_iter().rev().for_each(|node| tree.insert_after(at, node));
        }
        _ => {
            nodes.into_iter().for_each(|node| tree.insert_before(at, node));
            tree.detach(at);
        }
    }
}

/// Copies of what was taken, detached, in the tree that they go into.
fn import(tree: &mut Tree, item: &Item) -> Vec<NodeId> {
    match item {
        Item::Nothing => Vec::new(),
        Item::Nodes(from) => {
            let nodes: Vec<NodeId> = from.children(from.document()).collect();
            nodes.into_iter().map(|node| tree.import(from, node)).collect()
        }
        other => vec![tree.create_text(&item_text(other))],
    }
}

fn item_text(item: &Item) -> String {
    match item {
        Item::Nothing => String::new(),
        Item::Nodes(tree) => tree.text(tree.document()),
        Item::Json(value) => ::expression::json_path::text_of(value),
        Item::Text(text) => text.as_ref().to_owned(),
    }
}

fn as_json(item: Item, around: Surroundings<'_>) -> Json {
    match item {
        Item::Nothing => Json::Null,
        Item::Json(value) => value,
        Item::Text(text) => Json::String(text.as_ref().to_owned()),
        Item::Nodes(tree) => match tree.root() {
            Some(root) => xml::json::to_json(&tree, root, &around.limits.json()),
            None => Json::String(tree.text(tree.document())),
        },
    }
}

/// Takes away what an expression selects.
pub(super) fn remove(
    expression: &Expression,
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<(), MediationFault> {
    around.prepare(message, expression.need_of_places())?;
    match expression {
        Expression::JsonPath(path) => {
            if message.payload.json().is_none() {
                return Ok(());
            }
            let mut budget = around.moment(message).budget();
            let whole = message.payload.json_mut(around.limits)?;
            path.remove(whole, &mut budget).map(|_count| ()).map_err(exhausted)
        }
        Expression::XPath(path, _) => {
            let found = evaluate::selected(path, around.moment(message))?;
            if found.is_empty() {
                return Ok(());
            }
            let envelope = message.payload.envelope_mut(around.limits)?;
            found.into_iter().for_each(|node| envelope.tree.detach(node));
            envelope.settle();
            Ok(())
        }
        Expression::Property(scope, name) => {
            message.unset(*scope, name);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Gives what a path selects another name.
fn rename(
    expression: &Expression,
    item: &Item,
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<(), MediationFault> {
    let Expression::JsonPath(path) = expression else { return Ok(()) };
    around.prepare(message, expression.need_of_places())?;
    let name = item_text(item);
    let mut budget = around.moment(message).budget();
    let Some(value) = message.payload.json() else { return Ok(()) };
    let locations = path.locations(value, &mut budget).map_err(exhausted)?;
    let whole = message.payload.json_mut(around.limits)?;
    for location in locations {
        rename_at(whole, &::expression::json_path::pointer(&location), &name);
    }
    Ok(())
}

fn rename_at(whole: &mut Json, pointer: &str, name: &str) {
    let Some((parent, key)) = pointer.rsplit_once('/') else { return };
    let key = key.replace("~1", "/").replace("~0", "~");
    let Some(Json::Object(fields)) = whole.pointer_mut(parent) else { return };
    let renamed = std::mem::take(fields)
        .into_iter()
        .map(|(known, value)| if known == key { (name.to_owned(), value) } else { (known, value) });
    *fields = renamed.collect();
}
