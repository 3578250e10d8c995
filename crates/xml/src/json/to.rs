//! XML to JSON.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{ARRAY, ELEMENT, INSTANCE, MULTIPLE, OBJECT, Options, VALUE, keys, primitive};
use crate::tree::{Kind, NodeId, Tree};

/// An element that is being read.
struct Frame {
    key: String,
    next: Option<NodeId>,
    content: Content,
    text: String,
    is_nil: bool,
}

enum Content {
    /// What `jsonArray` holds.
    Array(Vec<Value>),
    Object(Members),
}

#[derive(Default)]
struct Members {
    members: Map<String, Value>,
    /// Keys whose value is an array because they are there more than once.
    repeated: HashSet<String>,
    /// Whether the next element begins an array.
    begins: bool,
}

pub(super) fn convert(tree: &Tree, id: NodeId, options: &Options) -> Value {
    let id = match tree.kind(id) {
        Kind::Document => match tree.root() {
            Some(root) => root,
            None => return Value::Null,
        },
        Kind::Element(_) => id,
        _ => return scalar(tree.text(id), options),
    };
    let (key, value) = element(tree, id, options);
    if matches!(key.as_str(), OBJECT | ARRAY | ELEMENT | VALUE) {
        return value;
    }
    Value::Object(Map::from_iter([(key, value)]))
}

fn element(tree: &Tree, id: NodeId, options: &Options) -> (String, Value) {
    let mut top = Frame::new(tree, id, options);
    // The elements around `top`.
    let mut open: Vec<Frame> = Vec::new();
    loop {
        let Some(child) = top.next else {
            let (key, value) = top.finish(options);
            match open.pop() {
                Some(above) => top = above,
                None => return (key, value),
            }
            top.add(key, value);
            continue;
        };
        top.next = tree.next_sibling(child);
        match tree.kind(child) {
            Kind::Element(_) if open.len() + 1 < options.read_limits.depth => {
                open.push(std::mem::replace(&mut top, Frame::new(tree, child, options)));
            }
            Kind::Element(_) => top.add(key(tree, child), scalar(tree.text(child), options)),
            Kind::Text(text) => top.text.push_str(text),
            Kind::Instruction { target, data } if target == MULTIPLE => top.begin(data),
            _ => {}
        }
    }
}

impl Frame {
    fn new(tree: &Tree, id: NodeId, options: &Options) -> Self {
        let key = key(tree, id);
        let content = if key == ARRAY {
            Content::Array(Vec::new())
        } else {
            let members = if options.attributes { attributes(tree, id) } else { Map::new() };
            Content::Object(Members { members, ..Members::default() })
        };
        let is_nil = matches!(tree.attribute(id, INSTANCE, "nil"), Some("true" | "1"));
        Self { key, next: tree.children(id).next(), content, text: String::new(), is_nil }
    }

    fn add(&mut self, key: String, value: Value) {
        match &mut self.content {
            Content::Array(values) => values.push(value),
            Content::Object(members) => members.add(key, value),
        }
    }

    /// Begins an array, as an instruction says.
    fn begin(&mut self, name: &str) {
        let Content::Object(members) = &mut self.content else { return };
        match name.trim() {
            "" => members.begins = true,
            name => members.begin(&keys::decode(name)),
        }
    }

    fn finish(self, options: &Options) -> (String, Value) {
        let is_blank = self.text.trim().is_empty();
        let value = match self.content {
            Content::Array(values) => Value::Array(values),
            Content::Object(content) if content.members.is_empty() => {
                if self.is_nil && is_blank {
                    Value::Null
                } else if self.key == OBJECT && is_blank {
                    Value::Object(content.members)
                } else {
                    scalar(self.text, options)
                }
            }
            Content::Object(mut content) => {
                if !is_blank {
                    content.add("$".to_owned(), scalar(self.text, options));
                    Value::Object(content.members)
                } else if self.key == OBJECT {
                    Value::Object(content.members)
                } else {
                    content.bare()
                }
            }
        };
        (self.key, value)
    }
}

impl Members {
    fn add(&mut self, key: String, value: Value) {
        if std::mem::take(&mut self.begins) {
            self.begin(&key);
        }
        match self.members.get_mut(&key) {
            Some(Value::Array(values)) if self.repeated.contains(&key) => values.push(value),
            Some(first) => {
                *first = Value::Array(vec![first.take(), value]);
                self.repeated.insert(key);
            }
            None => {
                self.members.insert(key, value);
            }
        }
    }

    /// Makes the value of a key an array, of none so far.
    fn begin(&mut self, key: &str) {
        if !self.repeated.insert(key.to_owned()) {
            return;
        }
        let before = self.members.remove(key);
        self.members.insert(key.to_owned(), Value::Array(before.into_iter().collect()));
    }

    /// The members, or what the only one of them wraps.
    fn bare(mut self) -> Value {
        if self.members.len() != 1 || !self.repeated.is_empty() {
            return Value::Object(self.members);
        }
        let wrapped = [ARRAY, OBJECT].into_iter().find_map(|key| self.members.remove(key));
        wrapped.unwrap_or(Value::Object(self.members))
    }
}

fn attributes(tree: &Tree, id: NodeId) -> Map<String, Value> {
    let names = tree.attributes(id).filter_map(|attribute| {
        let name = tree.name(attribute)?;
        let is_nil = name.is(INSTANCE, "nil");
        (!is_nil).then(|| (format!("@{}", keys::decode(&name.local)), tree.text(attribute).into()))
    });
    names.collect()
}

fn key(tree: &Tree, id: NodeId) -> String {
    tree.name(id).map(|name| keys::decode(&name.local).into_owned()).unwrap_or_default()
}

fn scalar(text: String, options: &Options) -> Value {
    if options.auto_primitive { primitive::guess(text) } else { Value::String(text) }
}
